"""Continuation: the position while a plan is being paid, from which a second restructuring can begin."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.amortisation.rows import Row
from restructure.calculator.amortisation.schedule import Layout
from restructure.calculator.amortisation.scheme import LastRow
from restructure.calculator.conventions.currency_scale import scale_problems
from restructure.calculator.conventions.dates import Closed, roll_date, weekend
from restructure.calculator.conventions.day_counts import year_fraction
from restructure.calculator.conventions.money import from_minor, rounder, to_minor
from restructure.calculator.plans.plan import Plan
from restructure.calculator.servicing.account import Account
from restructure.calculator.servicing.contract import (
    Charge,
    OverdueInterest,
    Payment,
    Prepayment,
    ServicingTerms,
    received_problems,
)
from restructure.calculator.servicing.position import ParkedDue, Position
from restructure.errors import InvalidInput, Issue
from restructure.inputs import Day, day_of, record_of

__all__ = ["position_after"]


def position_after(
    plan: Plan,
    payments: Sequence[Payment] = (),
    *,
    on: Day,
    handling: ServicingTerms | None = None,
    charges: Sequence[Charge] = (),
    closed: Closed = weekend,
) -> Position:
    """Derive the position on a date under a plan, from the payments received since it was made.

    `handling` is what the contract says of lateness and of the allocation of payments (a `Contract` is one);
    `charges` are fees since the plan. Money that the plan deferred, spread or carried and that is not yet due is in
    `parked`, with its due dates in `parked_due`, or in `accrued` if it is interest that the first instalment covers,
    so that without further measures the plan continues unchanged. Money received early is held until the next due
    date; to repay early, restructure with `Pay`. Raises `InvalidInput` as `position_of` does, and for a settlement,
    which leaves nothing to restructure.

    >>> from restructure.calculator.measures.deferral import Capitalise
    >>> from restructure.calculator.measures.timing import Extend
    >>> from restructure.calculator.plans.plan import reschedule
    >>> from restructure.calculator.servicing.position import Buckets
    >>> from restructure.calculator.amortisation.repayment import Repayment
    >>> owed = Position(on="2026-03-18", currency="CNY", buckets=Buckets(principal="36000", interest_arrears="1080"),
    ...                 repayment=Repayment(annual_rate="18%", instalments=18, first_due="2026-04-18"))
    >>> plan = reschedule(owed, [Capitalise(of="interest_arrears"), Extend(instalments=6)])
    >>> later = position_after(plan, [Payment(on="2026-04-18", amount=plan.instalment)], on=date(2026, 6, 1))
    >>> later.days_past_due, str(later.buckets.principal_arrears), later.repayment.instalments
    (14, '1314.41', 22)
    >>> str(reschedule(later, [Extend(instalments=3)]).schedule.rows[-1].balance)
    '0.00'
    """
    record_of(Plan, plan, "plan")
    on = day_of(on)
    handling = handling or ServicingTerms()
    position, terms = plan.position, plan.repayment
    issues: list[Issue] = []
    if terms is None:
        issues.append(Issue("value-invalid", "the plan ends the loan; what it leaves is not restructured"))
    if on < position.on:
        sentence = f"{on} is before the plan was made on {position.on}"
        issues.append(Issue("date-order", sentence, "on"))
    if handling.overdue_interest is OverdueInterest.IN_INSTALMENT:
        sentence = (
            "a plan's instalments are fixed, so none can bear the interest on overdue principal; say separate"
        )
        issues.append(Issue("value-invalid", sentence, "handling.overdue_interest"))
    for k, payment in enumerate(payments):
        if (payment.prepayment or handling.prepayment) is not Prepayment.HOLD:
            sentence = "a plan is not remade by a payment; restructure again with a pay measure"
            issues.append(Issue("value-invalid", sentence, f"payments.{k}.prepayment"))
    issues += received_problems(position.currency, position.on, payments)
    issues += _handling_problems(handling, charges, position)
    if issues:
        raise InvalidInput(issues)
    assert terms is not None, "a plan without a repayment was refused above"
    account = _account(plan, terms, handling, closed)
    account.process(payments, charges, until=on)
    now = account.position()
    return _with_bearing(plan, now, closed) if plan.bearing else now


def _handling_problems(
    handling: ServicingTerms, charges: Sequence[Charge], position: Position
) -> list[Issue]:
    """List the amounts with too many decimals, and every fee charged before the plan was made."""
    finer: list[tuple[str, ...]] = []
    for k, charge in enumerate(charges):
        finer += scale_problems(charge.amount, position.currency, "charges", str(k), "amount")
    if handling.penalty is not None:
        finer += handling.penalty.finer_than(position.currency, "handling", "penalty")
    issues = [Issue(code, sentence, ".".join(place)) for code, sentence, *place in finer]
    for k, charge in enumerate(charges):
        if charge.on < position.on:
            sentence = f"a charge on {charge.on} is before the plan was made on {position.on}, which holds it"
            issues.append(Issue("date-order", sentence, f"charges.{k}.on"))
    return issues


def _account(plan: Plan, terms: Repayment, handling: ServicingTerms, closed: Closed) -> Account:
    currency, rows = plan.position.currency, plan.schedule.rows.minor
    extra = int(terms.last_row is LastRow.EXTRA_ROW)
    scheduled = terms.dues(max(len(rows), terms.instalments + extra))
    for k, row in enumerate(rows):
        # A row for money deferred to a day of its own is outside the regular due dates.
        if roll_date(scheduled[k], terms.roll, closed) != row[0]:
            scheduled[k] = row[0]
    first = Row(*rows[0])
    lent = first.balance + first.principal - first.capitalised
    unit = to_minor(plan.instalment if terms.instalment is None else terms.instalment, currency)
    anew = [(number - 1, to_minor(instalment, currency)) for number, instalment in plan.solved_anew]
    # Interest that the first instalment covers is billed with its own, so that a continuation covers it too.
    covered = to_minor(plan.covered, currency)
    billed = first._replace(arrears_interest=first.arrears_interest - covered)
    laid = Layout([tuple(billed), *rows[1:]], unit, scheduled, anew=anew)
    account = Account(handling, terms, currency, plan.position.on, lent, laid, closed)
    account.schedule.most, account.held = terms.instalments, covered
    return account


def _with_bearing(plan: Plan, now: Position, closed: Closed) -> Position:
    """Add the interest that deferred money has earned, and the interest that it continues to bear."""
    terms, currency = now.repayment, now.currency
    divide, earned, nothing = rounder(terms.rounding), 0, Fraction(0)
    due = {(later.on, later.annual_rate): later.amount for later in now.parked_due}
    rows = plan.schedule.rows.minor
    assert plan.repayment is not None, "a plan that ends the loan has nothing to go on with"
    stepped = zip(plan.repayment.dues(len(rows)), (row[0] for row in rows), strict=True)
    # Money due with the last instalment is recorded so, or with the day of one of the last rows.
    ends: list[date | None] = [None]
    ends += sorted(
        (day for due_day, day in stepped if roll_date(due_day, terms.roll, closed) == day), reverse=True
    )
    for bearing in plan.bearing:
        days = [
            day for day in (ends if bearing.on is None else (bearing.on, None)) if day is None or day > now.on
        ]
        plain = next((day for day in days if due.get((day, nothing), 0) >= bearing.amount), now.on)
        if plain == now.on:
            continue  # it has fallen due
        part, year = year_fraction(terms.day_count, plan.position.on, now.on, anchor_day=terms.anchor)
        rate = bearing.annual_rate
        bears = divide(to_minor(bearing.amount, currency) * part * rate.numerator, year * rate.denominator)
        earned += bears
        due[plain, nothing] -= bearing.amount
        for key, amount in (
            ((bearing.on, nothing), from_minor(bears, currency)),
            ((bearing.on, rate), bearing.amount),
        ):
            due[key] = due.get(key, Decimal(0)) + amount
    # Interest on deferred money bears none itself and falls due with it, so it is in the same bucket.
    buckets = now.buckets.model_copy(update={"parked": now.buckets.parked + from_minor(earned, currency)})
    parked_due = tuple(
        ParkedDue(amount=amount, on=day, annual_rate=rate) for (day, rate), amount in due.items() if amount
    )
    return now.model_copy(update={"buckets": buckets, "parked_due": parked_due})
