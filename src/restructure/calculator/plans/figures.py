"""Figures: the changes that a plan makes, in the numbers by which offers are compared."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from itertools import accumulate
from math import fsum
from operator import add, mul
from typing import Annotated, NamedTuple, Self

from pydantic import model_validator

from restructure.calculator.amortisation.rows import Row, Rows
from restructure.calculator.conventions.currency_scale import set_scale
from restructure.calculator.conventions.day_counts import DayCount, year_fractions
from restructure.calculator.conventions.money import Currency, Money, SignedMoney, from_minor, to_minor
from restructure.calculator.conventions.quantity import Kind, Quantity, Ratio, ratio
from restructure.calculator.measures.books import MovementKind, booked
from restructure.calculator.measures.up_front import Settle
from restructure.calculator.plans.plan import Plan
from restructure.calculator.servicing.position import Bucket
from restructure.errors import Refused
from restructure.inputs import record_of
from restructure.record import Record, trusted

__all__ = ["Figures", "figures_of", "monthly_internal_rate"]


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
    balance_after: Annotated[Money, Quantity(Kind.MONEY)]
    """Principal that is repaid by instalments and bears interest from the effective date on, after all measures."""
    parked_after: Annotated[Money, Quantity(Kind.MONEY)]
    """What is set aside on the effective date and not repaid by instalments, earlier forbearance included."""
    instalment_after: Annotated[Money, Quantity(Kind.MONEY)]
    """The regular instalment after any holiday, with what is spread onto it."""
    highest_payment_after: Annotated[Money, Quantity(Kind.MONEY)]
    """The most that falls due on any one day after the effective date."""
    paid_up_front: Annotated[Money, Quantity(Kind.MONEY)]
    """What is paid on the effective date itself, out of reserves and not out of a month's income."""
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
    apr_after: Annotated[Ratio | None, Quantity(Kind.RATIO, 4)]
    """Cost of the plan a year: twelve times the monthly internal rate on what is owed after relief (综合年化); unknown
    beyond a millionfold, where next to nothing is owed and yet interest is due on it."""
    apr_effective_after: Annotated[Ratio | None, Quantity(Kind.RATIO, 4)]
    """The same cost compounded: the effective annual rate (1 + monthly internal rate)^12 − 1; unknown as that is."""
    weighted_average_life_after: Annotated[Ratio, Quantity(Kind.RATIO, 4)]
    """Years until a unit of principal is repaid on average, from the effective date; 0 if none is left."""
    modification_loss: Annotated[SignedMoney | None, Quantity(Kind.MONEY)]
    """Present value given up at the loan's effective rate, the loss of IFRS 9 5.4.3; negative for a gain."""
    substantial_modification: Annotated[bool | None, Quantity(Kind.FLAG)]
    """Whether npv_loss is at least 10 % up or down (IFRS 9 B3.3.6), so that accountants ask for a new loan."""

    @model_validator(mode="after")
    def _spell(self) -> Self:
        set_scale(self, self.currency)
        return self


def figures_of(plan: Plan) -> Figures:
    """Calculate the figures of a plan.

    Present values discount at the contract rate compounded monthly, time in scheduled months. The
    internal rate solves Σ payment·(1+m)^−months = claim − relief, shown as 12·m rounded to two decimals of a percent.
    The carrying amount that a modification loss is measured from is the present value of paying as agreed, so
    that a plan without measures has none. `cost_of_credit.apr` has the same figures for flows on any dates.
    """
    record_of(Plan, plan, "plan")
    position, currency = plan.position, plan.position.currency
    agreed, rows = _as_agreed(plan), plan.schedule.rows
    waived, waived_of_claim, forgiven, up_front, balance, parked = _moved(plan)
    claim = sum(position.minor.values())
    instalment_after = to_minor(plan.instalment, currency)
    paid = _CashFlow.of(plan, rows)
    total_after = sum(paid.payments) + up_front
    life, principal_months = _average_life(rows, paid)
    financed = claim - waived_of_claim - forgiven - up_front
    apr, apr_effective = _yearly_costs(financed, paid, principal_months)
    instalment_before = regular_instalment(plan) if agreed is None else agreed.instalment
    npv_loss, lost = (None, None) if agreed is None else _losses(agreed, paid, up_front)
    (figures,) = trusted(
        Figures,
        [
            {
                "currency": currency,
                "balance_after": from_minor(balance, currency),
                "parked_after": from_minor(parked, currency),
                "instalment_after": plan.instalment,
                "highest_payment_after": from_minor(max(paid.payments, default=0), currency),
                "paid_up_front": from_minor(up_front, currency),
                "payment_reduction": None
                if instalment_before is None
                else ratio(instalment_before - instalment_after, instalment_before or 1),
                "term_after": len(rows),
                "term_added": len(rows) - position.repayment.instalments,
                "last_due_after": rows.minor[-1][0] if rows.minor else position.on,
                "total_after": from_minor(total_after, currency),
                "interest_after": plan.schedule.interest,
                "extra_cost": None if agreed is None else from_minor(total_after - agreed.total, currency),
                "waived": from_minor(waived, currency),
                "forgiven": from_minor(forgiven, currency),
                "relief": from_minor(waived + forgiven, currency),
                "relief_share": ratio(waived + forgiven, claim),
                "npv_loss": npv_loss,
                "apr_after": apr,
                "apr_effective_after": apr_effective,
                "weighted_average_life_after": life,
                "modification_loss": None if lost is None else from_minor(lost, currency),
                "substantial_modification": None if npv_loss is None else abs(npv_loss) >= _SUBSTANTIAL,
            }
        ],
    )
    return figures


