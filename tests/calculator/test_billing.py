"""Bills: the order in which payments clear them, and what lateness costs."""

from datetime import date, timedelta
from itertools import permutations

import pytest

from calculator.loans import DAILY, pay, plain
from calculator.oracles import minor
from restructure.calculator.servicing.account import position_of
from restructure.calculator.servicing.contract import (
    AllocationClaim,
    Charge,
    Component,
    OverdueInterest,
    Payment,
    Penalty,
)
from strategies import major

# --- allocation

# One instalment of 1,000 principal and 120 interest, 10 days late at a thousandth a day, and a fee.
LATE = dict(
    annual_rate="12%",
    overdue_interest=False,
    penalty=DAILY,
    method="equal_principal",
    charges=(Charge(on="2026-02-20", amount="30"),),
)
OWED = {"fees": 3000, "penalty": 1000, "interest": 12000, "principal": 100000}


@pytest.mark.parametrize("allocate_by", ["row", "bucket"])
@pytest.mark.parametrize("order", list(permutations(Component)), ids=lambda order: "-".join(order))
@pytest.mark.parametrize("amount", [1, 2999, 3500, 12500, 99999, 112345])
def test_a_payment_clears_what_is_due_in_the_order_of_the_contract(order, allocate_by, amount):
    loan = plain(allocation=order, allocate_by=allocate_by, **LATE)
    position = position_of(loan, [Payment(on="2026-02-25", amount=major(amount))], on=date(2026, 2, 25))
    left = amount
    for component in order:
        paid = min(left, OWED[component])
        left -= paid
        bucket = {"interest": "interest_arrears", "principal": "principal_arrears"}.get(component, component)
        assert minor(getattr(position.buckets, bucket)) == OWED[component] - paid


def test_by_row_clears_the_oldest_instalment_before_the_next():
    # Two instalments of 1,000 + 120 and 1,000 + 110: 1,150 clears the first and 30 of the interest of the second.
    loan = plain(annual_rate="12%", method="equal_principal", overdue_interest=False)
    position = position_of(loan, [pay("2026-03-15", "1150")], on=date(2026, 3, 15))
    assert (position.buckets.interest_arrears, position.buckets.principal_arrears) == (80, 1000)
    assert position.oldest_unpaid_due == date(2026, 3, 15)


def test_by_bucket_clears_one_component_of_all_instalments_first():
    # The same 1,150 clears the interest of both, 230, and 920 of the older principal.
    loan = plain(annual_rate="12%", method="equal_principal", overdue_interest=False, allocate_by="bucket")
    position = position_of(loan, [pay("2026-03-15", "1150")], on=date(2026, 3, 15))
    assert (position.buckets.interest_arrears, position.buckets.principal_arrears) == (0, 1080)
    assert position.oldest_unpaid_due == date(2026, 2, 15)


# Two instalments of 1,000 + 120 and 1,000 + 110: one past due on 15 March, one due that day.
PAST_DUE, DUE = ["past_due_interest", "past_due_principal"], ["due_interest", "due_principal"]
REST = ["past_due_fees", "past_due_penalty", "due_fees", "due_penalty"]


def cleared(allocation, amount: str, allocate_by: str = "row", on: str = "2026-03-15"):
    """What the payment has paid of interest and principal of the two instalments."""
    loan = plain(
        annual_rate="12%",
        method="equal_principal",
        overdue_interest=False,
        allocation=allocation,
        allocate_by=allocate_by,
    )
    day = date.fromisoformat(on)
    position = position_of(loan, [pay(on, amount)], on=day)
    left = (position.buckets.interest_arrears, position.buckets.principal_arrears)
    return 230 - left[0], 2000 - left[1], position.oldest_unpaid_due


@pytest.mark.parametrize(
    ("order", "amount", "interest", "principal", "oldest"),
    [
        # What is past due before what is due: 1,120 and 30 of the second.
        ([*PAST_DUE, *DUE], "1150", 150, 1000, "2026-03-15"),
        # What is due first: 1,110, then 40 of the older interest.
        ([*DUE, *PAST_DUE], "1150", 150, 1000, "2026-02-15"),
        # All interest before all principal: 230, then 920 of the older principal.
        (
            ["past_due_interest", "due_interest", "past_due_principal", "due_principal"],
            "1150",
            230,
            920,
            "2026-02-15",
        ),
        (
            ["due_interest", "past_due_principal", "due_principal", "past_due_interest"],
            "1150",
            110,
            1040,
            "2026-02-15",
        ),
    ],
)
@pytest.mark.parametrize("allocate_by", ["row", "bucket"])
def test_claims_are_cleared_in_their_order(order, amount, interest, principal, oldest, allocate_by):
    assert cleared([*REST, *order], amount, allocate_by) == (interest, principal, date.fromisoformat(oldest))


