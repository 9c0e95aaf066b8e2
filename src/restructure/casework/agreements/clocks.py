"""Regulatory periods of good conduct, such as observation, cure and probation, and what restarts them."""

from collections.abc import Mapping, Sequence
from datetime import date

from dateutil.relativedelta import relativedelta

from restructure.casework.agreements.performance import Performance
from restructure.policy.language.follow_up import Clock, FollowUp, Starts
from restructure.record import Record

__all__ = ["ClockState", "clock_states"]


class ClockState(Record):
    """State of a period of good conduct on the day of a review."""

    id: str
    """Id of the period in the policy, such as `probation`."""
    title: dict[str, str]
    """Display title, per language."""
    reference: str
    """Key of the policy's sources, with the paragraph after a colon if there is one."""
    since: date
    """The day on which it last started, such as 2026-03-18."""
    ends: date
    """The day on which it ends if no further instalment is missed."""
    restarts: int
    """How often it restarted, such as 1."""
    over: bool
    """Whether it has ended with nothing overdue."""


def clock_states(follow_up: FollowUp, performance: Performance, on: date) -> tuple[ClockState, ...]:
    """Calculate each period, restarted by the instalments missed inside it, in the order of the days."""
    began: dict[str, date] = {}
    restarts = dict.fromkeys((clock.id for clock in follow_up.clocks), 0)
    spans = _spans(follow_up.clocks, began, performance)
    for day, late in sorted(
        ((day, clock) for clock in follow_up.clocks for day in performance.misses(clock.restarts_when_late)),
        key=lambda miss: miss[0],
    ):
        since, ends = spans[late.id]
        if since <= day < ends:
            again = late.restarts or late.id
            began[again] = day
            restarts[again] += 1
            spans = _spans(follow_up.clocks, began, performance)
    return tuple(
        ClockState(
            id=clock.id,
            title=clock.title,
            reference=clock.reference,
            since=spans[clock.id][0],
            ends=spans[clock.id][1],
            restarts=restarts[clock.id],
            over=spans[clock.id][1] <= on and not performance.overdue,
        )
        for clock in follow_up.clocks
    )


def _spans(
    clocks: Sequence[Clock], began: Mapping[str, date], performance: Performance
) -> dict[str, tuple[date, date]]:
    """Give the first and last day of each period; one that follows another starts where that ends."""
    rows = [(due, total) for number, due, total in performance.dues if number]
    spans: dict[str, tuple[date, date]] = {}
    for clock in clocks:
        if clock.id in began:
            since = began[clock.id]
        elif clock.follows is not None:
            since = spans[clock.follows][1]
        else:
            since = {
                Starts.GRANTED: performance.granted,
                Starts.FIRST_DUE: rows[0][0] if rows else performance.granted,
                Starts.PAYMENTS_RESUME: next((due for due, total in rows if total), performance.granted),
            }[clock.starts]
        ends = since + relativedelta(months=clock.months)
        later = [due for due, _ in rows if due > since]
        if clock.instalments and later:
            ends = max(ends, later[min(clock.instalments, len(later)) - 1])
        spans[clock.id] = since, ends
    return spans
