"""Conditions: comparisons of facts as a policy writes them, and their normal form for the evaluators."""

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
    """The fact that is compared, such as `income_drop`."""
    op: Operator
    """The operator, such as `>=`."""
    value: Constant | None = None
    """A constant of the fact's kind, such as `0.31`."""
    parameter: str | None = None
    """The parameter with whose value on the day the fact is compared."""
    other: str | None = None
    """Another fact of the same kind with which the fact is compared."""
    times: Multiplier = Fraction(1)
    """The factor by which the other fact is multiplied, such as `0.4`."""


class AllOf(Record):
    """True if all of several conditions are true."""

    all: tuple["Condition", ...]
    """The conditions, at least one."""


class AnyOf(Record):
    """True if at least one of several conditions is true."""

    any: tuple["Condition", ...]
    """The conditions, at least one."""


class Not(Record):
    """True if a condition is false; unknown stays unknown."""

    negated: "Condition"
    """The condition that is negated."""


Condition = Comparison | AllOf | AnyOf | Not


def comparisons(condition: Condition) -> Iterator[Comparison]:
    """Iterate over the comparisons of a condition, in order."""
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
    """Count the alternatives of a condition in disjunctive normal form."""
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
        for width in widths:
            total *= width
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
