"""Arithmetic: sums, differences, products, quotients, rounding, and the first of several amounts that is known."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import prod
from typing import Annotated, Any

from pydantic import Field

from restructure.calculator.conventions.money import Rounding, round_div
from restructure.calculator.conventions.quantity import Kind
from restructure.policy.amounts.unit_check import Spot, UnitCheck
from restructure.policy.amounts.word import Amount, AmountWord, Read, worth, write_inside
from restructure.policy.constants import constant, unit_fact

__all__ = ["Difference", "FirstKnown", "ProductAmount", "Quotient", "Rounded", "Sum"]


class Sum(AmountWord):
    """Several amounts added up."""

    sum: tuple[Amount, ...] = Field(min_length=1)
    """The amounts that are added, of one unit, such as `[{fact: arrears}, {fact: fees}]`."""

    @property
    def parts(self) -> tuple[Amount, ...]:
        """The amounts."""
        return self.sum

    def exact(self, values: Sequence[Fraction]) -> Fraction | None:
        """Add the values up."""
        return sum(values, Fraction(0))

    def write(self) -> str:
        """Write the amounts with plus signs."""
        return " + ".join(map(write_inside, self.sum))

    @classmethod
    def unit(cls, raw: Mapping[str, Any], spot: Spot, check: UnitCheck) -> Kind | None:
        """Check that the amounts may be mixed and none is a date."""
        return _alike_numbers("sum", raw, spot, check)


class Difference(AmountWord):
    """One amount less another."""

    difference: tuple[Amount, Amount]
    """The amount and what is subtracted from it, such as `[{fact: monthly_income}, {fact: essential_costs}]`."""

    @property
    def parts(self) -> tuple[Amount, ...]:
        """The two amounts."""
        return self.difference

    def exact(self, values: Sequence[Fraction]) -> Fraction | None:
        """Take the second value from the first."""
        return values[0] - values[1]

    def write(self) -> str:
        """Write the two amounts with a minus sign."""
        return " − ".join(map(write_inside, self.difference))

    @classmethod
    def unit(cls, raw: Mapping[str, Any], spot: Spot, check: UnitCheck) -> Kind | None:
        """Check that the amounts may be mixed and none is a date."""
        return _alike_numbers("difference", raw, spot, check, two=True)


class ProductAmount(AmountWord):
    """Several amounts multiplied."""

    product: tuple[Amount, ...] = Field(min_length=1)
    """The amounts that are multiplied; at most one of them is money."""

    @property
    def parts(self) -> tuple[Amount, ...]:
        """The amounts."""
        return self.product

    def exact(self, values: Sequence[Fraction]) -> Fraction | None:
        """Multiply the values."""
        return prod(values, start=Fraction(1))

    def write(self) -> str:
        """Write the amounts with multiplication signs."""
        return " × ".join(map(write_inside, self.product))

    @classmethod
    def unit(cls, raw: Mapping[str, Any], spot: Spot, check: UnitCheck) -> Kind | None:
        """Check that at most one amount is money, which makes the product money; else it is a ratio."""
        kinds = check.listed("product", raw["product"], (*spot, "product"))
        if kinds is None:
            return None
        if Kind.DATE in kinds:
            return check.countable("product", Kind.DATE, spot)
        if kinds.count(Kind.MONEY) > 1:
            check.report("value-kind", "two amounts of money cannot be multiplied", spot)
        return Kind.MONEY if Kind.MONEY in kinds else Kind.RATIO


class Quotient(AmountWord):
    """One amount divided by another; unknown if that is zero."""

    quotient: tuple[Amount, Amount]
    """Dividend and divisor, such as `[{fact: claim}, {fact: monthly_income}]`."""

    @property
    def parts(self) -> tuple[Amount, ...]:
        """The two amounts."""
        return self.quotient

    def exact(self, values: Sequence[Fraction]) -> Fraction | None:
        """Divide the first value by the second; `None` if that is zero."""
        return values[0] / values[1] if values[1] else None

    def write(self) -> str:
        """Write the two amounts with a slash.

        >>> from restructure.policy.amounts.expression import FactAmount
        >>> Quotient(quotient=(FactAmount(fact="claim"), Sum(sum=(FactAmount(fact="fees"), Decimal(2))))).write()
        'claim / (fees + 2)'
        """
        return " / ".join(map(write_inside, self.quotient))

    @classmethod
    def unit(cls, raw: Mapping[str, Any], spot: Spot, check: UnitCheck) -> Kind | None:
        """Check that only money is divided by money; the result is money if only the dividend is, else a ratio."""
        kinds = check.listed("quotient", raw["quotient"], (*spot, "quotient"), two=True)
        if kinds is None:
            return None
        if Kind.DATE in kinds:
            return check.countable("quotient", Kind.DATE, spot)
        upper, lower = kinds
        if lower is Kind.MONEY:
            if upper not in (Kind.MONEY, None):
                check.report("value-kind", f"{upper} cannot be divided by money", spot)
            return Kind.RATIO
        return Kind.MONEY if upper is Kind.MONEY else Kind.RATIO


class Rounded(AmountWord):
    """An amount rounded to a multiple of a unit."""

    round: Amount
    """The amount that is rounded."""
    to: Annotated[Decimal, Field(gt=0)]
    """The unit to round to a multiple of, such as 0.125 or 100."""
    mode: Rounding = Rounding.HALF_UP
    """How to round, such as `half_up` or `down`."""

    @property
    def parts(self) -> tuple[Amount, ...]:
        """What is rounded."""
        return (self.round,)

    def exact(self, values: Sequence[Fraction]) -> Fraction | None:
        """Round the value to a multiple of the unit."""
        unit = Fraction(self.to)
        units = values[0] / unit
        return round_div(units.numerator, units.denominator, self.mode) * unit

    def write(self) -> str:
        """Write what is rounded, and to which unit."""
        return f"{write_inside(self.round)} rounded to {self.to:f}"

    @classmethod
    def unit(cls, raw: Mapping[str, Any], spot: Spot, check: UnitCheck) -> Kind | None:
        """Check the unit and the way to round; what is rounded may be no date, and keeps its kind."""
        kind = check.countable("round", check.kind(raw["round"], (*spot, "round")), spot)
        try:
            positive = constant(unit_fact("a unit", Kind.RATIO), raw.get("to")) > 0
        except ValueError:
            positive = False
        if not positive:
            check.report("amount-shape", '"to" is the unit to round to, a number above 0', (*spot, "to"))
        modes = [mode.value for mode in Rounding]
        if raw.get("mode", modes[0]) not in modes:
            check.report(
                "choice-unknown",
                f'"{raw["mode"]}" is not a way to round (known: {", ".join(modes)})',
                (*spot, "mode"),
            )
        return kind


class FirstKnown(AmountWord):
    """The first of several amounts that is not unknown; unknown if all are."""

    first_known: tuple[Amount, ...] = Field(min_length=1)
    """The amounts in order of preference, of one unit."""

    @property
    def parts(self) -> tuple[Amount, ...]:
        """The amounts."""
        return self.first_known

    def worth(self, parameter: Read, fact: Read) -> Fraction | None:
        """Give the value of the first amount that has one."""
        values = (worth(part, parameter, fact) for part in self.first_known)
        return next((value for value in values if value is not None), None)

    def write(self) -> str:
        """Write the amounts in the order of preference."""
        return f"first known of {', '.join(map(write_inside, self.first_known))}"

    @classmethod
    def unit(cls, raw: Mapping[str, Any], spot: Spot, check: UnitCheck) -> Kind | None:
        """Check that the amounts may be mixed; all may be dates."""
        before = check.count
        kinds = check.listed("first_known", raw["first_known"], (*spot, "first_known"))
        return None if kinds is None else check.alike(kinds, spot, before)


def _alike_numbers(
    word: str, raw: Mapping[str, Any], spot: Spot, check: UnitCheck, *, two: bool = False
) -> Kind | None:
    before = check.count
    kinds = check.listed(word, raw[word], (*spot, word), two=two)
    if kinds is None:
        return None
    if Kind.DATE in kinds:
        return check.countable(word, Kind.DATE, spot)
    return check.alike(kinds, spot, before)
