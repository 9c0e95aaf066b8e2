"""The class that a policy suggests for a loan under an agreement: on both sides of every border."""

from datetime import date, timedelta
from functools import cache

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from cases import SMALL, policy_of, rule
from casework.agreed import SHOWN, agreed, decided, illness, paid_as_agreed
from laws import examples
from restructure.calculator.measures.timing import ChangeFrequency, Extend
from restructure.calculator.measures.up_front import Settle
from restructure.calculator.plans.plan import reschedule
from restructure.calculator.servicing.contract import Payment
from restructure.casework.agreements.agreement import accept
from restructure.casework.agreements.case_history import History
from restructure.casework.agreements.review import Review, review
from restructure.casework.decisions.decision import decide
from restructure.errors import InvalidInput
from restructure.intake.application import PreviousRestructuring
from restructure.policy.loading.loading import load_policy

POLICY = load_policy("cn-consumer-finance")
FILE = illness().model_copy(update={"history": ()})
AGREED = agreed()
ROWS = AGREED.plan.schedule.rows
FIRST = ROWS[0].due
DAY = timedelta(days=1)


def file(product: str = "consumer_loan", **facts):
    loan = FILE.loan.model_copy(update={"product": product})
    return FILE.model_copy(update={"loan": loan, "facts": facts})


def seen(on: date, payments=(), application=FILE, agreement=AGREED, policy=POLICY) -> Review:
    known = [one for one in payments if one.on <= on]
    return review(agreement, known, on=on, application=application, policy=policy)


def suggested(*args, **more) -> str:
    return seen(*args, **more).classification.value


def in_time(count: int | None = None) -> list[Payment]:
    return paid_as_agreed(AGREED, count)


# --- days past due


@pytest.mark.parametrize(
    ("product", "late", "wanted"),
    [
        # The observation holds both at special mention until the days say worse.
        ("consumer_loan", 0, "special_mention"),
        ("consumer_loan", 1, "special_mention"),
        ("consumer_loan", 90, "special_mention"),
        ("consumer_loan", 91, "substandard"),
        ("consumer_loan", 270, "substandard"),
        ("consumer_loan", 271, "doubtful"),
        ("consumer_loan", 360, "doubtful"),
        ("consumer_loan", 361, "loss"),
        ("credit_card", 0, "special_mention"),
        ("credit_card", 90, "special_mention"),
        ("credit_card", 91, "substandard"),
        ("credit_card", 120, "substandard"),
        ("credit_card", 121, "doubtful"),
        ("credit_card", 180, "doubtful"),
        ("credit_card", 181, "loss"),
    ],
)
def test_the_days_past_due_under_the_agreement_make_the_class(product, late, wanted):
    found = seen(FIRST + late * DAY, application=file(product))
    assert (found.days_past_due, found.classification.value) == (late, wanted)


def test_the_class_names_the_conclusion_and_the_rule_with_its_source():
    found = seen(FIRST + 91 * DAY).classification
    assert (found.fact, found.value, found.policy) == (
        "asset_class",
        "substandard",
        POLICY.at(FIRST + 91 * DAY).ref,
    )
    assert found.title["zh"] == "当前资产分类"
    (ground,) = found.grounds
    assert (ground.id, ground.reference) == ("loan-class-3", "cls2023-own")
    assert ground.title == {"en": "Class of a loan by days past due", "zh": "贷款按逾期天数分类"}
    assert ground.source == POLICY.sources["cls2023-own"].title
    (floor,) = seen(FIRST).classification.grounds
    assert floor.id == "floor-special-mention"


# --- the observation


def test_an_observation_of_a_year_holds_a_loan_that_is_paid_at_special_mention_and_ends_to_the_day():
    end = FIRST + relativedelta(years=1)
    payments = in_time()
    assert suggested(end - DAY, payments) == "special_mention"
    assert suggested(end, payments) == "normal"
    assert suggested(end, payments, file("credit_card")) == "normal"


def test_a_miss_begins_the_observation_anew_on_the_day_it_fell_due():
    late = ROWS[4]
    payments = [
        one.model_copy(update={"on": one.on + 10 * DAY}) if one.on == late.due else one for one in in_time()
    ]
    end = late.due + relativedelta(years=1)
    assert suggested(FIRST + relativedelta(years=1), payments) == "special_mention"
    assert suggested(end - DAY, payments) == "special_mention"
    assert suggested(end, payments) == "normal"


