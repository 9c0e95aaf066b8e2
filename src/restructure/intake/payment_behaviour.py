"""Payment behaviour: delays and part payments of recent instalments, and the next due date and rate change."""

from datetime import date
from typing import Any

from restructure.calculator.amortisation.rows import PAID
from restructure.calculator.amortisation.schedule import lay_out
from restructure.calculator.conventions.dates import weekend
from restructure.calculator.conventions.money import to_minor
from restructure.calculator.conventions.quantity import ratio
from restructure.calculator.servicing.contract import Payment
from restructure.calculator.servicing.position import Position
from restructure.intake.application import ContractLoan, StatedLoan

__all__ = ["payment_facts"]

_LATEST, _COUNTED = 3, 6


def payment_facts(loan: StatedLoan | ContractLoan | None, position: Position) -> dict[str, Any]:
    """Derive how recent instalments were paid, and what falls due next.

    Payments are allocated to the oldest instalment first. For a loan by stated balances, or none, the past is unknown.
    """
    on = position.on
    known: dict[str, Any] = dict.fromkeys(("delay_lately", "delay_before", "paid_late", "paid_in_part"))
    if isinstance(loan, ContractLoan):
        currency = loan.contract.currency
        dues = [
            (row[0], sum(row[PAID]))
            for row in lay_out(loan.contract, weekend).rows
            if row[0] <= on and any(row[PAID])
        ]
        known |= _paid(dues, _received(loan.payments, currency, on), on)
    (_, current), *later = position.repayment.rate_path(on)
    # An entry of the rate path that repeats the same rate is no change.
    change = next(((day, rate - current) for day, rate in later if rate != current), None)
    return known | {
        "next_due": position.repayment.first_due if position.repayment.instalments else None,
        "next_rate_change": None if change is None else change[0],
        "rate_change": None if change is None else ratio(change[1].numerator, change[1].denominator),
    }


def _received(payments: tuple[Payment, ...], currency: str, on: date) -> list[tuple[date, int]]:
    """Give what was received up to each day, in minor units."""
    running, so_far = 0, list[tuple[date, int]]()
    for payment in sorted(payments, key=lambda payment: payment.on):
        if payment.on <= on:
            running += to_minor(payment.amount, currency)
            so_far.append((payment.on, running))
    return so_far


def _paid(dues: list[tuple[date, int]], so_far: list[tuple[date, int]], on: date) -> dict[str, Any]:
    delays: list[int] = []
    in_part: list[bool] = []
    needed = 0
    for due, total in dues:
        before, needed = needed, needed + total
        paid = next((day for day, running in so_far if running >= needed), on)
        delays.append(max(0, (paid - due).days))
        by_then = max((running for day, running in so_far if day <= due), default=0)
        in_part.append(before < by_then < needed)
    return {
        "delay_lately": _mean(delays[-_LATEST:]),
        "delay_before": _mean(delays[-2 * _LATEST : -_LATEST]),
        "paid_late": sum(delay > 0 for delay in delays[-_COUNTED:]),
        "paid_in_part": sum(in_part[-_COUNTED:]),
    }


def _mean(days: list[int]) -> int | None:
    """Give the mean of three delays, rounded half-up; unknown for fewer."""
    return (2 * sum(days) + _LATEST) // (2 * _LATEST) if len(days) == _LATEST else None
