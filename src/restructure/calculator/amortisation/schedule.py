"""Schedule: the instalments that repay a loan."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import NamedTuple, Self

from pydantic import model_validator

from restructure.calculator.amortisation.amortise import repay
from restructure.calculator.amortisation.off_schedule import OffScheduleAmount, add_off_schedule, pad_rows
from restructure.calculator.amortisation.repaid import (
    Repaid,
    reject_negative_payments,
    reject_oversized_amounts,
)
from restructure.calculator.amortisation.repricing import repay_repriced
from restructure.calculator.amortisation.rows import Row, Rows, RowTuple
from restructure.calculator.amortisation.scheme import HolidayInterest, LastRow, Scheme
from restructure.calculator.amortisation.terms import FirstPeriod, Terms
from restructure.calculator.amortisation.timetable import Periods, Timetable
from restructure.calculator.conventions.dates import Closed, Roll, roll_date, weekend
from restructure.calculator.conventions.money import Currency, Money, from_minor, minor_digits, to_minor
from restructure.errors import Issue, Refused
from restructure.frames import Tabular
from restructure.record import Record, trusted
from restructure.short_form import counted

__all__ = [
    "Layout",
    "Schedule",
    "amortise",
    "instalments_needed",
    "lay_out",
    "rows_with_suspended_interest",
    "suspended_interest",
    "terms_rows",
]

_LONGEST = 1200
_PRINCIPAL, _INTEREST, _PARKED_INTEREST, _ACCRUED, _BALANCE = (
    Row._fields.index(name) for name in ("principal", "interest", "parked_interest", "accrued", "balance")
)


class Schedule(Tabular, Record):
    """The instalments of a loan in order, ending at a balance of exactly zero."""

    currency: Currency
    """Currency of every amount, as an ISO 4217 code, e.g. CNY."""
    rows: Rows
    """The instalments in the order of their due dates; `rows.minor` holds them as tuples of minor units."""

    @model_validator(mode="after")
    def _settle_unit(self) -> Self:
        places = minor_digits(self.currency)
        if self.rows.places != places:
            self.__dict__["rows"] = self.rows.rebased(places)
        return self

    @cached_property
    def total(self) -> Money:
        """Sum of all payments of the borrower."""
        return from_minor(sum(sum(row[1:9]) for row in self.rows.minor), self.currency)

    @cached_property
    def interest(self) -> Money:
        """All interest that accrues over the schedule."""
        return from_minor(sum(row[9] for row in self.rows.minor), self.currency)

    @property
    def last_due(self) -> date | None:
        """Day of the last instalment, if there is one."""
        return self.rows.minor[-1][0] if self.rows.minor else None

    def _summary(self) -> str:
        if not self.rows.minor:
            return f"no instalments, {self.currency}"
        due = f"{self.rows.minor[0][0]} to {self.last_due}"
        return f"{counted(len(self.rows), 'instalment')} from {due}, {self.total:,f} {self.currency} in all"


def amortise(terms: Terms, *, closed: Closed = weekend) -> Schedule:
    """Make the schedule of a loan: exact interest, one rounding per row, the residue in the last.

    `closed` says which days are no business days, from which due dates roll if the terms roll them. Raises
    `Refused` with `negative-amortisation` where an instalment does not cover the interest and may not, or
    would be below zero, and with `term-too-long` where an agreed instalment without a term does not repay the loan.

    >>> loan = Terms(currency="CNY", principal="12000", annual_rate="18%", instalments=12,
    ...              start="2026-01-15", first_due="2026-02-15")
    >>> schedule = amortise(loan)
    >>> str(schedule.rows[0].total), str(schedule.rows[-1].total), str(schedule.rows[-1].balance)
    ('1100.16', '1100.19', '0.00')
    """
    rows = lay_out(terms, closed).rows
    rows_shown = Rows(rows, minor_digits(terms.currency))
    return trusted(Schedule, [{"currency": terms.currency, "rows": rows_shown}])[0]


def terms_rows(terms: Terms, *, closed: Closed = weekend) -> list[RowTuple]:
    """Make the rows of a loan as tuples of minor units (`amortise` without the models)."""
    return lay_out(terms, closed).rows


class Layout(NamedTuple):
    """The rows of a loan and what they were made from."""

    rows: list[RowTuple]
    instalment: int
    """The instalment (or part of principal) that was solved or agreed."""
    scheduled: list[date]
    """Day on which each row's period ends before any roll, and one more where a row may be added."""
    odd_row: bool = False
    """Whether the first row is no instalment but the interest of an odd first period."""
    anew: Sequence[tuple[int, int]] = ()
    """Rows from which the instalment is solved anew: index of the row, and the instalment from there on."""


