"""Columns: what a column holds, the Arrow type that it has, and the arrays that are made of values."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

from restructure.calculator.conventions.money import minor_digits
from restructure.calculator.conventions.quantity import Kind, Quantity, ratio
from restructure.field_docs import field_docs
from restructure.frames import optional
from restructure.record import Record

if TYPE_CHECKING:
    import pyarrow

__all__ = ["CURRENCY", "RATE_SCALE", "Column", "Holds", "columns_of", "rate", "table_with"]

# An amount has at most 14 digits before the point and 4 after it. The product of two columns of 18 digits fits into
# the 38 of a 128-bit decimal, that of wider ones does not, and Arrow refuses it.
_DIGITS = 18

RATE_SCALE = 12
"""Decimals of a rate: a rate is an exact fraction, and a third of a percent has no end."""


class Holds(StrEnum):
    """What a column holds, which decides its Arrow type."""

    MONEY = "money"
    """An amount in major units: a decimal of the currency's scale."""
    SHARE = "share"
    """A share or a rate as a fraction of one: a decimal of the column's scale."""
    COUNT = "count"
    """A whole number."""
    DAY = "day"
    """A day."""
    WORD = "word"
    """A text."""
    FLAG = "flag"
    """True or false."""


_OF_KIND = {
    Kind.MONEY: Holds.MONEY,
    Kind.RATIO: Holds.SHARE,
    Kind.DAYS: Holds.COUNT,
    Kind.MONTHS: Holds.COUNT,
    Kind.COUNT: Holds.COUNT,
    Kind.FLAG: Holds.FLAG,
    Kind.CHOICE: Holds.WORD,
    Kind.DATE: Holds.DAY,
}


@dataclass(frozen=True, slots=True)
class Column:
    """Describe a column of a table."""

    name: str
    """Name of the column; that of the record's field where there is one."""
    holds: Holds
    """What it holds."""
    doc: str
    """Meaning, in one sentence."""
    scale: int = 0
    """Decimals of a share, such as 6; money has those of its currency."""

    def arrow_type(self, places: int) -> Any:
        """Give the Arrow type, `places` being the decimals of the currency."""
        pa = optional("pyarrow")
        match self.holds:
            case Holds.MONEY:
                return pa.decimal128(_DIGITS, places)
            case Holds.SHARE:
                return pa.decimal128(_DIGITS, self.scale)
            case Holds.COUNT:
                return pa.int64()
            case Holds.DAY:
                return pa.date32()
            case Holds.WORD:
                return pa.string()
            case Holds.FLAG:
                return pa.bool_()


def columns_of(model: type[Record], *, without: tuple[str, ...] = ()) -> Iterator[Column]:
    """Describe the fields of a model that are quantities, each as a column of its own name."""
    docs = field_docs(model)
    for name, info in model.model_fields.items():
        for quantity in info.metadata:
            if isinstance(quantity, Quantity) and name not in without:
                yield Column(name, _OF_KIND[quantity.kind], docs.get(name, ""), quantity.scale)


CURRENCY = Column(
    "currency", Holds.WORD, "Currency of every amount of the row, as an ISO 4217 code, such as CNY."
)
"""The last column of every table that has amounts."""


@cache
def _schema(columns: tuple[Column, ...], places: int, currency: str) -> Any:
    pa = optional("pyarrow")
    return pa.schema(
        [pa.field(column.name, column.arrow_type(places)) for column in columns],
        metadata={"currency": currency} if currency else None,
    )


def table_with(
    columns: tuple[Column, ...],
    values: Sequence[Sequence[Any]],
    *,
    currency: str = "",
    places: int | None = None,
) -> "pyarrow.Table":
    """Make the table of columns and the values of each, in their order.

    Money is amounts, `None` where unknown, or only whole numbers of minor units. `places` is the number of decimals
    where the currency is not known.
    """
    schema = _schema(columns, minor_digits(currency) if places is None else places, currency)
    arrays = [_array(column, field.type) for column, field in zip(values, schema, strict=True)]
    table: pyarrow.Table = optional("pyarrow").Table.from_arrays(arrays, schema=schema)
    return table


def _array(values: Sequence[Any], kind: Any) -> Any:
    pa = optional("pyarrow")
    # Minor units are the integers of Arrow's decimals, so they are copied and no `Decimal` is made of any.
    if values and type(values[0]) is int and pa.types.is_decimal(kind):
        integers = b"".join([value.to_bytes(16, sys.byteorder, signed=True) for value in values])
        array = pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(integers)])
        array.validate(full=True)
        return array
    return pa.array(values, kind)


def rate(fraction: Fraction | None) -> Decimal | None:
    """Round a rate half-up to the decimals of a column of rates.

    >>> rate(Fraction(1, 3)), rate(None)
    (Decimal('0.333333333333'), None)
    """
    return None if fraction is None else ratio(fraction.numerator, fraction.denominator, RATE_SCALE)
