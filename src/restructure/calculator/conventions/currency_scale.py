"""Spelling: every amount of a record written with exactly the decimals of its currency.

An amount that stands alone is read with two decimals at least, because it does not know its currency. The record
that does writes it anew, and everything within: 1000 yen, 12.50 yuan, 3.250 dinars. The amount stays what it is.
"""

from decimal import Decimal
from functools import cache
from typing import Any, TypeVar, get_args

from restructure.calculator.conventions.money import AS_AMOUNT, EXACT, minor_digits
from restructure.record import Record

__all__ = ["spell", "spelled"]

_Spelled = TypeVar("_Spelled", bound=Record | tuple[Record, ...])

# What is read has two decimals already, unless more were written, and those are refused.
_AS_READ = 2


def spelled(value: _Spelled, currency: str) -> _Spelled:
    """Give a record, or several, with every amount in the decimals of a currency; itself where that changes nothing.

    >>> from restructure.calculator.measures.up_front import Pay
    >>> [str(spelled(Pay(amount="500"), currency).amount) for currency in ("JPY", "CNY", "KWD")]
    ['500', '500.00', '500.000']
    """
    digits = minor_digits(currency)
    return value if digits == _AS_READ else _spelled(value, digits)


def spell(record: Record, currency: str) -> None:
    """Write the amounts of a record in the decimals of a currency, while it is being made and nobody has seen it."""
    digits = minor_digits(currency)
    if digits != _AS_READ:
        record.__dict__.update(_changes(record, digits))


def _spelled(value: Any, digits: int) -> Any:
    if isinstance(value, Record):
        changes = _changes(value, digits)
        return value.model_copy(update=changes) if changes else value
    if isinstance(value, tuple):
        new = tuple(_spelled(one, digits) for one in value)
        return new if any(one is not old for one, old in zip(new, value, strict=True)) else value
    return value


def _changes(record: Record, digits: int) -> dict[str, Any]:
    amounts, changes = _amounts(type(record)), dict[str, Any]()
    for name in type(record).model_fields:
        old = getattr(record, name)
        new = _written(old, digits) if name in amounts else _spelled(old, digits)
        if new is not old:
            changes[name] = new
    return changes


def _written(amount: Decimal | None, digits: int) -> Decimal | None:
    """Write an amount anew, unless it has decimals that its currency has not; whoever counts minor units refuses it."""
    if amount is None or amount.as_tuple().exponent == -digits:
        return amount
    new = amount.quantize(Decimal(1).scaleb(-digits), context=EXACT)
    return new if new == amount else amount


@cache
def _amounts(model: type[Record]) -> frozenset[str]:
    """Name the fields that hold an amount, or none."""
    return frozenset(
        name
        for name, field in model.model_fields.items()
        if AS_AMOUNT in field.metadata
        or any(AS_AMOUNT in getattr(kind, "__metadata__", ()) for kind in get_args(field.annotation))
    )
