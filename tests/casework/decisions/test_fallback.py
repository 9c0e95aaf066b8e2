"""Fallback: a rule that is tried only if others made no offer, whatever kept them from it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import example, gate, limit, policy_of, rule, small, written
from laws import examples
from restructure.casework.decisions.decision import decide
from restructure.casework.decisions.explanation import explain
from restructure.casework.negotiation.replay import replay
from restructure.errors import InvalidPolicy
from restructure.intake.application import Application
from restructure.policy.engine.evaluation import Engines, engines_here
from restructure.policy.fallback_order import circle_of, trial_order, waits_for
from restructure.testing.report import run_cases

DAY = date(2026, 3, 18)
ILLNESS = Application.model_validate(example("illness"))
YES, NO = "{fact: reachable}", "{fact: disputed}"
UNKNOWN = "{fact: months_since_restructuring, op: '>', value: 3}"
SIX, FORTY = "[{measure: extend, instalments: 6}]", "[{measure: extend, instalments: 40}]"
NOT_LONG = limit("term", "{fact: term_after, op: '<=', value: 30}")


def behind(name: str, others: str, when: str = YES, offer: str = SIX) -> str:
    return rule(name, when, offer).replace(", offer:", f", unless_offered: [{others}], offer:")


def decided(*rules: str, **more: str):
    return decide(ILLNESS, policy_of(small(rules="".join(rules), **more)), on=DAY)


def offers(decision) -> list[str]:
    return [one.rule for one in decision.offers]


def test_a_fallback_is_not_tried_if_what_it_waits_for_was_offered():
    decision = decided(rule("a"), behind("b", "a"))
    assert offers(decision) == ["a"]
    (refusal,) = decision.refusals
    assert (refusal.rule, refusal.stage, refusal.code) == ("b", "choice", "not-tried")
    assert refusal.message == "not tried: a was offered"


def test_every_rule_that_was_offered_in_its_stead_is_named():
    (refusal,) = decided(rule("a"), rule("c"), behind("b", "c, a")).refusals
    assert refusal.message == "not tried: c, a were offered"


@pytest.mark.parametrize(
    ("when", "offer", "stage"),
    [
        (NO, SIX, "condition"),
        (UNKNOWN, SIX, "condition"),
        (YES, FORTY, "limit"),
        (YES, "[{measure: defer, of: principal, amount: 99999999}]", "measure"),
        (
            YES,
            "[{search: {target: {fact: instalment_after, value: 1}, stop: at_or_below, steps: [{id: s, measure: "
            "{measure: extend, instalments: {vary: {up_to: 2}}}}]}}]",
            "search",
        ),
    ],
    ids=["not met", "unknown", "beyond a limit", "not possible", "target missed"],
)
def test_whatever_keeps_a_rule_from_its_offer_opens_the_fallback(when, offer, stage):
    decision = decided(rule("a", when, offer), behind("b", "a"), limits=NOT_LONG)
    assert offers(decision) == ["b"]
    assert [(one.rule, one.stage) for one in decision.refusals] == [("a", stage)]


def test_a_fallback_waits_for_a_rule_that_is_written_after_it():
    decision = decided(behind("b", "a"), rule("a"))
    assert offers(decision) == ["a"]
    assert offers(decided(behind("b", "a"), rule("a", NO))) == ["b"]


def test_the_order_of_the_offers_stays_that_of_the_rules():
    assert offers(decided(behind("b", "a"), rule("c"), rule("a", NO))) == ["b", "c"]


def test_a_fallback_whose_own_condition_fails_is_refused_for_that():
    assert [one.code for one in decided(rule("a"), behind("b", "a", NO)).refusals] == ["not-met"]


def test_a_gate_that_is_not_passed_tries_no_fallback():
    decision = decided(rule("a", NO), behind("b", "a"), gates=gate("g", NO, "decline"))
    assert [one.stage for one in decision.refusals] == ["condition", "gate"]


def test_a_rule_that_was_not_tried_opens_what_waits_for_it():
    assert offers(decided(rule("a"), behind("b", "a"), behind("c", "b"))) == ["a", "c"]


TABLE = """\
tables:
  - id: relief
    title: t
    reason: r
    reference: own
    hit: first
    inputs: [hardship_cause]
    outputs: [months]
    rows: [[ILL, 6], [family_event, 3]]
    offer: [{measure: extend, instalments: {column: months}}]
