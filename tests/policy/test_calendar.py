"""Dates in amounts: steps and distances between days, the one that decides, and units that never mix."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from cases import example, policy_of, rule, small
from restructure.calculator.conventions.dates import add_months, whole_months
from restructure.casework.decisions.decision import decide
from restructure.casework.decisions.explanation import explain
from restructure.intake.application import Application
from restructure.intake.assessment import assess
from restructure.policy.amounts.expression import binding, facts_in, worth, write_amount
from restructure.policy.case_facts import facts_of
from restructure.policy.language.templates import read_amount

DAY = date(2026, 3, 18)
ILLNESS = Application.model_validate(example("illness"))
BASE = assess(ILLNESS, on=DAY)
FACTS = {"a": date(2026, 1, 31), "b": date(2026, 2, 28), "n": 2, "half": Decimal("1.5"), "gone": None}
PARAMETERS = {"cut": date(2025, 10, 1), "p": 3}

days = st.dates(date(1900, 1, 1), date(2199, 12, 31))
steps = st.integers(-400, 400)


def value(raw: Any) -> Fraction | None:
    return worth(read_amount(raw), PARAMETERS.get, FACTS.get)


def day(raw: Any) -> date | None:
    found = value(raw)
    return None if found is None else date.fromordinal(int(found))


A, B = {"fact": "a"}, {"fact": "b"}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (A, date(2026, 1, 31)),
        (date(2026, 3, 18), date(2026, 3, 18)),
        ({"parameter": "cut"}, date(2025, 10, 1)),
        ({"after": A, "months": 1}, date(2026, 2, 28)),
        ({"after": A, "months": -2}, date(2025, 11, 30)),
        ({"after": A, "days": 30}, date(2026, 3, 2)),
        # Months first: the other way round it would be the 28th of March.
        ({"after": A, "months": 1, "days": 1}, date(2026, 3, 1)),
        ({"after": A, "months": {"fact": "n"}, "days": {"parameter": "p"}}, date(2026, 4, 3)),
        ({"after": A, "months": {"fact": "half"}}, date(2026, 3, 31)),
        ({"after": {"month_start": A}, "months": 1}, date(2026, 2, 1)),
        ({"month_start": date(2026, 3, 1)}, date(2026, 3, 1)),
        ({"latest_of": {"x": A, "y": B}}, date(2026, 2, 28)),
        ({"earliest_of": {"x": A, "y": B, "z": {"parameter": "cut"}}}, date(2025, 10, 1)),
        ({"first_known": [{"fact": "gone"}, B, A]}, date(2026, 2, 28)),
        ({"after": date(9999, 12, 31), "days": 1}, None),
        ({"after": date(9999, 12, 1), "months": 1}, None),
        ({"after": date(1, 1, 1), "months": -1}, None),
        ({"after": A, "months": 10**14}, None),
        ({"after": A, "months": {"fact": "gone"}}, None),
        ({"latest_of": {"x": A, "y": {"fact": "gone"}}}, None),
        ({"first_known": [{"fact": "gone"}, {"after": {"fact": "gone"}, "days": 1}]}, None),
    ],
)
def test_a_date_is_a_date_or_unknown(raw, expected):
    assert day(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"months_between": [A, B]}, 1),
        ({"months_between": [B, A]}, -1),
        ({"months_between": [A, date(2026, 2, 27)]}, 0),
        ({"months_between": [date(2026, 2, 27), A]}, 0),
        ({"days_between": [A, B]}, 28),
        ({"days_between": [B, A]}, -28),
        ({"day_of_month": A}, 31),
        ({"first_known": [{"quotient": [1, 0]}, 7]}, 7),
        ({"first_known": [5, {"fact": "gone"}]}, 5),
        ({"days_between": [A, {"fact": "gone"}]}, None),
        ({"day_of_month": {"fact": "gone"}}, None),
    ],
)
def test_what_lies_between_dates_is_counted(raw, expected):
    assert value(raw) == expected


@given(days, steps, steps)
def test_a_date_steps_as_another_calendar_steps(start, months, more):
    found = day({"after": start, "months": months, "days": more})
    assert found == start + relativedelta(months=months) + timedelta(days=more)


@given(days, days)
def test_whole_months_are_the_most_that_can_be_stepped(one, other):
    start, end = sorted((one, other))
    months = whole_months(start, end)
    assert add_months(start, months) <= end < add_months(start, months + 1)
    assert whole_months(end, start) == -months


@given(days, days)
def test_days_between_two_dates_lead_from_one_to_the_other(one, other):
    between = value({"days_between": [one, other]})
    assert day({"after": one, "days": Decimal(int(between))}) == other


@given(st.dictionaries(st.sampled_from("xyz"), days, min_size=1))
def test_the_date_that_decides_is_named(dates):
    for word, chosen in (("latest_of", max), ("earliest_of", min)):
        raw = read_amount({word: dates})
        name = binding(raw, PARAMETERS.get, FACTS.get)
        assert dates[name] == chosen(dates.values()) == date.fromordinal(int(worth(raw, {}.get, {}.get)))


def test_dates_are_written_for_people_and_name_what_they_read():
    raw = {
        "latest_of": {
            "due": {"after": {"month_start": A}, "months": {"parameter": "p"}, "days": -1},
            "cut": {"first_known": [B, date(1900, 1, 1)]},
        }
    }
    amount = read_amount(raw)
    assert write_amount(amount) == (
        "latest of ((first of the month of a) + p months − 1 day), (first known of b, 1900-01-01)"
    )
    assert list(facts_in(amount)) == ["a", "b"]
    assert write_amount(read_amount({"months_between": [A, B]})) == "whole months from a to b"
    assert write_amount(read_amount({"days_between": [A, {"fact": "as_of"}]})) == "days from a to as_of"
    assert write_amount(read_amount({"day_of_month": A})) == "day of the month of a"


TRIAL = """\
parameters:
  early: {title: Last day for the next month, unit: count, source: own, values: {2020-01-01: 15}}
