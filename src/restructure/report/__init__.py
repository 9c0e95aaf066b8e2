"""What people see: views of records, a terminal, HTML, plots (extra `plots`) and letters (extra `letters`).

Importing the package registers the views of `restructure.views` and needs no extra; what needs one is loaded when
it is asked for.
"""

from typing import TYPE_CHECKING

from restructure.lazy import exports
from restructure.report.agreement import agreement_view, review_view
from restructure.report.answer import plan_view, schedule_view
from restructure.report.assessment import assessment_view
from restructure.report.decision import decision_view
from restructure.report.explanation import explanation_view
from restructure.report.frontier import frontier_view
from restructure.report.history import history_view
from restructure.report.offer import offer_view
from restructure.report.policy import policy_view
from restructure.report.position import application_view, position_view
from restructure.report.warning import warning_view
from restructure.report.wording import Wording, view_languages
from restructure.views import worded_by

if TYPE_CHECKING:
    from restructure.report.frames.book import table_of
    from restructure.report.letters.writing import Letter, letter
    from restructure.report.plots.verbs import (
        chart_balance,
        chart_frontier,
        chart_instalments,
        chart_ledger,
        plot_balance,
        plot_frontier,
        plot_instalments,
        plot_ledger,
    )
    from restructure.report.terminal import render

worded_by(Wording.of)

__all__ = [
    "Letter",
    "Wording",
    "agreement_view",
    "application_view",
    "assessment_view",
    "chart_balance",
    "chart_frontier",
    "chart_instalments",
    "chart_ledger",
    "decision_view",
    "explanation_view",
    "frontier_view",
    "history_view",
    "letter",
    "offer_view",
    "plan_view",
    "plot_balance",
    "plot_frontier",
    "plot_instalments",
    "plot_ledger",
    "policy_view",
    "position_view",
    "render",
    "review_view",
    "schedule_view",
    "table_of",
    "view_languages",
    "warning_view",
]

_HOMES = {
    "frames.book": "table_of",
    "letters.writing": "Letter letter",
    "plots.verbs": "chart_balance chart_frontier chart_instalments chart_ledger "
    "plot_balance plot_frontier plot_instalments plot_ledger",
    "terminal": "render",
}
"""The rooms of the names that are loaded when first asked for."""

if not TYPE_CHECKING:
    __getattr__, __dir__ = exports(__name__, _HOMES)
