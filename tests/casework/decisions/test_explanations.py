"""Explanations: what they say is found again by deciding, the least is the least, and how much is told changes nothing else."""

import random
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import (
    applications,
    changed,
    consumer_policy,
    example,
    gate,
    half_up,
    limit,
    packaged,
    policy_of,
    rule,
    small,
)
from laws import examples
from restructure.casework.decisions.decision import Decision, decide
from restructure.casework.decisions.explanation import Branch, explain
from restructure.casework.decisions.judge import judge
from restructure.casework.decisions.outcome import Detail
from restructure.casework.negotiation.replay import replay
from restructure.errors import InvalidInput, RestructureError
from restructure.intake.application import Application
from restructure.policy.case_facts import facts_of
from restructure.policy.engine.evaluation import Engines

DAY = date(2026, 3, 18)
ILLNESS = Application.model_validate(example("illness"))
POLICY = packaged("cn-consumer-finance")


def explained(text: str, name: str = "r", application: Application = ILLNESS):
    policy = policy_of(text)
    decision = decide(application, policy, on=application.as_of)
    return explain(decision, policy, rule=name), decision, policy


def offers(policy, decision: Decision, fact: str, value: Any, name: str = "r") -> bool:
    """Decide again with one fact of the assessment changed, all others as they are."""
    assessment = decision.assessment.model_copy(update={fact: value})
    judged = judge(facts_of(policy.at(decision.on), assessment, Engines.REFERENCE), engines=Engines.REFERENCE)
    return name in {offer.rule for offer in judged.offers}


def value_of(text: str, now: Any) -> Any:
    """Read a value as it is shown, as the kind that the fact now holds."""
    if isinstance(now, bool) or text in ("yes", "no"):
        return text == "yes"
    plain = text.replace(",", "")
    if plain.endswith(" %"):
        return Decimal(plain.removesuffix(" %")) / 100
    for unit in (" days", " day", " months", " month"):
        if plain.endswith(unit):
            return int(plain.removesuffix(unit))
    if isinstance(now, date):
        return date.fromisoformat(plain)
    if isinstance(now, Decimal):
        return Decimal(plain)
    return int(plain) if plain.lstrip("-").isdecimal() else plain


UNITS = {Decimal: Decimal("0.01"), int: 1, date: timedelta(days=1)}


# --- counterfactuals


@pytest.mark.parametrize(
    ("when", "fact", "needed"),
    [
        # The case has 47 days past due, 39.1304 % less income, 2,100.00 to spare, 1 loan in 16 instalments.
        ("{fact: days_past_due, op: '<=', value: 30}", "days_past_due", "30 days"),
        ("{fact: days_past_due, op: '<', value: 30}", "days_past_due", "29 days"),
        ("{fact: days_past_due, op: '>', value: 60}", "days_past_due", "61 days"),
        ("{fact: days_past_due, op: '==', value: 50}", "days_past_due", "50 days"),
        ("{fact: days_past_due, op: '!=', value: 47}", "days_past_due", "46 days"),
        ("{fact: income_drop, op: '>=', value: 0.5}", "income_drop", "50 %"),
        ("{fact: income_drop, op: '<', value: 0.3}", "income_drop", "29.9999 %"),
        ("{fact: disposable_income, op: '>', value: 2500}", "disposable_income", "2,500.01"),
        ("{fact: disposable_income, op: '<', value: 0}", "disposable_income", "-0.01"),
        ("{fact: disputed}", "disputed", "yes"),
        ("{fact: hardship_cause, op: '==', value: disaster}", "hardship_cause", "disaster"),
        ("{not: {fact: reachable}}", "reachable", "no"),
        # 2,396.36 x 4 = 9,585.44 and 7,000.00 / 4 = 1,750.00
        ("{fact: monthly_income, op: '>=', value: {fact: instalment_before, times: 4}}", "monthly_income", "9,585.44"),
        ("{fact: monthly_income, op: '>=', value: {fact: instalment_before, times: 4}}", "instalment_before", "1,750.00"),
        ("{all: [{fact: days_past_due, op: '<=', value: 40}, {fact: reachable}]}", "days_past_due", "40 days"),
        ("{any: [{fact: days_past_due, op: '<=', value: 20}, {fact: days_past_due, op: '>=', value: 60}]}", "days_past_due", "60 days"),
    ],
)  # fmt: skip
def test_the_least_change_that_would_have_made_the_offer_is_found(when, fact, needed):
    why, decision, policy = explained(small(rules=rule(when=when)))
    assert (why.verdict, why.stage) == ("refused", "condition")
    found = {one.fact: one for one in why.counterfactuals}
    # The sixth decimal of a share: just below 30 % is 29.9999 %.
    assert found[fact].needed == needed
    now = decision.assessment.value(fact)
    assert not offers(policy, decision, fact, now)
    assert offers(policy, decision, fact, value_of(needed, now))
    assert found[fact].sentence == (
        f"if {fact} were {needed} instead of {found[fact].actual}, the offer would be made"
    )


