"""Short form: a record on one line, for a debugger, a log and a failed assertion.

A record that somebody types is short and reads back: `Extend(instalments=6)`. A record that the library makes can have
hundreds of rows, so its class says in `_summary` what a person wants to know: `<Schedule: 24 instalments, …>`. Either
way the length is bounded here, whatever the fields have, and nothing is made that waits to be looked at.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

__all__ = [
    "LONGEST",
    "Waiting",
    "changed_fields",
    "counted",
    "short_form",
    "short_list",
    "short_value",
    "spelled",
]

LONGEST = 200
"""Characters of a short form, at most."""

_TEXT = 40
"""Characters of a text within a short form; a digest is cut to its beginning."""
_PART = 100
"""Characters of a record or a list within another."""
_ITEMS = 2
"""Items of a list that are written out."""


class Waiting:
    """A list whose items are made when they are read; its short form does not make them."""

    __slots__ = ()

    def _short(self, room: int) -> str:
        raise NotImplementedError


def short_form(record: BaseModel, room: int = LONGEST) -> str:
    """Write a record on one line of at most `room` characters: by its summary, else by its fields.

    Fields at their default are left out, as are those of `Field(repr=False)`.
    """
    name = type(record).__name__
    try:
        summary = record._summary() if hasattr(record, "_summary") else None
    except Exception:  # a debugger also shows a record that is half made, and must not fail on it
        summary = None
    if summary is not None:
        return f"<{_cut(_one_line(f'{name}: {summary}'), room - 2)}>" if room > 2 else "…"
    parts = ((f"{field}=", value) for field, value in changed_fields(record))
    return _joined(f"{name}(", parts, ")", room)


def changed_fields(record: BaseModel) -> Iterator[tuple[str, Any]]:
    """Give the fields of a record that differ from their defaults, in order; of one that is half made, those it has."""
    values = record.__dict__
    for name, info in type(record).model_fields.items():
        if info.repr and name in values and not _at_default(values[name], info):
            yield name, values[name]


def _at_default(value: Any, info: FieldInfo) -> bool:
    if info.is_required():
        return False
    if info.default_factory is not None:  # of an empty list or mapping, throughout the library
        return isinstance(value, Mapping | tuple | list) and not value
    # Of the same type, since 0 equals `False` and a list that waits would be made to be compared.
    return type(value) is type(info.default) and bool(value == info.default)


def short_value(value: Any, room: int = LONGEST) -> str:
    """Write the value of a field in short form, on one line of at most `room` characters."""
    text = _value(value, min(room, _PART))
    return text if len(text) <= room else "…"


def _value(value: Any, room: int) -> str:
    match value:
        case BaseModel():
            return short_form(value, room)
        case Waiting():
            return value._short(room)
        case tuple() | list():
            return short_list(value, room)
        case Mapping():
            pairs = ((f"{_quoted(key)}: ", held) for key, held in value.items())
            return _joined("{", pairs, "}", room, len(value))
        case bool() | None:
            return repr(value)
        case int() if not isinstance(value, Enum):
            return repr(value) if value.bit_length() <= 128 else f"<integer of {value.bit_length()} bits>"
        case _:
            text = value if type(value) is str else spelled(value)
            return f"{type(value).__name__}(…)" if text is None else _quoted(text)


def short_list(values: Sequence[Any], room: int = LONGEST) -> str:
    """Write the first items of a list, and how many there are."""
    opening, closing = "[]" if isinstance(values, list) else "()"
    closing = f",{closing}" if closing == ")" and len(values) == 1 else closing
    return _joined(opening, (("", item) for item in values), closing, room, len(values))


def spelled(value: Any) -> str | None:
    """Spell an amount, a rate, a day or a word as the text that a field reads back; none for anything else.

    >>> spelled(Decimal("1000.00")), spelled(Fraction(9, 50)), spelled(Fraction(1, 3)), spelled(date(2026, 3, 18))
    ('1000.00', '18%', '1/3', '2026-03-18')
    """
    match value:
        case Enum():
            return str(value.value)
        case Decimal():
            # An exponent of a million would be a million zeros.
            return f"{value:f}" if not value.is_finite() or abs(value.adjusted()) < _TEXT else str(value)
        case Fraction():
            if max(value.numerator.bit_length(), value.denominator.bit_length()) > 4096:
                return "…"  # Python refuses to write an integer of many thousand digits
            percent = Decimal(value.numerator * 100) / value.denominator
            if Fraction(percent) == value * 100:
                return f"{percent.normalize():f}%"
            return f"{value.numerator}/{value.denominator}"
        case datetime() | date():
            return value.isoformat()
        case _:
            return None


def counted(number: int, noun: str) -> str:
    """Write a number of things.

    >>> counted(1, "offer"), counted(1200, "plan")
    ('1 offer', '1,200 plans')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _quoted(value: Any) -> str:
    # The repr of a text escapes line breaks, control characters and lone surrogates.
    return repr(_cut(value if type(value) is str else str(value), _TEXT))


def _one_line(text: str) -> str:
    """Put a text on one line: what cannot be printed is escaped as in the repr of a text."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text[: 2 * LONGEST])


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _joined(
    opening: str, parts: Iterable[tuple[str, Any]], closing: str, room: int, count: int | None = None
) -> str:
    """Write as many parts as there is room for, of a list the first ones, and a mark where some are left out."""
    mark = "…" if count is None else f"… {count} in all"
    reserved = len(f", {mark}{closing}")
    if len(opening) + reserved > room:
        return "…"
    text = opening
    for number, (label, value) in enumerate(parts):
        comma = ", " if number else ""
        spare = room - len(text) - len(comma) - len(label) - reserved
        if spare < 1 or (count is not None and number == _ITEMS):
            return f"{text}{comma}{mark}{closing}"
        piece = short_value(value, spare)
        if piece == "…":
            return f"{text}{comma}{mark}{closing}"
        text += f"{comma}{label}{piece}"
    return text + closing
