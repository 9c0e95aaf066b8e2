"""Present value of the payments of a plan on the effective date, at a yearly rate.

Where instalments fall due every month, or every few, rows count in whole periods whatever the days between them, as net
present value tests of modifications do; at other frequencies, for lump sums and where days are asked for, time is
months of 30 days from the effective date.
"""

from decimal import Context, Decimal
from fractions import Fraction
from itertools import accumulate, pairwise

from restructure.calculator.amortisation.rows import PAID, Row
from restructure.calculator.conventions.dates import step_of
from restructure.calculator.conventions.day_counts import DayCount, year_fractions
from restructure.calculator.conventions.money import minor_digits, to_minor
from restructure.calculator.measures.books import MovementKind, booked
from restructure.calculator.measures.timing import ChangeFrequency
from restructure.calculator.measures.up_front import Settle
from restructure.calculator.plans.plan import Plan, reschedule
from restructure.errors import Issue, Refused

__all__ = ["as_agreed", "present_value"]

_PRECISE = Context(prec=50)
_PRINCIPAL, _INTEREST, _ACCRUED, _CAPITALISED, _BALANCE = (
    Row._fields.index(name) for name in ("principal", "interest", "accrued", "capitalised", "balance")
)
_APART = slice(Row._fields.index("arrears_principal"), Row._fields.index("parked_interest") + 1)


def as_agreed(plan: Plan) -> Plan | None:
    """Give the plan that changes nothing, none where paying as agreed cannot be carried out."""
    if plan.before is None:
        return None
    return reschedule(plan.position).model_copy(update={"schedule": plan.before})


def present_value(
    plan: Plan,
    annual_rate: Fraction,
    *,
    lag_months: int = 0,
    prepaid_after: int | None = None,
    yearly: bool = False,
    by_days: bool = False,
) -> Fraction:
    """Discount what a plan pays at a rate a year, to 50 digits: a twelfth of it a month, or compounded `yearly`.

    Row k of a monthly plan is discounted for k + `lag_months` months, what is paid up front for `lag_months`; `by_days`
    counts the time from the effective date to the day of the row instead. With
    `prepaid_after` the rows after that number are replaced by what is left then, paid together with it: the balance,
    interest that accrued unpaid, and what was set aside or spread to later rows, without what that bears. Gives
    currency units, unrounded. Raises `Refused` for a rate of −1200 % or less
    (−100 % if compounded yearly), or a number of rows below zero.

    >>> from restructure.calculator.plans.plan import reschedule
    >>> from restructure.calculator.servicing.position import Buckets, Position
    >>> from restructure.calculator.amortisation.repayment import Repayment
    >>> now = Position(on="2026-01-01", currency="USD", buckets=Buckets(principal="1000"),
    ...                repayment=Repayment(annual_rate="12%", instalments=12, first_due="2026-02-01"))
    >>> round(float(present_value(reschedule(now), Fraction(12, 100))), 2)
    1000.0
    """
    growth = 1 + (annual_rate if yearly else annual_rate / 12)
    if growth <= 0 or (prepaid_after is not None and prepaid_after < 0):
        raise Refused(
            Issue(
                "value-invalid",
                "a present value needs a rate above −1200 % (−100 % if compounded yearly) and rows from 0 on",
            )
        )
    rows = plan.schedule.rows.minor
    payments = [sum(row[PAID]) for row in rows]
    up_front = to_minor(plan.up_front, plan.position.currency)
    if prepaid_after is not None and prepaid_after < len(rows):
        left = _left_after(plan, prepaid_after)
        del payments[prepaid_after:]
        if prepaid_after:
            payments[-1] += left
        up_front += 0 if prepaid_after else left
    step = _PRECISE.divide(Decimal(growth.denominator), Decimal(growth.numerator))
    months = [Fraction(0), *_months(plan, by_days=by_days)][: len(payments) + 1]
    powers: dict[Fraction, Decimal] = {}

    def discounted(amount: Decimal, over: Fraction) -> Decimal:
        if over not in powers:
            steps = over / 12 if yearly else over
            time = _PRECISE.divide(Decimal(steps.numerator), Decimal(steps.denominator))
            powers[over] = _PRECISE.power(step, time)
        return _PRECISE.multiply(amount, powers[over])

    # Backwards, so that few powers are needed: most plans have one or two lengths of a period.
    total = Decimal(0)
    for (before, at), payment in zip(reversed(list(pairwise(months))), reversed(payments), strict=True):
        total = discounted(_PRECISE.add(total, Decimal(payment)), at - before)
    total = discounted(_PRECISE.add(total, Decimal(up_front)), Fraction(lag_months))
    return Fraction(total) / Fraction(10 ** minor_digits(plan.position.currency))


def _left_after(plan: Plan, number: int) -> int:
    """Give the amount that pays the plan off with a row: its balance, and later rows without their interest."""
    rows = plan.schedule.rows.minor
    after, until = (rows[number - 1], rows[number - 1][0]) if number else (rows[0], plan.position.on)
    balance = after[_BALANCE] if number else after[_BALANCE] + after[_PRINCIPAL] - after[_CAPITALISED]
    waiting = sum(sum(row[_APART]) for row in rows[number:])
    # What later suspensions leave unpaid has not accrued yet, and what they give up is given up when they end.
    unpaid = sum(row[_ACCRUED] - row[_INTEREST] - row[_CAPITALISED] for row in rows[number:])
    given_up = sum(
        amount
        for on, kind, _, amount in booked(plan.ledger, plan.position.currency)
        if on > until and kind is MovementKind.WAIVED
    )
    return int(balance + waiting - unpaid + given_up)


def _months(plan: Plan, *, by_days: bool) -> list[Fraction]:
    """Count the months from the effective date to each row."""
    rows = plan.schedule.rows.minor
    changed = [change.every for change in plan.measures if isinstance(change, ChangeFrequency)]
    terms, days = plan.position.repayment, [plan.position.on, *(row[0] for row in rows)]
    parts, year = year_fractions(DayCount.THIRTY_360_BY_MONTH, days, anchor_day=terms.anchor)
    months = [Fraction(total * 12, year) for total in accumulate(parts)]
    step = step_of(changed[0] if changed else terms.every)
    if by_days or step.unit != "month" or any(isinstance(measure, Settle) for measure in plan.measures):
        return months
    # A due date that rolls to a business day is still so many months away.
    return [Fraction(step.size + round(at - months[0])) for at in months]
