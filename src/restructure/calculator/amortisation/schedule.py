"""Schedule: the instalments that repay a loan."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple, Self

from pydantic import model_validator

from restructure.calculator.amortisation.amortise import (
    Repaid,
    hold_within_amounts,
    refuse_less_than_nothing,
    repay,
)
from restructure.calculator.amortisation.off_schedule import Aside, lay_on, pad_rows
from restructure.calculator.amortisation.repricing import repay_repriced
from restructure.calculator.amortisation.rows import Row, Rows, RowTuple
from restructure.calculator.amortisation.scheme import HolidayInterest, LastRow, Scheme
from restructure.calculator.amortisation.terms import FirstPeriod, Repayment, Terms
from restructure.calculator.conventions.dates import Closed, Roll, roll_date, weekend
from restructure.calculator.conventions.money import Currency, Money, from_minor, minor_digits, to_minor
from restructure.errors import Issue, Refused
from restructure.record import Record, trusted

__all__ = [
    "LaidOut",
    "Schedule",
    "amortise",
    "instalments_needed",
    "lay_out",
    "set_aside",
    "terms_rows",
    "whole_rows",
]

_LONGEST = 1200
_PRINCIPAL, _INTEREST, _PARKED_INTEREST, _ACCRUED, _BALANCE = (
    Row._fields.index(name) for name in ("principal", "interest", "parked_interest", "accrued", "balance")
)


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


class LaidOut(NamedTuple):
    """The rows of a loan and what they were made from."""

    rows: list[RowTuple]
    instalment: int
    """The instalment (or part of principal) that was solved or agreed."""
    scheduled: list[date]
    """The day on which each row's period ends before any roll, and one more where a row may be added."""
    own: bool = False
    """Whether the first row is no instalment but the interest of an odd first period."""
    anew: Sequence[tuple[int, int]] = ()
    """Where the instalment is solved anew: index of the row, and the instalment from there on."""


def lay_out(terms: Terms, closed: Closed = weekend) -> LaidOut:
    """Make the rows of a loan, with what servicing it needs to know about them."""
    laid = _laid_out(terms, closed)
    if terms.negative_amortisation:
        refuse_less_than_nothing(laid.rows)
    lent = terms.principal
    if terms.advances:
        lent = sum((advance.amount for advance in terms.advances), lent)
    hold_within_amounts(laid.rows, to_minor(lent, terms.currency), terms.currency)
    return laid


def _laid_out(terms: Terms, closed: Closed) -> LaidOut:
    if terms.roll is not Roll.NONE:
        _begin_after(terms.start, roll_date(terms.dues(1)[0], terms.roll, closed))
    principal = to_minor(terms.principal, terms.currency)
    agreed = None if terms.instalment is None else to_minor(terms.instalment, terms.currency)
    if any(advance.amount for advance in terms.advances):
        return _advanced(terms, principal, closed)
    scheme = terms.scheme(principal, terms.currency)
    if terms.stub is not FirstPeriod.LEVEL and terms.period_start() != terms.start:
        return _with_stub(terms, scheme, principal, agreed, closed)
    rates = terms.rate_path(terms.start)
    wanted = terms.instalments
    if not wanted:
        assert agreed is not None, "terms without a number of instalments have an agreed one"
        wanted = instalments_needed(terms, scheme, principal, agreed, terms.start, rates, closed)
    extra = int(terms.last_row is LastRow.EXTRA_ROW)
    dues, factors, year = terms.periods(terms.start, wanted + extra, rates, closed)
    spare = (dues[wanted], factors[wanted]) if extra else None
    repaid = repay_repriced(
        terms, terms.start, rates, closed,
        scheme, dues[:wanted], principal, agreed, factors[:wanted], year, spare=spare,
    )  # fmt: skip
    scheduled = dues if terms.roll is Roll.NONE else terms.dues(wanted + extra)
    return LaidOut(whole_rows(repaid, dues, wanted), repaid.instalment, scheduled, anew=repaid.anew)


def whole_rows(repaid: Repaid, dues: Sequence[date], total: int) -> list[RowTuple]:
    """Give the rows of a repayment with the interest that its suspensions set aside."""
    if repaid.unpaid:
        lay_on(repaid.rows, set_aside(repaid), dues, first=0, total=total)
    return repaid.rows


def _begin_after(start: date, due: date) -> None:
    if due <= start:
        sentence = f"the first due date rolls to {due}, which is not after the loan's start {start}"
        raise Refused(Issue("date-before-origination", sentence, "first_due"))


