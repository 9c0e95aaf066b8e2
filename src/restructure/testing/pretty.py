"""Readable form of a record, for the falsifying examples that Hypothesis prints."""

from contextlib import AbstractContextManager
from datetime import date
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any, Protocol

from restructure.record import Record
from restructure.short_form import spelled

__all__ = ["Printer", "pretty"]


class Printer(Protocol):
    """What Hypothesis and IPython hand to `_repr_pretty_`."""

    def text(self, obj: str, /) -> None:
        """Add text."""

    def breakable(self) -> None:
        """Add a blank, or begin a new line if the group is too wide."""

    def group(self, indent: int, opening: str, closing: str, /) -> AbstractContextManager[None]:
        """Keep what is inside together."""


def pretty(value: Any, printer: Printer, cycle: bool = False) -> None:
    """Print a record for Hypothesis in short form: without defaults, with amounts, rates and days as text.

    It reads back as the same record, since models read amounts, rates and days from text.
    """
    match value:
        case Record():
            changed = [
                (name, getattr(value, name))
                for name, field in type(value).model_fields.items()
                if field.is_required() or getattr(value, name) != field.get_default(call_default_factory=True)
            ]
            _grouped(f"{type(value).__name__}(", ")", [(f"{name}=", held) for name, held in changed], printer)
        case tuple():
            _grouped("(", ",)" if len(value) == 1 else ")", [("", held) for held in value], printer)
        case dict():
            _grouped("{", "}", [(f"{key!r}: ", held) for key, held in value.items()], printer)
        case Enum() | Decimal() | Fraction() | date():
            printer.text(repr(spelled(value)))
        case _:
            printer.text(repr(value))


def _grouped(opening: str, closing: str, parts: list[tuple[str, Any]], printer: Printer) -> None:
    with printer.group(4, opening, closing):
        for k, (label, held) in enumerate(parts):
            if k:
                printer.text(",")
                printer.breakable()
            printer.text(label)
            pretty(held, printer)
