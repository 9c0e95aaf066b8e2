"""Charts on paper: the pictures of plans drawn with matplotlib (extra `plots`)."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from statistics import median
from textwrap import wrap
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

from restructure.report.plots.paper_axes import (
    LegendEntry,
    date_axis,
    finish,
    money_axis,
    new_axes,
    number,
    pixels,
)
from restructure.report.plots.pictures import (
    BalancePicture,
    FrontierPicture,
    InstalmentsPicture,
    LedgerPicture,
    Mark,
    Payments,
    Step,
    cells,
)
from restructure.report.plots.styles import COST_RAMP, INK, STYLES
from restructure.report.plots.ticks import amount_text, text_width

__all__ = ["draw_balance", "draw_frontier", "draw_instalments", "draw_ledger"]

_LINES = {"agreed": "--", "plan": "-"}
_THINNEST_BAR, _THINNEST_CELL = 2.0, 1.0  # pixels
_HIGH_BAR = 3.0  # pixels, of a high payment in an area
_HATCH = 0.6  # points
_BAR = 0.8  # of the time between two due dates


# --- instalments


class _Group(NamedTuple):
    """Neighbouring payments that are drawn as one, because each alone would be thinner than a pixel."""

    first: int
    end: int
    highest: int
    """Index of the highest payment among them, which is the one that is drawn."""


def draw_instalments(picture: InstalmentsPicture, ax: Axes | None) -> Axes:
    """Draw the payments of a plan as stacked bars, areas where bars would be too thin; as agreed as an outline."""
    ax = ax or new_axes()
    wording, plan, agreed = picture.wording, picture.plan, picture.agreed
    days = [*plan.days, *(agreed.days if agreed else ())]
    entries: list[LegendEntry] = []
    if not days:
        text = ax.text(0.5, 0.5, wording("plots.nothing_at_all"), ha="center", transform=ax.transAxes)
        return finish(ax, wording("plots.instalments"), texts=[text])
    width = max(b - a for a, b in cells(plan.days or days))
    margin = max(width, (max(days) - min(days)).days * 0.01)
    date_axis(ax, days, wording, margin=margin)
    money_axis(ax)
    entries += _stack(ax, plan)
    if agreed is not None:
        entries.append(_outline(ax, agreed))
    if picture.affordable is not None:
        style = STYLES["affordable"]
        line = ax.axhline(float(picture.affordable), color=style.colour, linestyle="-.", linewidth=1.6)
        entries.append((line, wording("plots.affordable")))
    entries += _nothing_due(ax, plan, wording("plots.nothing_due"))
    ax.set_ylabel(wording("plots.payment", currency=picture.currency))
    highest = max((*plan.totals, *(agreed.totals if agreed else ()), picture.affordable or 0))
    ax.set_ylim(0, 1.06 * float(highest) or 1)
    return finish(ax, wording("plots.instalments"), entries=entries)


def _stack(ax: Axes, payments: Payments) -> list[LegendEntry]:
    """Stack the components of each payment at its day; gives an entry of the legend for each."""
    places = [(number(a), number(b)) for a, b in cells(payments.days)]
    if not places:
        return []
    per_day = _pixels_a_day(ax)
    usual = sorted(b - a for a, b in places)[len(places) // 2]
    middles = [number(day) for day in payments.days]
    if usual * _BAR * per_day >= _THINNEST_BAR:
        wide = [max(_BAR * (b - a), _THINNEST_BAR / per_day) for a, b in places]
        _bars(ax, payments, range(len(places)), middles, wide, hatched=True)
    else:
        _areas(ax, payments, places, _groups(payments, usual * per_day))
        high = _outstanding(payments)
        _bars(ax, payments, high, middles, [_HIGH_BAR / per_day] * len(middles), hatched=False)
    return [(_patch(part.key), part.name) for part in payments.parts]


def _bars(
    ax: Axes,
    payments: Payments,
    chosen: Sequence[int],
    middles: Sequence[float],
    wide: Sequence[float],
    *,
    hatched: bool,
) -> None:
    bottoms = [0.0] * len(chosen)
    for part in payments.parts:
        amounts = [float(part.amounts[k]) for k in chosen]
        drawn = _filled(part.key, hatched=hatched)
        bars = ax.bar(
            [middles[k] for k in chosen], amounts, width=[wide[k] for k in chosen], bottom=bottoms, **drawn
        )
        _thin_hatch(bars)
        bottoms = [bottom + amount for bottom, amount in zip(bottoms, amounts, strict=True)]


def _areas(
    ax: Axes, payments: Payments, places: Sequence[tuple[float, float]], groups: Sequence[_Group]
) -> None:
    bottoms = [0.0] * len(groups)
    for part in payments.parts:
        amounts = [float(part.amounts[group.highest]) for group in groups]
        tops = [bottom + amount for bottom, amount in zip(bottoms, amounts, strict=True)]
        edges, (high, low) = _skyline(places, groups, (tops, bottoms))
        often = sum(map(bool, amounts)) > len(amounts) / 5  # a hatch would hide what is a pixel wide
        area = ax.stairs(high, edges, baseline=low, fill=True, **_filled(part.key, hatched=often))
        _thin_hatch([area])
        bottoms = tops


def _outstanding(payments: Payments) -> list[int]:
    """Choose the payments at least half as high again as is usual, which an area shows as a line of a pixel or so."""
    due = [total for total in payments.totals if total]
    usual = median(due) if due else Decimal(0)
    return [k for k, total in enumerate(payments.totals) if total and total >= usual * 3 / 2]


def _groups(payments: Payments, wide: float) -> list[_Group]:
    """Group payments that are `wide` pixels each; the last group takes what is left over."""
    count = len(payments.days)
    size = max(1, -int(-_THINNEST_CELL // wide))
    firsts = list(range(0, max(count - size, 0) + 1, size))
    return [
        _Group(first, end, max(range(first, end), key=payments.totals.__getitem__))
        for first, end in zip(firsts, [*firsts[1:], count], strict=True)
    ]


def _skyline(
    places: Sequence[tuple[float, float]], groups: Sequence[_Group], every: Sequence[Sequence[float]]
) -> tuple[list[float], list[list[float]]]:
    """Give the borders of the groups and the values between them; time that no payment covers has zeros."""
    edges, values = list[float](), [list[float]() for _ in every]
    for at, group in enumerate(groups):
        start, stop = places[group.first][0], places[group.end - 1][1]
        if not edges:
            edges.append(start)
        elif start > edges[-1] + 0.01:  # days; cells that touch may differ in the last bits
            edges.append(start)
            for column in values:
                column.append(0.0)
        edges.append(stop)
        for column, given in zip(values, every, strict=True):
            column.append(given[at])
    return edges, values


def _outline(ax: Axes, payments: Payments) -> LegendEntry:
    """Draw the total of each payment as a line around its stretch of time."""
    places = [(number(a), number(b)) for a, b in cells(payments.days)]
    usual = sorted(b - a for a, b in places)[len(places) // 2]
    groups = _groups(payments, usual * _pixels_a_day(ax))
    highest = [float(payments.totals[group.highest]) for group in groups]
    edges, (totals,) = _skyline(places, groups, (highest,))
    line = ax.stairs(totals, edges, fill=False, color=STYLES[payments.key].colour, linewidth=1.3)
    return Line2D([], [], color=line.get_edgecolor(), linewidth=1.3), payments.name


def _nothing_due(ax: Axes, payments: Payments, name: str) -> list[LegendEntry]:
    """Mark the days on which nothing falls due."""
    empty = [number(day) for day, total in zip(payments.days, payments.totals, strict=True) if not total]
    if not empty:
        return []
    size = 4.5 if len(payments.days) < 120 else 2.5
    marks = ax.plot(
        empty, [0.0] * len(empty), "o", markersize=size, color=INK, markerfacecolor="white", clip_on=False
    )
    marks[0].set_zorder(4)
    return [(marks[0], name)]


def _pixels_a_day(ax: Axes) -> float:
    low, high = ax.get_xlim()
    return pixels(ax) / (high - low)


# --- balance


def draw_balance(picture: BalancePicture, ax: Axes | None) -> Axes:
    """Draw what is owed after each day as steps, and mark what is paid up front."""
    ax = ax or new_axes()
    wording, entries, days = (
        picture.wording,
        list[LegendEntry](),
        [day for c in picture.curves for day in c.days],
    )
    span = (max(days) - min(days)).days
    date_axis(ax, days, wording, margin=max(span * 0.02, 2))
    money_axis(ax)
    for curve in picture.curves:
        (line,) = ax.step(
            [number(day) for day in curve.days],
            [float(amount) for amount in curve.amounts],
            where="post",
            color=STYLES[curve.key].colour,
            linestyle=_LINES[curve.key],
            linewidth=2.0 if curve.key == "plan" else 1.4,
            solid_joinstyle="miter",
        )
        entries.append((line, curve.name))
    if picture.up_front:
        curve = picture.curves[-1]
        at = number(curve.days[0])
        ends = [float(amount) for amount in curve.amounts[:2]]
        (line,) = ax.plot([at, at], ends, color=STYLES["paid"].colour, linewidth=4, marker="_", markersize=9)
        amount = amount_text(picture.up_front, picture.currency)
        entries.append((line, f"{wording('plots.paid_up_front')} {amount}"))
    ax.set_ylabel(wording("plots.owed_after", currency=picture.currency))
    ax.set_ylim(0, 1.06 * max(float(amount) for c in picture.curves for amount in c.amounts) or 1)
    return finish(ax, wording("plots.balance"), entries=entries)


# --- ledger


def draw_ledger(picture: LedgerPicture, ax: Axes | None) -> Axes:
    """Draw the ledger as a waterfall from top to bottom, every row with its exact amount."""
    steps, wording = picture.steps, picture.wording
    ax = ax or new_axes(height=1.5 + 0.3 * len(steps))
    used: dict[str, str] = {}
    texts = []
    widest = max((text_width(amount_text(step.amount, picture.currency)) for step in steps), default=0)
    top = max((float(step.start + step.amount) for step in steps), default=1.0)
    ax.set_xlim(0, top * 1.0)
    for k, step in enumerate(steps):
        _row(ax, k, step, top)
        used |= {share.key: share.name for share in step.shares}
        sign = {"less": "−", "more": "+"}.get(step.kind, "")
        amount = sign + amount_text(step.amount, picture.currency)
        texts.append(
            ax.annotate(
                amount,
                (1.0, k),
                (9 * (widest + 1.8), 0),
                xycoords=ax.get_yaxis_transform(),
                textcoords="offset points",
                ha="right",
                va="center",
                fontsize=9,
            )
        )
        if step.kind == "total":
            texts[-1].set_fontweight("bold")
    narrow = max(14, int(pixels(ax) / 20))
    names = ["\n".join(wrap(step.name, narrow)) if " " in step.name else step.name for step in steps]
    ax.set_yticks(range(len(steps)), names)
    ax.set_ylim(len(steps) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    money_axis(ax, "x")
    ax.set_xlabel(wording("plots.amount", currency=picture.currency))
    entries = [(_patch(key), name) for key, name in used.items()]
    beside = max((text_width(line) for name in names for line in name.split("\n")), default=0)
    return finish(
        ax, wording("plots.ledger"), entries=entries, texts=texts, names=beside, amounts=widest + 1.8
    )


def _filled(key: str, *, hatched: bool = True) -> Any:
    style = STYLES[key]
    return {
        "facecolor": style.colour if style.filled else "white",
        "edgecolor": "white" if style.filled else style.colour,
        "hatch": style.hatch if hatched else "",
        "linewidth": 0 if style.filled else 1,
    }


def _patch(key: str) -> Patch:
    patch = Patch(**_filled(key))
    _thin_hatch([patch])
    return patch


def _thin_hatch(patches: Iterable[Patch]) -> None:
    for patch in patches:
        if hasattr(patch, "set_hatch_linewidth"):  # matplotlib 3.10 and later
            patch.set_hatch_linewidth(_HATCH)


def _row(ax: Axes, k: int, step: Step, top: float) -> None:
    """Draw the parts of one row after each other, and a hair line to where the next row begins."""
    left, least = float(step.start), 1.5 * top / pixels(ax)
    for share in step.shares:
        wide = float(share.amount)
        height = 0.72 if step.kind == "total" else 0.5
        hatched = wide > 5 * least or not STYLES[share.key].filled
        _thin_hatch(
            ax.barh(k, max(wide, least), left=left, height=height, **_filled(share.key, hatched=hatched))
        )
        left += wide
    end = float(step.start) if step.kind == "less" else left
    ax.plot([end, end], [k, k + 1], color=INK, linewidth=0.6, zorder=0.5)


# --- frontier


def draw_frontier(picture: FrontierPicture, ax: Axes | None) -> Axes:
    """Draw the plans by instalment and total paid, the cost in colour; mark the policy's first and the offers."""
    ax = ax or new_axes(height=4.2)
    wording, entries, texts = picture.wording, list[LegendEntry](), []
    money_axis(ax)
    money_axis(ax, "x")
    ax.set_xlabel(wording("plots.instalment_a_month", currency=picture.currency))
    ax.set_ylabel(wording("plots.total_paid", currency=picture.currency))
    if picture.plans:
        ramp = LinearSegmentedColormap.from_list("cost", COST_RAMP)
        costs = [float(mark.cost or 0) for mark in picture.plans]
        dots = ax.scatter(*_places(picture.plans), c=costs, cmap=ramp, s=30, linewidths=0)
        bar = ax.figure.colorbar(dots, ax=ax)
        bar.outline.set_visible(False)
        name = "plots.expected_cost" if picture.expected else "plots.cost"
        bar.set_label(wording(name), fontsize=9)
        bar.ax.tick_params(labelsize=9)
        texts.append(bar.ax.yaxis.label)
    else:
        texts.append(ax.text(0.5, 0.5, wording("plots.no_plan"), ha="center", transform=ax.transAxes))
    if picture.first is not None:
        entries.append(_marked(ax, [picture.first], "first", "o", 190, wording("plots.first")))
    if picture.offered:
        entries.append(_marked(ax, picture.offered, "offered", "D", 80, wording("plots.offered")))
    ax.margins(0.1)
    ax.autoscale_view()
    texts += _named(ax, picture.offered)
    return finish(ax, wording("plots.frontier"), entries=entries, texts=texts)


def _named(ax: Axes, marks: Sequence[Mark]) -> list[Text]:
    """Write the name of each mark beside it, the names of close ones above each other."""
    texts, before = list[Text](), float("-inf")
    points = 72 / ax.figure.dpi
    for mark in sorted(marks, key=lambda mark: mark.total):
        at = float(mark.instalment), float(mark.total)
        y = ax.transData.transform(at)[1] * points
        written = max(y - 4, before + 12)
        texts.append(
            ax.annotate(
                mark.name,
                at,
                (9, written - y),
                textcoords="offset points",
                fontsize=9,
                zorder=4,
            )
        )
        before = written
    return texts


def _places(marks: Sequence[Mark]) -> tuple[list[float], list[float]]:
    return [float(mark.instalment) for mark in marks], [float(mark.total) for mark in marks]


def _marked(ax: Axes, marks: Sequence[Mark], key: str, shape: str, size: float, name: str) -> LegendEntry:
    """Draw rings or diamonds around some plans."""
    drawn: Any = {"facecolors": "none", "edgecolors": STYLES[key].colour, "linewidths": 2, "marker": shape}
    return ax.scatter(*_places(marks), s=size, zorder=3, **drawn), name
