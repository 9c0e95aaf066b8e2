"""The tables that several views share: rows of a schedule, target tiers, steps of a search, tasks."""

from collections.abc import Sequence

from restructure.blocks import Block, Lines, Table, say
from restructure.calculator.amortisation.rows import Instalment
from restructure.calculator.amortisation.schedule import Schedule
from restructure.calculator.conventions.money import write_money
from restructure.calculator.servicing.position import Bucket
from restructure.casework.decisions.outcome import StepResult, Task, TierResult

__all__ = ["BUCKET_LABELS", "row_cells", "rows_table", "steps_table", "tasks_table", "tiers_table"]

BUCKET_LABELS = {
    Bucket.PRINCIPAL: "principal not yet due",
    Bucket.PRINCIPAL_ARREARS: "principal overdue",
    Bucket.INTEREST_ARREARS: "interest overdue",
    Bucket.ACCRUED: "interest since the last due date",
    Bucket.PENALTY: "penalty interest",
    Bucket.FEES: "fees",
    Bucket.PARKED: "deferred earlier",
}
"""Label of each bucket in tables."""


_STEP_OUTCOMES = {
    "applied": "applied, target reached",
    "exhausted": "taken to its end",
    "skipped": "skipped",
    "not-needed": "not needed",
    "no-room": "no room",
    "refused": "cannot be applied",
}


def tasks_table(tasks: Sequence[Task], language: str) -> Table:
    """List the tasks of the lender."""
    return Table(
        ("to do", "", "kind"),
        tuple((say(task.title, language), say(task.text, language), task.kind) for task in tasks),
        figures=False,
    )


def tiers_table(tiers: Sequence[TierResult]) -> list[Block]:
    """List the target tiers of a search, each with its figure and whether its plan was accepted."""
    if not tiers:
        return []
    return [
        Table(
            ("tier", "target", "figure", "accepted", "reason"),
            tuple(
                (str(tier.number), tier.target, tier.figure, "yes" if tier.accepted else "no", tier.because)
                for tier in tiers
            ),
            figures=False,
        )
    ]


def steps_table(steps: Sequence[StepResult]) -> list[Block]:
    """List the steps of a search: start, value chosen, and what set the end."""

    def what(step: StepResult) -> str:
        return f"{step.start} → {step.value}" if step.value and step.value != step.start else ""

    def bound(step: StepResult) -> str:
        if step.bound and step.outcome in ("exhausted", "no-room", "applied"):
            return f"{step.bound} ({step.end})"
        return step.because or (step.end if step.outcome in ("exhausted", "no-room") else "")

    return [
        Lines((f"Target: {steps[0].target}.",)),
        Table(
            ("step", "outcome", "change", "figure before", "after", "distance", "set by"),
            tuple(
                (
                    step.id,
                    _STEP_OUTCOMES[step.outcome],
                    what(step),
                    step.figure_before,
                    step.figure_after,
                    step.gap,
                    bound(step),
                )
                for step in steps
            ),
            figures=False,
        ),
    ]


def row_cells(row: Instalment, currency: str) -> tuple[str, ...]:
    """Give the cells of one instalment."""
    other = row.total - row.principal - row.interest
    amounts = (row.total, row.principal, row.interest, other, row.balance)
    return (str(row.due), *(write_money(amount, currency) for amount in amounts))


def rows_table(schedule: Schedule) -> Table:
    """List the instalments of a schedule."""
    return Table(
        ("due", "payment", "principal", "interest", "other", "balance"),
        tuple(row_cells(row, schedule.currency) for row in schedule.rows),
    )
