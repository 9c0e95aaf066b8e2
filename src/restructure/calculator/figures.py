"""Figures: what a plan changes, in the numbers that offers are compared by."""

from datetime import date
from decimal import Decimal
from math import fsum
from typing import Annotated, Self

from pydantic import model_validator

from restructure.calculator.dates import DayCount, year_fractions
from restructure.calculator.money import Currency, Money, SignedMoney, from_minor, to_minor
from restructure.calculator.plan import MovementKind, Plan
from restructure.calculator.quantity import Kind, Quantity, Ratio, ratio
from restructure.calculator.rows import PAID, Row, RowTuple
from restructure.calculator.spelling import spell
from restructure.errors import Refused
from restructure.record import Record

__all__ = ["Figures", "compare", "monthly_internal_rate"]


_PRINCIPAL, _INTEREST, _ARREARS_PRINCIPAL, _PARKED_PRINCIPAL = (
    Row._fields.index(name) for name in ("principal", "interest", "arrears_principal", "parked_principal")
)
_SUBSTANTIAL = Decimal("0.1")


class Figures(Record):
    """What a plan changes against paying as agreed.

    Where paying as agreed cannot be carried out, what is measured against it is unknown (none).
    """

    currency: Currency
    """ISO 4217 code of every amount."""
    instalment_after: Annotated[Money, Quantity(Kind.MONEY)]
    """The regular instalment after any holiday, with what is spread onto it."""
    highest_payment_after: Annotated[Money, Quantity(Kind.MONEY)]
    """The most that falls due on any one day."""
    payment_reduction: Annotated[
        Ratio | None, Quantity(Kind.RATIO, 6, "(instalment_before − instalment_after) / instalment_before")
    ]
    """How far the regular instalment falls, as a share of the old one; negative if it rises."""
    term_after: Annotated[int, Quantity(Kind.MONTHS)]
    """Monthly instalments from the effective date to the last."""
    term_added: Annotated[int, Quantity(Kind.MONTHS, 0, "term_after − remaining_term")]
    """Monthly instalments added to the term that was left."""
    last_due_after: Annotated[date, Quantity(Kind.DATE)]
    """The day of the last instalment; the effective date if nothing is left to pay."""
    total_after: Annotated[Money, Quantity(Kind.MONEY)]
    """Everything the borrower pays from the effective date on."""
    interest_after: Annotated[Money, Quantity(Kind.MONEY)]
    """Interest that accrues from the effective date on."""
    extra_cost: Annotated[SignedMoney | None, Quantity(Kind.MONEY)]
    """Total paid under the plan less total paid as agreed; negative if the borrower saves."""
    waived: Annotated[Money, Quantity(Kind.MONEY)]
    """Interest, penalty and fees given up."""
    forgiven: Annotated[Money, Quantity(Kind.MONEY)]
    """Principal given up."""
    relief: Annotated[Money, Quantity(Kind.MONEY, 0, "waived + forgiven")]
    """Everything the lender gives up outright."""
    relief_share: Annotated[Ratio, Quantity(Kind.RATIO, 6, "relief / claim")]
    """Relief as a share of everything owed."""
    npv_loss: Annotated[Ratio | None, Quantity(Kind.RATIO, 6)]
    """Fall in present value at the loan's effective rate, as a share (EBA/GL/2016/07, diminished obligation)."""
    apr_after: Annotated[Ratio, Quantity(Kind.RATIO, 4)]
    """Cost of the plan a year: twelve times the monthly internal rate on what is owed after relief (综合年化)."""
    apr_effective_after: Annotated[Ratio, Quantity(Kind.RATIO, 4)]
    """The same cost compounded: the effective annual rate (1 + monthly internal rate)^12 − 1."""
    weighted_average_life_after: Annotated[Ratio, Quantity(Kind.RATIO, 4)]
    """Years until a unit of principal is repaid on average, from the effective date; 0 if none is left."""
    modification_loss: Annotated[SignedMoney | None, Quantity(Kind.MONEY)]
    """Present value given up at the loan's effective rate, the loss of IFRS 9 5.4.3; negative for a gain."""
    substantial_modification: Annotated[bool | None, Quantity(Kind.FLAG)]
    """Whether npv_loss is at least 10 % up or down (IFRS 9 B3.3.6), so that accountants ask for a new loan."""

    @model_validator(mode="after")
    def _spell(self) -> Self:
        spell(self, self.currency)
        return self


