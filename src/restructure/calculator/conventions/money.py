"""Money and rates: exact types at the edge, integers inside.

Inside, money is an int of minor units and a rate a `Fraction`; at the edge both are text or `Decimal`,
and a binary float is refused because it is not the decimal that was written.
"""

from collections.abc import Callable
from decimal import Context, Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from math import isfinite
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from restructure.errors import quoted

__all__ = [
    "AS_AMOUNT",
    "EXACT",
    "LARGEST",
    "Change",
    "Currency",
    "Money",
    "Multiplier",
    "Rate",
    "Rounding",
    "Share",
    "SignedMoney",
    "from_minor",
    "minor_digits",
    "round_div",
    "round_half_up",
    "rounder",
    "split_evenly",
    "to_minor",
    "typed_float",
    "write_money",
    "write_rate",
]

# ISO 4217 minor units other than 2 (List One, SIX Financial Information).
_MINOR_DIGITS = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}

# The rule engine compares 64-bit integers: in the finest minor unit (four decimals) even the sum of seven
# buckets of this size fits.
LARGEST = 10**14
"""Every amount in major units is below this."""

EXACT = Context(prec=100)
"""Context for the arithmetic of amounts, independent of the caller's, so that no digit is lost."""

_scaleb = EXACT.scaleb

# From here on a bare number is more likely a percentage than a fraction of one.
_IMPLAUSIBLE = 3


def minor_digits(currency: str) -> int:
    """Give the number of decimals of a currency's minor unit (ISO 4217).

    >>> minor_digits("CNY"), minor_digits("JPY"), minor_digits("KWD")
    (2, 0, 3)
    """
    return _MINOR_DIGITS.get(currency, 2)


def to_minor(amount: Decimal, currency: str) -> int:
    """Turn an exact amount into minor units; more decimals than the currency has raise `ValueError`.

    >>> to_minor(Decimal("331.70"), "CNY")
    33170
    """
    minor, parts = amount.scaleb(_MINOR_DIGITS.get(currency, 2), EXACT).as_integer_ratio()
    if parts != 1:
        raise ValueError(f"{amount} has more decimals than {currency} has minor units")
    return minor


def from_minor(minor: int, currency: str) -> Decimal:
    """Turn minor units into an exact amount with the currency's decimals.

    >>> from_minor(33170, "CNY")
    Decimal('331.70')
    """
    return _scaleb(minor, -_MINOR_DIGITS.get(currency, 2))


def write_money(amount: Decimal | int, currency: str) -> str:
    """Write an amount (minor units if it is an int) with thousands separators.

    >>> write_money(1197129, "CNY")
    '11,971.29'
    """
    exact = from_minor(amount, currency) if isinstance(amount, int) else amount
    return f"{exact:,.{minor_digits(currency)}f}"