def test_within_one_timing_the_oldest_row_is_cleared_before_the_next_or_one_claim_of_all():
    # A day later both are past due; by row the 1,150 clear the older one and 30 of the younger's interest.
    order = [*PAST_DUE, *REST, *DUE]
    assert cleared(order, "1150", "row", "2026-03-16")[:2] == (150, 1000)
    assert cleared(order, "1150", "bucket", "2026-03-16")[:2] == (230, 920)
    # A group ends where the timing changes: interest of all rows, then principal of all rows.
    order = ["past_due_interest", *DUE, "past_due_principal", *REST]
    assert cleared(order, "1150", "row", "2026-03-16")[:2] == (230, 920)


def test_an_instalment_is_past_due_only_after_its_day_as_in_fineract():
    # Apache Fineract, advanced payment allocation: an instalment is past due where the transaction is after its due
    # date (AdvancedPaymentScheduleTransactionProcessor, `case PAST_DUE`), so not on the day itself.
    order = [*PAST_DUE, *REST, *DUE]
    assert cleared(order, "1120", on="2026-03-15")[2] == date(2026, 3, 15)
    assert cleared([*DUE, *REST, *PAST_DUE], "1110", on="2026-03-15")[2] == date(2026, 2, 15)


def test_a_fee_charged_while_nothing_is_open_is_due_on_its_day():
    # On 20 January nothing is open; on 15 February the fee is past due and the instalment due.
    for first, fees in (("past_due", 0), ("due", 30)):
        order = [claim for claim in AllocationClaim if claim.timing == first]
        order += [
            claim for claim in AllocationClaim if claim.timing != first and claim.timing != "in_advance"
        ]
        loan = plain(allocation=order, charges=(Charge(on="2026-01-20", amount="30"),))
        assert position_of(loan, [pay("2026-02-15", "1000")], on=date(2026, 2, 15)).buckets.fees == fees
    day = [Charge(on="2026-01-20", amount="30")]
    loan = plain(allocation=[*AllocationClaim][4:8] + [*AllocationClaim][:4], charges=day)
    assert position_of(loan, [pay("2026-01-20", "30")], on=date(2026, 1, 20)).buckets.fees == 0


# --- what lateness costs


@pytest.mark.parametrize(("days_late", "penalty"), [(0, 0), (1, 1), (17, 17)])
def test_penalty_runs_from_the_due_date(days_late, penalty):
    on = date(2026, 2, 15) + timedelta(days=days_late)
    assert position_of(plain(penalty=DAILY), [], on=on).buckets.penalty == penalty


@pytest.mark.parametrize(("days_late", "penalty"), [(9, 0), (10, 0), (11, 11), (12, 12)])
def test_after_the_grace_days_penalty_counts_from_the_due_date(days_late, penalty):
    loan = plain(penalty=DAILY.model_copy(update={"grace_days": 10}))
    on = date(2026, 2, 15) + timedelta(days=days_late)
    assert position_of(loan, [], on=on).buckets.penalty == penalty


@pytest.mark.parametrize(("paid_on", "penalty"), [("2026-02-25", 0), ("2026-02-26", 11)])
def test_an_instalment_paid_within_the_grace_days_bears_no_penalty(paid_on, penalty):
    loan = plain(penalty=DAILY.model_copy(update={"grace_days": 10}))
    position = position_of(loan, [pay(paid_on, "1000")], on=date(2026, 3, 14))
    # Paid a day late, penalty comes first: 11.00 of principal stay open until they are paid.
    assert position.buckets.principal_arrears == penalty
    assert (position.days_past_due > 0) == (penalty > 0)


def test_penalty_on_the_overdue_instalment_counts_its_interest_too():
    on = date(2026, 2, 25)
    loan = plain(annual_rate="12%", method="equal_principal", overdue_interest=False)
    on_principal = loan.model_copy(update={"penalty": DAILY})
    on_instalment = loan.model_copy(
        update={"penalty": DAILY.model_copy(update={"base": "overdue_instalment"})}
    )
    assert str(position_of(on_principal, [], on=on).buckets.penalty) == "10.00"
    assert str(position_of(on_instalment, [], on=on).buckets.penalty) == "11.20"


def test_overdue_principal_goes_on_bearing_interest_unless_the_contract_says_no():
    loan = plain(annual_rate="36.5%", day_count="ACT/365F", method="equal_principal")
    on = date(2026, 2, 25)
    # January to February: 31 nights at 12 a day; then ten nights of 1 a day on the overdue 1,000.
    assert position_of(loan, [], on=on).buckets.interest_arrears == 372 + 10
    quiet = loan.model_copy(update={"overdue_interest": OverdueInterest.NONE})
    assert position_of(quiet, [], on=on).buckets.interest_arrears == 372


