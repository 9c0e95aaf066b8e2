"""Negotiations: the nearest plan inside the limits to what was asked, or the limit that stands in the way."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cases import packaged
from casework.agreed import illness
from laws import examples
from restructure.calculator.measures.relief import Forgive, Waive
from restructure.calculator.measures.timing import Extend
from restructure.casework.decisions.decision import Decision, decide
from restructure.casework.decisions.plan_search import propose
from restructure.casework.decisions.rounds import Answer, CounterRequest
from restructure.casework.negotiation.counter import counter
from restructure.casework.negotiation.replay import replay
from restructure.errors import InvalidInput
from restructure.policy.case_facts import facts_of

POLICY = packaged("cn-consumer-finance")
FIRST = decide(illness(), POLICY, on=illness().as_of)
RULE = "illness-relief"
OFFER = next(one for one in FIRST.offers if one.rule == RULE)
CAP = POLICY.parameters["longest_term"].on(FIRST.on)


def asked(**request) -> Decision:
    return counter(FIRST, CounterRequest(**request), POLICY, rule=RULE)


def highest(plan) -> Decimal:
    return max(row.total for row in plan.schedule.rows)


def extension(plan) -> int:
    return sum(one.instalments for one in plan.measures if isinstance(one, Extend))


def with_extension(by: int):
    measures = [one for one in OFFER.plan.measures if not isinstance(one, Extend)]
    known = facts_of(POLICY.at(FIRST.on), FIRST.assessment)
    return propose(known, (*measures, Extend(instalments=by))).plan


# --- laws


@examples(30)
@given(st.integers(30_000, 400_000))
def test_at_most_so_much_a_month_takes_the_fewest_instalments_that_do_it(cents):
    most = Decimal(cents).scaleb(-2)
    answer = asked(max_monthly_payment=most)
    (told,) = answer.rounds
    plan = answer.offers[0].plan
    if told.answer is Answer.MET:
        assert highest(plan) <= most
        step = 1 if extension(plan) > extension(OFFER.plan) else 0
        assert step == 0 or highest(with_extension(extension(plan) - step)) > most
    else:
        assert told.answer is Answer.NEAREST
        assert highest(plan) > most
        assert len(plan.schedule.rows) == CAP
        assert {one.fact for one in told.binding} == {"term_after"}


@examples(20)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "max_monthly_payment": st.integers(50_000, 300_000).map(lambda cents: Decimal(cents).scaleb(-2)),
            "first_payment_from": st.integers(0, 200).map(lambda days: FIRST.on + timedelta(days=days)),
            "keep_end_date": st.just(True),
            "lump_sum": st.integers(1, 4_500_000).map(lambda cents: Decimal(cents).scaleb(-2)),
        },
    ).filter(bool)
)
def test_every_answer_keeps_every_limit_gives_up_no_more_and_replays(request):
    answer = asked(**request)
    (told,) = answer.rounds
    offer = answer.offers[0] if told.answer is not Answer.REFUSED else OFFER
    assert offer.plan.identities.hold
    assert offer.prospect.relief <= max(one.prospect.relief for one in FIRST.offers)
    assert offer.prospect.term_after <= CAP
    assert offer.prospect.apr_after <= POLICY.parameters["cost_cap"].on(FIRST.on)
    assert highest(offer.plan) <= FIRST.assessment.affordable_instalment
    assert replay(answer, POLICY).same
    assert Decision.model_validate_json(answer.model_dump_json()) == answer
    if told.answer is Answer.REFUSED:
        assert answer.offers == FIRST.offers
        return
    rows = offer.plan.schedule.rows
    if told.answer is Answer.MET and "first_payment_from" in request:
        assert all(row.total == 0 for row in rows if row.due < request["first_payment_from"])
    if "keep_end_date" in request:
        assert rows[-1].due <= FIRST.offers[0].plan.before.rows[-1].due
    if "lump_sum" in request:
        assert offer.plan.up_front == request["lump_sum"]


# --- what is asked


def test_what_is_met_already_changes_nothing():
    answer = asked(max_monthly_payment=highest(OFFER.plan))
    assert answer.offers[0].plan.schedule == OFFER.plan.schedule


def test_starting_later_suspends_what_falls_due_before():
    start = OFFER.plan.schedule.rows[2].due
    answer = asked(first_payment_from=start, max_monthly_payment="2100")
    rows = answer.offers[0].plan.schedule.rows
    assert [row.total for row in rows[:2]] == [0, 0]
    assert rows[2].due == start
    assert rows[2].total > 0


def test_a_lump_sum_lowers_what_is_left():
    answer = asked(lump_sum="8000")
    assert answer.rounds[0].answer is Answer.MET
    assert answer.offers[0].plan.instalment < OFFER.plan.instalment


def test_a_lump_sum_above_what_is_owed_is_refused_and_the_offers_stay():
    answer = asked(lump_sum="999999")
    (told,) = answer.rounds
    assert told.answer is Answer.REFUSED
    assert "pay-exceeds-claim" in told.message
    assert answer.offers == FIRST.offers


def test_measures_of_the_borrower_may_not_give_up_more_than_was_offered():
    more = [
        one.model_copy(update={"share": 1}) if isinstance(one, Waive) else one for one in OFFER.plan.measures
    ]
    (told,) = asked(measures=tuple(more)).rounds
    assert told.answer is Answer.REFUSED
    assert told.message.startswith("beyond-what-was-offered")
    forgiving = (*OFFER.plan.measures, Forgive(share="1/2"))
    assert asked(measures=forgiving).rounds[0].answer is Answer.REFUSED


def test_measures_of_the_borrower_that_keep_the_limits_are_offered():
    edited = tuple(Extend(instalments=9) if isinstance(one, Extend) else one for one in OFFER.plan.measures)
    answer = asked(measures=edited)
    assert answer.rounds[0].answer is Answer.MET
    assert extension(answer.offers[0].plan) == 9


def test_rounds_add_up_and_each_makes_another_decision():
    second = asked(max_monthly_payment="1800")
    third = counter(second, CounterRequest(lump_sum="2000"), POLICY, rule=RULE)
    assert [one.number for one in third.rounds] == [1, 2]
    assert len({FIRST.id, second.id, third.id}) == 3
    assert replay(third, POLICY).same
    edited = third.model_copy(update={"rounds": third.rounds[:1]})
    with pytest.raises(InvalidInput, match="record-altered"):
        replay(edited, POLICY)


def test_other_offers_stay_open_behind_the_answer():
    answer = asked(max_monthly_payment="1800")
    assert answer.offers[0].rule == RULE
    assert {one.rule for one in answer.offers} == {one.rule for one in FIRST.offers}
    assert [one.rank for one in answer.offers] == list(range(1, len(answer.offers) + 1))


# --- wrong input


def test_a_request_that_asks_for_nothing_is_refused():
    with pytest.raises(ValidationError, match="asks for nothing"):
        CounterRequest()


@pytest.mark.parametrize(
    "wrong", [{"max_monthly_payment": "-1"}, {"max_monthly_payment": 1.5}, {"first_payment_from": "soon"}]
)
def test_a_request_has_to_be_readable(wrong):
    with pytest.raises(ValidationError):
        CounterRequest(**wrong)


def test_the_policy_has_to_be_the_one_that_decided():
    with pytest.raises(InvalidInput, match="policy-differs"):
        counter(FIRST, CounterRequest(lump_sum="1"), POLICY.with_values(illness_extension=7))


def test_an_offer_that_was_not_made_cannot_be_countered():
    with pytest.raises(InvalidInput, match="illness-relief"):
        counter(FIRST, CounterRequest(lump_sum="1"), POLICY, rule="ilness-relief")
    refused = decide(illness(), POLICY.with_values(longest_term=3), on=FIRST.on)
    assert not refused.offers
    with pytest.raises(InvalidInput, match="nothing to negotiate"):
        counter(refused, CounterRequest(lump_sum="1"), POLICY.with_values(longest_term=3))


def test_where_a_limit_says_what_a_plan_may_lose_more_relief_than_offered_is_still_no_answer():
    from restructure.policy.language.sections import Limit

    limit = Limit.model_validate(
        {
            "id": "loss", "title": {"en": "Loss"}, "reason": {"en": "Too much."}, "reference": "own",
            "require": {"fact": "npv_loss", "op": "<=", "value": "0.5"},
        }
    )  # fmt: skip
    policy = POLICY.model_copy(update={"limits": (*POLICY.limits, limit)})
    first = decide(illness(), policy, on=FIRST.on)
    more = tuple(
        one.model_copy(update={"share": 1}) if isinstance(one, Waive) else one for one in OFFER.plan.measures
    )
    (told,) = counter(first, CounterRequest(measures=more), policy, rule=RULE).rounds
    assert told.message.startswith("beyond-what-was-offered: relief")
