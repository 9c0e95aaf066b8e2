"""Charts to look closer: pictures of plans in Altair, with exact amounts under the pointer (extra `charts`)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import altair as alt

from restructure.report.plots.pictures import (
    BalancePicture,
    FrontierPicture,
    InstalmentsPicture,
    LedgerPicture,
    Mark,
    Payments,
    cells,
)
from restructure.report.plots.sheet import (
    SOLID,
    ChartRows,
    ChartSheet,
    amounts_axis,
    colour_scale,
    colours_of,
    days_axis,
    legend_of,
    line_style,
    moment,
    tooltips,
)
from restructure.report.plots.styles import COST_RAMP, INK, STYLES
from restructure.report.plots.ticks import amount_text, day_text, percent_text
from restructure.report.wording import Wording

__all__ = ["chart_balance", "chart_frontier", "chart_instalments", "chart_ledger"]

_FRONTIER_HEIGHT = 320


# --- instalments


def chart_instalments(picture: InstalmentsPicture, width: int) -> alt.LayerChart:
    """Give the payments of a plan as stacked bars, with the payments as agreed as an outline."""
    sheet = ChartSheet(width)
    wording, currency, plan, agreed = picture.wording, picture.currency, picture.plan, picture.agreed
    bars = sheet.layer(_stacked(plan, currency, wording, width)).mark_rect(clip=True)
    colours = {part.name: STYLES[part.key].colour for part in plan.parts}
    tips = tooltips(wording, "day", "part", "amount", "total")
    layers: list[Any] = [
        bars.encode(**_box(wording, currency), color=colours_of(colours, width), tooltip=tips)
    ]
    lines, dashes = list[Any](), dict[str, tuple[str, list[int]]]()
    if agreed is not None:
        dashes[agreed.name] = (STYLES[agreed.key].colour, SOLID)
        lines += _outline(sheet, agreed, currency, wording)
    if picture.affordable is not None:
        name = wording("plots.affordable")
        dashes[name] = (STYLES["affordable"].colour, [8, 3, 2, 3])
        shown = amount_text(picture.affordable, currency)
        rule = sheet.layer([{"y": float(picture.affordable), "part": name, "amount": shown}]).mark_rule(
            size=1.8
        )
        lines.append(rule.encode(y="y:Q", tooltip=tooltips(wording, "part", "amount")))
    if lines:
        styled = line_style(dashes, width, orient="bottom")
        layers.append(alt.layer(*(line.encode(**styled) for line in lines)))
    empty = [day for day, total in zip(plan.days, plan.totals, strict=True) if not total]
    if empty:
        name = wording("plots.nothing_due")
        rows = [{"x": moment(day), "y": 0, "part": name, "day": day_text(day, wording)} for day in empty]
        rings = sheet.layer(rows).mark_point(size=26, fill="white", strokeWidth=1.2, yOffset=-4)
        stroke = alt.Stroke(
            "part:N",
            title=None,
            scale=colour_scale({name: INK}),
            legend=legend_of([name], width, orient="bottom"),
        )
        layers.append(rings.encode(x="x:T", y="y:Q", stroke=stroke, tooltip=tooltips(wording, "day", "part")))
    return sheet.finished(layers, wording("plots.instalments"))


def _stacked(payments: Payments, currency: str, wording: Wording, width: int) -> ChartRows:
    """Give a rectangle for each component of each payment; they touch where a gap would be less than a pixel."""
    rows: ChartRows = []
    places = cells(payments.days)
    touching = len(places) * 5 > width
    least = (places[-1][1] - places[0][0]) / width if places else 0.0  # a pixel
    for k, (start, end) in enumerate(places):
        y, gap = Decimal(0), 0.0 if touching else (end - start) * 0.1
        end = max(end, start + 2 * gap + least)
        for part in payments.parts:
            amount = part.amounts[k]
            if amount:
                rows.append(
                    {
                        "x": moment(start + gap),
                        "x2": moment(end - gap),
                        "y": float(y),
                        "y2": float(y + amount),
                        "part": part.name,
                        "day": day_text(payments.days[k], wording),
                        "amount": amount_text(amount, currency),
                        "total": amount_text(payments.totals[k], currency),
                    }
                )
                y += amount
    return rows


def _outline(sheet: ChartSheet, payments: Payments, currency: str, wording: Wording) -> list[Any]:
    """Give the total of each payment as a line around its stretch of time, and a dot that says the amount."""
    line: ChartRows = []
    dots: ChartRows = []
    until: float | None = None
    for day, total, (start, end) in zip(payments.days, payments.totals, cells(payments.days), strict=True):
        if until is None or start > until:
            line += [{"x": moment(at), "y": 0} for at in ((start,) if until is None else (until, start))]
        line += [{"x": moment(at), "y": float(total)} for at in (start, end)]
        dots.append(
            {
                "x": moment(day),
                "y": float(total),
                "day": day_text(day, wording),
                "part": payments.name,
                "total": amount_text(total, currency),
            }
        )
        until = end
    if until is not None:
        line.append({"x": moment(until), "y": 0})
    line = [row | {"part": payments.name, "order": k} for k, row in enumerate(line)]
    drawn = sheet.layer(line).mark_line(strokeWidth=1.4, clip=True, strokeJoin="miter")
    under = sheet.layer(dots).mark_point(size=60, opacity=0, filled=True, clip=True)
    return [
        drawn.encode(x="x:T", y="y:Q", order="order:Q"),
        under.encode(x="x:T", y="y:Q", tooltip=tooltips(wording, "day", "part", "total")),
    ]


# --- balance


def chart_balance(picture: BalancePicture, width: int) -> alt.LayerChart:
    """Give what is owed after each day as steps."""
    sheet = ChartSheet(width)
    wording, currency = picture.wording, picture.currency
    dashes = {
        curve.name: (STYLES[curve.key].colour, SOLID if curve.key == "plan" else [5, 3])
        for curve in picture.curves
    }
    rows: ChartRows = [
        {
            "x": moment(day),
            "y": float(amount),
            "part": curve.name,
            "order": k,
            "day": day_text(day, wording),
            "amount": amount_text(amount, currency),
        }
        for curve in picture.curves
        for k, (day, amount) in enumerate(zip(curve.days, curve.amounts, strict=True))
    ]
    axes: dict[str, Any] = {
        "x": days_axis(wording),
        "y": alt.Y("y:Q", title=wording("plots.owed_after", currency=currency), axis=amounts_axis()),
    }
    tips = tooltips(wording, "day", "part", "amount")
    steps = sheet.layer(rows).mark_line(interpolate="step-after", strokeWidth=2, clip=True)
    under = sheet.layer(rows).mark_point(size=40, opacity=0, filled=True, clip=True)
    layers: list[Any] = []
    if picture.up_front:
        curve, name = picture.curves[-1], wording("plots.paid_up_front")
        paid = {
            "x": moment(curve.days[0]),
            "y": float(curve.amounts[0]),
            "y2": float(curve.amounts[1]),
            "part": name,
            "day": day_text(curve.days[0], wording),
            "amount": amount_text(picture.up_front, currency),
        }
        colour = colours_of({name: STYLES["paid"].colour}, width, orient="bottom")
        bar = sheet.layer([paid]).mark_bar(size=7)
        layers.append(bar.encode(x="x:T", y="y:Q", y2="y2:Q", color=colour, tooltip=tips))
    layers.append(steps.encode(**axes, **line_style(dashes, width), order="order:Q"))
    layers.append(under.encode(**axes, tooltip=tips))
    return sheet.finished(layers, wording("plots.balance"))


# --- ledger


def chart_ledger(picture: LedgerPicture, width: int) -> alt.LayerChart:
    """Give the ledger as a waterfall from top to bottom."""
    sheet = ChartSheet(width)
    wording, currency = picture.wording, picture.currency
    rows: ChartRows = []
    amounts: ChartRows = []
    names: dict[str, tuple[str, bool]] = {}
    for k, step in enumerate(picture.steps):
        label = f"{k:02}|{step.name}"  # the same word may name two rows
        start = step.start
        for share in step.shares:
            style = STYLES[share.key]
            names[share.name] = (style.colour, style.filled)
            rows.append(
                {
                    "step": label,
                    "row": step.name,
                    "x": float(start),
                    "x2": float(start + share.amount),
                    "part": share.name,
                    "amount": amount_text(share.amount, currency),
                    "filled": 0.95 if style.filled else 0.15,
                }
            )
            start += share.amount
        sign = {"less": "−", "more": "+"}.get(step.kind, "")
        text = sign + amount_text(step.amount, currency)
        amounts.append({"step": label, "text": text, "strong": step.kind == "total"})
    colours = {name: colour for name, (colour, _) in names.items()}
    axis = alt.Axis(
        labelExpr="substring(datum.value, 3)", labelLimit=200, title=None, domain=False, ticks=False
    )
    y = alt.Y("step:N", sort=None, axis=axis, scale=alt.Scale(paddingInner=0.35))
    x = alt.X("x:Q", title=wording("plots.amount", currency=currency), axis=amounts_axis(grid=True))
    bars = sheet.layer(rows).mark_bar(clip=True, strokeWidth=1.2)
    tips = [
        alt.Tooltip("row:N", title=wording("plots.step_label")),
        *tooltips(wording, "part", "amount"),
    ]
    words = sheet.layer(amounts).mark_text(align="right", dx=0, color=INK, fontSize=11)
    layers = [
        bars.encode(
            x=x,
            x2="x2:Q",
            y=y,
            color=colours_of(colours, width),
            stroke=alt.Stroke("part:N", scale=colour_scale(colours), legend=None),
            fillOpacity=alt.FillOpacity("filled:Q", scale=None, legend=None),
            tooltip=tips,
        ),
        words.encode(y=y, x=alt.value(width + 80), text="text:N"),
    ]
    return sheet.finished(layers, wording("plots.ledger"), height=26 * len(picture.steps), zoom=())


# --- frontier


def chart_frontier(picture: FrontierPicture, width: int) -> alt.LayerChart:
    """Give the plans by instalment and total paid, the cost in colour; mark the policy's first and the offers."""
    sheet = ChartSheet(width)
    wording, currency = picture.wording, picture.currency
    cost = wording("plots.expected_cost" if picture.expected else "plots.cost")
    axes: dict[str, Any] = {
        "x": alt.X(
            "x:Q",
            title=wording("plots.instalment_a_month", currency=currency),
            scale=alt.Scale(zero=False, nice=False, padding=54),
            axis=amounts_axis(),
        ),
        "y": alt.Y(
            "y:Q",
            title=wording("plots.total_paid", currency=currency),
            scale=alt.Scale(zero=False, nice=False, padding=24),
            axis=amounts_axis(),
        ),
    }
    tips = [
        alt.Tooltip("x_text:N", title=wording("plots.instalment_a_month", currency=currency)),
        alt.Tooltip("y_text:N", title=wording("plots.total_paid", currency=currency)),
        alt.Tooltip("cost_text:N", title=cost),
        alt.Tooltip("rows:Q", title=wording("plots.rows_label")),
        alt.Tooltip("rule:N", title=wording("plots.rule_label")),
    ]
    if picture.expected:
        tips.append(alt.Tooltip("redefault:N", title=wording("plots.redefault_label")))
    ramp = alt.Color(
        "cost:Q",
        title=cost,
        scale=alt.Scale(range=list(COST_RAMP), interpolate="rgb"),
        legend=alt.Legend(orient="right", gradientLength=180, tickCount=5, format=".1f"),
    )
    dots = sheet.layer([_dot(mark, currency, wording) for mark in picture.plans])
    layers: list[Any] = [
        dots.mark_circle(size=46, opacity=1, clip=True).encode(**axes, color=ramp, tooltip=tips)
    ]
    marked: ChartRows = []
    if picture.first is not None:
        marked.append(_dot(picture.first, currency, wording) | {"mark": wording("plots.first")})
    offered = [_dot(mark, currency, wording) | {"mark": wording("plots.offered")} for mark in picture.offered]
    marked += offered
    if marked:
        layers.append(_marks(sheet, marked, wording).encode(**axes, tooltip=tips))
    layers += _names_of(sheet, offered, axes, [*picture.plans, *picture.offered])
    return sheet.finished(layers, wording("plots.frontier"), height=_FRONTIER_HEIGHT, zoom=("x", "y"))


