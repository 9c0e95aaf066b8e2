"""The history of a case in amounts: windows, gaps, sums, and clocks that begin anew, with what is unknown."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import example, policy_of, rule, small
from restructure.calculator.conventions.dates import add_months
from restructure.casework.decisions.decision import decide
from restructure.casework.decisions.explanation import explain
from restructure.errors import InvalidInput
from restructure.intake.application import Application
from restructure.intake.assessment import Assessment, assess
from restructure.intake.past_events import PastEvent
from restructure.policy.amounts.expression import worth
from restructure.policy.case_facts import facts_of
from restructure.policy.language.templates import read_amount

DAY = date(2026, 3, 18)


def case(history: Any = ..., previous: Any = ...) -> Application:
    data = example("illness")
    for name, value in (("history", history), ("previous_restructurings", previous)):
        data.pop(name, None)
        if value is not ...:
            data[name] = value
    return Application.model_validate(data)


def of(amount: dict[str, Any], known: Assessment) -> Any:
    found = worth(read_amount(amount), {}.get, known.value)
    if found is not None and amount["take"] in ("last", "first"):
        return date.fromordinal(int(found))
    return found


def known(*events: dict[str, Any], previous: Any = ...) -> Assessment:
    return assess(case(list(events), previous), on=DAY)


def event(on: str, kind: str = "re_age", **more: Any) -> dict[str, Any]:
    return {"kind": kind, "on": on, **more}


THREE = (
    event("2023-05-02", amount="100.00", months=3, outcome="kept"),
    event("2025-03-18", amount="50.50", months=2, outcome="broken"),
    event("2025-03-19", "deferral", amount="7.00", months=6, outcome="kept"),
)


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ({"take": "count"}, 2),
        ({"take": "amount"}, 150.5),
        ({"take": "months"}, 5),
        ({"take": "last"}, date(2025, 3, 18)),
        ({"take": "first"}, date(2023, 5, 2)),
        ({"take": "count", "outcome": ["broken"]}, 1),
        ({"take": "count", "outcome": ["broken", "kept"]}, 2),
        ({"take": "last", "outcome": ["kept"]}, date(2023, 5, 2)),
        # The day twelve months back is outside, the one after it inside.
        ({"take": "count", "within_months": 12}, 0),
        ({"take": "count", "within_days": 365}, 0),
        ({"take": "count", "within_days": 366}, 1),
        ({"take": "count", "within_months": 13}, 1),
        ({"take": "amount", "within_months": 13}, 50.5),
        ({"take": "last", "within_months": 12}, None),
        ({"take": "count", "within_months": 100000}, 2),
        ({"take": "count", "within_days": 0}, 0),
        ({"take": "count", "later_than": date(2023, 5, 2)}, 1),
        ({"take": "count", "later_than": date(2023, 5, 1)}, 2),
        ({"take": "count", "later_than": date(2023, 5, 1), "within_months": 13}, 1),
        ({"take": "count", "later_than": date(2025, 3, 18), "within_months": 13}, 0),
        ({"take": "count", "later_than": {"fact": "hardship_onset"}}, 0),
        ({"events": ["re_age", "deferral"], "take": "count"}, 3),
        ({"events": ["deferral", "re_age"], "take": "last"}, date(2025, 3, 19)),
        ({"events": ["deferral"], "take": "count", "within_months": 12}, 1),
        ({"events": ["trial"], "take": "count"}, 0),
        ({"events": ["trial"], "take": "amount"}, 0),
        ({"events": ["trial"], "take": "last"}, None),
        ({"events": ["trial"], "take": "first"}, None),
    ],
)
def test_an_amount_takes_from_the_history_what_it_says(amount, expected):
    assert of({"events": ["re_age"], **amount}, known(*THREE)) == expected


def test_a_history_that_is_absent_is_unknown_and_an_empty_one_is_none():
    for take, none in (("count", 0), ("amount", 0), ("months", 0), ("last", None)):
        amount = {"events": ["re_age"], "take": take}
        assert of(amount, assess(case(), on=DAY)) is None
        assert of(amount, known()) == none


def test_what_an_event_does_not_say_makes_unknown_what_depends_on_it():
    open_ended = known(event("2025-01-01", outcome="kept", amount="1.00"), event("2025-02-01"))
    kept = {"events": ["re_age"], "outcome": ["kept"]}
    assert of({"events": ["re_age"], "take": "count"}, open_ended) == 2
    assert of({"events": ["re_age"], "take": "amount"}, open_ended) is None
    assert of({"events": ["re_age"], "take": "months"}, open_ended) is None
    assert of({**kept, "take": "count"}, open_ended) is None
    assert of({**kept, "take": "count", "within_days": 30}, open_ended) == 0
    # The later one may have been kept, so the last is open and the first is not.
    assert of({**kept, "take": "last"}, open_ended) is None
    assert of({**kept, "take": "first"}, open_ended) == date(2025, 1, 1)


EARLIER = [{"on": "2024-05-01", "outcome": "broken"}, {"on": "2025-06-30", "outcome": "completed"}]
RESTRUCTURED = {"events": ["restructuring"], "take": "count"}


@pytest.mark.parametrize(
    ("history", "previous", "expected"),
    [
        (..., ..., None),
        (..., [], 0),
        ([], ..., 0),
        (..., EARLIER[1:], 1),
        ([event("2025-06-30", "restructuring")], ..., 1),
        ([event("2025-06-30", "restructuring")], EARLIER[1:], 1),
        ([event("2025-07-30", "restructuring"), event("2025-06-30")], EARLIER[1:], 2),
    ],
)
def test_earlier_restructurings_are_events_and_count_once(history, previous, expected):
    assert of(RESTRUCTURED, assess(case(history, previous), on=DAY)) == expected


def test_earlier_restructurings_say_nothing_of_other_events():
    assert of({"events": ["re_age"], "take": "count"}, assess(case(previous=[]), on=DAY)) is None
    both = {"events": ["restructuring", "re_age"], "take": "count"}
    assert of(both, assess(case(previous=EARLIER[1:]), on=DAY)) is None


@given(
    st.lists(st.dates(date(2015, 1, 1), DAY), max_size=8),
    st.integers(0, 100),
    st.sampled_from(["months", "days"]),
)
def test_a_window_holds_what_is_later_than_its_border(dates, length, unit):
    begins = add_months(DAY, -length) if unit == "months" else DAY - timedelta(days=length)
    inside = [one for one in dates if begins < one <= DAY]
    history = tuple(PastEvent(kind="re_age", on=one) for one in dates)
    facts = assess(case([]), on=DAY).model_copy(update={"history": history})
    amount = {"events": ["re_age"], f"within_{unit}": length}
    assert of({**amount, "take": "count"}, facts) == len(inside)
    assert of({**amount, "take": "last"}, facts) == max(inside, default=None)
    assert of({**amount, "take": "first"}, facts) == min(inside, default=None)


RE_AGEING = """\
parameters:
  short: {title: Short window, unit: months, source: own, values: {2020-01-01: 12}}
