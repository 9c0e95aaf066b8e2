"""The third evaluator: slow, on raw values, written from the description of facts and policies and from nothing else.

A fact is money, a ratio (both exact decimals), days, months or a count (whole numbers), yes or no, one of a few
words, or a date; or it is unknown, which is `None`. A condition is plain data:

- `("compare", fact, op, constant)`: a constant of the fact's own kind,
- `("times", fact, op, factor, other)`: against another fact times an exact factor,
- `("known", fact)` and `("unknown", fact)`: never unknown themselves,
- `("all", parts)`, `("any", parts)`, `("not", part)`: Kleene's strong three-valued logic.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

__all__ = ["Condition", "fired", "holds"]

Condition = tuple[Any, ...]


def fired(rules: Sequence[tuple[str, Condition]], facts: Mapping[str, Any]) -> list[str]:
    """The rules whose condition is definitely true, in the order of the policy."""
    return [name for name, condition in rules if holds(condition, facts) == "true"]


def holds(condition: Condition, facts: Mapping[str, Any]) -> str:
    """Say "true", "false" or "unknown"."""
    kind, *rest = condition
    if kind == "all":
        found = {holds(part, facts) for part in rest[0]}
        return "false" if "false" in found else "unknown" if "unknown" in found else "true"
    if kind == "any":
        found = {holds(part, facts) for part in rest[0]}
        return "true" if "true" in found else "unknown" if "unknown" in found else "false"
    if kind == "not":
        return {"true": "false", "false": "true", "unknown": "unknown"}[holds(rest[0], facts)]
    value = facts[rest[0]]
    if kind == "known":
        return "false" if value is None else "true"
    if kind == "unknown":
        return "true" if value is None else "false"
    if kind == "times":
        _, op, factor, other = rest
        if value is None or facts[other] is None:
            return "unknown"
        return _compared(Fraction(value), op, Fraction(factor) * Fraction(facts[other]))
    _, op, constant = rest
    if value is None:
        return "unknown"
    return _compared(value, op, constant)


def _compared(one: Any, op: str, other: Any) -> str:
    if op == "==":
        result = one == other
    elif op == "!=":
        result = one != other
    elif op == "<":
        result = one < other
    elif op == ">":
        result = other < one
    elif op == "<=":
        result = one < other or one == other
    else:
        result = other < one or one == other
    return "true" if result else "false"
