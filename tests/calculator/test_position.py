"""What is owed, against a calculator that lives through every day of the loan (oracles.Owed)."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from calculator.oracles import Owed, minor
from restructure.calculator.contract import Charge, Component, Contract, OverdueInterest, Payment, Penalty
from restructure.calculator.dates import DayCount
from restructure.calculator.position import Buckets, Position
from restructure.calculator.schedule import Repayment, Terms, amortise
from restructure.calculator.servicing import position_of
from restructure.errors import CATALOGUE, InvalidInput, Refused
from strategies import ADDITIVE, contracts, days, histories, major, terms


@st.composite
def lives(draw):
    """A contract, what was paid on it, and a day."""
    contract = draw(contracts())
    try:
        schedule = amortise(contract)
    except Refused:
        assume(False)
    payments, on = draw(histories(contract, schedule))
    return contract, payments, on


def plain(**changes) -> Contract:
    """12,000 without interest over 12 months: 1,000.00 on the 15th of each month from February 2026."""
    fields = dict(
        currency="CNY",
        principal="12000",
        annual_rate=0,
        instalments=12,
        start="2026-01-15",
        first_due="2026-02-15",
    )
    return Contract(**(fields | changes))


def pay(on: str, amount: str, **more) -> Payment:
    return Payment(on=on, amount=amount, **more)


DAILY = Penalty(annual_rate="36.5%", day_count="ACT/365F")  # a thousandth a day


# --- the oracle


def check_against_the_daily_simulation(contract, payments, on):
    owed = Owed(contract, payments, on)
    position = position_of(contract, payments, on=on)
    buckets = {
        name: minor(getattr(position.buckets, name), contract.currency) for name in Buckets.model_fields
    }
    assert buckets == {
        "principal": owed.principal,
        "principal_arrears": owed.total("principal"),
        "interest_arrears": owed.total("interest"),
        "accrued": owed.accrued,
        "penalty": owed.total("penalty"),
        "fees": owed.total("fees"),
        "parked": 0,
    }
    oldest = owed.unpaid_bills[0].due if owed.unpaid_bills else None
    event("late" if oldest else "up to date")
    assert position.oldest_unpaid_due == oldest
    assert position.days_past_due == ((on - oldest).days if oldest else 0)
    assert position.missed_instalments == sum(bill.due < on for bill in owed.unpaid_bills)
    assert position.repayment.instalments == owed.instalments_left
    # Conservation: what is owed and what was paid is everything that ever arose.
    claim = minor(position.buckets.claim, contract.currency)
    credit = minor(position.credit, contract.currency)
    assert credit == owed.surplus
    assert claim - credit + owed.paid == owed.everything_that_arose


@settings(max_examples=150)
@given(lives())
def test_every_bucket_is_what_a_daily_simulation_finds(life):
    check_against_the_daily_simulation(*life)


@pytest.mark.slow
@settings(max_examples=3000)
@given(lives())
def test_every_bucket_is_what_a_daily_simulation_finds_in_thousands_of_lives(life):
    check_against_the_daily_simulation(*life)


@settings(max_examples=100)
@given(lives(), st.randoms(use_true_random=False))
def test_the_order_in_which_payments_are_listed_does_not_matter(life, random):
    contract, payments, on = life
    shuffled = list(payments)
    random.shuffle(shuffled)
    charges = list(contract.charges)
    random.shuffle(charges)
    same = contract.model_copy(update={"charges": tuple(charges)})
    assert position_of(same, shuffled, on=on) == position_of(contract, payments, on=on)


@settings(max_examples=100)
@given(lives())
def test_payments_after_the_day_are_not_looked_at(life):
    contract, payments, on = life
    known = [payment for payment in payments if payment.on <= on]
    assert position_of(contract, payments, on=on) == position_of(contract, known, on=on)


@settings(max_examples=100)
@given(lives(), st.data())
def test_paying_one_amount_in_two_parts_on_one_day_changes_nothing(life, data):
    contract, payments, on = life
    assume(payments)
    places = -payments[0].amount.as_tuple().exponent
    first = payments[0].model_copy(
        update={"amount": Decimal(data.draw(st.integers(0, int(payments[0].amount))))}
    )
    rest = payments[0].model_copy(update={"amount": payments[0].amount - first.amount})
    assert places >= 0
    assert position_of(contract, [first, rest, *payments[1:]], on=on) == position_of(
        contract, payments, on=on
    )


@settings(max_examples=100)
@given(lives(), st.lists(st.integers(0, 300), max_size=5))
def test_looking_in_between_does_not_change_what_is_owed(life, offsets):
    contract, payments, on = life
    empty = [Payment(on=contract.start + timedelta(days=days), amount=0) for days in offsets]
    assert position_of(contract, [*payments, *empty], on=on) == position_of(contract, payments, on=on)


@pytest.mark.parametrize("day_count", list(DayCount))
def test_an_empty_payment_changes_nothing_whatever_the_day_count(day_count):
    # From 15 to 31 January, with a look on the 30th: under 30/360 US 15 + 0 days are not 16.
    loan = plain(start="2025-12-15", first_due="2026-01-15", annual_rate="36%", day_count=day_count)
    on = date(2026, 1, 31)
    assert position_of(loan, [pay("2026-01-30", "0")], on=on) == position_of(loan, [], on=on)


@settings(max_examples=100)
@given(terms(most=24, least_minor=5000), st.integers(0, 800))
def test_paying_every_instalment_on_its_day_leaves_no_arrears(loan, offset):
    contract = Contract(
        **{name: getattr(loan, name) for name in Terms.model_fields}, penalty=Penalty(annual_rate="24%")
    )
    try:
        rows = amortise(contract).rows
    except Refused:
        assume(False)
    on = contract.start + timedelta(days=offset)
    position = position_of(contract, [Payment(on=row.due, amount=row.total) for row in rows], on=on)
    assert position.days_past_due == 0
    assert position.missed_instalments == 0
    assert position.oldest_unpaid_due is None
    late = ("principal_arrears", "interest_arrears", "penalty", "fees", "parked")
    assert not any(getattr(position.buckets, name) for name in late)
    passed = [row for row in rows if row.due <= on]
    assert position.buckets.principal == (passed[-1].balance if passed else contract.principal)
    assert position.repayment.instalments == len(rows) - len(passed)


@settings(max_examples=100)
@given(lives())
def test_a_position_survives_json(life):
    position = position_of(life[0], life[1], on=life[2])
    assert Position.model_validate_json(position.model_dump_json()) == position
    assert Contract.model_validate_json(life[0].model_dump_json()) == life[0]


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


def test_money_that_comes_early_waits_for_the_due_date():
    loan = plain()
    early = [pay("2026-01-20", "1000")]
    assert position_of(loan, early, on=date(2026, 2, 15)).buckets.claim == 11000
    assert position_of(loan, early, on=date(2026, 2, 16)).days_past_due == 0
    assert position_of(loan, early, on=date(2026, 2, 1)).buckets.principal == 11000


def test_waiting_money_counts_against_the_accrued_interest_and_then_the_principal():
    # 12,000 at 12 %, 31 days from 15 January, 10 of them passed: 120 · 10/31 = 38.71.
    position = position_of(plain(annual_rate="12%"), [pay("2026-01-20", "50")], on=date(2026, 1, 25))
    assert (str(position.buckets.accrued), str(position.buckets.principal)) == ("0.00", "11988.71")


def test_paying_more_than_everything_leaves_nothing_owed():
    position = position_of(plain(), [pay("2026-02-15", "20000")], on=date(2026, 2, 20))
    assert position.buckets.claim == 0
    assert position.days_past_due == 0


# --- days past due


def test_days_past_due_count_from_the_oldest_unpaid_instalment():
    paid = [pay("2026-02-15", "1000"), pay("2026-04-15", "999.99")]
    on = date(2026, 5, 1)
    # The money of April went to March; one cent of March is still open.
    assert position_of(plain(), paid, on=on).days_past_due == (on - date(2026, 3, 15)).days == 47
    # With that cent March is settled and the days count from April.
    assert position_of(plain(), [*paid, pay("2026-04-20", "0.01")], on=on).days_past_due == 16
    assert position_of(plain(), [], on=on).missed_instalments == 3


def test_an_instalment_is_not_past_due_on_its_day():
    position = position_of(plain(), [], on=date(2026, 2, 15))
    assert position.buckets.principal_arrears == 1000
    assert position.days_past_due == 0
    assert position.missed_instalments == 0
    assert position_of(plain(), [], on=date(2026, 2, 16)).days_past_due == 1


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


def test_a_charge_is_owed_from_its_day():
    loan = plain(charges=(Charge(on="2026-01-20", amount="25"), Charge(on="2026-03-01", amount="5")))
    assert position_of(loan, [], on=date(2026, 1, 19)).buckets.fees == 0
    assert position_of(loan, [], on=date(2026, 1, 20)).buckets.fees == 25
    assert position_of(loan, [], on=date(2026, 3, 1)).buckets.fees == 30
    assert position_of(loan, [], on=date(2026, 1, 20)).days_past_due == 0


def test_after_the_last_instalment_nothing_more_accrues_on_what_is_not_due():
    position = position_of(plain(instalments=2), [], on=date(2027, 1, 1))
    assert (position.buckets.principal, position.buckets.accrued, position.repayment.instalments) == (0, 0, 0)
    assert position.repayment.first_due > position.on


# --- wrong input


def test_everything_wrong_with_the_payments_is_said_at_once():
    payments = [
        pay("2026-02-15", "10", id="a"),
        pay("2026-02-16", "10", id="a"),
        pay("2026-02-17", "10", currency="JPY"),
        pay("2025-12-31", "10"),
        pay("2026-02-18", "0.001"),
        pay("2025-12-31", "10", id="a", currency="USD"),
    ]
    with pytest.raises(InvalidInput) as caught:
        position_of(plain(), payments, on=date(2026, 3, 1))
    assert {(issue.code, issue.place) for issue in caught.value.issues} == {
        ("payment-repeated", "payments.1.id"),
        ("currency-mixed", "payments.2.currency"),
        ("date-before-origination", "payments.3.on"),
        ("money-scale", "payments.4.amount"),
        ("payment-repeated", "payments.5.id"),
        ("currency-mixed", "payments.5.currency"),
        ("date-before-origination", "payments.5.on"),
    }
    assert len(caught.value.issues) == 7
    assert all(issue.code in CATALOGUE for issue in caught.value.issues)


def test_payments_without_an_id_may_be_equal():
    twice = [pay("2026-02-15", "500"), pay("2026-02-15", "500")]
    assert position_of(plain(), twice, on=date(2026, 2, 16)).days_past_due == 0


def test_a_day_before_the_loan_began_has_no_position():
    # Wrong input is one of the library's own exceptions (DESIGN §8), not pydantic's complaint about a bucket.
    with pytest.raises(InvalidInput) as caught:
        position_of(plain(annual_rate="12%"), [], on=date(2026, 1, 1))
    assert [issue.code for issue in caught.value.issues] == ["date-before-origination"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"allocation": ("fees", "penalty", "interest")}, "value-invalid"),
        ({"allocation": ("fees", "fees", "interest", "principal")}, "value-invalid"),
        ({"charges": ({"on": "2026-01-01", "amount": "1"},)}, "date-before-origination"),
        ({"charges": ({"on": "2026-02-01", "amount": "0.001"},)}, "money-scale"),
    ],
)
def test_a_contract_that_contradicts_itself_is_refused_with_a_code(changes, code):
    with pytest.raises(ValidationError) as caught:
        plain(**changes)
    assert [error["type"] for error in caught.value.errors()] == [code]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"repayment": {"first_due": "2026-03-18"}}, "date-order"),
        ({"oldest_unpaid_due": "2026-03-19"}, "date-order"),
        ({"repayment": {"instalments": 0}}, "balances-inconsistent"),
        ({"buckets": {"principal_arrears": "5"}}, "balances-inconsistent"),
        ({"missed_instalments": 1}, "balances-inconsistent"),
        ({"buckets": {"fees": "0.001"}}, "money-scale"),
        ({"buckets": {"penalty": "-1"}}, "money-negative"),
        ({"buckets": {"penalty": 1.5}}, "money-float"),
    ],
)
def test_a_position_that_contradicts_itself_is_refused_with_a_code(changes, code):
    fields = dict(
        on="2026-03-18",
        currency="CNY",
        buckets={"principal": "100"},
        repayment={"annual_rate": "0.1", "instalments": 3, "first_due": "2026-04-18"},
    )
    for name, value in changes.items():
        fields[name] = fields[name] | value if isinstance(value, dict) else value
    with pytest.raises(ValidationError) as caught:
        Position(**fields)
    assert [error["type"] for error in caught.value.errors()] == [code]


@given(st.lists(st.integers(0, 10**9), min_size=7, max_size=7))
def test_the_claim_is_the_sum_of_the_seven_buckets(amounts):
    buckets = Buckets(
        **{name: major(amount) for name, amount in zip(Buckets.model_fields, amounts, strict=True)}
    )
    assert minor(buckets.claim) == sum(amounts)


@given(days, st.sampled_from(ADDITIVE))
def test_on_the_day_of_payout_only_the_principal_is_owed(start, day_count):
    loan = plain(start=start, first_due=start + timedelta(days=30), annual_rate="18%", day_count=day_count)
    position = position_of(loan, [], on=start)
    assert position.buckets == Buckets(principal="12000")
    assert isinstance(position.repayment, Repayment)
