"""The frontier: what no other plan betters, found as by comparing every plan with every other."""

from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import packaged
from casework.agreed import illness
from restructure.calculator.measures.relief import Waive
from restructure.calculator.measures.timing import Extend
from restructure.casework.decisions.decision import decide
from restructure.casework.decisions.plan_search import propose
from restructure.casework.negotiation.frontier import Point, frontier, undominated
from restructure.errors import InvalidInput
from restructure.policy.case_facts import facts_of

POLICY = packaged("cn-consumer-finance")
CASE = illness()


@pytest.fixture(scope="module")
def whole():
    return frontier(CASE, POLICY, on=CASE.as_of)


def costs(point) -> tuple:
    prospect = point.offer.prospect
    return prospect.instalment_after, prospect.total_after, point.lender_loss


def point(monthly, total, loss) -> Point:
    prospect = SimpleNamespace(instalment_after=Decimal(monthly), total_after=Decimal(total))
    return Point.model_construct(
        offer=SimpleNamespace(prospect=prospect), lender_loss=Decimal(loss), redefault=None
    )


def betters(one, other) -> bool:
    return one != other and all(mine <= theirs for mine, theirs in zip(one, other, strict=True))


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 6)), max_size=40))
def test_what_is_kept_is_what_no_other_betters(drawn):
    kept = [costs(one) for one in undominated([point(*one) for one in drawn])]
    exhaustive = {one for one in drawn if not any(betters(other, one) for other in drawn)}
    assert kept == sorted(exhaustive)


def test_the_frontier_is_that_of_every_plan_in_a_small_range():
    known = facts_of(POLICY.at(CASE.as_of), decide(CASE, POLICY, on=CASE.as_of).assessment)
    policy = POLICY.model_copy(
        update={
            "rules": tuple(one for one in POLICY.rules if one.id == "illness-relief"),
            "limits": POLICY.limits[1:2],
        }
    ).with_values(longest_term=20)
    found = frontier(CASE, policy, on=CASE.as_of, parts=1)
    (offer,) = decide(CASE, policy.with_values(illness_extension=1), on=CASE.as_of).offers
    every = []
    for extension in range(5):
        for waives in (True, False):
            measures = [
                one
                for one in offer.plan.measures
                if not isinstance(one, Extend) and (waives or not isinstance(one, Waive))
            ]
            prospect = propose(known, (*measures, Extend(instalments=extension))).prospect
            every.append((prospect.instalment_after, prospect.total_after, prospect.npv_loss))
    exhaustive = {one for one in every if not any(betters(other, one) for other in every)}
    assert [costs(one) for one in found.points] == sorted(exhaustive)


def test_every_point_keeps_the_limits_and_the_identities(whole):
    cap = POLICY.parameters["longest_term"].on(CASE.as_of)
    assert whole.points
    for one in whole.points:
        assert one.offer.plan.identities.hold
        assert one.offer.prospect.term_after <= cap
        assert one.offer.prospect.highest_payment_after <= 2100
    assert whole.tried > whole.inside >= len(whole.points)


def test_no_offer_of_the_policy_betters_a_point(whole):
    for offer in decide(CASE, POLICY, on=CASE.as_of).offers:
        theirs = offer.prospect.instalment_after, offer.prospect.total_after, offer.prospect.npv_loss
        assert not any(betters(theirs, costs(one)) for one in whole.points)


def test_the_ranking_of_the_policy_picks_its_point(whole):
    lowest = whole.points[whole.chosen].offer.prospect.instalment_after
    assert lowest == min(one.offer.prospect.instalment_after for one in whole.points)
    unranked = POLICY.model_copy(update={"rank": ()})
    assert frontier(CASE, unranked, on=CASE.as_of).chosen == 0


def test_a_case_without_offers_has_no_frontier():
    nobody = CASE.model_copy(update={"conduct": CASE.conduct.model_copy(update={"reachable": False})})
    found = frontier(nobody, POLICY, on=CASE.as_of)
    assert (found.points, found.chosen, found.tried) == ((), None, 0)


def test_a_certain_redefault_costs_what_is_not_recovered(whole):
    found = frontier(CASE, POLICY, on=CASE.as_of, redefault=lambda offer: 1, recovered="0.4")
    assert {one.lender_loss for one in found.points} == {Decimal("0.6")}
    kept = frontier(CASE, POLICY, on=CASE.as_of, redefault=lambda offer: 0)
    assert [costs(one) for one in kept.points] == [costs(one) for one in whole.points]


def test_a_model_that_prefers_low_instalments_moves_the_expected_cost():
    def model(offer):
        return Decimal("0.5") * offer.prospect.payment_to_income_after

    found = frontier(CASE, POLICY, on=CASE.as_of, redefault=model, recovered="0.2")
    for one in found.points:
        loss, fails = one.offer.prospect.npv_loss, one.redefault
        assert abs(one.lender_loss - ((1 - fails) * loss + fails * Decimal("0.8"))) <= Decimal("0.000001")


@pytest.mark.parametrize("wrong", [1.01, -0.1, float("nan"), "much"])
def test_a_probability_lies_between_nothing_and_certainty(wrong):
    with pytest.raises(InvalidInput, match="redefault"):
        frontier(CASE, POLICY, on=CASE.as_of, redefault=lambda offer: wrong)


def test_parts_are_at_least_one():
    with pytest.raises(InvalidInput, match="parts"):
        frontier(CASE, POLICY, on=CASE.as_of, parts=0)
