"""Normal form: conditions as both evaluators read them: integers, conjunctions, alternatives, and no negation.

A leaf compares a fact with a constant or with another fact. A leaf on an unknown fact is unknown. Negation is pushed
down to the leaves, so that a condition is definitely true exactly if the tree of definitely true leaves is:
three-valued logic needs only "known and compares" in each leaf.
"""

import hashlib
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

__all__ = [
    "Alternative",
    "FactRow",
    "Leaf",
    "Node",
    "Operator",
    "Problem",
    "Together",
    "Values",
    "depth",
    "disjuncts",
    "facts_read",
    "width",
]

Values = Mapping[str, int | None]
"""Facts as integers of their declared scale; `None` is unknown."""

FactRow = tuple[int | None, ...]
"""The same in the order of a problem's facts, without their names."""


class Operator(StrEnum):
    """How a fact is compared."""

    EQUAL = "=="
    NOT_EQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    KNOWN = "known"
    UNKNOWN = "unknown"

    # An operator is looked up for every comparison, and the hash of `Enum` is written in Python.
    __hash__ = str.__hash__

    @property
    def opposite(self) -> "Operator":
        """The operator that holds exactly when this one fails."""
        return _OPPOSITE[self]

    @property
    def orders(self) -> bool:
        """Whether it asks for more or less, and not only for the same."""
        return self in (Operator.LESS, Operator.AT_MOST, Operator.MORE, Operator.AT_LEAST)


_OPPOSITE = {
    Operator.EQUAL: Operator.NOT_EQUAL,
    Operator.NOT_EQUAL: Operator.EQUAL,
    Operator.LESS: Operator.AT_LEAST,
    Operator.AT_LEAST: Operator.LESS,
    Operator.MORE: Operator.AT_MOST,
    Operator.AT_MOST: Operator.MORE,
    Operator.KNOWN: Operator.UNKNOWN,
    Operator.UNKNOWN: Operator.KNOWN,
}

COMPARE: dict[Operator, Callable[[int, int], bool]] = {
    Operator.EQUAL: operator.eq,
    Operator.NOT_EQUAL: operator.ne,
    Operator.LESS: operator.lt,
    Operator.AT_MOST: operator.le,
    Operator.MORE: operator.gt,
    Operator.AT_LEAST: operator.ge,
}


@dataclass(frozen=True, slots=True)
class Leaf:
    """One comparison: `left`·fact against `threshold`, or against `right`·other."""

    fact: str
    op: Operator
    threshold: int = 0
    other: str | None = None
    left: int = 1
    right: int = 1

    def negated(self) -> "Leaf":
        """Hold exactly when this one is known to fail."""
        return Leaf(self.fact, self.op.opposite, self.threshold, self.other, self.left, self.right)

    def sides(self, values: Values) -> tuple[int, int] | None:
        """Give the two integers that are compared, `None` if one is unknown."""
        mine = values[self.fact]
        if mine is None:
            return None
        if self.other is None:
            return mine, self.threshold
        theirs = values[self.other]
        return None if theirs is None else (self.left * mine, self.right * theirs)

    def verdict(self, values: Values) -> bool | None:
        """Tell whether it holds; `None` is unknown."""
        compare = COMPARE.get(self.op)
        if compare is None:
            return (values[self.fact] is not None) is (self.op is Operator.KNOWN)
        sides = self.sides(values)
        return None if sides is None else compare(*sides)

    def gap(self, values: Values) -> int | None:
        """Give the least change of the fact, in its own unit, with which it would hold; `None` if there is none.

        More is positive, less is negative, and what holds has no gap. What has no order has none either.

        >>> Leaf("age", Operator.LESS, 18).gap({"age": 18}), Leaf("age", Operator.AT_LEAST, 18).gap({"age": 15})
        (-1, 3)
        """
        sides = self.sides(values) if self.op.orders else None
        if sides is None:
            return None
        mine, theirs = sides
        if COMPARE[self.op](mine, theirs):
            return 0
        # The factor of the other fact may be a fraction, so that the fact moves in steps of `left`.
        strict = self.op in (Operator.LESS, Operator.MORE)
        step = self.left if self.other is not None else 1
        least = abs(mine - theirs) // step + 1 if strict else -(-abs(mine - theirs) // step)
        return least if mine <= theirs and self.op in (Operator.MORE, Operator.AT_LEAST) else -least

    @property
    def facts(self) -> tuple[str, ...]:
        """The one or two facts it reads."""
        return (self.fact,) if self.other is None else (self.fact, self.other)

    def leaves(self) -> Iterator["Leaf"]:
        """Walk the leaves in order."""
        yield self