def _moved(plan: Plan) -> tuple[int, int, int, int, int, int]:
    """Sum up the ledger in minor units.

    Gives what is waived, the part of it that was owed on the effective date, what is forgiven and paid up front, the
    principal that is repaid by instalments from then on, and what is set aside.
    """
    waived = waived_of_claim = forgiven = up_front = balance = parked = 0
    # Lump sums of a settlement are no instalments, and nothing bears interest until they are paid.
    goes_on = not any(isinstance(measure, Settle) for measure in plan.measures)
    effective = plan.position.on
    for on, kind, bucket, amount in booked(plan.ledger, plan.position.currency):
        match kind:
            case MovementKind.WAIVED:
                waived += amount
                # Interest that a holiday waives accrued after the effective date, so it is no part of the claim.
                waived_of_claim += amount if on == effective else 0
            case MovementKind.FORGIVEN:
                forgiven += amount
            case MovementKind.PAID:
                up_front += amount
            # Interest that a holiday capitalises or parks comes later than the opening balances.
            case MovementKind.CAPITALISED if on == effective:
                balance += amount
            case MovementKind.PARKED if on == effective:
                parked += amount
            case MovementKind.CARRIED if goes_on and bucket is Bucket.PRINCIPAL:
                balance += amount
            case MovementKind.CARRIED if goes_on and bucket is Bucket.PARKED:
                parked += amount
    return waived, waived_of_claim, forgiven, up_front, balance, parked