facts:
  notice: {title: Day of the notice, unit: date, reference: own, given: true}
  day: {title: Its day of the month, unit: count, reference: own, value: {day_of_month: {fact: notice}}}
  ahead: {title: Months ahead, unit: count, reference: own, otherwise: 2}
  first_due: {title: First trial payment, unit: date, reference: own,
    value: {after: {month_start: {fact: notice}}, months: {fact: ahead}}}
  effective: {title: Effective, unit: date, reference: own, value: {after: {fact: first_due}, months: 3}}
conclusions:
  - {id: early-notice, title: Early, reference: own,
     when: {fact: day, op: "<=", value: {parameter: early}}, conclude: {ahead: 1}}
"""


@pytest.mark.parametrize(
    ("notice", "first", "effective"),
    [
        ("2026-09-11", date(2026, 10, 1), date(2027, 1, 1)),
        ("2026-09-15", date(2026, 10, 1), date(2027, 1, 1)),
        ("2026-09-16", date(2026, 11, 1), date(2027, 2, 1)),
    ],
)
def test_a_trial_begins_with_the_month_after_an_early_notice(notice, first, effective):
    """Published examples of a trial calendar: on or before the 15th the next month, else the one after."""
    policy = policy_of(small(tail=TRIAL))
    known = facts_of(policy.at(DAY), BASE.model_copy(update={"given": {"notice": notice}}))
    assert (known.value("first_due"), known.value("effective")) == (first, effective)


def test_a_date_is_compared_and_offered():
    text = small(
        rules=rule(
            when="{all: [{fact: as_of, op: '>=', value: {parameter: begins}}, {fact: due, op: '>', value: {fact: as_of}}]}",
            offer="[{measure: rate, annual_rate: 5%, ends: {after: {fact: as_of}, months: 12}}]",
        ),
        tail="""\
parameters:
  begins: {title: First day, unit: date, source: own, values: {2020-01-01: 2026-03-18}}
facts:
  due: {title: A day to come, unit: date, reference: own, value: {after: {fact: as_of}, days: 1}}
""",
    )
    policy = policy_of(text)
    decision = decide(ILLNESS, policy, on=DAY)
    (rate,) = decision.offers[0].plan.measures
    assert rate.ends == date(2027, 3, 18)
    assert [one.derivation for one in decision.concluded] == [
        "due = as_of + 1 day = 2026-03-19 (as_of 2026-03-18)"
    ]
    assert explain(decision, policy, rule="r").verdict == "offered"
    later = policy_of(text.replace("2020-01-01: 2026-03-18", "2020-01-01: 2026-03-19"))
    (refusal,) = decide(ILLNESS, later, on=DAY).refusals
    assert refusal.message == "as_of is 2026-03-18 (off by 1 day), must be at least 2026-03-19"
    # What day it is, is no fact that could be changed.
    assert explain(decide(ILLNESS, later, on=DAY), later, rule="r").counterfactuals == ()


@pytest.mark.parametrize(
    "days",
    [
        "starts: {fact: as_of}, ends: {after: {fact: as_of}, days: 60}",
        "starts: 2026-03-18, ends: {after: {fact: as_of}, days: 60}",
        "starts: {fact: as_of}, ends: 2026-05-17",
    ],
)
def test_a_rate_may_hold_between_days_that_are_worked_out(days):
    policy = policy_of(
        small(
            rules=rule(
                when="{fact: shortfall, op: '>=', value: 0}",
                offer=f"[{{measure: rate, annual_rate: 0, {days}}}]",
            )
        )
    )
    (offer,) = decide(ILLNESS, policy, on=DAY).offers
    (rate,) = offer.plan.measures
    assert (rate.starts, rate.ends) == (date(2026, 3, 18), date(2026, 5, 17))
