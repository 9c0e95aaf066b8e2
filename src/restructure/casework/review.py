"""Review: how an agreement is kept, from the payments received, and what follows if it is not."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from itertools import accumulate

from dateutil.relativedelta import relativedelta

from restructure.calculator.continuation import position_after
from restructure.calculator.contract import Handling, Payment, received_problems
from restructure.calculator.ledger import MovementKind, booked
from restructure.calculator.money import Money, from_minor, to_minor
from restructure.calculator.position import Bucket, Position
from restructure.calculator.rows import PAID
from restructure.casework.agreement import Agreement
from restructure.errors import InvalidInput, Issue
from restructure.intake.application import ContractLoan, Loan
from restructure.policy.follow_up import Clock, FollowUp, Reversal, Starts
from restructure.record import Record

__all__ = ["ClockState", "InstalmentState", "Reinstated", "Review", "Standing", "Trial", "received", "review"]


class Standing(StrEnum):
    """How an agreement stands."""

    ON_TRACK = "on_track"
    """Nothing is missed and nothing ever was."""
    LATE = "late"
    """An instalment is missed."""
    CURED = "cured"
    """Instalments were missed, and everything due is paid again."""
    BROKEN = "broken"
    """It was not kept as the policy asks; what is paid later does not mend it."""
    COMPLETED = "completed"
    """Everything owed is paid, what lateness cost included."""


class InstalmentState(Record):
    """How one instalment was paid; number 0 is what was to be paid up front."""

    number: int
    """Its number in the schedule."""
    due: date
    """When it fell or falls due."""
    total: Money
    """What it comes to."""
    paid: Money
    """What was received towards it, oldest instalment first."""
    paid_on: date | None
    """The day on which it was paid, a tolerated shortfall apart."""
    missed: bool
    """Whether it was not paid by the end of its days of grace."""


class Reinstated(Record):
    """What was given up on condition of performance and is owed again."""

    on: date
    """The day on which the agreement was broken."""
    bucket: Bucket
    """What it was before; principal comes back as overdue."""
    kind: Reversal
    """Whether it had been waived or forgiven."""
    amount: Money
    """How much."""


class Trial(Record):
    """A trial period: instalments to be paid in time before the change takes effect."""

    payments: int
    """How many have to be paid in time."""
    paid: int
    """How many were, from the first on without a miss."""
    passed_on: date | None
    """The day on which the last of them was paid."""
    failed_on: date | None
    """The day from which one of them counts as missed."""


class ClockState(Record):
    """How far a period of good conduct has come."""

    id: str
    """The clock."""
    title: dict[str, str]
    """What it is."""
    reference: str
    """Where it comes from."""
    since: date
    """The day it began, the last time."""
    ends: date
    """The day it ends if nothing more is missed."""
    restarts: int
    """How often it began anew."""
    over: bool
    """Whether it has ended."""


class Review(Record):
    """How an agreement stands on a day."""

    agreement: str
    """The agreement's id."""
    on: date
    """The day of the review."""
    standing: Standing
    """How it stands."""
    reason: str
    """Why, in one sentence."""
    instalments: tuple[InstalmentState, ...]
    """Every instalment, the up-front payment first."""
    received: Money
    """Everything received under the agreement."""
    overdue: Money
    """What is due and not paid."""
    days_past_due: int
    """Days since the oldest instalment that is not paid fell due."""
    broken_on: date | None
    """The day from which it counts as broken."""
    completed_on: date | None
    """The day on which everything was paid."""
    trial: Trial | None
    """How the trial period went, if the policy asks for one."""
    reinstated: tuple[Reinstated, ...]
    """What comes back because the agreement is broken."""
    owed: Position | None
    """What is owed on the day under the agreement, what came back included; none for a settlement."""
    clocks: tuple[ClockState, ...]
    """The periods of good conduct."""


