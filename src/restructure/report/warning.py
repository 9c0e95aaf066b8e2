"""The view of an early warning: the signs of difficulty and the next steps."""

from restructure.blocks import Block, Heading, Lines, Table
from restructure.casework.agreements.early_warning import EarlyWarning
from restructure.intake.facts import facts, show
from restructure.report.tables import tasks_table
from restructure.report.wording import Wording
from restructure.texts import languages_in
from restructure.views import view_of

__all__ = ["warning_view"]


@view_of(EarlyWarning)
def warning_view(warning: EarlyWarning, wording: Wording) -> list[Block]:
    """Put the signs of difficulty and the next steps into headings, sentences and tables, the steps in `language`.

    Raises `InvalidInput` for a language in which no step has a text.
    """
    wording.check(languages_in(*warning.steps, *warning.withheld))
    language = wording.language
    assessment, currency = warning.assessment, warning.assessment.currency
    blocks: list[Block] = [
        Heading(f"WATCH: {assessment.days_past_due} days past due ({warning.stage.value})", 1),
        Lines((f"Checked on {warning.on} under {warning.policy.name} {warning.policy.version}.",)),
        Heading("Signs of difficulty"),
        Table(
            ("", "value"),
            tuple(
                (_short(facts()[name].doc), show(facts()[name], assessment.value(name), currency))
                for name in _SIGNS
            ),
        ),
        Heading("What to do now"),
        tasks_table(warning.steps, language) if warning.steps else Lines(("The policy names no step.",)),
    ]
    for task in warning.steps:
        evidence = "; ".join(
            f"{part.fact} is {part.actual} ({part.op} {part.threshold})" for part in task.because
        )
        blocks.append(Lines((f"{task.id}: {evidence}",)))
    withheld = ", ".join(task.id for task in warning.withheld)
    blocks += [
        Heading("Enforcement"),
        Lines((f"{warning.enforcement}{f'; withheld: {withheld}' if withheld else ''}.",)),
    ]
    return blocks


def _short(doc: str) -> str:
    """Cut a fact's description to its first clause."""
    return doc.rstrip(".").split(";")[0].split(",")[0]


_SIGNS = (
    "days_past_due", "delay_before", "delay_lately", "paid_late", "paid_in_part", "margin", "next_rate_change",
    "rate_change",
)  # fmt: skip
