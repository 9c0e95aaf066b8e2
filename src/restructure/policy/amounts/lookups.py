"""Lookups: reference tables of a policy, dated and with their source, and the amount that the keys of a case find.

Words, counts and truth values are found exactly. One number may instead find the next row above or below it, or lie
between two rows on a straight line; all of it in exact fractions.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from fractions import Fraction
from operator import itemgetter
from typing import Any, ClassVar

from pydantic import Field

from restructure.calculator.conventions.quantity import Kind
from restructure.errors import did_you_mean
from restructure.policy.amounts.references import FactAmount
from restructure.policy.amounts.unit_check import Spot, UnitCheck
from restructure.policy.amounts.word import Amount, AmountWord, KeyAmount, Read, worth, write_amount
from restructure.policy.constants import Constant
from restructure.record import Record
from restructure.texts import Text

__all__ = [
    "Beyond",
    "Edition",
    "KeyMatch",
    "Lookup",
    "LookupAmount",
    "LookupColumn",
    "LookupKey",
    "Sheet",
    "sheet_of",
]

CellValue = Constant | Fraction | None


class KeyMatch(StrEnum):
    """How a key finds its row."""

    EXACT = "exact"
    """The row with the same value."""
    NEXT_HIGHER = "next_higher"
    """The row with the least number that is not below it."""
    NEXT_LOWER = "next_lower"
    """The row with the greatest number that is not above it."""
    INTERPOLATE = "interpolate"
    """The straight line between the two rows around it."""


class Beyond(StrEnum):
    """The result for a number outside the rows."""

    UNKNOWN = "unknown"
    """No value."""
    CLAMP = "clamp"
    """The values of the nearest row."""


class LookupKey(Record):
    """One of the keys that find a row."""

    name: str
    """Name of the key; the name of a fact gives the key its unit."""
    unit: Kind
    """What it holds: money, ratio, days, months, count, flag, or choice for words."""
    match: KeyMatch = KeyMatch.EXACT
    """How it finds its row; only one key of a lookup, a number, may do so otherwise than exactly."""
    beyond: Beyond = Beyond.UNKNOWN
    """The result for a number outside the rows."""


class LookupColumn(Record):
    """One of the columns of numbers."""

    name: str
    """Name of the column; the name of a fact gives the column its unit."""
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
    """Display title, per language."""
    reference: str
    """The source: a key of `sources`, optionally followed by a colon and a paragraph, such as `art70: notice`."""
    keys: tuple[LookupKey, ...] = Field(min_length=1)
    """The keys that find a row."""
    columns: tuple[LookupColumn, ...] = Field(min_length=1)
    """The columns of numbers that a row has."""
    values: tuple[Edition, ...] = Field(min_length=1)
    """The rows, by the day from which they hold."""

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


def sheet_of(lookup: str) -> str:
    """Give the name by which the parameters give the rows of a lookup on the day; no parameter can have it."""
    return f"lookup:{lookup}"


class LookupAmount(AmountWord):
    """What a lookup of the policy has for keys; unknown if it has nothing."""

    bracketed: ClassVar[bool] = True

    lookup: str
    """Name of the lookup."""
    column: str | None = None
    """Name of the column to read; absent: the only column."""
    at: dict[str, KeyAmount] = Field(min_length=1)
    """The value of every key: an amount, a fact that is a word or true or false, or a constant of these."""

    @property
    def parts(self) -> tuple[Amount, ...]:
        """The keys that are amounts."""
        return tuple(key for key in self.at.values() if not isinstance(key, bool | str))

    @property
    def lookups(self) -> tuple[str, ...]:
        """The lookup."""
        return (self.lookup,)

    def worth(self, parameter: Read, fact: Read) -> Fraction | None:
        """Give the number that the keys find; `None` if a key is unknown or finds nothing."""
        sheet: Sheet | None = parameter(sheet_of(self.lookup))
        if sheet is None:
            return None
        keys: list[Any] = []
        for key in sheet.lookup.keys:
            part = self.at[key.name]
            if isinstance(part, bool | str):
                value: Any = part
            elif isinstance(part, FactAmount) and part.once:
                value = fact(part.fact)  # a word cannot be multiplied
            else:
                value = worth(part, parameter, fact)
            if value is None:
                return None
            keys.append(value)
        return sheet.find(keys, self.column)

    def write(self) -> str:
        """Write the lookup, its column and its keys like a call."""
        column = "" if self.column is None else f".{self.column}"
        keys = (str(key) if isinstance(key, bool | str) else write_amount(key) for key in self.at.values())
        return f"{self.lookup}{column}({', '.join(keys)})"

    @classmethod
    def unit(cls, raw: Mapping[str, Any], spot: Spot, check: UnitCheck) -> Kind | None:
        """Check that the lookup exists and every key has a value that it can find; give the unit of the column."""
        name, declared = raw["lookup"], check.declared.lookups
        if not isinstance(name, str) or name not in declared:
            check.report(
                "lookup-unknown",
                f'there is no lookup "{name}"{did_you_mean(name, declared)}',
                (*spot, "lookup"),
            )
            return None
        lookup = declared[name]
        if lookup is None:
            return None  # reported where it is declared
        kind = _check_column(raw, lookup["columns"], spot, check)
        at, here = raw.get("at"), (*spot, "at")
        keys = [str(key["name"]) for key in lookup["keys"]]
        if not isinstance(at, Mapping):
            check.report("lookup-shape", f"at gives every key its value: {', '.join(keys)}", here)
            return kind
        check.report_unknown_fields(at, keys, f"the lookup {name}", here)
        missing = [key for key in keys if key not in at]
        if missing:
            check.report("lookup-shape", f"at gives no value for {', '.join(missing)}; add it", here)
        for place, key in enumerate(lookup["keys"]):
            if key["name"] in at:
                cells = (row[place] for edition in lookup["values"] for row in edition["rows"] or ())
                known = list(dict.fromkeys(cells))
                _check_key(key, known, at[key["name"]], (*here, key["name"]), check)
        return kind


def _check_column(
    raw: Mapping[str, Any], columns: Sequence[Mapping[str, Any]], spot: Spot, check: UnitCheck
) -> Kind | None:
    kinds: dict[str, Kind] = {str(column["name"]): column["unit"] for column in columns}
    if "column" not in raw:
        if len(kinds) > 1:
            check.report("lookup-shape", f"say which column: {', '.join(kinds)}", spot)
        return next(iter(kinds.values()))
    name = raw["column"]
    if name not in kinds:
        check.report(
            "lookup-shape",
            f'the lookup has no column "{name}"{did_you_mean(name, kinds)}',
            (*spot, "column"),
        )
    return kinds.get(str(name))


def _check_key(key: Mapping[str, Any], known: Sequence[Any], raw: Any, spot: Spot, check: UnitCheck) -> None:
    """Check the value by which a row is found; `known` are the values that rows have."""
    name, kind = key["name"], key["unit"]
    if kind not in (Kind.CHOICE, Kind.FLAG):
        held = check.kind(raw, spot)
        if (kind is Kind.MONEY) != (held is Kind.MONEY) and held is not None:
            check.report("value-kind", f"{name} is {kind} but what it is looked up by is {held}", spot)
    elif isinstance(raw, Mapping):
        _check_key_fact(key, known, raw, spot, check)
    elif raw not in known or isinstance(raw, bool) != (kind is Kind.FLAG):
        hint = did_you_mean(raw, map(str, known))
        check.report("lookup-shape", f'no row has "{raw}" for {name}{hint}', spot)


def _check_key_fact(
    key: Mapping[str, Any], known: Sequence[Any], raw: Mapping[str, Any], spot: Spot, check: UnitCheck
) -> None:
    name, kind = key["name"], key["unit"]
    if set(raw) != {"fact"}:
        check.report("lookup-shape", f"{name} is {kind}; write {{fact: name}} or a constant", spot)
        return
    here = (*spot, "fact")
    fact = check.fact(raw["fact"], here)
    if fact is None:
        return
    if fact.kind is not kind:
        check.report("value-kind", f"{name} is {kind} but {fact.name} is {fact.kind}", here)
        return
    odd = [word for word in known if kind is Kind.CHOICE and word not in fact.choices]
    if odd:
        hint = did_you_mean(odd[0], fact.choices)
        check.report(
            "lookup-shape",
            f"{fact.name} is never {odd[0]}, which rows of the lookup have for {name}{hint}",
            here,
        )
