"""The views of a schedule, and of a plan compared with the original schedule."""

from restructure.blocks import Block, Heading, Lines, Table
from restructure.calculator.amortisation.schedule import Schedule
from restructure.calculator.plans.plan import Plan
from restructure.report.tables import hidden, left_out, rows_table
from restructure.report.wording import Wording
from restructure.views import view_of

__all__ = ["plan_view", "schedule_view"]


@view_of(Schedule)
def schedule_view(schedule: Schedule, wording: Wording) -> list[Block]:
    """Put a schedule into a table."""
    wording.check(())
    total = wording.money(schedule.total, schedule.currency)
    headline = wording.counted(
        "schedule.headline", len(schedule.rows), total=total, currency=schedule.currency
    )
    return [Heading(headline, 1), *rows_table(schedule, wording)]


@view_of(Plan)
def plan_view(plan: Plan, wording: Wording) -> list[Block]:
    """Put a plan into tables: the changes row by row, and the ledger of what is owed."""
    wording.check(())
    currency = plan.position.currency
    headline = wording.counted(
        "plan.up_front" if plan.up_front else "plan.headline",
        len(plan.schedule.rows),
        up_front=wording.money(plan.up_front, currency),
        total=wording.money(plan.schedule.total, currency),
        currency=currency,
    )
    return [
        Heading(headline, 1),
        Lines((wording("plan.exact" if plan.identities.hold else "plan.wrong"),)),
        Heading(wording("plan.ledger")),
        Table(
            (wording("plan.bucket"), wording("plan.treatment"), currency),
            tuple(
                (
                    wording.name("bucket", move.bucket.value),
                    wording.name("treatment", move.kind.value),
                    wording.money(move.amount, currency),
                )
                for move in plan.ledger
            ),
        ),
        *(_new_rows(plan.schedule, wording) if plan.before is None else _row_by_row(plan, wording)),
    ]


def _row_by_row(plan: Plan, wording: Wording) -> list[Block]:
    currency, nothing = plan.position.currency, wording("word.nothing")
    absent = left_out(len(plan.changes), wording, first=12, last=3, whole=24)
    columns = (
        "rows.number", "plan.as_agreed", "plan.agreed_payment", "plan.now", "plan.new_payment", "plan.difference",
        "rows.balance",
    )  # fmt: skip
    return [
        Heading(wording("plan.row_by_row")),
        Table(
            tuple(wording(column) for column in columns),
            tuple(
                (
                    str(row.number),
                    str(row.due_before or nothing),
                    wording.money(row.total_before, currency),
                    str(row.due_after or nothing),
                    wording.money(row.total_after, currency),
                    wording.money(row.difference, currency),
                    wording.money(row.balance_after, currency),
                )
                for index, row in enumerate(plan.changes)
                if index not in absent
            ),
        ),
        *hidden(absent, wording),
    ]


def _new_rows(schedule: Schedule, wording: Wording) -> list[Block]:
    return [
        Heading(wording("plan.instalments")),
        Lines((wording("plan.no_comparison"),)),
        *rows_table(schedule, wording),
    ]
