"""Strategies for Hypothesis: applications, loans and facts of cases that are valid and shrink to readable examples.

Where Hypothesis is installed, `st.from_type(Application)` and the like draw from here without any import (the
entry point of group `hypothesis`). Examples shrink to a plain loan: 12,000.00 at 18 % in 12 instalments, nothing
overdue, nothing known about the borrower. Importing this needs Hypothesis, the extra `test`; the library does without.
"""

from restructure.testing.strategies.borrower import applications, conducts, finances, hardships
from restructure.testing.strategies.day import days
from restructure.testing.strategies.fact import facts
from restructure.testing.strategies.loan import contract_loans, contracts, loans, stated_loans

__all__ = [
    "applications",
    "conducts",
    "contract_loans",
    "contracts",
    "days",
    "facts",
    "finances",
    "hardships",
    "loans",
    "stated_loans",
]