def test_what_is_paid_within_its_days_of_grace_begins_nothing_anew():
    lenient = agreed(grace_days=10)
    payments = [
        one.model_copy(update={"on": one.on + 10 * DAY}) if one.on == ROWS[4].due else one
        for one in in_time()
    ]
    end = FIRST + relativedelta(years=1)
    assert suggested(end - DAY, payments, agreement=lenient) == "special_mention"
    assert suggested(end, payments, agreement=lenient) == "normal"


def test_a_fen_that_is_tolerated_makes_nothing_late():
    lenient = agreed(tolerance="0.01")
    payments = [one.model_copy(update={"amount": one.amount - (one.id == "p1") * Payment(on=one.on, amount="0.01").amount})
                for one in in_time(1)]  # fmt: skip
    found = seen(FIRST + DAY, payments, agreement=lenient)
    assert (found.days_past_due, found.owed.days_past_due) == (0, 1)
    over = FIRST + relativedelta(years=1)
    rest = [*payments, *in_time()[1:]]
    assert suggested(over, rest, agreement=lenient) == "normal"
    assert suggested(over, rest) == "special_mention"


def changed_before(first_due: str, **facts):
    earlier = (PreviousRestructuring(on=FILE.loan.originated, outcome="broken"),)
    return FILE.model_copy(
        update={
            "previous_restructurings": earlier,
            "facts": {"first_due_after_change": first_due, **facts},
        }
    )


@pytest.mark.parametrize(
    ("first_due", "within", "wanted"),
    [("2025-03-19", True, "substandard"), ("2025-03-18", False, "special_mention")],
)
def test_a_change_inside_an_earlier_observation_is_substandard_at_least_and_one_after_it_is_not(
    first_due, within, wanted
):
    # What the file says of the earlier change is not taken for this one.
    told = changed_before(first_due, changed_again_in_observation=not within)
    before = {one.fact: one.value for one in decide(told, POLICY, on=told.as_of).concluded}
    assert before["under_observation"] == ("yes" if within else "no")
    found = seen(FIRST, application=told).classification
    assert found.value == wanted
    assert [one.id for one in found.grounds] == [f"floor-{wanted.replace('_', '-')}"]


def test_what_the_file_says_of_an_earlier_change_is_not_taken_for_this_one():
    stale = file(first_due_after_change="2020-01-01", months_per_period=120, paid_normally_since="2020-01-01")
    assert suggested(FIRST, application=stale) == "special_mention"
    end = FIRST + relativedelta(years=1)
    assert suggested(end, in_time(), stale) == "normal"


def test_periods_of_months_count_and_others_are_as_if_absent():
    rarely = [ChangeFrequency(every="8 months"), Extend(instalments=24)]
    rare = AGREED.model_copy(update={"plan": reschedule(AGREED.plan.position, rarely)})
    payments = paid_as_agreed(rare)
    end = rare.plan.schedule.rows[0].due + relativedelta(months=16)
    assert end < payments[-1].on
    assert suggested(end - DAY, payments, agreement=rare) == "special_mention"
    assert suggested(end, payments, agreement=rare) == "normal"
    weekly = AGREED.model_copy(
        update={
            "plan": reschedule(
                AGREED.plan.position, [ChangeFrequency(every="2 weeks"), Extend(instalments=30)]
            )
        }
    )
    payments, end = (
        paid_as_agreed(weekly),
        weekly.plan.schedule.rows[0].due + relativedelta(years=1),
    )
    assert suggested(end - DAY, payments, agreement=weekly) == "special_mention"
    assert suggested(end, payments, agreement=weekly) == "normal"


# --- an upgrade of what is worse in the books


BOOKED = {"booked_class": "substandard", "performance_expected": True, "other_impaired_debt": False}


def test_six_months_of_payment_in_time_lift_a_substandard_loan_to_what_the_observation_allows():
    day = FILE.as_of + relativedelta(months=6)
    assert suggested(day - DAY, in_time(), file(**BOOKED)) == "substandard"
    assert suggested(day, in_time(), file(**BOOKED)) == "special_mention"


def test_after_a_miss_the_six_months_run_from_its_payment():
    paid = ROWS[1].due + 5 * DAY
    payments = [one.model_copy(update={"on": paid}) if one.on == ROWS[1].due else one for one in in_time()]
    # With it, what the lateness cost.
    payments.append(Payment(on=paid, amount="100", id="more"))
    day = paid + relativedelta(months=6)
    assert suggested(day - DAY, payments, file(**BOOKED)) == "substandard"
    assert suggested(day, payments, file(**BOOKED)) == "special_mention"
    never = [one for one in in_time() if one.on != ROWS[1].due]
    assert suggested(day, never, file(**BOOKED)) == "substandard"


