"""The view of an early warning: the next steps, and the signs of difficulty that they rest on."""

from restructure.blocks import Block, Heading, Lines, Table
from restructure.casework.agreements.early_warning import EarlyWarning
from restructure.report.conditions import reasons
from restructure.report.tables import tasks_table
from restructure.report.wording import Wording
from restructure.texts import languages_in
from restructure.views import view_of

__all__ = ["warning_view"]

_SIGNS = (
    "days_past_due", "delay_before", "delay_lately", "paid_late", "paid_in_part", "margin", "next_rate_change",
    "rate_change",
)  # fmt: skip


@view_of(EarlyWarning)
def warning_view(warning: EarlyWarning, wording: Wording) -> list[Block]:
    """Put the next steps and the signs of difficulty into headings, sentences and tables.

    Raises `InvalidInput` for a language in which neither the phrases nor a step has a text.
    """
    wording.check(languages_in(*warning.steps, *warning.withheld))
    assessment, policy = warning.assessment, warning.policy
    title = wording(
        "warning.title",
        days=wording.counted("unit.day", assessment.days_past_due),
        stage=wording.name("delinquency_stage", warning.stage.value),
    )
    checked = wording("warning.checked", on=warning.on, policy=policy.name, version=policy.version)
    blocks: list[Block] = [Heading(title, 1), Lines((checked,)), Heading(wording("warning.actions"))]
    if warning.steps:
        evidence = tuple(
            wording(
                "warning.evidence", step=wording.text(task.title), evidence=reasons(wording, task.because)
            )
            for task in warning.steps
            if task.because
        )
        blocks += [tasks_table(warning.steps, wording), *([Lines(evidence)] if evidence else [])]
    else:
        blocks.append(Lines((wording("warning.no_step"),)))
    return [
        *blocks,
        Heading(wording("warning.signs")),
        Table(
            (wording("warning.sign"), wording("warning.value")),
            tuple(
                (
                    wording.name("fact", name),
                    wording.value(name, assessment.value(name), assessment.currency),
                )
                for name in _SIGNS
            ),
        ),
        Heading(wording("warning.enforcement")),
        Lines((_enforcement(warning, wording),)),
    ]


def _enforcement(warning: EarlyWarning, wording: Wording) -> str:
    reason = wording.sentence("enforcement", warning.enforcement)
    reason = f"{reason[:1].upper()}{reason[1:]}"
    if not warning.withheld:
        return wording("join.sentence", text=reason)
    steps = wording.listed(wording.text(task.title) for task in warning.withheld)
    return wording("warning.withheld", reason=reason, steps=steps)
