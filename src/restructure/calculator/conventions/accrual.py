"""Accrual: the exact interest of each period per unit of balance, changes of the rate inside it included."""

from collections.abc import Iterable
from datetime import date
from decimal import Context
from enum import StrEnum
from fractions import Fraction
from itertools import islice, pairwise
from math import lcm

from restructure.calculator.conventions.day_counts import DayCount, year_fraction, year_fractions
from restructure.calculator.conventions.money import round_div

__all__ = [
    "Compounding",
    "InterestFactor",
    "RatePath",
    "interest_factors",
    "pieced_factors",
    "without_repetition",
]

InterestFactor = int | tuple[int, ...]
"""Interest of a period per unit of balance, as a numerator; a tuple with one number for each part of the period where
the rate, the balance or the rounding changes inside it."""

RatePath = list[tuple[date, Fraction]]
"""Annual rates in order, each with the first night it prices; the first also prices every night before."""


class Compounding(StrEnum):
    """How often a nominal rate compounds a year, where it does not compound once per period."""

    ANNUAL = "annual"
    SEMI_ANNUAL = "semi_annual"
    QUARTERLY = "quarterly"
    MONTHLY = "monthly"

    @property
    def times(self) -> int:
        """Compounding periods a year, e.g. 12."""
        return {"annual": 1, "semi_annual": 2, "quarterly": 4, "monthly": 12}[self.value]


def interest_factors(
    day_count: DayCount,
    boundaries: list[date],
    anchor_day: int,
    rates: RatePath,
    compounding: Compounding | None = None,
) -> tuple[list[int], int]:
    """Give each period's interest per unit of balance, as numerators over one denominator.

    `boundaries` are the borders between periods. A rate "from D" prices the night from D to the next day. With
    `compounding` m times a year a part t of a year earns (1 + r/m)^(m·t) − 1.
    """
    if compounding is not None:
        return _compounded(day_count, boundaries, anchor_day, rates, compounding)
    if len(rates) == 1:
        rate = rates[0][1]
        parts, year = year_fractions(day_count, boundaries, anchor_day=anchor_day)
        numerator = rate.numerator
        return [part * numerator for part in parts], year * rate.denominator
    common = lcm(*(rate.denominator for _, rate in rates))
    factors: list[int] = []
    denominators: list[int] = []
    for pieces in _pieces(day_count, boundaries, anchor_day, rates):
        numerator, year = 0, 1
        for part, basis, rate in pieces:
            scaled = part * rate.numerator * (common // rate.denominator)
            numerator, year = numerator * basis + scaled * year, year * basis
        factors.append(numerator)
        denominators.append(year * common)
    whole = lcm(*denominators) if denominators else 1
    return [factor * (whole // own) for factor, own in zip(factors, denominators, strict=True)], whole


def pieced_factors(
    day_count: DayCount,
    boundaries: list[date],
    anchor_day: int,
    rates: RatePath,
    cuts: Iterable[date],
) -> tuple[list[InterestFactor], int]:
    """Give each period's interest factors, cut where the rate changes and on further days.

    A period without a cut has a single factor, any other a tuple of them.
    """
    turns = sorted({*cuts, *(start for start, _ in rates[1:])})
    refined, sizes = boundaries[:1], list[int]()
    for begin, end in pairwise(boundaries):
        inner = [day for day in turns if begin < day < end]
        refined += [*inner, end]
        sizes.append(len(inner) + 1)
    factors, year = interest_factors(day_count, refined, anchor_day, rates)
    rest = iter(factors)
    return [next(rest) if size == 1 else tuple(islice(rest, size)) for size in sizes], year


def without_repetition(rates: RatePath) -> RatePath:
    """Leave out every rate that repeats the one before it, because repricing at the same rate cuts no period."""
    if len(rates) == 1:
        return rates
    return rates[:1] + [later for earlier, later in pairwise(rates) if later[1] != earlier[1]]


def _pieces(
    day_count: DayCount, boundaries: list[date], anchor_day: int, rates: RatePath
) -> list[list[tuple[int, int, Fraction]]]:
    """Cut every period where the rate changes; of each part: numerator and denominator in years, and the rate."""
    borders = [*(start for start, _ in rates[1:]), date.max]
    periods: list[list[tuple[int, int, Fraction]]] = []
    segment = 0
    for begin, end in pairwise(boundaries):
        pieces: list[tuple[int, int, Fraction]] = []
        day = begin
        while day < end:
            while borders[segment] <= day:
                segment += 1
            turn = min(end, borders[segment])
            pieces.append((*year_fraction(day_count, day, turn, anchor_day=anchor_day), rates[segment][1]))
            day = turn
        periods.append(pieces)
    return periods


# A root of a rate is irrational; 60 digits are far more than any amount can show.
_DIGITS = 60
_PRECISE = Context(prec=_DIGITS + 20)


def _compounded(
    day_count: DayCount,
    boundaries: list[date],
    anchor_day: int,
    rates: RatePath,
    compounding: Compounding,
) -> tuple[list[int], int]:
    times, year = compounding.times, 10**_DIGITS
    factors: list[int] = []
    known: dict[tuple[Fraction, Fraction], Fraction] = {}
    for pieces in _pieces(day_count, boundaries, anchor_day, rates):
        growth = Fraction(1)
        for part, basis, rate in pieces:
            key = (Fraction(part * times, basis), 1 + rate / times)
            if key not in known:
                known[key] = _power(key[1], key[0])
            growth *= known[key]
        factors.append(round_div((growth.numerator - growth.denominator) * year, growth.denominator))
    return factors, year


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator == 1:
        return base**exponent.numerator
    value = _PRECISE.divide(base.numerator, base.denominator)
    power = _PRECISE.divide(exponent.numerator, exponent.denominator)
    return Fraction(_PRECISE.power(value, power))
