"""A figure that a plan tells at once is the one that working all figures out gives."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import example, policy_of, rule, small
from compositions import compositions
from restructure.calculator.plans.plan import reschedule
from restructure.errors import Refused
from restructure.intake.application import Application
from restructure.intake.assessment import assess
from restructure.intake.prospect import AT_ONCE, project
from restructure.policy.case_facts import facts_of

ON = date(2026, 3, 18)
CASE = assess(Application.model_validate(example("illness")), on=ON)
KNOWN = facts_of(policy_of(small(rules=rule())).at(ON), CASE)


@given(compositions(), st.none() | st.integers(0, 9999).map(Decimal))
def test_figures_that_are_told_at_once_are_those_that_are_worked_out(composition, income):
    position, measures = composition
    try:
        plan = reschedule(position, measures)
    except Refused:
        return
    case = CASE.model_copy(
        update={"position": position, "currency": position.currency, "monthly_income": income}
    )
    prospect = project(case, plan)
    for name, at_once in AT_ONCE.items():
        assert at_once(case, plan) == getattr(prospect, name), name


@pytest.mark.parametrize("name", [*AT_ONCE, "total_after", "balance_after"])
def test_the_facts_of_a_plan_are_the_same_before_and_after_all_are_worked_out(name):
    plan = reschedule(CASE.position, [])
    known = KNOWN.with_plan(None, plan)
    before = known.value(name)
    assert before == getattr(project(CASE, plan), name)
    assert known.prospect is not None
    assert known.value(name) == before
    assert KNOWN.value(name) is None
    assert KNOWN.prospect is None