@dataclass(frozen=True, slots=True)
class Together:
    """Hold if every part holds."""

    parts: tuple["Node", ...]

    def negated(self) -> "Alternative":
        """Hold exactly when this one is known to fail."""
        return Alternative(tuple(part.negated() for part in self.parts))

    def leaves(self) -> Iterator[Leaf]:
        """Walk the leaves in order."""
        for part in self.parts:
            yield from part.leaves()


@dataclass(frozen=True, slots=True)
class Alternative:
    """Hold if at least one part holds."""

    parts: tuple["Node", ...]

    def negated(self) -> Together:
        """Hold exactly when this one is known to fail."""
        return Together(tuple(part.negated() for part in self.parts))

    def leaves(self) -> Iterator[Leaf]:
        """Walk the leaves in order."""
        for part in self.parts:
            yield from part.leaves()


Node = Leaf | Together | Alternative


class Problem:
    """Named conditions in order, as one thing to compile and evaluate."""

    def __init__(self, entries: Sequence[tuple[str, Node]]) -> None:
        self.entries = tuple(entries)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What the conditions are called, in order."""
        return tuple(name for name, _ in self.entries)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over names and conditions: two problems of one content have one digest."""
        content = hashlib.sha256()
        for name, node in self.entries:
            content.update(f"{name!a}:{_spelled(node)}\n".encode())
        return content.hexdigest()

    @cached_property
    def facts(self) -> tuple[str, ...]:
        """Every fact that a condition reads, in order of first use."""
        names: dict[str, None] = {}
        for _, node in self.entries:
            for leaf in node.leaves():
                names.setdefault(leaf.fact)
                if leaf.other is not None:
                    names.setdefault(leaf.other)
        return tuple(names)

    @cached_property
    def row(self) -> Callable[[Values], FactRow]:
        """Put the values of the facts in order, as both evaluators take them."""
        match self.facts:
            case ():
                return lambda values: ()
            case (only,):
                return lambda values: (values[only],)
            case several:
                return operator.itemgetter(*several)

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """The conditions by name."""
        return dict(self.entries)


def disjuncts(node: Node) -> list[tuple[Leaf, ...]]:
    """Spell a condition out as alternatives of plain conjunctions.

    >>> a, b, c = (Leaf(name, Operator.EQUAL, 1) for name in "abc")
    >>> [[leaf.fact for leaf in row] for row in disjuncts(Together((Alternative((a, b)), c)))]
    [['a', 'c'], ['b', 'c']]
    """
    match node:
        case Leaf():
            return [(node,)]
        case Alternative():
            return [row for part in node.parts for row in disjuncts(part)]
        case Together():
            rows: list[tuple[Leaf, ...]] = [()]
            for part in node.parts:
                rows = [left + right for left in rows for right in disjuncts(part)]
            return [tuple(dict.fromkeys(row)) for row in rows]


def width(node: Node) -> int:
    """Count the alternatives `disjuncts` would spell out, without doing so."""
    match node:
        case Leaf():
            return 1
        case Alternative():
            return sum(width(part) for part in node.parts)
        case Together():
            total = 1
            for part in node.parts:
                total *= width(part)
            return total


def facts_read(*nodes: "Node") -> tuple[str, ...]:
    """Name every fact that conditions read, each once."""
    return tuple(dict.fromkeys(name for node in nodes for leaf in node.leaves() for name in leaf.facts))


def depth(node: Node) -> int:
    """Count the levels of a condition; a leaf has one."""
    if isinstance(node, Leaf):
        return 1
    return 1 + max(map(depth, node.parts), default=0)


def _spelled(node: Node) -> str:
    """Write a condition so that no two read alike; numbers in hexadecimal, which has no limit of length."""
    match node:
        case Leaf(fact, op, threshold, other, left, right):
            return f"{fact!a} {op.value} {threshold:#x} {other!a} {left:#x} {right:#x}"
        case Together(parts):
            return f"all({';'.join(map(_spelled, parts))})"
        case Alternative(parts):
            return f"any({';'.join(map(_spelled, parts))})"
