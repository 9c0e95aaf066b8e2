"""Bands: a rate for each range of an amount, on all of it or on the part in the range."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

from pydantic import AliasChoices, Field

from restructure.calculator.conventions.quantity import Kind
from restructure.policy.amounts.unit_check import Spot, UnitCheck
from restructure.policy.amounts.word import Amount, AmountWord, write_inside
from restructure.policy.constants import constant, unit_fact
from restructure.record import Record

__all__ = ["Band", "Bands", "Mode", "Stretch", "banded"]


class Mode(StrEnum):
    """What the rate of a band is applied to. There is no default: the two give different amounts."""

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
    if any(lower.start >= upper.start for lower, upper in pairwise(bands)):
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


class Band(Record):
    """One band: where it starts, and its rate or fixed amount."""

    above: Amount | None = None
    """Where the band starts, the start itself excluded."""
    at_least: Amount | None = Field(default=None, validation_alias=AliasChoices("from", "at_least"))
    """Where the band starts, the start itself included."""
    rate: Amount | None = None
    """The rate, such as 0.05 or "5%"."""
    fixed: Amount | None = None
    """A fixed amount instead of a rate."""

    @property
    def parts(self) -> tuple[Amount, Amount]:
        """Its start and its figure."""
        start, figure = (
            self.at_least if self.above is None else self.above,
            self.rate if self.fixed is None else self.fixed,
        )
        assert start is not None, "checked when the policy is read"
        assert figure is not None, "checked when the policy is read"
        return start, figure

    def write(self) -> str:
        """Write where it starts, and its figure."""
        start, figure = map(write_inside, self.parts)
        word, fixed = "from" if self.above is None else "above", "" if self.fixed is None else "fixed "
        return f"{word} {start}: {fixed}{figure}"


class Bands(AmountWord):
    """A rate for each range of an amount; unknown below the first range."""

    bands: Amount
    """The amount to which the rates are applied."""
    mode: Mode
    """`whole`: the rate of its band applies to all of the amount; `marginal`: each rate to the part in its band."""
    rates: tuple[Band, ...] = Field(min_length=1)
    """The bands, the lowest first."""

    @property
    def parts(self) -> tuple[Amount, ...]:
        """The amount, then the start and the figure of every band."""
        return (self.bands, *(part for band in self.rates for part in band.parts))

    def exact(self, values: Sequence[Fraction]) -> Fraction | None:
        """Apply the bands; `None` below the first, or if their starts do not rise."""
        stretches = [
            Stretch(start, band.above is None, figure, band.fixed is not None)
            for band, start, figure in zip(self.rates, values[1::2], values[2::2], strict=True)
        ]
        return banded(values[0], self.mode, stretches)

    def write(self) -> str:
        """Write the mode, the amount and the bands."""
        return f"{self.mode} bands of {write_inside(self.bands)} ({'; '.join(band.write() for band in self.rates)})"

    @classmethod
    def unit(cls, raw: Mapping[str, Any], spot: Spot, check: UnitCheck) -> Kind | None:
        """Check the mode and the bands; their figures have one kind, a rate that of the amount."""
        modes = [mode.value for mode in Mode]
        if raw.get("mode") not in modes:
            check.report(
                "bands-shape",
                f"say what a rate is applied to, mode: {' or '.join(modes)}; the two give different amounts",
                (*spot, "mode") if "mode" in raw else spot,
            )
        base = check.kind(raw["bands"], (*spot, "bands"))
        rates, here = raw.get("rates"), (*spot, "rates")
        if not isinstance(rates, list) or not rates:
            check.report("bands-shape", "rates is a list of bands: {above or from, rate or fixed}", here)
            return None
        before = check.count
        starts: list[tuple[Any, Spot]] = []
        kinds: list[Kind | None] = []
        for k, band in enumerate(rates):
            at = (*here, k)
            if _is_band(band):
                word = "above" if "above" in band else "from"
                kinds.append(_check_band(band, base, at, before, check))
                starts.append((band[word], (*at, word)))
            else:
                check.report("bands-shape", "a band has one of above and from, and one of rate and fixed", at)
        _check_order(starts, check)
        return check.alike(kinds, spot, before)


def _is_band(band: Any) -> bool:
    return isinstance(band, Mapping) and all(
        len(words & set(band)) == 1 for words in ({"above", "from"}, {"rate", "fixed"})
    )


def _check_band(
    band: Mapping[str, Any], base: Kind | None, spot: Spot, before: int, check: UnitCheck
) -> Kind | None:
    """Check a band of an amount of kind `base`, and give the kind of its result."""
    check.report_unknown_fields(band, ("above", "from", "rate", "fixed"), "a band", spot)
    word, figure = ("above" if "above" in band else "from"), ("rate" if "rate" in band else "fixed")
    start = check.kind(band[word], (*spot, word))
    if start is not None:
        check.alike([base, start], (*spot, word), before)
    kind = check.kind(band[figure], (*spot, figure))
    if figure == "fixed" or base is not Kind.MONEY:
        return kind
    if kind is Kind.MONEY:
        check.report("value-kind", "two amounts of money cannot be multiplied", (*spot, figure))
    return Kind.MONEY


def _check_order(starts: Sequence[tuple[Any, Spot]], check: UnitCheck) -> None:
    """Check that starts that are plain numbers rise."""
    for (lower, _), (upper, spot) in pairwise(starts):
        plain = not isinstance(lower, Mapping) and not isinstance(upper, Mapping)
        if plain and _number(lower) >= _number(upper):
            text = f"{upper} does not come after {lower}; the lowest band is first"
            check.report("bands-shape", text, spot)


def _number(raw: Any) -> Any:
    """Read a start that is written as a number; anything else was reported."""
    try:
        return constant(unit_fact("start", Kind.RATIO), raw)
    except ValueError:
        return 0
