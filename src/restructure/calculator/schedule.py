"""Terms of a loan, and the schedule that repays it."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import lcm
from typing import Self, assert_never

from pydantic import Field, model_validator

from restructure.calculator.dates import DayCount, due_dates, year_fraction, year_fractions
from restructure.calculator.money import (
    Currency,
    Money,
    Rate,
    Rounding,
    from_minor,
    minor_digits,
    rounder,
    to_minor,
)
from restructure.calculator.rows import (
    Divide,
    Rows,
    RowTuple,
    equal_principal_rows,
    level_instalment,
    level_rows,
)
from restructure.errors import Issue, Refused
from restructure.record import Record, refuse

__all__ = ["Method", "Repayment", "Schedule", "Terms", "amortise", "interest_factors", "repay"]


# The calendar ends with the year 9999; the longest schedule, extended, takes a few hundred years.
_LAST_YEAR = 9000


class Method(StrEnum):
    """How principal is spread over the instalments."""

    LEVEL = "level"
    """Equal instalments of principal and interest (annuity, 等额本息)."""
    EQUAL_PRINCIPAL = "equal_principal"
    """Equal parts of principal plus the interest on what is left (等额本金)."""


class Repayment(Record):
    """How a balance is to be repaid from here on: rate, rhythm and method."""

    annual_rate: Rate
    """Contract rate a year as an exact fraction of one: "0.18" or "18%", never 18."""
    instalments: int = Field(ge=0, le=1200)
    """Instalments still to fall due."""
    first_due: date
    """The day the first of them falls due."""
    anchor_day: int | None = Field(default=None, ge=1, le=31)
    """Day of the month the contract names; a shorter month uses its last day. Default: the day of `first_due`."""
    method: Method = Method.LEVEL
    """Level instalments or equal parts of principal."""
    day_count: DayCount = DayCount.THIRTY_360_BY_MONTH
    """How days become a part of a year."""
    instalment: Money | None = None
    """The agreed instalment (level) or part of principal (equal principal); solved where it is absent."""
    rounding: Rounding = Rounding.HALF_UP
    """How a fraction of a minor unit is rounded, once per row."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        refuse(self.contradictions())
        return self

    def contradictions(self) -> list[tuple[str, ...]]:
        """List what contradicts itself, as code, sentence and field; models with more to check add to it."""
        if self.first_due.year > _LAST_YEAR:
            return [
                (
                    "date-invalid",
                    f"first_due {self.first_due} lies too far ahead to lay out a schedule",
                    "first_due",
                )
            ]
        return []

    @property
    def anchor(self) -> int:
        """Day of the month that due dates step from."""
        return self.anchor_day or self.first_due.day

    def dues(self, count: int | None = None) -> list[date]:
        """List the due dates, `instalments` of them unless a count is given."""
        return due_dates(self.first_due, self.instalments if count is None else count, anchor_day=self.anchor)


class Terms(Repayment):
    """A loan as agreed: what is lent, when, and how it is repaid."""

    currency: Currency
    """ISO 4217 code of every amount."""
    principal: Money
    """Amount lent."""
    start: date
    """Day the money is paid out; interest accrues from here."""

    def contradictions(self) -> list[tuple[str, ...]]:
        """List what contradicts itself, as code, sentence and field."""
        found = super().contradictions()
        if self.instalments < 1:
            found.append(("term-not-positive", "a loan needs at least one instalment"))
        if self.first_due <= self.start:
            found.append(
                (
                    "date-before-origination",
                    f"first_due {self.first_due} is not after the loan's start {self.start}",
                )
            )
        for name in ("principal", "instalment"):
            found += scale_problems(getattr(self, name), self.currency, name)
        return found


def scale_problems(amount: Decimal | None, currency: str, *place: str) -> list[tuple[str, ...]]:
    """Find whether an amount has more decimals than its currency."""
    try:
        if amount is not None:
            to_minor(amount, currency)
    except ValueError as error:
        return [("money-scale", str(error), *place)]
    return []


