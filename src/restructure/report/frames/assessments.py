"""The table of an assessment: a row for each fact, with its value in the column of its kind."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from restructure.calculator.conventions.quantity import Kind
from restructure.frames import frame_of
from restructure.intake.assessment import Assessment
from restructure.intake.facts import Fact, derivation, facts, score_fact
from restructure.report.frames.columns import CURRENCY, Column, Holds, table_with

if TYPE_CHECKING:
    import pyarrow

__all__ = ["ASSESSMENT", "assessment_table"]

_VALUES = {
    Kind.MONEY: "amount",
    Kind.RATIO: "share",
    Kind.DAYS: "count",
    Kind.MONTHS: "count",
    Kind.COUNT: "count",
    Kind.DATE: "day",
    Kind.FLAG: "flag",
    Kind.CHOICE: "word",
}
_FACT = (
    Column("on", Holds.DAY, "Day of the assessment."),
    Column("fact", Holds.WORD, "Name of the fact, as rules read it."),
    Column(
        "kind",
        Holds.WORD,
        "Kind of the value, such as `money`; `declared` for a fact that a policy declares.",
    ),
    Column("known", Holds.FLAG, "Whether the value is known."),
    Column("value", Holds.WORD, "The value as exact text, such as `0.4`, `2026-03-18` or `true`."),
    Column("amount", Holds.MONEY, "The value of a fact of the kind `money`."),
    Column("share", Holds.SHARE, "The value of a ratio or a score.", 6),
    Column("count", Holds.COUNT, "The value in days, months or a number."),
    Column("day", Holds.DAY, "The value of a date."),
    Column("flag", Holds.FLAG, "The value of a fact that holds or does not."),
    Column("word", Holds.WORD, "The value of a fact that is one of a few words."),
    Column("derivation", Holds.WORD, "How the value follows from the application, in one line."),
)
ASSESSMENT = (*_FACT, CURRENCY)
"""The columns of an assessment: one row for each fact, known or not."""
_NAMES = tuple(column.name for column in ASSESSMENT)


@frame_of(Assessment)
def assessment_table(assessment: Assessment) -> "pyarrow.Table":
    """Give one row for each fact of the catalogue, then one for each score and for each fact a policy declares."""
    known = [fact for fact in facts().values() if not fact.of_plan]
    known += [score_fact(f"scores.{name}") for name in assessment.scores]
    rows = [_of_fact(fact, assessment) for fact in known]
    rows += [_row(name, "declared", value) for name, value in assessment.given.items()]
    always = {"on": assessment.on, "currency": assessment.currency}
    values = [[always.get(name, row.get(name)) for row in rows] for name in _NAMES]
    return table_with(ASSESSMENT, values, currency=assessment.currency)


def _of_fact(fact: Fact, assessment: Assessment) -> dict[str, Any]:
    value = assessment.value(fact.name)
    row = _row(fact.name, fact.kind.value, value)
    return row | {_VALUES[fact.kind]: value, "derivation": derivation(assessment, fact.name)}


def _row(name: str, kind: str, value: Any) -> dict[str, Any]:
    return {"fact": name, "kind": kind, "known": value is not None, "value": _text(value)}


def _text(value: Any) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case _:
            return str(value)
