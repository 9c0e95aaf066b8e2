"""Calendar: amounts that are dates or count the days between them, as fractions whose whole is one day.

A date is worked out as the number of its day, so that it can be the least of several or be unknown like any
amount; which amounts are dates is checked when a policy is read.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from restructure.calculator.conventions.dates import add_months, whole_months
from restructure.calculator.conventions.money import round_div
from restructure.record import Record

if TYPE_CHECKING:  # amounts hold each other, and their union stands above this room
    from restructure.policy.amounts.expression import Amount

__all__ = [
    "CALENDAR_WORDS",
    "After",
    "CalendarAmount",
    "Day",
    "DayOfMonth",
    "DaysBetween",
    "EarliestOf",
    "LatestOf",
    "MonthStart",
    "MonthsBetween",
    "dates_inside",
    "day_number",
    "later",
    "reckoned",
    "write_calendar",
]

Day = Annotated[date, Field(strict=True)]
"""A constant date; no number and no text is one."""


class After(Record):
    """A date some months and then some days after another, or before it where they are negative."""

    after: "Amount"
    """The date that is counted from."""
    months: "Amount" = Decimal(0)
    """Months, counted first; a month without the day ends on its last."""
    days: "Amount" = Decimal(0)
    """Days, counted from there."""


class MonthsBetween(Record):
    """Whole months from one date to another, negative if that is earlier."""

    months_between: tuple["Amount", "Amount"]
    """From when, and to when."""


class DaysBetween(Record):
    """Days from one date to another, negative if that is earlier."""

    days_between: tuple["Amount", "Amount"]
    """From when, and to when."""


class MonthStart(Record):
    """The first day of the month in which a date lies."""

    month_start: "Amount"
    """The date."""


class DayOfMonth(Record):
    """Which day of its month a date is, from 1 to 31."""

    day_of_month: "Amount"
    """The date."""


class LatestOf(Record):
    """The latest of several dates, each with a name that the trace can tell."""

    latest_of: dict[str, "Amount"] = Field(min_length=1)
    """The dates by name."""


class EarliestOf(Record):
    """The earliest of several dates, each with a name that the trace can tell."""

    earliest_of: dict[str, "Amount"] = Field(min_length=1)
    """The dates by name."""


CalendarAmount = After | MonthsBetween | DaysBetween | MonthStart | DayOfMonth | LatestOf | EarliestOf

CALENDAR_WORDS: dict[str, type[Record]] = {
    "after": After,
    "months_between": MonthsBetween,
    "days_between": DaysBetween,
    "month_start": MonthStart,
    "day_of_month": DayOfMonth,
    "latest_of": LatestOf,
    "earliest_of": EarliestOf,
}
"""The word that says which of them is meant."""


def dates_inside(amount: CalendarAmount) -> "tuple[Amount, ...]":
    """List the amounts directly inside one."""
    match amount:
        case After():
            return (amount.after, amount.months, amount.days)
        case MonthsBetween():
            return amount.months_between
        case DaysBetween():
            return amount.days_between
        case MonthStart():
            return (amount.month_start,)
        case DayOfMonth():
            return (amount.day_of_month,)
        case LatestOf():
            return tuple(amount.latest_of.values())
        case EarliestOf():
            return tuple(amount.earliest_of.values())


def day_number(day: date) -> Fraction:
    """Give a date as the number of its day."""
    return Fraction(day.toordinal())


def reckoned(amount: CalendarAmount, parts: Sequence[Fraction]) -> Fraction | None:
    """Work a date or a count of days or months out from the parts; `None` for a date no calendar has."""
    match amount:
        case LatestOf():
            return max(parts)
        case EarliestOf():
            return min(parts)
        case DaysBetween():
            return parts[1] - parts[0]
        case MonthsBetween():
            return Fraction(whole_months(_date(parts[0]), _date(parts[1])))
        case MonthStart():
            return day_number(_date(parts[0]).replace(day=1))
        case DayOfMonth():
            return Fraction(_date(parts[0]).day)
        case After():
            return later(parts[0], months=parts[1], days=parts[2])


def later(
    start: Fraction, *, months: Fraction = Fraction(0), days: Fraction = Fraction(0)
) -> Fraction | None:
    """Step months and then days from a date, each rounded half-up once to a whole; `None` past the calendar's ends.

    >>> later(day_number(date(2026, 1, 31)), months=Fraction(1), days=Fraction(1)) == day_number(date(2026, 3, 1))
    True
    """
    try:
        found = add_months(_date(start), _whole(months)).toordinal() + _whole(days)
        return day_number(date.fromordinal(found))
    except (ValueError, OverflowError):
        return None


def _whole(number: Fraction) -> int:
    return round_div(number.numerator, number.denominator)


def _date(number: Fraction) -> date:
    return date.fromordinal(_whole(number))


def write_calendar(amount: CalendarAmount, write: "Callable[[Amount], str]") -> str:
    """Write a date, or what is counted between dates, for people; `write` writes the amounts inside."""
    match amount:
        case After():
            return write(amount.after) + "".join(_stepped(amount, write))
        case MonthsBetween():
            return f"whole months from {' to '.join(map(write, amount.months_between))}"
        case DaysBetween():
            return f"days from {' to '.join(map(write, amount.days_between))}"
        case MonthStart():
            return f"first of the month of {write(amount.month_start)}"
        case DayOfMonth():
            return f"day of the month of {write(amount.day_of_month)}"
        case LatestOf():
            return f"latest of {', '.join(map(write, amount.latest_of.values()))}"
        case EarliestOf():
            return f"earliest of {', '.join(map(write, amount.earliest_of.values()))}"


def _stepped(amount: After, write: "Callable[[Amount], str]") -> Iterator[str]:
    steps: tuple[tuple[str, Any], ...] = (("months", amount.months), ("days", amount.days))
    for unit, step in steps:
        if isinstance(step, Decimal):
            if step:
                yield f" {'−' if step < 0 else '+'} {abs(step):f} {unit if abs(step) != 1 else unit[:-1]}"
        else:
            yield f" + {write(step)} {unit}"
