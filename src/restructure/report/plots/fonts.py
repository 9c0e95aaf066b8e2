"""Fonts: one that has the characters of a chart, chosen for that chart alone."""

import warnings
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import matplotlib as mpl
from matplotlib import font_manager

__all__ = ["families_for"]

_FIRST_IDEOGRAPH = "\u2e80"
_FAMILIES = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Source Han Sans",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Sarasa Gothic SC",
    "LXGW WenKai",
    "SimHei",
    "Heiti SC",
    "STHeiti",
    "Noto Sans CJK JP",
    "Noto Serif CJK SC",
    "Noto Serif SC",
    "Source Han Serif SC",
    "SimSun",
    "Songti SC",
    "AR PL UMing CN",
    "Droid Sans Fallback",
    "Arial Unicode MS",
)
"""Fonts with Chinese characters, those for screens first."""

_FILES = (
    "notosanscjk",
    "notosanssc",
    "sourcehansans",
    "msyh",
    "pingfang",
    "wqy",
    "simhei",
    "simsun",
    "uming",
)
"""How the files of such fonts begin, for those that were installed after matplotlib had listed the fonts."""


def families_for(texts: Iterable[str]) -> list[str]:
    """Give the font families for some texts, the one with Chinese characters first if there are any.

    Warns where no such font is installed.
    """
    usual = list(mpl.rcParams["font.family"])
    if all(char < _FIRST_IDEOGRAPH for text in texts for char in text):
        return usual
    family = _chinese()
    if family is None:
        warnings.warn(
            "no font with Chinese characters is installed, so they are drawn as boxes; install one, such as Noto "
            'Sans CJK SC (Debian: apt install fonts-noto-cjk), or draw with language="en"',
            stacklevel=2,
        )
        return usual
    return [family, *usual]  # the usual font has the minus sign, which SimHei lacks


@cache
def _chinese() -> str | None:
    """Choose an installed font with Chinese characters."""
    known = _known()
    if known is None:
        for path in font_manager.findSystemFonts():
            if Path(path).name.lower().replace("-", "").startswith(_FILES):
                font_manager.fontManager.addfont(path)
        known = _known()
    return known


def _known() -> str | None:
    names = set(font_manager.fontManager.get_font_names())
    return next((name for name in _FAMILIES if name in names), None)
