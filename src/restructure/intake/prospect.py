"""Prospect: the figures of a proposed plan and their effect on the borrower's income."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Annotated, Any

from restructure.calculator.conventions.money import SignedMoney, to_minor
from restructure.calculator.conventions.quantity import Kind, Quantity, Ratio, ratio
from restructure.calculator.plans.figures import Figures, figures_of
from restructure.calculator.plans.plan import Plan
from restructure.intake.assessment import Assessment
from restructure.record import trusted

__all__ = ["AT_ONCE", "Prospect", "project"]


class Prospect(Figures):
    """The facts that exist once a plan exists: its figures, and their effect on the borrower's income."""

    payment_to_income_after: Annotated[
        Ratio | None, Quantity(Kind.RATIO, 6, "instalment_after / monthly_income")
    ]
    """The new regular instalment as a share of monthly income; unknown while income is zero."""
    residual_income_after: Annotated[
        SignedMoney | None, Quantity(Kind.MONEY, 0, "disposable_income − highest_payment_after")
    ]
    """Disposable income left in the month with the highest payment of the plan; may be negative."""


def project(assessment: Assessment, plan: Plan) -> Prospect:
    """Calculate the figures of a plan and their effect on the borrower's income."""
    figures = figures_of(plan)
    disposable = assessment.disposable_income
    own = {
        "payment_to_income_after": _payment_to_income(assessment, plan),
        "residual_income_after": None if disposable is None else disposable - figures.highest_payment_after,
    }
    return trusted(Prospect, [figures.__dict__ | own])[0]


def _payment_to_income(assessment: Assessment, plan: Plan) -> Decimal | None:
    currency, income = assessment.currency, assessment.monthly_income
    return ratio(to_minor(plan.instalment, currency), to_minor(income, currency)) if income else None


AT_ONCE: Mapping[str, Callable[[Assessment, Plan], Any]] = {
    "instalment_after": lambda _, plan: plan.instalment,
    "term_after": lambda _, plan: len(plan.schedule.rows),
    "payment_to_income_after": _payment_to_income,
}
"""Figures that need no full calculation: a search reads one of them of every plan it tries, and all of only a few."""
