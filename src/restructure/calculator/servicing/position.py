"""Position: what is owed on a date, in seven buckets, and how the rest was to be repaid."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple, Self

from pydantic import Field, model_validator

from restructure.calculator.amortisation.amortise import Repaid, repay, solved_level
from restructure.calculator.amortisation.repricing import known_rates
from restructure.calculator.amortisation.scheme import Method, Scheme
from restructure.calculator.amortisation.terms import Repayment, scale_problems
from restructure.calculator.conventions.accrual import InterestFactor
from restructure.calculator.conventions.currency_scale import spell
from restructure.calculator.conventions.dates import weekend
from restructure.calculator.conventions.money import Currency, Money, Rate, from_minor, to_minor
from restructure.calculator.servicing.contract import STANDARD_ORDER, Allocation, allocation_problems
from restructure.record import Record, refuse

__all__ = ["Bucket", "Buckets", "ParkedDue", "Position"]


class Bucket(StrEnum):
    """The seven places where money owed can stand."""

    # An enumeration hashes in Python, its text in C, and the books look buckets up all the time.
    __hash__ = str.__hash__

    PRINCIPAL = "principal"
    """Not yet due."""
    PRINCIPAL_ARREARS = "principal_arrears"
    """Due and unpaid principal."""
    INTEREST_ARREARS = "interest_arrears"
    """Due and unpaid interest, with the contract interest on overdue principal."""
    ACCRUED = "accrued"
    """Interest since the last due date, not yet billed."""
    PENALTY = "penalty"
    """Penalty interest."""
    FEES = "fees"
    """Fees charged and unpaid."""
    PARKED = "parked"
    """Set aside by an earlier measure, bearing no interest, due at maturity."""


class Buckets(Record):
    """What is owed, split by what it is; nothing else may hold money."""

    principal: Money = Decimal("0.00")
    """Principal not yet due."""
    principal_arrears: Money = Decimal("0.00")
    """Principal due and unpaid."""
    interest_arrears: Money = Decimal("0.00")
    """Interest due and unpaid, with the contract interest on overdue principal."""
    accrued: Money = Decimal("0.00")
    """Interest since the last due date, not yet billed."""
    penalty: Money = Decimal("0.00")
    """Penalty interest (罚息)."""
    fees: Money = Decimal("0.00")
    """Fees charged and unpaid."""
    parked: Money = Decimal("0.00")
    """Set aside by an earlier measure, bearing no interest, due at maturity."""

    @property
    def claim(self) -> Decimal:
        """Everything owed: the sum of the seven buckets."""
        return sum((getattr(self, name) for name in type(self).model_fields), Decimal(0))


class ParkedDue(Record):
    """When a part of the parked money falls due."""

    amount: Money
    """The part."""
    on: date | None = None
    """Falls due with the first instalment on or after this day; absent: with the last one."""
    annual_rate: Rate = Fraction(0)
    """Simple interest that it bears from the day of the balances on, due together with it."""


class _Whole(NamedTuple):
    """The principal's repayment as agreed, as if the running period were still whole."""

    dues: list[date]
    scheme: Scheme
    balance: int
    factors: Sequence[InterestFactor]
    year: int

    def repaid(self, agreed: int | None) -> Repaid:
        return repay(self.scheme, self.dues, self.balance, agreed, self.factors, self.year)


class Position(Record):
    """What is owed on a date, and how the rest was to be repaid."""

    on: date
    """The day the buckets hold, interest accrued up to it."""
    currency: Currency
    """ISO 4217 code of every amount."""
    buckets: Buckets
    """The seven buckets."""
    repayment: Repayment
    """How the principal not yet due was to be repaid from here on."""
    oldest_unpaid_due: date | None = None
    """Due date of the oldest instalment not paid in full; absent when none is."""
    missed_instalments: int = Field(default=0, ge=0)
    """Instalments past due and not paid in full."""
    parked_due: tuple[ParkedDue, ...] = ()
    """When parked money falls due; what this does not name falls due with the last instalment."""
    credit: Money = Decimal("0.00")
    """Received beyond everything owed; it is the borrower's money and no bucket holds it."""
    allocation: Allocation = STANDARD_ORDER
    """What a payment goes to first, as the contract says."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        spell(self, self.currency)
        buckets, terms, found = self.buckets, self.repayment, list[tuple[str, ...]]()
        for name in Buckets.model_fields:
            found += scale_problems(getattr(buckets, name), self.currency, "buckets", name)
        found += terms.finer_than(self.currency, "repayment")
        found += scale_problems(self.credit, self.currency, "credit")
        for later in self.parked_due:
            found += scale_problems(later.amount, self.currency, "parked_due")
        if terms.first_due <= self.on:
            found.append(
                (
                    "date-order",
                    f"first_due {terms.first_due} is not after the day of the balances {self.on}; "
                    "the instalment due then is in the arrears",
                )
            )
        if self.oldest_unpaid_due is not None and self.oldest_unpaid_due > self.on:
            found.append(
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
                found.append(("balances-inconsistent", sentence))
        found += allocation_problems(self.allocation)
        refuse(found)
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
        solved = (
            None if agreed is not None else solved_level(scheme, whole.balance, whole.factors, whole.year)
        )
        if solved is not None:
            return from_minor(solved, currency)
        repaid = whole.repaid(agreed)
        if scheme.annuity:
            return from_minor(repaid.instalment, currency)
        suspended = {k for pause in scheme.pauses for k in range(pause.first, pause.end)}
        regular = next((row for k, row in enumerate(repaid.rows) if k not in suspended), repaid.rows[-1])
        return from_minor(regular[1] + regular[2], currency)

    @property
    def kept_instalment(self) -> Decimal | None:
        """What `repayment.instalment` says, or, where it says nothing, what the borrower pays by the other terms.

        The first instalment if they step, a part of principal if parts are equal. None where nothing is left to
        repay, or interest-only and bullet loans have no such instalment. Raises `Refused` where the terms cannot
        be carried out over whole periods.
        """
        terms = self.repayment
        if terms.instalment is not None:
            return terms.instalment
        if not (terms.instalments and self.buckets.principal and terms.method.has_instalment):
            return None
        return from_minor(self._whole_periods().repaid(None).instalment, self.currency)

    def _whole_periods(self) -> "_Whole":
        """Lay out the principal's repayment as agreed, as if the running period were still whole."""
        terms, balance = self.repayment, to_minor(self.buckets.principal, self.currency)
        rates = known_rates(terms, terms.rate_path(self.on), weekend)
        dues, factors, year = terms.periods(terms.period_start(), terms.instalments, rates)
        return _Whole(dues, terms.scheme(balance, self.currency), balance, factors, year)

    @property
    def days_past_due(self) -> int:
        """Days since the oldest unpaid instalment fell due (oldest-unpaid-instalment rule)."""
        return (self.on - self.oldest_unpaid_due).days if self.oldest_unpaid_due else 0
