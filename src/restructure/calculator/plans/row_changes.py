"""Row changes: the instalments of a plan beside those as agreed, row by row."""

from datetime import date
from decimal import Decimal
from itertools import zip_longest

from restructure.calculator.amortisation.rows import Instalment
from restructure.calculator.amortisation.schedule import Schedule
from restructure.calculator.conventions.money import Money, SignedMoney, from_minor
from restructure.record import Record

__all__ = ["RowChange", "row_changes"]


class RowChange(Record):
    """One instalment before and after; a side without one has no date and an amount of 0."""

    number: int
    """Position in either schedule, from 1; 0 for what is paid up front, on the effective date itself."""
    due_before: date | None
    """Due date as agreed: `2026-04-18`."""
    due_after: date | None
    """Due date under the plan: `2026-04-25`."""
    total_before: Money
    """Amount due as agreed, in the currency of the loan: `2396.36`."""
    total_after: Money
    """Amount due under the plan: `1824.23`."""
    difference: SignedMoney
    """`total_after` less `total_before`; negative if the borrower pays less: `-572.13`."""
    balance_before: Money
    """Balance after the instalment as agreed; beside an up-front payment, the one that instalments were to repay."""
    balance_after: Money
    """Balance after the instalment under the plan; beside an up-front payment, the one that instalments repay."""

    @property
    def unchanged(self) -> bool:
        """Whether day, payment and balance are what they were."""
        return (
            self.due_before == self.due_after
            and not self.difference
            and self.balance_before == self.balance_after
        )


def row_changes(before: Schedule, after: Schedule, *, up_front: Decimal, on: date) -> tuple[RowChange, ...]:
    """Compare two schedules instalment by instalment, preceded by the amount paid up front on a day."""
    nothing = from_minor(0, after.currency)

    def money(row: Instalment | None, name: str) -> Decimal:
        return nothing if row is None else getattr(row, name)

    def opening(schedule: Schedule) -> Decimal:
        first = schedule.rows[0] if schedule.rows else None
        return money(first, "balance") + money(first, "principal") - money(first, "capitalised")

    now = RowChange.model_construct(
        number=0,
        due_before=None,
        due_after=on,
        total_before=nothing,
        total_after=up_front,
        difference=up_front,
        balance_before=opening(before),
        balance_after=opening(after),
    )
    return (
        *((now,) if up_front else ()),
        *(
            RowChange.model_construct(
                number=number,
                due_before=old.due if old else None,
                due_after=new.due if new else None,
                total_before=money(old, "total"),
                total_after=money(new, "total"),
                difference=money(new, "total") - money(old, "total"),
                balance_before=money(old, "balance"),
                balance_after=money(new, "balance"),
            )
            for number, (old, new) in enumerate(zip_longest(before.rows, after.rows), 1)
        ),
    )
