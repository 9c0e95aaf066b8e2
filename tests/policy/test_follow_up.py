"""What a policy asks of agreements: worked out from the case, replaced as a whole, and never guessed."""

from datetime import timedelta
from decimal import Decimal

import pytest

from cases import SMALL, policy_of, rule
from casework.agreed import SHOWN, illness
from restructure.casework.agreements.agreement import accept
from restructure.casework.agreements.review import review
from restructure.casework.decisions.decision import decide
from restructure.casework.negotiation.replay import replay
from restructure.errors import InvalidInput
from restructure.policy.language.follow_up import FollowUp

BY = illness().borrower.reference


def policy_with(follow_up: str, facts: str = ""):
    return policy_of(f"{SMALL}{facts}rules:\n{rule()}follow_up:\n  reference: own\n{follow_up}")


def decided(follow_up: str, facts: str = ""):
    return decide(illness(), policy_with(follow_up, facts), on=illness().as_of)


def taken(decision, **changes):
    known = {"on": decision.on, "by": BY, "channel": "phone", "evidence": SHOWN} | changes
    return accept(decision, rule="r", **known)


def test_a_policy_that_says_nothing_asks_for_nothing_and_keeps_its_digest():
    bare = policy_of(f"{SMALL}rules:\n{rule()}")
    assert decide(illness(), bare, on=illness().as_of).follow_up == FollowUp()
    spoken = policy_with("  valid_days: 14\n")
    assert bare.at(illness().as_of).digest != spoken.at(illness().as_of).digest


def test_numbers_are_worked_out_from_the_case():
    decision = decided(
        """\
  valid_days: {product: [2, 7]}
  trial_payments: {fact: months}
  tolerance: {round: {fact: instalment_before, times: 0.1%}, to: 1}
  grace_days: {parameter: grace}
""",
        """\
parameters: {grace: {title: Grace, unit: days, source: own, values: {2025-01-01: 5}}}
facts: {months: {title: Trial, unit: months, reference: own, otherwise: 3}}
conclusions:
  - {id: late, title: Late, reference: own, when: {fact: days_past_due, op: "<", value: 31}, conclude: {months: 4}}
""",
    )
    asked = decision.follow_up
    assert (asked.valid_days, asked.trial_payments, asked.grace_days) == (14, 3, 5)
    assert asked.tolerance == Decimal("2.00")
    assert replay(decision, policy_with("  valid_days: 14\n")).differences


def test_what_cannot_be_worked_out_lets_nobody_agree():
    decision = decided(
        "  trial_payments: {fact: wanted}\n",
        "facts: {wanted: {title: Wanted, unit: count, reference: own, given: true}}\n",
    )
    assert decision.follow_up.unknown == ("trial_payments",)
    with pytest.raises(InvalidInput, match="follow-up-unknown"):
        taken(decision)


def test_clocks_and_what_comes_back_are_the_policys():
    decision = decided(
        """\
  broken_after_days: 30
  reversed_when_broken: [waived]
  clocks:
    - {id: cure, title: {en: Cure, zh: 治愈期}, reference: "own: cure", months: 12}
    - {id: probation, title: Probation, reference: own, months: 24, follows: cure, restarts: cure, restarts_when_late: 30}
"""
    )
    agreement = taken(decision)
    seen = review(agreement, [], on=decision.on)
    cure, probation = seen.clocks
    assert cure.title == {"en": "Cure", "zh": "治愈期"}
    assert (cure.reference, probation.since) == ("own: cure", cure.ends)
    late = review(agreement, [], on=agreement.plan.schedule.rows[0].due + timedelta(days=31))
    assert late.broken_on == late.on


def test_an_extending_policy_says_it_anew_as_a_whole(tmp_path):
    from restructure.policy.loading.loading import load_policy

    base = tmp_path / "base.yaml"
    base.write_text(
        f"{SMALL}rules:\n{rule()}follow_up: {{reference: own, valid_days: 14, grace_days: 5}}\n", "utf-8"
    )
    mine = tmp_path / "mine.yaml"
    head = 'name: mine\nversion: "1"\ntitle: Mine\nextends: ./base.yaml\n'
    mine.write_text(head, "utf-8")
    assert load_policy(mine).follow_up == load_policy(base).follow_up
    mine.write_text(f"{head}follow_up: {{reference: own, valid_days: 30}}\n", "utf-8")
    asked = load_policy(mine).follow_up
    assert (asked.valid_days, asked.grace_days) == (30, 0)
