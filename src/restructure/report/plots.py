"""Plots: a plan against what was agreed, and the frontier of plans (extra `plots`); importing this needs matplotlib."""

from datetime import date

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.dates import date2num

from restructure.calculator.amortisation.schedule import Schedule
from restructure.calculator.plans.plan import Plan
from restructure.casework.negotiation.frontier import Frontier

__all__ = ["plot_balance", "plot_frontier", "plot_instalments"]

_AGREED, _OFFERED, _CHOSEN = "#9aa5b1", "#1f6f8b", "#d1495b"


def plot_balance(plan: Plan, ax: Axes | None = None) -> Axes:
    """Draw what is owed after each instalment, arrears included, as agreed and under the plan, in major units."""
    ax = ax or _axes()
    for schedule, colour, label in _both(plan):
        days, amounts = _points(plan, schedule)
        ax.step(days, amounts, where="post", color=colour, label=label, linewidth=2)
    ax.xaxis_date()
    ax.set_title("What is still owed")
    return _finished(ax, plan)


def plot_instalments(plan: Plan, ax: Axes | None = None) -> Axes:
    """Draw what falls due on each day, as agreed and under the plan, in major units."""
    ax = ax or _axes()
    for shift, (schedule, colour, label) in zip((-4, 4), _both(plan), strict=False):
        days = [_day(row.due) + shift for row in schedule.rows]
        ax.bar(days, [float(row.total) for row in schedule.rows], width=8, color=colour, label=label)
    ax.xaxis_date()
    ax.set_title("What falls due")
    return _finished(ax, plan)


def plot_frontier(frontier: Frontier, ax: Axes | None = None) -> Axes:
    """Draw the plans of a frontier: instalment a month, total paid, and in colour what each costs the lender."""
    ax = ax or _axes()
    prospects = [point.offer.prospect for point in frontier.points]
    dots = ax.scatter(
        [float(prospect.instalment_after) for prospect in prospects],
        [float(prospect.total_after) for prospect in prospects],
        c=[100 * float(point.lender_loss) for point in frontier.points],
        cmap="viridis",
        s=36,
    )
    if frontier.chosen is not None:
        best = prospects[frontier.chosen]
        at = float(best.instalment_after), float(best.total_after)
        ax.scatter(
            *at, s=150, facecolors="none", edgecolors=_CHOSEN, linewidths=2, label="the policy's first"
        )
        ax.legend(frameon=False)
    ax.figure.colorbar(dots, ax=ax, label="cost to the lender, %")
    currency = prospects[0].currency if prospects else ""
    ax.set_xlabel(f"instalment a month, {currency}")
    ax.set_ylabel(f"total paid, {currency}")
    ax.set_title("What can be offered")
    ax.spines[["top", "right"]].set_visible(False)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    return ax


def _axes() -> Axes:
    return plt.subplots(figsize=(7, 3.2), layout="constrained")[1]


def _both(plan: Plan) -> tuple[tuple[Schedule, str, str], ...]:
    offered = (plan.schedule, _OFFERED, "under the plan")
    return (offered,) if plan.before is None else ((plan.before, _AGREED, "as agreed"), offered)


def _points(plan: Plan, schedule: Schedule) -> tuple[list[float], list[float]]:
    """Give the days and what is owed after each: the balance and the old money still to fall due."""
    rows = list(schedule.rows)
    owed = [float(row.balance) for row in rows]
    later = 0.0
    for k in range(len(rows) - 1, -1, -1):
        owed[k] += later
        later += float(rows[k].total - rows[k].principal - rows[k].interest)
    opening = float(rows[0].balance + rows[0].principal - rows[0].capitalised) + later if rows else 0.0
    return [_day(plan.position.on), *(_day(row.due) for row in rows)], [opening, *owed]


def _day(day: date) -> float:
    return float(date2num(day))  # type: ignore[no-untyped-call]


def _finished(ax: Axes, plan: Plan) -> Axes:
    ax.set_ylabel(plan.position.currency)
    ax.set_ylim(bottom=0)
    ax.legend(frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    return ax
