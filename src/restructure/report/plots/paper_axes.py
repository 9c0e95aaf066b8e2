"""Axes on paper: a figure that no other part of the program holds, fonts, ticks and a legend that fit its width."""

from collections.abc import Iterable, Sequence
from datetime import date
from io import BytesIO
from math import ceil
from typing import Any, cast

from matplotlib.axes import Axes
from matplotlib.dates import date2num
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import ScaledTranslation, Transform

from restructure.report.plots.fonts import families_for
from restructure.report.plots.styles import INK
from restructure.report.plots.ticks import date_ticks, legend_columns
from restructure.report.wording import Wording

__all__ = ["LegendEntry", "date_axis", "finish", "money_axis", "new_axes", "number", "pixels"]

_DPI = 110
_SIZE, _SMALL = 11.0, 9.0  # points: the title, and all other words
_USUAL_SHARE = 0.775  # of the width of a figure that its axes have before anything is laid out
_USUAL_LABELS = 4.5  # font sizes: amounts and a label to the left of the axes

LegendEntry = tuple[Any, str]
"""An artist and its name in the legend."""


class _PaperAxes(Axes):
    """Axes whose figure is shown by a notebook when they are the last value of a cell, without pyplot."""

    def _repr_png_(self) -> bytes:
        written = BytesIO()
        cast("Figure", self.figure).savefig(written, format="png")
        return written.getvalue()


def new_axes(width: float = 7.2, height: float = 3.6) -> Axes:
    """Make axes on a figure of their own, sized in inches, that pyplot does not hold."""
    figure = Figure(figsize=(width, height), dpi=_DPI, layout="constrained")
    return figure.add_subplot(axes_class=_PaperAxes)


def pixels(ax: Axes) -> float:
    """Give the width of the axes in pixels; a layout that fits the figure will make it no smaller."""
    return float(ax.get_window_extent().width)


def _room(ax: Axes, beside: float = 0.0) -> float:
    """Give the width of the axes as a multiple of the font size; a layout that fits gives them the usual margins."""
    size = ax.figure.dpi * _SMALL / 72
    if ax.figure.get_layout_engine() is None:
        return pixels(ax) / size
    return pixels(ax) / _USUAL_SHARE / size - (beside or _USUAL_LABELS) - 2


def number(day: date | float) -> float:
    """Give the place of a day on a date axis; fractions of a day come as ordinals."""
    if isinstance(day, date):
        return float(date2num(day))  # type: ignore[no-untyped-call]
    whole = int(day)
    return float(date2num(date.fromordinal(whole))) + day - whole  # type: ignore[no-untyped-call]


def date_axis(ax: Axes, days: Sequence[date], wording: Wording, *, margin: float) -> None:
    """Name the days on the x axis; `margin` days stay free on both sides."""
    first, last = min(days), max(days)
    ax.xaxis_date()
    ticks = date_ticks(first, last, wording, most=_room(ax))
    ax.set_xticks([number(day) for day, _ in ticks], [label for _, label in ticks])
    ax.set_xlim(number(first) - margin, number(last) + margin)


def money_axis(ax: Axes, axis: str = "y") -> None:
    """Write the amounts on an axis with thousands separators, and decimals where the steps need them."""
    chosen = ax.yaxis if axis == "y" else ax.xaxis
    chosen.set_major_locator(MaxNLocator(nbins=6 if axis == "y" else max(2, int(pixels(ax) / 90))))
    chosen.set_major_formatter(FuncFormatter(_amount))


def _amount(value: float, _: object) -> str:
    text = f"{value:,.2f}".rstrip("0").rstrip(".")
    return text.replace("-", "−")


def finish(
    ax: Axes,
    title: str,
    *,
    entries: Sequence[LegendEntry] = (),
    texts: Iterable[Any] = (),
    names: float = 0.0,
    amounts: float = 0.0,
) -> Axes:
    """Write the title and above the axes the legend, in fonts that have their characters.

    `names` and `amounts` are the widths of the words to the left and right of the axes, as multiples of their font
    size, where they are not as narrow as usual; title and legend then begin above the names.
    """
    texts = list(texts)
    legend = [name for _, name in entries]
    words = [title, ax.get_xlabel(), ax.get_ylabel(), *legend, *(text.get_text() for text in texts)]
    words += [label.get_text() for label in (*ax.get_xticklabels(), *ax.get_yticklabels())]
    fonts = families_for(words)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(INK)
    ax.tick_params(labelsize=_SMALL, labelfontfamily=fonts, colors=INK)
    shift = ScaledTranslation(-names * _SMALL / 72, 0, ax.figure.dpi_scale_trans)
    room = _room(ax, names + amounts) + names
    rows = _legend(ax, entries, fonts, room, ax.transAxes + shift) if entries else 0
    pad = 8 + 1.5 * _SMALL * rows
    heading = ax.set_title(title, loc="left", fontsize=_SIZE, fontfamily=fonts, color=INK, pad=pad)
    heading.set_transform(heading.get_transform() + shift)
    for text in (ax.xaxis.label, ax.yaxis.label, *texts):
        text.set_fontfamily(fonts)
        text.set_color(INK)
    for label in (ax.xaxis.label, ax.yaxis.label):
        label.set_fontsize(_SMALL)
    return ax


def _legend(ax: Axes, entries: Sequence[LegendEntry], fonts: list[str], room: float, above: Transform) -> int:
    """Lay the legend out in as many columns as fit between the title and the axes; gives the number of rows."""
    columns = legend_columns([name for _, name in entries], room)
    rows = ceil(len(entries) / columns)
    ax.legend(
        [artist for artist, _ in entries],
        [name for _, name in entries],
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        bbox_transform=above,
        ncols=columns,
        frameon=False,
        borderpad=0.2,
        borderaxespad=0.1,
        columnspacing=1.4,
        handlelength=1.8,
        labelspacing=0.25,
        labelcolor=INK,
        prop={"family": fonts, "size": _SMALL},
    )
    return rows