def _yearly_costs(
    financed: int, paid: "_CashFlow", principal_months: float
) -> tuple[Decimal | None, Decimal | None]:
    """Give the cost of a plan a year: twelve times the monthly internal rate, and that rate compounded."""
    internal, off = _internal_rate(financed, paid, principal_months)

    def nominal() -> float:
        return 12 * monthly_internal_rate(financed, paid.payments, paid.months)

    def effective() -> float:
        return (1 + monthly_internal_rate(financed, paid.payments, paid.months)) ** 12 - 1

    growth = 1 + min(internal, _BEYOND)
    return (
        _yearly(12 * internal, 12 * off, nominal),
        _yearly(growth**12 - 1, 13 * growth**11 * off, effective),
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


# What rounding may have done to a present value worked out from period to period, as a share of it: each of at
# most a few thousand periods rounds a handful of times by 2^-53. Payments are never below zero, so nothing cancels.
_SLACK = 4e-12


class _CashFlow(NamedTuple):
    """What is paid and when: minor units, and the part of a year since the payment before."""

    payments: Sequence[int]
    parts: Sequence[int]
    year: int

    @classmethod
    def of(cls, plan: Plan, rows: Rows) -> "_CashFlow":
        """Measure the time of rows in scheduled months from the effective date."""
        position = plan.position
        dues = rows.columns[0]
        anchor = position.repayment.anchor
        timed = year_fractions(DayCount.THIRTY_360_BY_MONTH, [position.on, *dues], anchor_day=anchor)
        return cls(rows.paid(), *timed)

    @property
    def months(self) -> list[float]:
        """Time of each payment in months."""
        return [total * 12 / self.year for total in accumulate(self.parts)]

    def steps(self, growth: float) -> dict[int, tuple[float, float]]:
        """Give the months and the discount of every length that a period has; most loans know two or three."""
        months = {part: part * 12 / self.year for part in set(self.parts)}
        return {part: (at, growth**-at) for part, at in months.items()}

    def value(self, monthly: float) -> float:
        """Give the present value from period to period, the last one first."""
        steps, value = self.steps(1 + monthly), 0.0
        for payment, part in zip(reversed(self.payments), reversed(self.parts), strict=True):
            value = (value + payment) * steps[part][1]
        return value

    def exact_value(self, monthly: float) -> float:
        """Give the present value with every payment discounted on its own, and nothing lost in the sum."""
        step = 1 + monthly
        return fsum(payment * step**-at for payment, at in zip(self.payments, self.months, strict=True))


class _Agreed(NamedTuple):
    """What paying as agreed comes to."""

    rows: Rows
    paid: _CashFlow
    total: int
    monthly: float
    """The contract rate a month."""
    value: float
    instalment: int | None


def _as_agreed(plan: Plan) -> _Agreed | None:
    """Work out what paying as agreed comes to, once for all plans of a position; none where it cannot be done."""
    if plan.before is None:
        return None
    position, rows = plan.position, plan.before.rows
    known: _Agreed | None = position.__dict__.get("_agreed")
    # The calendar may lay other rows for the same position, so they have to be the very same.
    if known is None or known.rows is not rows:
        paid, monthly = _CashFlow.of(plan, rows), float(position.repayment.annual_rate) / 12
        known = _Agreed(
            rows, paid, sum(paid.payments), monthly, paid.value(monthly), regular_instalment(plan)
        )
        # Beside the fields, where cached properties stand; a copy with changes does not take it along.
        position.__dict__["_agreed"] = known
    return known


def _losses(agreed: _Agreed, paid: _CashFlow, up_front: int) -> tuple[Decimal, int]:
    """Give the present value given up, as a share of that of paying as agreed and in minor units."""
    before, after = agreed.value, paid.value(agreed.monthly) + up_front
    slack = _SLACK * (before + after)

    def exactly() -> tuple[float, float]:
        return agreed.paid.exact_value(agreed.monthly), paid.exact_value(agreed.monthly) + up_front

    def share() -> float:
        then, now = exactly()
        return 1 - now / then

    def amount() -> float:
        then, now = exactly()
        return then - now

    lost = _whole(before - after, slack, amount)
    if not before:
        return Decimal("0.000000"), lost
    return _decimal(1 - after / before, 6, 2 * slack / before, share), lost


def _average_life(rows: Rows, paid: _CashFlow) -> tuple[Decimal, float]:
    """Give the years until principal is repaid on average, and principal times months."""
    columns = rows.columns
    principal = list(map(add, columns[_PRINCIPAL], columns[_PARKED_PRINCIPAL]))
    if any(columns[_ARREARS_PRINCIPAL]):
        principal = list(map(add, principal, columns[_ARREARS_PRINCIPAL]))
    repaid = sum(principal)
    weighted = sum(map(mul, principal, accumulate(paid.parts)))

    def exactly() -> float:
        summed = fsum(part * at for part, at in zip(principal, paid.months, strict=True))
        return summed / (12 * repaid) if repaid else 0.0

    years = weighted / (paid.year * repaid) if repaid else 0.0
    # Where principal grows again the sums cancel, and no share of the result bounds their error.
    slack = _SLACK * years if min(principal, default=0) >= 0 else 1.0
    return _decimal(years, 4, slack, exactly), weighted * 12 / paid.year


def _internal_rate(financed: int, paid: _CashFlow, principal_months: float) -> tuple[float, float]:
    """Solve for the monthly internal rate, and say how far off it may be.

    As `monthly_internal_rate`, but from a start near the root (what is paid beyond what is owed, over principal
    times months), and only until the next step would change nothing that shows.
    """
    total, payments = sum(paid.payments), paid.payments
    if financed <= 0 or total <= financed:
        return 0.0, 0.0
    rate = max(0.0, (total - financed) / principal_months) if principal_months else 0.0
    dated = list(zip(reversed(payments), reversed(paid.parts), strict=True))
    longest = sum(paid.parts) * 12 / paid.year
    for _ in range(20):
        steps, growth, value, slope = paid.steps(1 + rate), 1 + rate, 0.0, 0.0
        for payment, part in dated:
            at, discount = steps[part]
            value += payment
            slope = (slope + at * value) * discount
            value *= discount
        if not slope:
            break
        change = (value - financed) * growth / slope
        # From beyond the root the tangent may lead below zero, where it is not.
        rate = max(0.0, rate + change)
        # What a step leaves is at most half of (longest + 1)·step².
        left = change * change * (longest + 1)
        if left < 1e-13:
            return rate, left + growth * value / slope * _SLACK + 1e-13
    return rate, 1.0  # not solved so: rounding then takes the careful way


def monthly_internal_rate(financed: int, payments: Sequence[int], months: Sequence[float]) -> float:
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


def _whole(value: float, slack: float, carefully: Callable[[], float]) -> int:
    """Round a value that is off by at most `slack`; where that reaches across a border, one worked out with care."""
    low = round(value - slack)
    return low if low == round(value + slack) else round(carefully())


# A rate of a million is a hundred million percent; ten digits more would leave the integers that rules compare.
_BEYOND = 1e6


def _yearly(value: float, slack: float, carefully: Callable[[], float]) -> Decimal | None:
    """Round a yearly rate; none where it says nothing any more."""
    try:
        rate = _decimal(value, 4, slack, carefully)
    except OverflowError:
        return None
    return rate if rate < _BEYOND else None


def _decimal(value: float, scale: int, slack: float, carefully: Callable[[], float]) -> Decimal:
    """Round to so many decimals as `_whole` does; scaling is one more rounding of a float."""
    times = 10**scale
    scaled = value * times
    return Decimal(_whole(scaled, slack * times + abs(scaled) * 1e-15, lambda: carefully() * times)).scaleb(
        -scale
    )
