"""What the charts of a plan show is the plan's own figures, to the cent, whatever its measures."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import HealthCheck, assume, given

from compositions import compositions
from laws import examples
from restructure.calculator.measures.books import MovementKind
from restructure.calculator.measures.holiday import Holiday
from restructure.calculator.measures.timing import Extend
from restructure.calculator.measures.up_front import Pay
from restructure.calculator.plans.plan import Plan, reschedule
from restructure.calculator.servicing.position import Bucket
from restructure.errors import Refused
from restructure.report.plots.pictures import cells
from restructure.report.plots.plan_pictures import balance_picture, instalments_picture, ledger_picture
from restructure.report.wording import Wording

ENGLISH = Wording.of("en")


def planned(composition) -> Plan:
    try:
        return reschedule(*composition)
    except Refused:
        assume(False)
        raise


def check_instalments(plan: Plan) -> None:
    picture = instalments_picture(plan, ENGLISH, None)
    for payments, schedule, up_front in (
        (picture.plan, plan.schedule, plan.up_front),
        (picture.agreed, plan.before, Decimal(0)),
    ):
        if payments is None:
            assert schedule is None
            continue
        for k, total in enumerate(payments.totals):
            assert sum(part.amounts[k] for part in payments.parts) == total
        assert all(amount >= 0 for part in payments.parts for amount in part.amounts)
        assert sum(payments.totals) == schedule.total + up_front
        due = {row.due for row in schedule.rows} | ({plan.position.on} if up_front else set())
        assert set(payments.days) == due, "a day with nothing to pay is among them"
        assert list(payments.days) == sorted(payments.days)


def check_balance(plan: Plan) -> None:
    picture = balance_picture(plan, ENGLISH)
    given_up = sum(
        m.amount for m in plan.ledger if m.kind in ("waived", "forgiven") and m.on == plan.position.on
    )
    claim = plan.position.buckets.claim
    for curve in picture.curves:
        assert curve.amounts[0] == (claim - given_up if curve.key == "plan" else claim)
        schedule = plan.schedule if curve.key == "plan" else plan.before
        assert curve.amounts[-1] == 0
        first = len(curve.days) - len(schedule.rows)
        assert list(curve.days[first:]) == [row.due for row in schedule.rows]
        # Whatever else is still owed, the balance that bears interest is a part of it.
        for row, owed in zip(schedule.rows, curve.amounts[first:], strict=True):
            assert owed >= row.balance
    assert picture.up_front == plan.up_front


def check_ledger(plan: Plan) -> None:
    steps = ledger_picture(plan, ENGLISH).steps
    totals = [step for step in steps if step.kind == "total"]
    buckets = [step for step in steps if step.kind == "bucket"]
    held = [amount for bucket in Bucket if (amount := getattr(plan.position.buckets, bucket))]
    assert [step.amount for step in buckets] == held
    assert totals[0].amount == plan.position.buckets.claim
    less = sum(step.amount for step in steps if step.kind == "less")
    assert less == plan.moved(MovementKind.WAIVED) + plan.moved(MovementKind.FORGIVEN) + plan.up_front
    if plan.schedule.rows:
        assert sum(step.amount for step in steps if step.kind == "more") == plan.schedule.interest
        assert totals[-1].amount == plan.schedule.total
    # Each row begins where the one above it ends, so that nothing is lost on the way down.
    level = Decimal(0)
    for step in steps:
        match step.kind:
            case "total":
                assert (step.start, step.amount) == (0, level)
            case "less":
                level -= step.amount
                assert step.start == level
            case _:
                assert step.start == level
                level += step.amount


@examples(200, suppress_health_check=[HealthCheck.filter_too_much])
@given(compositions())
def test_the_charts_of_any_plan_add_up_to_the_cent(composition):
    plan = planned(composition)
    check_instalments(plan)
    check_balance(plan)
    check_ledger(plan)


def test_a_holiday_is_days_with_nothing_to_pay_and_its_interest_is_owed_from_its_own_days_on(weekly):
    plan = reschedule(weekly, [Holiday(instalments=3, interest="park"), Extend(instalments=3)])
    picture = instalments_picture(plan, ENGLISH, None)
    assert [not total for total in picture.plan.totals[:4]] == [True, True, True, False]
    owed = balance_picture(plan, ENGLISH).curves[-1].amounts
    accrued = [row.accrued for row in plan.schedule.rows[:3]]
    assert [later - earlier for earlier, later in pairwise(owed[:4])] == accrued


def test_without_arrears_what_is_owed_is_the_balance_after_each_row(weekly):
    bare = weekly.model_copy(
        update={
            "buckets": type(weekly.buckets)(principal="90000"),
            "oldest_unpaid_due": None,
            "missed_instalments": 0,
        }
    )
    plan = reschedule(bare, [Extend(instalments=60)])
    for curve, schedule in zip(
        balance_picture(plan, ENGLISH).curves, (plan.before, plan.schedule), strict=True
    ):
        assert curve.amounts == (Decimal("90000"), *(row.balance for row in schedule.rows))


def test_an_up_front_payment_is_a_payment_of_its_day_and_a_fall_of_what_is_owed(weekly):
    plan = reschedule(weekly, [Pay(amount="5000")])
    payments = instalments_picture(plan, ENGLISH, None).plan
    assert (payments.days[0], payments.totals[0]) == (weekly.on, 5000)
    assert payments.parts[-1].key == "paid"
    curve = balance_picture(plan, ENGLISH).curves[-1]
    assert curve.days[:2] == (weekly.on, weekly.on)
    assert curve.amounts[0] - curve.amounts[1] == 5000


def test_where_paying_as_agreed_cannot_be_carried_out_the_plan_is_shown_alone(weekly):
    alone = reschedule(weekly, [Extend(instalments=60)]).model_copy(update={"before": None})
    assert instalments_picture(alone, ENGLISH, None).agreed is None
    assert [curve.key for curve in balance_picture(alone, ENGLISH).curves] == ["plan"]


def test_cells_touch_where_due_dates_follow_each_other_and_leave_a_long_gap_empty():
    first = date(2026, 1, 31)
    days = [first + timedelta(days=k) for k in (0, 28, 59, 89, 365)]
    places = cells(days)
    assert all(before[1] == after[0] for before, after in pairwise(places[:4]))
    assert places[4][0] - places[3][1] > 200
    assert all(start < day.toordinal() < end for day, (start, end) in zip(days, places, strict=True))
    assert cells([]) == []
    assert len(cells([first])) == 1
