"""Paying: how a loan was paid lately, from its contract and payments; what warns before anything is overdue."""

from datetime import date
from typing import Any

from restructure.calculator.amortisation.rows import PAID
from restructure.calculator.amortisation.schedule import lay_out
from restructure.calculator.conventions.dates import weekend
from restructure.calculator.conventions.money import to_minor
from restructure.calculator.conventions.quantity import ratio
from restructure.calculator.servicing.contract import Payment
from restructure.calculator.servicing.position import Position
from restructure.intake.application import ContractLoan, Loan

__all__ = ["paying_facts"]

_LATELY, _SEEN = 3, 6


def paying_facts(loan: Loan | None, position: Position) -> dict[str, Any]:
    """Work out how the instalments that fell due lately were paid, and what is to come.

    Payments go to the oldest instalment first. A loan by stated balances, or none, says nothing about the past.
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
    # A day on which the same rate is only laid out anew is no change.
    coming = next(((day, rate - current) for day, rate in later if rate != current), None)
    return known | {
        "next_due": position.repayment.first_due if position.repayment.instalments else None,
        "next_rate_change": None if coming is None else coming[0],
        "rate_change": None if coming is None else ratio(coming[1].numerator, coming[1].denominator),
    }


def _received(payments: tuple[Payment, ...], currency: str, on: date) -> list[tuple[date, int]]:
    """Give what was received up to each day, in minor units."""
    running, so_far = 0, list[tuple[date, int]]()
    for payment in sorted(payments, key=lambda one: one.on):
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
        "delay_lately": _mean(delays[-_LATELY:]),
        "delay_before": _mean(delays[-2 * _LATELY : -_LATELY]),
        "paid_late": sum(delay > 0 for delay in delays[-_SEEN:]),
        "paid_in_part": sum(in_part[-_SEEN:]),
    }


def _mean(days: list[int]) -> int | None:
    """Give the mean of three delays, rounded half-up; unknown for fewer."""
    return (2 * sum(days) + _LATELY) // (2 * _LATELY) if len(days) == _LATELY else None
