"""Constants: the numbers, words and days of a policy, read as the kind of the fact they are compared with."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from restructure.calculator.conventions.money import typed_float
from restructure.calculator.conventions.quantity import Kind
from restructure.intake.facts import Fact

__all__ = ["UNITS", "Constant", "constant", "plain", "unit_fact"]

Constant = bool | int | Decimal | date | str

UNITS: Mapping[str, Kind] = {
    **{kind.value: kind for kind in (Kind.MONEY, Kind.RATIO, Kind.DAYS, Kind.MONTHS, Kind.COUNT, Kind.DATE)},
    "flag": Kind.FLAG,
    "choice": Kind.CHOICE,
}
"""What a fact of a policy may hold, by the word that is written; the first six are those of parameters."""

_OUT_OF_PROPORTION = 14


def unit_fact(name: str, unit: Kind) -> Fact:
    """Describe a parameter like a fact of its unit, so that both read constants alike."""
    return Fact(name, unit, 6 if unit is Kind.RATIO else 0, "", "", "", (), of_plan=False)


def constant(fact: Fact, value: Any) -> Any:
    """Read a constant as the kind its fact holds; raises `ValueError` with a sentence."""
    kind = fact.kind
    if isinstance(value, float):
        raise ValueError(_as_exact(value, kind))
    match kind:
        case Kind.FLAG:
            if isinstance(value, bool):
                return value
            raise ValueError("write true or false")
        case Kind.CHOICE:
            if value in fact.choices:
                return value
            raise ValueError(f"write one of: {', '.join(fact.choices)}")
        case Kind.DATE:
            if isinstance(value, date):
                return value
            raise ValueError("write a date, such as 2026-03-18")
        case Kind.MONEY | Kind.RATIO:
            number = _number(value, percent=kind is Kind.RATIO)
            if abs(number.adjusted()) > _OUT_OF_PROPORTION:
                raise ValueError("the number is out of all proportion")
            return Decimal(f"{number.normalize():f}")  # one number has one spelling, and one digest
        case _:
            if isinstance(value, int) and not isinstance(value, bool):
                return value
            quotes = ", without quotes" if isinstance(value, str) and value.isdecimal() else ""
            raise ValueError(
                "write a whole number" + ("" if kind is Kind.COUNT else f" of {kind.value}") + quotes
            )


def _as_exact(value: float, kind: Kind) -> str:
    """Give the sentence on what to write instead of a binary float, which is not exact."""
    typed = typed_float(value)
    if typed is None or kind not in _NUMBERS:
        return "a float is no exact value; write it as text"
    if kind in (Kind.MONEY, Kind.RATIO):
        return f'a number is exact: write "{typed}" in quotes instead of a float'
    whole = typed.partition(".")[2].strip("0") == ""
    return f"write {typed.partition('.')[0]} without a point" if whole else "write a whole number"


_NUMBERS = (Kind.MONEY, Kind.RATIO, Kind.DAYS, Kind.MONTHS, Kind.COUNT)


def _number(value: Any, *, percent: bool) -> Decimal:
    wanted = 'write a number, such as 0.31 or "31%"' if percent else "write an amount, such as 2000.00"
    if isinstance(value, str):
        text = value.strip()
        share = percent and text.endswith("%")
        try:
            number = Decimal(text.removesuffix("%").strip() if share else text)
        except ArithmeticError:
            raise ValueError(wanted) from None
        if not number.is_finite():
            raise ValueError(wanted)
        return number / 100 if share else number
    if isinstance(value, int | Decimal) and not isinstance(value, bool) and Decimal(value).is_finite():
        return Decimal(value)
    raise ValueError(wanted)


def plain(value: Any) -> Any:
    """Spell a constant the one way a digest knows."""
    return format(value.normalize(), "f") if isinstance(value, Decimal) else value
