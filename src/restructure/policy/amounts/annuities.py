"""Annuities: amounts about a loan that level monthly instalments repay, each worked out from the other figures.

`{repaid_by, annual_rate, instalments}` is its principal, `{level: …}` the figure that the word names. The rate of a
month is a twelfth of that of a year.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal

from restructure.calculator.conventions.quantity import Kind
from restructure.calculator.cost_of_credit.annuity import (
    instalment_of,
    periods_to_repay,
    principal_repaid_by,
    rate_of,
)
from restructure.errors import Refused
from restructure.policy.amounts.unit_check import Spot, UnitCheck
from restructure.policy.amounts.word import Amount, AmountWord, whole, write_inside

__all__ = ["Level", "RepaidBy"]

_FIGURES = ("instalment", "annual_rate", "instalments")
"""The figures of such a loan besides its principal."""

_MOST_INSTALMENTS = 1200


class RepaidBy(AmountWord):
    """The principal that level monthly instalments repay."""

    repaid_by: Amount
    """The instalment, money per month."""
    annual_rate: Amount
    """Interest rate per year, such as 0.12; a twelfth of it is charged per month."""
    instalments: Amount
    """Number of instalments, rounded to a whole number."""

    @property
    def parts(self) -> tuple[Amount, ...]:
        """The instalment, the rate and the number of instalments."""
        return (self.repaid_by, self.annual_rate, self.instalments)

    def exact(self, values: Sequence[Fraction]) -> Fraction | None:
        """Give the principal; `None` for a negative rate or more than 1,200 instalments."""
        instalment, annual_rate, number = values[0], values[1], whole(values[2])
        if annual_rate < 0 or not 0 <= number <= _MOST_INSTALMENTS:
            return None
        return principal_repaid_by(annual_rate / 12, number, instalment)

    def write(self) -> str:
        """Write the instalments and their rate."""
        instalment, rate, number = map(write_inside, self.parts)
        return f"repaid by {number} instalments of {instalment} at {rate}"

    @classmethod
    def unit(cls, raw: Mapping[str, Any], spot: Spot, check: UnitCheck) -> Kind | None:
        """Check the three figures; what is repaid is money."""
        words = ("repaid_by", "annual_rate", "instalments")
        kinds = _check_figures(raw, words, "what instalments repay depends on", spot, check)
        kind = kinds["repaid_by"]
        if kind not in (Kind.MONEY, None):
            check.report("value-kind", f"an instalment is money and not {kind}", (*spot, "repaid_by"))
        return Kind.MONEY


class Level(AmountWord):
    """One figure of a loan that level monthly instalments repay, from the two others and its principal."""

    level: Literal["instalment", "annual_rate", "instalments"]
    """The figure that is worked out."""
    principal: Amount
    """The amount that is repaid."""
    instalment: Amount | None = None
    """The instalment, money per month; absent if it is worked out."""
    annual_rate: Amount | None = None
    """Interest rate per year, a twelfth of it charged per month; absent if it is worked out."""
    instalments: Amount | None = None
    """Number of instalments; absent if it is worked out."""

    @property
    def parts(self) -> tuple[Amount, ...]:
        """The principal, then the two figures that are given, in the order of the fields."""
        given = (self.principal, self.instalment, self.annual_rate, self.instalments)
        return tuple(part for part in given if part is not None)

    def exact(self, values: Sequence[Fraction]) -> Fraction | None:
        """Give the figure; `None` where no such loan has a rate of 0 or more and at most 1,200 instalments."""
        try:
            match self.level:
                case "instalment":
                    return _instalment(*values)
                case "annual_rate":
                    return _annual_rate(*values)
                case "instalments":
                    return _instalments(*values)
        except Refused:
            return None

    def write(self) -> str:
        """Write which figure it is, and the others."""
        principal, first, second = map(write_inside, self.parts)
        match self.level:
            case "instalment":
                return f"level instalment that repays {principal} in {second} at {first}"
            case "annual_rate":
                return f"yearly rate at which {second} instalments of {first} repay {principal}"
            case "instalments":
                return f"instalments of {first} that repay {principal} at {second}"

    @classmethod
    def kind(cls, raw: Mapping[str, Any], spot: Spot, check: UnitCheck) -> Kind | None:
        """Check which figure it is; which fields it takes depends on that."""
        figure = raw["level"]
        if figure not in _FIGURES:
            hint = "; the principal is written repaid_by" if figure == "principal" else ""
            check.report(
                "amount-shape",
                f"say which figure of a level loan is asked, level: {' or '.join(_FIGURES)}{hint}",
                (*spot, "level"),
            )
            return None
        check.report_unknown_fields(
            raw, ("level", *_others(figure)), f'an amount with "level: {figure}"', spot
        )
        return cls.unit(raw, spot, check)

    @classmethod
    def unit(cls, raw: Mapping[str, Any], spot: Spot, check: UnitCheck) -> Kind | None:
        """Check the other figures; an instalment has the unit of the principal, the rest is a ratio."""
        figure, before = raw["level"], check.count
        kinds = _check_figures(raw, _others(figure), f"its {figure} depends on", spot, check)
        if figure == "instalment":
            return kinds.get("principal")
        check.alike([kinds.get(word) for word in ("principal", "instalment")], spot, before)
        return Kind.RATIO


def _others(figure: str) -> tuple[str, ...]:
    return ("principal", *(word for word in _FIGURES if word != figure))


def _instalment(principal: Fraction, annual_rate: Fraction, instalments: Fraction) -> Fraction | None:
    number = whole(instalments)
    if annual_rate < 0 or not 1 <= number <= _MOST_INSTALMENTS:
        return None
    return Fraction(instalment_of(annual_rate / 12, number, principal))


def _annual_rate(principal: Fraction, instalment: Fraction, instalments: Fraction) -> Fraction | None:
    number = whole(instalments)
    if not 1 <= number <= _MOST_INSTALMENTS or principal <= 0 or instalment * number < principal:
        return None
    return 12 * Fraction(rate_of(number, instalment, principal))


def _instalments(principal: Fraction, instalment: Fraction, annual_rate: Fraction) -> Fraction | None:
    if annual_rate < 0:
        return None
    number = Fraction(periods_to_repay(annual_rate / 12, instalment, principal))
    return number if 0 <= number <= _MOST_INSTALMENTS else None


def _check_figures(
    raw: Mapping[str, Any], words: Sequence[str], depends: str, spot: Spot, check: UnitCheck
) -> dict[str, Kind | None]:
    """Check that the figures of a level loan are there, its rate and number plain, and give the kind of each."""
    missing = [word for word in words if word not in raw]
    if missing:
        check.report("amount-shape", f"{depends} {' and '.join(missing)} too; write it", spot)
    kinds = {word: check.kind(raw[word], (*spot, word)) for word in words if word in raw}
    for word, kind in kinds.items():
        if kind is Kind.DATE or (kind is Kind.MONEY and word in ("annual_rate", "instalments")):
            check.report("value-kind", f"{word} is a plain number", (*spot, word))
    return kinds
