"""Clocks: periods of good conduct such as observation, cure and probation, and what begins them anew."""

from collections.abc import Mapping, Sequence
from datetime import date

from dateutil.relativedelta import relativedelta

from restructure.casework.agreements.performance import Keeping
from restructure.policy.language.follow_up import Clock, FollowUp, Starts
from restructure.record import Record

__all__ = ["ClockState", "clock_states"]


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


def clock_states(follow_up: FollowUp, keeping: Keeping, on: date) -> tuple[ClockState, ...]:
    """Run the clocks through everything that was missed, in the order of the days."""
    began: dict[str, date] = {}
    restarts = dict.fromkeys((clock.id for clock in follow_up.clocks), 0)
    spans = _spans(follow_up.clocks, began, keeping)
    for day, late in sorted(
        ((day, clock) for clock in follow_up.clocks for day in keeping.misses(clock.restarts_when_late)),
        key=lambda one: one[0],
    ):
        since, ends = spans[late.id]
        if since <= day < ends:
            again = late.restarts or late.id
            began[again] = day
            restarts[again] += 1
            spans = _spans(follow_up.clocks, began, keeping)
    return tuple(
        ClockState(
            id=clock.id,
            title=clock.title,
            reference=clock.reference,
            since=spans[clock.id][0],
            ends=spans[clock.id][1],
            restarts=restarts[clock.id],
            over=spans[clock.id][1] <= on and not keeping.overdue,
        )
        for clock in follow_up.clocks
    )


def _spans(
    clocks: Sequence[Clock], began: Mapping[str, date], keeping: Keeping
) -> dict[str, tuple[date, date]]:
    """Give each clock's first and last day, those that follow another after it."""
    rows = [(due, total) for number, due, total in keeping.dues if number]
    spans: dict[str, tuple[date, date]] = {}
    for clock in clocks:
        if clock.id in began:
            since = began[clock.id]
        elif clock.follows is not None:
            since = spans[clock.follows][1]
        else:
            since = {
                Starts.GRANTED: keeping.granted,
                Starts.FIRST_DUE: rows[0][0] if rows else keeping.granted,
                Starts.PAYMENTS_RESUME: next((due for due, total in rows if total), keeping.granted),
            }[clock.starts]
        ends = since + relativedelta(months=clock.months)
        later = [due for due, _ in rows if due > since]
        if clock.instalments and later:
            ends = max(ends, later[min(clock.instalments, len(later)) - 1])
        spans[clock.id] = since, ends
    return spans
