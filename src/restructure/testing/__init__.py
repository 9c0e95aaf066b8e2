"""Testing: cases of a policy, their coverage, strategies for Hypothesis (`strategies`) and the pytest plugin."""

from typing import TYPE_CHECKING

from restructure.lazy import exports

if TYPE_CHECKING:
    from restructure.testing.case_reader import read_cases
    from restructure.testing.case_schema import cases_schema
    from restructure.testing.cases import Case, Cases, find_cases
    from restructure.testing.checking import CaseResult, check, check_case
    from restructure.testing.coverage import Coverage
    from restructure.testing.report import CaseReport, run_cases

__all__ = [
    "Case",
    "CaseReport",
    "CaseResult",
    "Cases",
    "Coverage",
    "cases_schema",
    "check",
    "check_case",
    "find_cases",
    "read_cases",
    "run_cases",
]

_HOMES = {
    "case_reader": "read_cases",
    "case_schema": "cases_schema",
    "cases": "Case Cases find_cases",
    "checking": "CaseResult check check_case",
    "coverage": "Coverage",
    "report": "CaseReport run_cases",
}
"""The rooms of the names that are loaded when first asked for."""

if not TYPE_CHECKING:
    __getattr__, __dir__ = exports(__name__, _HOMES)
