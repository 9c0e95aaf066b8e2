"""Metadata of a numeric field: kind, scale and derivation formula.

A rule compares a fact as an integer of its declared scale, so the value that is compared is the value
that is shown.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import PlainSerializer, WithJsonSchema

from restructure.calculator.conventions.money import round_div

__all__ = [
    "Kind",
    "Quantity",
    "Ratio",
    "ratio",
]


class Kind(StrEnum):
    """Kind of value that a fact holds."""

    MONEY = "money"
    """An amount in the application's currency, compared in minor units."""
    RATIO = "ratio"
    """A share or rate as a fraction of one, rounded once to its scale."""
    DAYS = "days"
    MONTHS = "months"
    COUNT = "count"
    FLAG = "yes or no"
    CHOICE = "one of a few words"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Quantity:
    """Kind, scale and derivation of a numeric field."""

    kind: Kind
    scale: int = 0
    """Decimals of a ratio, e.g. 6."""
    formula: str = ""
    """Formula over the names of other facts, e.g. "debt_service / net_income"."""
    supplied: str = ""
    """Fields of an application that supply the value, named when it is unknown."""


def ratio(numerator: int, denominator: int, scale: int = 6) -> Decimal:
    """Divide two integers and round half-up once to the declared scale.

    >>> ratio(1, 3)
    Decimal('0.333333')
    """
    return Decimal(round_div(numerator * 10**scale, denominator)).scaleb(-scale)


Ratio = Annotated[
    Decimal,
    PlainSerializer(lambda value: f"{value:f}", return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^-?\d+(\.\d+)?$", "examples": ["0.3125"]}),
]
"""A share or rate as an exact decimal of its declared scale; text in JSON."""
