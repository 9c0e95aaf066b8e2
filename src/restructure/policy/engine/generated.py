"""Conditions as generated Python functions, compiled once per problem.

No text of a policy reaches the generated code, so that nothing in a policy can be executed. The code consists of
three things only: variables named `f0`, `f1`, … by their number; constants written by `format(number, "#x")`, which
raises for anything but an integer and gives nothing but digits; and operators from the table below. Names of facts
and rules stay outside, in tuples that are read by number.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from restructure.policy.engine import reference
from restructure.policy.engine.normal_form import (
    Alternative,
    FactRow,
    Leaf,
    Node,
    Operator,
    Problem,
    Together,
    Values,
    depth,
)

__all__ = ["Generated"]

# Python's own compiler stops at 200 nested brackets; what is deeper is evaluated as a tree.
_DEEPEST = 60

_SIGNS = {
    Operator.EQUAL: "==",
    Operator.NOT_EQUAL: "!=",
    Operator.LESS: "<",
    Operator.AT_MOST: "<=",
    Operator.MORE: ">",
    Operator.AT_LEAST: ">=",
}


class Generated:
    """One problem as functions of a row of its facts; each is compiled when it is first asked for."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._numbers = {name: number for number, name in enumerate(problem.facts)}

    @cached_property
    def fired(self) -> Callable[[FactRow], list[int]]:
        """List the places of the conditions that are definitely true, in order."""
        if self._deep:
            return lambda row: [k for k, verdict in enumerate(self.verdicts(row)) if verdict]
        lines = ["places = []", "add = places.append"]
        for k, (_, node) in enumerate(self.problem.entries):
            lines += [f"if {self._true(node)}:", f" add({k:#x})"]
        return self._compiled([*lines, "return places"])

    @cached_property
    def verdicts(self) -> Callable[[FactRow], tuple[bool | None, ...]]:
        """Give the verdict of every condition, `None` for unknown."""
        if self._deep:
            return self._verdicts_of_trees
        return self._compiled(
            [
                "return (",
                *(
                    f" True if {self._true(node)} else False if {self._true(node.negated())} else None,"
                    for _, node in self.problem.entries
                ),
                ")",
            ]
        )

    @cached_property
    def leaves(self) -> Callable[[FactRow], tuple[bool | None, ...]]:
        """Give the verdict of every different leaf, in the order of `places`."""
        return self._compiled(["return (", *(f" {self._verdict(leaf)}," for leaf in self.places), ")"])

    @cached_property
    def places(self) -> dict[Leaf, int]:
        """Number the different leaves in the order of their first use."""
        every = (leaf for _, node in self.problem.entries for leaf in node.leaves())
        return {leaf: k for k, leaf in enumerate(dict.fromkeys(every))}

    # --- writing

    def _true(self, node: Node) -> str:
        """Write that a condition is definitely true: negation is in the leaves, so no third value is needed."""
        match node:
            case Leaf():
                guards = [f"{fact} is not None" for fact in self._facts(node)]
                if node.op is Operator.KNOWN:
                    return guards[0]
                if node.op is Operator.UNKNOWN:
                    return f"{self._facts(node)[0]} is None"
                return " and ".join([*guards, self._compared(node)])
            case Together(parts):
                return f"({' and '.join(map(self._true, parts))})" if parts else "True"
            case Alternative(parts):
                return f"({' or '.join(map(self._true, parts))})" if parts else "False"

    def _verdict(self, leaf: Leaf) -> str:
        if leaf.op in (Operator.KNOWN, Operator.UNKNOWN):
            return self._true(leaf)
        missing = " or ".join(f"{fact} is None" for fact in self._facts(leaf))
        return f"None if {missing} else {self._compared(leaf)}"

    def _compared(self, leaf: Leaf) -> str:
        mine, *others = self._facts(leaf)
        if not others:
            return f"{mine} {_SIGNS[leaf.op]} {leaf.threshold:#x}"
        return f"{leaf.left:#x} * {mine} {_SIGNS[leaf.op]} {leaf.right:#x} * {others[0]}"

    def _facts(self, leaf: Leaf) -> list[str]:
        return [f"f{self._numbers[name]:d}" for name in leaf.facts]

    def _compiled(self, body: list[str]) -> Callable[[FactRow], Any]:
        unpacked = "".join(f"f{number:d}, " for number in self._numbers.values())
        head = ["def evaluate(row):", f" {unpacked}= row"] if unpacked else ["def evaluate(row):"]
        made: dict[str, Any] = {"__builtins__": {}}
        exec("\n".join([*head, *(f" {line}" for line in body)]), made)  # what it can contain: see the module
        return made["evaluate"]  # type: ignore[no-any-return]

    # --- conditions that are nested too deeply for Python's compiler

    @cached_property
    def _deep(self) -> bool:
        return any(depth(node) > _DEEPEST for _, node in self.problem.entries)

    def _verdicts_of_trees(self, row: FactRow) -> tuple[bool | None, ...]:
        values: Values = dict(zip(self.problem.facts, row, strict=True))
        return tuple(reference.verdict(node, values) for _, node in self.problem.entries)
