"""Ledger: what becomes of the money in each bucket, phase by phase, split exactly.

Waived + forgiven + capitalised + parked + spread + carried is what was in the bucket; what no measure
names is carried, due with the first new instalment.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from restructure.calculator.amortisation.off_schedule import OffScheduleAmount
from restructure.calculator.amortisation.rows import Row
from restructure.calculator.conventions.money import Money, from_minor, round_div, to_minor
from restructure.calculator.servicing.contract import AllocationClaim, Component, Timing
from restructure.calculator.servicing.position import Bucket, Position
from restructure.errors import Issue, Refused
from restructure.record import Later, Record, trusted

__all__ = [
    "BUCKETS",
    "DUE_IN",
    "OF_PRINCIPAL",
    "Books",
    "Ledger",
    "Movement",
    "MovementKind",
    "booked",
    "carry",
    "minor_of",
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

OF_PRINCIPAL = (Bucket.PRINCIPAL, Bucket.PRINCIPAL_ARREARS, Bucket.PARKED)
"""The buckets that count as principal."""

BUCKETS = tuple(Bucket)
"""The buckets in order; to iterate an enumeration takes five times as long as a tuple."""

NO_SHARE = Fraction(0)
PRINCIPAL_COLUMN = Row._fields.index("principal")
PARKED_IN = DUE_IN | {
    Bucket.PRINCIPAL_ARREARS: Row._fields.index("parked_principal"),
    Bucket.INTEREST_ARREARS: Row._fields.index("parked_interest"),
    Bucket.ACCRUED: Row._fields.index("parked_interest"),
}


class MovementKind(StrEnum):
    """What can happen to money in a bucket."""

    __hash__ = str.__hash__  # in C, as that of `Bucket`

    PAID = "paid"
    WAIVED = "waived"
    FORGIVEN = "forgiven"
    CAPITALISED = "capitalised"
    PARKED = "parked"
    SPREAD = "spread"
    CARRIED = "carried"


Booked = tuple[date, MovementKind, Bucket, int]


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


class Ledger(Later[Movement]):
    """The movements of a plan as they were booked, in minor units; records once somebody looks."""

    __slots__ = ("booked",)

    def __init__(self, booked: Iterable[Booked], currency: str) -> None:
        self.booked = tuple(booked)
        """Day, kind, bucket and amount in minor units of every movement."""
        super().__init__(
            lambda: trusted(
                Movement,
                [
                    {"on": on, "kind": kind, "bucket": bucket, "amount": from_minor(amount, currency)}
                    for on, kind, bucket, amount in self.booked
                ],
            )
        )


def booked(movements: Sequence[Movement], currency: str) -> Iterable[Booked]:
    """Give movements in minor units, those of a ledger as they were booked."""
    if isinstance(movements, Ledger):
        return movements.booked
    return ((m.on, m.kind, m.bucket, to_minor(m.amount, currency)) for m in movements)


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
        return cls(position, position.minor, dict(position.minor))

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
        return minor_of(amount, self.position.currency)


def minor_of(amount: Decimal, currency: str) -> int:
    """Give an amount of a measure in minor units; too many decimals are refused."""
    try:
        return to_minor(amount, currency)
    except ValueError as error:
        raise Refused(Issue("money-scale", str(error))) from None


def payment_order(allocation: Sequence[Component | AllocationClaim]) -> list[Bucket]:
    """List the buckets in the order in which a payment fills them; what is not yet due comes last."""
    order: list[Bucket] = []
    for word in allocation:
        component = word.component if isinstance(word, AllocationClaim) else word
        timing = word.timing if isinstance(word, AllocationClaim) else Timing.PAST_DUE
        order.append(_PAID_INTO[component, timing is Timing.IN_ADVANCE])
    order += [Bucket.ACCRUED, Bucket.PRINCIPAL, Bucket.PARKED]
    return list(dict.fromkeys(order))


_PAID_INTO = {
    (Component.FEES, False): Bucket.FEES,
    (Component.FEES, True): Bucket.FEES,
    (Component.PENALTY, False): Bucket.PENALTY,
    (Component.PENALTY, True): Bucket.PENALTY,
    (Component.INTEREST, False): Bucket.INTEREST_ARREARS,
    (Component.INTEREST, True): Bucket.ACCRUED,
    (Component.PRINCIPAL, False): Bucket.PRINCIPAL_ARREARS,
    (Component.PRINCIPAL, True): Bucket.PRINCIPAL,
}


def share_of(share: Fraction, held: int) -> int:
    return round_div(held * share.numerator, share.denominator)


def shown(books: Books, minor: int) -> str:
    return f"{from_minor(minor, books.position.currency):,f}"


def carry(books: Books) -> list[OffScheduleAmount]:
    """Whatever no measure named is due with the first new instalment; what was parked stays parked."""
    asides = []
    for bucket in BUCKETS:
        if bucket is Bucket.PRINCIPAL or not books.rest[bucket]:
            continue
        amount = books.rest[bucket]
        books.move(MovementKind.CARRIED, bucket, amount)
        if bucket is Bucket.PARKED:
            asides += _still_parked(books, amount)
        else:
            asides.append(OffScheduleAmount(DUE_IN[bucket], amount))
    return asides


def _still_parked(books: Books, amount: int) -> list[OffScheduleAmount]:
    """Leave parked money due when it was; what has gone from it has gone from what falls due last."""
    asides, column = [], DUE_IN[Bucket.PARKED]
    for later in sorted(books.position.parked_due, key=lambda one: one.on or date.max):
        part = min(amount, books.minor(later.amount))
        amount -= part
        if part:
            asides.append(
                OffScheduleAmount(
                    column, part, until=later.on, at_maturity=later.on is None, annual_rate=later.annual_rate
                )
            )
    return [*asides, OffScheduleAmount(column, amount, at_maturity=True)] if amount else asides
