"""JSON text as plain data, with line and column of every value.

Duplicate keys, oversized numbers, deep nesting and lone surrogates are refused.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import Any

from restructure.errors import InvalidInput, Issue

__all__ = ["MAX_DEPTH", "MAX_DIGITS", "Place", "Places", "json_places", "read_json", "whole_number"]

MAX_DEPTH = 60
"""Levels of nesting that a text may have."""
MAX_DIGITS = 60
"""Digits that a number may have."""

Place = tuple[str | int, ...]
"""Keys and positions from the top of a document to a value, such as ("loan", "payments", 0, "on")."""
Places = dict[Place, tuple[int, int]]
"""Line and column of every value, at its key where it has one."""


def read_json(text: str, file: str | None) -> Any:
    """Parse a JSON text; raises `InvalidInput` with line and column."""
    duplicates = False

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal duplicates
        mapping = dict(items)
        duplicates = duplicates or len(mapping) != len(items)
        return mapping

    def broken(message: str, line: int | None = None, column: int | None = None) -> InvalidInput:
        return InvalidInput(Issue("json-broken", message, "", file, line, column))

    try:
        data = json.loads(text, object_pairs_hook=pairs, parse_int=whole_number)
    except json.JSONDecodeError as error:
        raise broken(f"{error.msg}; correct the text just before here", error.lineno, error.colno) from None
    except RecursionError:
        raise broken(f"the text is nested more than {MAX_DEPTH} levels deep; flatten it") from None
    except ValueError as error:
        raise broken(str(error)) from None
    if duplicates:
        raise InvalidInput(
            Issue(
                "key-duplicate",
                f'"{place[-1]}" occurs twice in one object; remove one',
                ".".join(map(str, place)),
                file,
                *position,
            )
            for place, position in _Scanner(text).repeated
        )
    _check_text(data, broken)
    return data


def whole_number(digits: str) -> int:
    """Read the digits of a whole number; raises `ValueError` for too many."""
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"a number has {len(digits):,} digits; at most {MAX_DIGITS} are read")
    return int(digits)


def _check_text(value: Any, broken: Callable[[str], InvalidInput], depth: int = 0) -> None:
    """Refuse a text that is nested too deeply or has a lone surrogate, which no UTF-8 file can hold."""
    if depth > MAX_DEPTH:
        raise broken(f"the text is nested more than {MAX_DEPTH} levels deep; flatten it")
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise broken(
                "a text has half of a character (a lone surrogate); write the whole character"
            ) from None
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            _check_text(key, broken, depth + 1)
            _check_text(inner, broken, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check_text(inner, broken, depth + 1)


def json_places(text: str) -> Places:
    """Give line and column of every value of a text that is known to be JSON."""
    return _Scanner(text).places


class _Scanner:
    """Locates every value of a text that is known to be JSON."""

    _SPACE = re.compile(r"[ \t\n\r]*")
    _TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
    _ATOM = re.compile(r"[^\s,\]}]+")

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(newline.end() for newline in re.finditer("\n", text))]
        self.places: Places = {(): self._at(self._skip(0))}
        self.repeated: list[tuple[Place, tuple[int, int]]] = []
        self._value(self._skip(0), ())

    def _at(self, position: int) -> tuple[int, int]:
        line = bisect_right(self.starts, position)
        return line, position - self.starts[line - 1] + 1

    def _skip(self, position: int) -> int:
        space = self._SPACE.match(self.text, position)
        return space.end() if space else position

    def _end(self, pattern: re.Pattern[str], position: int) -> int:
        token = pattern.match(self.text, position)
        assert token, "the text is known to be JSON"
        return token.end()

    def _value(self, position: int, place: Place) -> int:
        self.places.setdefault(place, self._at(position))
        opening = self.text[position]
        if opening == '"':
            return self._end(self._TEXT, position)
        if opening not in "{[":
            return self._end(self._ATOM, position)
        closing = "}" if opening == "{" else "]"
        seen: set[str] = set()
        position, number = self._skip(position + 1), 0
        while self.text[position] != closing:
            inner: Place = (*place, number)
            if opening == "{":
                end = self._end(self._TEXT, position)
                key = json.loads(self.text[position:end])
                inner = (*place, key)
                if key in seen:
                    self.repeated.append((inner, self._at(position)))
                seen.add(key)
                self.places[inner] = self._at(position)
                position = self._skip(self._skip(end) + 1)
            position = self._skip(self._value(position, inner))
            number += 1
            if self.text[position] == ",":
                position = self._skip(position + 1)
        return position + 1
