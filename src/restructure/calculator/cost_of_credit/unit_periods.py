"""Unit periods: the time between advances and payments, as disclosure rules measure it.

The United States count unit-periods and one fraction of them (Regulation Z, 12 CFR 1026, Appendix J (b)(3)
to (b)(5)); the European Union and the United Kingdom count years, months or weeks and odd days (Directive
2014/17/EU Annex I and Directive (EU) 2023/2225 Annex III, remark (c); MCOB 10A.2.3, CONC App 1.2).
Both expect the dates of the contract, not dates moved to a business day.
"""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

from restructure.calculator.conventions.dates import due_dates

__all__ = [
    "YEAR",
    "CountedIn",
    "Interval",
    "UnitPeriod",
    "counted_in",
    "month_anchor",
    "unit_period",
    "unit_periods",
    "years_between",
]


class Interval(StrEnum):
    """The intervals that unit-periods are multiples of (Appendix J (b)(3)(iii))."""

    DAY = "day"
    WEEK = "week"
    SEMIMONTH = "semimonth"
    """Half a month; it has no multiples."""
    MONTH = "month"


_DAYS = {
    Interval.DAY: Fraction(1),
    Interval.WEEK: Fraction(7),
    Interval.SEMIMONTH: Fraction(365, 24),
    Interval.MONTH: Fraction(365, 12),
}
_PER_YEAR = {Interval.DAY: 365, Interval.WEEK: 52, Interval.SEMIMONTH: 24, Interval.MONTH: 12}
# Where a period can be read in two ways, the calendar reading is meant: 12 months, not 365 days.
_PREFERENCE = (Interval.MONTH, Interval.SEMIMONTH, Interval.WEEK, Interval.DAY)


@dataclass(frozen=True, slots=True)
class UnitPeriod:
    """A unit-period: a number of intervals, at most a year.

    >>> UnitPeriod(Interval.WEEK, 4).per_year, UnitPeriod(Interval.MONTH, 12).per_year
    (Fraction(13, 1), Fraction(1, 1))
    """

    interval: Interval
    count: int = 1

    def __post_init__(self) -> None:
        if self.count < 1 or self.days > 365 or (self.interval is Interval.SEMIMONTH and self.count != 1):
            raise ValueError(f"{self.count} × {self.interval} is no unit-period; it is at most one year")

    @property
    def days(self) -> Fraction:
        """Mean length in days, for comparison."""
        return self.count * _DAYS[self.interval]

    @property
    def per_year(self) -> Fraction:
        """Unit-periods in a year (Appendix J (b)(5))."""
        return Fraction(_PER_YEAR[self.interval], self.count)


YEAR = UnitPeriod(Interval.MONTH, 12)
"""The longest unit-period."""


def month_anchor(dates: Sequence[date]) -> int | None:
    """Give the day of the month that dates at the end of months step from.

    A series on the last day of every month is measured from last day to last day, and one on the 29th or
    30th uses the last day of February (Appendix J (b)(3)(iv)). Days up to the 27th never need it.

    >>> month_anchor([date(2026, 1, 30), date(2026, 2, 28), date(2026, 3, 30)])
    30
    """
    late = [day for day in dates if day.day >= 28]
    if not late:
        return None
    ends = [day for day in late if day.day == monthrange(day.year, day.month)[1]]
    anchor = max(day.day for day in late)
    if ends == late and any(day.day != anchor for day in late):
        return 31
    return anchor if all(day.day == anchor or day in ends for day in late) else None


def _back(later: date, months: int, anchor: int | None) -> date:
    """Step whole months back from a day, along the anchor of its series if it is at the end of a month."""
    day = anchor if anchor is not None and later.day >= 28 else later.day
    return due_dates(later, 2, anchor_day=day, months=-months)[1] if months else later


def _months_and_days(earlier: date, later: date, anchor: int | None) -> tuple[int, int]:
    """Count full months back from the later day, then the remaining days (Appendix J (b)(5)(ii))."""
    months = (later.year - earlier.year) * 12 + later.month - earlier.month
    while months and _back(later, months, anchor) < earlier:
        months -= 1
    return months, (_back(later, months, anchor) - earlier).days


