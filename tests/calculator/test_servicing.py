"""What is owed, against a calculator that lives through every day of the loan (oracles.Owed)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from calculator.loans import pay, plain
from calculator.oracles import Owed, minor
from restructure.calculator.contract import Charge, Contract, Payment
from restructure.calculator.dates import DayCount, Roll, roll_date
from restructure.calculator.plan import reschedule
from restructure.calculator.position import Buckets, Position
from restructure.calculator.schedule import Repayment, Terms, amortise
from restructure.calculator.scheme import LastRow, Method
from restructure.calculator.servicing import position_of
from restructure.errors import CATALOGUE, InvalidInput, Refused
from strategies import ADDITIVE, any_terms, contracts, days, histories


@st.composite
def lives(draw):
    """A contract, what was paid on it, and a day."""
    contract = draw(contracts(methods=tuple(Method)))
    try:
        schedule = amortise(contract)
    except Refused:
        assume(False)
    payments, on = draw(histories(contract, schedule))
    return contract, payments, on


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
    event("prepaid" if owed.interest_prepaid else "not prepaid")
    assert position.oldest_unpaid_due == oldest
    assert position.days_past_due == ((on - oldest).days if oldest else 0)
    assert position.missed_instalments == sum(bill.due < on for bill in owed.unpaid_bills)
    assert position.repayment.instalments == owed.instalments_left
    if contract.method not in (Method.INTEREST_ONLY, Method.BULLET):
        assert minor(position.repayment.instalment, contract.currency) == owed.instalment
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
@given(contracts(most=24, methods=tuple(Method)), st.integers(0, 800))
def test_paying_every_instalment_on_its_day_leaves_no_arrears(loan, offset):
    contract = loan.model_copy(update={"charges": ()})
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
@given(lives(), st.integers(0, 200))
def test_without_another_payment_a_later_day_never_lowers_the_days_past_due(life, later):
    contract, payments, on = life
    known = [payment for payment in payments if payment.on <= on]
    then = position_of(contract, known, on=on + timedelta(days=later))
    assert then.days_past_due >= position_of(contract, known, on=on).days_past_due


@settings(max_examples=100)
@given(lives())
def test_a_position_survives_json(life):
    position = position_of(life[0], life[1], on=life[2])
    assert Position.model_validate_json(position.model_dump_json()) == position
    assert Contract.model_validate_json(life[0].model_dump_json()) == life[0]


# --- money that comes early


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


# --- prepayment


@st.composite
def prepayments(draw, wishes=("shorten_term", "lower_instalment")):
    """A loan of any kind, paid on time up to a day between two due dates, and money on top on that day."""
    loan = draw(any_terms())
    wish = draw(st.sampled_from(wishes))
    if loan.method is Method.FLAT:
        wish = "lower_instalment"
    contract = Contract(**{name: getattr(loan, name) for name in Terms.model_fields}, prepayment=wish)
    try:
        rows = amortise(contract).rows
    except Refused:
        assume(False)
    on = contract.start + timedelta(days=draw(st.integers(0, (rows[-1].due - contract.start).days)))
    paid = [Payment(on=row.due, amount=row.total, prepayment="hold") for row in rows if row.due <= on]
    share = draw(st.integers(1, 130))
    amount = (contract.principal * share / 100).quantize(Decimal("0.01"))
    return contract, [*paid, Payment(on=on, amount=amount)], on


def between_border_and_roll(contract, on) -> bool:
    """Whether a due date is past, or its instalment billed, while its interest period is another (rolled)."""
    if contract.roll is Roll.NONE or contract.roll_accrues:
        return False
    days = [on + timedelta(days=k) for k in range(-9, 10)]
    return any(day in days for day in contract.dues(contract.instalments + 1))


@settings(max_examples=300)
@given(prepayments())
def test_the_plan_without_measures_is_the_rest_of_the_schedule_after_a_prepayment(life):
    contract, payments, on = life
    assume(not between_border_and_roll(contract, on))
    position = position_of(contract, payments, on=on)
    event(f"{contract.method} {contract.prepayment} {'all' if not position.buckets.principal else 'part'}")
    if not position.buckets.claim:
        assert position.repayment.instalments == 0
        return
    try:
        rows = reschedule(position).schedule.rows
    except Refused as refused:  # a rounded instalment below the interest
        assert [issue.code for issue in refused.issues] == ["negative-amortisation"]
        assume(False)
    assert len(rows) == position.repayment.instalments
    for k, row in enumerate(rows):
        payments.append(Payment(on=row.due, amount=row.total))
        before = position_of(contract, payments[:-1], on=row.due)
        assert before.buckets.principal == row.balance
        assert before.buckets.principal_arrears == row.principal
        assert before.buckets.interest_arrears == row.interest + row.arrears_interest
        assert before.repayment.instalments == len(rows) - k - 1
    end = position_of(contract, payments, on=rows[-1].due)
    assert (end.buckets.claim, end.credit) == (0, 0)


@settings(max_examples=200)
@given(prepayments())
def test_prepaying_and_going_on_paying_what_is_billed_ends_at_nothing_owed(life):
    contract, payments, on = life
    due = contract.start
    while True:
        position = position_of(contract, payments, on=due)
        if due >= on and not position.repayment.instalments:
            break
        coming = roll_date(position.repayment.first_due, contract.roll)
        due = min(day for day in (coming, on) if day > due)
        owed = position_of(contract, [payment for payment in payments if payment.on < due], on=due).buckets
        if due > on:
            billed = owed.principal_arrears + owed.interest_arrears
            payments.append(Payment(on=due, amount=billed, prepayment="hold"))
    end = position_of(contract, payments, on=due)
    paid = sum(payment.amount for payment in payments)
    assert end.buckets.claim == 0
    interest = paid - end.credit - contract.principal
    assert interest >= 0
    # Money that came earlier never costs more than the schedule as agreed, but for a cent where a period was cut.
    if contract.method is not Method.FLAT:
        assert interest <= amortise(contract).interest + Decimal("0.01") * (len(payments) + 1)


@settings(max_examples=200)
@given(prepayments())
def test_shortening_never_adds_a_row_and_lowering_never_raises_the_instalment(life):
    contract, payments, on = life
    before = position_of(contract, payments[:-1], on=on)
    after = position_of(contract, payments, on=on)
    extra = contract.last_row is LastRow.EXTRA_ROW and contract.prepayment == "lower_instalment"
    assert after.repayment.instalments <= before.repayment.instalments + extra
    assert after.repayment.instalment <= before.repayment.instalment
    # What was paid stands in no bucket any more, cent for cent.
    assert before.buckets.claim - after.buckets.claim + after.credit - before.credit == payments[-1].amount
    if contract.prepayment == "shorten_term":
        assert after.repayment.instalment == before.repayment.instalment
    elif after.buckets.principal > 100 and contract.instalment_multiple is None:
        # Else the instalment may be rounded up so far that the last one falls away.
        assert after.repayment.instalments in (
            before.repayment.instalments,
            before.repayment.instalments + extra,
        )
    more = [*payments[:-1], payments[-1].model_copy(update={"amount": payments[-1].amount * 2})]
    twice = position_of(contract, more, on=on)
    if contract.prepayment == "shorten_term":
        assert twice.repayment.instalments <= after.repayment.instalments
    assert not twice.repayment.instalments or twice.repayment.instalment <= after.repayment.instalment


@given(prepayments(wishes=("hold",)))
def test_money_that_waits_changes_nothing_until_the_next_due_date(life):
    contract, payments, on = life
    assume(contract.prepayment == "hold")
    before, after = (position_of(contract, known, on=on) for known in (payments[:-1], payments))
    rest = {"balloon": after.repayment.balloon}
    assert after.repayment == before.repayment.model_copy(update=rest)


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


# --- charges and maturity


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


@given(days, st.sampled_from(ADDITIVE))
def test_on_the_day_of_payout_only_the_principal_is_owed(start, day_count):
    loan = plain(start=start, first_due=start + timedelta(days=30), annual_rate="18%", day_count=day_count)
    position = position_of(loan, [], on=start)
    assert position.buckets == Buckets(principal="12000")
    assert isinstance(position.repayment, Repayment)
