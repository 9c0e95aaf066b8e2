"""Words: what all words of an amount have in common, so that each can hold others without importing them.

An amount is a plain number, a date, or a word with what it applies to, such as `{least: …}`. This module is the
lowest of its package; `expression` lists the words and gives a field of type `Amount` its meaning.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Annotated, Any, ClassVar, TypeAlias, Union, get_args

from pydantic import Field, GetCoreSchemaHandler
from pydantic.errors import PydanticUndefinedAnnotation
from pydantic_core import CoreSchema

from restructure.calculator.conventions.money import round_div
from restructure.calculator.conventions.quantity import Kind
from restructure.policy.amounts.unit_check import Spot, UnitCheck
from restructure.record import Record

__all__ = [
    "Amount",
    "AmountWord",
    "DateConstant",
    "KeyAmount",
    "Read",
    "day_number",
    "exact_value",
    "list_words",
    "whole",
    "worth",
    "write_amount",
    "write_inside",
]

Read = Callable[[str], Any]
"""Gives the value of a fact or parameter by name; `None` is unknown."""

DateConstant = Annotated[date, Field(strict=True)]
"""A constant date; a number or a text is not read as one."""


class AmountWord(Record):
    """A word of an amount with what it applies to. The name of its first field is the word."""

    reads_plan: ClassVar[bool] = False
    """Whether it reads the plan itself, and not only figures of the plan."""
    bracketed: ClassVar[bool] = False
    """Whether its wording ends with its own brackets, so that it needs none inside another amount."""

    @classmethod
    @cache
    def word(cls) -> str:
        """Give the word, the key by which plain data is recognised."""
        return next(iter(cls.model_fields))

    # --- what it holds and reads

    @property
    def parts(self) -> "tuple[Amount, ...]":
        """The amounts directly inside."""
        return ()

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts that it reads itself, those of its parts apart."""
        return ()

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters that it reads itself, those of its parts apart."""
        return ()

    @property
    def lookups(self) -> tuple[str, ...]:
        """The lookups that it reads itself, those of its parts apart."""
        return ()

    # --- what it is worth

    def worth(self, parameter: Read, fact: Read) -> Fraction | None:
        """Work it out, exactly; `None` if something that it reads is unknown or it has no value."""
        values: list[Fraction] = []
        for part in self.parts:
            value = worth(part, parameter, fact)
            if value is None:
                return None
            values.append(value)
        return self.exact(values)

    def exact(self, values: Sequence[Fraction]) -> Fraction | None:
        """Work it out from the values of its parts, in their order; `None` where it has no value."""
        raise NotImplementedError(f"{type(self).__name__} is worked out by its own `worth`")

    def binding(self, parameter: Read, fact: Read) -> str:
        """Name the part that decides the value, where parts have names; else nothing."""
        return ""

    # --- how it is written

    @abstractmethod
    def write(self) -> str:
        """Write it for people, in the names of what it reads."""

    # --- checking plain data

    @classmethod
    def kind(cls, raw: Mapping[str, Any], spot: Spot, check: UnitCheck) -> Kind | None:
        """Check it while it is plain data, and give the kind of its value; `None` fits every kind but a date."""
        check.report_unknown_fields(raw, tuple(cls.model_fields), f'an amount with "{cls.word()}"', spot)
        return cls.unit(raw, spot, check)

    @classmethod
    @abstractmethod
    def unit(cls, raw: Mapping[str, Any], spot: Spot, check: UnitCheck) -> Kind | None:
        """Check what it applies to, and give the kind of its value."""


_listed: dict[str, type[AmountWord]] = {}


def list_words(*words: type[AmountWord]) -> Mapping[str, type[AmountWord]]:
    """List the words that a field of type `Amount` takes, by the word that plain data has."""
    _listed.update({word.word(): word for word in words})
    if not AmountWord.model_config.get("defer_build"):  # they could not be built when they were defined
        for word in words:
            word.model_rebuild()
    return dict(_listed)


class _EveryWord:
    """In a union with `AmountWord`, lets a field take every word that is listed.

    One flat union: before pydantic 2.10 a union inside another warned of every value that it wrote. A model that is
    built before there is a list is built anew when it is used.
    """

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        if not _listed:
            raise PydanticUndefinedAnnotation("Amount", "import restructure.policy.amounts.expression first")
        others = [member for member in get_args(source) if member is not AmountWord]
        return handler(Union[(*_listed.values(), *others)])


Amount: TypeAlias = Annotated[AmountWord | Decimal | DateConstant, _EveryWord]
"""A word with what it applies to, a plain number, or a date."""

KeyAmount: TypeAlias = Annotated[AmountWord | Decimal | DateConstant | bool | str, _EveryWord]
"""What a key of a lookup may be: an amount, true or false, or a word."""


def worth(amount: Amount, parameter: Read, fact: Read) -> Fraction | None:
    """Work an amount out, exactly; `None` if something it reads is unknown or a divisor is zero.

    A date is worth the number of its day.
    """
    if isinstance(amount, AmountWord):
        return amount.worth(parameter, fact)
    return Fraction(amount) if isinstance(amount, Decimal) else day_number(amount)


def write_amount(amount: Amount) -> str:
    """Write an amount for people, in the names of what it reads."""
    if isinstance(amount, AmountWord):
        return amount.write()
    return f"{amount:f}" if isinstance(amount, Decimal) else amount.isoformat()


def write_inside(amount: Amount) -> str:
    """Write an amount that is inside another, in brackets if it has several words."""
    text = write_amount(amount)
    if " " not in text or (isinstance(amount, AmountWord) and amount.bracketed):
        return text
    return f"({text})"


def exact_value(value: Any) -> Fraction | None:
    """Give the value of a fact or parameter as a fraction; unknown stays unknown."""
    if value is None:
        return None
    return day_number(value) if isinstance(value, date) else Fraction(value)


def day_number(day: date) -> Fraction:
    """Give a date as the number of its day."""
    return Fraction(day.toordinal())


def whole(number: Fraction) -> int:
    """Round to a whole number, half-up.

    >>> whole(Fraction(5, 2))
    3
    """
    return round_div(number.numerator, number.denominator)
