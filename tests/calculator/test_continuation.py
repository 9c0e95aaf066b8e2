"""A second restructuring starts from the state the first one produced."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from calculator.test_measures import EMPTY, owing
from restructure import (
    Capitalise,
    ChangeMethod,
    ChangeRate,
    Charge,
    Contract,
    Defer,
    Extend,
    Holiday,
    InvalidInput,
    MoveDue,
    Payment,
    Penalty,
    Reamortise,
    ServicingTerms,
    Settle,
    Spread,
    Waive,
    position_after,
    preset,
    reschedule,
)
from restructure.calculator.amortisation.scheme import HolidayInterest
from restructure.errors import Refused
from strategies import restructurings


def paid(plan, until):
    return [Payment(on=row.due, amount=row.total) for row in plan.schedule.rows if row.due <= until]


@given(restructurings(), st.integers(0, 30), st.integers(0, 25))
def test_a_plan_that_is_paid_goes_on_as_it_was(one, k, later):
    position, measures = one
    # What has accrued in another holiday and is not yet billed stands in `accrued`, which the next plan carries.
    assume(
        all(
            m.pay == "interest" or m.interest is HolidayInterest.CAPITALISE
            for m in measures
            if isinstance(m, Holiday)
        )
    )
    try:
        plan = reschedule(position, measures)
    except Refused:
        assume(False)
    rows = plan.schedule.rows
    assume(rows)  # else everything is paid or given up
    on = rows[min(k, len(rows) - 1)].due
    left = [row for row in rows if row.due > on]
    # Money parked for the last instalment falls due with the last of the new ones, wherever that is.
    assume(left and rows[-2].balance > 0)
    now = position_after(plan, paid(plan, on), on=on)
    assert now.days_past_due == 0
    # What is left of the claim is what the rows still hold, less the interest that has yet to accrue.
    assert now.buckets.claim == sum(row.total - row.accrued for row in left)
    again = reschedule(now)
    assert [(row.due, row.total, row.balance) for row in again.schedule.rows] == [
        (row.due, row.total, row.balance) for row in left
    ]
    assert again.identities.hold


def test_what_was_not_paid_is_arrears_of_the_plan():
    plan = reschedule(
        owing(), [Capitalise(of=["principal_arrears", "interest_arrears"]), Extend(instalments=6)]
    )
    first, second = plan.schedule.rows[:2]
    # The first instalment has penalty and fees on top: 162 and 30, carried.
    now = position_after(plan, [], on=second.due)
    assert now.missed_instalments == 1  # the second falls due today
    assert now.oldest_unpaid_due == first.due
    assert (now.buckets.penalty, now.buckets.fees) == (162, 30)
    assert now.buckets.principal_arrears == first.principal + second.principal
    # Contract interest on the overdue principal for a month: 18 % of it over 12.
    late = (first.principal * Decimal("0.015")).quantize(Decimal("0.01"))
    assert now.buckets.interest_arrears == first.interest + second.interest + late


def test_the_contract_says_what_lateness_costs_under_a_plan_too():
    plan = reschedule(owing(), [Capitalise(of=["principal_arrears", "interest_arrears"])])
    rule = ServicingTerms(penalty=Penalty(annual_rate="36.5%"), overdue_interest="none")
    now = position_after(plan, [], on=plan.schedule.rows[0].due + timedelta(days=10), handling=rule)
    # A thousandth a day of the overdue principal for ten days, and the 162 that the plan carried.
    first = plan.schedule.rows[0]
    late = (first.principal * Decimal("0.01")).quantize(Decimal("0.01"))
    assert now.buckets.penalty == 162 + late
    assert now.buckets.interest_arrears == first.interest


def test_money_parked_and_spread_waits_in_the_parked_bucket_for_its_days():
    plan = reschedule(
        owing(),
        [
            Defer(of="interest_arrears"),
            Spread(of="fees", instalments=3),
            Defer(of="penalty", until="2027-01-01"),
        ],
    )
    rows = plan.schedule.rows
    now = position_after(plan, paid(plan, rows[0].due), on=rows[0].due)
    # Fees of 30 in three parts, one of them paid; 162 due in January 2027; 1,080 with the last instalment.
    assert now.buckets.parked == 20 + 162 + 1080
    assert [(one.on and one.on.isoformat(), str(one.amount)) for one in now.parked_due] == [
        ("2026-05-18", "10.00"),
        ("2026-06-18", "10.00"),
        ("2027-01-18", "162.00"),
        (None, "1080.00"),
    ]
    longer = reschedule(now, [Extend(instalments=6)])
    assert longer.schedule.rows[-1].parked_principal == 1080
    assert longer.identities.hold


def test_a_rate_that_changes_later_and_a_holiday_still_running_go_on():
    plan = reschedule(
        owing(),
        [
            Holiday(instalments=4, starts=2),
            ChangeRate(annual_rate="6%", ends="2026-12-01"),
            Defer(of=["penalty", "fees", "interest_arrears", "principal_arrears"]),
        ],
    )
    rows = plan.schedule.rows
    now = position_after(plan, paid(plan, rows[2].due), on=rows[2].due)
    assert str(now.repayment.annual_rate) == "3/50"
    assert [str(one.annual_rate) for one in now.repayment.rates] == ["9/50"]
    assert [(one.starts, one.instalments) for one in now.repayment.suspensions] == [(1, 2)]
    assert [row.total for row in reschedule(now).schedule.rows] == [row.total for row in rows[3:]]


def test_interest_on_parked_money_is_owed_as_it_accrues():
    plan = reschedule(owing(), [Defer(of="principal_arrears", annual_rate="12%")])
    rows = plan.schedule.rows
    # 500.00 at 12 % for 18 months of the month basis: 90.00, due with it.
    assert rows[-1].parked_principal == 500
    assert rows[-1].interest - (rows[-1].total - 500 - rows[-1].principal) == 0
    now = position_after(plan, paid(plan, rows[5].due), on=rows[5].due)
    # Six months of it, 30.00, wait beside the 500.00 for the same day, and bear nothing themselves.
    assert (now.buckets.parked, now.buckets.accrued) == (530, 0)
    assert [(str(one.amount), str(one.annual_rate)) for one in now.parked_due] == [
        ("30.00", "0"),
        ("500.00", "3/25"),
    ]
    again = reschedule(now)
    assert [row.total for row in again.schedule.rows] == [row.total for row in rows[6:]]
    assert again.schedule.interest + 30 == sum(row.accrued for row in rows[6:])


def goes_on_as_it_was(plan, on):
    """Nothing changes on a day when all that was due is paid and no measure is taken."""
    now = position_after(plan, paid(plan, on), on=on)
    left = [(row.due, row.total) for row in plan.schedule.rows if row.due > on]
    again = reschedule(now)
    assert again.identities.hold
    assert [(row.due, row.total) for row in again.schedule.rows if row.total] == [
        one for one in left if one[1]
    ]
    return now


@pytest.mark.parametrize("of", ["principal_arrears", "fees"])
@pytest.mark.parametrize(
    "until",
    [
        None,
        date(2027, 8, 18),  # the day before the last instalment's
        date(2027, 9, 18),
        date(2028, 3, 18),  # half a year after it
    ],
)
def test_parked_money_goes_on_bearing_until_its_day_whenever_that_is(of, until):
    plan = reschedule(owing(), [Defer(of=of, until=until, annual_rate="12%")])
    for on in (plan.position.on, plan.schedule.rows[5].due):
        now = goes_on_as_it_was(plan, on)
        (bearing,) = [one for one in now.parked_due if one.annual_rate]
        assert bearing.amount == (500 if of == "principal_arrears" else 30)
        assert bearing.on == until
    # With the last instalment means with the new last one, and a day stays the day; half a year has earned 6 %.
    longer = reschedule(now, [Extend(instalments=12)]).schedule
    waited = next(row for row in longer.rows if row.due >= (until or longer.last_due))
    assert waited.parked_principal == bearing.amount * Decimal("1.06")


def test_money_parked_beyond_the_last_instalment_is_not_due_earlier_because_time_passes():
    plan = reschedule(
        owing(), [Defer(of=["principal_arrears", "penalty"], until="2028-03-18"), Defer(of="fees")]
    )
    for k in (0, 5, 17):
        now = goes_on_as_it_was(plan, plan.schedule.rows[k].due)
        assert now.parked_due[-1].on == date(2028, 3, 18)


@pytest.mark.parametrize("days", [0, 9, 30])
@pytest.mark.parametrize(
    "measures",
    [[], [Waive(of="penalty", share=1)], [*preset("re-amortise")]],
)
def test_interest_that_the_first_instalment_covers_is_covered_still_before_it_is_due(measures, days):
    # 270 accrued in half a month, and the instalment of 2,297.01 holds the interest of all of it.
    owed = owing(buckets={"accrued": "270"}, repayment={"instalment": "2297.01"})
    plan = reschedule(owed, measures)
    now = position_after(plan, on=owed.on + timedelta(days=days))
    again = reschedule(now)
    assert again.schedule.rows[0].total == plan.schedule.rows[0].total
    assert again.instalment == plan.instalment
    # The running period is cut in two, and each part rounds once.
    assert abs(again.schedule.total - plan.schedule.total + again.up_front) <= Decimal("0.05")


def test_the_month_of_a_moved_due_date_is_counted_from_the_day_before_it_moved():
    plan = reschedule(
        owing(buckets=EMPTY | {"principal": "36000"}),
        [MoveDue(to=date(2026, 5, 5)), Reamortise(solve="nothing")],
    )
    now = position_after(plan, on=plan.position.on)
    assert reschedule(now).schedule == plan.schedule
    assert (now.repayment.first_due, now.repayment.anchor) == (date(2026, 5, 5), 18)
    assert now.repayment.dues(2) == [date(2026, 5, 5), date(2026, 6, 5)]


def test_interest_of_a_coming_holiday_is_not_owed_before_it_accrues_whatever_the_method():
    plan = reschedule(owing(), [ChangeMethod(method="bullet"), Holiday(instalments=3, interest="carry")])
    now = position_after(plan, on=plan.position.on)
    assert now.buckets.claim == plan.position.buckets.claim


def test_a_plan_that_suspended_amounts_repay_is_followed_to_its_end():
    owed = owing(
        buckets=EMPTY | {"principal": "100"},
        repayment={
            "annual_rate": "0",
            "repricing": "recalculate",
            "rates": [dict(starts="2026-08-18", annual_rate="12%")],
        },
    )
    plan = reschedule(owed, [Holiday(instalments=3, starts=4, amount="1000")])
    for row in plan.schedule.rows:
        now = position_after(plan, paid(plan, row.due), on=row.due)
    assert now.buckets.claim == 0


def test_a_second_plan_changes_the_first_and_every_cent_is_accounted_for():
    first = reschedule(
        owing(), [Capitalise(of=["principal_arrears", "interest_arrears"]), Extend(instalments=12)]
    )
    on = first.schedule.rows[3].due
    now = position_after(first, paid(first, first.schedule.rows[1].due), on=on)
    second = reschedule(
        now,
        [
            Capitalise(of=["principal_arrears", "interest_arrears"]),
            Holiday(instalments=2, pay="interest"),
            Reamortise(),
        ],
    )
    assert second.identities.hold
    assert second.position == now
    assert len(second.schedule.rows) == len(first.schedule.rows) - 4 + 2


def test_what_cannot_be_followed_is_refused_all_at_once():
    plan = reschedule(owing(), [Extend(instalments=3)])
    early = Payment(on="2026-03-01", amount="10", prepayment="shorten_term")
    with pytest.raises(InvalidInput) as caught:
        position_after(
            plan, [early], on=date(2026, 3, 1), handling=ServicingTerms(overdue_interest="in_instalment")
        )
    assert [issue.place for issue in caught.value.issues] == [
        "on",
        "handling.overdue_interest",
        "payments.0.prepayment",
        "payments.0.on",
    ]
    settled = reschedule(owing(), [Settle(payments=[{"on": "2026-04-01", "amount": "100"}])])
    with pytest.raises(InvalidInput, match="the plan ends the loan"):
        position_after(settled, [], on=date(2026, 4, 1))


def test_charges_and_penalties_that_cannot_belong_to_a_plan_are_refused_all_at_once():
    plan = reschedule(owing(), [Extend(instalments=3)])
    before = plan.position.on - timedelta(days=1)
    with pytest.raises(InvalidInput) as caught:
        position_after(
            plan,
            [],
            on=plan.position.on,
            handling=ServicingTerms(penalty=Penalty(annual_rate="9%", cap="0.001")),
            charges=[Charge(on=plan.position.on, amount="0.001"), Charge(on=before, amount="5")],
        )
    assert [(issue.code, issue.place) for issue in caught.value.issues] == [
        ("money-scale", "charges.0.amount"),
        ("money-scale", "handling.penalty.cap"),
        ("date-order", "charges.1.on"),
    ]


def test_a_contract_is_a_handling():
    assert issubclass(Contract, ServicingTerms)
