"""Up-front payments and settlements: the models, and the movements they book."""

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import Field

from restructure.calculator.amortisation.rows import Row, RowTuple
from restructure.calculator.conventions.money import Money
from restructure.calculator.measures.books import (
    DUE_IN,
    OF_PRINCIPAL,
    PRINCIPAL_COLUMN,
    Books,
    MovementKind,
    payment_order,
    shown,
)
from restructure.calculator.measures.phases import Phase
from restructure.calculator.servicing.position import Bucket
from restructure.errors import Issue, Refused
from restructure.record import Record

__all__ = ["LumpSum", "Pay", "Settle", "pay", "settle"]


class Pay(Record):
    """Take an up-front payment on the effective date, through the allocation order (phase 1).

    >>> str(Pay(amount="2000.00").amount)
    '2000.00'
    """

    phase: ClassVar[Phase] = Phase.PAY
    measure: Literal["pay"] = "pay"
    amount: Money
    """Amount paid, in the currency of the loan: `"2000.00"`; payments of one set add up."""


class LumpSum(Record):
    """One payment of a settlement."""

    on: date
    """Due date: `2026-06-01`, on or after the effective date."""
    amount: Money
    """Amount due, in the currency of the loan: `"10000.00"`."""


class Settle(Record):
    """Settle everything owed by one or more lump sums; the rest is given up once they are paid.

    They go through the allocation order; what is left of interest, penalty and fees is waived, what is left of
    principal forgiven. No interest accrues meanwhile. Only pay, waive and forgive go with it.

    >>> str(Settle(payments=[LumpSum(on="2026-06-01", amount="10000")]).payments[0].on)
    '2026-06-01'
    """

    phase: ClassVar[Phase] = Phase.SETTLE
    measure: Literal["settle"] = "settle"
    payments: tuple[LumpSum, ...] = Field(min_length=1)
    """Lump sums, together no more than what is owed: `[{"on": "2026-06-01", "amount": "10000"}]`."""


def pay(books: Books, pays: Sequence[Pay]) -> None:
    """Take up-front payments through the allocation order (phase 1)."""
    if not pays:
        return
    amount = sum(books.minor(payment.amount) for payment in pays)
    claim = sum(books.opening.values())
    if amount > claim:
        raise Refused(
            Issue(
                "pay-exceeds-claim",
                f"{shown(books, amount)} would be paid but {shown(books, claim)} is owed",
            )
        )
    for bucket in payment_order(books.position.allocation):
        part = min(amount, books.rest[bucket])
        books.move(MovementKind.PAID, bucket, part)
        amount -= part


def settle(books: Books, settlement: Settle) -> list[RowTuple]:
    """Apply the lump sums of a settlement to what is owed and give up the rest; return their rows."""
    sums = sorted(settlement.payments, key=lambda payment: payment.on)
    paying, owed = sum(books.minor(payment.amount) for payment in sums), sum(books.rest.values())
    if paying > owed:
        raise Refused(
            Issue(
                "settle-exceeds-claim",
                f"{shown(books, paying)} would be paid but {shown(books, owed)} is owed",
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
    for payment in sums:
        row: list[Any] = [payment.on, *(0,) * (len(Row._fields) - 1)]
        amount = books.minor(payment.amount)
        for bucket in order:
            part = min(amount, kept[bucket])
            kept[bucket] -= part
            amount -= part
            row[PRINCIPAL_COLUMN if bucket is Bucket.PRINCIPAL else DUE_IN[bucket]] += part
        row[-1] = kept[Bucket.PRINCIPAL]
        rows.append(tuple(row))
    return rows
