"""Currency scale: quantise every money field of a record to the currency's minor unit.

A single amount is read with at least two decimals, because its currency is a field of the record around it. That
record sets the scale of every amount in it: 1000 yen, 12.50 yuan, 3.250 dinars. The value does not change.
"""

from decimal import Decimal
from functools import cache
from typing import Any, TypeVar, get_args

from restructure.calculator.conventions.money import AS_AMOUNT, EXACT, minor_digits, to_minor
from restructure.record import Record

__all__ = ["scale_problems", "scaled", "set_scale"]

_Scaled = TypeVar("_Scaled", bound=Record | tuple[Record, ...])

# An amount is read with two decimals; more are refused where the currency has fewer.
_AS_READ = 2


def scaled(value: _Scaled, currency: str) -> _Scaled:
    """Give a record, or several, with every amount in the decimals of a currency; the same object if none changes.

    >>> from restructure.calculator.measures.up_front import Pay
    >>> [str(scaled(Pay(amount="500"), currency).amount) for currency in ("JPY", "CNY", "KWD")]
    ['500', '500.00', '500.000']
    """
    digits = minor_digits(currency)
    return value if digits == _AS_READ else _rescaled(value, digits)


def set_scale(record: Record, currency: str) -> None:
    """Set the amounts of a record to the decimals of a currency, in place: only for its own validators."""
    digits = minor_digits(currency)
    if digits != _AS_READ:
        record.__dict__.update(_changes(record, digits))


def scale_problems(amount: Decimal | None, currency: str, *place: str) -> list[tuple[str, ...]]:
    """List an amount that has more decimals than its currency, as code, sentence and `place`; nothing otherwise."""
    try:
        if amount is not None:
            to_minor(amount, currency)
    except ValueError as error:
        return [("money-scale", str(error), *place)]
    return []


def _rescaled(value: Any, digits: int) -> Any:
    if isinstance(value, Record):
        changes = _changes(value, digits)
        return value.model_copy(update=changes) if changes else value
    if isinstance(value, tuple):
        new = tuple(_rescaled(item, digits) for item in value)
        return new if any(item is not old for item, old in zip(new, value, strict=True)) else value
    return value


def _changes(record: Record, digits: int) -> dict[str, Any]:
    amounts, changes = _amounts(type(record)), dict[str, Any]()
    for name in type(record).model_fields:
        old = getattr(record, name)
        new = _quantised(old, digits) if name in amounts else _rescaled(old, digits)
        if new is not old:
            changes[name] = new
    return changes


def _quantised(amount: Decimal | None, digits: int) -> Decimal | None:
    """Quantise an amount, unless it has more decimals than its currency: `scale_problems` reports that."""
    if amount is None or amount.as_tuple().exponent == -digits:
        return amount
    new = amount.quantize(Decimal(1).scaleb(-digits), context=EXACT)
    return new if new == amount else amount


@cache
def _amounts(model: type[Record]) -> frozenset[str]:
    """Name the fields of a model that hold an amount."""
    return frozenset(
        name
        for name, field in model.model_fields.items()
        if AS_AMOUNT in field.metadata
        or any(AS_AMOUNT in getattr(kind, "__metadata__", ()) for kind in get_args(field.annotation))
    )
