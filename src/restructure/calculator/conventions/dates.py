"""Due dates: payment frequencies, business days, and dates that step from an anchor day without drift."""

import re
from calendar import isleap
from collections.abc import Callable
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from restructure.errors import Issue, Refused

__all__ = [
    "Closed",
    "Every",
    "Frequency",
    "LastPeriod",
    "Roll",
    "add_months",
    "dates_until",
    "due_dates",
    "every_dates",
    "next_due",
    "roll_date",
    "step_after",
    "step_before",
    "step_of",
    "weekend",
    "whole_months",
]

Closed = Callable[[date], bool]
"""Predicate of the days without business: `weekend`, or a calendar of the `holidays` package."""


class Roll(StrEnum):
    """Business-day rule for a due date that falls on a day without business (ISDA 2006 section 4.12)."""

    NONE = "none"
    """The date is not moved."""
    FOLLOWING = "following"
    """To the next business day."""
    MODIFIED_FOLLOWING = "modified_following"
    """To the next business day, unless that lies in the next month: then to the one before."""
    PRECEDING = "preceding"
    """To the business day before."""
    MODIFIED_PRECEDING = "modified_preceding"
    """To the business day before, unless that lies in the month before: then to the next one."""


class Frequency(NamedTuple):
    """A payment frequency: a number of days or months between due dates, or twice a month."""

    unit: Literal["day", "month", "semi_month"]
    size: int
    """Days, months or half months between two due dates, e.g. 14."""


_EVERY = re.compile(r"(?:(?:every )?(\d{1,3}) )?(day|week|month|year|quarter)s?")


@lru_cache(maxsize=256)
def step_of(every: str) -> Frequency:
    """Read a payment frequency: "1 month", "2 weeks", "14 days", "1 quarter", "1 year" or "semi-monthly".

    Raises `ValueError` for anything else.

    >>> step_of("2 weeks"), step_of("semi-monthly")
    (Frequency(unit='day', size=14), Frequency(unit='semi_month', size=1))
    """
    if every == "semi-monthly":
        return Frequency("semi_month", 1)
    match = _EVERY.fullmatch(every)
    count = int(match[1] or 1) if match else 0
    if not match or not count:
        raise ValueError(
            f'"{every}" is not a payment frequency; write "1 month", "2 weeks", "14 days" or "semi-monthly"'
        )
    match match[2]:
        case "day":
            return Frequency("day", count)
        case "week":
            return Frequency("day", 7 * count)
        case "month":
            return Frequency("month", count)
        case "quarter":
            return Frequency("month", 3 * count)
        case _:
            return Frequency("month", 12 * count)


def _read_every(value: Any) -> Any:
    try:
        if isinstance(value, str):
            step_of(value)
    except ValueError as error:
        raise PydanticCustomError("value-invalid", "{text}", {"text": str(error)}) from None
    return value


Every = Annotated[str, BeforeValidator(_read_every)]
"""A payment frequency in words: "1 month", "2 weeks", "14 days", "1 quarter", "1 year", "semi-monthly"."""


def weekend(day: date) -> bool:
    """Tell whether a day is a Saturday or a Sunday.

    >>> weekend(date(2026, 3, 21)), weekend(date(2026, 3, 23))
    (True, False)
    """
    return day.weekday() >= 5


def roll_date(day: date, roll: Roll, closed: Closed = weekend) -> date:
    """Move a due date to a business day.

    >>> roll_date(date(2026, 1, 31), Roll.FOLLOWING), roll_date(date(2026, 1, 31), Roll.MODIFIED_FOLLOWING)
    (datetime.date(2026, 2, 2), datetime.date(2026, 1, 30))
    """
    if roll is Roll.NONE or not closed(day):
        return day
    forward = roll in (Roll.FOLLOWING, Roll.MODIFIED_FOLLOWING)
    moved = _open_day(day, 1 if forward else -1, closed)
    if roll in (Roll.MODIFIED_FOLLOWING, Roll.MODIFIED_PRECEDING) and moved.month != day.month:
        moved = _open_day(day, -1 if forward else 1, closed)
    return moved


