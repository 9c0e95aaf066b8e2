"""Facts about the loan: what is owed, how late it is, and its terms."""

from enum import StrEnum
from typing import Any

from restructure.calculator.conventions.dates import whole_months
from restructure.calculator.conventions.quantity import ratio
from restructure.calculator.servicing.position import Position
from restructure.intake.application import ContractLoan, StatedLoan

__all__ = ["DelinquencyStage", "loan_facts"]


class DelinquencyStage(StrEnum):
    """Bands of days past due, as in regulatory reports."""

    CURRENT = "current"
    DPD_1_30 = "1-30 days"
    DPD_31_60 = "31-60 days"
    DPD_61_90 = "61-90 days"
    DPD_91_180 = "91-180 days"
    DPD_OVER_180 = "over 180 days"


_LAST_DAYS = (
    (0, DelinquencyStage.CURRENT),
    (30, DelinquencyStage.DPD_1_30),
    (60, DelinquencyStage.DPD_31_60),
    (90, DelinquencyStage.DPD_61_90),
    (180, DelinquencyStage.DPD_91_180),
)


def loan_facts(loan: StatedLoan | ContractLoan, position: Position) -> dict[str, Any]:
    """Derive the facts about the loan from what is owed on it."""
    buckets, late, rate = position.buckets, position.days_past_due, position.repayment.annual_rate
    originated = loan.originated
    return {
        "product": loan.product,
        "claim": buckets.claim,
        "principal": buckets.principal,
        "principal_arrears": buckets.principal_arrears,
        "interest_arrears": buckets.interest_arrears,
        "accrued": buckets.accrued,
        "penalty": buckets.penalty,
        "fees": buckets.fees,
        "parked": buckets.parked,
        "arrears": buckets.principal_arrears + buckets.interest_arrears,
        "days_past_due": late,
        "missed_instalments": position.missed_instalments,
        "delinquency_stage": next(
            (stage for last, stage in _LAST_DAYS if late <= last), DelinquencyStage.DPD_OVER_180
        ),
        "contract_rate": ratio(rate.numerator, rate.denominator),
        "instalment_before": position.regular_instalment,
        "remaining_term": position.repayment.instalments,
        "originated": originated,
        "months_on_book": None if originated is None else whole_months(originated, position.on),
    }
