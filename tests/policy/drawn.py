"""Random policies over facts of every kind, with raw values, and the same policies as the compiler lowers them."""

import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from policy.oracle import Condition
from restructure.calculator.conventions.quantity import Kind
from restructure.intake.facts import Fact
from restructure.policy.engine.normal_form import Node, Problem, width
from restructure.policy.language.conditions import AllOf, AnyOf, Comparison, Not, normal_form

WORDS = ("失业", "疾病", 'so-called "relief"', "it's", "\\", "f0", "$neq", "a\nb", "", "null")


def _fact(name: str, kind: Kind, scale: int = 0, choices: tuple[str, ...] = ()) -> Fact:
    return Fact(name, kind, scale, "", "", "", choices, of_plan=False)


FACTS = {
    fact.name: fact
    for fact in (
        *(_fact(f"money_{k}", Kind.MONEY) for k in "ab"),
        _fact("ratio_a", Kind.RATIO, 6),
        _fact("ratio_b", Kind.RATIO, 4),
        *(_fact(f"days_{k}", Kind.DAYS) for k in "ab"),
        _fact("months", Kind.MONTHS),
        _fact("count", Kind.COUNT),
        *(_fact(f"flag_{k}", Kind.FLAG) for k in "ab"),
        *(_fact(f"choice_{k}", Kind.CHOICE, choices=WORDS) for k in "ab"),
        *(_fact(f"date_{k}", Kind.DATE) for k in "ab"),
    )
}
"""One fact or two of every kind."""

OPTIONAL = [name for name in FACTS if not name.endswith("b")]
"""Those that may be unknown."""

LARGEST = 2**63 - 1
EDGES = (LARGEST, -LARGEST, LARGEST - 1, 1 - LARGEST, 2**62, 2**53, 2**53 + 1, 2**32, 0)
"""Whole numbers where an engine of 64 bits, of doubles or of 32 bits would go wrong."""

_ORDERED = ("==", "!=", "<", "<=", ">", ">=")
_PAIRS = [("money_a", "money_b"), ("ratio_a", "ratio_b"), ("ratio_b", "ratio_a"), ("days_a", "days_b"), ("months", "months")]  # fmt: skip
_FACTORS = [Fraction(1), Fraction(1, 2), Fraction(2, 5), Fraction(7, 3), Fraction(29, 10), Fraction(1, 1000)]
_DAY = date(2026, 3, 18)
_MONEY = ("0", "0.01", "-0.01", "999.99", "48000", "99999999999999.99", "-99999999999999.99")


class Draw:
    """One policy's pool of constants, from which its rules and its borrowers are both drawn, so that they meet."""

    def __init__(self, rng: random.Random, *, edges: bool = False) -> None:
        self.rng, self.edges = rng, edges
        money = [Decimal(rng.choice(_MONEY)), Decimal(rng.randint(-(10**6), 10**8)).scaleb(-2)]
        self.pools: dict[Kind, list[Any]] = {
            Kind.MONEY: money,
            Kind.RATIO: [Decimal("0.31"), Decimal(rng.randint(0, 20000)).scaleb(-4)],
            Kind.DAYS: [0, 90, rng.randint(-9, 400)],
            Kind.MONTHS: [0, rng.randint(1, 480)],
            Kind.COUNT: [0, 1, rng.randint(2, 9)],
            Kind.FLAG: [True, False],
            Kind.CHOICE: list(WORDS),
            Kind.DATE: [_DAY, date.min, date.max, _DAY + timedelta(rng.randint(-400, 400))],
        }
        if edges:
            self.pools |= {kind: list(EDGES) for kind in (Kind.DAYS, Kind.COUNT, Kind.MONTHS)}

    def comparison(self) -> Condition:
        rng = self.rng
        kind = rng.random()
        name = rng.choice(list(FACTS))
        if kind < 0.08:
            return (rng.choice(["known", "unknown"]), name)
        if kind < 0.25:
            one, other = rng.choice(_PAIRS)
            return ("times", one, rng.choice(_ORDERED), rng.choice(_FACTORS), other)
        fact = FACTS[name]
        ops = ("==", "!=") if fact.kind in (Kind.FLAG, Kind.CHOICE) else _ORDERED
        return ("compare", name, rng.choice(ops), rng.choice(self.pools[fact.kind]))

    def condition(self, depth: int) -> Condition:
        rng = self.rng
        shape = rng.random()
        if depth == 0 or shape < 0.3:
            return self.comparison()
        if shape < 0.5:
            return ("not", self.condition(depth - 1))
        return (
            "all" if shape < 0.75 else "any",
            [self.condition(depth - 1) for _ in range(rng.randint(1, 3))],
        )

    def rules(self, count: int) -> list[tuple[str, Condition]]:
        """Rules that the engine takes: spelled out, none has over 48 alternatives."""
        found: list[tuple[str, Condition]] = []
        while len(found) < count:
            condition = self.condition(self.rng.randint(0, 3))
            if width(lowered(condition)) <= 48:
                found.append((f"rule:{len(found)}", condition))
        return found

    def borrower(self, unknown: float | None = None) -> dict[str, Any]:
        """Facts that lie on the constants, beside them, or nowhere near."""
        rng = self.rng
        share = rng.choice([0, 0.1, 0.5]) if unknown is None else unknown
        return {
            name: None if name in OPTIONAL and rng.random() < share else self._near(fact)
            for name, fact in FACTS.items()
        }

    def _near(self, fact: Fact) -> Any:
        value, step = self.rng.choice(self.pools[fact.kind]), self.rng.choice([-1, 0, 0, 1])
        match fact.kind:
            case Kind.FLAG | Kind.CHOICE:
                return value
            case Kind.DATE:
                return date.fromordinal(max(1, min(date.max.toordinal(), value.toordinal() + step)))
            case Kind.MONEY:
                return value + step * Decimal("0.01")
            case Kind.RATIO:
                return value + step * Decimal(1).scaleb(-fact.scale)
            case _:
                return max(-LARGEST, min(LARGEST, value + step))


# --- the way of the compiler


def lowered(condition: Condition) -> Node:
    """What the policy language makes of a condition."""
    return normal_form(_written(condition), FACTS.__getitem__, {}, "CNY")


def _written(condition: Condition) -> Any:
    match condition:
        case ("all", parts):
            return AllOf(all=tuple(map(_written, parts)))
        case ("any", parts):
            return AnyOf(any=tuple(map(_written, parts)))
        case ("not", part):
            return Not(negated=_written(part))
        case ("known" | "unknown" as op, fact):
            return Comparison(fact=fact, op=op)
        case ("times", fact, op, factor, other):
            return Comparison(fact=fact, op=op, other=other, times=factor)
        case ("compare", fact, op, value):
            return Comparison(fact=fact, op=op, value=value)
    raise AssertionError(condition)


def problem_of(rules: Sequence[tuple[str, Condition]]) -> Problem:
    """The rules as both evaluators take them."""
    return Problem([(name, lowered(condition)) for name, condition in rules])


def encoded(facts: Mapping[str, Any]) -> dict[str, int | None]:
    """The facts as integers of their scale, as a decision encodes them."""
    return {
        name: None if value is None else FACTS[name].encode(value, "CNY") for name, value in facts.items()
    }