"""


def test_the_id_of_a_table_stands_for_its_rows():
    text = small(rules=behind("b", "relief"))
    assert offers(decide(ILLNESS, policy_of(text + TABLE.replace("ILL", "illness")), on=DAY)) == ["relief-1"]
    other = policy_of(text + TABLE.replace("ILL", "unemployment").replace("family_event", "disaster"))
    assert offers(decide(ILLNESS, other, on=DAY)) == ["b"]


def test_a_table_may_stand_behind_a_rule():
    waits = TABLE.replace("ILL", "illness").replace("    hit:", "    unless_offered: [a]\n    hit:")
    assert offers(decide(ILLNESS, policy_of(small(rules=rule("a")) + waits), on=DAY)) == ["a"]
    assert offers(decide(ILLNESS, policy_of(small(rules=rule("a", NO)) + waits), on=DAY)) == ["relief-1"]


def test_a_table_that_only_concludes_has_no_fallback():
    text = small(tail="facts: {months: {title: t, unit: months, reference: own}}\n")
    table = TABLE.replace("ILL", "illness").replace("    reason: r\n", "    unless_offered: [r]\n")
    with pytest.raises(InvalidPolicy, match='a table without an offer has no "unless_offered"'):
        policy_of(text + table.partition("    offer:")[0])


def test_the_first_of_several_offers_still_keeps_a_fallback_from_being_tried():
    decision = decided(rule("a"), rule("c"), behind("b", "c"), tail="choose: first\n")
    assert offers(decision) == ["a"]
    assert {one.rule: one.code for one in decision.refusals} == {"b": "not-tried", "c": "not-first"}


@pytest.mark.skipif(
    len(engines_here()) < 2,
    reason="NOT CHECKED against durable_rules: this interpreter cannot import it (CPython 3.13+)",
)
def test_both_engines_alone_decide_the_same_and_a_record_replays():
    policy = policy_of(small(rules=rule("a") + behind("b", "a") + behind("c", "b")))
    decision = decide(ILLNESS, policy, on=DAY)
    for engines in Engines:
        alone = decide(ILLNESS, policy, on=DAY, engines=engines)
        assert [one.message for one in alone.refusals] == [one.message for one in decision.refusals]
    assert replay(decision, policy).same


def test_an_explanation_tells_what_stood_before_it_and_what_would_have_opened_it():
    policy = policy_of(
        small(rules=rule("a", "{fact: hardship_cause, op: ==, value: illness}") + behind("b", "a"))
    )
    why = explain(decide(ILLNESS, policy, on=DAY), policy, rule="b")
    assert (why.verdict, why.message) == ("refused", "not tried: a was offered")
    assert [(one.id, one.condition.verdict) for one in why.conditions] == [("b", "true"), ("a", "true")]
    assert why.counterfactuals[0].fact == "hardship_cause"


def test_coverage_asks_for_a_fallback_tried_and_not_tried(tmp_path):
    written(tmp_path, small(rules=rule("a") + behind("b", "a")), "policy.yaml")
    written(tmp_path, example("illness"), "case.json")
    cases = "cases:\n  - {name: n, given: {application: case.json}, expect: {offers: [a], refusals: {b: not-tried}}}\n"
    written(tmp_path, cases, "a_test.yaml")
    report = run_cases([tmp_path])
    assert not report.failed
    open_parts = {part.text + " " + part.aspect for part in report.coverages[0].open}
    assert "fallback b tried" in open_parts
    assert "fallback b not tried" not in open_parts


def test_a_policy_without_fallbacks_has_the_digest_it_had():
    first = policy_of(small())
    content = first.model_dump(mode="json", exclude_defaults=True)
    assert "unless_offered" not in str(content)


# --- the law


@st.composite
def waits(draw):
    """Rules that can or cannot be offered, each waiting for some that are not behind it; written in any order."""
    count = draw(st.integers(1, 6))
    names = [f"r{k}" for k in range(count)]
    can = draw(st.lists(st.sampled_from(["yes", "no", "unknown"]), min_size=count, max_size=count))
    found = {
        name: (can[k], draw(st.lists(st.sampled_from(names[:k]), unique=True)) if k else [])
        for k, name in enumerate(names)
    }
    return {name: found[name] for name in draw(st.permutations(names))}


@examples(60)
@given(waits())
def test_a_rule_is_offered_if_it_can_be_and_nothing_it_waits_for_is(rules):
    words = {"yes": YES, "no": NO, "unknown": UNKNOWN}
    text = "".join(behind(name, ", ".join(others), words[can]) for name, (can, others) in rules.items())
    policy = policy_of(small(rules=text))

    def offered(name: str) -> bool:
        can, others = rules[name]
        return can == "yes" and not any(offered(other) for other in others)

    decision = decide(ILLNESS, policy, on=DAY, engines="reference")
    assert offers(decision) == [name for name in rules if offered(name)]
    order = trial_order(policy)
    assert sorted(order) == sorted(rules)
    for name, others in waits_for(policy).items():
        assert all(order.index(other) < order.index(name) for other in others)
    assert circle_of(waits_for(policy)) == []
