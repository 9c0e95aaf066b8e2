"""Capitalising, deferring and spreading what is owed: the models, and how they are booked."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Literal, Self

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
from restructure.calculator.measures.fields import BucketNames, require_buckets
from restructure.calculator.servicing.position import Bucket
from restructure.errors import Issue, Refused
from restructure.record import Record

__all__ = ["Capitalise", "Defer", "Spread", "capitalise", "park", "spread"]


class Capitalise(Record):
    """Let the rest of named buckets join the principal and bear interest from the effective date (phase 4)."""

    measure: Literal["capitalise"] = "capitalise"
    of: BucketNames
    """Buckets: any but principal."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        require_buckets(
            self.of, [bucket for bucket in Bucket if bucket is not Bucket.PRINCIPAL], "capitalise"
        )
        return self


class Defer(Record):
    """Set a bucket or a part of principal aside without interest, due at maturity or on a date (phase 5)."""

    measure: Literal["park"] = "park"
    of: BucketNames
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
        require_buckets(self.of, list(Bucket), "park")
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
    of: BucketNames
    """Buckets: any but principal."""
    instalments: int | None = Field(default=None, ge=1)
    """Over how many instalments, from the first one paid; absent: all of them."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        require_buckets(self.of, [bucket for bucket in Bucket if bucket is not Bucket.PRINCIPAL], "spread")
        return self


def capitalise(books: Books, capitalises: Sequence[Capitalise]) -> int:
    """Let the rest of buckets join the principal (phase 4); gives what joined."""
    joined = 0
    for bucket in _named(capitalises):
        amount = books.claim_rest("capitalise", bucket)
        books.move(MovementKind.CAPITALISED, bucket, amount)
        joined += amount
    return joined


def _named(measures: Sequence[Capitalise]) -> list[Bucket]:
    wanted = {bucket for measure in measures for bucket in measure.of}
    return [bucket for bucket in BUCKETS if bucket in wanted] if wanted else []


def park(books: Books, parks: Sequence[Defer]) -> list[OffScheduleAmount]:
    """Set money aside for later, without interest (phase 5)."""
    if not parks:
        return []
    asides = []
    # Amounts and shares of what was there when the phase begins first, then "all of the rest", so that listing
    # order says nothing.
    shares, before_parks = dict.fromkeys(Bucket, Fraction(0)), dict(books.rest)
    for park in sorted(parks, key=_parks_last):
        for bucket in park.of:
            if park.amount is not None:
                amount = books.minor(park.amount)
            elif park.share is not None:
                if park.share and bucket in books.owner:
                    sentence = (
                        f"{books.owner[bucket]} takes the rest of {bucket.value}, so no share is left to park"
                    )
                    raise Refused(Issue("bucket-claimed-twice", sentence))
                # Shares of one bucket add up before they are rounded, so that two halves are the whole.
                held, before = before_parks[bucket], shares[bucket]
                shares[bucket] += park.share
                amount = share_of(shares[bucket], held) - share_of(before, held)
            else:
                amount = books.claim_rest(f"park until {park.until or 'maturity'}{_bearing(park)}", bucket)
            if amount > books.rest[bucket]:
                raise Refused(
                    Issue(
                        "park-exceeds-bucket",
                        f"{shown(books, amount)} would be set aside but {bucket.value} holds "
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
                    until=park.until,
                    at_maturity=park.until is None,
                    annual_rate=park.annual_rate,
                )
            )
    return asides


def _bearing(park: Defer) -> str:
    return f" at {write_rate(park.annual_rate)}" if park.annual_rate else ""


def _parks_last(one: Defer) -> tuple[bool, date, Fraction, Fraction, Decimal]:
    takes_the_rest = one.amount is None and one.share is None
    until = one.until or date.max
    return takes_the_rest, until, one.annual_rate, one.share or Fraction(0), one.amount or Decimal(0)


def spread(books: Books, spreads: Sequence[Spread]) -> list[OffScheduleAmount]:
    """Divide the rest of buckets over the instalments (phase 6)."""
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
