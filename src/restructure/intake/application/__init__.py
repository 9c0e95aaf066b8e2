"""The application: what a lender knows about a borrower in difficulty, checked and read from a file.

`application` holds the whole and reads it, `content` its fields, `borrower`, `loans`, `finances` and `hardship` its
parts, and `consistency` finds contradictions.
"""

import sys

from restructure.intake.application.application import Application, read_application
from restructure.intake.application.borrower import Borrower, Conduct, PreviousRestructuring
from restructure.intake.application.consistency import problems
from restructure.intake.application.finances import (
    Cost,
    CostCategory,
    Finances,
    Income,
    IncomeSource,
    OtherDebt,
)
from restructure.intake.application.hardship import Cause, Evidence, EvidenceKind, Hardship
from restructure.intake.application.loans import ContractLoan, Loan, Product, StatedLoan, position_on

__all__ = [
    "Application",
    "Borrower",
    "Cause",
    "Conduct",
    "ContractLoan",
    "Cost",
    "CostCategory",
    "Evidence",
    "EvidenceKind",
    "Finances",
    "Hardship",
    "Income",
    "IncomeSource",
    "Loan",
    "OtherDebt",
    "PreviousRestructuring",
    "Product",
    "StatedLoan",
    "position_on",
    "problems",
    "read_application",
]

# Hypothesis loads its plugins when it is imported. If that was before this module, the plugin registers now; it is
# looked up among the loaded modules, since the library itself does not need it.
if "restructure_hypothesis" in sys.modules:
    sys.modules["restructure_hypothesis"].register()