def lay_out(terms: Terms, closed: Closed = weekend) -> Layout:
    """Make the rows of a loan, with what servicing it needs to know about them."""
    layout = _layout(terms, closed)
    if terms.negative_amortisation:
        reject_negative_payments(layout.rows)
    lent = terms.principal
    if terms.advances:
        lent = sum((advance.amount for advance in terms.advances), lent)
    reject_oversized_amounts(layout.rows, to_minor(lent, terms.currency), terms.currency)
    return layout


def _layout(terms: Terms, closed: Closed) -> Layout:
    if terms.roll is not Roll.NONE:
        _reject_due_by_start(terms.start, roll_date(terms.dues(1)[0], terms.roll, closed))
    principal = to_minor(terms.principal, terms.currency)
    agreed = None if terms.instalment is None else to_minor(terms.instalment, terms.currency)
    if any(advance.amount for advance in terms.advances):
        return _with_advances(terms, principal, closed)
    scheme = terms.scheme(principal, terms.currency)
    if terms.stub is not FirstPeriod.LEVEL and terms.period_start() != terms.start:
        return _with_odd_first_period(terms, scheme, principal, agreed, closed)
    timetable = Timetable(terms, terms.start, terms.rate_path(terms.start), closed)
    count = _term(terms, timetable, scheme, principal, agreed)
    periods = timetable.periods(count, spare=terms.last_row is LastRow.EXTRA_ROW)
    repaid = repay_repriced(timetable, scheme, periods, principal, agreed)
    days = periods.days
    scheduled = days if terms.roll is Roll.NONE else terms.dues(len(days))
    rows = rows_with_suspended_interest(repaid, days, count)
    return Layout(rows, repaid.instalment, scheduled, anew=repaid.anew)


def _term(
    terms: Terms, timetable: Timetable, scheme: Scheme, principal: int, agreed: int | None, skipped: int = 0
) -> int:
    """Give the number of instalments that the terms name, or that the agreed instalment takes."""
    if terms.instalments:
        return terms.instalments
    assert agreed is not None, "terms without a number of instalments have an agreed one"
    return instalments_needed(timetable, scheme, principal, agreed, skipped=skipped)


def rows_with_suspended_interest(repaid: Repaid, dues: Sequence[date], total: int) -> list[RowTuple]:
    """Give the rows of a repayment, with the interest that its suspensions deferred added to them."""
    if repaid.unpaid:
        add_off_schedule(repaid.rows, suspended_interest(repaid), dues, first=0, total=total)
    return repaid.rows


def _reject_due_by_start(start: date, due: date) -> None:
    if due <= start:
        sentence = f"the first due date rolls to {due}, which is not after the loan's start {start}"
        raise Refused(Issue("date-before-origination", sentence, "first_due"))


def suspended_interest(repaid: Repaid) -> list[OffScheduleAmount]:
    """List the interest that suspensions left to be paid outside the amortisation."""
    return [
        OffScheduleAmount(
            _PARKED_INTEREST,
            amount,
            at_maturity=how is HolidayInterest.PARK,
            parts=0 if how is HolidayInterest.SPREAD else None,
            start=k + 1,
        )
        for k, how, amount in repaid.unpaid
        if how in (HolidayInterest.PARK, HolidayInterest.SPREAD, HolidayInterest.CARRY)
    ]


def instalments_needed(
    timetable: Timetable, scheme: Scheme, balance: int, agreed: int, *, covered: int = 0, skipped: int = 0
) -> int:
    """Count the instalments that a balance takes, doubling the horizon until it is repaid.

    The rows themselves are the proof: the last of them is no larger than the agreed instalment. `skipped` periods
    of the timetable pass before the first instalment. Raises `Refused` with `term-too-long` beyond 1,200
    instalments.
    """
    count = 12
    while count < _LONGEST:
        count = min(count * 2, _LONGEST)
        periods = timetable.periods(skipped + count).since(skipped)
        rows = repay(scheme, periods, balance, agreed, covered=covered).rows
        if rows[-1][_BALANCE]:
            continue  # the horizon ends within a suspension
        # Flat interest continues to the last row, so the rows need not end with the balance.
        needed = next(k for k, row in enumerate(rows, 1) if not row[_BALANCE])
        # The last row of a full horizon takes everything left, so only an ordinary one proves the term.
        last = rows[-1][_PRINCIPAL] + (rows[-1][_INTEREST] if scheme.annuity else 0)
        if needed < count or last <= scheme.instalment_at(needed - 1, agreed):
            return needed
    raise Refused(
        Issue("term-too-long", "the instalment does not repay the balance within 1,200 instalments")
    )