# --- what is no class


def test_what_the_file_does_not_say_leaves_the_class_unknown_and_is_named():
    silent = illness()
    found = seen(FIRST, application=silent).classification
    assert (found.value, found.grounds) == ("unknown", ())
    assert "events.missed_payment" in found.missing
    # Days past due settle it whatever the history is.
    assert seen(FIRST + 361 * DAY, application=silent).classification.value == "loss"
    unknown = FILE.model_copy(update={"previous_restructurings": None})
    assert suggested(FIRST, application=unknown) == "special_mention"
    neither = unknown.model_copy(update={"history": None})
    assert suggested(FIRST, application=neither) == "unknown"


def test_without_a_policy_or_in_one_without_a_class_nothing_is_suggested():
    assert review(AGREED, on=FIRST, application=FILE).classification is None
    assert seen(FIRST, policy=policy_of(f"{SMALL}rules:\n{rule()}")).classification is None


def test_nothing_is_suggested_once_everything_is_paid_nor_of_a_settlement():
    payments = in_time()
    last = payments[-1].on
    assert seen(last, payments).classification is None
    settled = AGREED.model_copy(
        update={
            "plan": reschedule(AGREED.plan.position, [Settle(payments=[{"on": FIRST, "amount": "20000"}])])
        }
    )
    assert seen(FIRST, agreement=settled).classification is None


def test_on_trial_the_loan_is_classed_as_it_was():
    trial = agreed(trial_payments=2)
    found = seen(FILE.as_of + DAY, agreement=trial)
    # 47 days late before the change; no restructuring yet, and so no floor.
    assert [one.id for one in found.classification.grounds] == ["loan-class-2"]
    late = seen(FILE.as_of + (91 - 47) * DAY, agreement=trial)
    assert late.classification.value == "substandard"
    assert seen(FILE.as_of + (90 - 47) * DAY, agreement=trial).classification.value == "special_mention"


def test_a_policy_without_a_file_and_the_file_of_somebody_else_are_refused():
    with pytest.raises(InvalidInput, match="field-missing: application"):
        review(AGREED, on=FIRST, policy=POLICY)
    other = FILE.model_copy(update={"borrower": FILE.borrower.model_copy(update={"reference": "B-2"})})
    with pytest.raises(InvalidInput, match="borrower-differs"):
        seen(FIRST, application=other)


# --- laws


@cache
def _history() -> History:
    decision = decided(grace_days=3)
    return History().proposed(decision).accepted(
        rule="illness-relief", on=decision.on, by=FILE.borrower.reference, channel="phone", evidence=SHOWN
    )  # fmt: skip


_WORST = ["loss", "doubtful", "substandard", "special_mention", "normal"]


@examples(40)
@given(st.lists(st.none() | st.integers(0, 400), min_size=22, max_size=22), st.integers(0, 900))
def test_however_it_is_paid_the_class_is_none_better_than_days_and_observation_allow(delays, after):
    on = FILE.as_of + after * DAY
    payments = [
        Payment(on=row.due + late * DAY, amount=row.total, id=f"p{row.number}")
        for row, late in zip(ROWS, delays, strict=True)
        if late is not None and row.due + late * DAY <= on
    ]
    agreement = _history().agreement
    found = seen(on, payments, agreement=agreement)
    shuffled = seen(on, payments[::-1], agreement=agreement)
    assert shuffled == found
    if found.classification is None:
        assert found.completed_on or not found.owed.buckets.claim
        return
    late, value = found.days_past_due, found.classification.value
    by_days = (
        "loss" if late > 360 else "doubtful" if late > 270 else "substandard" if late > 90
        else "special_mention" if late else "normal"
    )  # fmt: skip
    missed = [one.due for one in found.instalments if one.missed]
    end = max([FIRST, *missed]) + relativedelta(years=1)
    floor = "special_mention" if on < end else "normal"
    assert value == min(by_days, floor, key=_WORST.index)
    # The rest of the review does not change with the question.
    assert found.model_copy(update={"classification": None}) == review(
        agreement, payments, on=on, loan=FILE.loan
    )


