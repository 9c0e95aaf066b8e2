"""Differences of two records by place: a failed comparison of two records shows these instead of their short forms."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from restructure.record import Record
from restructure.short_form import short_value

__all__ = ["compared", "differences"]

_SHOWN = 12
_ABSENT = "absent"


def compared(left: object, right: object) -> list[str] | None:
    """Describe two records that should be equal, for pytest; none for anything else, and for equal ones."""
    if not (isinstance(left, Record) and isinstance(right, Record)) or left == right:
        return None
    if type(left) is not type(right):
        return None
    lines = list(islice(differences(left, right), _SHOWN + 1))
    more = ["…"] if len(lines) > _SHOWN else []
    return [f"{left!r} == {right!r}", "", "They differ at:", *(f"  {line}" for line in lines[:_SHOWN]), *more]


def differences(left: Any, right: Any, place: str = "") -> Iterator[str]:
    """List the places at which two values differ, each with both values in short form.

    >>> from restructure import Extend
    >>> list(differences(Extend(instalments=6), Extend(instalments=12)))
    ['instalments: 6 != 12']
    """
    if left == right and type(left) is type(right):
        return
    match left, right:
        case Record(), Record() if type(left) is type(right):
            for name in type(left).model_fields:
                own, other = left.__dict__.get(name, _ABSENT), right.__dict__.get(name, _ABSENT)
                yield from differences(own, other, _inside(place, name))
        case Mapping(), Mapping():
            for key in dict.fromkeys((*left, *right)):
                yield from differences(left.get(key, _ABSENT), right.get(key, _ABSENT), _inside(place, key))
        case Sequence(), Sequence() if not isinstance(left, str | bytes) and not isinstance(
            right, str | bytes
        ):
            if len(left) != len(right):
                yield f"{place or 'the list'}: {len(left)} items != {len(right)} items"
            for number, (own, other) in enumerate(zip(left, right, strict=False)):
                yield from differences(own, other, _inside(place, number))
        case _:
            yield f"{place or 'the value'}: {short_value(left)} != {short_value(right)}"


def _inside(place: str, name: object) -> str:
    return f"{place}.{name}" if place else str(name)
