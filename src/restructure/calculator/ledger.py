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
from typing import Any

from restructure.calculator.asides import Aside
from restructure.calculator.contract import Claim, Component, Timing
from restructure.calculator.measures import Capitalise, Forgive, Park, Pay, Settle, Spread, Waive
from restructure.calculator.money import Money, from_minor, round_div, to_minor, write_rate
from restructure.calculator.position import Bucket, Position
from restructure.calculator.rows import Row, RowTuple
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
    "capitalise",
    "carry",
    "forgive",
    "minor_of",
    "park",
    "pay",
    "settle",
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

OF_PRINCIPAL = (Bucket.PRINCIPAL, Bucket.PRINCIPAL_ARREARS, Bucket.PARKED)
"""The buckets that count as principal."""

BUCKETS = tuple(Bucket)
"""The buckets in order; to iterate an enumeration takes five times as long as a tuple."""

_NONE = Fraction(0)
_PRINCIPAL = Row._fields.index("principal")
_PARKED_IN = DUE_IN | {
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


def payment_order(allocation: Sequence[Component | Claim]) -> list[Bucket]:
    """List the buckets in the order in which a payment fills them; what is not yet due comes last."""
    order: list[Bucket] = []
    for word in allocation:
        component = word.component if isinstance(word, Claim) else word
        timing = word.timing if isinstance(word, Claim) else Timing.PAST_DUE
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


def pay(books: Books, pays: Sequence[Pay]) -> None:
    """Take up-front payments through the allocation order (phase 1)."""
    if not pays:
        return
    amount = sum(books.minor(one.amount) for one in pays)
    claim = sum(books.opening.values())
    if amount > claim:
        raise Refused(
            Issue(
                "pay-exceeds-claim",
                f"{_shown(books, amount)} would be paid but {_shown(books, claim)} is owed",
            )
        )
    for bucket in payment_order(books.position.allocation):
        part = min(amount, books.rest[bucket])
        books.move(MovementKind.PAID, bucket, part)
        amount -= part


def waive(books: Books, waives: Sequence[Waive]) -> None:
    """Give up interest, penalty and fees (phase 2)."""
    named = {bucket for waive in waives for bucket in waive.of}
    for bucket in BUCKETS if named else ():
        if bucket not in named:
            continue
        held = books.rest[bucket]
        total, shares = 0, _NONE
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
        if shares:
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
    for bucket in OF_PRINCIPAL if forgives else ():
        held = books.rest[bucket]
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
    return [bucket for bucket in BUCKETS if bucket in wanted] if wanted else []


def park(books: Books, parks: Sequence[Park]) -> list[Aside]:
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
                amount = _share(shares[bucket], held) - _share(before, held)
            else:
                amount = books.claim_rest(f"park until {park.until or 'maturity'}{_bearing(park)}", bucket)
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
            asides.append(
                Aside(
                    _PARKED_IN[bucket],
                    amount,
                    until=park.until,
                    at_maturity=park.until is None,
                    annual_rate=park.annual_rate,
                )
            )
    return asides


def _bearing(park: Park) -> str:
    return f" at {write_rate(park.annual_rate)}" if park.annual_rate else ""


def _parks_last(one: Park) -> tuple[bool, date, Fraction, Fraction, Decimal]:
    takes_the_rest = one.amount is None and one.share is None
    until = one.until or date.max
    return takes_the_rest, until, one.annual_rate, one.share or Fraction(0), one.amount or Decimal(0)


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
    for bucket in BUCKETS:
        if bucket is Bucket.PRINCIPAL or not books.rest[bucket]:
            continue
        amount = books.rest[bucket]
        books.move(MovementKind.CARRIED, bucket, amount)
        if bucket is Bucket.PARKED:
            asides += _still_parked(books, amount)
        else:
            asides.append(Aside(DUE_IN[bucket], amount))
    return asides


def _still_parked(books: Books, amount: int) -> list[Aside]:
    """Leave parked money due when it was; what has gone from it has gone from what falls due last."""
    asides, column = [], DUE_IN[Bucket.PARKED]
    for later in sorted(books.position.parked_due, key=lambda one: one.on or date.max):
        part = min(amount, books.minor(later.amount))
        amount -= part
        if part:
            asides.append(
                Aside(
                    column, part, until=later.on, at_maturity=later.on is None, annual_rate=later.annual_rate
                )
            )
    return [*asides, Aside(column, amount, at_maturity=True)] if amount else asides


def settle(books: Books, settlement: Settle) -> list[RowTuple]:
    """Lay the lump sums of a settlement on what is owed and give up the rest; gives their rows."""
    sums = sorted(settlement.payments, key=lambda one: one.on)
    paying, owed = sum(books.minor(one.amount) for one in sums), sum(books.rest.values())
    if paying > owed:
        raise Refused(
            Issue(
                "settle-exceeds-claim",
                f"{_shown(books, paying)} would be paid but {_shown(books, owed)} is owed",
            )
        )
    if sums[0].on < books.position.on:
        raise Refused(
            Issue(
                "settle-too-early",
                f"a lump sum is due on {sums[0].on}, before the settlement on {books.position.on}",
            )
        )
    order = payment_order(books.position.allocation)
    kept = dict.fromkeys(Bucket, 0)
    for bucket in order:
        kept[bucket] = min(paying, books.rest[bucket])
        paying -= kept[bucket]
        given_up = books.rest[bucket] - kept[bucket]
        lost = MovementKind.FORGIVEN if bucket in OF_PRINCIPAL else MovementKind.WAIVED
        books.move(lost, bucket, given_up)
        books.move(MovementKind.CARRIED, bucket, kept[bucket])
    rows: list[RowTuple] = []
    for one in sums:
        row: list[Any] = [one.on, *(0,) * (len(Row._fields) - 1)]
        amount = books.minor(one.amount)
        for bucket in order:
            part = min(amount, kept[bucket])
            kept[bucket] -= part
            amount -= part
            row[_PRINCIPAL if bucket is Bucket.PRINCIPAL else DUE_IN[bucket]] += part
        row[-1] = kept[Bucket.PRINCIPAL]
        rows.append(tuple(row))
    return rows