def _whole_months(earlier: date, later: date, anchor: int | None) -> int | None:
    months, days = _months_and_days(earlier, later, anchor)
    return months if months and not days else None


def unit_period(advances: Sequence[date], payments: Sequence[date]) -> UnitPeriod:
    """Give the unit-period of a transaction (Regulation Z, Appendix J (b)(4)).

    It is the period between neighbouring advances, neighbouring payments, or the first advance and the first
    payment that occurs most often, the shorter of two that occur equally often, and at most a year. Where no
    period occurs twice it is their average, rounded to the nearest standard interval. A single advance repaid
    by a single payment has its term as the unit-period: months if they are whole, else days, at most a year.

    >>> unit_period([date(1978, 3, 18)], [date(1978, 4, 20), date(1978, 5, 18), date(1978, 6, 15)])
    UnitPeriod(interval=<Interval.WEEK: 'week'>, count=4)
    """
    advanced, paid = sorted(set(advances)), sorted(set(payments))
    if not advanced or not paid or paid[0] <= advanced[0]:
        raise ValueError("a transaction has an advance, and payments after the first one")
    anchor = month_anchor(paid)
    if len(advanced) == len(paid) == 1:
        return _of_single_payment(advanced[0], paid[0])
    gaps = [(*pair, anchor) for pair in pairwise(paid)]
    gaps += [(*pair, month_anchor(advanced)) for pair in pairwise(advanced)]
    halves = {pair for series in (advanced, paid) for pair in _semimonths(series)}
    gaps.append((advanced[0], paid[0], anchor))
    seen: defaultdict[UnitPeriod, set[tuple[date, date]]] = defaultdict(set)
    for earlier, later, own in gaps:
        for unit in _readings(earlier, later, own):
            seen[unit].add((earlier, later))
        if (earlier, later) in halves:
            seen[UnitPeriod(Interval.SEMIMONTH)].add((earlier, later))
    most = max(map(len, seen.values()), default=0)
    if most > 1:
        common = [unit for unit in seen if len(seen[unit]) == most]
        shortest = min(common, key=_by_length)
        # The same periods may be 30 days and a month each: then equal months are meant.
        return min(
            (unit for unit in common if seen[unit] == seen[shortest]),
            key=lambda unit: _PREFERENCE.index(unit.interval),
        )
    return _average(gaps)


def _of_single_payment(start: date, end: date) -> UnitPeriod:
    months, days = _whole_months(start, end, None), (end - start).days
    if months is not None:
        return UnitPeriod(Interval.MONTH, min(months, 12))
    return UnitPeriod(Interval.DAY, days) if days < 365 else YEAR


