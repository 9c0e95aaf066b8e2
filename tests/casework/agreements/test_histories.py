"""Histories: append-only, replayed to the same state, and any edit is seen."""

import hashlib
import json
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from casework.agreed import SHOWN, agreed, decided, illness, paid_as_agreed
from laws import examples
from restructure.calculator.servicing.contract import Payment
from restructure.casework.agreements.case_history import History, Stage
from restructure.casework.agreements.events import Countered, Missed, Withdrawn
from restructure.casework.agreements.history_file import read_history, write_history
from restructure.casework.decisions.decision import decide
from restructure.casework.decisions.rounds import CounterRequest
from restructure.casework.negotiation.counter import answered, counter
from restructure.casework.negotiation.replay import replay
from restructure.errors import InvalidInput
from restructure.policy.loading.loading import load_policy

BY = illness().borrower.reference
ROWS = agreed().plan.schedule.rows


def begun(**follow_up) -> History:
    return History().proposed(decided(**follow_up))


def running(**follow_up) -> History:
    history = begun(**follow_up)
    return history.accepted(rule="illness-relief", on=decided().on, by=BY, channel="phone", evidence=SHOWN)


def code(action) -> str:
    with pytest.raises(InvalidInput) as refused:
        action()
    (issue,) = refused.value.issues
    return issue.code


FULL = running(broken_after_missed=2)
for _payment in paid_as_agreed(agreed(), 3):
    FULL = FULL.paid(_payment)
FULL = FULL.reviewed(ROWS[4].due + timedelta(days=1))


def test_a_whole_life_is_recorded_in_the_order_in_which_it_became_known():
    kinds = [event.kind for event in FULL.events]
    assert kinds == ["proposed", "accepted", "paid", "paid", "paid", "missed", "missed", "broken"]
    assert FULL.stage is Stage.BROKEN


def test_reading_what_was_written_gives_the_same_history_and_the_same_state():
    again = read_history(write_history(FULL))
    assert again == FULL
    on = ROWS[5].due
    assert (again.stage, again.agreement, again.review(on)) == (FULL.stage, FULL.agreement, FULL.review(on))


def test_the_same_acceptance_and_the_same_payment_twice_change_nothing():
    history = running()
    same = history.accepted(rule="illness-relief", on=decided().on, by=BY, channel="phone", evidence=SHOWN)
    assert same is history
    (payment,) = paid_as_agreed(agreed(), 1)
    once = history.paid(payment)
    assert once.paid(payment) == once == history.paid(payment, payment)


def test_a_review_that_finds_nothing_new_adds_nothing():
    assert FULL.reviewed(ROWS[4].due + timedelta(days=1)) == FULL


def test_a_missed_instalment_that_is_paid_after_all_is_cured_once():
    missed = running().reviewed(ROWS[0].due + timedelta(days=1))
    day = ROWS[0].due + timedelta(days=5)
    cured = missed.paid(Payment(on=day, amount=ROWS[0].total, id="late")).reviewed(day)
    assert [event.kind for event in cured.events[2:]] == ["missed", "paid", "cured"]
    assert cured.reviewed(day + timedelta(days=1)) == cured
    assert cured.stage is Stage.AGREED


def test_a_second_restructuring_follows_a_broken_one_but_not_one_that_runs():
    again = FULL.proposed(decided())
    assert (again.stage, again.agreement) == (Stage.PROPOSED, None)
    assert code(lambda: running().proposed(decided())) == "event-order"


def test_withdrawing_is_possible_while_the_time_to_think_it_over_lasts():
    history = running(cooling_off_days=7)
    last = decided().on + timedelta(days=7)
    assert history.withdrawn(last).stage is Stage.WITHDRAWN
    assert code(lambda: history.withdrawn(last + timedelta(days=1))) == "event-order"
    assert code(lambda: begun().withdrawn(last)) == "event-order"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: History().withdrawn(decided().on),
        lambda: History().accepted(
            rule="illness-relief", on=decided().on, by=BY, channel="phone", evidence=SHOWN
        ),
        lambda: begun().paid(Payment(on=decided().on, amount="1.00")),
        lambda: running().accepted(
            rule="longer-term", on=decided().on, by=BY, channel="phone", evidence=SHOWN
        ),
        lambda: running().extended([Missed(on=ROWS[1].due, number=7, due=ROWS[6].due)]),
    ],
)
def test_events_that_cannot_happen_where_they_stand_are_refused(wrong):
    assert code(wrong) in {"event-order", "offer-unknown"}


