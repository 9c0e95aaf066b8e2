"""Terms of a loan, and the schedule that repays it."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Self

from pydantic import Field, model_validator

from restructure.calculator.dates import (
    Closed,
    DayCount,
    Every,
    Roll,
    every_dates,
    roll_date,
    step_before,
    weekend,
)
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
from restructure.calculator.rows import Rows, RowTuple
from restructure.calculator.scheme import (
    Compounding,
    LastRow,
    Method,
    Scheme,
    interest_factors,
    repay,
)
from restructure.record import Record, refuse

__all__ = [
    "Compounding",
    "LastRow",
    "Method",
    "Repayment",
    "Schedule",
    "Terms",
    "amortise",
    "scale_problems",
    "terms_rows",
]


# The calendar ends with the year 9999; the longest schedule, extended, takes a few hundred years.
_LAST_YEAR = 9000


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
    every: Every = "1 month"
    """Rhythm of the due dates: "1 month", "2 weeks", "14 days", "1 quarter", "semi-monthly"."""
    roll: Roll = Roll.NONE
    """Where a due date goes that falls on a day without business."""
    roll_accrues: bool = False
    """Whether a rolled date also moves the end of the interest period (shift and accrue) or only the payment."""
    method: Method = Method.LEVEL
    """Level, equal principal, interest-only, bullet or flat."""
    balloon: Money | None = None
    """Principal that waits for the last instalment, on top of it."""
    flat_base: Money | None = None
    """What flat interest is charged on: the original principal; absent: the balance at the start."""
    compounding: Compounding | None = None
    """How often the rate compounds a year; absent: simple interest within each period."""
    day_count: DayCount = DayCount.THIRTY_360_BY_MONTH
    """How days become a part of a year."""
    instalment: Money | None = None
    """The agreed instalment (level) or part of principal (equal principal); solved where it is absent."""
    rounding: Rounding = Rounding.HALF_UP
    """How a fraction of a minor unit of interest is rounded, once per row."""
    instalment_rounding: Rounding | None = None
    """How a solved instalment is rounded to its multiple; absent: as interest is."""
    instalment_multiple: Money | None = None
    """Solved instalments are multiples of this amount; absent: of the minor unit."""
    last_row: LastRow = LastRow.RESIDUE
    """What becomes of the cents that rounding leaves over."""
    negative_amortisation: bool = False
    """Whether an instalment may lie below the interest, so that the balance grows."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        refuse(self.contradictions())
        return self

    def contradictions(self) -> list[tuple[str, ...]]:
        """List what contradicts itself, as code, sentence and field; models with more to check add to it."""
        found: list[tuple[str, ...]] = []
        if self.first_due.year > _LAST_YEAR:
            sentence = f"first_due {self.first_due} lies too far ahead to lay out a schedule"
            found.append(("date-invalid", sentence, "first_due"))
        if self.instalment_multiple is not None and not self.instalment_multiple:
            found.append(("value-invalid", "instalments cannot be multiples of zero", "instalment_multiple"))
        return found

    def scheme(self, balance: int, currency: str) -> Scheme:
        """Give everything about the repayment that is not a date or a rate, in minor units."""

        def minor(amount: Decimal | None, otherwise: int) -> int:
            return otherwise if amount is None else to_minor(amount, currency)

        return Scheme(
            method=self.method,
            divide=rounder(self.rounding),
            instalment_rounding=self.instalment_rounding or self.rounding,
            multiple=minor(self.instalment_multiple, 1),
            last_row=self.last_row,
            balloon=minor(self.balloon, 0),
            flat_base=minor(self.flat_base, balance),
            growing=self.negative_amortisation,
        )

    @property
    def anchor(self) -> int:
        """Day of the month that due dates step from."""
        return self.anchor_day or self.first_due.day

    def dues(self, count: int | None = None) -> list[date]:
        """List the scheduled due dates before any roll, `instalments` of them unless a count is given."""
        wanted = self.instalments if count is None else count
        return every_dates(self.first_due, wanted, self.every, anchor_day=self.anchor)

    def period_start(self) -> date:
        """Give the day on which the period of the first due date regularly begins."""
        return step_before(self.first_due, self.every, self.anchor)

    def periods(
        self, start: date, count: int, rates: list[tuple[date, Fraction]], closed: Closed = weekend
    ) -> tuple[list[date], list[int], int]:
        """Lay out so many periods from a day: when each payment falls due, and the interest factors."""
        dues = self.dues(count)
        borders = paid = dues
        if self.roll is not Roll.NONE:
            paid = [roll_date(day, self.roll, closed) for day in dues]
            borders = paid if self.roll_accrues else dues
        factors, year = interest_factors(
            self.day_count, [start, *borders], self.anchor, rates, self.compounding
        )
        return paid, factors, year


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
        for name in ("principal", "instalment", "balloon", "flat_base", "instalment_multiple"):
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


def amortise(terms: Terms, *, closed: Closed = weekend) -> Schedule:
    """Make the schedule of a loan: exact interest, one rounding per row, the residue in the last.

    `closed` tells the days without business on which due dates roll, if the terms roll them. Raises
    `Refused` with `negative-amortisation` where an instalment does not cover the interest and may not.

    >>> loan = Terms(currency="CNY", principal="12000", annual_rate="18%", instalments=12,
    ...              start="2026-01-15", first_due="2026-02-15")
    >>> schedule = amortise(loan)
    >>> str(schedule.rows[0].total), str(schedule.rows[-1].total), str(schedule.rows[-1].balance)
    ('1100.16', '1100.19', '0.00')
    """
    rows = terms_rows(terms, closed=closed)
    return Schedule.model_construct(currency=terms.currency, rows=Rows(rows, minor_digits(terms.currency)))


def terms_rows(terms: Terms, *, closed: Closed = weekend) -> list[RowTuple]:
    """Make the rows of a loan as tuples of minor units (`amortise` without the models)."""
    extra = int(terms.last_row is LastRow.EXTRA_ROW)
    count = terms.instalments
    dues, factors, year = terms.periods(
        terms.start, count + extra, [(terms.start, terms.annual_rate)], closed
    )
    principal = to_minor(terms.principal, terms.currency)
    rows, _ = repay(
        terms.scheme(principal, terms.currency),
        dues[:count],
        principal,
        None if terms.instalment is None else to_minor(terms.instalment, terms.currency),
        factors[:count],
        year,
        spare=(dues[count], factors[count]) if extra else None,
    )
    return rows