def test_the_nearer_of_two_sides_is_told_where_no_border_says_how_far():
    # 2,396.36 / 2,100.00 = 1.141124; above 1.1632 from 2,060.14 down (1.9 %), below 1.1287 from 2,123.12 up (1.1 %).
    tail = (
        "facts: {burden: {title: B, unit: ratio, reference: own, "
        "value: {quotient: [{fact: instalment_before}, {fact: disposable_income}]}}}\n"
    )
    for above, below in (("1.1632", "1.1287"), ("1.1536", "1.1211")):
        when = (
            f"{{any: [{{fact: burden, op: '>', value: {above}}}, {{fact: burden, op: '<', value: {below}}}]}}"
        )
        why, _, _ = explained(small(rules=rule(when=when), tail=tail))
        (one,) = [one for one in why.counterfactuals if one.fact == "disposable_income"]
        now, needed = Decimal(2100), value_of(one.needed, Decimal(0))
        near = [now + sign * Decimal(cents) / 100 for cents in range(1, 2500) for sign in (1, -1)]
        first = next(
            value
            for value in near
            if half_up(239636, int(value * 100)) > Decimal(above)
            or half_up(239636, int(value * 100)) < Decimal(below)
        )
        assert needed == first


def test_two_facts_that_fail_together_have_no_counterfactual():
    why, _, _ = explained(
        small(rules=rule(when="{all: [{fact: disputed}, {fact: days_past_due, op: '<', value: 9}]}"))
    )
    assert why.counterfactuals == ()
    assert len([part for part in why.conditions[0].condition.parts if part.verdict == "false"]) == 2


def test_a_gate_a_limit_a_search_and_a_conclusion_are_seen_through():
    for text, fact in (
        (small(gates=gate("g", "{fact: days_past_due, op: '<', value: 40}", "decline")), "days_past_due"),
        (
            small(
                limits=limit(
                    "l", "{fact: instalment_after, op: '<=', value: {fact: disposable_income, times: 0.8}}"
                )
            ),
            "disposable_income",
        ),
        (
            small(
                rules=rule(
                    offer="[{search: {target: {fact: payment_to_income_after, value: 20%}, stop: at_or_below, "
                    "steps: [{id: s, measure: {measure: extend, instalments: {vary: {up_to: 9}}}}]}}]"
                ),
                limits=limit(
                    "l", "{fact: instalment_after, op: '<=', value: {fact: disposable_income, times: 0.7}}"
                ),
            ),
            None,
        ),
        (
            small(
                rules=rule(when="{fact: severe}"),
                tail="facts: {burden: {title: B, unit: ratio, reference: own, value: {quotient: [{fact: instalment_before}, {fact: disposable_income}]}}, severe: {title: S, unit: flag, reference: own, otherwise: false}}\n"
                "conclusions: [{id: c, title: C, reference: own, when: {fact: burden, op: '>', value: 1.2}, conclude: {severe: true}}]\n",
            ),
            "disposable_income",
        ),
    ):
        why, decision, policy = explained(text)
        assert why.verdict == "refused", text
        for one in why.counterfactuals:
            assert offers(
                policy, decision, one.fact, value_of(one.needed, decision.assessment.value(one.fact))
            )
        if fact:
            assert fact in {one.fact for one in why.counterfactuals}, text


CONDITIONS = [
    "{fact: days_past_due, op: OP, value: N}",
    "{fact: disposable_income, op: OP, value: N00}",
    "{fact: monthly_income, op: OP, value: {fact: instalment_before, times: 0.N}}",
    "{fact: remaining_term, op: OP, value: N}",
    "{fact: claim, op: OP, value: {fact: monthly_income, times: N}}",
]