def test_the_history_of_a_case_gives_the_class_with_the_file_as_it_is_known_by_then():
    history = _history()
    assert history.review(FIRST, policy=POLICY).classification.value == "unknown"
    assert history.review(FIRST, policy=POLICY, application=FILE).classification.value == "special_mention"
    assert history.review(FIRST).classification is None


def test_a_class_of_another_country_is_suggested_by_days_alone():
    assert load_policy("us-card-dmp").classification.fact == "credit_class"


def test_a_review_with_a_class_goes_through_json_unchanged():
    found = seen(FIRST)
    assert Review.model_validate_json(found.model_dump_json()) == found


def test_another_policy_than_the_one_that_was_agreed_under_may_classify():
    later = POLICY.with_values(loan_substandard_above=10)
    assert suggested(FIRST + 11 * DAY, policy=later) == "substandard"
    assert suggested(FIRST + 10 * DAY, policy=later) == "special_mention"


COUNTING = """events:
  restructuring: {title: Change, reference: own}
  missed: {title: Missed, reference: own}
facts:
  changes: {title: Changes, unit: count, reference: own, value: {events: [restructuring], take: count}}
  misses: {title: Misses, unit: count, reference: own, value: {events: [missed], take: count}}
  kept_since: {title: Kept since, unit: date, reference: own, given: true}
  class: {title: Class, unit: choice, choices: [not_kept, often, twice, once], reference: own, hit: priority}
conclusions:
  - {id: not-kept, title: Not kept, reference: own, when: {fact: kept_since, op: unknown}, conclude: {class: not_kept}}
  - {id: often, title: Missed often, reference: own, when: {fact: misses, op: ">", value: 1}, conclude: {class: often}}
  - {id: twice, title: Twice, reference: own, when: {any: [{fact: changes, op: ">", value: 1}, {fact: restructurings, op: ">", value: 1}]}, conclude: {class: twice}}
  - {id: once, title: Once, reference: own, when: {all: [{fact: changes, op: "==", value: 1}, {fact: restructurings, op: "==", value: 1}]}, conclude: {class: once}}
classification: {fact: class, reference: own, missed: missed, supplies: {kept_since: paid_since}}
"""


def test_what_a_file_tells_of_the_agreement_already_is_counted_once():
    counting = policy_of(f"{SMALL}{COUNTING}rules:\n{rule()}")
    on, payments = ROWS[1].due + 9 * DAY, [Payment(on=ROWS[1].due + 5 * DAY, amount="9000", id="late")]
    assert suggested(on, in_time(2), policy=counting) == "once"
    granted = AGREED.plan.position.on
    told = {
        "previous_restructurings": [{"on": granted, "outcome": "active"}],
        "history": [{"kind": "missed", "on": ROWS[0].due, "amount": "5.00"}],
    }
    again = type(FILE).model_validate(FILE.model_dump() | told | {"as_of": FIRST})
    assert suggested(on, in_time(2), again, policy=counting) == "once"
    assert suggested(on, payments, again, policy=counting) == "often"  # the second instalment too
    one = payments[0].model_copy(update={"on": ROWS[0].due + 5 * DAY})
    assert suggested(on, [one], again, policy=counting) == "once"
    assert (
        suggested(on, [one.model_copy(update={"amount": ROWS[0].total})], again, policy=counting)
        == "not_kept"
    )
    before = type(FILE).model_validate(
        FILE.model_dump() | {"previous_restructurings": [{"on": granted - DAY, "outcome": "active"}]}
    )
    assert suggested(on, in_time(2), before, policy=counting) == "twice"


def test_a_broken_agreement_is_still_a_change_under_observation():
    broken = agreed(broken_after_missed=1, reversed_when_broken=("waived",))
    found = seen(FIRST + 5 * DAY, agreement=broken)
    assert found.broken_on is not None
    assert found.classification.value == "special_mention"
    # What it gave up is owed again, though every instalment is paid in the end.
    late = [Payment(on=FIRST + 9 * DAY, amount="60000", id="all")]
    paid = seen(FIRST + 9 * DAY, late, agreement=broken)
    assert paid.owed.buckets.claim > 0
    assert paid.classification.value == "special_mention"


def test_an_acceptance_some_days_later_changes_nothing_in_the_class():
    decision = decided()
    later = accept(
        decision, rule="illness-relief", on=decision.on + 2 * DAY, by=FILE.borrower.reference, channel="phone", evidence=SHOWN
    )  # fmt: skip
    end = FIRST + relativedelta(years=1)
    assert suggested(end, in_time(), agreement=later) == "normal"
