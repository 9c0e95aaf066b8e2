"""Capitalising, deferring and spreading what is owed: the models, and the movements they book."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from restructure.calculator.amortisation.off_schedule import OffScheduleAmount
from restructure.calculator.conventions.money import Money, Rate, Share, write_rate
from restructure.calculator.measures.books import (
    BUCKETS,
    DUE_IN,
    PARKED_IN,
    Books,
    MovementKind,
    share_of,
    shown,
)
from restructure.calculator.measures.fields import BucketNames, FormerWords, require_buckets
from restructure.calculator.measures.phases import Phase
from restructure.calculator.servicing.position import Bucket
from restructure.errors import Issue, Refused
from restructure.record import Record

__all__ = ["Capitalise", "Defer", "Spread", "capitalise", "defer", "spread"]


class Capitalise(Record):
    """Let the rest of named buckets join the principal and bear interest from the effective date (phase 4).

    >>> [bucket.value for bucket in Capitalise(of="interest_arrears").of]
    ['interest_arrears']
    """

    phase: ClassVar[Phase] = Phase.CAPITALISE
    measure: Literal["capitalise"] = "capitalise"
    of: BucketNames
    """Buckets that join the principal, any but principal itself: `["interest_arrears", "accrued"]`."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        require_buckets(
            self.of, [bucket for bucket in Bucket if bucket is not Bucket.PRINCIPAL], "capitalise"
        )
        return self


class Defer(Record):
    """Set a bucket or a part of principal aside without interest, due at maturity or on a date (phase 5).

    What is set aside is in the bucket `parked` from then on. Files and records from before the measure was renamed
    call it `park`, which is read as `defer`.

    >>> Defer(of="principal", share="30%").measure
    'defer'
    """

    phase: ClassVar[Phase] = Phase.DEFER
    measure: Annotated[Literal["defer"], FormerWords()] = "defer"
    of: BucketNames
    """Buckets that are set aside: `["interest_arrears", "fees"]`; principal needs an amount or a share."""
    amount: Money | None = None
    """Amount to set aside, in the currency of the loan and of one bucket: `"1500.00"`."""
    share: Share | None = None
    """Share to set aside (`"30%"`) of what payment, relief and capitalising leave in each bucket, rounded half-up
    once; shares of several deferrals add up first. Absent with no amount: all that is left."""
    until: date | None = None
    """Day on or after which it falls due with the first instalment: `2027-06-01`; absent: with the last one."""
    annual_rate: Rate = Fraction(0)
    """Simple interest that it bears until then, a year: `"3%"`; it falls due together with the amount."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        require_buckets(self.of, list(Bucket), "defer")
        if self.amount is not None and self.share is not None:
            raise PydanticCustomError("amount-or-share", "give either an amount or a share, not both")
        if Bucket.PRINCIPAL in self.of and self.amount is None and self.share is None:
            raise PydanticCustomError(
                "amount-or-share", "principal is deferred in part: give an amount or a share"
            )
        if self.amount is not None and len(self.of) > 1:
            raise PydanticCustomError(
                "amount-or-share", "an amount is deferred of one bucket; use one measure each"
            )
        return self


class Spread(Record):
    """Repay a bucket in equal parts on top of the instalments, without interest (phase 6).

    >>> Spread(of=["penalty", "fees"], instalments=12).instalments
    12
    """

    phase: ClassVar[Phase] = Phase.SPREAD
    measure: Literal["spread"] = "spread"
    of: BucketNames
    """Buckets that are divided over the instalments, any but principal: `["penalty", "fees"]`."""
    instalments: int | None = Field(default=None, ge=1)
    """Number of instalments that share it, from the first one paid: 12; absent: all of them."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        require_buckets(self.of, [bucket for bucket in Bucket if bucket is not Bucket.PRINCIPAL], "spread")
        return self


def capitalise(books: Books, capitalises: Sequence[Capitalise]) -> int:
    """Let the rest of buckets join the principal (phase 4); return the minor units that joined."""
    joined = 0
    for bucket in _named(capitalises):
        amount = books.claim_rest("capitalise", bucket)
        books.move(MovementKind.CAPITALISED, bucket, amount)
        joined += amount
    return joined


def _named(measures: Sequence[Capitalise]) -> list[Bucket]:
    wanted = {bucket for measure in measures for bucket in measure.of}
    return [bucket for bucket in BUCKETS if bucket in wanted] if wanted else []


def defer(books: Books, deferrals: Sequence[Defer]) -> list[OffScheduleAmount]:
    """Set money aside until later (phase 5); return when and how it falls due."""
    if not deferrals:
        return []
    asides = []
    # Amounts and shares of what the phase begins with come before "all of the rest", so that the order in which
    # the measures are listed has no effect.
    shares, held_before = dict.fromkeys(Bucket, Fraction(0)), dict(books.rest)
    for deferral in sorted(deferrals, key=_rest_last):
        for bucket in deferral.of:
            if deferral.amount is not None:
                amount = books.minor(deferral.amount)
            elif deferral.share is not None:
                if deferral.share and bucket in books.owner:
                    sentence = f"{books.owner[bucket]} takes the rest of {bucket.value}, so no share is left to defer"
                    raise Refused(Issue("bucket-claimed-twice", sentence))
                # Shares of one bucket add up before they are rounded, so that two halves are the whole.
                held, before = held_before[bucket], shares[bucket]
                shares[bucket] += deferral.share
                amount = share_of(shares[bucket], held) - share_of(before, held)
            else:
                amount = books.claim_rest(_claimant(deferral), bucket)
            if amount > books.rest[bucket]:
                raise Refused(
                    Issue(
                        "defer-exceeds-bucket",
                        f"{shown(books, amount)} would be deferred but {bucket.value} holds "
                        f"{shown(books, books.rest[bucket])} by then",
                    )
                )
            if not amount:
                continue
            books.move(MovementKind.PARKED, bucket, amount)
            asides.append(
                OffScheduleAmount(
                    PARKED_IN[bucket],
                    amount,
                    until=deferral.until,
                    at_maturity=deferral.until is None,
                    annual_rate=deferral.annual_rate,
                )
            )
    return asides


def _claimant(deferral: Defer) -> str:
    """Name a deferral in the finding that two measures claim one bucket; two alike may claim it together."""
    bearing = f" at {write_rate(deferral.annual_rate)}" if deferral.annual_rate else ""
    return f"defer until {deferral.until or 'maturity'}{bearing}"


def _rest_last(deferral: Defer) -> tuple[bool, date, Fraction, Fraction, Decimal]:
    takes_the_rest = deferral.amount is None and deferral.share is None
    return (
        takes_the_rest,
        deferral.until or date.max,
        deferral.annual_rate,
        deferral.share or Fraction(0),
        deferral.amount or Decimal(0),
    )


def spread(books: Books, spreads: Sequence[Spread]) -> list[OffScheduleAmount]:
    """Divide the rest of buckets over the instalments (phase 6); return the parts of each."""
    asides = []
    for spread in spreads:
        for bucket in spread.of:
            if bucket in books.owner:
                raise Refused(
                    Issue(
                        "bucket-claimed-twice",
                        f"{books.owner[bucket]} and spread both take the rest of {bucket.value}",
                    )
                )
            amount = books.claim_rest("spread", bucket)
            if not amount:
                continue
            books.move(MovementKind.SPREAD, bucket, amount)
            asides.append(OffScheduleAmount(DUE_IN[bucket], amount, parts=spread.instalments or 0))
    return asides