def _readings(earlier: date, later: date, anchor: int | None) -> list[UnitPeriod]:
    """List the possible unit-periods of a period: 28 days in February are four weeks and a month."""
    days, months = (later - earlier).days, _whole_months(earlier, later, anchor)
    readings = []
    if months is not None and months <= 12:
        readings.append(UnitPeriod(Interval.MONTH, months))
    if days < 365:
        readings.append(UnitPeriod(Interval.DAY, days) if days % 7 else UnitPeriod(Interval.WEEK, days // 7))
    return readings


def _semimonths(series: Sequence[date]) -> list[tuple[date, date]]:
    """List the neighbouring dates that are half a month apart: two such steps make a month."""
    anchor = month_anchor(series)
    halves = []
    for first, second, third in zip(series, series[1:], series[2:], strict=False):
        alike = all(
            13 <= (later - earlier).days <= 18 for earlier, later in ((first, second), (second, third))
        )
        if alike and _whole_months(first, third, anchor) == 1:
            halves += [(first, second), (second, third)]
    return halves


def _average(gaps: Sequence[tuple[date, date, int | None]]) -> UnitPeriod:
    """Round the average period to the nearest standard interval, of two the shorter (Appendix J (b)(4)(i)(B))."""
    months = [_whole_months(*gap) for gap in gaps]
    days = [(later - earlier).days for earlier, later, _ in gaps]
    # A mean is taken in the interval that all periods are multiples of, so that 2 and 3 months tie.
    if all(count is not None for count in months):
        kinds, mean = [Interval.MONTH], Fraction(sum(filter(None, months)), len(gaps)) * _DAYS[Interval.MONTH]
    else:
        kinds = [Interval.WEEK] if all(count % 7 == 0 for count in days) else list(Interval)
        mean = Fraction(sum(days), len(gaps))
    standard = [
        UnitPeriod(kind, count)
        for kind in kinds
        for count in range(1, {Interval.WEEK: 52, Interval.MONTH: 12}.get(kind, 1) + 1)
    ]
    return min(standard, key=lambda unit: (abs(unit.days - mean), *_by_length(unit)))


def _by_length(unit: UnitPeriod) -> tuple[Fraction, int]:
    return unit.days, _PREFERENCE.index(unit.interval)


def unit_periods(
    unit: UnitPeriod, earlier: date, later: date, *, anchor_day: int | None = None
) -> tuple[int, Fraction]:
    """Count the full unit-periods between two dates and the remaining fraction of a unit-period (Appendix J (b)(5)).

    Months are counted back from the later date, along `anchor_day` where its series has one; what remains
    are days, 30 to a month, or 365 to a year.

    >>> unit_periods(UnitPeriod(Interval.MONTH), date(1978, 1, 10), date(1978, 3, 1))
    (1, Fraction(11, 15))
    """
    if unit.interval in (Interval.DAY, Interval.WEEK):
        length = unit.count * (7 if unit.interval is Interval.WEEK else 1)
        full, rest = divmod((later - earlier).days, length)
        return full, Fraction(rest, length)
    months, days = _months_and_days(earlier, later, anchor_day)
    if unit == YEAR:
        years, months = divmod(months, 12)
        if not days:
            return years, Fraction(months, 12)
        return years, Fraction((_back(later, 12 * years, anchor_day) - earlier).days, 365)
    length = 15 if unit.interval is Interval.SEMIMONTH else 30 * unit.count
    full, rest = divmod(30 * months + days, length)
    return full, Fraction(rest, length)


class CountedIn(StrEnum):
    """Whole periods in which an interval is expressed, before its odd days."""

    YEARS = "years"
    MONTHS = "months"
    WEEKS = "weeks"


def counted_in(advances: Sequence[date], payments: Sequence[date]) -> CountedIn:
    """Choose the periods in which the intervals of an agreement are counted: those that leave no odd days, if any do.

    Otherwise it is the interval that occurs most often: months and halves of them in months, weeks in weeks,
    anything else in years.

    >>> counted_in([date(2026, 1, 15)], [date(2026, 2, 15), date(2026, 3, 15)]).value
    'months'
    """
    start, anchor = min(advances), month_anchor(sorted({*payments}))
    later = [day for day in {*advances, *payments} if day > start]
    if all(_whole_months(start, day, anchor) for day in later):
        return CountedIn.MONTHS
    if all((day - start).days % 7 == 0 for day in later):
        return CountedIn.WEEKS
    unit = unit_period(advances, payments)
    if unit == YEAR or unit.interval is Interval.DAY:
        return CountedIn.YEARS
    return CountedIn.WEEKS if unit.interval is Interval.WEEK else CountedIn.MONTHS


def years_between(
    start: date, end: date, whole: CountedIn = CountedIn.YEARS, *, anchor_day: int | None = None
) -> Fraction:
    """Measure an interval in years, as the European and British rules do.

    Whole periods are counted back from the end, a month as 1/12 and a week as 1/52; the odd days that are
    left at the start are divided by the days, 365 or 366, of the year that ends with the last of them.

    >>> years_between(date(1994, 1, 1), date(1995, 7, 1)), years_between(date(2024, 1, 10), date(2024, 3, 15))
    (Fraction(546, 365), Fraction(65, 366))
    """
    if whole is CountedIn.WEEKS:
        periods, days = divmod((end - start).days, 7)
        years = Fraction(periods, 52)
    else:
        months, days = _months_and_days(start, end, anchor_day)
        if whole is CountedIn.YEARS:
            months -= months % 12
            days = (_back(end, months, anchor_day) - start).days
        years = Fraction(months, 12)
    if not days:
        return years
    last = start + timedelta(days)
    return years + Fraction(days, (last - _back(last, 12, None)).days)