def _open_day(day: date, direction: int, closed: Closed) -> date:
    for days in range(1, 367):
        moved = day + timedelta(days=direction * days)
        if not closed(moved):
            return moved
    raise ValueError(f"the calendar has no business day within a year of {day}")


class LastPeriod(StrEnum):
    """Length of the last period where the frequency does not meet the maturity."""

    SHORT = "short"
    """A period of its own, shorter than the others."""
    LONG = "long"
    """Joined to the period before, which becomes longer than the others."""


MONTH_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def month_length(index: int) -> int:
    """Give the days of a month, months counted from year 0 (`calendar.monthrange` is five times slower)."""
    year, month = divmod(index, 12)
    return 29 if month == 1 and isleap(year) else MONTH_LENGTHS[month]


def _month_day(index: int, day: int) -> date:
    return date(index // 12, index % 12 + 1, day if day <= 28 else min(day, month_length(index)))


def add_months(day: date, months: int) -> date:
    """Step whole months forth or back; a month without the day ends on its last. Raises `ValueError` past year 9999.

    >>> add_months(date(2026, 1, 31), 1), add_months(date(2026, 3, 31), -1)
    (datetime.date(2026, 2, 28), datetime.date(2026, 2, 28))
    """
    return _month_day(day.year * 12 + day.month - 1 + months, day.day)


def whole_months(start: date, end: date) -> int:
    """Count whole months to another day, negative if it is earlier; a month without the day ends on its last.

    >>> whole_months(date(2026, 1, 31), date(2026, 2, 28)), whole_months(date(2026, 3, 15), date(2026, 1, 16))
    (1, -1)
    """
    if end < start:
        return -whole_months(end, start)
    months = (end.year - start.year) * 12 + end.month - start.month
    return months - (end < add_months(start, months))


def due_dates(first: date, count: int, *, anchor_day: int | None = None, months: int = 1) -> list[date]:
    """Step `count` due dates of `months` months from `first`, each from the anchor day, so that none drifts.

    `anchor_day` is the day the contract names (1 to 31); a shorter month uses its last day and the
    next one returns to the anchor. It defaults to the day of `first`.

    >>> [d.isoformat() for d in due_dates(date(2026, 1, 31), 4)]
    ['2026-01-31', '2026-02-28', '2026-03-31', '2026-04-30']
    """
    if not count:
        return []
    day = anchor_day or first.day
    # Months are counted from 0 here, backwards too; a call of `_month_day` for every date would triple the cost.
    ends = [min(day, length) for length in MONTH_LENGTHS]
    year, month, leaps = first.year, first.month - 1, day > 28
    dues = [first]
    for _ in range(count - 1):
        month += months
        if not 0 <= month < 12:
            year, month = year + month // 12, month % 12
        dues.append(date(year, month + 1, 29 if leaps and month == 1 and isleap(year) else ends[month]))
    return dues


def every_dates(
    first: date, count: int, every: str = "1 month", *, anchor_day: int | None = None
) -> list[date]:
    """Step `count` due dates from `first` at any frequency, months from the anchor day, so that none drifts.

    Twice a month means the anchor day and the day half a month from it (15 days), each in its own month.
    Raises `Refused` where the calendar ends.

    >>> [d.isoformat() for d in every_dates(date(2026, 1, 31), 3, "semi-monthly")]
    ['2026-01-31', '2026-02-16', '2026-02-28']
    """
    try:
        return _stepped(first, count, *step_of(every), anchor_day)
    except (ValueError, OverflowError):
        sentence = f"due dates every {every} from {first} on run past the year 9999; correct one of the two"
        raise Refused(Issue("date-invalid", sentence)) from None


def _stepped(first: date, count: int, unit: str, step: int, anchor_day: int | None) -> list[date]:
    match unit:
        case "month":
            return due_dates(first, count, anchor_day=anchor_day, months=step)
        case "day":
            start = first.toordinal()
            return [date.fromordinal(start + step * k) for k in range(count)]
        case _:
            early, late = _half_months(anchor_day or first.day)
            index = 2 * (first.year * 12 + first.month - 1) + _half(first, early, late)
            return [first, *(_half_date(index + k, early, late) for k in range(1, count))] if count else []


# February from the 16th to its end: half a month is never shorter.
_SHORTEST = {"day": 1, "month": 28, "semi_month": 12}


def dates_until(
    first: date,
    maturity: date,
    every: str = "1 month",
    *,
    anchor_day: int | None = None,
    stub: LastPeriod = LastPeriod.SHORT,
) -> list[date]:
    """Step due dates from `first` at any frequency up to the maturity, which is always the last of them.

    Where the frequency misses the maturity a short stub keeps every date before it and a long one drops the
    last of them, though never `first`. A maturity before `first` raises `ValueError`.

    >>> [d.isoformat() for d in dates_until(date(2026, 1, 31), date(2026, 4, 15))]
    ['2026-01-31', '2026-02-28', '2026-03-31', '2026-04-15']
    >>> [d.isoformat() for d in dates_until(date(2026, 1, 31), date(2026, 4, 15), stub=LastPeriod.LONG)]
    ['2026-01-31', '2026-02-28', '2026-04-15']
    """
    if maturity < first:
        raise ValueError(f"the maturity {maturity} lies before the first due date {first}")
    unit, size = step_of(every)
    most = (maturity - first).days // (_SHORTEST[unit] * size) + 2
    stepped = every_dates(first, most, every, anchor_day=anchor_day)
    dues = [day for day in stepped if day < maturity]
    if stub is LastPeriod.LONG and len(dues) > 1 and maturity not in stepped:
        dues.pop()
    return [*dues, maturity]


def _half_months(anchor_day: int) -> tuple[int, int]:
    other = anchor_day + 15 if anchor_day <= 15 else anchor_day - 15
    return min(anchor_day, other), max(anchor_day, other)


def _half(day: date, early: int, late: int) -> int:
    """Give the half of its month that a due date belongs to: 1 if it is the later of the two days, else 0."""
    return int(day.day >= min(late, month_length(day.year * 12 + day.month - 1))) if day.day > early else 0


def _half_date(index: int, early: int, late: int) -> date:
    return _month_day(index // 2, late if index % 2 else early)


def next_due(after: date, anchor_day: int, *, months: int = 1) -> date:
    """Give the first date on the anchor day strictly after a date.

    >>> next_due(date(2026, 2, 28), 31)
    datetime.date(2026, 3, 31)
    """
    index = after.year * 12 + after.month - 1
    candidate = _month_day(index, anchor_day)
    return candidate if candidate > after else _month_day(index + months, anchor_day)


def step_before(due: date, every: str, anchor_day: int) -> date:
    """Give the due date one step before another, where a regular period would have begun.

    >>> step_before(date(2026, 3, 31), "1 month", 31), step_before(date(2026, 3, 31), "2 weeks", 31)
    (datetime.date(2026, 2, 28), datetime.date(2026, 3, 17))
    """
    unit, step = step_of(every)
    if unit == "day":
        return due - timedelta(days=step)
    if unit == "month":
        return _month_day(due.year * 12 + due.month - 1 - step, anchor_day)
    early, late = _half_months(anchor_day)
    index = 2 * (due.year * 12 + due.month - 1) + _half(due, early, late)
    return _half_date(index - 1, early, late)


def step_after(due: date, every: str, anchor_day: int) -> date:
    """Give the due date one step after another."""
    return every_dates(due, 2, every, anchor_day=anchor_day)[1]