events:
  re_age: {title: Re-ageing, reference: own}
  missed: {title: A payment was missed, reference: own}
  trial: {title: Trial plan, reference: own, outcomes: [kept, failed]}
facts:
  age: {title: Months on book, unit: months, reference: own, given: true}
  in_a_year: {title: Re-aged in a year, unit: count, reference: own,
    value: {events: [re_age], take: count, within_months: {parameter: short}}}
  in_five_years: {title: Re-aged in five years, unit: count, reference: own,
    value: {events: [re_age], take: count, within_months: 60}}
  failed_trial: {title: Months since a trial failed, unit: months, reference: own,
    value: {months_between: [{events: [trial], take: last, outcome: [failed]}, {fact: as_of}]}}
  first_due: {title: First due date after the change, unit: date, reference: own, given: true}
  observed_from: {title: The observation begins, unit: date, reference: own, value: {latest_of: {
    change: {fact: first_due}, miss: {first_known: [{events: [missed], take: last}, 1900-01-01]}}}}
  observed_until: {title: The observation ends, unit: date, reference: own,
    value: {after: {fact: observed_from}, months: 12}}
"""
ALLOWED = """{all: [
  {fact: age, op: ">=", value: 9}, {fact: in_a_year, op: "<", value: 1}, {fact: in_five_years, op: "<", value: 2},
  {any: [{fact: failed_trial, op: unknown}, {fact: failed_trial, op: ">=", value: 12}]}]}"""
POLICY = policy_of(small(rules=rule(when=ALLOWED), tail=RE_AGEING))


def decided(*events: dict[str, Any]) -> Any:
    return decide(case(list(events)).model_copy(update={"facts": {"age": 30}}), POLICY, on=DAY)


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        ((), "offer"),
        ((event("2025-09-01"),), "decline"),
        ((event("2025-03-18"),), "offer"),
        ((event("2025-03-18"), event("2021-03-19")), "decline"),
        ((event("2025-03-18"), event("2021-03-18")), "offer"),
        ((event("2025-03-19", "trial", outcome="failed"),), "decline"),
        ((event("2025-03-18", "trial", outcome="failed"),), "offer"),
        ((event("2026-03-18", "trial", outcome="kept"),), "offer"),
    ],
)
def test_re_ageing_is_limited_in_windows_and_by_the_gap_since_a_failure(events, outcome):
    """Once in twelve months and twice in five years (FFIEC), and no new trial for a year after a failed one."""
    assert decided(*events).outcome == outcome


def test_a_clock_begins_anew_with_a_miss_and_the_record_tells_why():
    given = {"age": 30, "first_due": "2026-02-20"}
    for events, until, why in (
        ([], "2027-02-20", "events.missed none; change decides"),
        ([event("2026-03-01", "missed")], "2027-03-01", "events.missed 2026-03-01; miss decides"),
        ([event("2025-03-01", "missed")], "2027-02-20", "events.missed 2025-03-01; change decides"),
    ):
        decision = decide(case(events).model_copy(update={"facts": given}), POLICY, on=DAY)
        told = {one.fact: one for one in decision.concluded}
        assert told["observed_until"].value == until
        assert told["observed_from"].derivation.endswith(f"(first_due 2026-02-20, {why})")


def test_a_derivation_tells_which_events_were_read():
    told = {one.fact: one.derivation for one in decided(*THREE[:2]).concluded}
    assert told["in_a_year"] == (
        "in_a_year = number of re_age within short months = 0 "
        "(events.re_age 2023-05-02 kept and 2025-03-18 broken, as_of 2026-03-18)"
    )


def test_an_unknown_history_is_asked_for():
    decision = decide(case(), POLICY, on=DAY)
    assert decision.outcome == "refer"
    assert {"history", "facts.age"} <= {one.place for one in decision.missing}
    # An event could not be changed, so no counterfactual is looked for; the age could.
    young = decide(case([]).model_copy(update={"facts": {"age": 8}}), POLICY, on=DAY)
    assert [one.sentence for one in explain(young, POLICY, rule="r").counterfactuals] == [
        "if age were 9 months instead of 8 months, the offer would be made"
    ]


def test_an_outcome_that_the_policy_does_not_know_is_refused_where_it_stands():
    with pytest.raises(InvalidInput) as caught:
        decided(event("2025-01-01", outcome="whatever"), event("2025-01-01", "trial", outcome="fialed"))
    assert [(one.code, one.place, one.message) for one in caught.value.issues] == [
        (
            "choice-unknown",
            "history.1.outcome",
            '"fialed" is no outcome that the policy knows of trial (did you mean "failed"?)',
        )
    ]


def test_a_window_ends_on_the_day_of_the_decision_and_not_of_the_policy():
    """One policy in force serves many days, so nothing about a day may be kept with it."""
    late = case([event("2025-03-18")])
    amounts = {day: facts_of(POLICY.at(day), assess_on(late, day)).value("in_a_year") for day in DAYS}
    assert amounts == {DAYS[0]: 1, DAYS[1]: 0}


DAYS = (date(2026, 3, 17), date(2026, 3, 18))


def assess_on(application: Application, day: date) -> Assessment:
    return assess(application.model_copy(update={"as_of": day}), on=day)


ROOM = policy_of(
    small(
        rules=rule(
            offer="[{measure: extend, instalments: {least: {lifetime: {difference: [12, "
            "{events: [deferral], take: months}]}, once: 6}}}]"
        ),
        tail="events:\n  deferral: {title: Payments put off, reference: own}\n",
    )
)


@pytest.mark.parametrize(("used", "added"), [((), 6), ((5,), 6), ((5, 3), 4)])
def test_what_was_granted_before_leaves_less_room_for_the_offer(used, added):
    """A lifetime amount, such as at most twelve months put off over the life of a loan."""
    history = [event("2025-10-01", "deferral", months=months) for months in used]
    (offer,) = decide(case(history), ROOM, on=DAY).offers
    assert offer.plan.measures[0].instalments == added


def test_an_offer_that_rests_on_an_unknown_history_is_not_made_and_the_history_asked_for():
    for application in (case(), case([event("2025-10-01", "deferral")])):
        decision = decide(application, ROOM, on=DAY)
        (refusal,) = decision.refusals
        assert refusal.code == "amount-unknown"
        assert refusal.message == (
            "least of (12 − (sum of the months of deferral)), 6 is unknown, so the amount cannot be calculated"
        )
        assert decision.outcome == "refer"
    assert "history" in {one.place for one in decide(case(), ROOM, on=DAY).missing}
