"""Extremes: the least or greatest of several amounts, each with a name by which a trace says which one decides."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, ClassVar

from pydantic import Field

from restructure.calculator.conventions.quantity import Kind
from restructure.policy.amounts.unit_check import Spot, UnitCheck
from restructure.policy.amounts.word import Amount, AmountWord, Read, worth, write_inside

__all__ = ["Extreme", "Greatest", "Least"]


class Extreme(AmountWord):
    """The least or greatest of several amounts that have names."""

    choose: ClassVar[Callable[..., Any]]
    """`min` or `max`."""
    wording: ClassVar[str]
    """What is written before the amounts."""

    @property
    def named(self) -> dict[str, Amount]:
        """The amounts by name."""
        amounts: dict[str, Amount] = getattr(self, self.word())
        return amounts

    @property
    def parts(self) -> tuple[Amount, ...]:
        """The amounts."""
        return tuple(self.named.values())

    def exact(self, values: Sequence[Fraction]) -> Fraction | None:
        """Give the extreme of the values."""
        extreme: Fraction = type(self).choose(values)
        return extreme

    def binding(self, parameter: Read, fact: Read) -> str:
        """Name the amount that decides, the first if several do; nothing if an amount is unknown.

        >>> from decimal import Decimal
        >>> from restructure.policy.amounts.expression import FactAmount
        >>> cap = Least(least={"a third": FactAmount(fact="claim", times=Decimal("0.3")), "fixed": Decimal(50)})
        >>> facts = {"claim": Decimal("120.00")}.get
        >>> cap.worth({}.get, facts), cap.binding({}.get, facts)
        (Fraction(36, 1), 'a third')
        """
        values: dict[str, Fraction] = {}
        for name, part in self.named.items():
            value = worth(part, parameter, fact)
            if value is None:
                return ""
            values[name] = value
        name = type(self).choose(values, key=values.__getitem__)
        return str(name)

    def write(self) -> str:
        """Write which extreme it is, and the amounts."""
        return f"{self.wording} {', '.join(map(write_inside, self.parts))}"

    @classmethod
    def unit(cls, raw: Mapping[str, Any], spot: Spot, check: UnitCheck) -> Kind | None:
        """Check that the amounts have names and may be mixed; dates have words of their own."""
        word, parts = cls.word(), raw[cls.word()]
        if not isinstance(parts, Mapping) or not parts:
            check.report("amount-shape", f'"{word}" takes names, each with an amount', (*spot, word))
            return None
        before = check.count
        kinds = [check.kind(part, (*spot, word, name)) for name, part in parts.items()]
        return check.countable(word, check.alike(kinds, spot, before), spot)


class Least(Extreme):
    """The least of several amounts that have names; the trace names the one that decides."""

    choose = min
    wording = "least of"

    least: dict[str, Amount] = Field(min_length=1)
    """The amounts by name, such as `{a third: {fact: claim, times: "33%"}, fixed: 5000}`."""


class Greatest(Extreme):
    """The greatest of several amounts that have names; the trace names the one that decides."""

    choose = max
    wording = "greatest of"

    greatest: dict[str, Amount] = Field(min_length=1)
    """The amounts by name, such as `{floor: 100, half: {fact: claim, times: "50%"}}`."""
