"""What is about the offers of some rules alone: limits, flags and duties that say `offers_of`."""

from datetime import date

import pytest

from cases import example, limit, policy_of, rule, small, written
from restructure.casework.decisions.decision import decide
from restructure.casework.decisions.explanation import explain
from restructure.casework.decisions.rounds import CounterRequest
from restructure.casework.negotiation.counter import counter
from restructure.errors import InvalidPolicy
from restructure.intake.application import Application
from restructure.policy.loading.loading import load_policy
from restructure.testing.report import run_cases

DAY = date(2026, 3, 18)
ILLNESS = Application.model_validate(example("illness"))
SHORT = limit("short", "{fact: term_after, op: '<=', value: 25}")
RULES = (
    rule("six", offer="[{measure: extend, instalments: 6}]")  # 22 instalments
    + rule("ten", offer="[{measure: extend, instalments: 10}]")
    + rule("twelve", offer="[{measure: extend, instalments: 12}]")
)
TABLE = """\
tables:
  - id: relief
    title: Relief
    reason: r
    reference: own
    hit: collect
    inputs: [reachable]
    outputs: [months]
    rows: [[true, 8], [true, 11]]
    offer: [{measure: extend, instalments: {column: months}}]
"""
MARKS = """\
flags:
  - {id: long, title: Long, reference: own, offers_of: [ten], when: {fact: term_after, op: ">", value: 20}}
duties:
  - {id: tell, title: T, text: Tell., kind: notify, reference: own, offers_of: [six, ten], when: {fact: term_after, op: ">", value: 20}}
"""


def of(text: str, *names: str) -> str:
    return text.replace("require:", f"offers_of: [{', '.join(names)}], require:")


def decided(text: str):
    policy = policy_of(text)
    return policy, decide(ILLNESS, policy, on=DAY)


def test_a_limit_of_one_rule_holds_its_offer_and_no_other():
    _, decision = decided(small(rules=RULES, limits=of(SHORT, "ten")))
    assert [one.rule for one in decision.offers] == ["six", "twelve"]
    (refusal,) = decision.refusals
    assert (refusal.rule, refusal.stage, refusal.code) == ("ten", "limit", "short")
    assert [len(one.limits) for one in decision.offers] == [0, 0]


def test_without_it_a_limit_holds_every_offer():
    _, decision = decided(small(rules=RULES, limits=SHORT))
    assert [one.rule for one in decision.offers] == ["six"]


def test_the_id_of_a_table_stands_for_its_rows_and_that_of_a_row_for_itself():
    _, decision = decided(small(rules=rule("six"), limits=of(SHORT, "relief"), tail=TABLE))
    assert {one.rule for one in decision.offers} == {"six", "relief-1"}  # 24 instalments, and 27 are too many
    _, decision = decided(small(rules=rule("six"), limits=of(SHORT, "relief-1"), tail=TABLE))
    assert {one.rule for one in decision.offers} == {"six", "relief-1", "relief-2"}


def test_flags_and_duties_stand_on_the_offers_that_they_are_about():
    _, decision = decided(small(rules=RULES, tail=MARKS))
    marks = {one.rule: (one.flags, tuple(duty.id for duty in one.duties)) for one in decision.offers}
    assert marks == {"six": ((), ("tell",)), "ten": (("long",), ("tell",)), "twelve": ((), ())}


def test_an_explanation_tells_the_limits_of_its_rule_alone():
    policy, decision = decided(small(rules=RULES, limits=of(SHORT, "ten")))
    told = {
        name: {one.id for one in explain(decision, policy, rule=name).conditions if one.what == "limit"}
        for name in ("six", "ten")
    }
    assert told == {"six": set(), "ten": {"short"}}


def test_a_counter_offer_is_held_to_the_limits_of_the_rule_it_varies():
    terms = []
    for limits in (of(SHORT, "ten"), of(SHORT, "six")):
        arrears = "{measure: capitalise, of: [principal_arrears, interest_arrears, accrued, penalty]}"
        six = rule("six", offer=f"[{arrears}, {{measure: extend, instalments: 6}}]")
        policy, decision = decided(small(rules=six + rule("ten"), limits=limits))
        answered = counter(decision, CounterRequest(max_monthly_payment="1600"), policy, rule="six")
        terms.append(answered.offers[0].prospect.term_after)
    # 39,051.24 at 18 % takes 31 instalments of at most 1,600; its own limit stops at 25.
    assert terms == [31, 25]


def test_a_name_that_makes_no_offer_is_told_with_its_place(tmp_path):
    path = written(tmp_path, small(rules=RULES, limits=of(SHORT, "ten", "tne"), tail=MARKS), "policy.yaml")
    with pytest.raises(InvalidPolicy) as caught:
        load_policy(path)
    (issue,) = caught.value.issues
    assert issue.code == "rule-unknown"
    assert issue.message.startswith(
        'no rule and no table with an offer is called "tne" (did you mean "ten"?)'
    )
    assert (issue.line, issue.place) == (11, "limits.0.offers_of.1")


def test_an_offer_that_a_limit_is_not_about_covers_nothing_of_it(tmp_path):
    written(tmp_path, small(rules=RULES, limits=of(SHORT, "ten")), "policy.yaml")
    written(tmp_path, example("illness"), "illness.json")
    written(
        tmp_path,
        "cases:\n  - {name: all, given: {application: illness.json}, expect: {offers: [six, twelve]}}\n",
        "x_test.yaml",
    )
    report = run_cases([tmp_path])
    assert report.failed == ()
    still_open = {f"{part.text} {part.aspect}" for part in report.coverages[0].open if "short" in part.text}
    assert still_open == {"limit short passed", "condition term_after <= 25 months of limit short true"}
