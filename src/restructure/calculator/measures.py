"""The measures: one model each, applied in fixed phases however they are listed."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, TypeAdapter, model_validator
from pydantic_core import PydanticCustomError

from restructure.calculator.dates import Every
from restructure.calculator.money import Money, Rate, Share
from restructure.calculator.position import Bucket
from restructure.calculator.scheme import HolidayInterest, Method, Repricing
from restructure.calculator.terms import Steps, Suspension
from restructure.record import Record

__all__ = [
    "MEASURES",
    "Capitalise",
    "ChangeFrequency",
    "ChangeMethod",
    "ChangeRate",
    "Extend",
    "Forgive",
    "Holiday",
    "HolidayInterest",
    "LumpSum",
    "Measure",
    "MoveDue",
    "Park",
    "Pay",
    "Reamortise",
    "Settle",
    "Solve",
    "Spread",
    "Waive",
]


def _listed(value: Any) -> Any:
    """Take one bucket for a list of one, and names for buckets, in strict reading too."""
    if isinstance(value, str):
        value = (value,)
    if isinstance(value, list | tuple):
        return tuple(Bucket(one) if isinstance(one, str) and one in _BUCKETS else one for one in value)
    return value


_BUCKETS = {bucket.value for bucket in Bucket}
# The bound stands inside, so that a schema says it of the list and not of a text.
_Of = Annotated[tuple[Bucket, ...], Field(min_length=1), BeforeValidator(_listed)]
_AnyOf = Annotated[tuple[Bucket, ...], BeforeValidator(_listed)]


def _one_of_amount_and_share(amount: object, share: object) -> None:
    if (amount is None) == (share is None):
        raise PydanticCustomError("amount-or-share", "give either an amount or a share")


def _only(buckets: Sequence[Bucket], allowed: Sequence[Bucket], what: str) -> None:
    wrong = [bucket.value for bucket in buckets if bucket not in allowed]
    if wrong:
        raise PydanticCustomError(
            "bucket-not-allowed",
            "{what} does not apply to {wrong}; it takes {allowed}",
            {"what": what, "wrong": ", ".join(wrong), "allowed": ", ".join(b.value for b in allowed)},
        )
    if len(set(buckets)) != len(buckets):
        raise PydanticCustomError("bucket-claimed-twice", "{what} names a bucket twice", {"what": what})


class Pay(Record):
    """Take an up-front payment on the effective date, through the allocation order (phase 1)."""

    measure: Literal["pay"] = "pay"
    amount: Money
    """What is paid; payments of one set add up."""


class Waive(Record):
    """Give up interest, penalty or fees owed: an amount, a share or all of a bucket (phase 2)."""

    measure: Literal["waive"] = "waive"
    of: _Of
    """Buckets: interest_arrears, accrued, penalty, fees."""
    amount: Money | None = None
    """Amount to give up, of one bucket."""
    share: Share | None = None
    """Share to give up of what an up-front payment leaves in each bucket, rounded half-up once; shares of several
    waivers add up first."""
    cap: Money | None = None
    """The most that the share may come to, per bucket."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        _only(self.of, (Bucket.INTEREST_ARREARS, Bucket.ACCRUED, Bucket.PENALTY, Bucket.FEES), "waive")
        _one_of_amount_and_share(self.amount, self.share)
        if self.amount is not None and len(self.of) > 1:
            raise PydanticCustomError(
                "amount-or-share", "an amount is waived of one bucket; use one waiver each"
            )
        if self.cap is not None and self.share is None:
            raise PydanticCustomError(
                "amount-or-share", "a cap limits a share; an amount says itself what it is"
            )
        return self


class Forgive(Record):
    """Give up principal, booked apart from waivers (phase 3)."""

    measure: Literal["forgive"] = "forgive"
    of: Literal[Bucket.PRINCIPAL, Bucket.PRINCIPAL_ARREARS, Bucket.PARKED] = Bucket.PRINCIPAL
    """Bucket: principal (not yet due), principal_arrears or parked."""
    amount: Money | None = None
    """Amount of principal to give up."""
    share: Share | None = None
    """Share to give up of what an up-front payment leaves in the bucket, rounded half-up once; shares add up first."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        _one_of_amount_and_share(self.amount, self.share)
        return self


class Capitalise(Record):
    """Let the rest of named buckets join the principal and bear interest from the effective date (phase 4)."""

    measure: Literal["capitalise"] = "capitalise"
    of: _Of
    """Buckets: any but principal."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        _only(self.of, [bucket for bucket in Bucket if bucket is not Bucket.PRINCIPAL], "capitalise")
        return self


