"""Inputs: what a caller may give where a record or a day belongs, read as strictly as a file.

A record is read from a path, from a text, or from plain data (a mapping, such as a request's body or a row of a table);
scalars of numpy and pandas become plain Python exactly, or are refused with their place.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum, StrEnum
from fractions import Fraction
from math import isfinite
from os import PathLike
from typing import Any, TypeVar

from pydantic import BaseModel

from restructure.document import Document, Place, read_document, text_document
from restructure.errors import InvalidInput, Issue

__all__ = [
    "Day",
    "Source",
    "day_of",
    "document_of",
    "is_text",
    "plain_scalar",
    "record_of",
    "with_values",
    "word_of",
]

Source = str | PathLike[str] | bytes | Mapping[str, Any]
"""A path, a text of JSON or YAML, or plain data."""

Day = date | str
"""A date, or its text: "2026-03-18"."""

_DEEPEST = 60
_MOST_VALUES = 200_000  # far more than a file of 4 MiB holds of any use
_LARGEST_NUMBER = 10**60  # as in a file
_YEARS = range(1900, 3000)
_INDEX = re.compile(r"0|[1-9][0-9]{0,5}")
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def document_of(source: Source, what: str, *, exact_numbers: bool = False) -> Document:
    """Read a path, a text or plain data as a document; `what` names it in the sentence of a refusal.

    A text is JSON if it begins with a brace, YAML if it has several lines, and a path otherwise. Raises `InvalidInput`.

    >>> document_of('{"reference": "A-1"}', "an application").data
    {'reference': 'A-1'}
    """
    if isinstance(source, Mapping):
        data, faults = _plain(source, exact=exact_numbers)
        if faults:
            raise InvalidInput(faults)
        return Document(data, file=None, places={})
    if isinstance(source, bytes | bytearray):
        return text_document(bytes(source), exact_numbers=exact_numbers)
    if isinstance(source, str):
        if is_text(source):
            return text_document(source, exact_numbers=exact_numbers)
        return read_document(source, exact_numbers=exact_numbers)
    if isinstance(source, PathLike):
        return read_document(str(source), exact_numbers=exact_numbers)
    raise InvalidInput(
        Issue("input-kind", f"{_shown(source)} is not {what}; give the record, a path, a text or a mapping")
    )


def is_text(source: str) -> bool:
    """Tell a text of JSON or YAML from a path: it begins with a brace or has several lines."""
    return source.lstrip().startswith("{") or "\n" in source


_Known = TypeVar("_Known")


def record_of(model: type[_Known], given: _Known, place: str) -> _Known:
    """Give a record back, and refuse with a sentence what is none of its class.

    >>> record_of(date, date(2026, 3, 18), "on")
    datetime.date(2026, 3, 18)
    """
    if isinstance(given, model):
        return given
    article = "an" if model.__name__[0] in "AEIO" else "a"
    raise InvalidInput(Issue("input-kind", f"{_shown(given)} is not {article} {model.__name__}", place))


def day_of(on: Day, place: str = "on") -> date:
    """Read a day: a date, its text, or a moment that is midnight without a time zone.

    >>> day_of("2026-03-18")
    datetime.date(2026, 3, 18)
    """
    if type(on) is date and on.year in _YEARS:
        return on
    day, fault = _day(on)
    if day is not None and day.year not in _YEARS:
        day, fault = None, f"{day} lies outside the years {_YEARS[0]} to {_YEARS[-1]}; correct it"
    if day is None:
        raise InvalidInput(Issue("date-invalid", fault, place))
    return day


def _day(value: Any) -> tuple[date | None, str]:
    wanted = 'give a date or its text, such as "2026-03-18"'
    value = plain_scalar(value)
    if isinstance(value, datetime):
        if _is_nothing(value):
            return None, f"{value} is no day; {wanted}"
        if value.tzinfo is None and value.time() == time():
            return value.date(), ""
        return (
            None,
            f"{value.isoformat()} is a moment and not a day; give moment.date() in the lender's time zone",
        )
    if isinstance(value, date):
        return value, ""
    if isinstance(value, str):
        try:
            if _ISO_DAY.fullmatch(value):
                return date.fromisoformat(value), ""
        except ValueError:
            pass
    return None, f"{_shown(value)} is not a date; {wanted}"


_Word = TypeVar("_Word", bound=StrEnum)


def word_of(words: type[_Word], given: _Word | str, place: str) -> _Word:
    """Read a word of an enumeration; raises `InvalidInput` that lists the words.

    >>> from restructure.calculator.conventions.money import Rounding
    >>> word_of(Rounding, "half_even", "rounding")
    <Rounding.HALF_EVEN: 'half_even'>
    """
    try:
        return words(given)
    except ValueError:
        known = ", ".join(word.value for word in words)
        raise InvalidInput(Issue("choice-unknown", f"{_shown(given)} is not one of {known}", place)) from None


def _is_nothing(value: Any) -> bool:
    """Tell the missing values of pandas, which compare unequal to themselves or to nothing at all."""
    return type(value).__name__ in ("NaTType", "NAType")


def plain_scalar(value: Any) -> Any:
    """Give a scalar of numpy as the plain value that it holds."""
    if type(value).__module__.partition(".")[0] == "numpy" and hasattr(value, "item"):
        if type(value).__name__ == "datetime64":
            exact = value.astype("datetime64[us]")  # a month or a year is no day, and has no plain value
            return exact.item() if exact == value and str(value.dtype)[-2] not in "YM" else value
        return value.tolist() if getattr(value, "shape", ()) else value.item()
    return value


def _shown(value: Any) -> str:
    try:
        text = ascii(value)
    except (
        Exception
    ):  # a number of many thousand digits, endless nesting, whatever an object does when it is shown
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= 40 else f"{text[:37]}..."


def _plain(source: Mapping[Any, Any], *, exact: bool) -> tuple[Any, list[Issue]]:
    """Turn data of a Python program into what a file could have held, and list what no file could."""
    data = _PlainData(exact=exact)
    return data.build(source, ()), data.faults


class _PlainData:
    """Plain data in the making, with what cannot be plain."""

    def __init__(self, *, exact: bool) -> None:
        self.exact = exact
        self.faults: list[Issue] = []
        self.values = 0

    def reject(self, place: Place, message: str, code: str = "value-invalid") -> None:
        self.faults.append(Issue(code, message, ".".join(map(str, place))))

    def build(self, value: Any, place: Place) -> Any:
        if len(place) > _DEEPEST:
            self.reject(place, f"the data is nested more than {_DEEPEST} levels deep")
            return None
        self.values += 1
        if self.values > _MOST_VALUES:
            what = f"the data holds more than {_MOST_VALUES:,} values, or refers to itself"
            raise InvalidInput(Issue("file-too-large", what, ".".join(map(str, place[:3]))))
        value = plain_scalar(value)
        match value:
            case BaseModel():
                return value.model_dump(mode="json", by_alias=True)
            case Mapping():
                return dict(self.fields(value, place))
            case Sequence() if not isinstance(value, str | bytes | bytearray):
                return [self.build(item, (*place, k)) for k, item in enumerate(value)]
            case _:
                return self.scalar(value, place)

    def scalar(self, value: Any, place: Place) -> Any:
        match value:
            case Enum():
                return value.value
            case int() if abs(value) >= _LARGEST_NUMBER:
                self.reject(place, "the number has more than 60 digits")
            case None | bool() | int():
                return value
            case Decimal() if value.is_finite() and abs(value.adjusted()) <= _DEEPEST:
                return value
            case str() | Fraction():
                return str(value)
            case float() if isfinite(value):
                return Decimal(repr(float(value))) if self.exact else float(value)
            case date():
                day, message = _day(value)
                if day is None:
                    self.reject(place, message, "date-invalid")
                return day
            case _ if isinstance(value, float | Decimal) or _is_nothing(value):
                self.reject(place, f"{value!r} is no value; leave the field out where nothing is known")
            case _:
                what = "a text, a number, a date, a list or a mapping"
                self.reject(place, f"{_shown(value)} is not plain data: {what}")
        return None

    def fields(self, mapping: Mapping[Any, Any], place: Place) -> Iterator[tuple[str, Any]]:
        for key, value in mapping.items():
            if isinstance(key, str):
                yield str(key), self.build(value, (*place, key))
            elif isinstance(key, date) and not isinstance(key, datetime):  # a key that YAML reads as a day
                yield key.isoformat(), self.build(value, (*place, key.isoformat()))
            else:
                self.reject(place, f"the key {_shown(key)} is not a text")


def with_values(data: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Give plain data with some values replaced, each named by its dotted place; a list takes one more at its end.

    Raises `InvalidInput` for every place that does not exist.

    >>> with_values({"loan": {"rates": [{"day": 1}]}}, {"loan.rates.0.day": 2})
    {'loan': {'rates': [{'day': 2}]}}
    """
    if not isinstance(values, Mapping):
        raise InvalidInput(Issue("input-kind", f"{_shown(values)} is not a mapping of places to values"))
    changed, faults = _plain(data, exact=False)
    for dotted, value in values.items():
        if not isinstance(dotted, str):
            faults.append(
                Issue("field-unknown", f"{_shown(dotted)} is not a place such as loan.balances.fees")
            )
            continue
        steps = dotted.split(".")
        new, more = _plain({"value": value}, exact=False)
        faults += [
            Issue(issue.code, issue.message, dotted + issue.place.removeprefix("value")) for issue in more
        ]
        try:
            _replace(changed, steps, new["value"] if new else None)
        except LookupError as error:
            faults.append(Issue("field-unknown", str(error.args[0]), dotted))
    if faults:
        raise InvalidInput(faults)
    return dict(changed)


def _replace(data: Any, steps: list[str], value: Any) -> None:
    for k, step in enumerate(steps):
        last, before = k == len(steps) - 1, ".".join(steps[:k]) or "the record"
        if isinstance(data, list):
            if not _INDEX.fullmatch(step) or int(step) > len(data):
                raise LookupError(f"{before} has {len(data)} entries; name one by its number, from 0")
            if int(step) == len(data):
                data.append(value if last else {})
            elif last:
                data[int(step)] = value
            data = data[int(step)]
        elif isinstance(data, dict):
            if last:
                data[step] = value
            elif data.get(step) is None:
                data[step] = [] if _INDEX.fullmatch(steps[k + 1]) else {}
            data = data[step]
        else:
            raise LookupError(f"{before} is a single value and has no {step}")
