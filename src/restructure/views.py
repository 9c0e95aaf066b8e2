"""Views: a record as headings, sentences and tables, made by the report package and asked for from anywhere.

The storeys below know that a record can be shown, not how: `restructure.report` registers a function for each class
of records, and is loaded when the first view is asked for.
"""

from collections.abc import Callable
from functools import singledispatch
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:  # importing the package loads this room, and need not load what draws
    from restructure.blocks import Block

__all__ = ["html_of", "registered_by", "summarise", "view_of"]

_Shown = TypeVar("_Shown")
_View = Callable[[_Shown, str], "list[Block]"]
_REGISTRANTS: list[str] = []


def registered_by(module: str) -> None:
    """Name a module that registers views when it is imported; it is loaded when the first view is asked for."""
    _REGISTRANTS.append(module)


@singledispatch
def _view(record: object, language: str) -> "list[Block]":
    raise TypeError(f"there is no view of {type(record).__name__}")


_MISSING = _view.dispatch(object)


def view_of(model: type[_Shown]) -> Callable[[_View[_Shown]], _View[_Shown]]:
    """Register a function of a record and a language as the view of a class of records."""

    def register(view: _View[_Shown]) -> _View[_Shown]:
        _view.register(model, view)
        return view

    return register


def _viewable(record: Any) -> bool:
    if _view.dispatch(type(record)) is _MISSING:
        for module in _REGISTRANTS:
            import_module(module)
    return _view.dispatch(type(record)) is not _MISSING


def summarise(record: Any, *, language: str = "en") -> "list[Block]":
    """Put a record into headings, sentences and tables, in the order in which it is read.

    Raises `TypeError` for a class of records that has no view.

    >>> from restructure import amortise, Terms
    >>> loan = Terms(
    ...     currency="CNY",
    ...     principal="1000",
    ...     annual_rate="12%",
    ...     instalments=3,
    ...     start="2026-01-05",
    ...     first_due="2026-02-05",
    ... )
    >>> summarise(amortise(loan))[0].text
    '3 instalments, 1,020.07 in all'
    """
    _viewable(record)
    return _view(record, language)


def html_of(record: Any, *, language: str = "en") -> str | None:
    """Give the view of a record as an HTML fragment, `None` where its class has none."""
    from restructure.blocks import to_html

    return to_html(summarise(record, language=language)) if _viewable(record) else None
