"""Lookups: reference tables of a policy, dated and with their source, and finding what a case's keys lead to.

Words, counts and truth values are found exactly. One number may instead find the next row above or below it, or lie
between two rows on a straight line; all of it in exact fractions.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from fractions import Fraction
from operator import itemgetter

from pydantic import Field

from restructure.calculator.conventions.quantity import Kind
from restructure.policy.constants import Constant
from restructure.record import Record
from restructure.texts import Text

__all__ = ["Beyond", "Edition", "KeyMatch", "Lookup", "LookupColumn", "LookupKey", "Sheet"]

CellValue = Constant | Fraction | None


class KeyMatch(StrEnum):
    """How a key finds its row."""

    EXACT = "exact"
    """The row says the same."""
    NEXT_HIGHER = "next_higher"
    """The row with the least number that is not below it."""
    NEXT_LOWER = "next_lower"
    """The row with the greatest number that is not above it."""
    INTERPOLATE = "interpolate"
    """The straight line between the two rows around it."""


class Beyond(StrEnum):
    """What is found for a number that lies outside the rows."""

    UNKNOWN = "unknown"
    """Nothing."""
    CLAMP = "clamp"
    """What the nearest row says."""


class LookupKey(Record):
    """One of the keys that find a row."""

    name: str
    """What it is called; the name of a fact gives the key its unit."""
    unit: Kind
    """What it holds: money, ratio, days, months, count, flag, or choice for words."""
    match: KeyMatch = KeyMatch.EXACT
    """How it finds its row; one number of a lookup may do so otherwise than exactly."""
    beyond: Beyond = Beyond.UNKNOWN
    """What a number outside the rows finds."""


class LookupColumn(Record):
    """One of the columns of numbers."""

    name: str
    """What it is called; the name of a fact gives the column its unit."""
    unit: Kind
    """What it holds: money, ratio, days, months, count."""


class Edition(Record):
    """The rows that hold from a day on."""

    since: date = date.min
    """First day they hold; absent: they always did."""
    rows: tuple[tuple[Constant | None, ...], ...] | None
    """Keys, then columns; a column may be unknown (none). Null ends the lookup."""


class Lookup(Record):
    """A reference table: keys find a row, and the row has numbers."""

    title: Text
    """What it is."""
    reference: str
    """Key of `sources`, with the paragraph after a colon if there is one."""
    keys: tuple[LookupKey, ...] = Field(min_length=1)
    """What finds a row."""
    columns: tuple[LookupColumn, ...] = Field(min_length=1)
    """What a row has."""
    values: tuple[Edition, ...] = Field(min_length=1)
    """Its rows from day to day."""

    def on(self, day: date) -> Edition | None:
        """Give the rows that hold on a day, `None` before the first and after an end."""
        held = None
        for edition in self.values:
            if edition.since <= day:
                held = edition
        return None if held is None or held.rows is None else held


class Sheet:
    """The rows of a lookup on one day, sorted so that they are found quickly."""

    def __init__(self, lookup: Lookup, edition: Edition) -> None:
        self.lookup, self.edition = lookup, edition
        self.columns = {column.name: place for place, column in enumerate(lookup.columns)}
        self._ranged = next((k for k, key in enumerate(lookup.keys) if key.match is not KeyMatch.EXACT), None)
        self._lines: dict[tuple[CellValue, ...], list[tuple[Fraction, tuple[Constant | None, ...]]]] = {}
        for row in edition.rows or ():
            exact, number = self._sorted_out(row[: len(lookup.keys)])
            self._lines.setdefault(exact, []).append((number, row[len(lookup.keys) :]))
        for line in self._lines.values():
            line.sort(key=itemgetter(0))

    def find(self, keys: Sequence[CellValue], column: str | None) -> Fraction | None:
        """Give the number that keys find, in the order of the lookup's, exactly; `None` if there is none.

        >>> rates = Lookup(title="Factors", reference="own", keys=[{"name": "income", "unit": "money",
        ...     "match": "interpolate"}], columns=[{"name": "factor", "unit": "ratio"}],
        ...     values=[{"rows": [[100, "0.5"], [200, "0.7"]]}])
        >>> Sheet(rates, rates.values[0]).find([150], None), Sheet(rates, rates.values[0]).find([250], None)
        (Fraction(3, 5), None)
        """
        exact, number = self._sorted_out(keys)
        line, place = self._lines.get(exact, ()), 0 if column is None else self.columns[column]
        if not line:
            return None
        if self._ranged is None:
            return _number(line[0][1][place])
        key = self.lookup.keys[self._ranged]
        numbers = [at for at, _ in line]
        if not numbers[0] <= number <= numbers[-1] and key.beyond is Beyond.CLAMP:
            number = min(max(number, numbers[0]), numbers[-1])
        upper, lower = bisect_left(numbers, number), bisect_right(numbers, number) - 1
        wanted = {KeyMatch.NEXT_HIGHER: (upper, upper), KeyMatch.NEXT_LOWER: (lower, lower)}
        first, last = wanted.get(key.match, (lower, upper))
        if first < 0 or last >= len(line):
            return None
        low, high = _number(line[first][1][place]), _number(line[last][1][place])
        if low is None or high is None or first >= last:
            return None if high is None else low
        return low + (high - low) * (number - numbers[first]) / (numbers[last] - numbers[first])

    def _sorted_out(self, keys: Sequence[CellValue]) -> tuple[tuple[CellValue, ...], Fraction]:
        """Split keys into those that are found exactly and the number that need not be."""
        words = (Kind.CHOICE, Kind.FLAG)
        read = [
            value if key.unit in words else Fraction(value)  # type: ignore[arg-type]
            for key, value in zip(self.lookup.keys, keys, strict=True)
        ]
        number = Fraction(0) if self._ranged is None else read.pop(self._ranged)
        assert isinstance(number, Fraction), "a lookup is read so that only numbers are looked for in between"
        return tuple(read), number


def _number(cell: Constant | None) -> Fraction | None:
    return None if cell is None else Fraction(cell)  # type: ignore[arg-type]
