"""The tables of a schedule, of its rows, and of a plan beside the schedule as agreed."""

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from restructure.calculator.amortisation.rows import COLUMNS, Instalment, Rows
from restructure.calculator.amortisation.schedule import Schedule
from restructure.calculator.conventions.money import to_minor
from restructure.calculator.plans.plan import Plan
from restructure.calculator.plans.row_changes import RowChange
from restructure.field_docs import field_docs
from restructure.frames import frame_of
from restructure.report.frames.columns import CURRENCY, Column, Holds, table_with

if TYPE_CHECKING:
    import pyarrow

__all__ = ["PLAN", "ROWS", "SCHEDULE", "plan_table", "rows_table", "schedule_table"]

_PRINCIPAL, _CAPITALISED, _BALANCE = (COLUMNS.index(name) for name in ("principal", "capitalised", "balance"))
_HOLDS = {"number": Holds.COUNT, "due": Holds.DAY, "due_before": Holds.DAY, "due_after": Holds.DAY}


def _fields(model: type[Instalment] | type[RowChange]) -> tuple[Column, ...]:
    docs = field_docs(model)
    return tuple(
        Column(name, _HOLDS.get(name, Holds.MONEY), docs.get(name, "")) for name in model.model_fields
    )


_OPENING = Column(
    "opening_balance",
    Holds.MONEY,
    "Interest-bearing balance before the payment: the balance after the row before, or what the first row repays.",
)
ROWS = tuple(chain.from_iterable((c, _OPENING) if c.name == "due" else (c,) for c in _fields(Instalment)))
"""The columns of the rows of a schedule."""
SCHEDULE = (*ROWS, CURRENCY)
"""The columns of a schedule: one row for each instalment."""
PLAN = (*_fields(RowChange), CURRENCY)
"""The columns of a plan: one row for each instalment as agreed and under the plan, what is paid up front first."""


def _opening(rows: Rows) -> int:
    """Give the balance that the rows repay, in minor units."""
    if not rows.minor:
        return 0
    first = rows.minor[0]
    return int(first[_BALANCE] + first[_PRINCIPAL] - first[_CAPITALISED])


def _by_column(rows: Rows) -> list[Sequence[Any]]:
    due, *amounts = rows.columns
    opening = (_opening(rows), *amounts[-1])[: len(rows)]
    return [range(1, len(rows) + 1), due, opening, rows.paid(), *amounts]


@frame_of(Rows)
def rows_table(rows: Rows) -> "pyarrow.Table":
    """Give the rows of a schedule, whose currency only the schedule knows."""
    return table_with(ROWS, _by_column(rows), places=rows.places)


@frame_of(Schedule)
def schedule_table(schedule: Schedule) -> "pyarrow.Table":
    """Give one row for each instalment."""
    values = [*_by_column(schedule.rows), [schedule.currency] * len(schedule.rows)]
    return table_with(SCHEDULE, values, currency=schedule.currency)


@frame_of(Plan)
def plan_table(plan: Plan) -> "pyarrow.Table":
    """Give one row for each instalment before and after, what is paid up front first.

    A side without the row has no day and an amount of 0. Where paying as agreed cannot be carried out, what is
    compared with it is unknown.
    """
    currency = plan.position.currency
    now = to_minor(plan.up_front, currency)
    after = _Side(plan.schedule.rows, plan.position.on, now, bool(now))
    before = None if plan.before is None else _Side(plan.before.rows, None, 0, bool(now))
    length = max(after.length, before.length if before else 0)
    due_after, total_after, balance_after = after.to(length)
    due_before, total_before, balance_before = before.to(length) if before else ([None] * length,) * 3
    difference = (
        [new - old for old, new in zip(total_before, total_after, strict=True)] if before else due_before
    )
    first = 0 if now else 1
    values: list[Sequence[Any]] = [
        range(first, first + length),
        due_before,
        due_after,
        total_before,
        total_after,
        difference,
        balance_before,
        balance_after,
        [currency] * length,
    ]
    return table_with(PLAN, values, currency=currency)


class _Side:
    """Day, payment and balance of the rows of one schedule, a row for the effective date before them if asked."""

    def __init__(self, rows: Rows, on: Any, now: int, lead: bool) -> None:
        due, *amounts = rows.columns
        self.due: list[Any] = [*([on] if lead else ()), *due]
        self.total = [*([now] if lead else ()), *rows.paid()]
        self.balance: list[int] = [*([_opening(rows)] if lead else ()), *amounts[-1]]

    @property
    def length(self) -> int:
        return len(self.due)

    def to(self, length: int) -> tuple[list[Any], list[Any], list[Any]]:
        """Give the three columns, filled up to a length."""
        more = length - self.length
        return self.due + [None] * more, self.total + [0] * more, self.balance + [0] * more
