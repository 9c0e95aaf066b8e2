"""Views: a record as headings, sentences and tables, made by the report package and asked for from anywhere.

The storeys below know that a record can be shown, not how: `restructure.report` registers a function for each class
of records, and is loaded when the first view is asked for.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import singledispatch
from importlib import import_module
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:  # importing the package loads this room, and need not load what draws
    from restructure.blocks import Block

__all__ = [
    "RowChoice",
    "View",
    "display_language",
    "html_of",
    "registered_by",
    "show",
    "summarise",
    "view_of",
    "worded_by",
]

RowChoice = int | Literal["all"] | None
"""How many rows of a schedule are shown: so many, all, or the first and last (none)."""

_Shown = TypeVar("_Shown")
_View = Callable[[_Shown, Any], "list[Block]"]
_REGISTRANTS: list[str] = []
_WORDINGS: list[Callable[[str, RowChoice], Any]] = []
_VARIABLE = "RESTRUCTURE_LANGUAGE"
_DISPLAY: list[str] = []


def registered_by(module: str) -> None:
    """Name a module that registers views when it is imported; it is loaded when the first view is asked for."""
    _REGISTRANTS.append(module)


def worded_by(wording: Callable[[str, RowChoice], Any]) -> None:
    """Register the function that gives the wording of a language, the second argument of each view."""
    _WORDINGS[:] = [wording]


def display_language(language: str | None = None) -> str:
    """Give the language in which records are shown unless another is asked for; set it first if one is given.

    It holds for the whole process and begins as the environment variable RESTRUCTURE_LANGUAGE says, else as English.
    Raises `InvalidInput` for a language that records are not shown in.

    >>> display_language()
    'en'
    """
    if language is not None:
        _wording(language, None).check(())
        _DISPLAY[:] = [language]
    return _DISPLAY[0] if _DISPLAY else os.environ.get(_VARIABLE) or "en"


@singledispatch
def _view(record: object, wording: Any) -> "list[Block]":
    raise TypeError(f"there is no view of {type(record).__name__}")


_MISSING = _view.dispatch(object)


def view_of(model: type[_Shown]) -> Callable[[_View[_Shown]], _View[_Shown]]:
    """Register a function of a record and a wording as the view of a class of records."""

    def register(view: _View[_Shown]) -> _View[_Shown]:
        _view.register(model, view)
        return view

    return register


def _viewable(record: Any) -> bool:
    if _view.dispatch(type(record)) is _MISSING:
        _load()
    return _view.dispatch(type(record)) is not _MISSING


def _load() -> None:
    for module in _REGISTRANTS:
        import_module(module)


def _wording(language: str, rows: RowChoice) -> Any:
    if not _WORDINGS:
        _load()
    return _WORDINGS[0](language, rows)


def summarise(record: Any, *, language: str | None = None, rows: RowChoice = None) -> "list[Block]":
    """Put a record into headings, sentences and tables, in the order in which it is read.

    `language` is the display language if none is given; `rows` says how many rows of a schedule are shown: the first
    and last if it is `None`, every one for `"all"`. Raises `TypeError` for a class of records that has no view, and
    `InvalidInput` for a language that the view and the texts of the record are not in.

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
    '3 instalments, 1,020.07 CNY in all'
    """
    _viewable(record)
    return _view(record, _wording(language or display_language(), rows))


@dataclass(frozen=True, slots=True, repr=False)
class View:
    """A record as it is shown: a page in a notebook, text elsewhere."""

    blocks: "Sequence[Block]"
    """Headings, sentences and tables, in the order in which they are read."""
    language: str
    """Language of the words, such as `zh`."""

    def __str__(self) -> str:
        """Give the text, as wide as the terminal."""
        from restructure.blocks import to_text

        return to_text(self.blocks, width=max(get_terminal_size((100, 24)).columns, 40)).rstrip("\n")

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Give the page, for a notebook."""
        from restructure.blocks import to_html

        return to_html(self.blocks, language=self.language)


def show(record: Any, *, language: str | None = None, rows: RowChoice = None) -> View:
    """Show a record: in a notebook as a page, in a terminal as text.

    `language` and `rows` as in `summarise`, and the same errors.

    >>> from restructure import decide, show
    >>> decision = decide("examples/illness.json", "cn-consumer-finance", on="2026-03-18")
    >>> show(decision, language="zh").language
    'zh'
    """
    language = language or display_language()
    return View(summarise(record, language=language, rows=rows), language)


def html_of(record: Any, *, language: str | None = None, rows: RowChoice = None) -> str | None:
    """Give the view of a record as an HTML fragment, `None` where its class has none."""
    return show(record, language=language, rows=rows)._repr_html_() if _viewable(record) else None
