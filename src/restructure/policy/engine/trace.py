"""The trace: the result of every condition of a problem, and of every comparison in it.

The engine gives only the names of the conditions that are true. The trace adds the verdict of each condition by name
and, in full, each of its leaves with both numbers and the gap. Each part is worked out when it is first read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from restructure.policy.engine.evaluation import evaluator
from restructure.policy.engine.generated import Generated
from restructure.policy.engine.normal_form import FactRow, Leaf, Operator, Problem, Values

__all__ = ["EntryTrace", "LeafTrace", "Trace", "trace"]

Truth = bool | None
"""True, false, or `None` for unknown."""

_WORDS: dict[Truth, str] = {True: "true", False: "false", None: "unknown"}


@dataclass(frozen=True, slots=True)
class LeafTrace:
    """The result of one comparison."""

    leaf: Leaf
    """What was compared."""
    verdict: Truth
    """Whether it holds."""
    value: int | None
    """The fact, in its own scale."""
    threshold: int | None
    """What it was compared with: the constant, or the other fact in its own scale, before its factor."""
    gap: int | None
    """The least change of the fact with which it would hold; 0 if it does, `None` where nothing has an order."""

    def plain(self) -> dict[str, Any]:
        """Give it as plain data."""
        leaf = self.leaf
        data: dict[str, Any] = {"fact": leaf.fact, "op": leaf.op.value, "value": self.value}
        if leaf.other is not None:
            data |= {"other": leaf.other, "left": leaf.left, "right": leaf.right}
        if leaf.op not in (Operator.KNOWN, Operator.UNKNOWN):
            data["threshold"] = self.threshold
        return data | {"verdict": _WORDS[self.verdict], "gap": self.gap}


@dataclass(frozen=True, slots=True)
class EntryTrace:
    """The result of one condition, with all its leaves in the order in which they are written."""

    name: str
    verdict: Truth
    leaves: tuple[LeafTrace, ...]


class Trace:
    """The results of every condition for one row of facts, which is kept unchanged."""

    FORMAT = 1
    """Rises when the plain data changes its shape."""

    def __init__(self, problem: Problem, generated: Generated, row: FactRow) -> None:
        self.problem, self._generated, self.row = problem, generated, row

    # --- names only

    @cached_property
    def verdicts(self) -> tuple[Truth, ...]:
        """The verdict of each condition, in order."""
        return self._generated.verdicts(self.row)

    @property
    def fired(self) -> list[str]:
        """What is definitely true."""
        return self._named(True)

    @property
    def refused(self) -> list[str]:
        """What is definitely false."""
        return self._named(False)

    @property
    def unknown(self) -> list[str]:
        """What is neither true nor false before more is known."""
        return self._named(None)

    def _named(self, wanted: Truth) -> list[str]:
        every = zip(self.problem.names, self.verdicts, strict=True)
        return [name for name, verdict in every if verdict is wanted]

    # --- every leaf

    @cached_property
    def leaf_verdicts(self) -> tuple[Truth, ...]:
        """The verdict of each different leaf, in the order of the first condition that reads it."""
        return self._generated.leaves(self.row)

    @cached_property
    def _values(self) -> Values:
        return dict(zip(self.problem.facts, self.row, strict=True))

    @cached_property
    def _leaves(self) -> tuple[LeafTrace, ...]:
        every = zip(self._generated.places, self.leaf_verdicts, strict=True)
        return tuple(self._leaf(leaf, verdict) for leaf, verdict in every)

    def _leaf(self, leaf: Leaf, verdict: Truth) -> LeafTrace:
        values = self._values
        threshold: int | None = leaf.threshold
        if leaf.op in (Operator.KNOWN, Operator.UNKNOWN):
            threshold = None
        elif leaf.other is not None:
            threshold = values[leaf.other]
        return LeafTrace(leaf, verdict, values[leaf.fact], threshold, leaf.gap(values))

    def entries(self) -> Iterator[EntryTrace]:
        """Give every condition with all its leaves, in order."""
        places, leaves = self._generated.places, self._leaves
        for (name, node), verdict in zip(self.problem.entries, self.verdicts, strict=True):
            yield EntryTrace(name, verdict, tuple(leaves[places[leaf]] for leaf in node.leaves()))

    def plain(self, *, full: bool = True) -> dict[str, Any]:
        """Give the trace as plain data: names and verdicts, and if `full` every leaf.

        >>> adult = Problem([("adult", Leaf("age", Operator.AT_LEAST, 18))])
        >>> trace(adult, {"age": 15}).plain(full=False)
        {'format': 1, 'conditions': [{'name': 'adult', 'verdict': 'false'}]}
        >>> trace(adult, {"age": 15}).plain()["conditions"][0]["leaves"]
        [{'fact': 'age', 'op': '>=', 'value': 15, 'threshold': 18, 'verdict': 'false', 'gap': 3}]
        """
        conditions: list[dict[str, Any]] = [
            {"name": name, "verdict": _WORDS[verdict]}
            for name, verdict in zip(self.problem.names, self.verdicts, strict=True)
        ]
        if full:
            for condition, entry in zip(conditions, self.entries(), strict=True):
                condition["leaves"] = [leaf.plain() for leaf in entry.leaves]
        return {"format": self.FORMAT, "conditions": conditions}


def trace(problem: Problem, values: Values) -> Trace:
    """Evaluate every condition of a problem, and keep why it has its result."""
    return Trace(problem, evaluator(problem).generated, problem.row(values))