def set_aside(repaid: Repaid) -> list[Aside]:
    """List the interest that suspensions left to be paid outside the amortisation."""
    return [
        Aside(
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
    terms: Repayment,
    scheme: Scheme,
    balance: int,
    agreed: int,
    start: date,
    rates: list[tuple[date, Fraction]],
    closed: Closed = weekend,
    *,
    covered: int = 0,
    skipped: int = 0,
) -> int:
    """Find how many instalments a balance takes, doubling the horizon until it is repaid.

    The rows themselves are the proof: the last one found is no larger than the agreed instalment. `skipped`
    due dates go by before the first instalment. Raises `Refused` with `term-too-long` beyond 1,200 instalments.
    """
    count = 12
    while count < _LONGEST:
        count = min(count * 2, _LONGEST)
        dues, factors, year = terms.periods(start, skipped + count, rates, closed)
        rows = repay(scheme, dues[skipped:], balance, agreed, factors[skipped:], year, covered=covered).rows
        if rows[-1][_BALANCE]:
            continue  # the horizon ends within a suspension
        # Flat interest goes on to the last row, so the rows need not end with the balance.
        needed = next(k for k, row in enumerate(rows, 1) if not row[_BALANCE])
        # The last row of a full horizon takes everything left, so only an ordinary one tells the term.
        last = rows[-1][_PRINCIPAL] + (rows[-1][_INTEREST] if scheme.annuity else 0)
        if needed < count or last <= scheme.instalment_at(needed - 1, agreed):
            return needed
    raise Refused(
        Issue("term-too-long", "the instalment does not repay the balance within 1,200 instalments")
    )


def _with_stub(terms: Terms, scheme: Scheme, principal: int, agreed: int | None, closed: Closed) -> LaidOut:
    """Repay over regular periods, and put the interest of the odd first one where the terms say."""
    regular = terms.period_start()
    rates = terms.rate_path(min(terms.start, regular))
    short, apart = regular < terms.start, terms.stub is FirstPeriod.OWN_ROW
    shifted = int(apart and short)
    until = terms.first_due if short else regular
    due = roll_date(until, terms.roll, closed)
    if apart:
        _begin_after(terms.start, due)
    if apart and terms.roll_accrues:
        until = due
    begin = until if apart and not short else regular
    wanted = terms.instalments
    if not wanted:
        assert agreed is not None, "terms without a number of instalments have an agreed one"
        wanted = instalments_needed(terms, scheme, principal, agreed, begin, rates, closed, skipped=shifted)
    end, extra = wanted + shifted, int(terms.last_row is LastRow.EXTRA_ROW)
    dues, factors, year = terms.periods(begin, end + extra, rates, closed)
    repaid = repay_repriced(
        terms,
        begin,
        rates,
        closed,
        scheme,
        dues[shifted:end],
        principal,
        agreed,
        factors[shifted:end],
        year,
        spare=(dues[end], factors[end]) if extra else None,
        skipped=shifted,
    )
    rows, scheduled = whole_rows(repaid, dues[shifted:], wanted), terms.dues(end + extra)
    if apart:
        odd, odd_year = terms.factors([terms.start, until], terms.anchor, rates)
        own = scheme.interest(principal, odd[0], odd_year)
        rows.insert(0, (due, 0, own, 0, 0, 0, 0, 0, 0, own, 0, principal))
        scheduled = scheduled if short else [regular, *scheduled]
        anew = [(k + 1, instalment) for k, instalment in repaid.anew]
        return LaidOut(rows, repaid.instalment, scheduled, own=True, anew=anew)
    _, actual, actual_year = terms.periods(terms.start, 1, rates, closed)
    odd_interest = scheme.interest(principal, actual[0], actual_year) - rows[0][_ACCRUED]
    first = list(rows[0])
    first[_ACCRUED] += odd_interest
    if terms.stub is FirstPeriod.FIRST_ROW or short:
        first[_INTEREST] += odd_interest
        rows[0] = tuple(first)
    else:
        rows[0] = tuple(first)
        lay_on(rows, [Aside(_INTEREST, odd_interest, parts=0)], dues, first=0, total=len(rows))
    return LaidOut(rows, repaid.instalment, scheduled, anew=repaid.anew)


def _advanced(terms: Terms, principal: int, closed: Closed) -> LaidOut:
    """Repay what is lent in parts, the instalments solved anew from each period in which a part is paid out."""
    count, extra = terms.instalments, int(terms.last_row is LastRow.EXTRA_ROW)
    rates = terms.rate_path(terms.start)
    days = sorted({advance.on for advance in terms.advances if advance.amount})
    dues, factors, year = terms.periods(terms.start, count + extra, rates, closed, cuts=days)
    borders = [terms.start, *(dues if terms.roll_accrues else terms.dues(count + extra))]
    if days[-1] >= borders[count]:
        sentence = (
            f"the advance on {days[-1]} comes after the last period, whose end rolls to {borders[count]}"
        )
        raise Refused(Issue("date-order", sentence, "advances"))
    turns = sorted({*days, *(start for start, _ in rates)})
    paid_out: dict[date, int] = {}
    for advance in terms.advances:
        amount = to_minor(advance.amount, terms.currency)
        paid_out[advance.on] = paid_out.get(advance.on, 0) + amount
    begins = sorted({0, *(bisect_right(borders, day) - 1 for day in days)})
    rows: list[RowTuple] = []
    balance = principal
    for begin, end in zip(begins, [*begins[1:], count], strict=True):
        joining = paid_out.get(borders[begin], 0)
        balance += joining
        if rows:
            rows[-1] = (*rows[-1][:_BALANCE], balance)
        inside = [day for day in turns if borders[begin] < day < borders[begin + 1]]
        joins = {0: (0, *(paid_out.get(day, 0) for day in inside))} if inside else {}
        scheme = terms.scheme(balance, terms.currency)._replace(cut=True, joins=joins)
        spare = (dues[count], factors[count]) if extra else None
        repaid = repay(scheme, dues[begin:count], balance, None, factors[begin:count], year, spare=spare)
        if end == count:
            rows += repaid.rows
        else:
            rows += repaid.rows[: end - begin]
            pad_rows(rows, dues, end)
        balance = rows[-1][_BALANCE]
    return LaidOut(rows, repaid.instalment, terms.dues(count + extra))
