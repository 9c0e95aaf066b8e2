"""References: a parameter of the policy, a fact of the case, or a multiple of a fact."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from restructure.calculator.conventions.quantity import Kind
from restructure.policy.amounts.unit_check import Spot, UnitCheck
from restructure.policy.amounts.word import Amount, AmountWord, Read, exact_value, worth, write_inside

__all__ = ["FactAmount", "ParameterAmount"]

_COUNTED = (Kind.MONEY, Kind.RATIO, Kind.DAYS, Kind.MONTHS, Kind.COUNT)


class ParameterAmount(AmountWord):
    """The value of a parameter on the day."""

    parameter: str
    """Name of the parameter, such as `illness_extension`."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameter."""
        return (self.parameter,)

    def worth(self, parameter: Read, fact: Read) -> Fraction | None:
        """Give the value of the parameter."""
        return exact_value(parameter(self.parameter))

    def write(self) -> str:
        """Write the name of the parameter."""
        return self.parameter

    @classmethod
    def unit(cls, raw: Mapping[str, Any], spot: Spot, check: UnitCheck) -> Kind | None:
        """Check that the parameter exists, and give its unit."""
        parameter = check.parameter(raw["parameter"], (*spot, "parameter"))
        return None if parameter is None else parameter.kind


class FactAmount(AmountWord):
    """A fact, or a multiple of one."""

    fact: str
    """Name of the fact, such as `claim`."""
    times: Amount = Decimal(1)
    """The factor, such as 0.5, "50%" or another amount; 1 if absent."""

    @property
    def once(self) -> bool:
        """Whether it is the fact itself and no multiple."""
        return isinstance(self.times, Decimal) and self.times == 1

    @property
    def parts(self) -> tuple[Amount, ...]:
        """The factor."""
        return (self.times,)

    @property
    def facts(self) -> tuple[str, ...]:
        """The fact."""
        return (self.fact,)

    def worth(self, parameter: Read, fact: Read) -> Fraction | None:
        """Multiply the value of the fact by its factor."""
        value = exact_value(fact(self.fact))
        if value is None or self.once:
            return value
        factor = worth(self.times, parameter, fact)
        return None if factor is None else factor * value

    def write(self) -> str:
        """Write the factor, unless it is 1, and the name of the fact."""
        return self.fact if self.once else f"{write_inside(self.times)} × {self.fact}"

    @classmethod
    def unit(cls, raw: Mapping[str, Any], spot: Spot, check: UnitCheck) -> Kind | None:
        """Check that the fact exists and can be multiplied; a multiple has the unit of the fact, or is money."""
        fact = check.fact(raw["fact"], (*spot, "fact"))
        if fact is None:
            return None
        if fact.kind is Kind.DATE and "times" not in raw:
            return fact.kind
        if fact.kind not in _COUNTED:
            check.report(
                "operator-kind",
                f"{fact.name} is {fact.kind}, which cannot be used in arithmetic",
                (*spot, "fact"),
            )
            return None
        if "times" in raw:
            factor = check.countable("times", check.kind(raw["times"], (*spot, "times")), (*spot, "times"))
            if factor is Kind.MONEY:
                if fact.kind is Kind.MONEY:
                    check.report("value-kind", "two amounts of money cannot be multiplied", (*spot, "times"))
                return Kind.MONEY
        return fact.kind
