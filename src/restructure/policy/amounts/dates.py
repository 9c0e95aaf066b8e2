"""Dates in amounts: dates that are worked out, and the days or months between them.

A date is worth the number of its day, so that it can be the earliest of several or be unknown like any amount.
Which amounts are dates is checked when a policy is read.
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar

from pydantic import Field

from restructure.calculator.conventions.dates import add_months, whole_months
from restructure.calculator.conventions.quantity import Kind
from restructure.policy.amounts.extremes import Extreme
from restructure.policy.amounts.unit_check import Spot, UnitCheck
from restructure.policy.amounts.word import Amount, AmountWord, day_number, whole, write_inside

__all__ = [
    "After",
    "DayOfMonth",
    "DaysBetween",
    "EarliestOf",
    "LatestOf",
    "MonthStart",
    "MonthsBetween",
    "later",
]


class After(AmountWord):
    """A date some months and then some days after another, or before it where they are negative."""

    after: Amount
    """The date to count from."""
    months: Amount = Decimal(0)
    """Whole months to add first; 31 January and one month is the last day of February."""
    days: Amount = Decimal(0)
    """Days to add after the months."""

    @property
    def parts(self) -> tuple[Amount, ...]:
        """The date, the months and the days."""
        return (self.after, self.months, self.days)

    def exact(self, values: Sequence[Fraction]) -> Fraction | None:
        """Give the later date; `None` for a date that no calendar has."""
        return later(values[0], months=values[1], days=values[2])

    def write(self) -> str:
        """Write the date and what is added to it."""
        return write_inside(self.after) + "".join(self._steps())

    def _steps(self) -> Iterator[str]:
        for unit, step in (("months", self.months), ("days", self.days)):
            if isinstance(step, Decimal):
                if step:
                    yield f" {'−' if step < 0 else '+'} {abs(step):f} {unit if abs(step) != 1 else unit[:-1]}"
            else:
                yield f" + {write_inside(step)} {unit}"

    @classmethod
    def unit(cls, raw: Mapping[str, Any], spot: Spot, check: UnitCheck) -> Kind | None:
        """Check the date, and that months or days are given as numbers."""
        check.date("after", raw["after"], (*spot, "after"))
        if "months" not in raw and "days" not in raw:
            check.report("amount-shape", "write how far after: {after: DATE, months: 3}, or days", spot)
        for step in ("months", "days"):
            if step in raw:
                check.number(step, raw[step], (*spot, step))
        return Kind.DATE


class _Between(AmountWord):
    """What is counted from one date to another."""

    counts: ClassVar[Kind]
    """What is counted."""
    wording: ClassVar[str]
    """What is written before the two dates."""

    @property
    @abstractmethod
    def parts(self) -> tuple[Amount, ...]:
        """The two dates."""

    def write(self) -> str:
        """Write what is counted, and the two dates."""
        return f"{self.wording} {' to '.join(map(write_inside, self.parts))}"

    @classmethod
    def unit(cls, raw: Mapping[str, Any], spot: Spot, check: UnitCheck) -> Kind | None:
        """Check the two dates."""
        word, dates = cls.word(), raw[cls.word()]
        if not isinstance(dates, list) or len(dates) != 2:
            text = f'"{word}" takes a list of two dates, from when and to when'
            check.report("amount-shape", text, (*spot, word))
        else:
            for k, part in enumerate(dates):
                check.date(word, part, (*spot, word, k))
        return cls.counts


class MonthsBetween(_Between):
    """Whole months from one date to another, negative if that is earlier."""

    counts = Kind.MONTHS
    wording = "whole months from"

    months_between: tuple[Amount, Amount]
    """The first date and the second."""

    @property
    def parts(self) -> tuple[Amount, ...]:
        """The two dates."""
        return self.months_between

    def exact(self, values: Sequence[Fraction]) -> Fraction | None:
        """Count the whole months."""
        return Fraction(whole_months(_date(values[0]), _date(values[1])))


class DaysBetween(_Between):
    """Days from one date to another, negative if that is earlier."""

    counts = Kind.DAYS
    wording = "days from"

    days_between: tuple[Amount, Amount]
    """The first date and the second."""

    @property
    def parts(self) -> tuple[Amount, ...]:
        """The two dates."""
        return self.days_between

    def exact(self, values: Sequence[Fraction]) -> Fraction | None:
        """Count the days."""
        return values[1] - values[0]


class MonthStart(AmountWord):
    """The first day of the month in which a date lies."""

    month_start: Amount
    """The date."""

    @property
    def parts(self) -> tuple[Amount, ...]:
        """The date."""
        return (self.month_start,)

    def exact(self, values: Sequence[Fraction]) -> Fraction | None:
        """Give the first day of the month."""
        return day_number(_date(values[0]).replace(day=1))

    def write(self) -> str:
        """Write the date whose month is meant."""
        return f"first of the month of {write_inside(self.month_start)}"

    @classmethod
    def unit(cls, raw: Mapping[str, Any], spot: Spot, check: UnitCheck) -> Kind | None:
        """Check the date."""
        check.date("month_start", raw["month_start"], (*spot, "month_start"))
        return Kind.DATE


class DayOfMonth(AmountWord):
    """Which day of its month a date is, from 1 to 31."""

    day_of_month: Amount
    """The date."""

    @property
    def parts(self) -> tuple[Amount, ...]:
        """The date."""
        return (self.day_of_month,)

    def exact(self, values: Sequence[Fraction]) -> Fraction | None:
        """Give the day of the month."""
        return Fraction(_date(values[0]).day)

    def write(self) -> str:
        """Write the date whose day is meant."""
        return f"day of the month of {write_inside(self.day_of_month)}"

    @classmethod
    def unit(cls, raw: Mapping[str, Any], spot: Spot, check: UnitCheck) -> Kind | None:
        """Check the date."""
        check.date("day_of_month", raw["day_of_month"], (*spot, "day_of_month"))
        return Kind.COUNT


class _ExtremeDate(Extreme):
    """The latest or earliest of several dates that have names."""

    @classmethod
    def unit(cls, raw: Mapping[str, Any], spot: Spot, check: UnitCheck) -> Kind | None:
        """Check that the dates have names."""
        word, dates = cls.word(), raw[cls.word()]
        if not isinstance(dates, Mapping) or not dates:
            check.report("amount-shape", f'"{word}" takes names, each with a date', (*spot, word))
        else:
            for name, part in dates.items():
                check.date(word, part, (*spot, word, name))
        return Kind.DATE


class LatestOf(_ExtremeDate):
    """The latest of several dates that have names; the trace names the one that decides."""

    choose = max
    wording = "latest of"

    latest_of: dict[str, Amount] = Field(min_length=1)
    """The dates by name, such as `{origination: {fact: originated}, start: 2024-01-01}`."""


class EarliestOf(_ExtremeDate):
    """The earliest of several dates that have names; the trace names the one that decides."""

    choose = min
    wording = "earliest of"

    earliest_of: dict[str, Amount] = Field(min_length=1)
    """The dates by name, such as `{origination: {fact: originated}, start: 2024-01-01}`."""


def later(
    start: Fraction, *, months: Fraction = Fraction(0), days: Fraction = Fraction(0)
) -> Fraction | None:
    """Step months and then days from a date, each rounded half-up once to a whole; `None` past the calendar's ends.

    >>> later(day_number(date(2026, 1, 31)), months=Fraction(1), days=Fraction(1)) == day_number(date(2026, 3, 1))
    True
    """
    try:
        ordinal = add_months(_date(start), whole(months)).toordinal() + whole(days)
        return day_number(date.fromordinal(ordinal))
    except (ValueError, OverflowError):
        return None


def _date(number: Fraction) -> date:
    return date.fromordinal(whole(number))
