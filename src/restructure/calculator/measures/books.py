"""Books: the money in each bucket, divided exactly by the measures, and the ledger of its movements.

Paid + waived + forgiven + capitalised + parked + spread + carried is the opening amount of a bucket; money that no
measure names is carried, due with the first new instalment.
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
"""The column of a row for each bucket's money that is due outside the amortisation."""

OF_PRINCIPAL = (Bucket.PRINCIPAL, Bucket.PRINCIPAL_ARREARS, Bucket.PARKED)
"""The buckets that count as principal."""

BUCKETS = tuple(Bucket)
"""The buckets in order; iterating the enumeration takes five times as long."""

NO_SHARE = Fraction(0)
PRINCIPAL_COLUMN = Row._fields.index("principal")
PARKED_IN = DUE_IN | {
    Bucket.PRINCIPAL_ARREARS: Row._fields.index("parked_principal"),
    Bucket.INTEREST_ARREARS: Row._fields.index("parked_interest"),
    Bucket.ACCRUED: Row._fields.index("parked_interest"),
}


class MovementKind(StrEnum):
    """How money leaves a bucket."""

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
    """One entry of the ledger: the movement of part of a bucket, or of interest in a holiday."""

    on: date
    """Effective date, or due date of a suspended instalment: `2026-03-18`."""
    kind: MovementKind
    """Kind of movement: paid, waived, forgiven, capitalised, parked, spread or carried."""
    bucket: Bucket
    """Bucket that the money leaves: penalty; `accrued` for interest of a holiday."""
    amount: Money
    """Amount moved, in the currency of the loan: `162.00`."""


class Ledger(Later[Movement]):
    """The movements of a plan, kept in minor units; records are made when first read."""

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
        """Take the whole rest of a bucket for one measure; a second measure that claims it is refused."""
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
    """Carry the money that no measure names to the first new instalment; deferred money stays deferred."""
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
    """Leave deferred money due on its dates; reductions apply to what falls due last."""
    asides, column = [], DUE_IN[Bucket.PARKED]
    for later in sorted(books.position.parked_due, key=lambda part: part.on or date.max):
        part = min(amount, books.minor(later.amount))
        amount -= part
        if part:
            asides.append(
                OffScheduleAmount(
                    column, part, until=later.on, at_maturity=later.on is None, annual_rate=later.annual_rate
                )
            )
    return [*asides, OffScheduleAmount(column, amount, at_maturity=True)] if amount else asides
