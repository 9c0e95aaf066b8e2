"""The reference evaluator: conditions evaluated in plain Python, with the reasons that the engine cannot give."""

from collections.abc import Sequence
from typing import Literal

from restructure.policy.engine.normal_form import Alternative, Leaf, Node, Problem, Together, Values
from restructure.record import Record

__all__ = ["ConditionResult", "decisive", "fired", "verdict"]


class ConditionResult(Record):
    """The result of one condition with both values, readable without the policy."""

    fact: str
    """Name of the fact that is compared, such as `payment_to_income_after`."""
    op: str
    """Operator, such as `<=` or `known`."""
    actual: str
    """Value of the fact as shown to people, such as `31 %`."""
    threshold: str
    """Value it is compared with, as shown to people."""
    verdict: Literal["true", "false", "unknown"]
    """Result: true, false, or unknown where a value is missing."""
    distance: str = ""
    """Change of the value that would make it true, where values have an order; empty otherwise."""

    def _summary(self) -> str:
        threshold = f" {self.threshold}" if self.threshold else ""
        return f"{self.fact} {self.actual} {self.op}{threshold} is {self.verdict}"


def fired(problem: Problem, values: Values) -> list[str]:
    """List the names of the conditions that are definitely true, in order."""
    return [name for name, node in problem.entries if verdict(node, values)]


def verdict(node: Node, values: Values) -> bool | None:
    """Evaluate a condition in three-valued logic (Kleene): `None` is unknown."""
    if isinstance(node, Leaf):
        return node.verdict(values)
    # A false part decides a conjunction, a true part decides alternatives; otherwise an unknown part does.
    decides = isinstance(node, Alternative)
    outcome: bool | None = not decides
    for part in node.parts:
        result = verdict(part, values)
        if result is decides:
            return decides
        if result is None:
            outcome = None
    return outcome


def decisive(node: Node, values: Values) -> Sequence[tuple[Leaf, bool | None]]:
    """List the leaves that decide the verdict of a condition, with their own verdicts.

    For a true condition, what makes it true; for any other, what fails or is unknown.
    """
    return list(dict(_decided(node, values)[1]).items())


def _decided(node: Node, values: Values) -> tuple[bool | None, list[tuple[Leaf, bool | None]]]:
    """Give the verdict of a condition and the leaves that decide it, each part evaluated once."""
    if isinstance(node, Leaf):
        outcome = node.verdict(values)
        return outcome, [(node, outcome)]
    parts = [_decided(part, values) for part in node.parts]
    verdicts = {outcome for outcome, _ in parts}
    decides = isinstance(node, Alternative)
    outcome = decides if decides in verdicts else None if None in verdicts else not decides
    match node, outcome:
        case Together(), False:
            # A part that fails decides; an unknown part beside it could not change that.
            named: tuple[bool | None, ...] = (False,)
        case Together(), None:
            named = (None,)
        case Alternative(), True:
            named = (True,)
        case _:
            named = (True, False, None)
    return outcome, [leaf for verdict, leaves in parts if verdict in named for leaf in leaves]
