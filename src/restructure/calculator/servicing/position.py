"""Position: what is owed on a date, in seven buckets, and how the rest is to be repaid."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple, Self

from pydantic import Field, model_validator

from restructure.calculator.amortisation.amortise import repay, solved_level
from restructure.calculator.amortisation.repaid import Repaid
from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.amortisation.repricing import known_rates
from restructure.calculator.amortisation.scheme import Method, Scheme
from restructure.calculator.amortisation.timetable import Periods, Timetable
from restructure.calculator.conventions.currency_scale import scale_problems, set_scale
from restructure.calculator.conventions.dates import weekend
from restructure.calculator.conventions.money import Currency, Money, Rate, from_minor, to_minor
from restructure.calculator.servicing.contract import STANDARD_ORDER, Allocation, allocation_problems
from restructure.record import Record, refuse
from restructure.short_form import counted

__all__ = ["Bucket", "Buckets", "ParkedDue", "Position"]


class Bucket(StrEnum):
    """The seven kinds of money owed."""

    # Hashing an enumeration is slow in Python and quick as text in C, and the books look buckets up constantly.
    __hash__ = str.__hash__

    PRINCIPAL = "principal"
    """Principal not yet due."""
    PRINCIPAL_ARREARS = "principal_arrears"
    """Principal due and unpaid."""
    INTEREST_ARREARS = "interest_arrears"
    """Interest due and unpaid, with the contract interest on overdue principal."""
    ACCRUED = "accrued"
    """Interest accrued since the last due date, not yet billed."""
    PENALTY = "penalty"
    """Penalty interest charged and unpaid (罚息)."""
    FEES = "fees"
    """Fees charged and unpaid."""
    PARKED = "parked"
    """Deferred by an earlier measure, bearing no interest, due at maturity."""


class Buckets(Record):
    """Everything owed on a day, by kind, in the currency of the position."""

    principal: Money = Decimal("0.00")
    """Principal not yet due, e.g. 8000.00."""
    principal_arrears: Money = Decimal("0.00")
    """Principal due and unpaid, e.g. 933.96."""
    interest_arrears: Money = Decimal("0.00")
    """Interest due and unpaid, with the contract interest on overdue principal, e.g. 173.88."""
    accrued: Money = Decimal("0.00")
    """Interest accrued since the last due date and not yet billed, e.g. 60.20."""
    penalty: Money = Decimal("0.00")
    """Penalty interest charged and unpaid (罚息), e.g. 12.35."""
    fees: Money = Decimal("0.00")
    """Fees charged and unpaid, e.g. 30.00."""
    parked: Money = Decimal("0.00")
    """Deferred by an earlier measure, bearing no interest, due at maturity, e.g. 1500.00."""

    @property
    def claim(self) -> Decimal:
        """Everything owed: the sum of the seven buckets."""
        return sum((getattr(self, name) for name in type(self).model_fields), Decimal(0))


class ParkedDue(Record):
    """Due date of a part of the deferred money."""

    amount: Money
    """Deferred amount, in the currency of the position, e.g. 1500.00."""
    on: date | None = None
    """Day it is deferred to, e.g. 2027-01-15: due with the first instalment on or after it; absent: with the last."""
    annual_rate: Rate = Fraction(0)
    """Simple interest a year that it bears from the day of the balances, due together with it, e.g. "3%"."""


class _WholePeriods(NamedTuple):
    """The principal's repayment as agreed, as if the current period were still whole."""

    scheme: Scheme
    periods: Periods
    balance: int

    def repaid(self, agreed: int | None) -> Repaid:
        return repay(self.scheme, self.periods, self.balance, agreed)


