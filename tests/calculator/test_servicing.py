"""What is owed, against a calculator that lives through every day of the loan (oracles.Owed)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from calculator.loans import pay, plain
from calculator.oracles import Owed, minor
from laws import examples
from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.amortisation.schedule import amortise
from restructure.calculator.amortisation.scheme import LastRow, Method
from restructure.calculator.amortisation.terms import Terms
from restructure.calculator.conventions.accrual import Compounding
from restructure.calculator.conventions.dates import roll_date
from restructure.calculator.conventions.day_counts import DayCount
from restructure.calculator.measures.deferral import Capitalise, Spread
from restructure.calculator.measures.timing import Extend
from restructure.calculator.plans.plan import reschedule
from restructure.calculator.servicing.account import position_of
from restructure.calculator.servicing.contract import AllocationClaim, Charge, Contract, Payment, Penalty
from restructure.calculator.servicing.position import Buckets, Position
from restructure.errors import CATALOGUE, InvalidInput, Refused
from strategies import ADDITIVE, EVERY, any_terms, contracts, days, histories


@st.composite
def lives(draw):
    """A contract, what was paid on it, and a day."""
    contract = draw(contracts(methods=EVERY))
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
    assert position.allocation == contract.allocation
    # Conservation: what is owed and what was paid is everything that ever arose.
    claim = minor(position.buckets.claim, contract.currency)
    credit = minor(position.credit, contract.currency)
    assert credit == owed.surplus
    assert claim - credit + owed.paid == owed.everything_that_arose


@examples(150)
@given(lives())
def test_every_bucket_is_what_a_daily_simulation_finds(life):
    check_against_the_daily_simulation(*life)


@pytest.mark.slow
@settings(max_examples=3000)
@given(lives())
def test_every_bucket_is_what_a_daily_simulation_finds_in_thousands_of_lives(life):
    check_against_the_daily_simulation(*life)


@examples(100)
@given(lives(), st.randoms(use_true_random=False))
def test_the_order_in_which_payments_are_listed_does_not_matter(life, random):
    contract, payments, on = life
    shuffled = list(payments)
    random.shuffle(shuffled)
    charges = list(contract.charges)
    random.shuffle(charges)
    same = contract.model_copy(update={"charges": tuple(charges)})
    assert position_of(same, shuffled, on=on) == position_of(contract, payments, on=on)


@examples(100)
@given(lives())
def test_payments_after_the_day_are_not_looked_at(life):
    contract, payments, on = life
    known = [payment for payment in payments if payment.on <= on]
    assert position_of(contract, payments, on=on) == position_of(contract, known, on=on)


@examples(100)
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


@examples(100)
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


@examples(100)
@given(contracts(most=24, methods=EVERY), st.integers(0, 800))
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


@examples(100)
@given(lives(), st.integers(0, 200))
def test_without_another_payment_a_later_day_never_lowers_the_days_past_due(life, later):
    contract, payments, on = life
    known = [payment for payment in payments if payment.on <= on]
    then = position_of(contract, known, on=on + timedelta(days=later))
    assert then.days_past_due >= position_of(contract, known, on=on).days_past_due


@examples(100)
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


def between_due_and_roll(contract, on) -> bool:
    """Whether an instalment waits for its business day, or was billed on one, while its period is over or not yet."""
    dues = contract.dues(contract.instalments + 1)
    spans = (sorted((day, roll_date(day, contract.roll))) for day in dues)
    return any(first <= on < last for first, last in spans)


@examples(300)
@given(prepayments())
def test_the_plan_without_measures_is_the_rest_of_the_schedule_after_a_prepayment(life):
    contract, payments, on = life
    assume(not between_due_and_roll(contract, on))
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
    extra = contract.last_row is LastRow.EXTRA_ROW
    assert len(rows) - position.repayment.instalments in (0, extra)
    for k, row in enumerate(rows):
        payments.append(Payment(on=row.due, amount=row.total))
        before = position_of(contract, payments[:-1], on=row.due)
        assert before.buckets.principal == row.balance
        # Where a rounded instalment lies below the interest, what it does not cover has joined the balance.
        grown = min(row.principal, 0)
        assert before.buckets.principal_arrears == row.principal - grown
        assert before.buckets.interest_arrears == row.interest + grown + row.arrears_interest
        assert len(rows) - k - 1 - before.repayment.instalments in (0, extra)
    end = position_of(contract, payments, on=rows[-1].due)
    assert (end.buckets.claim, end.credit) == (0, 0)


@pytest.mark.parametrize("compounding", [None, *Compounding])
@pytest.mark.parametrize("day_count", list(DayCount))
@pytest.mark.parametrize("wish", ["shorten_term", "lower_instalment"])
def test_a_compounding_rate_and_any_day_count_go_on_as_planned_after_a_prepayment(
    compounding, day_count, wish
):
    loan = plain(
        annual_rate="18%", first_due="2026-02-28", anchor_day=31, compounding=compounding, day_count=day_count
    )
    on = date(2026, 3, 20)
    payments = [
        Payment(on="2026-02-28", amount=amortise(loan).rows[0].total),
        pay("2026-03-20", "3000", prepayment=wish),
    ]
    for row in reschedule(position_of(loan, payments, on=on)).schedule.rows:
        owed = position_of(loan, payments, on=row.due).buckets
        assert (owed.principal, owed.principal_arrears, owed.interest_arrears) == (
            row.balance, row.principal, row.interest
        )  # fmt: skip
        payments.append(Payment(on=row.due, amount=row.total))


@examples(200)
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
    # Money that came earlier, the instalment unchanged, costs no more than the schedule as agreed but for cents and what
    # they grow to; an instalment rounded down to its multiple may cost more, since it repays more slowly.
    if contract.prepayment == "shorten_term":
        agreed = amortise(contract).interest
        assert interest <= agreed * Decimal("1.02") + Decimal("0.01") * (len(payments) + 1)


@examples(200)
@given(prepayments())
def test_shortening_never_adds_a_row_and_lowering_never_raises_the_instalment(life):
    contract, payments, on = life
    before = position_of(contract, payments[:-1], on=on)
    after = position_of(contract, payments, on=on)
    assert after.repayment.instalments <= before.repayment.instalments
    assert after.repayment.instalment <= before.repayment.instalment
    if not between_due_and_roll(contract, on):
        # What was paid stands in no bucket any more, cent for cent.
        gone = before.buckets.claim - after.buckets.claim
        assert gone + after.credit - before.credit == payments[-1].amount
    if contract.prepayment == "shorten_term":
        assert after.repayment.instalment == before.repayment.instalment
    elif after.buckets.principal > 100 and contract.instalment_multiple is None:
        # Else the instalment may be rounded up so far that the last one falls away.
        assert after.repayment.instalments == before.repayment.instalments
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


def test_a_running_period_whose_end_was_moved_is_counted_in_the_months_it_began_in():
    moved = dict(method="equal_principal", moves=[dict(instalment=2, to="2026-04-01")])
    # From 15 February to 1 April, in months that begin on the 15th: 1 and 17 of 31 days, of 110.00 a month.
    for on, accrued, rest in (("2026-02-15", "0.00", "170.32"), ("2026-03-01", "55.00", "115.32")):
        position = after(pay("2026-02-15", "1120"), on=on, **moved)
        first, second, *_ = reschedule(position).schedule.rows
        assert (str(position.buckets.accrued), str(first.interest)) == (accrued, rest)
        assert (first.due.isoformat(), second.due.isoformat()) == ("2026-04-01", "2026-05-01")
        assert str(second.interest) == "100.00"


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


# --- prepayment, by hand

# 12,000 at 12 % by month: 120.00 of interest in the first, level instalments of 1,066.19.
LEVEL = dict(annual_rate="12%")


def after(*payments, on: str, **changes) -> Position:
    return position_of(plain(**(LEVEL | changes)), payments, on=date.fromisoformat(on))


def amounts(position: Position) -> tuple[str, ...]:
    """Principal, accrued, instalment and instalments left."""
    return (
        str(position.buckets.principal),
        str(position.buckets.accrued),
        str(position.repayment.instalment),
        str(position.repayment.instalments),
    )


def test_shortening_keeps_the_instalment_and_drops_the_last_rows():
    # On 15 February 1,066.19 are due; 3,000 on top leave 8,053.81, which is 7.9 instalments of 1,066.19.
    position = after(pay("2026-02-15", "4066.19", prepayment="shorten_term"), on="2026-02-15")
    assert amounts(position) == ("8053.81", "0.00", "1066.19", "8")


def test_a_balance_that_an_instalment_covers_but_not_its_interest_takes_one_more():
    # 3,139.93, 2,105.14 and 1,060.00 bear 31.40, 21.05 and 10.60, so the third instalment of 1,066.19 leaves 4.41.
    paid = pay("2026-02-15", "8980.07", prepayment="shorten_term")  # 1,066.19 due, 7,913.88 on top
    position = after(paid, on="2026-02-15")
    assert amounts(position) == ("3139.93", "0.00", "1066.19", "4")
    totals = [str(row.total) for row in reschedule(position).schedule.rows]
    assert totals == ["1066.19", "1066.19", "1066.19", "4.45"]  # 4.41 and 0.04 of interest


def test_lowering_keeps_the_rows_and_solves_a_new_instalment():
    # 8,053.81 over the 11 rows left at 1 %: 8,053.81 · 0.01 / (1 − 1.01^−11) = 776.823.
    position = after(pay("2026-02-15", "4066.19", prepayment="lower_instalment"), on="2026-02-15")
    assert amounts(position) == ("8053.81", "0.00", "776.82", "11")


def test_between_due_dates_the_interest_accrued_is_paid_first_and_the_period_is_cut_in_two():
    # Ten of 31 nights: 120 · 10/31 = 38.71; then 21 nights on 11,000: 110 · 21/31 = 74.516.
    early = pay("2026-01-25", "1038.71", prepayment="shorten_term")
    assert amounts(after(early, on="2026-01-25")) == ("11000.00", "0.00", "1066.19", "11")
    due = after(early, on="2026-02-15").buckets
    assert (str(due.interest_arrears), str(due.principal_arrears)) == ("74.52", "991.67")
    assert due.principal == Decimal("11000.00") - Decimal("991.67")


def test_less_than_the_interest_accrued_repays_no_principal_and_the_next_instalment_stays_whole():
    early = pay("2026-01-25", "30", prepayment="shorten_term")
    assert amounts(after(early, on="2026-01-25")) == ("12000.00", "8.71", "1066.19", "12")
    due = after(early, on="2026-02-15").buckets
    # 8.71 left of the first ten nights and 81.29 of the other 21.
    assert str(due.interest_arrears) == "90.00"
    assert due.interest_arrears + due.principal_arrears == Decimal("1066.19")


@pytest.mark.parametrize("wish", ["shorten_term", "lower_instalment", "hold"])
def test_the_words_in_advance_say_whether_principal_or_interest_is_prepaid_first(wish):
    eight = [claim for claim in AllocationClaim if claim.timing != "in_advance"]
    early = pay("2026-01-25", "1000", prepayment=wish)
    for order, principal, accrued in (
        (["in_advance_interest", "in_advance_principal"], "11038.71", "0.00"),
        (["in_advance_fees", "in_advance_interest"], "11038.71", "0.00"),
        ([], "11038.71", "0.00"),
        (["in_advance_principal", "in_advance_interest"], "11000.00", "38.71"),
        (["in_advance_penalty", "in_advance_principal"], "11000.00", "38.71"),
    ):
        loan = dict(allocation=[*eight, *order])
        assert amounts(after(early, on="2026-01-25", **loan))[:2] == (principal, accrued)
    # What was not paid of the interest is billed with the next instalment.
    if wish != "hold":
        assert (
            str(after(early, on="2026-02-15", **loan).buckets.interest_arrears) == "113.23"
        )  # 38.71 + 74.52


def test_paying_everything_ends_the_loan_and_more_is_credit():
    for wish in ("shorten_term", "lower_instalment"):
        position = after(pay("2026-01-25", "12040", prepayment=wish), on="2026-03-20")
        assert (position.buckets.claim, str(position.credit)) == (0, "1.29")
        assert position.repayment.instalments == 0
        assert position.repayment.first_due > position.on


def test_all_principal_paid_and_interest_left_is_billed_on_the_next_due_date():
    order = [*[claim for claim in AllocationClaim if claim.timing != "in_advance"], "in_advance_principal"]
    for method in ("level", "equal_principal", "interest_only", "bullet", "flat"):
        wish = "lower_instalment"
        loan = dict(allocation=order, method=method)
        early = pay("2026-01-25", "12000", prepayment=wish)
        assert amounts(after(early, on="2026-02-01", **loan))[:2] == ("0.00", "38.71")
        then = after(early, on="2026-02-15", **loan)
        assert (then.buckets.claim, then.buckets.interest_arrears) == (Decimal("38.71"), Decimal("38.71"))
        assert then.repayment.instalments == 0


def test_what_is_due_comes_before_what_is_prepaid():
    # 1,066.19 are overdue: the first 66.19 of the rest still go there.
    payments = [pay("2026-02-15", "1000"), pay("2026-02-20", "500", prepayment="shorten_term")]
    position = after(*payments, on="2026-02-20", overdue_interest="none")
    assert position.days_past_due == 0
    # 11,053.81 bear 110.54 a month of 28 nights, five of them passed: 19.74.
    assert str(position.buckets.principal) == str(
        Decimal("11053.81") - (500 - Decimal("66.19") - Decimal("19.74"))
    )


def test_a_payment_may_wait_under_a_contract_that_shortens_and_shorten_under_one_that_waits():
    waiting = after(pay("2026-01-25", "1000", prepayment="hold"), on="2026-02-15", prepayment="shorten_term")
    assert str(waiting.buckets.claim) == "11120.00"
    assert waiting.repayment.instalments == 11
    both = [pay("2026-01-25", "1038.71"), pay("2026-01-25", "20", prepayment="hold")]
    position = after(*both, on="2026-01-25", prepayment="shorten_term")
    # The money that waits counts against principal on the day of the report only.
    assert amounts(position)[:2] == ("10980.00", "0.00")
    assert after(*both, on="2026-02-15", prepayment="shorten_term").buckets.principal_arrears == Decimal(
        "991.67"
    )


def test_equal_parts_of_principal_shorten_or_shrink():
    loan = dict(method="equal_principal")
    paid = pay("2026-02-15", "4120")  # 1,120 due, 3,000 on top
    assert amounts(after(paid, on="2026-02-15", prepayment="shorten_term", **loan)) == (
        "8000.00", "0.00", "1000.00", "8",
    )  # fmt: skip
    assert amounts(after(paid, on="2026-02-15", prepayment="lower_instalment", **loan)) == (
        "8000.00", "0.00", "727.27", "11",
    )  # fmt: skip


def test_equal_parts_above_a_balloon_shorten_to_what_the_balloon_leaves():
    # Parts of (12,000 − 2,400) / 12 = 800. Of the 8,000 left after 3,200 on top, 5,600 are repaid in seven of them.
    loan = dict(method="equal_principal", balloon="2400", prepayment="shorten_term")
    position = after(pay("2026-02-15", "4120"), on="2026-02-15", **loan)  # 800 and 120 due
    assert amounts(position) == ("8000.00", "0.00", "800.00", "7")
    principal = [str(row.principal) for row in reschedule(position).schedule.rows]
    assert principal == ["800.00"] * 6 + ["3200.00"]


@pytest.mark.parametrize("method", ["interest_only", "bullet"])
def test_where_no_instalment_repays_principal_prepaying_lowers_the_interest_and_the_last_instalment(method):
    paid = pay("2026-01-25", "6038.71", prepayment="shorten_term")
    position = after(paid, on="2026-01-25", method=method)
    assert (str(position.buckets.principal), position.repayment.instalments) == ("6000.00", 12)
    last = position_of(plain(**LEVEL, method=method), [paid], on=date(2027, 1, 15)).buckets
    # 21 nights of the first month, 40.65, then eleven months at 60.00.
    assert (str(last.interest_arrears), str(last.principal_arrears)) == ("700.65", "6000.00")


def test_flat_interest_is_not_lowered_by_prepaying_unless_everything_is_paid():
    flat = dict(method="flat", prepayment="lower_instalment")
    paid = pay("2026-02-15", "4120")
    assert amounts(after(paid, on="2026-02-15", **flat)) == ("8000.00", "0.00", "727.27", "11")
    assert str(after(paid, on="2026-03-15", **flat).buckets.interest_arrears) == "120.00"
    everything = pay("2026-02-15", "12120")
    assert after(everything, on="2026-04-01", **flat).buckets.claim == 0
    with pytest.raises(InvalidInput) as caught:
        after(pay("2026-02-15", "1", prepayment="shorten_term"), on="2026-02-15", method="flat")
    assert [(issue.code, issue.place) for issue in caught.value.issues] == [
        ("value-invalid", "payments.0.prepayment")
    ]


def test_a_balloon_falls_due_with_the_last_row_however_short_the_term_becomes():
    # 12,000 over 12 with 6,000 at the end, no interest: 500.00 each; 2,000 on top save four rows.
    loan = dict(annual_rate=0, balloon="6000", prepayment="shorten_term")
    position = after(pay("2026-02-15", "2500"), on="2026-02-15", **loan)
    assert amounts(position) == ("9500.00", "0.00", "500.00", "7")
    last = after(pay("2026-02-15", "2500"), pay("2026-08-15", "3000"), on="2026-09-15", **loan)
    assert (last.buckets.principal_arrears, last.repayment.instalments) == (6500, 0)
    # More than all but the balloon eats into it.
    position = after(pay("2026-02-15", "8500"), on="2026-02-15", **loan)
    assert (position.buckets.principal, position.repayment.balloon) == (3500, 3500)
    assert position.repayment.instalments == 1


def test_a_lowered_instalment_never_rises_above_the_agreed_one():
    # 900.00 were agreed, so that the last row is large; solved anew they would be more.
    loan = dict(instalment="900", prepayment="lower_instalment")
    position = after(pay("2026-02-15", "901"), on="2026-02-15", **loan)
    assert str(position.repayment.instalment) == "900.00"


# 14 February and 14 March 2026 are Saturdays.
SATURDAYS = dict(start="2026-01-14", first_due="2026-02-14", prepayment="shorten_term")


def test_money_between_a_due_date_and_the_day_it_was_rolled_to_counts_from_the_due_date():
    paid = pay("2026-02-15", "1120")
    loan = SATURDAYS | dict(roll="following")
    # On the Sunday the period is over: 120.00 of interest and not a night more.
    assert str(after(paid, on="2026-02-15", **loan).buckets.principal) == "11000.00"
    due = after(paid, on="2026-02-16", **loan).buckets
    assert (due.interest_arrears, str(due.principal_arrears)) == (0, "1066.19")


def test_money_between_the_day_a_due_date_was_rolled_back_to_and_the_due_date_counts_from_the_due_date():
    # Due on Sunday 15 February, billed on Friday the 13th with the interest up to the 15th; 1,000 come in between.
    # Of 11,053.81 less 1,000 a whole month is due next, at 1 %.
    loan = dict(roll="preceding", prepayment="shorten_term")
    paid = [pay("2026-02-13", "1066.19"), pay("2026-02-14", "1000")]
    assert str(after(*paid, on="2026-03-13", **loan).buckets.interest_arrears) == "100.54"


def test_interest_on_overdue_principal_that_was_prepaid_is_not_billed_again():
    # A thousandth a day; 1,000 and 372 are overdue from Monday 16 February. On Sunday 15 March 308 + 26 + 1 more have
    # accrued, 1.00 of it in the period of the third instalment, which bears 10.00 a night for 31 nights and no more.
    loan = SATURDAYS | ROLLED | dict(roll="following")
    paid = [pay("2026-03-15", "1707"), pay("2026-03-16", "1000")]
    assert amounts(after(*paid, on="2026-03-16", **loan))[:2] == ("10000.00", "20.00")  # two nights
    assert after(*paid, on="2026-04-14", **loan).buckets.interest_arrears == 310


def test_lowering_never_adds_a_row_that_rounding_had_dropped():
    # 100 over 18 in whole units: 17 rows, 6.00 each. 98.00 over 18 would be 5.00 each and one row more.
    loan = dict(
        principal="100", annual_rate=0, instalments=18, instalment_multiple="1", prepayment="lower_instalment"
    )
    assert after(on="2026-01-15", **loan).repayment.instalments == 17
    assert amounts(after(pay("2026-01-15", "2"), on="2026-01-15", **loan))[2:] == ("6.00", "17")


def test_a_shortened_term_stays_short_when_later_instalments_are_late():
    loan = dict(overdue_interest="in_instalment", prepayment="shorten_term")
    paid = pay("2026-02-15", "4066.19")
    assert after(paid, on="2026-02-15", **loan).repayment.instalments == 8
    position = after(paid, on="2026-10-15", **loan)
    assert (position.repayment.instalments, position.buckets.principal) == (0, 0)
    assert str(position.buckets.principal_arrears) == "8053.81"


def test_a_lowered_instalment_covers_the_interest_that_stays_owed():
    order = [*[claim for claim in AllocationClaim if claim.timing != "in_advance"], "in_advance_principal"]
    loan = dict(annual_rate="36%", allocation=order, prepayment="lower_instalment")
    position = after(pay("2026-01-25", "6000"), on="2026-01-25", **loan)
    assert str(position.buckets.accrued) == "116.13"
    rows = reschedule(position).schedule.rows
    # As level as rounding allows, the last one with the residue.
    assert all(abs(row.total - position.repayment.instalment) < Decimal("0.10") for row in rows)


@pytest.mark.parametrize("wish", ["shorten_term", "lower_instalment"])
def test_an_extra_row_can_be_prepaid_in_part(wish):
    # 1,000 over 3 without interest, 300.00 agreed: 100.00 are left for the month after; 60.00 of them come early.
    loan = dict(principal="1000", annual_rate=0, instalments=3, instalment="300", last_row="extra_row")
    paid = [pay(day, "300") for day in ("2026-02-15", "2026-03-15", "2026-04-15")]
    position = after(*paid, pay("2026-05-01", "60", prepayment=wish), on="2026-05-01", **loan)
    assert amounts(position) == ("40.00", "0.00", "300.00", "1")
    assert after(*paid, pay("2026-05-01", "60", prepayment=wish), on="2026-05-15", **loan).buckets.claim == 40


# --- interest on overdue principal inside the instalment: Apache Fineract


def overdue(*payments, on: str, **changes) -> Position:
    """100.00 at 7 % over six months, as in LoanReAmortizationPreview.feature (C4314, C4322 and UC7)."""
    loan = Contract(
        **dict(
            currency="USD",
            principal="100",
            annual_rate="7%",
            instalments=6,
            start="2024-01-01",
            first_due="2024-02-01",
            rounding="half_even",
            overdue_interest="in_instalment",
        )
        | changes
    )
    return position_of(loan, payments, on=date.fromisoformat(on))


def owed(position: Position) -> tuple[str, ...]:
    buckets = position.buckets
    names = ("principal", "principal_arrears", "interest_arrears", "accrued")
    return tuple(str(getattr(buckets, name)) for name in names)


FIRST = pay("2024-02-01", "17.01")


def test_nothing_paid_bills_the_interest_of_all_principal_each_month_as_fineract_does():
    # apache/fineract Loan.feature at 4198b0bc, "S1 daily for overdue loan": six rows with 0.58, no interest after.
    dues = ["2024-02-01", "2024-03-01", "2024-04-01", "2024-05-01", "2024-06-01", "2024-07-01"]
    balances = ["83.57", "67.14", "50.71", "34.28", "17.85", "0.00"]
    for k, (due, balance) in enumerate(zip(dues, balances, strict=True), 1):
        found = owed(overdue(on=due))
        assert found == (balance, str(100 - Decimal(balance)), str(k * Decimal("0.58")), "0.00")
    assert owed(overdue(on="2024-07-15")) == ("0.00", "100.00", "3.48", "0.00")


def test_one_instalment_overdue_and_then_paid_goes_on_as_in_fineract():
    # Loan.feature at 4198b0bc, "S3 1 paid, 1 overdue (10 March)".
    found = overdue(FIRST, on="2024-03-10")
    assert owed(found) == ("67.05", "16.52", "0.49", "0.14")
    assert (found.repayment.instalments, str(found.repayment.instalment)) == (4, "17.01")
    paid = [FIRST, pay("2024-03-10", "17.01")]
    rows = [("2024-04-01", "16.59", "0.42", "50.46"), ("2024-05-01", "16.72", "0.29", "33.74"),
            ("2024-06-01", "16.81", "0.20", "16.93"), ("2024-07-01", "16.93", "0.10", "0.00")]  # fmt: skip
    for due, principal, interest, balance in rows:
        assert owed(overdue(*paid, on=due)) == (balance, principal, interest, "0.00")
        paid.append(pay(due, str(Decimal(principal) + Decimal(interest))))


@pytest.mark.parametrize(
    ("payments", "on", "interest"),
    [
        ([FIRST], "2024-03-15", "0.71"),  # LoanReAgingAccruals.feature C4417: the interest that is re-aged
        ([FIRST], "2024-05-15", "1.69"),  # LoanReAmortizationPreview.feature UC7: three months overdue
        ([], "2024-03-15", "1.42"),  # C4322 UC9: 0.58, 0.58 and 0.26
    ],
)
def test_the_interest_owed_in_the_middle_of_a_month_is_fineracts(payments, on, interest):
    buckets = overdue(*payments, on=on).buckets
    assert str(buckets.interest_arrears + buckets.accrued) == interest


def test_an_instalment_that_cannot_bear_the_late_interest_repays_nothing():
    # At 200 % a year 24,000 accrue each year on 12,000; of 3,000 + 18,000 in the second nothing is left to repay.
    loan = plain(
        annual_rate="200%",
        every="1 year",
        first_due="2027-01-15",
        instalments=4,
        method="equal_principal",
        overdue_interest="in_instalment",
    )
    buckets = position_of(loan, [], on=date(2028, 1, 15)).buckets
    assert (buckets.principal_arrears, buckets.interest_arrears, buckets.principal) == (3000, 48000, 9000)
    # The last one takes everything left.
    assert position_of(loan, [], on=date(2030, 1, 15)).buckets.principal_arrears == 12000


# A thousandth a day; 15 February and 15 March 2026 are Sundays.
ROLLED = dict(
    annual_rate="36.5%", day_count="ACT/365F", method="equal_principal", overdue_interest="in_instalment"
)


@pytest.mark.parametrize(
    ("roll", "days", "interests"),
    [
        # To Monday: the first 1,000 are overdue for 27 nights up to 15 March, 1,973 from 16 March on: in the second 27
        # more than 308, in the third 1,000 for the night of 15 March and 1,973 for 30 nights besides 31 · 10.027.
        ("following", ("2026-02-16", "2026-03-16", "2026-04-15"), ("372.00", "335.00", "371.03")),
        # Back to Friday: the instalment has borne the interest up to the 15th, so they count from there, 28 nights.
        ("preceding", ("2026-02-13", "2026-03-13", "2026-04-15"), ("372.00", "336.00", "372.00")),
    ],
)
def test_interest_on_what_is_overdue_keeps_to_the_interest_periods_where_due_dates_roll(
    roll, days, interests
):
    billed = Decimal(0)
    for day, interest in zip(days, interests, strict=True):
        buckets = position_of(plain(**ROLLED, roll=roll), [], on=date.fromisoformat(day)).buckets
        assert str(buckets.interest_arrears - billed) == interest
        billed = buckets.interest_arrears


def test_a_lump_of_late_interest_is_not_postponed_past_the_last_row():
    found = overdue(on="2024-07-01", last_row="extra_row")
    # With an extra row the last instalment is no larger than the others; the rest falls due on 1 August.
    assert owed(found)[:3] == ("1.42", "98.58", "3.48")
    assert found.repayment.instalments == 1
    assert owed(overdue(on="2024-08-01", last_row="extra_row"))[:2] == ("0.00", "100.00")


# --- what earlier versions got wrong


def test_interest_that_joined_the_balance_is_not_owed_as_negative_arrears():
    loan = plain(annual_rate="24%", instalments=4, instalment="200", negative_amortisation=True)
    position = position_of(loan, [], on=date(2026, 2, 15))
    # 240 of interest, 200 of them billed; the other 40 bear interest from here on.
    assert (position.buckets.principal, position.buckets.principal_arrears) == (12040, 0)
    assert position.buckets.interest_arrears == 200


def test_the_arrears_of_a_matured_loan_with_a_balloon_can_be_restructured():
    position = after(on="2027-03-01", balloon="6000")
    assert position.repayment.balloon == 0
    assert reschedule(position).identities.hold
    early = after(pay("2026-12-20", "11000"), on="2026-12-20", balloon="6000")
    assert early.repayment.balloon == early.buckets.principal
    assert reschedule(early).identities.hold


@pytest.mark.parametrize(
    ("changes", "on", "code"),
    [
        ({}, date(9999, 12, 31), "date-invalid"),
        (
            {"principal": "90000000000000", "penalty": Penalty(annual_rate="24%")},
            date(2999, 1, 1),
            "money-too-large",
        ),
    ],
)
def test_a_day_so_far_ahead_that_nothing_can_be_said_is_refused(changes, on, code):
    contract = Contract(
        **{"currency": "CNY", "principal": "12000", "annual_rate": "18%", "instalments": 12}
        | {"start": "2026-01-15", "first_due": "2026-02-15"}
        | changes
    )
    with pytest.raises((Refused, InvalidInput)) as refused:
        position_of(contract, on=on)
    assert refused.value.issues[0].code == code


# --- a loan that is repaid before what was agreed for later, and one that is over


@pytest.mark.parametrize(
    ("changes", "payments", "on", "left"),
    [
        # Ten are paid, 1,269.38 each; 8,000 less the interest of 120 leave 4,120, which is four of them.
        ({"prepayment": "shorten_term"}, [pay("2026-02-15", "8000")], "2026-02-20", 4),
        # 400 a month repay 1,200 in three.
        ({"principal": "1200", "annual_rate": "0", "instalment": "400"}, [], "2026-01-20", 3),
        ({"principal": "1200", "annual_rate": "0", "instalment": "400"}, [], "2026-06-20", 0),
    ],
)
def test_a_loan_repaid_before_its_suspension_never_comes_to_it(changes, payments, on, left):
    position = after(*payments, on=on, suspensions=[dict(instalments=2, starts=10)], **changes)
    assert (position.repayment.instalments, position.repayment.suspensions) == (left, ())
    assert reschedule(position).identities.hold


def test_the_first_instalment_after_months_of_interest_alone_is_the_agreed_one_on_any_day():
    loan = plain(**LEVEL, suspensions=[dict(instalments=2, pay="interest")])
    agreed = [(row.due, row.total) for row in amortise(loan).rows]
    for on in (date(2026, 1, 31), date(2026, 2, 25)):
        paid = [pay(due.isoformat(), str(total)) for due, total in agreed if due <= on]
        plan = reschedule(position_of(loan, paid, on=on))
        # What has accrued is carried into the month it accrued in, and is paid there.
        coming = [(due, total) for due, total in agreed if due > on]
        assert [(row.due, row.total) for row in plan.schedule.rows] == coming


def test_no_flat_interest_is_charged_once_the_term_is_over():
    # 12,000 and six times 120 are due by 15 July, and nothing is paid.
    position = after(on="2026-09-20", method="flat", instalments=6, overdue_interest=False)
    assert position.buckets.claim == 12720
    assert [str(row.total) for row in reschedule(position).schedule.rows] == ["12720.00"]
    later = reschedule(
        position, [Spread(of=["principal_arrears", "interest_arrears"], instalments=3), Extend(instalments=3)]
    )
    assert [str(row.total) for row in later.schedule.rows] == ["4240.00"] * 3
    # A term that is agreed anew has interest on what it begins with: 12,720 and 25 days in September and October.
    new = reschedule(
        position, [Capitalise(of=["principal_arrears", "interest_arrears"]), Extend(instalments=3)]
    )
    assert str(new.schedule.rows[1].interest) == "127.20"


# --- the row of an odd first period, which repays nothing

# A month and a half before the first regular one; its interest of 178.06 falls due on 15 March.
ODD = dict(start="2026-01-31", first_due="2026-04-15", stub="own_row", prepayment="shorten_term")


@pytest.mark.parametrize(
    ("method", "paid", "rows"),
    [
        # Ten days' interest is 38.71. What is left of 12,000 is repaid in parts of 1,000, the last of them smaller,
        ("equal_principal", "9000", ["0.00", "1000.00", "1000.00", "1000.00", "38.71"]),
        # or in one instalment, which never falls away with the row before it.
        ("level", "11500", ["0.00", "538.71"]),
    ],
)
def test_prepaying_before_the_row_of_an_odd_period_leaves_the_instalments_after_it(method, paid, rows):
    position = after(pay("2026-02-10", paid), on="2026-02-10", method=method, **ODD)
    assert [str(row.principal) for row in reschedule(position).schedule.rows] == rows
    over = after(pay("2026-02-10", paid), on="2026-12-31", method=method, **ODD)
    assert (over.buckets.principal, over.buckets.principal_arrears) == (0, position.buckets.principal)


def test_a_moved_due_date_stays_the_one_that_was_moved_when_the_odd_period_is_prepaid():
    moves = [dict(instalment=3, to="2026-06-25")]
    agreed = [row.due for row in amortise(plain(**(LEVEL | ODD), moves=moves)).rows]
    position = after(
        pay("2026-02-10", "1000", prepayment="lower_instalment"), on="2026-02-10", moves=moves, **ODD
    )
    assert [row.due for row in reschedule(position).schedule.rows] == agreed
    assert agreed[2:5] == [date(2026, 5, 15), date(2026, 6, 25), date(2026, 7, 25)]


def test_an_extra_row_that_bears_late_interest_is_laid_out_though_rates_are_still_to_change():
    rates = [dict(starts="2029-01-01", annual_rate="5%")]
    position = after(
        on="2026-04-20",
        instalments=3,
        last_row="extra_row",
        repricing="recalculate",
        rates=rates,
        overdue_interest="in_instalment",
    )
    assert position.missed_instalments == 3
    assert reschedule(position).identities.hold


def test_more_credit_than_an_amount_may_be_is_refused():
    payments = [pay("2026-02-10", "99999999999999"), pay("2026-02-11", "99999999999999")]
    with pytest.raises(Refused) as refused:
        after(*payments, on="2026-02-20")
    assert refused.value.issues[0].code == "money-too-large"


def test_a_difference_is_shared_out_among_the_instalments_that_are_paid_not_those_suspended_later():
    # One instalment of 1,300 repays 1,200, so that the third is never suspended.
    position = after(
        pay("2026-02-10", "50", prepayment="lower_instalment"),
        on="2026-02-10",
        principal="1200",
        instalments=0,
        instalment="1300",
        instalment_multiple="1",
        last_row="equalise",
        suspensions=[dict(instalments=1, starts=3, pay="interest")],
        **ODD,
    )
    # 50 less ten days' interest of 3.87 leave 1,153.87, and a month of it bears 11.54.
    assert (str(position.buckets.principal), str(position.repayment.instalment)) == ("1153.87", "1165.00")