class Schedule(Record):
    """The instalments of a loan in order, ending at a balance of exactly zero."""

    currency: Currency
    """ISO 4217 code of every amount."""
    rows: Rows
    """The instalments; `rows.minor` holds them as tuples of minor units."""

    @model_validator(mode="after")
    def _settle_unit(self) -> Self:
        places = minor_digits(self.currency)
        if self.rows.places != places:
            self.__dict__["rows"] = self.rows.rebased(places)
        return self

    @cached_property
    def total(self) -> Money:
        """Everything the borrower pays."""
        return from_minor(sum(sum(row[1:9]) for row in self.rows.minor), self.currency)

    @cached_property
    def interest(self) -> Money:
        """All interest that accrues over the schedule."""
        return from_minor(sum(row[9] for row in self.rows.minor), self.currency)

    @property
    def last_due(self) -> date | None:
        """Day of the last instalment, if there is one."""
        return self.rows.minor[-1][0] if self.rows.minor else None


def amortise(terms: Terms) -> Schedule:
    """Make the schedule of a loan: exact interest, one rounding per row, the residue in the last.

    Raises `Refused` with `negative-amortisation` where a given instalment does not cover the interest.

    >>> loan = Terms(currency="CNY", principal="12000", annual_rate="18%", instalments=12,
    ...              start="2026-01-15", first_due="2026-02-15")
    >>> schedule = amortise(loan)
    >>> str(schedule.rows[0].total), str(schedule.rows[-1].total), str(schedule.rows[-1].balance)
    ('1100.16', '1100.19', '0.00')
    """
    rows = terms_rows(terms)
    return Schedule.model_construct(currency=terms.currency, rows=Rows(rows, minor_digits(terms.currency)))


def terms_rows(terms: Terms) -> list[RowTuple]:
    """Make the rows of a loan as tuples of minor units (`amortise` without the models)."""
    dues = terms.dues()
    factors, year = interest_factors(
        terms.day_count, [terms.start, *dues], terms.anchor, [(terms.start, terms.annual_rate)]
    )
    agreed = None if terms.instalment is None else to_minor(terms.instalment, terms.currency)
    rows, _ = repay(
        terms.method,
        dues,
        to_minor(terms.principal, terms.currency),
        agreed,
        factors,
        year,
        rounder(terms.rounding),
    )
    return rows


def repay(
    method: Method,
    dues: Sequence[date],
    balance: int,
    agreed: int | None,
    factors: Sequence[int],
    year: int,
    divide: Divide,
    *,
    covered: int = 0,
) -> tuple[list[RowTuple], int]:
    """Repay a balance over due dates; gives the rows and the instalment (or part) that was used.

    Where no instalment is agreed it is solved. `covered`: see `level_rows`.
    """
    match method:
        case Method.LEVEL:
            instalment = level_instalment(balance, factors, year, divide) if agreed is None else agreed
            rows = level_rows(dues, balance, instalment, factors, year, divide, covered=covered)
            if min(row[1] for row in rows) < 0:
                raise Refused(
                    Issue("negative-amortisation", "the instalment is below the interest of a period")
                )
        case Method.EQUAL_PRINCIPAL:
            instalment = divide(balance, len(factors)) if agreed is None else agreed
            rows = equal_principal_rows(dues, balance, instalment, factors, year, divide)
        case _:
            assert_never(method)
    return rows, instalment


def interest_factors(
    day_count: DayCount, boundaries: list[date], anchor_day: int, rates: list[tuple[date, Fraction]]
) -> tuple[list[int], int]:
    """Give each period's interest per unit of balance, as numerators over one denominator.

    `boundaries` are the period borders and `rates` the (from, annual rate) segments in order, the first
    reaching back to the first border. A rate "from D" prices the night from D to the next day.
    """
    if len(rates) == 1:
        rate = rates[0][1]
        parts, year = year_fractions(day_count, boundaries, anchor_day=anchor_day)
        numerator = rate.numerator
        return [part * numerator for part in parts], year * rate.denominator
    common = lcm(*(rate.denominator for _, rate in rates))
    borders = [*(start for start, _ in rates[1:]), date.max]
    factors: list[int] = []
    denominators: list[int] = []
    segment = 0
    for begin, end in pairwise(boundaries):
        numerator, year, day = 0, 1, begin
        while day < end:
            while borders[segment] <= day:
                segment += 1
            turn = min(end, borders[segment])
            part, basis = year_fraction(day_count, day, turn, anchor_day=anchor_day)
            rate = rates[segment][1]
            scaled = part * rate.numerator * (common // rate.denominator)
            numerator, year = numerator * basis + scaled * year, year * basis
            day = turn
        factors.append(numerator)
        denominators.append(year * common)
    whole = lcm(*denominators) if denominators else 1
    return [factor * (whole // own) for factor, own in zip(factors, denominators, strict=True)], whole
