"""Conditions: what a policy asks of facts, as written, and their normal form for the evaluators."""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

from restructure.calculator.conventions.money import Multiplier
from restructure.intake.facts import Fact
from restructure.policy.constants import Constant, constant
from restructure.policy.engine.normal_form import Alternative, Leaf, Node, Operator, Together
from restructure.record import Record

__all__ = [
    "AllOf",
    "AnyOf",
    "Comparison",
    "Condition",
    "Not",
    "comparisons",
    "normal_form",
    "spelled_out",
]


class Comparison(Record):
    """Compare a fact with a constant, a parameter, or another fact times a constant."""

    fact: str
    """What is compared."""
    op: Operator
    """How."""
    value: Constant | None = None
    """A constant of the fact's kind."""
    parameter: str | None = None
    """The parameter whose value on the day is compared with."""
    other: str | None = None
    """Another fact of the same kind."""
    times: Multiplier = Fraction(1)
    """What the other fact is multiplied by."""


class AllOf(Record):
    """Hold if every condition holds."""

    all: tuple["Condition", ...]
    """The conditions."""


class AnyOf(Record):
    """Hold if at least one condition holds."""

    any: tuple["Condition", ...]
    """The conditions."""


class Not(Record):
    """Hold if the condition is false; unknown stays unknown."""

    negated: "Condition"
    """The condition."""


Condition = Comparison | AllOf | AnyOf | Not


def comparisons(condition: Condition) -> Iterator[Comparison]:
    """Walk the comparisons of a condition in order."""
    match condition:
        case Comparison():
            yield condition
        case Not():
            yield from comparisons(condition.negated)
        case AllOf():
            for part in condition.all:
                yield from comparisons(part)
        case AnyOf():
            for part in condition.any:
                yield from comparisons(part)


def spelled_out(condition: Condition, *, negated: bool = False) -> int:
    """Count the alternatives a condition spells out to."""
    match condition:
        case Not():
            return spelled_out(condition.negated, negated=not negated)
        case Comparison():
            return 1
        case AllOf():
            parts, adds = condition.all, negated
        case AnyOf():
            parts, adds = condition.any, not negated
    widths = [spelled_out(part, negated=negated) for part in parts]
    total = sum(widths) if adds else 1
    if not adds:
        for one in widths:
            total *= one
    return total


def normal_form(
    condition: Condition,
    fact_named: Callable[[str], Fact],
    values: Mapping[str, Constant | None],
    currency: str,
) -> Node:
    """Put a condition into normal form: facts as integers, parameters as their values on a day."""

    def node(part: Condition) -> Node:
        match part:
            case AllOf():
                return Together(tuple(node(inner) for inner in part.all))
            case AnyOf():
                return Alternative(tuple(node(inner) for inner in part.any))
            case Not():
                return node(part.negated).negated()
            case Comparison():
                return leaf(part)

    def leaf(comparison: Comparison) -> Leaf:
        fact = fact_named(comparison.fact)
        if comparison.op in (Operator.KNOWN, Operator.UNKNOWN):
            return Leaf(fact.name, comparison.op)
        if comparison.other is not None:
            other = fact_named(comparison.other)
            # Both sides as integers of the finer scale, then times the factor's numerator and denominator.
            left = comparison.times.denominator * 10 ** max(other.scale - fact.scale, 0)
            right = comparison.times.numerator * 10 ** max(fact.scale - other.scale, 0)
            return Leaf(fact.name, comparison.op, other=other.name, left=left, right=right)
        value = values[comparison.parameter] if comparison.parameter else comparison.value
        return Leaf(fact.name, comparison.op, threshold=fact.encode(constant(fact, value), currency))

    return node(condition)
