"""Charts to look closer: the pictures of plans as Altair charts, with exact amounts under the pointer (extra `charts`).

Days are written without a time zone, which Vega reads as local time and shows again as local time.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
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
from restructure.report.plots.styles import COST_RAMP, INK, STYLES
from restructure.report.plots.ticks import amount_text, day_text, month_names, percent_text
from restructure.report.wording import Wording

__all__ = ["chart_balance", "chart_frontier", "chart_instalments", "chart_ledger"]

Rows = list[dict[str, Any]]

_AMOUNTS = ",.2~f"
_FONTS = (
    "system-ui, 'Segoe UI', Helvetica, Arial, 'Noto Sans', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', "
    "sans-serif"
)


# --- instalments


def chart_instalments(picture: InstalmentsPicture, width: int) -> alt.LayerChart:
    """Give the payments of a plan as stacked bars, with the payments as agreed as an outline."""
    wording, plan, agreed = picture.wording, picture.plan, picture.agreed
    names = {part.name: STYLES[part.key].colour for part in plan.parts}
    bars = _layer(_stacked(plan, picture.currency, wording)).mark_rect(clip=True, stroke="white", strokeWidth=0.2)
    layers: list[Any] = [bars.encode(**_box(wording, picture.currency), color=_colour(names), tooltip=_tips(wording))]
    if agreed is not None:
        names[agreed.name] = STYLES[agreed.key].colour
        layers += _outline(agreed, picture.currency, wording)
    if picture.affordable is not None:
        name = wording("plots.affordable")
        names[name] = STYLES["affordable"].colour
        shown = amount_text(picture.affordable, picture.currency)
        line = _layer([{"y": float(picture.affordable), "part": name, "amount": shown}])
        layers.append(
            line.mark_rule(strokeWidth=1.8, strokeDash=[8, 3, 2, 3]).encode(
                y="y:Q", color="part:N", tooltip=_named(wording, "part", "amount")
            )
        )
    empty = [day for day, total in zip(plan.days, plan.totals, strict=True) if not total]
    if empty:
        name = wording("plots.nothing_due")
        names[name] = INK
        rows = [{"x": _moment(day), "y": 0, "part": name, "day": day_text(day, wording)} for day in empty]
        rings = _layer(rows).mark_point(size=26, fill="white", strokeWidth=1.2, clip=False)
        layers.append(rings.encode(x="x:T", y="y:Q", color="part:N", tooltip=_named(wording, "day", "part")))
    layers[0] = layers[0].encode(color=_colour(names))
    return _finished(layers, wording("plots.instalments"), width)


def _stacked(payments: Payments, currency: str, wording: Wording) -> Rows:
    """Give a rectangle for each component of each payment."""
    rows: Rows = []
    for k, (start, end) in enumerate(cells(payments.days)):
        y, gap = Decimal(0), (end - start) * 0.1
        for part in payments.parts:
            amount = part.amounts[k]
            if amount:
                rows.append(
                    {
                        "x": _moment(start + gap),
                        "x2": _moment(end - gap),
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


def _outline(payments: Payments, currency: str, wording: Wording) -> list[Any]:
    """Give the total of each payment as a line around its stretch of time, and a dot that says the amount."""
    line: Rows = []
    dots: Rows = []
    until: float | None = None
    for day, total, (start, end) in zip(payments.days, payments.totals, cells(payments.days), strict=True):
        if until is None or start > until:
            line += [{"x": _moment(at), "y": 0} for at in ((start,) if until is None else (until, start))]
        line += [{"x": _moment(at), "y": float(total)} for at in (start, end)]
        dots.append(
            {
                "x": _moment(day),
                "y": float(total),
                "day": day_text(day, wording),
                "part": payments.name,
                "total": amount_text(total, currency),
            }
        )
        until = end
    if until is not None:
        line.append({"x": _moment(until), "y": 0})
    line = [row | {"part": payments.name, "order": k} for k, row in enumerate(line)]
    drawn = _layer(line).mark_line(strokeWidth=1.4, clip=True, strokeJoin="miter")
    under = _layer(dots).mark_point(size=60, opacity=0, filled=True, clip=True)
    return [
        drawn.encode(x="x:T", y="y:Q", color="part:N", order="order:Q"),
        under.encode(x="x:T", y="y:Q", tooltip=_named(wording, "day", "part", "total")),
    ]


# --- balance


def chart_balance(picture: BalancePicture, width: int) -> alt.LayerChart:
    """Give what is owed after each day as steps."""
    wording, currency = picture.wording, picture.currency
    names = {curve.name: STYLES[curve.key].colour for curve in picture.curves}
    rows: Rows = [
        {
            "x": _moment(day),
            "y": float(amount),
            "part": curve.name,
            "order": k,
            "day": day_text(day, wording),
            "amount": amount_text(amount, currency),
        }
        for curve in picture.curves
        for k, (day, amount) in enumerate(zip(curve.days, curve.amounts, strict=True))
    ]
    dashes = alt.StrokeDash(
        "part:N", scale=alt.Scale(domain=list(names), range=[[5, 3], [1, 0]][-len(names) :]), legend=None
    )
    steps = _layer(rows).mark_line(interpolate="step-after", strokeWidth=2, clip=True)
    axes = {
        "x": _days(wording),
        "y": alt.Y("y:Q", title=wording("plots.owed_after", currency=currency), axis=_money_axis()),
    }
    layers: list[Any] = [
        steps.encode(**axes, color=_colour(names), strokeDash=dashes, order="order:Q"),
        _layer(rows)
        .mark_point(size=40, opacity=0, filled=True, clip=True)
        .encode(**axes, tooltip=_named(wording, "day", "part", "amount")),
    ]
    if picture.up_front:
        curve, name = picture.curves[-1], wording("plots.paid_up_front")
        names[name] = STYLES["paid"].colour
        paid = {
            "x": _moment(curve.days[0]),
            "y": float(curve.amounts[0]),
            "y2": float(curve.amounts[1]),
            "part": name,
            "day": day_text(curve.days[0], wording),
            "amount": amount_text(picture.up_front, currency),
        }
        rule = _layer([paid]).mark_rule(strokeWidth=5, clip=True)
        tips = _named(wording, "day", "part", "amount")
        layers.append(rule.encode(x="x:T", y="y:Q", y2="y2:Q", color="part:N", tooltip=tips))
        layers[0] = layers[0].encode(color=_colour(names))
    return _finished(layers, wording("plots.balance"), width)


# --- ledger


def chart_ledger(picture: LedgerPicture, width: int) -> alt.LayerChart:
    """Give the ledger as a waterfall from top to bottom."""
    wording, currency = picture.wording, picture.currency
    rows: Rows = []
    amounts: Rows = []
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
    x = alt.X("x:Q", title=wording("plots.amount", currency=currency), axis=_money_axis(grid=True))
    bars = _layer(rows).mark_bar(clip=True, strokeWidth=1.2)
    tips = [
        alt.Tooltip("row:N", title=wording("plots.step_label")),
        *_named(wording, "part", "amount"),
    ]
    words = _layer(amounts).mark_text(align="right", dx=0, color=INK, fontSize=11)
    layers = [
        bars.encode(
            x=x,
            x2="x2:Q",
            y=y,
            color=_colour(colours),
            stroke=alt.Stroke("part:N", scale=_scale(colours), legend=None),
            fillOpacity=alt.FillOpacity("filled:Q", scale=None, legend=None),
            tooltip=tips,
        ),
        words.encode(y=y, x=alt.value(width + 80), text="text:N"),
    ]
    return _finished(layers, wording("plots.ledger"), width, height=26 * len(picture.steps), zoom=())


# --- frontier


def chart_frontier(picture: FrontierPicture, width: int) -> alt.LayerChart:
    """Give the plans by instalment and total paid, with the cost in colour, the policy's first and the offers marked."""
    wording, currency = picture.wording, picture.currency
    cost = wording("plots.expected_cost" if picture.expected else "plots.cost")
    axes = {
        "x": alt.X(
            "x:Q",
            title=wording("plots.instalment_a_month", currency=currency),
            scale=alt.Scale(zero=False, nice=True, padding=24),
            axis=_money_axis(),
        ),
        "y": alt.Y(
            "y:Q",
            title=wording("plots.total_paid", currency=currency),
            scale=alt.Scale(zero=False, padding=16),
            axis=_money_axis(),
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
        legend=alt.Legend(orient="right", gradientLength=180),
    )
    dots = _layer([_dot(mark, currency, wording) for mark in picture.plans])
    layers: list[Any] = [dots.mark_circle(size=46, opacity=1, clip=True).encode(**axes, color=ramp, tooltip=tips)]
    marked: Rows = []
    if picture.first is not None:
        marked.append(_dot(picture.first, currency, wording) | {"mark": wording("plots.first")})
    offered = [_dot(mark, currency, wording) | {"mark": wording("plots.offered")} for mark in picture.offered]
    marked += offered
    if marked:
        kinds = {wording("plots.first"): ("circle", "first"), wording("plots.offered"): ("diamond", "offered")}
        kinds = {name: kinds[name] for name in kinds if any(row["mark"] == name for row in marked)}
        shape = alt.Shape(
            "mark:N",
            title=None,
            scale=alt.Scale(domain=list(kinds), range=[shape for shape, _ in kinds.values()]),
            legend=_legend(),
        )
        stroke = alt.Stroke(
            "mark:N",
            title=None,
            scale=alt.Scale(domain=list(kinds), range=[STYLES[key].colour for _, key in kinds.values()]),
            legend=_legend(),
        )
        rings = _layer(marked).mark_point(size=190, strokeWidth=2.2, filled=False, clip=True)
        layers.append(rings.encode(**axes, shape=shape, stroke=stroke, tooltip=tips))
    if offered:
        names = _layer(offered).mark_text(align="left", dx=12, dy=-4, fontSize=11, color=INK, clip=False)
        layers.append(names.encode(**axes, text="name:N"))
    return _finished(layers, wording("plots.frontier"), width, height=320, zoom=("x", "y"))


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


# --- what all have


def _layer(rows: Rows) -> alt.Chart:
    return alt.Chart(alt.Data(values=rows))


def _finished(
    layers: Sequence[Any], title: str, width: int, *, height: int = 280, zoom: tuple[str, ...] = ("x",)
) -> alt.LayerChart:
    chart = alt.layer(*layers).properties(width=width, height=height, title=title, background="white")
    if zoom:
        chart = chart.add_params(alt.selection_interval(bind="scales", encodings=list(zoom)))
    return (
        chart.configure(font=_FONTS)
        .configure_title(anchor="start", color=INK, fontSize=14, fontWeight="normal")
        .configure_axis(labelColor=INK, titleColor=INK, titleFontWeight="normal", domainColor=INK)
        .configure_legend(labelColor=INK, titleColor=INK, titleFontWeight="normal", labelLimit=260)
        .configure_view(stroke=None)
    )


def _box(wording: Wording, currency: str) -> dict[str, Any]:
    return {
        "x": _days(wording),
        "x2": alt.X2("x2:T"),
        "y": alt.Y("y:Q", title=wording("plots.payment", currency=currency), axis=_money_axis()),
        "y2": alt.Y2("y2:Q"),
    }


def _days(wording: Wording) -> alt.X:
    return alt.X("x:T", title=None, axis=alt.Axis(labelExpr=_label_of_day(wording), grid=False, labelOverlap=True))


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


def _money_axis(*, grid: bool = False) -> alt.Axis:
    return alt.Axis(format=_AMOUNTS, grid=grid, tickCount=6, gridOpacity=0.4)


def _scale(colours: dict[str, str]) -> alt.Scale:
    return alt.Scale(domain=list(colours), range=list(colours.values()))


def _colour(colours: dict[str, str]) -> alt.Color:
    return alt.Color("part:N", title=None, scale=_scale(colours), legend=_legend())


def _legend() -> alt.Legend:
    return alt.Legend(orient="top", direction="horizontal", columns=0, symbolOpacity=1, offset=4)


def _tips(wording: Wording) -> list[alt.Tooltip]:
    return _named(wording, "day", "part", "amount", "total")


def _named(wording: Wording, *fields: str) -> list[alt.Tooltip]:
    return [alt.Tooltip(f"{field}:N", title=wording(f"plots.{field}_label")) for field in fields]


def _moment(day: date | float) -> str:
    """Write a day, or an ordinal with a fraction, as local time."""
    if isinstance(day, date):
        return f"{day.isoformat()}T00:00:00"
    whole = int(day)
    moment = datetime.combine(date.fromordinal(whole), datetime.min.time()) + timedelta(days=day - whole)
    return moment.isoformat(timespec="seconds")
