"""The measures: one model each, applied in fixed phases however they are listed."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, TypeAdapter, model_validator
from pydantic_core import PydanticCustomError

from restructure.calculator.money import Money, Rate, Share
from restructure.calculator.position import Bucket
from restructure.record import Record

__all__ = [
    "MEASURES",
    "Capitalise",
    "ChangeRate",
    "Extend",
    "Forgive",
    "Holiday",
    "HolidayInterest",
    "Measure",
    "Park",
    "Reamortise",
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
_Of = Annotated[tuple[Bucket, ...], BeforeValidator(_listed), Field(min_length=1)]


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


class Waive(Record):
    """Give up interest, penalty or fees owed: an amount, a share or all of a bucket (phase 2)."""

    measure: Literal["waive"] = "waive"
    of: _Of
    """Buckets: interest_arrears, accrued, penalty, fees."""
    amount: Money | None = None
    """Amount to give up, of one bucket."""
    share: Share | None = None
    """Share of each bucket to give up, rounded half-up once; shares of several waivers add up first."""
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
    of: Literal[Bucket.PRINCIPAL, Bucket.PRINCIPAL_ARREARS] = Bucket.PRINCIPAL
    """Bucket: principal (not yet due) or principal_arrears."""
    amount: Money | None = None
    """Amount of principal to give up."""
    share: Share | None = None
    """Share of the bucket to give up, rounded half-up once."""

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
    """Share of each bucket to set aside, rounded half-up once; absent with no amount: all of it."""
    until: date | None = None
    """Falls due with the first instalment on or after this day; absent: with the last one."""

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
    """First night it no longer prices; absent: never. The contract rate returns."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.starts and self.ends and self.ends <= self.starts:
            raise PydanticCustomError("rate-segment-empty", "ends is not after starts")
        return self


class HolidayInterest(StrEnum):
    """What becomes of the interest that a holiday leaves unpaid."""

    CAPITALISE = "capitalise"
    """Joins the balance on every due date of the holiday."""
    CAPITALISE_AT_END = "capitalise_at_end"
    """Joins the balance once, on the last due date of the holiday."""
    PARK = "park"
    """Waits without interest for the last instalment."""
    SPREAD = "spread"
    """Is paid in equal parts with the instalments after the holiday."""
    WAIVE = "waive"
    """Is given up."""


class Holiday(Record):
    """Suspend instalments for a while, wholly or down to the interest (phase 8)."""

    measure: Literal["holiday"] = "holiday"
    instalments: int = Field(ge=0, le=1200)
    """How many instalments, from the first."""
    pay: Literal["none", "interest"] = "none"
    """What is still paid: nothing, or the interest of each period."""
    interest: HolidayInterest = HolidayInterest.CAPITALISE
    """What becomes of interest that is not paid."""
    keep_term: bool = False
    """Whether the last due date stays where it was; otherwise the term grows by the holiday."""


class Extend(Record):
    """Lengthen the term by instalments (phase 9); extend 3 twice is extend 6, a negative number shortens."""

    measure: Literal["extend"] = "extend"
    instalments: int = Field(ge=-1200, le=1200)
    """Instalments added at the end."""


class Solve(StrEnum):
    """What re-amortisation solves for."""

    INSTALMENT = "instalment"
    """The level instalment (or part of principal) that repays the balance over the term."""
    TERM = "term"
    """The number of instalments that repays the balance."""
    NOTHING = "nothing"
    """Neither: instalment and term stay, the last instalment takes what is left."""


class Reamortise(Record):
    """Say what is solved for once everything else is known (phase 10); absent: the instalment, if anything changed."""

    measure: Literal["reamortise"] = "reamortise"
    solve: Solve = Solve.INSTALMENT
    """The one unknown."""
    instalment: Money | None = None
    """The instalment to keep when solving for the term or for nothing; absent: the agreed one."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.solve is Solve.INSTALMENT and self.instalment is not None:
            raise PydanticCustomError(
                "value-invalid", "the instalment is given, so solve for the term or for nothing"
            )
        return self


Measure = Annotated[
    Waive | Forgive | Capitalise | Park | Spread | ChangeRate | Holiday | Extend | Reamortise,
    Field(discriminator="measure"),
]
"""Any measure; in JSON and YAML the key `measure` says which."""

MEASURES: TypeAdapter[Measure] = TypeAdapter(Measure)
"""Reads one measure from plain data."""