class Position(Record):
    """What is owed on a date, and how the rest is to be repaid."""

    on: date
    """Day of the balances, e.g. 2026-04-01; interest is accrued up to it."""
    currency: Currency
    """Currency of every amount, as an ISO 4217 code, e.g. CNY."""
    buckets: Buckets
    """Everything owed on the day, by kind."""
    repayment: Repayment
    """How the principal not yet due is to be repaid from this day on."""
    oldest_unpaid_due: date | None = None
    """Due date of the oldest instalment not paid in full, e.g. 2026-03-15; absent: nothing is overdue."""
    missed_instalments: int = Field(default=0, ge=0)
    """Number of instalments past due and not paid in full, e.g. 1."""
    parked_due: tuple[ParkedDue, ...] = ()
    """Due dates of the deferred money; what is not listed falls due with the last instalment."""
    credit: Money = Decimal("0.00")
    """Money received beyond everything owed, e.g. 25.00; it belongs to the borrower and is in no bucket."""
    allocation: Allocation = STANDARD_ORDER
    """Order in which payments clear what is due, as the contract says, e.g. fees, penalty, interest, principal."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        set_scale(self, self.currency)
        buckets, terms, problems = self.buckets, self.repayment, list[tuple[str, ...]]()
        for name in Buckets.model_fields:
            problems += scale_problems(getattr(buckets, name), self.currency, "buckets", name)
        problems += terms.finer_than(self.currency, "repayment")
        problems += scale_problems(self.credit, self.currency, "credit")
        for later in self.parked_due:
            problems += scale_problems(later.amount, self.currency, "parked_due")
        if terms.first_due <= self.on:
            problems.append(
                (
                    "date-order",
                    f"first_due {terms.first_due} is not after the day of the balances {self.on}; "
                    "the instalment due then is in the arrears",
                )
            )
        if self.oldest_unpaid_due is not None and self.oldest_unpaid_due > self.on:
            problems.append(
                (
                    "date-order",
                    f"oldest_unpaid_due {self.oldest_unpaid_due} lies after the day of the balances {self.on}",
                )
            )
        for broken, sentence in (
            (
                buckets.principal and not terms.instalments,
                "principal is not zero but no instalments are left; what is already due stands in principal_arrears",
            ),
            (
                buckets.principal_arrears and self.oldest_unpaid_due is None,
                "principal_arrears is not zero, so oldest_unpaid_due must say since when",
            ),
            (
                self.missed_instalments and not (buckets.principal_arrears or buckets.interest_arrears),
                f"missed_instalments is {self.missed_instalments} but principal_arrears and interest_arrears are zero",
            ),
        ):
            if broken:
                problems.append(("balances-inconsistent", sentence))
        problems += allocation_problems(self.allocation)
        refuse(problems)
        return self

    @cached_property
    def minor(self) -> dict[Bucket, int]:
        """The buckets in minor units."""
        return {bucket: to_minor(getattr(self.buckets, bucket), self.currency) for bucket in Bucket}

    @cached_property
    def regular_instalment(self) -> Decimal:
        """The next instalment as agreed, with the interest of its whole period but without arrears."""
        terms, currency = self.repayment, self.currency
        agreed = None if terms.instalment is None else to_minor(terms.instalment, currency)
        if not terms.instalments:
            return from_minor(agreed or 0, currency)
        if agreed is not None and terms.method is Method.LEVEL:
            return from_minor(agreed, currency)
        whole = self._whole_periods()
        scheme = whole.scheme
        solved = None if agreed is not None else solved_level(scheme, whole.periods, whole.balance)
        if solved is not None:
            return from_minor(solved, currency)
        repaid = whole.repaid(agreed)
        if scheme.annuity:
            return from_minor(repaid.instalment, currency)
        suspended = scheme.suspended
        regular = next((row for k, row in enumerate(repaid.rows) if k not in suspended), repaid.rows[-1])
        return from_minor(regular[1] + regular[2], currency)

    @property
    def kept_instalment(self) -> Decimal | None:
        """The agreed instalment, or, where none is agreed, the one that follows from the other terms.

        The first instalment if stepped, the part of principal for equal principal. None where nothing is left to
        repay, or where interest-only and bullet loans have no such instalment. Raises `Refused` where the terms cannot
        be carried out over whole periods.
        """
        terms = self.repayment
        if terms.instalment is not None:
            return terms.instalment
        if not (terms.instalments and self.buckets.principal and terms.method.has_instalment):
            return None
        return from_minor(self._whole_periods().repaid(None).instalment, self.currency)

    def _whole_periods(self) -> _WholePeriods:
        """Lay out the principal's repayment as agreed, as if the current period were still whole."""
        terms, balance = self.repayment, to_minor(self.buckets.principal, self.currency)
        timetable = Timetable(terms, terms.period_start(), terms.rate_path(self.on), weekend)
        timetable = timetable._replace(rates=known_rates(timetable))
        periods = timetable.periods(terms.instalments)
        return _WholePeriods(terms.scheme(balance, self.currency), periods, balance)

    @property
    def days_past_due(self) -> int:
        """Days since the oldest unpaid instalment fell due (oldest-unpaid-instalment rule)."""
        return (self.on - self.oldest_unpaid_due).days if self.oldest_unpaid_due else 0

    def _summary(self) -> str:
        owed = f"{self.buckets.claim:,f} {self.currency} owed on {self.on}"
        late, left = counted(self.days_past_due, "day"), counted(self.repayment.instalments, "instalment")
        return f"{owed}, {late} past due, {left} left"
