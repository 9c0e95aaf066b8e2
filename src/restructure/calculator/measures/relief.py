"""Waivers of interest, penalty and fees, and forgiveness of principal: the models, and the movements they book."""

from collections.abc import Sequence
from fractions import Fraction
from typing import ClassVar, Literal, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from restructure.calculator.conventions.money import Money, Share
from restructure.calculator.measures.books import (
    BUCKETS,
    NO_SHARE,
    OF_PRINCIPAL,
    Books,
    MovementKind,
    share_of,
    shown,
)
from restructure.calculator.measures.fields import BucketNames, require_amount_or_share, require_buckets
from restructure.calculator.measures.phases import Phase
from restructure.calculator.servicing.position import Bucket
from restructure.errors import Issue, Refused
from restructure.record import Record

__all__ = ["Forgive", "Waive", "forgive", "waive"]


class Waive(Record):
    """Give up interest, penalty or fees owed: an amount, a share or all of a bucket (phase 2).

    >>> Waive(of="penalty", share="50%", cap="300").share
    Fraction(1, 2)
    """

    phase: ClassVar[Phase] = Phase.WAIVE
    measure: Literal["waive"] = "waive"
    of: BucketNames
    """Buckets that are waived: interest_arrears, accrued, penalty, fees."""
    amount: Money | None = None
    """Amount to give up, in the currency of the loan and of one bucket: `"120.00"`."""
    share: Share | None = None
    """Share to give up (`"50%"`) of what an up-front payment leaves in each bucket, rounded half-up once; shares of
    several waivers add up first."""
    cap: Money | None = None
    """Largest amount that the share may give up, for each bucket: `"300.00"`; absent: no limit."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        require_buckets(
            self.of, (Bucket.INTEREST_ARREARS, Bucket.ACCRUED, Bucket.PENALTY, Bucket.FEES), "waive"
        )
        require_amount_or_share(self.amount, self.share)
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
    """Give up principal, booked apart from waivers (phase 3).

    >>> Forgive(share="10%").of.value
    'principal'
    """

    phase: ClassVar[Phase] = Phase.FORGIVE
    measure: Literal["forgive"] = "forgive"
    of: Literal[Bucket.PRINCIPAL, Bucket.PRINCIPAL_ARREARS, Bucket.PARKED] = Bucket.PRINCIPAL
    """Bucket that is forgiven: principal (not yet due), principal_arrears or parked (deferred earlier)."""
    amount: Money | None = None
    """Amount of principal to give up, in the currency of the loan: `"5000.00"`."""
    share: Share | None = None
    """Share to give up (`"10%"`) of what an up-front payment leaves in the bucket, rounded half-up once; shares of
    several measures add up first."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        require_amount_or_share(self.amount, self.share)
        return self


def waive(books: Books, waives: Sequence[Waive]) -> None:
    """Give up interest, penalty and fees (phase 2)."""
    named = {bucket for waive in waives for bucket in waive.of}
    for bucket in BUCKETS if named else ():
        if bucket not in named:
            continue
        held = books.rest[bucket]
        total, shares = 0, NO_SHARE
        for waive in waives:
            if bucket not in waive.of:
                continue
            if waive.amount is not None:
                total += books.minor(waive.amount)
            elif waive.share is not None and waive.cap is not None:
                total += min(share_of(waive.share, held), books.minor(waive.cap))
            elif waive.share is not None:
                shares += waive.share
        # Shares of one bucket add up before they are rounded, so that two halves are the whole.
        if shares:
            total += share_of(shares, held)
        if total > held:
            raise Refused(
                Issue(
                    "waive-exceeds-bucket",
                    f"{shown(books, total)} would be waived but {bucket.value} holds {shown(books, held)}",
                )
            )
        books.move(MovementKind.WAIVED, bucket, total)


def forgive(books: Books, forgives: Sequence[Forgive]) -> None:
    """Give up principal (phase 3)."""
    for bucket in OF_PRINCIPAL if forgives else ():
        held = books.rest[bucket]
        mine = [forgive for forgive in forgives if forgive.of is bucket]
        total = sum(books.minor(f.amount) for f in mine if f.amount is not None)
        total += share_of(sum((f.share for f in mine if f.share is not None), Fraction(0)), held)
        if total > held:
            raise Refused(
                Issue(
                    "forgive-exceeds-bucket",
                    f"{shown(books, total)} would be forgiven but {bucket.value} holds {shown(books, held)}",
                )
            )
        books.move(MovementKind.FORGIVEN, bucket, total)