def compare(plan: Plan) -> Figures:
    """Work out what a plan changes.

    Present values discount at the contract rate compounded monthly, time in scheduled months. The
    internal rate solves Σ payment·(1+m)^−months = claim − relief, shown as 12·m rounded to two decimals of a percent.
    The carrying amount that a modification loss is measured from is the present value of paying as agreed, so
    that a plan without measures has none. Room `cost` has the same figures for flows on any dates.
    """
    position, currency = plan.position, plan.position.currency
    new = plan.schedule.rows.minor
    claim = to_minor(position.buckets.claim, currency)
    waived = to_minor(plan.moved(MovementKind.WAIVED), currency)
    forgiven = to_minor(plan.moved(MovementKind.FORGIVEN), currency)
    # What a holiday waives accrued after the effective date, so it is no part of the claim.
    waived_of_claim = sum(
        to_minor(m.amount, currency)
        for m in plan.ledger
        if m.kind is MovementKind.WAIVED and m.on == position.on
    )
    instalment_before = regular_instalment(plan)
    instalment_after = to_minor(plan.instalment, currency)
    new_payments, new_months = _payments(new), _months(plan, new)
    up_front = to_minor(plan.up_front, currency)
    total_after = sum(new_payments) + up_front
    extra_cost = lost = npv_loss = None
    if plan.before is not None:
        old = plan.before.rows.minor
        old_payments, monthly = _payments(old), float(position.repayment.annual_rate) / 12
        extra_cost = from_minor(total_after - sum(old_payments), currency)
        value_before = _present_value(old_payments, _months(plan, old), monthly)
        value_after = _present_value(new_payments, new_months, monthly) + up_front
        lost = from_minor(round(value_before - value_after), currency)
        npv_loss = _decimal(1 - value_after / value_before if value_before else 0.0, 6)
    financed = claim - waived_of_claim - forgiven - up_front
    internal = monthly_internal_rate(financed, new_payments, new_months)
    return Figures.model_construct(
        currency=currency,
        instalment_after=plan.instalment,
        highest_payment_after=from_minor(max([*new_payments, up_front]), currency),
        payment_reduction=None
        if instalment_before is None
        else ratio(instalment_before - instalment_after, instalment_before or 1),
        term_after=len(new),
        term_added=len(new) - position.repayment.instalments,
        last_due_after=new[-1][0] if new else position.on,
        total_after=from_minor(total_after, currency),
        interest_after=plan.schedule.interest,
        extra_cost=extra_cost,
        waived=from_minor(waived, currency),
        forgiven=from_minor(forgiven, currency),
        relief=from_minor(waived + forgiven, currency),
        relief_share=ratio(waived + forgiven, claim),
        npv_loss=npv_loss,
        apr_after=_decimal(12 * internal, 4),
        apr_effective_after=_decimal((1 + internal) ** 12 - 1, 4),
        weighted_average_life_after=_average_life(new, new_months),
        modification_loss=lost,
        substantial_modification=None if npv_loss is None else abs(npv_loss) >= _SUBSTANTIAL,
    )


def regular_instalment(plan: Plan) -> int | None:
    """Give the agreed instalment before the plan, in minor units, without the arrears due with it.

    Where what is left of the first period carries an instalment and the whole of it would not, it is the first
    one that pays; none where nothing can be paid as agreed.
    """
    try:
        regular = to_minor(plan.position.regular_instalment, plan.position.currency)
        return None if regular < 0 and plan.before is None else regular  # steps that outgrow the balance
    except Refused:
        if plan.before is None:
            return None
        own = [row[_PRINCIPAL] + row[_INTEREST] for row in plan.before.rows.minor]
        return next((paid for paid in own if paid), 0)


def _payments(rows: tuple[RowTuple, ...]) -> list[int]:
    return [sum(row[PAID]) for row in rows]


def _months(plan: Plan, rows: tuple[RowTuple, ...]) -> list[float]:
    """Time of each row in scheduled months from the effective date."""
    parts, year = year_fractions(
        DayCount.THIRTY_360_BY_MONTH,
        [plan.position.on, *(row[0] for row in rows)],
        anchor_day=plan.position.repayment.anchor,
    )
    months, total = [], 0
    for part in parts:
        total += part
        months.append(total * 12 / year)
    return months


def _average_life(rows: tuple[RowTuple, ...], months: list[float]) -> Decimal:
    principal = [row[_PRINCIPAL] + row[_ARREARS_PRINCIPAL] + row[_PARKED_PRINCIPAL] for row in rows]
    repaid = sum(principal)
    weighted = fsum(part * at for part, at in zip(principal, months, strict=True))
    return _decimal(weighted / (12 * repaid) if repaid else 0.0, 4)


def _present_value(payments: list[int], months: list[float], monthly: float) -> float:
    step = 1 + monthly
    return fsum(payment * step**-at for payment, at in zip(payments, months, strict=True))


def monthly_internal_rate(financed: int, payments: list[int], months: list[float]) -> float:
    """Solve Σ payment·(1+m)^−months = financed for the monthly rate m ≥ 0.

    The left side is convex and falls, so Newton's steps from 0 rise to the root without passing it.

    >>> round(12 * monthly_internal_rate(1000000, [94559] * 12, [float(k) for k in range(1, 13)]), 4)
    0.24
    """
    rate = 0.0
    if financed <= 0 or sum(payments) <= financed:
        return rate
    for _ in range(200):
        step = 1 + rate
        values = [payment * step**-at for payment, at in zip(payments, months, strict=True)]
        slope = fsum(value * at for value, at in zip(values, months, strict=True)) / step
        change = (fsum(values) - financed) / slope
        rate += change
        if abs(change) < 1e-13:
            break
    return rate


def _decimal(value: float, scale: int) -> Decimal:
    return Decimal(round(value * 10**scale)).scaleb(-scale)
