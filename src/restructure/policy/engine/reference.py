"""The reference evaluator: the same conditions in plain Python, with the trace that the engine cannot give."""

from collections.abc import Sequence
from typing import Literal

from restructure.policy.engine.normal_form import Alternative, Leaf, Node, Problem, Together, Values
from restructure.record import Record

__all__ = ["ConditionResult", "decisive", "fired", "verdict"]


class ConditionResult(Record):
    """How one condition came out, with both values, readable without the policy."""

    fact: str
    """What was compared."""
    op: str
    """How."""
    actual: str
    """The fact's value as shown to people."""
    threshold: str
    """What it was compared with, as shown to people."""
    verdict: Literal["true", "false", "unknown"]
    """How it came out; unknown is neither true nor false."""
    distance: str = ""
    """How far the value is from passing, for what has an order."""


def fired(problem: Problem, values: Values) -> list[str]:
    """List the names of the conditions that are definitely true, in order."""
    return [name for name, node in problem.entries if verdict(node, values)]


def verdict(node: Node, values: Values) -> bool | None:
    """Evaluate a condition in three-valued logic (Kleene): `None` is unknown."""
    if isinstance(node, Leaf):
        return node.verdict(values)
    # One false part decides what holds together, one true part decides alternatives; else what is unknown does.
    decides = isinstance(node, Alternative)
    outcome: bool | None = not decides
    for part in node.parts:
        found = verdict(part, values)
        if found is decides:
            return decides
        if found is None:
            outcome = None
    return outcome


def decisive(node: Node, values: Values) -> Sequence[tuple[Leaf, bool | None]]:
    """List the leaves that made a condition come out as it did, with their verdicts.

    A true condition names what made it true; one that is not true names what failed or is unknown.
    """
    return list(dict(_decided(node, values)[1]).items())


def _decided(node: Node, values: Values) -> tuple[bool | None, list[tuple[Leaf, bool | None]]]:
    """Give the verdict of a condition and what made it, each part evaluated once."""
    if isinstance(node, Leaf):
        outcome = node.verdict(values)
        return outcome, [(node, outcome)]
    parts = [_decided(part, values) for part in node.parts]
    verdicts = {outcome for outcome, _ in parts}
    decides = isinstance(node, Alternative)
    outcome = decides if decides in verdicts else None if None in verdicts else not decides
    match node, outcome:
        case Together(), False:
            # What is known to fail decides; what is unknown beside it would not have helped.
            named: tuple[bool | None, ...] = (False,)
        case Together(), None:
            named = (None,)
        case Alternative(), True:
            named = (True,)
        case _:
            named = (True, False, None)
    return outcome, [one for verdict, leaves in parts if verdict in named for one in leaves]
