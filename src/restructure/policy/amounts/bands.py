"""Bands: a rate for each stretch of an amount, on all of it or on the part that lies in the stretch."""

from collections.abc import Sequence
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

__all__ = ["Mode", "Stretch", "banded"]


class Mode(StrEnum):
    """What the rate of a band is applied to; there is no usual one, so it is always said."""

    WHOLE = "whole"
    """All of the amount, by the one band that holds it."""
    MARGINAL = "marginal"
    """The part of the amount in each band."""


class Stretch(NamedTuple):
    """One band, worked out."""

    start: Fraction
    inclusive: bool
    """Whether the start itself lies in the band."""
    figure: Fraction
    """Its rate, or its fixed amount."""
    fixed: bool

    def begun(self, amount: Fraction) -> bool:
        """Tell whether an amount reaches into the band."""
        return amount >= self.start if self.inclusive else amount > self.start


def banded(amount: Fraction, mode: Mode, bands: Sequence[Stretch]) -> Fraction | None:
    """Apply bands to an amount; `None` if it lies below the first, or if their starts do not rise.

    >>> low, high = Fraction(1, 10), Fraction(1, 5)
    >>> rates = [Stretch(Fraction(0), True, low, False), Stretch(Fraction(100), False, high, False)]
    >>> banded(Fraction(150), Mode.WHOLE, rates), banded(Fraction(150), Mode.MARGINAL, rates)
    (Fraction(30, 1), Fraction(20, 1))
    """
    if any(one.start >= after.start for one, after in pairwise(bands)):
        return None
    reached = [band for band in bands if band.begun(amount)]
    if not reached:
        return None
    if mode is Mode.WHOLE:
        return reached[-1].figure * (1 if reached[-1].fixed else amount)
    ends = [*(band.start for band in reached[1:]), amount]
    return sum(
        (
            band.figure * (1 if band.fixed else end - band.start)
            for band, end in zip(reached, ends, strict=True)
        ),
        Fraction(0),
    )