def test_nothing_is_added_when_one_of_several_events_is_impossible():
    history = running()
    (payment,) = paid_as_agreed(agreed(), 1)
    before = history.events
    code(lambda: history.extended([*history.paid(payment).events[2:], Withdrawn(on=ROWS[-1].due)]))
    assert history.events == before


def test_two_different_payments_under_one_id_are_refused():
    (payment,) = paid_as_agreed(agreed(), 1)
    other = payment.model_copy(update={"amount": payment.amount + 1})
    assert code(lambda: running().paid(payment).paid(other)) == "payment-repeated"


def test_a_trial_that_is_passed_takes_effect_in_the_history_and_the_new_plan_is_followed():
    history = running(trial_payments=2, broken_after_missed=2)
    for payment in paid_as_agreed(agreed(), 2):
        history = history.paid(payment)
    effective = history.reviewed(ROWS[1].due)
    assert effective.events[-1].kind == "took_effect"
    agreement = effective.agreement
    assert agreement.effective_on == ROWS[1].due
    first = agreement.plan.schedule.rows[0]
    going_on = effective.paid(Payment(on=first.due, amount=first.total, id="n1")).reviewed(first.due)
    assert going_on.review(first.due).received == first.total
    assert read_history(write_history(going_on)) == going_on
    assert going_on.reviewed(first.due) == going_on


def test_a_trial_that_is_missed_breaks_the_agreement():
    history = running(trial_payments=2).reviewed(ROWS[0].due + timedelta(days=1))
    assert [event.kind for event in history.events[2:]] == ["missed", "broken"]


def test_a_second_agreement_after_a_trial_that_took_effect_and_was_broken_has_a_state_of_its_own():
    first = running(trial_payments=2, broken_after_missed=1)
    for payment in paid_as_agreed(agreed(), 2):
        first = first.paid(payment)
    first = first.reviewed(ROWS[1].due)
    broken = first.reviewed(first.agreement.plan.schedule.rows[0].due + timedelta(days=1))
    assert broken.stage is Stage.BROKEN
    again = broken.proposed(decided(cooling_off_days=3))
    assert again.agreement is None
    again = again.accepted(rule="illness-relief", on=decided().on, by=BY, channel="written", evidence=SHOWN)
    assert (again.agreement.effective_on, again.payments) == (None, ())
    assert read_history(write_history(again)) == again


def test_two_payments_without_an_id_that_look_alike_are_two():
    alike = Payment(on=ROWS[0].due, amount="100.00")
    assert (
        running().paid(alike, alike).payments == (alike, alike) == running().paid(alike).paid(alike).payments
    )


# --- negotiation

POLICY = load_policy("cn-consumer-finance")
ON = decided().on


def answer(history: History, rule: str = "illness-relief", **request):
    return counter(history.decision, CounterRequest(**request), POLICY, rule=rule)


def negotiated(**follow_up) -> History:
    history = begun(**follow_up)
    history = history.countered(answer(history, max_monthly_payment="1800"), on=ON)
    return history.countered(answer(history, lump_sum="999999"), on=ON + timedelta(days=2))


def test_every_round_of_a_negotiation_is_an_event_and_what_is_agreed_is_its_last_answer():
    history = negotiated()
    decision = history.decision
    assert [event.kind for event in history.events] == ["proposed", "countered", "countered"]
    assert [one.answer.value for one in decision.rounds] == ["met", "refused"]
    assert (history.stage, history.agreement) == (Stage.PROPOSED, None)
    assert history.events[2].offer is None
    assert decision.id == history.events[2].decision
    assert replay(decision.model_copy(update={"follow_up": _follow_up()}), POLICY).same
    history = history.accepted(
        rule="illness-relief", on=ON + timedelta(days=2), by=BY, channel="phone", evidence=SHOWN
    )
    assert history.agreement.decision == decision.id
    assert history.agreement.plan == decision.offers[0].plan != decided().offers[0].plan
    assert read_history(write_history(history)) == history


def _follow_up():
    return decide(illness(), POLICY, on=ON).follow_up


REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "max_monthly_payment": st.integers(50_000, 300_000).map(lambda cents: Decimal(cents).scaleb(-2)),
        "keep_end_date": st.just(True),
        "lump_sum": st.integers(1, 4_500_000).map(lambda cents: Decimal(cents).scaleb(-2)),
    },
).filter(bool)