def test_a_fixed_penalty_is_charged_once_for_each_instalment_later_than_its_grace_days():
    loan = plain(penalty=Penalty(amount="25", grace_days=10))
    owed = [
        position_of(loan, [], on=date(2026, 2, 15) + timedelta(days=days)).buckets.penalty
        for days in (0, 10, 11, 28, 38, 39, 67)
    ]
    # 28 days to 15 March: the second instalment is 10 days late on day 38; the third from 15 April, day 59.
    assert owed == [0, 0, 25, 25, 25, 50, 50]


def test_a_fixed_penalty_that_was_paid_is_not_charged_again():
    loan = plain(penalty=Penalty(amount="25"))
    position = position_of(loan, [pay("2026-02-20", "100")], on=date(2026, 3, 10))
    assert (position.buckets.penalty, position.buckets.principal_arrears) == (0, 925)


def test_penalty_on_the_outstanding_principal_runs_once_on_everything_while_anything_is_overdue():
    loan = plain(penalty=DAILY.model_copy(update={"base": "outstanding_principal"}))
    # A thousandth a day of 12,000, with one instalment overdue as with two.
    assert position_of(loan, [], on=date(2026, 2, 25)).buckets.penalty == 120
    assert position_of(loan, [], on=date(2026, 3, 25)).buckets.penalty == 12 * 38
    # From the day the arrears are paid nothing runs: ten days at 12, paid with the instalment.
    paid = [pay("2026-02-25", "1120")]
    assert position_of(loan, paid, on=date(2026, 3, 10)).buckets.claim == 11000


@pytest.mark.parametrize(
    ("cap", "cap_share", "penalty"),
    [(None, None, 20), ("7", None, 7), (None, "1%", 10), ("7", "1%", 7), ("15", "1%", 10), ("0", None, 0)],
)
def test_the_lesser_cap_binds_what_one_instalment_is_charged(cap, cap_share, penalty):
    capped = Penalty(annual_rate="36.5%", cap=cap, cap_share=cap_share)
    assert position_of(plain(penalty=capped), [], on=date(2026, 3, 7)).buckets.penalty == penalty
    fixed = Penalty(amount="20", cap=cap, cap_share=cap_share)
    assert position_of(plain(penalty=fixed), [], on=date(2026, 3, 7)).buckets.penalty == penalty


def test_a_cap_counts_what_was_already_paid_and_is_of_the_instalment_as_it_was_billed():
    loan = plain(penalty=Penalty(annual_rate="36.5%", cap_share="1%"))
    # After ten days 10.00 are owed and paid, with 500 of the instalment; the cap of 10.00 is used up.
    position = position_of(loan, [pay("2026-02-25", "510")], on=date(2026, 3, 14))
    assert (position.buckets.penalty, position.buckets.principal_arrears) == (0, 500)


def test_compound_interest_runs_on_unpaid_interest_from_its_due_date_and_is_owed_as_penalty():
    # 372 of interest are billed on 15 February; at 36.5 % they bear 0.372 a day.
    terms = dict(annual_rate="36.5%", day_count="ACT/365F", method="equal_principal", overdue_interest="none")
    on = date(2026, 2, 25)
    assert str(position_of(plain(**terms, compound={}), [], on=on).buckets.penalty) == "3.72"
    half = plain(**terms, compound={"annual_rate": "18.25%"})
    assert str(position_of(half, [], on=on).buckets.penalty) == "1.86"
    free = plain(**terms, compound={"annual_rate": 0})
    assert position_of(free, [], on=on).buckets.penalty == 0
    both = plain(**terms, compound={}, penalty=DAILY)
    assert str(position_of(both, [], on=on).buckets.penalty) == "13.72"
    # It waits for no grace days, and the cap of the penalty does not bound it.
    late = plain(**terms, compound={}, penalty=DAILY.model_copy(update={"grace_days": 30, "cap": major(0)}))
    assert str(position_of(late, [], on=on).buckets.penalty) == "3.72"


def test_compound_interest_stops_when_the_interest_is_paid_and_bears_none_itself():
    loan = plain(
        annual_rate="36.5%",
        day_count="ACT/365F",
        method="equal_principal",
        overdue_interest="none",
        compound={},
        allocation=("interest", "principal", "penalty", "fees"),
    )
    paid = [pay("2026-02-25", "372")]
    assert str(position_of(loan, paid, on=date(2026, 3, 14)).buckets.penalty) == "3.72"