def _marks(sheet: ChartSheet, marked: ChartRows, wording: Wording) -> Any:
    """Put a ring around what the policy ranks first, and a diamond around each offer."""
    kinds = {
        wording("plots.first"): ("circle", "first"),
        wording("plots.offered"): ("diamond", "offered"),
    }
    kinds = {name: kinds[name] for name in kinds if any(row["mark"] == name for row in marked)}
    shape = alt.Shape(
        "mark:N",
        title=None,
        scale=alt.Scale(domain=list(kinds), range=[shape for shape, _ in kinds.values()]),
        legend=legend_of(kinds, sheet.width),
    )
    stroke = alt.Stroke(
        "mark:N",
        title=None,
        scale=alt.Scale(domain=list(kinds), range=[STYLES[key].colour for _, key in kinds.values()]),
        legend=legend_of(kinds, sheet.width),
    )
    rings = sheet.layer(marked).mark_point(size=190, strokeWidth=2.2, filled=False, clip=True)
    return rings.encode(shape=shape, stroke=stroke)


def _names_of(
    sheet: ChartSheet, offered: ChartRows, axes: dict[str, Any], every: Sequence[Mark]
) -> list[Any]:
    """Write the name of each offer beside it, the names of close ones above each other."""
    totals = [float(mark.total) for mark in every]
    spread = max(totals, default=0) - min(totals, default=0) or 1
    layers, before = [], float("-inf")
    for row in sorted(offered, key=lambda row: row["y"]):
        y = row["y"] / spread * (_FRONTIER_HEIGHT - 48)
        written = max(y, before + 14)
        text = sheet.layer([row]).mark_text(align="left", dx=12, dy=y - written, fontSize=11, color=INK)
        layers.append(text.encode(**axes, text="name:N"))
        before = written
    return layers


def _dot(mark: Mark, currency: str, wording: Wording) -> dict[str, Any]:
    return {
        "x": float(mark.instalment),
        "y": float(mark.total),
        "cost": None if mark.cost is None else float(mark.cost),
        "x_text": amount_text(mark.instalment, currency),
        "y_text": amount_text(mark.total, currency),
        "cost_text": percent_text(mark.cost, wording),
        "redefault": percent_text(mark.redefault, wording),
        "rows": mark.rows,
        "rule": mark.title,
        "name": mark.name,
    }


def _box(wording: Wording, currency: str) -> dict[str, Any]:
    return {
        "x": days_axis(wording),
        "x2": alt.X2("x2:T"),
        "y": alt.Y("y:Q", title=wording("plots.payment", currency=currency), axis=amounts_axis()),
        "y2": alt.Y2("y2:Q"),
    }
