"""Scheme: how one balance is repaid over given periods, whatever the method, rounding or last row.

The dates are somebody else's; here are only amounts, interest factors and the one solve.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Context
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from math import lcm
from typing import assert_never

from restructure.calculator.dates import DayCount, year_fraction, year_fractions
from restructure.calculator.money import Rounding, round_div
from restructure.calculator.rows import (
    Divide,
    RowTuple,
    equal_principal_rows,
    level_instalment,
    level_rows,
)
from restructure.errors import Issue, Refused

__all__ = ["Compounding", "LastRow", "Method", "Scheme", "interest_factors", "repay"]


class Method(StrEnum):
    """How principal is spread over the instalments."""

    LEVEL = "level"
    """Equal instalments of principal and interest (annuity, 等额本息)."""
    EQUAL_PRINCIPAL = "equal_principal"
    """Equal parts of principal plus the interest on what is left (等额本金)."""
    INTEREST_ONLY = "interest_only"
    """The interest of every period, the principal with the last instalment (先息后本)."""
    BULLET = "bullet"
    """Nothing until the last instalment, then principal and all interest; unpaid interest bears none."""
    FLAT = "flat"
    """Equal parts of principal plus interest on the original principal throughout (等本等息)."""


class LastRow(StrEnum):
    """What becomes of the cents that rounding leaves over."""

    RESIDUE = "residue"
    """The last instalment takes them."""
    EQUALISE = "equalise"
    """The instalment moves by its share of the difference where that brings the last one nearer."""
    EXTRA_ROW = "extra_row"
    """The last instalment is no larger than the others; what is still owed falls due one period later."""


class Compounding(StrEnum):
    """How often a nominal rate compounds a year, where that is not once per period."""

    ANNUAL = "annual"
    SEMI_ANNUAL = "semi_annual"
    QUARTERLY = "quarterly"
    MONTHLY = "monthly"

    @property
    def times(self) -> int:
        """Times a year."""
        return {"annual": 1, "semi_annual": 2, "quarterly": 4, "monthly": 12}[self.value]


@dataclass(frozen=True, slots=True)
class Scheme:
    """Everything about a repayment that is not a date or a rate, in minor units."""

    divide: Divide
    """Rounds interest, once per row."""
    method: Method = Method.LEVEL
    instalment_rounding: Rounding = Rounding.HALF_UP
    multiple: int = 1
    """Instalments are multiples of this many minor units."""
    last_row: LastRow = LastRow.RESIDUE
    balloon: int = 0
    """Principal that waits for the last instalment."""
    flat_base: int = 0
    """What flat interest is charged on."""
    growing: bool = False
    """Whether an instalment may lie below the interest."""

    def settle(self, numerator: int, denominator: int) -> int:
        """Round an instalment to its multiple."""
        return round_div(numerator, denominator * self.multiple, self.instalment_rounding) * self.multiple

    def interest(self, balance: int, factor: int, year: int) -> int:
        """Give the interest of one period on the balance that bears it."""
        return self.divide((self.flat_base if self.method is Method.FLAT else balance) * factor, year)


def repay(
    scheme: Scheme,
    dues: Sequence[date],
    balance: int,
    agreed: int | None,
    factors: Sequence[int],
    year: int,
    *,
    covered: int = 0,
    spare: tuple[date, int] | None = None,
) -> tuple[list[RowTuple], int]:
    """Repay a balance over due dates; gives the rows and the instalment (or part of principal) that was used.

    Where no instalment is agreed it is solved. `covered` is interest from before the first period that the
    first level instalment also covers; `spare` is the period after the last, for an extra row. Raises
    `Refused` where an instalment lies below the interest and the balance may not grow.
    """
    count, principal = len(factors), balance - scheme.balloon
    if principal < 0:
        raise Refused(
            Issue("balloon-exceeds-balance", "the balloon is larger than the balance that is repaid")
        )
    match scheme.method:
        case Method.LEVEL:
            rows, instalment = _level(scheme, dues, balance, agreed, factors, year, covered, spare)
            if not scheme.growing and min(row[1] for row in rows) < 0:
                raise Refused(
                    Issue("negative-amortisation", "the instalment is below the interest of a period")
                )
        case Method.EQUAL_PRINCIPAL | Method.INTEREST_ONLY:
            instalment = 0
            if scheme.method is Method.EQUAL_PRINCIPAL:
                instalment = scheme.settle(principal, count) if agreed is None else agreed
            rows = equal_principal_rows(dues, balance, instalment, factors, year, scheme.divide)
        case Method.BULLET:
            instalment = 0
            rows = _bullet(scheme, dues, balance, factors, year)
        case Method.FLAT:
            instalment = scheme.settle(principal, count) if agreed is None else agreed
            rows = _flat(scheme, dues, balance, instalment, factors, year)
        case _:
            assert_never(scheme.method)
    return rows, instalment


def _level(
    scheme: Scheme,
    dues: Sequence[date],
    balance: int,
    agreed: int | None,
    factors: Sequence[int],
    year: int,
    covered: int,
    spare: tuple[date, int] | None,
) -> tuple[list[RowTuple], int]:
    def run(instalment: int) -> list[RowTuple]:
        if spare is not None and scheme.last_row is LastRow.EXTRA_ROW and not scheme.balloon:
            return level_rows(
                [*dues, spare[0]],
                balance,
                instalment,
                [*factors, spare[1]],
                year,
                scheme.divide,
                covered=covered,
            )
        return level_rows(dues, balance, instalment, factors, year, scheme.divide, covered=covered)

    if agreed is not None:
        return run(agreed), agreed
    instalment = level_instalment(balance, factors, year, scheme.settle, balloon=scheme.balloon)
    rows, count = run(instalment), len(factors)
    if scheme.last_row is LastRow.EQUALISE and not scheme.balloon:
        gap = rows[-1][1] + rows[-1][2] - instalment
        if abs(gap) > count // 2:
            # A half and more of a minor unit per instalment can be shared out.
            moved = instalment + round_div(gap, count * scheme.multiple, Rounding.HALF_EVEN) * scheme.multiple
            again = run(moved)
            if abs(again[-1][1] + again[-1][2] - moved) < abs(gap):
                return again, moved
    return rows, instalment


def _bullet(
    scheme: Scheme, dues: Sequence[date], balance: int, factors: Sequence[int], year: int
) -> list[RowTuple]:
    rows: list[RowTuple] = []
    last, owed = len(factors) - 1, 0
    for k, factor in enumerate(factors):
        accrued = scheme.divide(balance * factor, year)
        owed += accrued
        principal, interest = (balance, owed) if k == last else (0, 0)
        rows.append((dues[k], principal, interest, 0, 0, 0, 0, 0, 0, accrued, 0, balance - principal))
    return rows


def _flat(
    scheme: Scheme, dues: Sequence[date], balance: int, part: int, factors: Sequence[int], year: int
) -> list[RowTuple]:
    rows: list[RowTuple] = []
    last = len(factors) - 1
    for k, factor in enumerate(factors):
        interest = scheme.interest(balance, factor, year)
        principal = balance if k == last else min(part, balance)
        balance -= principal
        rows.append((dues[k], principal, interest, 0, 0, 0, 0, 0, 0, interest, 0, balance))
    return rows


def interest_factors(
    day_count: DayCount,
    boundaries: list[date],
    anchor_day: int,
    rates: list[tuple[date, Fraction]],
    compounding: Compounding | None = None,
) -> tuple[list[int], int]:
    """Give each period's interest per unit of balance, as numerators over one denominator.

    `boundaries` are the period borders and `rates` the (from, annual rate) segments in order, the first
    reaching back to the first border. A rate "from D" prices the night from D to the next day. With
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


def _pieces(
    day_count: DayCount, boundaries: list[date], anchor_day: int, rates: list[tuple[date, Fraction]]
) -> list[list[tuple[int, int, Fraction]]]:
    """Cut every period where the rate changes: part of a year, over what, and the rate of each piece."""
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
    rates: list[tuple[date, Fraction]],
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
