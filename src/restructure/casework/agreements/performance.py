"""Performance of an agreement: its instalments against the payments received."""

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from itertools import accumulate

from restructure.calculator.amortisation.rows import PAID
from restructure.calculator.conventions.money import Money, from_minor, to_minor
from restructure.calculator.servicing.contract import Payment
from restructure.casework.agreements.agreement import Agreement
from restructure.record import Record

__all__ = ["AgreementStatus", "InstalmentState", "Performance", "Trial"]


class AgreementStatus(StrEnum):
    """Status of an agreement."""

    ON_TRACK = "on_track"
    """No instalment is or was missed."""
    LATE = "late"
    """An instalment is missed and unpaid."""
    CURED = "cured"
    """Instalments were missed, and everything due is paid again."""
    BROKEN = "broken"
    """A default trigger of the policy applied; later payments do not undo it."""
    COMPLETED = "completed"
    """Everything owed is paid, default interest and fees included."""


class InstalmentState(Record):
    """How one instalment was paid."""

    number: int
    """Number in the schedule, from 1; 0 for the up-front payment."""
    due: date
    """Due date, such as 2026-04-18."""
    total: Money
    """Amount due, such as "1824.23"."""
    paid: Money
    """Amount received for it; payments are allocated to the oldest instalment first."""
    paid_on: date | None
    """The day on which it was paid, up to the tolerated shortfall; absent: unpaid."""
    missed: bool
    """Whether it was not paid by the end of its days of grace."""


class Trial(Record):
    """A trial period: instalments to be paid in time before the change takes effect."""

    payments: int
    """Number of instalments to be paid in time, such as 3."""
    paid: int
    """Number paid in time without a miss, counted from the first."""
    passed_on: date | None
    """The day on which the last of them was paid; absent: not yet completed."""
    failed_on: date | None
    """The day from which one of them counts as missed; absent: none."""


