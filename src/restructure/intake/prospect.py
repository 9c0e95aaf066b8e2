"""Prospect: what a proposed plan would mean to this borrower."""

from typing import Annotated

from restructure.calculator.figures import Figures, compare
from restructure.calculator.money import SignedMoney, to_minor
from restructure.calculator.plan import Plan
from restructure.calculator.quantity import Kind, Quantity, Ratio, ratio
from restructure.intake.assessment import Assessment
from restructure.record import trusted

__all__ = ["Prospect", "foresee"]


class Prospect(Figures):
    """What a proposed plan would mean to this borrower: the facts that exist once a plan exists."""

    payment_to_income_after: Annotated[
        Ratio | None, Quantity(Kind.RATIO, 6, "instalment_after / monthly_income")
    ]
    """The new regular instalment as a share of income."""
    residual_income_after: Annotated[
        SignedMoney | None, Quantity(Kind.MONEY, 0, "disposable_income − highest_payment_after")
    ]
    """What is left of income in the dearest month of the plan."""


def foresee(assessment: Assessment, plan: Plan) -> Prospect:
    """Work out what a plan would mean to this borrower."""
    figures = compare(plan)
    currency, income = assessment.currency, assessment.monthly_income
    disposable = assessment.disposable_income
    after = to_minor(figures.instalment_after, currency)
    own = {
        "payment_to_income_after": ratio(after, to_minor(income, currency)) if income else None,
        "residual_income_after": None if disposable is None else disposable - figures.highest_payment_after,
    }
    return trusted(Prospect, [figures.__dict__ | own])[0]
