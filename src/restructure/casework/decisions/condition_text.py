"""Render condition results as text: the fact, its value, the operator and the threshold."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import lru_cache

from restructure.calculator.conventions.quantity import Kind
from restructure.intake.facts import Fact, show
from restructure.policy.case_facts import CaseFacts
from restructure.policy.engine.normal_form import Leaf, Node, Operator, Values
from restructure.policy.engine.reference import ConditionResult, decisive
from restructure.record import trusted

__all__ = ["comparison_result", "condition_results", "every_leaf", "failures_text", "threshold_text"]

_WORDS = {
    "==": "must be",
    "!=": "must not be",
    "<": "must be below",
    "<=": "must be at most",
    ">": "must be above",
    ">=": "must be at least",
    "known": "must be known",
    "unknown": "must be unknown",
}
_VERDICTS = {True: "true", False: "false", None: "unknown"}


def condition_results(
    node: Node, values: Values, known: CaseFacts, *, full: bool = False
) -> tuple[ConditionResult, ...]:
    """Give the comparisons that decide a condition, or all of its comparisons with `full`."""
    leaves = every_leaf(node, values) if full else decisive(node, values)
    return tuple(
        trusted(ConditionResult, [_fields(leaf, outcome, values, known) for leaf, outcome in leaves])
    )


def every_leaf(node: Node, values: Values) -> Iterator[tuple[Leaf, bool | None]]:
    """Give every comparison of a condition once, with its verdict."""
    for leaf in dict.fromkeys(node.leaves()):
        yield leaf, leaf.verdict(values)


def comparison_result(leaf: Leaf, known: CaseFacts) -> ConditionResult:
    """Evaluate one comparison and write its values for people."""
    values = known.encoded(leaf.facts)
    return trusted(ConditionResult, [_fields(leaf, leaf.verdict(values), values, known)])[0]


def threshold_text(leaf: Leaf, values: Values, known: CaseFacts) -> str:
    """Format the right-hand side of a comparison."""
    fact = known.in_force.fact(leaf.fact)
    if leaf.other is not None:
        other = known.in_force.fact(leaf.other)
        text = f"{leaf.other} {_shown(other, values[leaf.other], known)}"
        # The leaf compares left·fact with right·other, both at the finer scale, which the factor undoes.
        times = Decimal(leaf.right) / leaf.left * Decimal(10) ** (other.scale - fact.scale)
        return text if times == 1 else f"{times.normalize():f} × {text}"
    return "" if leaf.op in (Operator.KNOWN, Operator.UNKNOWN) else _shown(fact, leaf.threshold, known)


def failures_text(conditions: Iterable[ConditionResult]) -> str:
    """Write the conditions that are not true as one sentence, with value and threshold of each."""
    parts = []
    for result in conditions:
        if result.verdict != "true":
            gap = f" (off by {result.distance})" if result.distance else ""
            parts.append(
                f"{result.fact} is {result.actual}{gap}, {_WORDS[result.op]} {result.threshold}".rstrip()
            )
    return "; ".join(parts)


def _fields(leaf: Leaf, outcome: bool | None, values: Values, known: CaseFacts) -> dict[str, str]:
    fact = known.in_force.fact(leaf.fact)
    apart = leaf.gap(values) if outcome is False else None
    return {
        "fact": leaf.fact,
        "op": leaf.op.value,
        "actual": _shown(fact, values[leaf.fact], known),
        "threshold": threshold_text(leaf, values, known),
        "verdict": _VERDICTS[outcome],
        "distance": "" if apart is None else _shown_gap(fact, abs(apart), known),
    }


def _shown(fact: Fact, number: int | None, known: CaseFacts) -> str:
    return _written(fact, number, known.assessment.currency)


@lru_cache(maxsize=4096)
def _written(fact: Fact, number: int | None, currency: str) -> str:
    # Cached, since the thresholds of a policy are the same for every case.
    return show(fact, None if number is None else fact.decode(number, currency), currency)


def _shown_gap(fact: Fact, apart: int, known: CaseFacts) -> str:
    """Write a distance; between two dates it is a number of days."""
    if fact.kind is Kind.DATE:
        return f"{apart} day{'s' if apart != 1 else ''}"
    return _shown(fact, apart, known)