@examples(20)
@given(st.lists(st.tuples(REQUESTS, st.sampled_from(["illness-relief", "longer-term"])), max_size=3))
def test_a_negotiation_in_events_is_the_same_as_its_decisions_proposed_one_after_the_other(asked):
    history = told_whole = begun()
    for request, rule in asked:
        made = answer(history, rule, **request)
        history, told_whole = history.countered(made, on=ON), told_whole.proposed(made)
        assert history.decision == made
        assert history.countered(made, on=ON) is history
    again = read_history(write_history(history))
    assert (again, again.decision, again.stage) == (history, told_whole.decision, told_whole.stage)
    last = {"on": ON, "by": BY, "channel": "phone", "evidence": SHOWN}
    agreement = history.accepted(rule="illness-relief", **last).agreement
    assert agreement == told_whole.accepted(rule="illness-relief", **last).agreement


def test_a_history_that_was_written_before_rounds_were_events_is_read_as_it_was():
    first = begun()
    made = answer(first, max_monthly_payment="1800")
    old = first.proposed(made).accepted(rule="illness-relief", on=ON, by=BY, channel="phone", evidence=SHOWN)
    # The format of a file, said once more.
    lines, digest = [], "0" * 64
    for event in old.events:
        content = json.dumps(event.model_dump(mode="json"), ensure_ascii=False, separators=(",", ":"))
        digest = hashlib.sha256(f"{digest}\n{content}".encode()).hexdigest()
        lines.append(f'{{"digest":"{digest}","event":{content}}}\n')
    text = "".join(lines) + f'{{"seal":"{digest}","events":3}}\n'
    assert write_history(old) == text
    read = read_history(text)
    assert ([one.kind for one in read.events], read) == (["proposed", "proposed", "accepted"], old)
    assert read.agreement.plan == made.offers[0].plan


def elsewhere(**changes):
    case = illness()
    case = case.model_copy(
        update={name: getattr(case, name).model_copy(update=new) for name, new in changes.items()}
    )
    other = decide(case, POLICY, on=ON)
    return counter(other, CounterRequest(max_monthly_payment="1800"), POLICY)


@pytest.mark.parametrize(
    ("wrong", "wanted"),
    [
        (lambda: History().countered(answer(begun(), max_monthly_payment="1800"), on=ON), "event-order"),
        (lambda: running().countered(answer(begun(), max_monthly_payment="1800"), on=ON), "event-order"),
        (lambda: FULL.countered(answer(begun(), max_monthly_payment="1800"), on=ON), "event-order"),
        (lambda: begun().countered(decided(), on=ON), "decision-differs"),
        (lambda: begun().countered(answer(negotiated(), max_monthly_payment="1700"), on=ON), "decision-differs"),
        (lambda: negotiated().countered(answer(begun(), max_monthly_payment="1700"), on=ROWS[0].due), "decision-differs"),
        (lambda: begun().countered(elsewhere(borrower={"reference": "B-2"}), on=ON), "borrower-differs"),
        (lambda: begun().countered(elsewhere(loan={"reference": "L-2"}), on=ON), "loan-differs"),
        (lambda: begun().countered(elsewhere(hardship={"onset": ON}), on=ON), "decision-differs"),
        (lambda: begun().countered(answer(begun(), max_monthly_payment="1800"), on=ON - timedelta(days=1)), "date-order"),
        (
            lambda: negotiated().countered(
                answer(negotiated(), max_monthly_payment="1700"), on=ON + timedelta(days=1)
            ),
            "date-order",
        ),
        (
            lambda: begun(valid_days=3).countered(
                answer(begun(valid_days=3), max_monthly_payment="1800"), on=ON + timedelta(days=4)
            ),
            "offer-expired",
        ),
        (
            lambda: negotiated().accepted(
                rule="illness-relief", on=ON + timedelta(days=1), by=BY, channel="phone", evidence=SHOWN
            ),
            "event-order",
        ),
    ],
)  # fmt: skip
def test_an_answer_that_does_not_belong_where_it_stands_is_refused(wrong, wanted):
    assert code(wrong) == wanted


def test_an_answer_on_the_last_day_of_the_offers_is_in_time():
    history = begun(valid_days=3)
    made = answer(history, max_monthly_payment="1800")
    assert history.countered(made, on=ON + timedelta(days=3)).decision == made


