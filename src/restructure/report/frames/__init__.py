"""Records as tables with named columns for Arrow, pandas and polars (extra `frames`).

Importing the package registers the tables of `restructure.frames`, and needs no extra; making one needs pyarrow.
"""

from restructure.report.frames.assessments import ASSESSMENT
from restructure.report.frames.book import table_of
from restructure.report.frames.offers import DECISION, FRONTIER
from restructure.report.frames.schedules import PLAN, SCHEDULE

__all__ = ["TABLES", "table_of"]

TABLES = {
    "Schedule": SCHEDULE,
    "Plan": PLAN,
    "Decision": DECISION,
    "Frontier": FRONTIER,
    "Assessment": ASSESSMENT,
}
"""The columns of every class of records that has a table."""