def review(
    agreement: Agreement, payments: Sequence[Payment] = (), *, on: date, loan: Loan | None = None
) -> Review:
    """Review an agreement on a day from the payments received since it was made.

    Payments may come in any order, and one that is sent twice under one id counts once. They go to the oldest
    instalment first. `loan` tells what lateness costs, if the loan was given by its contract. Raises
    `InvalidInput` with every finding: a payment in another currency, before the agreement, after `on`, or two
    different ones under one id.

    >>> from restructure.casework.agreement import accept, shown_digest
    >>> from restructure.casework.decision import decide
    >>> from restructure.intake.application import read_application
    >>> from restructure.policy.loading import load_policy
    >>> case = read_application("examples/illness.json")
    >>> decision = decide(case, load_policy("cn-consumer-finance"), on=case.as_of)
    >>> agreed = accept(decision, "illness-relief", on=case.as_of, by=case.borrower.reference,
    ...                 channel="written", evidence=shown_digest("the letter"))
    >>> first = agreed.plan.schedule.rows[0]
    >>> review(agreed, [Payment(on=first.due, amount=first.total, id="p1")], on=first.due).standing.value
    'on_track'
    """
    counted = received(agreement, payments, on=on)
    course = _Course(agreement, counted, on)
    position = _owed(agreement, counted, on, loan)
    completed = course.completed_on if agreement.plan.repayment is None else _repaid(agreement, counted, loan)
    broken = None if completed and not (course.broken and course.broken < completed) else course.broken
    back = _reinstated(agreement, broken) if broken else ()
    if position is not None and back:
        position = _with_reinstated(position, back, broken)
    standing, reason = course.standing(broken, completed)
    if course.completed_on and standing in (Standing.ON_TRACK, Standing.CURED) and position is not None:
        left = f"{position.buckets.claim:,} {position.currency}"
        reason = f"every instalment is paid; {left} that late payment cost is still owed"
    currency = agreement.plan.position.currency
    return Review(
        agreement=agreement.id,
        on=on,
        standing=standing,
        reason=reason,
        instalments=course.instalments(),
        received=from_minor(course.received, currency),
        overdue=from_minor(0 if completed else course.overdue, currency),
        days_past_due=0 if completed else course.days_past_due,
        broken_on=broken,
        completed_on=None if broken else completed,
        trial=course.trial(),
        reinstated=back,
        owed=position,
        clocks=_clocks(agreement.follow_up, course, on),
    )


def received(agreement: Agreement, payments: Sequence[Payment], *, on: date) -> tuple[Payment, ...]:
    """Sort the payments of an agreement by day, each counted once; raises `InvalidInput` for what cannot be one."""
    seen: dict[str, Payment] = {}
    counted: list[Payment] = []
    found: list[Issue] = []
    for k, payment in enumerate(payments):
        earlier = seen.get(payment.id) if payment.id is not None else None
        if earlier is not None:
            if earlier != payment:
                found.append(
                    Issue(
                        "payment-repeated",
                        f'two different payments carry the id "{payment.id}"; correct one of them',
                        f"payments.{k}.id",
                    )
                )
            continue
        if payment.id is not None:
            seen[payment.id] = payment
        if payment.on > on:
            sentence = (
                f"the payment on {payment.on} is after the day of the review {on}; review on a later day"
            )
            found.append(Issue("date-after-decision", sentence, f"payments.{k}.on"))
        if payment.on < agreement.on:
            sentence = (
                f"the payment on {payment.on} is before the agreement of {agreement.on}; "
                "it belongs to the loan as it was"
            )
            found.append(Issue("payment-before-agreement", sentence, f"payments.{k}.on"))
        counted.append(payment)
    # What is earlier than the agreement has been said; only currency and scale are left to find.
    found += received_problems(agreement.plan.position.currency, date.min, counted)
    if on < agreement.on:
        found.append(
            Issue("date-order", f"the review on {on} is before the agreement of {agreement.on}", "on")
        )
    if found:
        raise InvalidInput(found)
    return tuple(sorted(counted, key=lambda one: (one.on, one.id or "", one.amount)))