def test_an_answer_whose_plan_or_other_offers_were_changed_is_refused():
    history = begun()
    made = answer(history, max_monthly_payment="1800")
    fewer = made.model_copy(update={"offers": made.offers[:1]})
    assert code(lambda: history.countered(fewer, on=ON)) == "decision-differs"
    moved = decide(illness(), POLICY, on=ON + timedelta(days=1))
    foreign = Countered(on=ON, decision=made.id, round=made.rounds[0], offer=moved.offers[0])
    assert code(lambda: history.extended([foreign])) == "decision-differs"
    numbered = made.rounds[0].model_copy(update={"number": 2})
    again = answered(decided(), numbered, made.offers[0])
    event = Countered(on=ON, decision=again.id, round=numbered, offer=made.offers[0])
    assert code(lambda: history.extended([event])) == "decision-differs"
    renamed = Countered(on=ON, decision="0" * 64, round=made.rounds[0], offer=made.offers[0])
    assert code(lambda: history.extended([renamed])) == "decision-differs"
    unknown = made.rounds[0].model_copy(update={"rule": "no-such"})
    offer = made.offers[0].model_copy(update={"rule": "no-such"})
    event = Countered(on=ON, decision=made.id, round=unknown, offer=offer)
    assert code(lambda: history.extended([event])) == "offer-unknown"


def test_a_plan_stands_in_an_answer_that_found_one_and_only_there():
    events = negotiated().events
    for wrong in (
        {"offer": None},
        {"offer": events[1].offer.model_copy(update={"rule": "longer-term"})},
    ):
        with pytest.raises(ValidationError, match="a refusal holds none"):
            Countered.model_validate(dict(events[1]) | wrong)
    with pytest.raises(ValidationError, match="a refusal holds none"):
        Countered.model_validate(dict(events[2]) | {"offer": events[1].offer})
    text = write_history(negotiated())
    forged = History.model_construct(
        events=(events[0], events[1].model_copy(update={"offer": None}), *events[2:])
    )
    assert read_code(write_history(forged)) == ("history-broken", 2)
    assert read_history(text).events == events


# --- what the file shows

TEXT = write_history(FULL)
LINES = TEXT.splitlines()


def read_code(text: str) -> tuple[str, int | None]:
    with pytest.raises(InvalidInput) as refused:
        read_history(text, file="h.jsonl")
    (issue,) = refused.value.issues
    assert issue.file == "h.jsonl"
    return issue.code, issue.line


@examples(60)
@given(st.data())
def test_a_file_cut_anywhere_is_noticed(data):
    cut = data.draw(st.integers(1, len(TEXT) - 2))
    assert read_code(TEXT[:cut])[0] in {"history-truncated", "history-broken"}


@examples(60)
@given(st.data())
def test_a_digit_edited_anywhere_is_noticed(data):
    places = [k for k, sign in enumerate(TEXT) if sign.isdigit()]
    k = data.draw(st.sampled_from(places))
    other = str((int(TEXT[k]) + data.draw(st.integers(1, 9))) % 10)
    with pytest.raises(InvalidInput):
        read_history(TEXT[:k] + other + TEXT[k + 1 :])


@pytest.mark.parametrize("k", range(len(LINES) - 1))
def test_a_line_left_out_is_noticed(k):
    rest = [*LINES[:k], *LINES[k + 1 :]]
    found, line = read_code("\n".join(rest) + "\n")
    assert (found, line) == ("history-altered", k + 1)


def test_two_lines_that_changed_places_are_noticed():
    moved = [LINES[0], LINES[1], LINES[3], LINES[2], *LINES[4:]]
    assert read_code("\n".join(moved)) == ("history-altered", 3)


def test_a_line_added_with_a_digest_of_its_own_breaks_the_seal():
    assert read_code("\n".join([*LINES[:-2], LINES[-1]]))[0] == "history-altered"
    assert read_code("\n".join([*LINES, LINES[2]])) == ("history-broken", len(LINES))


def test_an_event_that_was_forged_with_fitting_digests_still_has_to_follow():
    forged = History.model_construct(
        events=(*running().events, Missed(on=ROWS[0].due, number=1, due=ROWS[0].due))
    )
    assert read_code(write_history(forged)) == ("event-order", 3)


def test_every_line_is_one_json_object():
    assert all(isinstance(json.loads(line), dict) for line in LINES)


def test_a_text_may_hold_every_separator_of_unicode():
    borrower = illness().borrower.model_copy(update={"name": "a\u2028b\u2029c\x85d\x1ce\rf\ng"})
    case = illness().model_copy(update={"borrower": borrower})
    history = History().proposed(decided().model_copy(update={"application": case}))
    assert read_history(write_history(history)) == history