@examples(60)
@given(st.integers(0, 10**9))
def test_one_unit_less_than_a_counterfactual_does_not_make_the_offer(seed):
    rng = random.Random(seed)

    def condition(depth: int) -> str:
        if depth and rng.random() < 0.5:
            parts = ", ".join(condition(depth - 1) for _ in range(rng.randint(1, 3)))
            return f"{{{rng.choice(['all', 'any'])}: [{parts}]}}"
        text = rng.choice(CONDITIONS).replace("N", str(rng.randint(1, 90)))
        return text.replace("OP", f"'{rng.choice(['<', '<=', '>', '>='])}'")

    text = small(rules=rule(when=condition(2)))
    why, decision, policy = explained(text)
    for one in why.counterfactuals:
        now = decision.assessment.value(one.fact)
        needed = value_of(one.needed, now)
        assert offers(policy, decision, one.fact, needed), text
        step = UNITS[type(now)] * (1 if needed > now else -1)
        # Of all values nearer to the present one, tried one in a hundred or so and the very next, none would do.
        assert not offers(policy, decision, one.fact, needed - step), (text, one)
        between = [now + (needed - now) * k / 100 for k in range(100)]
        for value in between:
            nearer = int(value) if isinstance(now, int) else round(value, 2)
            if nearer != needed:
                assert not offers(policy, decision, one.fact, nearer), (text, one, nearer)
        # Nor would the same change the other way.
        mirrored = now - (needed - now - step)
        if mirrored >= 0 or one.fact == "disposable_income":
            for k in range(1, 101):
                other = now + (mirrored - now) * k / 100
                other = int(other) if isinstance(now, int) else round(other, 2)
                assert not offers(policy, decision, one.fact, other), (text, one, other)


# --- near misses


@pytest.mark.parametrize(
    ("when", "distance", "over"),
    [
        ("{fact: days_past_due, op: '<=', value: 43}", "4 days", "above"),  # 4 of 43 is 9.3 %
        ("{fact: days_past_due, op: '<=', value: 42}", None, None),  # 5 of 42 is 11.9 %
        ("{fact: days_past_due, op: '>=', value: 52}", "5 days", "below"),  # 5 of 52 is 9.6 %
        ("{fact: days_past_due, op: '<', value: 47}", "1 day", "at"),
        ("{fact: income_drop, op: '>=', value: 0.4}", "0.8696 points", "below"),  # 40 % − 39.1304 %
        ("{fact: disposable_income, op: '>', value: 2200}", "100.01", "below"),
        ("{fact: disposable_income, op: '<', value: 0}", None, None),  # a border of nothing has no tenth
        ("{fact: disputed}", None, None),
    ],
)
def test_what_failed_by_a_tenth_of_its_border_or_less_is_a_near_miss(when, distance, over):
    why, _, _ = explained(small(rules=rule(when=when)))
    if distance is None:
        assert why.near_misses == ()
        return
    (miss,) = why.near_misses
    assert miss.distance == distance
    assert (
        miss.sentence == f"{miss.fact} is {miss.actual}, {distance} {over} the threshold of {miss.threshold}"
    )


def test_near_misses_stand_nearest_first():
    why, _, _ = explained(
        small(
            rules=rule(
                when="{all: [{fact: days_past_due, op: '<=', value: 43}, {fact: income_drop, op: '>=', value: 0.4}, "
                "{fact: disposable_income, op: '>', value: 2200}]}"
            )
        )
    )
    # 4/43, 0.87/40, 100/2200
    assert [one.fact for one in why.near_misses] == ["income_drop", "disposable_income", "days_past_due"]


# --- what is refused, what is told


def test_a_rule_that_the_policy_does_not_have_is_refused_with_the_nearest():
    decision = decide(ILLNESS, POLICY, on=DAY)
    with pytest.raises(InvalidInput) as caught:
        explain(decision, POLICY, rule="illness-releif")
    assert [issue.code for issue in caught.value.issues] == ["rule-unknown"]
    assert 'did you mean "illness-relief"?' in str(caught.value)


def test_a_decision_is_explained_by_the_policy_that_made_it_and_by_no_other():
    decision = decide(ILLNESS, POLICY, on=DAY)
    for other in (
        POLICY.with_values(illness_extension=12),
        POLICY.model_copy(update={"version": "2"}),
        policy_of(small(rules=rule("illness-relief"))),
    ):
        with pytest.raises(InvalidInput) as caught:
            explain(decision, other, rule="illness-relief")
        assert [issue.code for issue in caught.value.issues] == ["policy-differs"]
        assert decision.policy.digest[:12] in str(caught.value)
    read = Decision.model_validate_json(decision.model_dump_json())
    assert explain(read, POLICY, rule="illness-relief") == explain(decision, POLICY, rule="illness-relief")


def leaves(branch: Branch) -> list[Branch]:
    return [branch] if branch.word == "compare" else [leaf for part in branch.parts for leaf in leaves(part)]


def kleene(branch: Branch) -> str:
    """The verdict of a condition from those of its parts."""
    parts = [kleene(part) for part in branch.parts]
    match branch.word:
        case "compare":
            return branch.result.verdict
        case "not":
            return {"true": "false", "false": "true", "unknown": "unknown"}[parts[0]]
        case "all":
            return "false" if "false" in parts else "unknown" if "unknown" in parts else "true"
    return "true" if "true" in parts else "unknown" if "unknown" in parts else "false"


