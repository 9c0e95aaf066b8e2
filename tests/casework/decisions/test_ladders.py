"""Target ladders and targets that are amounts: each tier is a search of its own, and the first accepted plan counts."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import example, policy_of, small, written
from laws import examples
from restructure.blocks import to_text
from restructure.casework.decisions.decision import decide
from restructure.casework.decisions.explanation import explain
from restructure.casework.negotiation.replay import replay
from restructure.errors import InvalidPolicy
from restructure.intake.application import Application
from restructure.testing.report import run_cases
from restructure.views import summarise

DAY = date(2026, 3, 18)
ILLNESS = Application.model_validate(example("illness"))
STEPS = """\
          steps:
            - {id: lower-rate, measure: {measure: rate, annual_rate: {vary: {from: {fact: contract_rate}, down_to: 12%, by: 1%}}}}
            - {id: add-months, measure: {measure: extend, instalments: {vary: {up_to: 24}}}}
"""
RULE = """\
  - id: r
    title: t
    reason: r
    reference: own
    when: {fact: claim, op: known}
    offer:
      - {measure: capitalise, of: [principal_arrears, interest_arrears, accrued, penalty]}
      - search:
"""


def policy(
    *tiers: str, stop: str = "at_or_below", if_missed: str = "refuse", steps: str = STEPS, **more: str
):
    target = f"[{', '.join(tiers)}]" if len(tiers) != 1 or tiers[0].startswith("-") else tiers[0]
    text = (
        f"{RULE}          target: {target}\n          stop: {stop}\n          if_missed: {if_missed}\n{steps}"
    )
    return policy_of(small(rules=text, **more))


def tier(value: str, accept: str = "", fact: str = "instalment_after") -> str:
    return f"{{fact: {fact}, value: {value}{f', accept_if: {accept}' if accept else ''}}}"


def falls(share: str) -> str:
    return f"{{fact: payment_reduction, op: '>=', value: {share}}}"


def only(decision):
    (found,) = [*decision.offers, *decision.refusals]
    return found


def test_the_first_tier_whose_plan_is_accepted_ends_the_search():
    offer = only(
        decide(ILLNESS, policy(tier("2200", falls("20%")), tier("2000", falls("20%")), tier("1800")), on=DAY)
    )
    assert [(one.number, one.met, one.accepted) for one in offer.tiers] == [
        (1, True, False), (2, True, False), (3, True, True),
    ]  # fmt: skip
    assert offer.plan.instalment <= 1800
    assert offer.tiers[0].target == "instalment_after <= 2,200.00"
    assert "payment_reduction is " in offer.tiers[0].because
    assert "must be at least 20 %" in offer.tiers[0].because
    assert offer.tiers[2].because == ""
    assert offer.steps == offer.tiers[2].steps


def test_a_tier_starts_from_the_start_with_all_steps_anew():
    offer = only(decide(ILLNESS, policy(tier("2200", falls("20%")), tier("1800")), on=DAY))
    alone = only(decide(ILLNESS, policy(tier("1800")), on=DAY))
    assert offer.plan == alone.plan
    assert offer.steps == alone.steps
    assert alone.tiers == ()


def test_later_tiers_are_not_tried_once_one_is_accepted():
    offer = only(decide(ILLNESS, policy(tier("2200", falls("1%")), tier("1800")), on=DAY))
    assert [one.accepted for one in offer.tiers] == [True]
    assert Decimal(1800) < offer.plan.instalment <= Decimal(2200)


def test_a_tier_that_is_missed_gives_way_to_the_next():
    offer = only(decide(ILLNESS, policy(tier("100"), tier("1900")), on=DAY))
    assert [(one.met, one.accepted) for one in offer.tiers] == [(False, False), (True, True)]
    assert "must be at most 100.00" in offer.tiers[0].because


def test_a_ladder_whose_last_tier_is_missed_is_refused_and_tells_every_tier():
    refusal = only(decide(ILLNESS, policy(tier("200"), tier("100")), on=DAY))
    assert (refusal.stage, refusal.code) == ("search", "target-missed")
    assert [one.met for one in refusal.tiers] == [False, False]
    offer = only(decide(ILLNESS, policy(tier("200"), tier("100"), if_missed="offer"), on=DAY))
    assert [one.accepted for one in offer.tiers] == [False, False]


def test_a_last_tier_that_is_not_accepted_makes_no_offer():
    wants = policy(tier("2200", falls("20%")), tier("2000", falls("20%")))
    decision = decide(ILLNESS, wants, on=DAY)
    refusal = only(decision)
    assert (refusal.stage, refusal.code) == ("search", "target-not-accepted")
    assert [one.fact for one in refusal.conditions] == ["payment_reduction"]
    assert decision.outcome == "decline"
    why = explain(decision, wants, rule="r")
    assert why.tiers == refusal.tiers
    assert why.verdict == "refused"


def test_a_single_target_may_ask_to_be_accepted_too():
    refusal = only(decide(ILLNESS, policy(tier("2200", falls("20%"))), on=DAY))
    assert refusal.code == "target-not-accepted"


def test_what_cannot_be_judged_is_not_accepted_and_what_is_missing_is_named():
    unknown = "{fact: months_since_restructuring, op: '>', value: 3}"
    decision = decide(ILLNESS, policy(tier("2200", unknown), tier("1900", unknown)), on=DAY)
    assert only(decision).code == "target-not-accepted"
    assert decision.outcome == "refer"
    assert [one.accepted for one in only(decision).tiers] == [False, False]


def test_a_record_of_a_ladder_replays_and_is_shown():
    wants = policy(tier("2200", falls("20%")), tier("1800"))
    decision = decide(ILLNESS, wants, on=DAY)
    assert replay(decision, wants).same
    shown = to_text(summarise(decision), width=200)
    assert "tier" in shown
    assert "new instalment ≤ 2,200.00" in shown


@examples(25)
@given(
    st.lists(st.tuples(st.integers(100, 2400), st.sampled_from([0, 5, 10, 20, 30])), min_size=2, max_size=4)
)
def test_a_ladder_comes_to_what_the_first_accepted_of_its_searches_comes_to_alone(tiers):
    ladder = decide(
        ILLNESS, policy(*(tier(str(v), falls(f"{s}%")) for v, s in tiers)), on=DAY, engines="reference"
    )
    found = only(ladder)
    for k, (value, share) in enumerate(tiers):
        alone = decide(ILLNESS, policy(tier(str(value))), on=DAY, engines="reference")
        if alone.offers and alone.offers[0].prospect.payment_reduction * 100 >= share:
            assert found.plan == alone.offers[0].plan
            assert len(found.tiers) == k + 1
            return
    assert not ladder.offers
    assert len(found.tiers) == len(tiers)


# --- targets that are amounts


def test_a_target_may_be_any_amount():
    wanted = "{difference: [{product: [38%, {fact: monthly_income}]}, 449]}"
    offer = only(decide(ILLNESS, policy(tier(wanted)), on=DAY))
    alone = only(decide(ILLNESS, policy(tier("2211")), on=DAY))  # 38 % of 7,000 less 449
    assert offer.plan == alone.plan
    assert offer.steps[0].target == "instalment_after <= 2,211.00 ((0.38 × monthly_income) − 449)"


def test_a_target_that_is_an_amount_is_rounded_once_to_what_the_figure_keeps():
    offer = only(decide(ILLNESS, policy(tier("{quotient: [{fact: monthly_income}, 3]}")), on=DAY))
    assert offer.steps[0].target.startswith("instalment_after <= 2,333.33")


def test_a_target_that_is_unknown_makes_the_amounts_unknown():
    wanted = "{sum: [{fact: monthly_income, times: {fact: months_since_restructuring}}, 100]}"
    refusal = only(decide(ILLNESS, policy(tier(wanted)), on=DAY))
    assert (refusal.stage, refusal.code) == ("measure", "amount-unknown")


def test_a_target_may_be_a_fact_of_the_policy_and_a_parameter_in_an_amount_needs_a_value():
    facts = "facts: {bearable: {title: t, unit: money, reference: own, value: {sum: [1000, 900]}}}\n"
    offer = only(decide(ILLNESS, policy(tier("{fact: bearable}"), tail=facts), on=DAY))
    assert offer.plan.instalment <= 1900
    wanted = policy(
        tier("{product: [{parameter: share}, {fact: monthly_income}]}"),
        parameters="  share: {title: t, unit: ratio, source: own, values: {2026-06-01: 31%}}\n",
    )
    with pytest.raises(InvalidPolicy, match='"share" has no value on this day'):
        wanted.at(DAY)


def test_a_parameter_that_only_accept_if_reads_needs_a_value_too():
    wanted = policy(
        tier("2200", "{fact: payment_reduction, op: '>=', value: {parameter: share}}"),
        tier("1800"),
        parameters="  share: {title: t, unit: ratio, source: own, values: {2026-06-01: 31%}}\n",
    )
    with pytest.raises(InvalidPolicy, match='"share" has no value on this day'):
        wanted.at(DAY)


def test_a_target_that_moves_with_the_plan_is_not_looked_for_by_bisection():
    wanted = "{fact: total_after, times: 5%}"
    fine = "          steps: [{id: s, measure: {measure: defer, of: principal, amount: {vary: {up_to: 20000}}}}]\n"
    with pytest.raises(
        InvalidPolicy, match="the value that instalment_after has to reach may both rise and fall"
    ):
        policy(tier(wanted), steps=fine)
    offer = only(
        decide(
            ILLNESS, policy(tier(wanted), steps="          steps:\n" + STEPS.splitlines()[2] + "\n"), on=DAY
        )
    )
    figures = offer.prospect
    assert figures.instalment_after <= figures.total_after * Decimal("0.05")
    assert offer.steps[0].outcome == "applied"


def test_a_value_that_falls_faster_than_the_figure_is_met_where_it_is_met_first():
    # The border falls by 100 for each month added, the instalment by 130, 113, 103, 93 and ever less.
    parameters = "  each: {title: t, unit: money, source: own, values: {2026-01-01: 100}}\n"
    wanted = "{difference: [2560, {product: [{parameter: each}, {fact: term_added}]}]}"
    offer = only(decide(ILLNESS, policy(tier(wanted), parameters=parameters), on=DAY))
    assert (offer.steps[-1].outcome, offer.steps[-1].value) == ("applied", "3")


def test_cases_expect_the_tier_and_coverage_asks_for_each(tmp_path):
    text = small(
        rules=f"{RULE}          target: [{tier('2200', falls('20%'))}, {tier('1800')}]\n          stop: at_or_below\n{STEPS}"
    )
    written(tmp_path, text, "policy.yaml")
    written(tmp_path, example("illness"), "case.json")
    case = "  - {{name: {0}, given: {{application: case.json}}, expect: {{tiers: {{r: {1}}}}}}}\n"
    written(tmp_path, "cases:\n" + case.format("right", 2) + case.format("wrong", 1), "a_test.yaml")
    report = run_cases([tmp_path])
    assert [issue.message for one in report.failed for issue in one.failures] == [
        "expected tier of r 1, got 2"
    ]
    open_parts = {f"{part.text} {part.aspect}" for part in report.coverages[0].open if part.kind == "tier"}
    assert open_parts == {"tier 1 of rule r accepted", "tier 2 of rule r passed over"}