class Rounding(StrEnum):
    """Rounding of a fraction of a minor unit."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    UP = "up"
    DOWN = "down"


def round_div(numerator: int, denominator: int, rounding: Rounding = Rounding.HALF_UP) -> int:
    """Divide and round once; negative numbers round as their absolute value does.

    >>> round_div(28733, 2), round_div(-28733, 2), round_div(5, 2, Rounding.HALF_EVEN)
    (14367, -14367, 2)
    """
    sign = -1 if (numerator < 0) != (denominator < 0) else 1
    quotient, rest = divmod(abs(numerator), abs(denominator))
    return sign * (quotient + _carry(quotient, rest, abs(denominator), rounding))


def _carry(quotient: int, rest: int, denominator: int, rounding: Rounding) -> int:
    match rounding:
        case Rounding.HALF_UP:
            return int(2 * rest >= denominator)
        case Rounding.HALF_EVEN:
            return int(2 * rest > denominator or (2 * rest == denominator and quotient % 2 == 1))
        case Rounding.UP:
            return int(rest > 0)
        case Rounding.DOWN:
            return 0


def rounder(rounding: Rounding) -> Callable[[int, int], int]:
    """Give the division of non-negative integers under one rounding, for the inner loops."""
    if rounding is Rounding.HALF_UP:
        return round_half_up
    return lambda numerator, denominator: round_div(numerator, denominator, rounding)


def round_half_up(numerator: int, denominator: int) -> int:
    """Divide non-negative integers and round once, half-up."""
    return (2 * numerator + denominator) // (2 * denominator)


def split_evenly(total: int, parts: int) -> list[int]:
    """Split minor units into equal parts, each rounded half-up, the last part taking the residue.

    Where the rounded parts would leave a negative last part they are rounded down.

    >>> split_evenly(3000, 36)[:2], split_evenly(3000, 36)[-1]
    ([83, 83], 95)
    >>> split_evenly(71, 6), split_evenly(5, 10)
    ([12, 12, 12, 12, 12, 11], [0, 0, 0, 0, 0, 0, 0, 0, 0, 5])
    """
    part = round_half_up(total, parts)
    if part * (parts - 1) > total:
        part = total // parts
    return [part] * (parts - 1) + [total - part * (parts - 1)]


def write_rate(rate: Fraction) -> str:
    """Write a rate as an exact decimal, or as a ratio where no decimal is exact.

    >>> write_rate(Fraction(149, 1000)), write_rate(Fraction(1, 3))
    ('0.149', '1/3')
    """
    rest = rate.denominator
    twos = fives = 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        return f"{rate.numerator}/{rate.denominator}"
    places = max(twos, fives)
    digits = str(rate.numerator * 10**places // rate.denominator).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits


def _write_plainly(rate: Fraction) -> str:
    """Write a rate so that it is read back as the same rate: 12 as "1200%", because a bare 12 is refused."""
    text = write_rate(rate)
    return f"{write_rate(rate * 100)}%" if rate >= _IMPLAUSIBLE and "/" not in text else text


# A float with more digits than this is the result of a calculation and was not typed.
_AS_TYPED = 12


def typed_float(value: float) -> str | None:
    """Write a float as it was typed; none where it is the result of a calculation or not finite.

    >>> typed_float(0.5), typed_float(7.0), typed_float(0.1 + 0.2)
    ('0.5', '7', None)
    """
    written = Decimal(repr(float(value)))  # a float of numpy shows its type
    if (
        not written.is_finite()
        or len(written.as_tuple().digits) > _AS_TYPED
        or abs(written.adjusted()) > _AS_TYPED
    ):
        return None
    whole, _, decimals = f"{written:f}".partition(".")
    return f"{whole}.{decimals}" if decimals.strip("0") else whole


def _float_as_money(value: float) -> str:
    typed = typed_float(value)
    if typed is None:
        return "the amount with its decimals"
    whole, _, decimals = typed.partition(".")
    return f'"{whole}.{decimals.ljust(2, "0")}"'


def _read_money(value: Any) -> Decimal:
    if isinstance(value, float) and isfinite(value):
        raise PydanticCustomError(
            "money-float",
            "money is exact: write {text} in quotes instead of a float",
            {"text": _float_as_money(value)},
        )
    if type(value).__module__ == "numpy" and not isinstance(value, float):
        value = value.item()  # exact: a whole number, or what is refused below
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise PydanticCustomError("money-invalid", 'write an amount in quotes, such as "1250.00"')
    try:
        amount = value if isinstance(value, Decimal) else Decimal(value)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or (isinstance(value, str) and ("e" in value.lower() or "_" in value)):
        raise PydanticCustomError(
            "money-invalid",
            '"{text}" is not an amount; write digits with a point, such as "1250.00"',
            {"text": str(value)},
        )
    if abs(amount) >= LARGEST:
        raise PydanticCustomError("money-too-large", "the amount has more than 14 digits before the point")
    # Every amount has a single notation, so that a digest over a record does not depend on trailing zeros.
    whole, _, decimals = f"{amount:f}".partition(".")
    return Decimal(f"{whole}.{decimals.rstrip('0').ljust(2, '0')}")


def _read_positive_money(value: Any) -> Decimal:
    amount = _read_money(value)
    if amount < 0:
        raise PydanticCustomError(
            "money-negative",
            "{text} is negative; write what is owed or held as zero or more",
            {"text": str(amount)},
        )
    return amount.copy_abs()  # a negative zero is zero


def _read_rate(value: Any, *, plausible: bool = True) -> Fraction:
    if isinstance(value, float) and isfinite(value):
        typed = typed_float(value)
        raise PydanticCustomError(
            "rate-float",
            "a rate is exact: write {text} in quotes instead of a float",
            {"text": "its decimals" if typed is None else f'"{typed}"'},
        )
    explicit = isinstance(value, Fraction)
    try:
        # An exponent could stand for a number with millions of digits, which no rate has.
        if isinstance(value, bool) or (isinstance(value, str) and ("e" in value.lower() or len(value) > 200)):
            raise TypeError
        if isinstance(value, Decimal) and abs(value.adjusted()) > 200:
            raise TypeError
        explicit = explicit or (isinstance(value, str) and "/" in value)
        if isinstance(value, str) and value.rstrip().endswith("%"):
            explicit = True
            rate = Fraction(value.rstrip()[:-1].strip()) / 100
        elif isinstance(value, str | int | Decimal | Fraction):
            rate = Fraction(value)
        else:
            raise TypeError
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        raise PydanticCustomError(
            "rate-invalid",
            '{text} is not a rate; write "0.149", "14.9%" or "149/1000"',
            {"text": quoted(value)[:60]},
        ) from None
    if rate < 0:
        raise PydanticCustomError(
            "rate-invalid", "{text} is negative; a rate is zero or more", {"text": str(value)}
        )
    if plausible and rate >= _IMPLAUSIBLE and not explicit:
        raise PydanticCustomError(
            "rate-implausible",
            '{text} would be {percent} % a year; write "{text}%" or "{fraction}"',
            {"text": str(value), "percent": write_rate(rate * 100), "fraction": write_rate(rate / 100)},
        )
    return rate


def _read_share(value: Any) -> Fraction:
    share = _read_rate(value, plausible=False)
    if share > 1:
        raise PydanticCustomError(
            "value-invalid",
            "{text} is more than the whole; a share lies between 0 and 1",
            {"text": str(value)},
        )
    return share


def _read_currency(value: Any) -> str:
    if not (
        isinstance(value, str) and len(value) == 3 and value.isascii() and value.isalpha() and value.isupper()
    ):
        raise PydanticCustomError(
            "currency-unknown",
            "{text} is not a currency; write its ISO 4217 code, such as CNY",
            {"text": quoted(value)},
        )
    return value


_MONEY_TEXT = r"^-?\d{1,18}(\.\d+)?$"

AS_AMOUNT = PlainSerializer(lambda amount: f"{amount:f}", return_type=str, when_used="json")
"""Serialises an amount as text, and marks a field as money."""

Money = Annotated[
    Decimal,
    BeforeValidator(_read_positive_money),
    AS_AMOUNT,
    WithJsonSchema(
        {"type": ["string", "integer"], "pattern": _MONEY_TEXT.replace("-?", ""), "examples": ["1250.00"]}
    ),
]
"""A non-negative amount in major units: `Decimal`, text or int; text in JSON; a float is refused."""

SignedMoney = Annotated[
    Decimal,
    BeforeValidator(_read_money),
    AS_AMOUNT,
    WithJsonSchema({"type": ["string", "integer"], "pattern": _MONEY_TEXT, "examples": ["-120.00"]}),
]
"""An amount in major units that may be negative, such as the rest of an income after costs."""

_RATE_SCHEMA = {"type": ["string", "integer"], "examples": ["0.149", "14.9%", "149/1000"]}
_RATE_TEXT = PlainSerializer(_write_plainly, return_type=str, when_used="json")

Rate = Annotated[Fraction, PlainValidator(_read_rate), _RATE_TEXT, WithJsonSchema(_RATE_SCHEMA)]
"""An exact annual rate as a fraction of one: 0.12 or "12%", never 12."""

Multiplier = Annotated[
    Fraction,
    PlainValidator(lambda value: _read_rate(value, plausible=False)),
    PlainSerializer(write_rate, return_type=str, when_used="json"),
    WithJsonSchema(_RATE_SCHEMA),
]
"""An exact factor, zero or more, e.g. "1.5"."""


def _read_change(value: Any) -> Fraction:
    falling = isinstance(value, str) and value.lstrip().startswith("-")
    if isinstance(value, int | Decimal | Fraction) and value < 0:
        return -_read_share(-value)
    return -_read_share(value.lstrip()[1:]) if falling else _read_rate(value, plausible=False)


def _write_change(change: Fraction) -> str:
    return f"-{write_rate(-change)}" if change < 0 else write_rate(change)


Change = Annotated[
    Fraction,
    PlainValidator(_read_change),
    PlainSerializer(_write_change, return_type=str, when_used="json"),
    WithJsonSchema(_RATE_SCHEMA),
]
"""An exact relative change, down to -1: "7.5%" or "-0.05"."""

Share = Annotated[Fraction, PlainValidator(_read_share), _RATE_TEXT, WithJsonSchema(_RATE_SCHEMA)]
"""An exact share of a whole, between 0 and 1: "0.5", "50%" or "1/2"."""

Currency = Annotated[
    str,
    BeforeValidator(_read_currency),
    WithJsonSchema({"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["CNY"]}),
]
"""An ISO 4217 code."""