class Park(Record):
    """Set a bucket or a part of principal aside without interest, due at maturity or on a date (phase 5)."""

    measure: Literal["park"] = "park"
    of: _Of
    """Buckets; principal needs an amount or a share."""
    amount: Money | None = None
    """Amount to set aside, of one bucket."""
    share: Share | None = None
    """Share to set aside of what payment, relief and capitalising leave in each bucket, rounded half-up once; shares
    of several parks add up first. Absent with no amount: all that is left."""
    until: date | None = None
    """Falls due with the first instalment on or after this day; absent: with the last one."""
    annual_rate: Rate = Fraction(0)
    """Simple interest that it bears meanwhile, a year and as a fraction of one, due together with it."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        _only(self.of, list(Bucket), "park")
        if self.amount is not None and self.share is not None:
            raise PydanticCustomError("amount-or-share", "give either an amount or a share, not both")
        if Bucket.PRINCIPAL in self.of and self.amount is None and self.share is None:
            raise PydanticCustomError(
                "amount-or-share", "principal is parked in part: give an amount or a share"
            )
        if self.amount is not None and len(self.of) > 1:
            raise PydanticCustomError(
                "amount-or-share", "an amount is parked of one bucket; use one measure each"
            )
        return self


class Spread(Record):
    """Repay a bucket in equal parts on top of the instalments, without interest (phase 6)."""

    measure: Literal["spread"] = "spread"
    of: _Of
    """Buckets: any but principal."""
    instalments: int | None = Field(default=None, ge=1)
    """Over how many instalments, from the first one paid; absent: all of them."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        _only(self.of, [bucket for bucket in Bucket if bucket is not Bucket.PRINCIPAL], "spread")
        return self


class ChangeRate(Record):
    """Set a new contract rate, for good or between two dates (phase 7); a pause is rate 0 between dates."""

    measure: Literal["rate"] = "rate"
    annual_rate: Rate
    """New rate a year as a fraction of one; 0 is a rate."""
    starts: date | None = None
    """First night it prices; absent: the effective date."""
    ends: date | None = None
    """First night it no longer prices, and the contract rate returns; absent: it holds for good, or until another
    change that is for good too starts."""
    rises_by: Rate | None = None
    """How much is added to it at a time, as a fraction of one, once `rises_after` instalments are due."""
    rises_after: int | None = Field(default=None, ge=1, le=1200)
    """Instalments from the effective date that the new rate itself prices before it first rises."""
    rises_every: int | None = Field(default=None, ge=1, le=1200)
    """Instalments from one rise to the next; absent: 12."""
    rises_to: Rate | None = None
    """The rate at which it stops rising; the last rise may be a smaller one."""
    repricing: Repricing | None = None
    """What every later change of the rate does to the instalment: keep or recalculate; absent: as agreed."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.starts and self.ends and self.ends <= self.starts:
            raise PydanticCustomError("rate-segment-empty", "ends is not after starts")
        rises = (self.rises_by, self.rises_after, self.rises_to)
        if any(one is None for one in rises) and (
            any(one is not None for one in rises) or self.rises_every is not None
        ):
            raise PydanticCustomError(
                "value-invalid", "a rate that rises says rises_by, rises_after and rises_to; give all three"
            )
        if self.rises_by is not None and (self.starts or self.ends):
            raise PydanticCustomError(
                "value-invalid",
                "a rate that rises holds for good from the effective date; leave starts and ends out",
            )
        if self.rises_by == 0:
            raise PydanticCustomError("value-invalid", "a rise of 0 never arrives at rises_to")
        return self

    def risen(self, dues: Sequence[date]) -> list["ChangeRate"]:
        """Spell the rises out as changes of their own; `dues` are the due dates from the effective date on."""
        if self.rises_by is None or self.rises_after is None or self.rises_to is None:
            return [self]
        rate, every = self.annual_rate, self.rises_every or 12
        found = [ChangeRate(annual_rate=rate)]
        for due in dues[self.rises_after - 1 :: every]:
            if rate >= self.rises_to:
                break
            rate = min(rate + self.rises_by, self.rises_to)
            found.append(ChangeRate(annual_rate=rate, starts=due))
        return found


class Holiday(Suspension):
    """Suspend instalments for a while, wholly, down to the interest, or to a part of them (phase 8)."""

    measure: Literal["holiday"] = "holiday"
    share: Share | None = None
    """Share of the agreed instalment that is still paid, rounded half-up once."""
    keep_term: bool = False
    """Whether the last due date stays where it was; otherwise the term grows by the holiday."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if sum((self.amount is not None, self.share is not None, self.pay != "none")) > 1:
            raise PydanticCustomError(
                "amount-or-share", "give one of pay, amount and share: what is still paid of an instalment"
            )
        return self