class Performance:
    """Compare the instalments of an agreement with the payments received, in minor units."""

    def __init__(self, agreement: Agreement, payments: Sequence[Payment], on: date) -> None:
        plan, self.follow_up, self.on = agreement.plan, agreement.follow_up, on
        self.on_trial = agreement.on_trial
        self.currency = currency = plan.position.currency
        up_front = to_minor(plan.up_front, currency)
        self.agreed_on, self.granted = agreement.on, plan.position.on
        """The day the change took effect."""
        self.dues: list[tuple[int, date, int]] = (
            [(0, max(plan.position.on, agreement.on), up_front)] if up_front else []
        )
        self.dues += [(k, row[0], sum(row[PAID])) for k, row in enumerate(plan.schedule.rows.minor, 1)]
        self.amounts = [to_minor(payment.amount, currency) for payment in payments]
        self.received = sum(self.amounts)
        self.needed = list(accumulate(total for _, _, total in self.dues))
        tolerance, running = to_minor(self.follow_up.tolerance, currency), 0
        by_day: dict[date, int] = {}
        for payment, amount in zip(payments, self.amounts, strict=True):
            running += amount
            by_day[payment.on] = running
        self.paid_on: list[date | None] = []
        for (_, due, total), needed in zip(self.dues, self.needed, strict=True):
            # Without this limit, the tolerance alone would pay a small instalment.
            short = min(tolerance, max(total - 1, 0))
            paid = next((day for day, so_far in by_day.items() if so_far >= needed - short), None)
            self.paid_on.append(due if not needed else paid)
        grace = timedelta(days=self.follow_up.grace_days)
        self.missed = [self._late(k, grace) for k in range(len(self.dues))]

    def _late(self, k: int, allowed: timedelta) -> bool:
        """Tell whether an instalment is, or was paid, later than so many days after its due date."""
        _, due, total = self.dues[k]
        return bool(total) and (self.paid_on[k] or self.on) > due + allowed

    @property
    def completed_on(self) -> date | None:
        """The day on which the last instalment was paid; where none is due, the day of the agreement."""
        if not self.dues:
            return self.agreed_on
        days = [day for day in self.paid_on if day is not None]
        return max(days) if days and len(days) == len(self.dues) and self.received else None

    @property
    def paid_since(self) -> date | None:
        """The day since which every instalment was paid in time; none while one is missed and unpaid."""
        late = [paid for paid, missed in zip(self.paid_on, self.missed, strict=True) if missed]
        known = [day for day in late if day is not None]
        return max([self.granted, *known]) if len(known) == len(late) else None

    @property
    def overdue(self) -> int:
        """Amount that fell due before the day and is unpaid."""
        due = sum(total for _, day, total in self.dues if day < self.on)
        return max(0, due - self.received)

    @property
    def days_past_due(self) -> int:
        """Days past due, counted from the oldest unpaid instalment."""
        open_since = [
            due
            for (_, due, total), paid in zip(self.dues, self.paid_on, strict=True)
            if total and paid is None
        ]
        return max(0, (self.on - min(open_since)).days) if open_since else 0

    @property
    def broken(self) -> date | None:
        """The first day on which the agreement counts as broken."""
        follow_up, days = self.follow_up, list[date]()
        if follow_up.broken_after_days is not None:
            allowed = timedelta(days=max(follow_up.broken_after_days, follow_up.grace_days))
            days += [self._beyond(k, allowed) for k in range(len(self.dues)) if self._late(k, allowed)]
        if follow_up.broken_after_missed is not None:
            grace = timedelta(days=follow_up.grace_days)
            missed = [k for k, late in enumerate(self.missed) if late]
            for k in missed:
                since = self._beyond(k, grace)
                together = [
                    j for j in missed if self._beyond(j, grace) <= since < (self.paid_on[j] or date.max)
                ]
                if len(together) >= follow_up.broken_after_missed:
                    days.append(since)
        trial = self.trial()
        if trial is not None and trial.failed_on is not None:
            days.append(trial.failed_on)
        return min(days) if days else None

    def misses(self, days: int | None) -> list[date]:
        """List the days from which an instalment counts as more than so many days late, for 0 its due date."""
        if days is None:
            return []
        allowed = timedelta(days=max(days, self.follow_up.grace_days))
        late = [k for k in range(len(self.dues)) if self._late(k, allowed)]
        return [self._beyond(k, allowed) if days else self.dues[k][1] for k in late]

    def _beyond(self, k: int, allowed: timedelta) -> date:
        return self.dues[k][1] + allowed + timedelta(days=1)

    def trial(self) -> Trial | None:
        """Give the state of the trial period; none if there is no trial under way."""
        required = self.follow_up.trial_payments
        if not self.on_trial:
            return None
        own = [k for k, (number, _, total) in enumerate(self.dues) if number and total][:required]
        in_time = next(
            (place for place, k in enumerate(own) if self.missed[k] or self.paid_on[k] is None), len(own)
        )
        failed = next((k for k in own if self.missed[k]), None)
        grace = timedelta(days=self.follow_up.grace_days)
        return Trial(
            payments=required,
            paid=in_time,
            passed_on=self.paid_on[own[-1]] if own and in_time == len(own) else None,
            failed_on=None if failed is None else self._beyond(failed, grace),
        )

    def status(self, broken: date | None, completed: date | None) -> tuple[AgreementStatus, str]:
        """Give the status of the agreement, and the reason in one sentence."""
        if broken is not None:
            return AgreementStatus.BROKEN, f"it counts as broken from {broken} on, {self._why_broken(broken)}"
        if completed is not None:
            return AgreementStatus.COMPLETED, f"everything was paid by {completed}"
        open_now = [k for k, missed in enumerate(self.missed) if missed and self.paid_on[k] is None]
        if open_now:
            number, due, _ = self.dues[open_now[0]]
            what = f"instalment {number}" if number else "the up-front payment"
            others = f" and {len(open_now) - 1} more" if len(open_now) > 1 else ""
            return AgreementStatus.LATE, f"{what} of {due}{others} is not paid"
        if any(self.missed):
            return AgreementStatus.CURED, f"{sum(self.missed)} were missed, and everything due is paid again"
        return AgreementStatus.ON_TRACK, "everything due is paid in time"

    def _why_broken(self, broken: date) -> str:
        trial = self.trial()
        if trial is not None and trial.failed_on == broken:
            return "because an instalment of the trial period was missed"
        follow_up, allowed = (
            self.follow_up,
            timedelta(days=max(self.follow_up.broken_after_days or 0, self.follow_up.grace_days)),
        )
        if follow_up.broken_after_days is not None and any(
            self._late(k, allowed) and self._beyond(k, allowed) == broken for k in range(len(self.dues))
        ):
            return f"because an instalment was more than {allowed.days} days late"
        return f"because {follow_up.broken_after_missed} instalments were missed at one time"

    def instalments(self) -> tuple[InstalmentState, ...]:
        """List every instalment with the amount received for it."""
        states, before = [], 0
        for k, (number, due, total) in enumerate(self.dues):
            paid = min(max(self.received - before, 0), total)
            before += total
            states.append(
                InstalmentState(
                    number=number,
                    due=due,
                    total=from_minor(total, self.currency),
                    paid=from_minor(paid, self.currency),
                    paid_on=self.paid_on[k],
                    missed=self.missed[k],
                )
            )
        return tuple(states)
