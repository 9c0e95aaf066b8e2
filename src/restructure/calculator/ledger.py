"""Ledger: what becomes of the money in each bucket, phase by phase, split exactly.

Waived + forgiven + capitalised + parked + spread + carried is what was in the bucket; what no measure
names is carried, due with the first new instalment.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from restructure.calculator.measures import Capitalise, Forgive, Park, Spread, Waive
from restructure.calculator.money import Money, from_minor, round_div, to_minor
from restructure.calculator.position import Bucket, Position
from restructure.calculator.rows import Row
from restructure.errors import Issue, Refused
from restructure.record import Record

__all__ = [
    "DUE_IN",
    "Aside",
    "Books",
    "Movement",
    "MovementKind",
    "capitalise",
    "carry",
    "forgive",
    "park",
    "spread",
    "waive",
]

DUE_IN = {
    Bucket.PRINCIPAL: Row._fields.index("parked_principal"),
    Bucket.PRINCIPAL_ARREARS: Row._fields.index("arrears_principal"),
    Bucket.INTEREST_ARREARS: Row._fields.index("arrears_interest"),
    Bucket.ACCRUED: Row._fields.index("arrears_interest"),
    Bucket.PENALTY: Row._fields.index("penalty"),
    Bucket.FEES: Row._fields.index("fees"),
    Bucket.PARKED: Row._fields.index("parked_principal"),
}
"""The column in which each bucket's money shows once it is due outside the amortisation."""

_PARKED_IN = DUE_IN | {
    Bucket.PRINCIPAL_ARREARS: Row._fields.index("parked_principal"),
    Bucket.INTEREST_ARREARS: Row._fields.index("parked_interest"),
    Bucket.ACCRUED: Row._fields.index("parked_interest"),
}


class MovementKind(StrEnum):
    """What can happen to money in a bucket."""

    WAIVED = "waived"
    FORGIVEN = "forgiven"
    CAPITALISED = "capitalised"
    PARKED = "parked"
    SPREAD = "spread"
    CARRIED = "carried"


class Movement(Record):
    """One entry of the ledger: what became of part of a bucket, or of interest in a holiday."""

    on: date
    """The effective date, or the due date of a holiday instalment."""
    kind: MovementKind
    """What happened."""
    bucket: Bucket
    """The bucket it came from; `accrued` for interest of a holiday."""
    amount: Money
    """How much."""


@dataclass(slots=True)
class Books:
    """The buckets in minor units while the measures empty them, and the ledger they write."""

    position: Position
    opening: dict[Bucket, int]
    rest: dict[Bucket, int]
    moves: list[tuple[date, MovementKind, Bucket, int]] = field(default_factory=list)
    owner: dict[Bucket, str] = field(default_factory=dict)

    @classmethod
    def open(cls, position: Position) -> "Books":
        """Open the books on what a position holds."""
        opening = {
            bucket: to_minor(getattr(position.buckets, bucket.value), position.currency) for bucket in Bucket
        }
        return cls(position, opening, dict(opening))

    def move(self, kind: MovementKind, bucket: Bucket, amount: int, *, on: date | None = None) -> None:
        """Book a movement; money moved on a later day is interest that accrued after the effective date."""
        if amount:
            self.moves.append((on or self.position.on, kind, bucket, amount))
            if on is None:
                self.rest[bucket] -= amount

    def claim_rest(self, measure: str, bucket: Bucket) -> int:
        """Take the whole rest of a bucket for one measure; no second measure may want it."""
        other = self.owner.setdefault(bucket, measure)
        if other != measure:
            raise Refused(
                Issue(
                    "bucket-claimed-twice",
                    f"{other} and {measure} both take the rest of {bucket.value}; name it once",
                )
            )
        return self.rest[bucket]

    def minor(self, amount: Decimal) -> int:
        """Give an amount in minor units; too many decimals are refused."""
        try:
            return to_minor(amount, self.position.currency)
        except ValueError as error:
            raise Refused(Issue("money-scale", str(error))) from None


@dataclass(slots=True)
class Aside:
    """Money due outside the amortisation: in one row, or in equal parts over several."""

    column: int
    amount: int
    until: date | None = None
    at_maturity: bool = False
    parts: int | None = None


