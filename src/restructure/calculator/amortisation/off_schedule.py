"""Asides: money that falls due outside the amortisation, laid on its rows."""

from collections.abc import Callable, Sequence
from datetime import date
from fractions import Fraction
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from restructure.calculator.amortisation.rows import Row, RowTuple
from restructure.calculator.conventions.money import split_evenly
from restructure.errors import Issue, Refused

__all__ = ["Aside", "Laid", "lay_on", "pad_rows"]

_INTEREST, _ACCRUED = Row._fields.index("interest"), Row._fields.index("accrued")
_NONE = Fraction(0)
_EMPTY = (0,) * (len(Row._fields) - 1)


class Aside(NamedTuple):
    """Money due outside the amortisation: in one row, or in equal parts over several."""

    column: int
    amount: int
    until: date | None = None
    """Falls due with the first row on or after this day."""
    at_maturity: bool = False
    """Falls due with the last row."""
    parts: int | None = None
    """Falls due in so many equal parts; 0: with every row that is left."""
    start: int = 0
    """Index of the first row that may take a part."""
    annual_rate: Fraction = _NONE
    """What it bears until it falls due."""


class Laid(NamedTuple):
    """What laying money on rows came to."""

    regular: int
    """What is spread onto every regular row."""
    interest: dict[int, int]
    """Interest of what waited, by the index of the row in which it falls due."""


def lay_on(
    rows: list[RowTuple],
    asides: Sequence[Aside],
    dues: Sequence[date],
    *,
    first: int,
    total: int,
    interest: Callable[[int, Fraction, date], int] = lambda amount, rate, due: 0,
) -> Laid:
    """Put asides onto rows, the first of which that takes any has the index `first`.

    `dues` are the due dates for rows that an early end of the amortisation has left out, `total` the number of
    rows planned; `interest` prices an amount that waits at a rate until a day. Raises `Refused` with `spread-too-long`.
    """
    regular, borne = 0, dict[int, int]()
    # Equal parts of several buckets in one column are parts of their sum, and what waits there at one rate bears
    # interest on its sum, rounded once: two halves are the whole.
    placed = sorted([(_place(aside, first), aside.amount) for aside in asides])
    for place, group in groupby(placed, key=itemgetter(0)):
        whole, on_a_day, at_maturity, until, column, parts, begin, annual_rate = place
        amount = sum([amount for _, amount in group])
        if not whole:
            if not parts and total:
                begin = min(begin, max(total, len(rows)) - 1)  # nothing is left after the last row
            available = max(total, len(rows)) - begin
            spread = parts or available
            if spread > available:
                raise Refused(
                    Issue(
                        "spread-too-long",
                        f"a bucket is to be spread over {spread} instalments but {available} are left",
                    )
                )
            pad_rows(rows, dues, begin + spread)
            portions = split_evenly(amount, spread)
            for k, portion in enumerate(portions, begin):
                if portion:
                    _add(rows, k, column, portion)
            regular += portions[0]
            continue
        if at_maturity:
            at = len(rows) - 1
        elif on_a_day:
            at = next((k for k, row in enumerate(rows) if row[0] >= until), len(rows))
            if at == len(rows):
                rows.append((until, *_EMPTY))
        else:
            pad_rows(rows, dues, begin + 1)
            at = begin
        _add(rows, at, column, amount)
        if annual_rate:
            bears = interest(amount, annual_rate, rows[at][0])
            _add(rows, at, _INTEREST, bears)
            _add(rows, at, _ACCRUED, bears)
            borne[at] = borne.get(at, 0) + bears
    return Laid(regular, borne)


def _place(aside: Aside, first: int) -> tuple[bool, bool, bool, date, int, int, int, Fraction]:
    """Tell where and how an aside falls due; those that agree in all of it add up.

    In the order in which they are laid: what may add rows for the same instalments first, then what falls due
    with the last instalment, then later days.
    """
    return (
        aside.parts is None,
        aside.until is not None,
        aside.at_maturity,
        aside.until or date.min,
        aside.column,
        aside.parts or 0,
        max(first, aside.start),
        aside.annual_rate,
    )


def pad_rows(rows: list[RowTuple], dues: Sequence[date], count: int) -> None:
    """Add empty instalments after an early end, for money that is still to come."""
    while len(rows) < count:
        rows.append((dues[len(rows)], *_EMPTY))


def _add(rows: list[RowTuple], at: int, column: int, amount: int) -> None:
    row = list(rows[at])
    row[column] += amount
    rows[at] = tuple(row)
