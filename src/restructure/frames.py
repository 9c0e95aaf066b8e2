"""Frames: a record as a table for Arrow, pandas and polars, asked for from anywhere and made by the report package.

The storeys below know that a record can be had as a table, not what its columns are: a module on top registers them
for each class of records, and is loaded when the first table is asked for.
"""

from collections.abc import Callable
from functools import singledispatch
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

__all__ = ["Tabular", "columns_by", "frame_of", "optional"]

_Shown = TypeVar("_Shown")
_REGISTRANTS: list[str] = []


def columns_by(module: str) -> None:
    """Name a module that registers tables when it is imported; it is loaded when the first table is asked for."""
    _REGISTRANTS.append(module)


def frame_of(model: type[_Shown]) -> Callable[[Callable[[_Shown], Any]], Callable[[_Shown], Any]]:
    """Register a function of a record as the one that makes the Arrow table of a class of records."""

    def register(make: Callable[[_Shown], Any]) -> Callable[[_Shown], Any]:
        _table.register(model, make)
        return make

    return register


def optional(package: str) -> Any:
    """Import a package that the library does not need; raises `InvalidInput` with `extra-absent` where it is absent."""
    try:
        return import_module(package)
    except ImportError:
        from restructure.errors import (
            InvalidInput,
            Issue,
        )  # `import restructure` loads this room and little else

        needed = dict.fromkeys(("pyarrow", package))
        sentence = f"tables need {' and '.join(needed)}; install with: pip install {' '.join(needed)}"
        raise InvalidInput(Issue("extra-absent", sentence)) from None


@singledispatch
def _table(record: object) -> Any:
    raise TypeError(f"there is no table of {type(record).__name__}")


_MISSING = _table.dispatch(object)


class Tabular:
    """Give a record as a table with named columns; money is exact, and what is unknown is null.

    A library that reads the Arrow interface of Python (`__arrow_c_stream__`) takes the record itself:
    `polars.DataFrame(schedule)`, `pyarrow.table(schedule)`.
    """

    __slots__ = ()

    def to_arrow(self) -> "pyarrow.Table":
        """Give the table as a `pyarrow.Table`: money as decimals of its currency's scale, days as dates.

        The columns and their types depend on the class of the record and on the currency alone, never on what the
        record holds. Raises `InvalidInput` with `extra-absent` where pyarrow is not installed.
        """
        optional("pyarrow")
        if _table.dispatch(type(self)) is _MISSING:
            for module in _REGISTRANTS:
                import_module(module)
        table: pyarrow.Table = _table(self)
        return table

    def to_polars(self) -> "polars.DataFrame":
        """Give the table as a `polars.DataFrame`: as `to_arrow`, and needs polars too."""
        library = optional("polars")
        frame: polars.DataFrame = library.DataFrame(self.to_arrow())
        return frame

    def to_pandas(self) -> "pandas.DataFrame":
        """Give the table as a `pandas.DataFrame` whose columns keep their Arrow types, such as `decimal128(18, 2)`.

        A sum of amounts is then an exact `Decimal`, a count stays a whole number beside an unknown one, and what is
        unknown is `pandas.NA`. As `to_arrow`, and needs pandas too.
        """
        library = optional("pandas")
        frame: pandas.DataFrame = self.to_arrow().to_pandas(types_mapper=library.ArrowDtype)
        return frame

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        table: Any = self.to_arrow()
        stream: object = table.__arrow_c_stream__(requested_schema)
        return stream
