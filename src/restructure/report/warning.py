"""The view of an early warning: what a loan shows, and what to do next."""

from restructure.blocks import Block, Heading, Lines, Table
from restructure.casework.agreements.early_warning import EarlyWarning
from restructure.intake.facts import facts, show
from restructure.report.tables import tasks_table
from restructure.views import view_of

__all__ = ["warning_view"]


@view_of(EarlyWarning)
def warning_view(seen: EarlyWarning, language: str = "en") -> list[Block]:
    """Put what a loan shows, and what to do next, into headings, sentences and tables."""
    facts_, currency = seen.assessment, seen.assessment.currency
    blocks: list[Block] = [
        Heading(f"WATCH: {facts_.days_past_due} days past due ({seen.stage.value})", 1),
        Lines((f"Seen on {seen.on} under {seen.policy.name} {seen.policy.version}.",)),
        Heading("What it shows"),
        Table(
            ("", "value"),
            tuple(
                (_short(facts()[name].doc), show(facts()[name], facts_.value(name), currency))
                for name in _SIGNS
            ),
        ),
        Heading("What to do now"),
        tasks_table(seen.steps, language) if seen.steps else Lines(("The policy names no step.",)),
    ]
    for one in seen.steps:
        evidence = "; ".join(
            f"{part.fact} is {part.actual} ({part.op} {part.threshold})" for part in one.because
        )
        blocks.append(Lines((f"{one.id}: {evidence}",)))
    withheld = ", ".join(one.id for one in seen.withheld)
    blocks += [
        Heading("Enforcement"),
        Lines((f"{seen.enforcement}{f'; withheld: {withheld}' if withheld else ''}.",)),
    ]
    return blocks


def _short(doc: str) -> str:
    """Cut a fact's description to its first clause."""
    return doc.rstrip(".").split(";")[0].split(",")[0]


_SIGNS = (
    "days_past_due", "delay_before", "delay_lately", "paid_late", "paid_in_part", "margin", "next_rate_change",
    "rate_change",
)  # fmt: skip