def waive(books: Books, waives: Sequence[Waive]) -> None:
    """Give up interest, penalty and fees (phase 2)."""
    for bucket in Bucket:
        held = books.opening[bucket]
        total, shares = 0, Fraction(0)
        for waive in waives:
            if bucket not in waive.of:
                continue
            if waive.amount is not None:
                total += books.minor(waive.amount)
            elif waive.share is not None and waive.cap is not None:
                total += min(_share(waive.share, held), books.minor(waive.cap))
            elif waive.share is not None:
                shares += waive.share
        # Shares of one bucket add up before they are rounded, so that two halves are the whole.
        total += _share(shares, held)
        if total > held:
            raise Refused(
                Issue(
                    "waive-exceeds-bucket",
                    f"{_shown(books, total)} would be waived but {bucket.value} holds {_shown(books, held)}",
                )
            )
        books.move(MovementKind.WAIVED, bucket, total)


def _share(share: Fraction, held: int) -> int:
    return round_div(held * share.numerator, share.denominator)


def _shown(books: Books, minor: int) -> str:
    return f"{from_minor(minor, books.position.currency):,f}"


def forgive(books: Books, forgives: Sequence[Forgive]) -> None:
    """Give up principal (phase 3)."""
    for bucket in (Bucket.PRINCIPAL, Bucket.PRINCIPAL_ARREARS):
        held = books.opening[bucket]
        mine = [forgive for forgive in forgives if forgive.of is bucket]
        total = sum(books.minor(f.amount) for f in mine if f.amount is not None)
        total += _share(sum((f.share for f in mine if f.share is not None), Fraction(0)), held)
        if total > held:
            raise Refused(
                Issue(
                    "forgive-exceeds-bucket",
                    f"{_shown(books, total)} would be forgiven but {bucket.value} holds {_shown(books, held)}",
                )
            )
        books.move(MovementKind.FORGIVEN, bucket, total)


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
    return [bucket for bucket in Bucket if bucket in wanted]


def park(books: Books, parks: Sequence[Park]) -> list[Aside]:
    """Set money aside for later, without interest (phase 5)."""
    asides = []
    # Amounts and shares of what was there first, then "all of the rest", so that listing order says nothing.
    shares = dict.fromkeys(Bucket, Fraction(0))
    for park in sorted(parks, key=_parks_last):
        for bucket in park.of:
            if park.amount is not None:
                amount = books.minor(park.amount)
            elif park.share is not None:
                # Shares of one bucket add up before they are rounded, so that two halves are the whole.
                held, before = books.opening[bucket], shares[bucket]
                shares[bucket] += park.share
                amount = _share(shares[bucket], held) - _share(before, held)
            else:
                amount = books.claim_rest(f"park until {park.until or 'maturity'}", bucket)
            if amount > books.rest[bucket]:
                raise Refused(
                    Issue(
                        "park-exceeds-bucket",
                        f"{_shown(books, amount)} would be set aside but {bucket.value} holds "
                        f"{_shown(books, books.rest[bucket])} by then",
                    )
                )
            if not amount:
                continue
            books.move(MovementKind.PARKED, bucket, amount)
            asides.append(Aside(_PARKED_IN[bucket], amount, until=park.until, at_maturity=park.until is None))
    return asides


def _parks_last(one: Park) -> tuple[bool, date, Fraction, Decimal]:
    takes_the_rest = one.amount is None and one.share is None
    return takes_the_rest, one.until or date.max, one.share or Fraction(0), one.amount or Decimal(0)


def spread(books: Books, spreads: Sequence[Spread]) -> list[Aside]:
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
            asides.append(Aside(DUE_IN[bucket], amount, parts=spread.instalments or 0))
    return asides


def carry(books: Books) -> list[Aside]:
    """Whatever no measure named is due with the first new instalment; what was parked stays parked."""
    asides = []
    for bucket in Bucket:
        if bucket is not Bucket.PRINCIPAL and books.rest[bucket]:
            amount = books.rest[bucket]
            books.move(MovementKind.CARRIED, bucket, amount)
            asides.append(Aside(DUE_IN[bucket], amount, at_maturity=bucket is Bucket.PARKED))
    return asides
