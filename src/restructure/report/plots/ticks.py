"""Ticks: days, months and amounts as the readers of a language write them."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from unicodedata import east_asian_width

from restructure.calculator.conventions.money import write_money
from restructure.report.wording import Wording

__all__ = [
    "amount_text",
    "date_ticks",
    "day_text",
    "legend_columns",
    "month_names",
    "percent_text",
    "text_width",
]

_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240)
_MINUS = "−"


def month_names(wording: Wording) -> list[str]:
    """Give the names of the months, or their numbers where a language writes those."""
    return wording("plots.months").split()


def day_text(day: date, wording: Wording) -> str:
    """Write a day: 18 Mar 2026, 2026年3月18日."""
    month = month_names(wording)[day.month - 1]
    return wording("plots.day", year=day.year, month=month, day=day.day)


def amount_text(amount: Decimal, currency: str) -> str:
    """Write an amount exactly, with thousands separators and a true minus sign."""
    return write_money(amount, currency).replace("-", _MINUS)


def percent_text(share: Decimal | None, wording: Wording) -> str:
    """Write a percentage with two decimals, or the word for what is not known."""
    return wording("word.unknown") if share is None else f"{share:.2f} %".replace("-", _MINUS)


def text_width(text: str) -> float:
    """Estimate the width of a text, as a multiple of its font size."""
    return sum(1.0 if east_asian_width(char) in "WF" else 0.58 for char in text)


def legend_columns(names: Sequence[str], room: float) -> int:
    """Give the most columns in which the names of a legend fit, each column as wide as its widest name.

    Columns are filled one after the other. `room` is a multiple of the font size; a name takes 3.9 more than its
    text, for its symbol and the gap.

    >>> legend_columns(["principal", "interest", "under the plan"], 26), legend_columns(["principal"], 5)
    (2, 1)
    """
    widths = [text_width(name) + 3.9 for name in names]
    for rows in range(1, len(widths) + 1):
        columns = [max(widths[k : k + rows]) for k in range(0, len(widths), rows)]
        if sum(columns) <= room:
            return len(columns)
    return 1


def date_ticks(first: date, last: date, wording: Wording, *, most: float) -> list[tuple[date, str]]:
    """Choose the days that an axis names: years, months or weeks, as many as fit.

    `most` is the room for labels, as a multiple of their font size.

    >>> from restructure.report.wording import Wording
    >>> date_ticks(date(2026, 3, 18), date(2027, 3, 18), Wording.of("zh"), most=40)[:2]
    [(datetime.date(2026, 5, 1), '2026年5月'), (datetime.date(2026, 7, 1), '2026年7月')]
    """
    span = (last - first).days
    if span < 75:
        step = next(
            (step for step in (1, 7, 14, 28) if span // step * _room(day_text(last, wording)) <= most), 56
        )
        return [
            (day, day_text(day, wording))
            for day in (first + timedelta(days=k * step) for k in range(span // step + 1))
        ]
    months = 12 * (last.year - first.year) + last.month - first.month
    for step in _MONTHS:
        label = _month_text(last, wording, step)
        if months / step * _room(label) <= most or step == _MONTHS[-1]:
            break
    start = 12 * first.year + first.month - 1 + (first.day > 1)
    start += -start % step
    every = range(start, 12 * last.year + last.month, step)
    days = [date(month // 12, month % 12 + 1, 1) for month in every]
    return [(day, _month_text(day, wording, step)) for day in days]


def _room(label: str) -> float:
    return text_width(label) + 1.6


def _month_text(day: date, wording: Wording, step: int) -> str:
    if step >= 12:
        return wording("plots.year", year=day.year)
    return wording("plots.month", year=day.year, month=month_names(wording)[day.month - 1])
