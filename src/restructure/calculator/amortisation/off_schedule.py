"""Off-schedule amounts (carried, spread or deferred) added to the instalments in which they fall due."""

from collections.abc import Callable, Sequence
from datetime import date
from fractions import Fraction
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from restructure.calculator.amortisation.rows import Row, RowTuple
from restructure.calculator.conventions.money import split_evenly
from restructure.errors import Issue, Refused

__all__ = ["OffScheduleAmount", "OffScheduleTotals", "add_off_schedule", "pad_rows"]

_INTEREST, _ACCRUED = Row._fields.index("interest"), Row._fields.index("accrued")
_NONE = Fraction(0)
_EMPTY = (0,) * (len(Row._fields) - 1)


class OffScheduleAmount(NamedTuple):
    """Money due outside the amortisation: in a single row, or in equal parts over several."""

    column: int
    """Index of the column of `Row` in which it is due."""
    amount: int
    """Minor units."""
    until: date | None = None
    """Day it is deferred to: due with the first row on or after it."""
    at_maturity: bool = False
    """Whether it is due with the last row."""
    parts: int | None = None
    """Number of equal parts; 0: one with every row that is left; None: due at once."""
    start: int = 0
    """Index of the first row that may hold a part."""
    annual_rate: Fraction = _NONE
    """Rate a year that it bears until it is due, as a fraction of one."""


class OffScheduleTotals(NamedTuple):
    """Effect of off-schedule amounts on the rows, in minor units."""

    regular: int
    """Sum of the parts that are due with every regular row."""
    interest: dict[int, int]
    """Interest that deferred amounts have borne, by index of the row in which it is due."""


class _Place(NamedTuple):
    """Where and how an off-schedule amount falls due; amounts with the same place are added up.

    Sorts in the order in which amounts are added: what may add rows for the same instalments first, then what
    falls due with the last instalment, then later days.
    """

    whole: bool
    on_a_day: bool
    at_maturity: bool
    until: date
    column: int
    parts: int
    begin: int
    annual_rate: Fraction


def add_off_schedule(
    rows: list[RowTuple],
    amounts: Sequence[OffScheduleAmount],
    dues: Sequence[date],
    *,
    first: int,
    total: int,
    interest: Callable[[int, Fraction, date], int] = lambda amount, rate, due: 0,
) -> OffScheduleTotals:
    """Add off-schedule amounts to rows, none before the row with the index `first`.

    `dues` are the due dates for rows that an early end of the amortisation has left out, `total` the number of
    rows planned; `interest` gives the interest of an amount at a rate until a day. Raises `Refused` with
    `spread-too-long`.
    """
    regular, borne = 0, dict[int, int]()
    # Equal parts of several buckets in one column are parts of their sum, and what is deferred there at one rate
    # bears interest on its sum, rounded once: two halves are the whole.
    placed = sorted([(_place(amount, first), amount.amount) for amount in amounts])
    for place, group in groupby(placed, key=itemgetter(0)):
        amount = sum([part for _, part in group])
        if not place.whole:
            regular += _add_parts(rows, place, amount, dues, total)
            continue
        if place.at_maturity:
            at = len(rows) - 1
        elif place.on_a_day:
            at = next((k for k, row in enumerate(rows) if row[0] >= place.until), len(rows))
            if at == len(rows):
                rows.append((place.until, *_EMPTY))
        else:
            pad_rows(rows, dues, place.begin + 1)
            at = place.begin
        _add(rows, at, place.column, amount)
        if place.annual_rate:
            bears = interest(amount, place.annual_rate, rows[at][0])
            _add(rows, at, _INTEREST, bears)
            _add(rows, at, _ACCRUED, bears)
            borne[at] = borne.get(at, 0) + bears
    return OffScheduleTotals(regular, borne)


def _add_parts(rows: list[RowTuple], place: _Place, amount: int, dues: Sequence[date], total: int) -> int:
    """Spread an amount over rows in equal parts; gives the regular part."""
    begin, last = place.begin, max(total, len(rows))
    if not place.parts and total:
        begin = min(begin, last - 1)  # no row follows the last
    available = last - begin
    spread = place.parts or available
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
            _add(rows, k, place.column, portion)
    return portions[0]


def _place(amount: OffScheduleAmount, first: int) -> _Place:
    return _Place(
        amount.parts is None,
        amount.until is not None,
        amount.at_maturity,
        amount.until or date.min,
        amount.column,
        amount.parts or 0,
        max(first, amount.start),
        amount.annual_rate,
    )


def pad_rows(rows: list[RowTuple], dues: Sequence[date], count: int) -> None:
    """Add empty rows after an early end of the amortisation, for amounts still to fall due."""
    while len(rows) < count:
        rows.append((dues[len(rows)], *_EMPTY))


def _add(rows: list[RowTuple], at: int, column: int, amount: int) -> None:
    row = list(rows[at])
    row[column] += amount
    rows[at] = tuple(row)
