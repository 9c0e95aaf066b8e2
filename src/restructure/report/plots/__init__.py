"""Plots of plans and frontiers: on paper with matplotlib (extra `plots`), to look closer with Altair (`charts`).

Each chart is described once, as exact amounts, days and words (`pictures`), and drawn by either of two renderers with
the same colours, names and order.
"""

from typing import TYPE_CHECKING

from restructure.lazy import exports

if TYPE_CHECKING:
    from restructure.report.plots.verbs import (
        chart_balance,
        chart_frontier,
        chart_instalments,
        chart_ledger,
        plot_balance,
        plot_frontier,
        plot_instalments,
        plot_ledger,
    )

__all__ = [
    "chart_balance",
    "chart_frontier",
    "chart_instalments",
    "chart_ledger",
    "plot_balance",
    "plot_frontier",
    "plot_instalments",
    "plot_ledger",
]

_HOMES = {
    "verbs": "chart_balance chart_frontier chart_instalments chart_ledger "
    "plot_balance plot_frontier plot_instalments plot_ledger",
}
"""The rooms of the names that are loaded when first asked for."""

if not TYPE_CHECKING:
    __getattr__, __dir__ = exports(__name__, _HOMES)
