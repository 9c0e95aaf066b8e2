"""The reference evaluator: the same conditions in plain Python, with the trace that the engine cannot give."""

from collections.abc import Sequence
from typing import Literal

from restructure.policy.normal import Alternative, Leaf, Node, Problem, Together, Values
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
    match node:
        case Leaf():
            return node.verdict(values)
        case Together():
            results = [verdict(part, values) for part in node.parts]
            return False if False in results else (None if None in results else True)
        case Alternative():
            results = [verdict(part, values) for part in node.parts]
            return True if True in results else (None if None in results else False)


def decisive(node: Node, values: Values) -> Sequence[tuple[Leaf, bool | None]]:
    """List the leaves that made a condition come out as it did, with their verdicts.

    A true condition names what made it true; one that is not true names what failed or is unknown.
    """
    outcome = verdict(node, values)
    match node:
        case Leaf():
            return [(node, outcome)]
        case Together():
            if outcome is False:
                # What is known to fail decides; what is unknown beside it would not have helped.
                parts = [part for part in node.parts if verdict(part, values) is False]
            else:
                parts = [part for part in node.parts if outcome or verdict(part, values) is None]
        case Alternative():
            parts = [part for part in node.parts if not outcome or verdict(part, values)]
    found: dict[Leaf, bool | None] = {}
    for part in parts:
        found.update(decisive(part, values))
    return list(found.items())