class Extend(Record):
    """Lengthen the term by instalments (phase 9); extend 3 twice is extend 6, a negative number shortens."""

    measure: Literal["extend"] = "extend"
    instalments: int = Field(ge=-1200, le=1200)
    """Instalments added at the end."""


class MoveDue(Record):
    """Move a due date; the later ones step from where it went (phase 9)."""

    measure: Literal["move_due"] = "move_due"
    to: date
    """Day the instalment falls due instead."""
    instalment: int = Field(default=1, ge=1, le=1200)
    """Number of the instalment, 1 for the next one due."""
    anchor_day: int | None = Field(default=None, ge=1, le=31)
    """Day of the month that later due dates step from; absent: the day of `to`."""


class ChangeFrequency(Record):
    """Change the rhythm of the instalments (phase 9)."""

    measure: Literal["frequency"] = "frequency"
    every: Every
    """New rhythm: "2 weeks", "1 month", "semi-monthly"; the next due date stays unless it is moved too."""
    instalments: int | None = Field(default=None, ge=1, le=1200)
    """Instalments in the new rhythm before any extension; absent: as many as fall due by the old last day."""


class ChangeMethod(Record):
    """Change how principal is spread over the instalments (phase 9)."""

    measure: Literal["method"] = "method"
    method: Method
    """Level, equal principal, interest-only, bullet, flat or stepped."""
    steps: Steps | None = None
    """How the instalments of the stepped method rise or fall."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.steps is None) == (self.method is Method.STEPPED):
            raise PydanticCustomError(
                "value-invalid", "steps say how the stepped method goes; give both or neither"
            )
        return self


class Solve(StrEnum):
    """What re-amortisation solves for."""

    INSTALMENT = "instalment"
    """The level instalment (or part of principal) that repays the balance over the term."""
    TERM = "term"
    """The number of instalments that repays the balance; interest-only and bullet loans have none."""
    BALLOON = "balloon"
    """What is left of the balance after the kept instalments; it falls due with the last of them."""
    NOTHING = "nothing"
    """None of them: instalment and term stay, and rounding alone may change the last instalment."""


class Reamortise(Record):
    """Say what is solved for once everything else is known (phase 10); absent: the instalment, if anything changed."""

    measure: Literal["reamortise"] = "reamortise"
    solve: Solve = Solve.INSTALMENT
    """The one unknown."""
    instalment: Money | None = None
    """The instalment to keep when it is not solved (a part of principal where parts are equal); absent: the agreed
    one, or where none is agreed the one that the agreed terms come to over whole periods."""
    balloon: Money | None = None
    """Principal that waits for the last instalment while the others are solved; absent: as agreed."""
    covers: _AnyOf = ()
    """Carried buckets that the first instalment covers instead of having them on top (interest_arrears, accrued)."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        _only(self.covers, (Bucket.INTEREST_ARREARS, Bucket.ACCRUED), "covers")
        if self.solve is not Solve.INSTALMENT and self.balloon is not None:
            raise PydanticCustomError("value-invalid", "a balloon is given or solved for, not both")
        if self.solve is Solve.INSTALMENT and self.instalment is not None:
            raise PydanticCustomError(
                "value-invalid", "the instalment is given, so solve for the term, a balloon or nothing"
            )
        return self


class LumpSum(Record):
    """One payment of a settlement."""

    on: date
    """Day it is due."""
    amount: Money
    """What is paid."""


class Settle(Record):
    """Settle everything owed by one or more lump sums; the rest is given up once they are paid.

    They go through the allocation order; what is left of interest, penalty and fees is waived, what is left of
    principal forgiven. No interest accrues meanwhile. Only pay, waive and forgive go with it.
    """

    measure: Literal["settle"] = "settle"
    payments: tuple[LumpSum, ...] = Field(min_length=1)
    """The lump sums; together no more than what is owed."""


Measure = Annotated[
    Pay
    | Waive
    | Forgive
    | Capitalise
    | Park
    | Spread
    | ChangeRate
    | Holiday
    | Extend
    | MoveDue
    | ChangeFrequency
    | ChangeMethod
    | Reamortise
    | Settle,
    Field(discriminator="measure"),
]
"""Any measure; in JSON and YAML the key `measure` says which."""

MEASURES: TypeAdapter[Measure] = TypeAdapter(Measure)
"""Reads one measure from plain data."""
