"""Day-count conventions: the year fraction between two dates.

Accrual is half-open: a day count from 1 March to 1 April prices the nights from 1 March to 31 March.
"""

from calendar import isleap
from datetime import date
from enum import StrEnum
from itertools import pairwise
from math import gcd
from operator import sub
from typing import assert_never

from restructure.calculator.conventions.dates import MONTH_LENGTHS, month_length

__all__ = ["DayCount", "year_fraction", "year_fractions"]


class DayCount(StrEnum):
    """How the days between two dates become a part of a year (ISDA 2006 section 4.16, ICMA)."""

    THIRTY_E_360 = "30E/360"
    """Every month has 30 days; a 31st counts as the 30th (Eurobond basis, ISDA 2006 4.16(g))."""
    THIRTY_360_US = "30/360 US"
    """Bond basis with the end-of-February rule of US practice (SIA)."""
    THIRTY_360_BY_MONTH = "30/360 by month"
    """A scheduled month is one twelfth of a year whatever its length; a part of one counts its actual days."""
    ACT_365F = "ACT/365F"
    """Actual days over 365."""
    ACT_360 = "ACT/360"
    """Actual days over 360."""
    ACT_364 = "ACT/364"
    """Actual days over 364."""
    ACT_ACT_ISDA = "ACT/ACT ISDA"
    """Actual days, those in leap years over 366 and the others over 365."""


def year_fraction(
    day_count: DayCount, start: date, end: date, *, anchor_day: int | None = None
) -> tuple[int, int]:
    """Give the part of a year from `start` to `end` as an exact ratio of two integers.

    `anchor_day` is the day on which the scheduled months of "30/360 by month" begin (default: the day of `end`).

    >>> year_fraction(DayCount.ACT_365F, date(2026, 1, 1), date(2026, 2, 1))
    (31, 365)
    """
    parts, year = year_fractions(day_count, [start, end], anchor_day=anchor_day)
    return parts[0], year


_DAYS_IN_YEAR = {DayCount.ACT_365F: 365, DayCount.ACT_360: 360, DayCount.ACT_364: 364}


def year_fractions(
    day_count: DayCount, boundaries: list[date], *, anchor_day: int | None = None
) -> tuple[list[int], int]:
    """Give the parts of a year between neighbouring dates, as numerators over one denominator."""
    match day_count:
        case DayCount.ACT_365F | DayCount.ACT_360 | DayCount.ACT_364:
            ordinals = list(map(date.toordinal, boundaries))
            return list(map(sub, ordinals[1:], ordinals)), _DAYS_IN_YEAR[day_count]
        case DayCount.THIRTY_E_360:
            counted = [day.year * 360 + day.month * 30 + min(day.day, 30) for day in boundaries]
            return [later - earlier for earlier, later in pairwise(counted)], 360
        case DayCount.THIRTY_360_US:
            return [_thirty_us(a, b) for a, b in pairwise(boundaries)], 360
        case DayCount.THIRTY_360_BY_MONTH:
            return _by_month(boundaries, anchor_day or boundaries[-1].day)
        case DayCount.ACT_ACT_ISDA:
            return [_act_act(a, b) for a, b in pairwise(boundaries)], 365 * 366
    assert_never(day_count)


def _ends_february(day: date) -> bool:
    return day.month == 2 and day.day == (29 if isleap(day.year) else 28)


def _thirty_us(start: date, end: date) -> int:
    first, last = start.day, end.day
    if _ends_february(start):
        if _ends_february(end):
            last = 30
        first = 30
    first = min(first, 30)
    if last == 31 and first == 30:
        last = 30
    return (end.year - start.year) * 360 + (end.month - start.month) * 30 + last - first


def _act_act(start: date, end: date) -> int:
    total, day = 0, start
    while day < end:
        turn = min(end, date(day.year + 1, 1, 1))
        total += (turn - day).days * (365 if isleap(day.year) else 366)
        day = turn
    return total


# The lengths a scheduled month can have; their product over one twelfth makes every part whole.
_MONTH_PARTS = 28 * 29 * 30 * 31


def _by_month(boundaries: list[date], anchor_day: int) -> tuple[list[int], int]:
    # A scheduled month ends on the anchor day, or on its last day if it is shorter.
    ends = [0, *(min(anchor_day, length) for length in MONTH_LENGTHS)]
    leaps = anchor_day > 28
    positions = []
    for day in boundaries:
        year, month = day.year, day.month
        end = 29 if leaps and month == 2 and isleap(year) else ends[month]
        if day.day == end:
            positions.append((year * 12 + month - 1) * _MONTH_PARTS)
        else:
            positions.append(_months_at(day, anchor_day))
    parts = list(map(sub, positions[1:], positions))
    common = gcd(*parts, _MONTH_PARTS)  # whole months only: twelfths, and small integers from here on
    return [part // common for part in parts], 12 * _MONTH_PARTS // common


def _months_at(day: date, anchor_day: int) -> int:
    """Count scheduled months up to a day, in parts of a month, so that fractions add up exactly."""
    index = day.year * 12 + day.month - 1
    length = month_length(index)
    begin = min(anchor_day, length)
    passed = day.day - begin
    if passed == 0:
        return index * _MONTH_PARTS
    if passed > 0:
        scheduled = length - begin + min(anchor_day, month_length(index + 1))
    else:
        index -= 1
        length = month_length(index)
        scheduled = length - min(anchor_day, length) + begin
        passed += scheduled
    return index * _MONTH_PARTS + passed * _MONTH_PARTS // scheduled
