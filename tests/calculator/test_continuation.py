"""A second restructuring starts from the state the first one produced."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from calculator.test_measures import owing
from restructure import (
    Capitalise,
    ChangeRate,
    Charge,
    Contract,
    Extend,
    Handling,
    Holiday,
    InvalidInput,
    Park,
    Payment,
    Penalty,
    Reamortise,
    Settle,
    Spread,
    position_after,
    reschedule,
)
from restructure.calculator.measures import HolidayInterest
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
    rule = Handling(penalty=Penalty(annual_rate="36.5%"), overdue_interest="none")
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
            Park(of="interest_arrears"),
            Spread(of="fees", instalments=3),
            Park(of="penalty", until="2027-01-01"),
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
            Park(of=["penalty", "fees", "interest_arrears", "principal_arrears"]),
        ],
    )
    rows = plan.schedule.rows
    now = position_after(plan, paid(plan, rows[2].due), on=rows[2].due)
    assert str(now.repayment.annual_rate) == "3/50"
    assert [str(one.annual_rate) for one in now.repayment.rates] == ["9/50"]
    assert [(one.starts, one.instalments) for one in now.repayment.suspensions] == [(1, 2)]
    assert [row.total for row in reschedule(now).schedule.rows] == [row.total for row in rows[3:]]


def test_interest_on_parked_money_is_owed_as_it_accrues():
    plan = reschedule(owing(), [Park(of="principal_arrears", annual_rate="12%")])
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
            plan, [early], on=date(2026, 3, 1), handling=Handling(overdue_interest="in_instalment")
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
            handling=Handling(penalty=Penalty(annual_rate="9%", cap="0.001")),
            charges=[Charge(on=plan.position.on, amount="0.001"), Charge(on=before, amount="5")],
        )
    assert [(issue.code, issue.place) for issue in caught.value.issues] == [
        ("money-scale", "charges.0.amount"),
        ("money-scale", "handling.penalty.cap"),
        ("date-order", "charges.1.on"),
    ]


def test_a_contract_is_a_handling():
    assert issubclass(Contract, Handling)