class _Course:
    """Instalments against payments, in minor units."""

    def __init__(self, agreement: Agreement, payments: Sequence[Payment], on: date) -> None:
        plan, self.follow_up, self.on = agreement.plan, agreement.follow_up, on
        self.currency = currency = plan.position.currency
        up_front = to_minor(plan.up_front, currency)
        self.agreed_on, self.granted = agreement.on, plan.position.on
        """The day the change took effect."""
        self.dues: list[tuple[int, date, int]] = (
            [(0, max(plan.position.on, agreement.on), up_front)] if up_front else []
        )
        self.dues += [(k, row[0], sum(row[PAID])) for k, row in enumerate(plan.schedule.rows.minor, 1)]
        self.amounts = [to_minor(one.amount, currency) for one in payments]
        self.received = sum(self.amounts)
        self.needed = list(accumulate(total for _, _, total in self.dues))
        tolerance, running = to_minor(self.follow_up.tolerance, currency), 0
        by_day: dict[date, int] = {}
        for payment, amount in zip(payments, self.amounts, strict=True):
            running += amount
            by_day[payment.on] = running
        self.paid_on: list[date | None] = []
        for (_, due, total), needed in zip(self.dues, self.needed, strict=True):
            # The tolerance never pays a whole instalment.
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
    def overdue(self) -> int:
        """What fell due and is not paid, up to the day."""
        due = sum(total for _, day, total in self.dues if day < self.on)
        return max(0, due - self.received)

    @property
    def days_past_due(self) -> int:
        """Days since the oldest instalment that is not paid fell due."""
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
            missed = [k for k, was in enumerate(self.missed) if was]
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
        """Tell how the trial period went."""
        wanted = self.follow_up.trial_payments
        if not wanted:
            return None
        own = [k for k, (number, _, total) in enumerate(self.dues) if number and total][:wanted]
        kept = next(
            (place for place, k in enumerate(own) if self.missed[k] or self.paid_on[k] is None), len(own)
        )
        failed = next((k for k in own if self.missed[k]), None)
        grace = timedelta(days=self.follow_up.grace_days)
        return Trial(
            payments=wanted,
            paid=kept,
            passed_on=self.paid_on[own[-1]] if own and kept == len(own) else None,
            failed_on=None if failed is None else self._beyond(failed, grace),
        )

    def standing(self, broken: date | None, completed: date | None) -> tuple[Standing, str]:
        """Say how the agreement stands, and why."""
        if broken is not None:
            return Standing.BROKEN, f"it counts as broken from {broken} on, {self._why_broken(broken)}"
        if completed is not None:
            return Standing.COMPLETED, f"everything was paid by {completed}"
        open_now = [k for k, was in enumerate(self.missed) if was and self.paid_on[k] is None]
        if open_now:
            number, due, _ = self.dues[open_now[0]]
            what = f"instalment {number}" if number else "the up-front payment"
            others = f" and {len(open_now) - 1} more" if len(open_now) > 1 else ""
            return Standing.LATE, f"{what} of {due}{others} is not paid"
        if any(self.missed):
            return Standing.CURED, f"{sum(self.missed)} were missed, and everything due is paid again"
        return Standing.ON_TRACK, "everything due is paid in time"

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
        """List every instalment with what was received towards it."""
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


# --- what is owed


def _handling(loan: Loan | None) -> Handling:
    if not isinstance(loan, ContractLoan):
        return Handling()
    contract = loan.contract
    return Handling(
        penalty=contract.penalty,
        compound=contract.compound,
        allocation=contract.allocation,
        allocate_by=contract.allocate_by,
    )


def _owed(agreement: Agreement, payments: Iterable[Payment], on: date, loan: Loan | None) -> Position | None:
    plan = agreement.plan
    if plan.repayment is None:
        return None
    # The plan has booked the up-front payment, so what was received towards it is no payment under the schedule.
    left, rest = plan.up_front, list[Payment]()
    for payment in payments:
        taken = min(left, payment.amount)
        left -= taken
        if payment.amount > taken:
            rest.append(payment.model_copy(update={"amount": payment.amount - taken, "prepayment": None}))
    return position_after(plan, rest, on=on, handling=_handling(loan))


