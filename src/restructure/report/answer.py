"""The views of a schedule, and of a plan compared with the original schedule."""

from decimal import Decimal

from restructure.blocks import Block, Heading, Lines, Table
from restructure.calculator.amortisation.schedule import Schedule
from restructure.calculator.conventions.money import write_money
from restructure.calculator.plans.plan import Plan
from restructure.report.tables import BUCKET_LABELS, rows_table
from restructure.report.wording import Wording
from restructure.views import view_of

__all__ = ["plan_view", "schedule_view"]


@view_of(Schedule)
def schedule_view(schedule: Schedule, wording: Wording) -> list[Block]:
    """Put a schedule into a table."""
    total = wording.money(schedule.total, schedule.currency)
    headline = wording.counted(
        "schedule.headline", len(schedule.rows), total=total, currency=schedule.currency
    )
    return [Heading(headline, 1), rows_table(schedule)]


@view_of(Plan)
def plan_view(plan: Plan, wording: Wording) -> list[Block]:
    """Put a plan into tables: the ledger of what is owed, and the changes row by row."""
    currency = plan.position.currency
    up_front = f"{write_money(plan.up_front, currency)} now, then " if plan.up_front else ""
    return [
        Heading(
            f"{up_front}{len(plan.schedule.rows)} instalments, {write_money(plan.schedule.total, currency)} in all",
            1,
        ),
        Heading("Treatment of what is owed"),
        Table(
            ("", "bucket", currency),
            tuple(
                (move.kind.value, BUCKET_LABELS[move.bucket], write_money(move.amount, currency))
                for move in plan.ledger
            ),
        ),
        *(_new_rows(plan.schedule) if plan.before is None else _row_by_row(plan)),
        Lines(
            (
                "The five identities are zero: no cent is lost."
                if plan.identities.hold
                else "The identities are not zero: this plan is wrong, please report it.",
            )
        ),
    ]


def _row_by_row(plan: Plan) -> list[Block]:
    def money(amount: Decimal) -> str:
        return write_money(amount, plan.position.currency)

    return [
        Heading("Row by row"),
        Table(
            ("", "as agreed", "payment", "now", "payment", "difference", "balance"),
            tuple(
                (
                    str(row.number),
                    str(row.due_before or "–"),
                    money(row.total_before),
                    str(row.due_after or "–"),
                    money(row.total_after),
                    money(row.difference),
                    money(row.balance_after),
                )
                for row in plan.changes
            ),
        ),
    ]


def _new_rows(schedule: Schedule) -> list[Block]:
    return [
        Heading("The instalments"),
        Lines(("The original terms cannot be carried out, so there is no comparison.",)),
        rows_table(schedule),
    ]
