"""Styles: one colour and one hatch for each part of a chart, the same on paper and on a screen.

Every colour has a contrast of at least 3 to white. Those of one chart can be told apart by readers who do not see
red, green or blue, as simulated after Machado, Oliveira and Fernandes (2009); blue and vermilion are those of
Okabe and Ito.
"""

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["COST_RAMP", "INK", "STYLES", "Style"]


class Style(NamedTuple):
    """How a part is drawn."""

    colour: str
    """Colour of the area or line, such as `#0072B2`."""
    hatch: str = ""
    """Hatch over the area, so that it can be told without its colour."""
    filled: bool = True
    """Whether the area is filled; what is given up is an outline with a hatch."""


INK = "#14142B"
"""Colour of lines, frames and words."""

_BLUE, _VERMILION, _WINE, _PINK, _GREEN, _VIOLET, _GREY = (
    "#0072B2",
    "#D55E00",
    "#8C2257",
    "#CC79A7",
    "#009E73",
    "#7733CC",
    "#767676",
)

STYLES: Mapping[str, Style] = {
    # what an instalment consists of, in the order in which it is stacked
    "principal": Style(_BLUE),
    "interest": Style(_VERMILION, "///"),
    "arrears": Style(_WINE, "xxx"),
    "deferred": Style(_PINK, "..."),
    "penalty": Style(INK, "\\\\\\"),
    "fees": Style(_GREEN, "+++"),
    "paid": Style(_VIOLET, "---"),
    # what becomes of money that is owed
    "kept": Style(_BLUE),
    "capitalised": Style(_WINE, "xxx"),
    "parked": Style(_PINK, "..."),
    "spread": Style(_GREEN, "+++"),
    "carried": Style(INK, "\\\\\\"),
    "forgiven": Style(_GREY, "xxx", filled=False),
    "waived": Style(_GREY, "///", filled=False),
    # whole schedules and marks
    "agreed": Style(INK),
    "plan": Style(_BLUE),
    "affordable": Style("#484848"),
    "first": Style(_VERMILION),
    "offered": Style(INK),
}
"""The style of each part of a chart by its key."""

COST_RAMP = ("#3B0F6F", "#3C5A9A", "#1F7F8E", "#2A9D5C")
"""Colours of the cost to the lender, from the lowest to the highest; they also grow lighter."""
