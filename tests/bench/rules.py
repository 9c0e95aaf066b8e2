"""Random policies for the benchmark of rules, and what each engine makes of them.

A condition is plain data (`("all", parts)`, `("any", parts)`, `("not", part)`, `(op, fact, constant)`), so that no
engine's own form is the starting point; a fact is an integer of its scale for every engine.
"""

import itertools
import random
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["FACTS", "Condition", "alternatives", "facts_of_cases", "holds", "policy", "text_of"]

Condition = tuple[Any, ...]

FACTS: dict[str, Sequence[int]] = {
    "product": range(8),
    "region": range(12),
    "cause": range(10),
    "employment": range(6),
    **{name: range(2) for name in ("secured", "reachable", "rehabilitated", "disputed", "insured", "joint")},
    **{f"days_{k}": range(360) for k in range(3)},
    **{f"months_{k}": range(120) for k in range(3)},
    **{f"count_{k}": range(13) for k in range(3)},
    **{f"ratio_{k}": range(0, 1_500_000, 100) for k in range(6)},
    **{f"money_{k}": range(0, 50_000_000, 100) for k in range(6)},
}
"""31 facts and the values they take: codes, flags, days, months, counts, parts per million, minor units."""

_CODES = ["product", "region", "cause", "employment"]
_FLAGS = [name for name, values in FACTS.items() if len(values) == 2]
_NUMBERS = [name for name in FACTS if "_" in name]
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


def _threshold(rng: random.Random, likely: float) -> Condition:
    """Compare a number so that it holds about as often as asked."""
    fact = rng.choice(_NUMBERS)
    values = FACTS[fact]
    share = min(max(rng.gauss(likely, 0.12), 0.02), 0.98)
    if rng.random() < 0.5:
        return (rng.choice(["<", "<="]), fact, values[int(share * (len(values) - 1))])
    return (rng.choice([">", ">="]), fact, values[int((1 - share) * (len(values) - 1))])


def _part(rng: random.Random, likely: float) -> Condition:
    shape = rng.random()
    if shape < 0.55:
        return _threshold(rng, likely)
    if shape < 0.7:
        return ("==", rng.choice(_FLAGS), rng.randrange(2))
    if shape < 0.85:
        return ("any", [_threshold(rng, likely / 2) for _ in range(rng.randint(2, 3))])
    return ("not", _threshold(rng, 1 - likely))


def _rule(rng: random.Random, kind: str) -> Condition:
    if kind == "selective":
        code = rng.choice(_CODES)
        first = ("==", code, rng.choice(FACTS[code]))
        return ("all", [first, *(_part(rng, 0.7) for _ in range(rng.randint(1, 4)))])
    if rng.random() < 0.3:
        return ("any", [("all", [_threshold(rng, 0.45), _threshold(rng, 0.45)]), _threshold(rng, 0.2)])
    return ("all", [_part(rng, 0.72) for _ in range(rng.randint(2, 4))])


def policy(kind: str, count: int, seed: int = 4) -> list[tuple[str, Condition]]:
    """Draw rules: `selective` ones begin with a word and seldom fire, `broad` ones are thresholds that often do."""
    rng = random.Random(f"{kind} {seed}")
    return [(f"rule-{k}", _rule(rng, kind)) for k in range(count)]


def facts_of_cases(count: int, seed: int = 5) -> list[dict[str, int]]:
    """Draw borrowers; everything is known, because most peers have no third truth value."""
    rng = random.Random(seed)
    return [{name: rng.choice(values) for name, values in FACTS.items()} for _ in range(count)]


def holds(condition: Condition, facts: Mapping[str, int]) -> bool:
    """Say whether a condition holds: what every subject is checked against before it is timed."""
    match condition:
        case ("all", parts):
            return all(holds(part, facts) for part in parts)
        case ("any", parts):
            return any(holds(part, facts) for part in parts)
        case ("not", part):
            return not holds(part, facts)
        case ("==", fact, value):
            return facts[fact] == value
        case ("<", fact, value):
            return facts[fact] < value
        case ("<=", fact, value):
            return facts[fact] <= value
        case (">", fact, value):
            return facts[fact] > value
        case (">=", fact, value):
            return facts[fact] >= value
    raise AssertionError(condition)


def text_of(condition: Condition) -> str:
    """Write a condition as an expression over names: Python, zen-engine and rule-engine read it alike."""
    match condition:
        case ("all", parts):
            return "(" + " and ".join(map(text_of, parts)) + ")"
        case ("any", parts):
            return "(" + " or ".join(map(text_of, parts)) + ")"
        case ("not", part):
            return f"not ({text_of(part)})"
        case (op, fact, value):
            return f"{fact} {op} {value}"
    raise AssertionError(condition)


def alternatives(condition: Condition, *, negated: bool = False) -> list[list[Condition]]:
    """Spell a condition out as rows of comparisons, for decision tables."""
    match condition:
        case ("not", part):
            return alternatives(part, negated=not negated)
        case ("all" | "any" as kind, parts):
            spelled = [alternatives(part, negated=negated) for part in parts]
            if (kind == "any") is not negated:
                return [row for rows in spelled for row in rows]
            return [[leaf for row in rows for leaf in row] for rows in itertools.product(*spelled)]
        case (op, fact, value):
            return [[(_OPPOSITE[op] if negated else op, fact, value)]]
    raise AssertionError(condition)
