"""The tables that several views share: rows of a schedule, target tiers, steps of a search, tasks."""

from collections.abc import Sequence

from restructure.blocks import Block, Lines, Table
from restructure.calculator.amortisation.rows import Instalment
from restructure.calculator.amortisation.schedule import Schedule
from restructure.casework.decisions.outcome import StepResult, Task, TierResult
from restructure.report.conditions import target_text
from restructure.report.wording import Wording

__all__ = ["hidden", "left_out", "rows_table", "steps_table", "tasks_table", "tiers_table"]


def tasks_table(tasks: Sequence[Task], wording: Wording) -> Table:
    """List the tasks of the lender."""
    return Table(
        (wording("tasks.title"), wording("tasks.text"), wording("tasks.kind")),
        tuple(
            (wording.text(task.title), wording.text(task.text), wording.name("task", task.kind))
            for task in tasks
        ),
        figures=False,
    )


def tiers_table(tiers: Sequence[TierResult], wording: Wording) -> list[Block]:
    """List the target tiers of a search, each with its figure and whether its plan was accepted."""
    if not tiers:
        return []
    columns = ("tier", "tier_target", "tier_figure", "tier_accepted", "tier_reason")
    return [
        Table(
            tuple(wording(f"search.{column}") for column in columns),
            tuple(
                (
                    str(tier.number),
                    target_text(wording, tier.target),
                    wording.written(tier.figure),
                    wording("word.yes" if tier.accepted else "word.no"),
                    tier.because,
                )
                for tier in tiers
            ),
            figures=False,
        )
    ]


def steps_table(steps: Sequence[StepResult], wording: Wording) -> list[Block]:
    """List the steps of a search: start, value chosen, and what set the end."""

    def what(step: StepResult) -> str:
        return f"{step.start} → {step.value}" if step.value and step.value != step.start else ""

    def bound(step: StepResult) -> str:
        if step.bound and step.outcome in ("exhausted", "no-room", "applied"):
            return wording("search.bound", bound=wording.name("fact", step.bound), end=step.end)
        return step.because or (step.end if step.outcome in ("exhausted", "no-room") else "")

    columns = ("step", "measure", "outcome", "change", "before", "after", "distance", "set_by")
    return [
        Lines((wording("search.target", target=target_text(wording, steps[0].target)),)),
        Table(
            tuple(wording(f"search.{column}") for column in columns),
            tuple(
                (
                    step.id,
                    wording.name("measure", step.field.partition(".")[0]),
                    wording.name("step", step.outcome),
                    what(step),
                    wording.written(step.figure_before),
                    wording.written(step.figure_after),
                    wording.written(step.gap),
                    bound(step),
                )
                for step in steps
            ),
            figures=False,
        ),
    ]


def left_out(count: int, wording: Wording, *, first: int, last: int, whole: int) -> range:
    """Give the rows that are not shown, by their index: none for `rows="all"`.

    The short view has `first` and `last` rows at either end, and all of them where there are at most `whole`.
    """
    if wording.rows == "all" or (wording.rows is None and count <= whole):
        return range(0)
    if wording.rows is not None:
        last = min(int(wording.rows), 1)
        first = int(wording.rows) - last
    return range(first, count - last) if count > first + last else range(0)


def hidden(rows: range, wording: Wording) -> list[Block]:
    """Say which rows are not shown, and how to see them; nothing if all are shown."""
    if not rows:
        return []
    numbers = {"first": f"{rows[0] + 1:,}", "last": f"{rows[-1] + 1:,}"}
    return [Lines((wording.counted("rows.hidden", len(rows), **numbers),))]


def _cells(number: int, row: Instalment, currency: str, wording: Wording) -> tuple[str, ...]:
    other = row.total - row.principal - row.interest
    amounts = (row.total, row.principal, row.interest, other, row.balance)
    return (str(number), str(row.due), *(wording.money(amount, currency) for amount in amounts))


def rows_table(
    schedule: Schedule, wording: Wording, *, first: int = 12, last: int = 3, whole: int = 24
) -> list[Block]:
    """List the instalments of a schedule, or the first and last of them, as the view is asked for."""
    absent = left_out(len(schedule.rows), wording, first=first, last=last, whole=whole)
    columns = ("number", "due", "payment", "principal", "interest", "other", "balance")
    return [
        Table(
            tuple(wording(f"rows.{column}") for column in columns),
            tuple(
                _cells(index + 1, schedule.rows[index], schedule.currency, wording)
                for index in range(len(schedule.rows))
                if index not in absent
            ),
        ),
        *hidden(absent, wording),
    ]
