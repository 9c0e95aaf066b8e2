"""Actions and duties: what the lender has to do on a case, and what comes with an offer."""

from datetime import date

import pytest

from cases import example, gate, policy_of, rule, small, written
from restructure.blocks import to_text
from restructure.casework.decisions.decision import Decision, decide
from restructure.casework.negotiation.replay import replay
from restructure.errors import InvalidPolicy
from restructure.intake.application import Application
from restructure.policy.engine.evaluation import Engines, engines_here
from restructure.testing.report import run_cases
from restructure.views import summarise

DAY = date(2026, 3, 18)
ILLNESS = Application.model_validate(example("illness"))
YES, NO = "{fact: reachable}", "{fact: disputed}"
UNKNOWN = "{fact: monthly_income, op: '>', value: 1000}"


def task(name: str, when: str, kind: str = "notify") -> str:
    return f"  - {{id: {name}, title: {name}, text: {{en: Do {name}., zh: 做。}}, kind: {kind}, reference: own, when: {when}}}\n"


def of(actions: str = "", duties: str = "", **more: str):
    tail = (f"actions:\n{actions}" if actions else "") + (f"duties:\n{duties}" if duties else "")
    return policy_of(small(tail=tail, **more))


STOP = task("stop-collection", "{fact: willing_to_repay}", "stop_collection")
REMIND = task("remind", "{fact: days_past_due, op: '>', value: 300}", "remind")
CALL = task("call", YES, "call")


def test_actions_come_out_in_the_order_of_the_policy_with_what_made_them_so():
    decision = decide(ILLNESS, of(CALL + REMIND + STOP), on=DAY)
    assert [(one.id, one.kind) for one in decision.actions] == [
        ("call", "call"),
        ("stop-collection", "stop_collection"),
    ]
    assert decision.actions[0].text == {"en": "Do call.", "zh": "做。"}
    assert [one.fact for one in decision.actions[1].because] == ["willing_to_repay"]


def test_actions_need_no_offer():
    closed = decide(ILLNESS, of(CALL, gates=gate("g", NO, "decline")), on=DAY)
    assert closed.offers == ()
    assert [one.id for one in closed.actions] == ["call"]
    bare = policy_of(small().partition("rules:")[0] + "actions:\n" + CALL)
    assert [one.id for one in decide(ILLNESS, bare, on=DAY).actions] == ["call"]


def test_an_action_that_cannot_be_judged_is_not_asked_for_and_what_is_missing_is_named():
    data = example("illness")
    data["finances"]["income"] = None
    decision = decide(Application.model_validate(data), of(task("notify", UNKNOWN)), on=DAY)
    assert decision.actions == ()
    assert "notify" in {name for one in decision.missing for name in one.needed_by}
    turned = of(task("notify", "{not: " + UNKNOWN + "}"))
    assert decide(Application.model_validate(data), turned, on=DAY).actions == ()


def test_duties_come_with_the_offers_whose_plan_calls_for_them():
    duties = task("state-term", "{fact: term_added, op: '>', value: 3}", "agreement")
    duties += task("state-balance", "{fact: total_after, op: known}", "agreement")
    rules = rule("short", offer="[{measure: extend, instalments: 2}]") + rule("long")
    decision = decide(ILLNESS, of(duties=duties, rules=rules), on=DAY)
    assert {one.rule: [duty.id for duty in one.duties] for one in decision.offers} == {
        "short": ["state-balance"],
        "long": ["state-term", "state-balance"],
    }
    assert decision.actions == ()
    assert [one.fact for one in decision.offers[1].duties[0].because] == ["term_added"]


def test_an_action_may_not_read_the_plan_and_a_duty_may():
    with pytest.raises(InvalidPolicy, match=r"fact-not-yet: actions.0.when.fact"):
        of(task("a", "{fact: term_added, op: '>', value: 3}"))
    with pytest.raises(InvalidPolicy, match=r"rule-repeated: duties.0.id"):
        of(CALL, CALL)
    with pytest.raises(InvalidPolicy, match=r'source-unknown: actions.0.reference: "onw"'):
        of(CALL.replace("own", "onw"))


