"""Sheets: what all charts on a screen share: data kept once, axes, legends, tooltips and the look.

Days are written without a time zone, which Vega reads as local time and shows again as local time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import altair as alt

from restructure.report.plots.styles import INK
from restructure.report.plots.ticks import legend_columns, month_names
from restructure.report.wording import Wording

__all__ = [
    "SOLID",
    "ChartRows",
    "ChartSheet",
    "amounts_axis",
    "colour_scale",
    "colours_of",
    "days_axis",
    "legend_of",
    "line_style",
    "moment",
    "tooltips",
]

ChartRows = list[dict[str, Any]]
"""Data of a layer, a row for each mark."""

SOLID = [1, 0]
"""The dashes of a line without gaps."""

_AMOUNTS = ",.2~f"
_FONTS = (
    "system-ui, 'Segoe UI', Helvetica, Arial, 'Noto Sans', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', "
    "sans-serif"
)


@dataclass(slots=True)
class ChartSheet:
    """A chart in the making: its data are kept once and by name, which Altair would else copy with every layer."""

    width: int
    """Width of the drawing area in pixels."""
    datasets: dict[str, ChartRows] = field(default_factory=dict)
    """The data of the layers by name."""

    def layer(self, rows: ChartRows) -> alt.Chart:
        """Begin a layer on data of its own."""
        name = f"rows-{len(self.datasets)}"
        self.datasets[name] = rows
        return alt.Chart(alt.NamedData(name=name))

    def finished(
        self, layers: Sequence[Any], title: str, *, height: int = 280, zoom: Sequence[Any] = ("x",)
    ) -> alt.LayerChart:
        """Put the layers together, with a title and the look that all charts have."""
        chart = alt.layer(*layers).resolve_scale(
            color="independent", stroke="independent", strokeDash="independent", shape="independent"
        )
        chart = chart.properties(width=self.width, height=height, title=title, background="white")
        if zoom:
            chart = chart.add_params(alt.selection_interval(bind="scales", encodings=list(zoom)))
        made: alt.LayerChart = (
            chart.configure(font=_FONTS)
            .configure_title(anchor="start", color=INK, fontSize=14, fontWeight="normal")
            .configure_axis(labelColor=INK, titleColor=INK, titleFontWeight="normal", domainColor=INK)
            .configure_legend(labelColor=INK, titleColor=INK, titleFontWeight="normal", labelLimit=260)
            .configure_view(stroke=None)
        )
        made.datasets = self.datasets  # last, since each of the calls above copies what the chart holds
        return made


def days_axis(wording: Wording) -> alt.X:
    """Give the axis of days, its labels in the language of the chart however far it is zoomed."""
    return alt.X(
        "x:T",
        title=None,
        scale=alt.Scale(padding=10),
        axis=alt.Axis(labelExpr=_label_of_day(wording), grid=False, labelOverlap=True),
    )


def _label_of_day(wording: Wording) -> str:
    """Write an expression of Vega for a tick: the year in January, else the month, or the day within a month."""
    value = "datum.value"
    words = {
        "year": f"year({value})",
        "month": f"{month_names(wording)}[month({value})]",
        "day": f"date({value})",
    }

    def written(key: str) -> str:
        # The places of the phrase are marked, then the text between them is quoted.
        marked = wording(key, **{name: f"\0{name}\0" for name in words}).split("\0")
        return " + ".join(words[text] if k % 2 else repr(text) for k, text in enumerate(marked) if text)

    first, january = f"date({value}) == 1", f"month({value}) == 0"
    return (
        f"{first} ? ({january} ? {written('plots.year')} : {written('plots.month')}) : {written('plots.day')}"
    )


def amounts_axis(*, grid: bool = False) -> alt.Axis:
    """Give an axis of amounts with thousands separators."""
    return alt.Axis(format=_AMOUNTS, grid=grid, tickCount=6, gridOpacity=0.4)


def colour_scale(colours: dict[str, str]) -> alt.Scale:
    """Give the scale that has exactly these colours, by name."""
    return alt.Scale(domain=list(colours), range=list(colours.values()))


def colours_of(colours: dict[str, str], width: int, orient: str = "top") -> alt.Color:
    """Give the colours of the parts of a layer, with their legend."""
    legend = legend_of(colours, width, orient=orient)
    return alt.Color("part:N", title=None, scale=colour_scale(colours), legend=legend)


def line_style(dashes: dict[str, tuple[str, list[int]]], width: int, orient: str = "top") -> dict[str, Any]:
    """Give colour and dash of lines, which share a legend."""
    colours = {name: colour for name, (colour, _) in dashes.items()}
    pattern = alt.Scale(domain=list(dashes), range=[dash for _, dash in dashes.values()])
    legend = legend_of(dashes, width, orient=orient, symbolType="stroke", symbolSize=300, symbolStrokeWidth=2)
    return {
        "stroke": alt.Stroke("part:N", title=None, scale=colour_scale(colours), legend=legend),
        "strokeDash": alt.StrokeDash("part:N", title=None, scale=pattern, legend=legend),
    }


def legend_of(names: Iterable[str], width: int, *, orient: Any = "top", **options: Any) -> alt.Legend:
    """Give a legend in as many columns as fit into the width of the chart."""
    columns = legend_columns(list(names), width / 11)
    return alt.Legend(
        orient=orient, direction="horizontal", columns=columns, symbolOpacity=1, offset=6, **options
    )


def tooltips(wording: Wording, *fields: str) -> list[alt.Tooltip]:
    """Give the lines that are shown under the pointer, from fields that are written out already."""
    return [alt.Tooltip(f"{name}:N", title=wording(f"plots.{name}_label")) for name in fields]


def moment(day: date | float) -> str:
    """Write a day, or an ordinal with a fraction, as local time."""
    if isinstance(day, date):
        return f"{day.isoformat()}T00:00:00"
    whole = int(day)
    moment = datetime.combine(date.fromordinal(whole), datetime.min.time()) + timedelta(days=day - whole)
    return moment.isoformat(timespec="seconds")
