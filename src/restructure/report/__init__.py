"""Output for people: views of records, a terminal, HTML, plots (extra `plots`) and letters (extra `letters`).

Importing the package registers the views of `restructure.views` and needs no extra.
"""

from restructure.report.answer import plan_view, schedule_view
from restructure.report.decision import decision_view
from restructure.report.explanation import explanation_view
from restructure.report.warning import warning_view

__all__ = ["decision_view", "explanation_view", "plan_view", "schedule_view", "warning_view"]