def test_a_parameter_that_an_action_reads_needs_a_value():
    wanted = of(
        task("a", "{fact: days_past_due, op: '>', value: {parameter: late}}"),
        parameters="  late: {title: t, unit: days, source: own, values: {2026-06-01: 30}}\n",
    )
    with pytest.raises(InvalidPolicy, match='"late" has no value on this day'):
        wanted.at(DAY)


@pytest.mark.skipif(
    len(engines_here()) < 2,
    reason="NOT CHECKED against durable_rules: this interpreter cannot import it (CPython 3.13+)",
)
def test_both_engines_alone_say_the_same_and_the_record_replays_and_is_read_back():
    policy = of(CALL + REMIND, task("state", YES))
    decision = decide(ILLNESS, policy, on=DAY)
    for engines in Engines:
        alone = decide(ILLNESS, policy, on=DAY, engines=engines)
        assert [one.id for one in alone.actions] == ["call"]
        assert [one.id for one in alone.offers[0].duties] == ["state"]
    assert replay(decision, policy).same
    back = Decision.model_validate_json(decision.model_dump_json())
    assert back.actions == decision.actions
    assert back.offers[0].duties == decision.offers[0].duties


def test_names_alone_record_no_conditions():
    decision = decide(ILLNESS, of(CALL, task("state", YES)), on=DAY, detail="names")
    assert (decision.actions[0].because, decision.offers[0].duties[0].because) == ((), ())


def test_a_caseworker_reads_what_to_do():
    shown = to_text(
        summarise(decide(ILLNESS, of(CALL, task("state", YES)), on=DAY), language="zh"), width=120
    )
    assert "现在要做的事" in shown
    assert shown.count("做。") == 2


def test_a_policy_without_them_has_the_digest_it_had():
    content = str(policy_of(small()).model_dump(mode="json", exclude_defaults=True))
    assert "actions" not in content
    assert "duties" not in content


# --- cases and coverage

CASE = "  - {{name: {0}, on: 2026-03-18, given: {1}, expect: {2}}}\n"


def ran(tmp_path, *cases: str):
    tail = "actions:\n" + CALL + REMIND + "duties:\n" + task("state", "{fact: term_added, op: '>', value: 3}")
    written(tmp_path, small(tail=tail), "policy.yaml")
    written(tmp_path, example("illness"), "case.json")
    lines = "".join(CASE.format(f"case {k}", *one.split(" | ")) for k, one in enumerate(cases))
    written(tmp_path, "cases:\n" + lines, "a_test.yaml")
    return run_cases([tmp_path])


def test_cases_expect_actions_and_duties_by_facts_and_by_whole_applications(tmp_path):
    report = ran(
        tmp_path,
        "{facts: {reachable: true, days_past_due: 301}} | {actions: [remind, call]}",
        "{facts: {reachable: false}} | {actions: {call: unset, remind: unknown}}",
        "{facts: {term_added: 4}} | {duties: {state: set}}",
        "{facts: {term_added: 3}} | {duties: {state: unset}}",
        "{application: case.json} | {actions: [call], duties: {r: [state]}}",
        "{application: case.json} | {actions: {remind: unset}}",
    )
    assert [issue.message for one in report.failed for issue in one.failures] == []
    assert [str(part) for part in report.coverages[0].open if part.kind in ("action", "duty")] == []


def test_a_case_that_expects_other_actions_says_why_they_come_out_so(tmp_path):
    report = ran(
        tmp_path,
        "{facts: {reachable: true, days_past_due: 3}} | {actions: [remind]}",
        "{application: case.json} | {duties: {r: []}}",
        "{facts: {reachable: true}} | {actions: {call: unset}}",
    )
    assert [issue.message for one in report.failed for issue in one.failures] == [
        "expected actions remind, got call; action call set because reachable yes is == yes; "
        "action remind unset because days_past_due 3 days is not > 300 days",
        "expected duties of r none, got state",
        "expected action call unset, got set; action call set because reachable yes is == yes",
    ]


def test_coverage_asks_for_each_set_and_unset(tmp_path):
    report = ran(tmp_path, "{facts: {reachable: true}} | {actions: [call]}")
    assert {f"{part.text} {part.aspect}" for part in report.coverages[0].open if part.kind in ("action", "duty")} == {
        "action call unset", "action remind set", "action remind unset", "duty state set", "duty state unset",
    }  # fmt: skip
