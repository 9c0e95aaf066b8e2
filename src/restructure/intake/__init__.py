"""Intake: who asks and what it means. What an application is built of, and every fact that follows from it."""

from typing import TYPE_CHECKING

from restructure.lazy import exports

if TYPE_CHECKING:
    from restructure.intake.application import Application, read_application
    from restructure.intake.application.borrower import Borrower, Conduct, PreviousRestructuring
    from restructure.intake.application.finances import (
        Cost,
        CostCategory,
        Finances,
        Income,
        IncomeSource,
        OtherDebt,
    )
    from restructure.intake.application.hardship import Cause, Evidence, EvidenceKind, Hardship
    from restructure.intake.application.loans import ContractLoan, Product, StatedLoan
    from restructure.intake.assessment import Assessment, assess
    from restructure.intake.hardship_outlook import HardshipOutlook
    from restructure.intake.loan_facts import DelinquencyStage
    from restructure.intake.past_events import PastEvent
    from restructure.intake.prospect import Prospect, project

__all__ = [
    "Application",
    "Assessment",
    "Borrower",
    "Cause",
    "Conduct",
    "ContractLoan",
    "Cost",
    "CostCategory",
    "DelinquencyStage",
    "Evidence",
    "EvidenceKind",
    "Finances",
    "Hardship",
    "HardshipOutlook",
    "Income",
    "IncomeSource",
    "OtherDebt",
    "PastEvent",
    "PreviousRestructuring",
    "Product",
    "Prospect",
    "StatedLoan",
    "assess",
    "project",
    "read_application",
]

_HOMES = {
    "application": "Application read_application",
    "application.borrower": "Borrower Conduct PreviousRestructuring",
    "application.finances": "Cost CostCategory Finances Income IncomeSource OtherDebt",
    "application.hardship": "Cause Evidence EvidenceKind Hardship",
    "application.loans": "ContractLoan Product StatedLoan",
    "assessment": "Assessment assess",
    "hardship_outlook": "HardshipOutlook",
    "loan_facts": "DelinquencyStage",
    "past_events": "PastEvent",
    "prospect": "Prospect project",
}
"""The rooms of the names that are loaded when first asked for."""

if not TYPE_CHECKING:
    __getattr__, __dir__ = exports(__name__, _HOMES)