def _with_odd_first_period(
    terms: Terms, scheme: Scheme, principal: int, agreed: int | None, closed: Closed
) -> Layout:
    """Repay over regular periods, and add the interest of the odd first period where the terms say."""
    regular = terms.period_start()
    short, apart = regular < terms.start, terms.stub is FirstPeriod.OWN_ROW
    skipped = int(apart and short)
    until = terms.first_due if short else regular
    due = roll_date(until, terms.roll, closed)
    if apart:
        _reject_due_by_start(terms.start, due)
    if apart and terms.roll_accrues:
        until = due
    begin = until if apart and not short else regular
    timetable = Timetable(terms, begin, terms.rate_path(min(terms.start, regular)), closed)
    count = _term(terms, timetable, scheme, principal, agreed, skipped)
    spare = terms.last_row is LastRow.EXTRA_ROW
    periods = timetable.periods(count + skipped, spare=spare).since(skipped)
    repaid = repay_repriced(timetable, scheme, periods, principal, agreed, skipped=skipped)
    rows = rows_with_suspended_interest(repaid, periods.days, count)
    scheduled = terms.dues(count + skipped + spare)
    if apart:
        factors, year = timetable.factors([terms.start, until], terms.anchor)
        interest = scheme.interest(principal, factors[0], year)
        rows.insert(0, (due, 0, interest, 0, 0, 0, 0, 0, 0, interest, 0, principal))
        scheduled = scheduled if short else [regular, *scheduled]
        anew = [(k + 1, instalment) for k, instalment in repaid.anew]
        return Layout(rows, repaid.instalment, scheduled, odd_row=True, anew=anew)
    _add_odd_interest(rows, terms, scheme, principal, timetable, periods)
    return Layout(rows, repaid.instalment, scheduled, anew=repaid.anew)


def _add_odd_interest(
    rows: list[RowTuple],
    terms: Terms,
    scheme: Scheme,
    principal: int,
    timetable: Timetable,
    periods: Periods,
) -> None:
    """Add what the odd first period bears beyond a regular one to the first instalment, or spread it over all."""
    actual = timetable._replace(start=terms.start).periods(1)
    odd_interest = scheme.interest(principal, actual.factors[0], actual.year) - rows[0][_ACCRUED]
    first = list(rows[0])
    first[_ACCRUED] += odd_interest
    if terms.stub is FirstPeriod.FIRST_ROW or terms.period_start() < terms.start:
        first[_INTEREST] += odd_interest
        rows[0] = tuple(first)
        return
    rows[0] = tuple(first)
    spread = OffScheduleAmount(_INTEREST, odd_interest, parts=0)
    add_off_schedule(rows, [spread], periods.days, first=0, total=len(rows))


def _with_advances(terms: Terms, principal: int, closed: Closed) -> Layout:
    """Repay what is lent in parts, the instalments solved anew from each period in which a part is paid out."""
    count, spare = terms.instalments, terms.last_row is LastRow.EXTRA_ROW
    timetable = Timetable(terms, terms.start, terms.rate_path(terms.start), closed)
    days = sorted({advance.on for advance in terms.advances if advance.amount})
    periods = timetable.periods(count, spare=spare, cuts=days)
    borders = [terms.start, *(periods.days if terms.roll_accrues else terms.dues(count + spare))]
    if days[-1] >= borders[count]:
        sentence = (
            f"the advance on {days[-1]} comes after the last period, whose end rolls to {borders[count]}"
        )
        raise Refused(Issue("date-order", sentence, "advances"))
    cuts = sorted({*days, *(start for start, _ in timetable.rates)})
    paid_out: dict[date, int] = {}
    for advance in terms.advances:
        amount = to_minor(advance.amount, terms.currency)
        paid_out[advance.on] = paid_out.get(advance.on, 0) + amount
    begins = sorted({0, *(bisect_right(borders, day) - 1 for day in days)})
    rows: list[RowTuple] = []
    balance = principal
    for begin, end in zip(begins, [*begins[1:], count], strict=True):
        balance += paid_out.get(borders[begin], 0)
        if rows:
            rows[-1] = (*rows[-1][:_BALANCE], balance)
        inside = [day for day in cuts if borders[begin] < day < borders[begin + 1]]
        joins = {0: (0, *(paid_out.get(day, 0) for day in inside))} if inside else {}
        scheme = terms.scheme(balance, terms.currency)._replace(cut=True, joins=joins)
        repaid = repay(scheme, periods.since(begin), balance, None)
        if end == count:
            rows += repaid.rows
        else:
            rows += repaid.rows[: end - begin]
            pad_rows(rows, periods.days, end)
        balance = rows[-1][_BALANCE]
    return Layout(rows, repaid.instalment, terms.dues(count + spare))