@examples(25)
@given(applications(currency="CNY"))
def test_every_rule_of_every_decision_can_be_explained(application):
    policy = consumer_policy()
    try:
        decision = decide(application, policy, on=application.as_of)
    except RestructureError:
        return
    by_rule = {one.rule: one for one in [*decision.offers, *decision.refusals]}
    for rule_ in policy.rules:
        why = explain(decision, policy, rule=rule_.id)
        offered = rule_.id in {offer.rule for offer in decision.offers}
        assert (why.verdict == "offered") is offered
        assert why.conditions[0].id == rule_.id
        for judged in why.conditions:
            assert judged.condition.verdict == kleene(judged.condition)
        if offered:
            assert all(judged.condition.verdict == "true" for judged in why.conditions)
            assert why.counterfactuals == why.near_misses == ()
        else:
            assert why.stage == by_rule[rule_.id].stage
            assert why.message == by_rule[rule_.id].message
        for one in why.counterfactuals:
            now = decision.assessment.value(one.fact)
            assert offers(policy, decision, one.fact, value_of(one.needed, now), rule_.id) or now is None


# --- how much is told


TEXTS = {
    "gate": small(
        gates=gate("g", "{any: [{fact: disputed}, {fact: days_past_due, op: '<', value: 9}]}", "decline")
    ),
    "limit": small(limits=limit("l", "{fact: term_after, op: '<=', value: 20}")),
    "condition": small(rules=rule(when="{fact: disputed}")),
    "unknown": small(rules=rule(when="{fact: months_since_restructuring, op: '>', value: 3}")),
    "offer": small(limits=limit("l", "{fact: term_after, op: '<=', value: 40}")),
    "search": small(
        rules=rule(
            offer="[{search: {target: {fact: instalment_after, value: 9}, stop: at_or_below, "
            "steps: [{id: s, measure: {measure: extend, instalments: {vary: {up_to: 3}}}}]}}]"
        )
    ),
}


def bare(decision: Decision) -> Any:
    """What was decided, without how much of it is told."""
    data = decision.model_dump(mode="json", exclude={"detail"})
    for part in (*data["gates"], *data["refusals"]):
        del part["conditions"]
    for part in data["offers"]:
        del part["because"], part["limits"]
    for part in (*data["actions"], *(duty for offer in data["offers"] for duty in offer["duties"])):
        del part["because"]
    return data


@pytest.mark.parametrize("name", [*TEXTS, "packaged"])
def test_how_much_is_told_changes_nothing_that_is_decided(name):
    policy = POLICY if name == "packaged" else policy_of(TEXTS[name])
    told = {level: decide(ILLNESS, policy, on=DAY, detail=level) for level in Detail}
    assert bare(told[Detail.NAMES]) == bare(told[Detail.DECISIVE]) == bare(told[Detail.FULL])
    for level, decision in told.items():
        again = Decision.model_validate_json(decision.model_dump_json())
        assert again == decision
        assert replay(again, policy).same
        assert decision.detail is level
        counted = [len(one.conditions) for one in (*decision.gates, *decision.refusals)]
        counted += [len(one.because) for one in decision.offers]
        if level is Detail.NAMES:
            assert not any(counted)
    for full, short in zip(told[Detail.FULL].gates, told[Detail.DECISIVE].gates, strict=True):
        assert set(short.conditions) <= set(full.conditions)
        # Explained anew from the facts, whatever was told.
    for rule_ in policy.rules:
        whys = [explain(decision, policy, rule=rule_.id) for decision in told.values()]
        assert whys[0] == whys[1] == whys[2]


def test_full_tells_every_condition_and_decisive_those_that_decided():
    when = "{all: [{fact: reachable}, {fact: disputed}, {fact: days_past_due, op: '>', value: 5}]}"
    policy = policy_of(small(rules=rule(when=when)))
    facts = {
        level: [c.fact for c in decide(ILLNESS, policy, on=DAY, detail=level).refusals[0].conditions]
        for level in Detail
    }
    assert facts == {
        Detail.NAMES: [],
        Detail.DECISIVE: ["disputed"],
        Detail.FULL: ["reachable", "disputed", "days_past_due"],
    }


def test_an_unknown_fact_is_told_and_what_would_have_been_enough():
    application = Application.model_validate(changed(example("illness"), "finances.essential_costs", ...))
    why, decision, policy = explained(
        small(rules=rule(when="{fact: disposable_income, op: '>', value: 2000}")), application=application
    )
    assert (why.verdict, why.stage) == ("unknown", "condition")
    (leaf,) = leaves(why.conditions[0].condition)
    assert (leaf.result.actual, leaf.result.verdict) == ("unknown", "unknown")
    (one,) = why.counterfactuals
    assert (one.actual, one.fact) == ("unknown", "disposable_income")
    assert Fraction(value_of(one.needed, Decimal(0))) > 2000
    assert offers(policy, decision, one.fact, value_of(one.needed, Decimal(0)))