def _repaid(agreement: Agreement, payments: Sequence[Payment], loan: Loan | None) -> date | None:
    """Give the day on which everything owed was paid, what lateness cost included, a tolerated rest apart."""
    plan, tolerance = agreement.plan, agreement.follow_up.tolerance
    first = plan.schedule.rows[0]
    principal = first.balance + first.principal - first.capitalised
    so_far, days = plan.up_front * 0, dict[date, None]()
    for payment in payments:
        so_far += payment.amount
        if so_far + tolerance >= plan.up_front + principal:
            days[payment.on] = None
    for day in days:
        owed = _owed(agreement, [one for one in payments if one.on <= day], day, loan)
        if owed is not None and owed.buckets.claim <= tolerance:
            return day
    return None


def _reinstated(agreement: Agreement, broken: date) -> tuple[Reinstated, ...]:
    plan, kinds = agreement.plan, set(agreement.follow_up.reversed_when_broken)
    currency, back = plan.position.currency, dict[tuple[Bucket, Reversal], int]()
    for on, kind, bucket, amount in booked(plan.ledger, currency):
        if kind not in (MovementKind.WAIVED, MovementKind.FORGIVEN) or on > broken:
            continue
        reversal = Reversal(kind.value)
        if reversal in kinds and amount:
            back[bucket, reversal] = back.get((bucket, reversal), 0) + amount
    return tuple(
        Reinstated(on=broken, bucket=bucket, kind=kind, amount=from_minor(amount, currency))
        for (bucket, kind), amount in back.items()
    )


def _with_reinstated(position: Position, back: Sequence[Reinstated], since: date | None) -> Position:
    buckets = position.buckets
    for one in back:
        # Principal that was given up had its place in no instalment, so it comes back as due.
        name = "principal_arrears" if one.bucket in (Bucket.PRINCIPAL, Bucket.PARKED) else one.bucket.value
        name = "interest_arrears" if one.bucket is Bucket.ACCRUED else name
        buckets = buckets.model_copy(update={name: getattr(buckets, name) + one.amount})
    oldest = position.oldest_unpaid_due
    if buckets.principal_arrears and oldest is None:
        oldest = since
    return position.model_copy(update={"buckets": buckets, "oldest_unpaid_due": oldest})


# --- clocks


def _clocks(follow_up: FollowUp, course: _Course, on: date) -> tuple[ClockState, ...]:
    """Run the clocks through everything that was missed, in the order of the days."""
    began: dict[str, date] = {}
    restarts = dict.fromkeys((clock.id for clock in follow_up.clocks), 0)
    spans = _spans(follow_up.clocks, began, course)
    for day, late in sorted(
        ((day, clock) for clock in follow_up.clocks for day in course.misses(clock.restarts_when_late)),
        key=lambda one: one[0],
    ):
        since, ends = spans[late.id]
        if since <= day < ends:
            again = late.restarts or late.id
            began[again] = day
            restarts[again] += 1
            spans = _spans(follow_up.clocks, began, course)
    return tuple(
        ClockState(
            id=clock.id,
            title=clock.title,
            reference=clock.reference,
            since=spans[clock.id][0],
            ends=spans[clock.id][1],
            restarts=restarts[clock.id],
            over=spans[clock.id][1] <= on and not course.overdue,
        )
        for clock in follow_up.clocks
    )


def _spans(
    clocks: Sequence[Clock], began: Mapping[str, date], course: _Course
) -> dict[str, tuple[date, date]]:
    """Give each clock's first and last day, those that follow another after it."""
    rows = [(due, total) for number, due, total in course.dues if number]
    spans: dict[str, tuple[date, date]] = {}
    for clock in clocks:
        if clock.id in began:
            since = began[clock.id]
        elif clock.follows is not None:
            since = spans[clock.follows][1]
        else:
            since = {
                Starts.GRANTED: course.granted,
                Starts.FIRST_DUE: rows[0][0] if rows else course.granted,
                Starts.PAYMENTS_RESUME: next((due for due, total in rows if total), course.granted),
            }[clock.starts]
        ends = since + relativedelta(months=clock.months)
        later = [due for due, _ in rows if due > since]
        if clock.instalments and later:
            ends = max(ends, later[min(clock.instalments, len(later)) - 1])
        spans[clock.id] = since, ends
    return spans
