"""The tables of many records as one, such as the offers to every borrower of a book."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from restructure.errors import InvalidInput, Issue
from restructure.frames import Tabular, optional

if TYPE_CHECKING:
    import pyarrow

__all__ = ["table_of"]


def table_of(records: Iterable[Tabular] | Mapping[str, Tabular]) -> "pyarrow.Table":
    """Put the tables of many records of one class below each other.

    A mapping names each record, and its key is the first column, `reference`. Of several currencies, every amount has
    the decimals of the finest, so that it stays exact. Raises `InvalidInput` where there is no record, for then
    there is no class to take the columns from, and for records of several classes.

    >>> from restructure import amortise, Terms
    >>> loan = Terms(currency="JPY", principal="90000", annual_rate="12%", instalments=3,
    ...              start="2026-01-05", first_due="2026-02-05")
    >>> table_of({"A-1": amortise(loan), "A-2": amortise(loan)}).select(["reference", "number", "total"]).shape
    (6, 3)
    """
    pa = optional("pyarrow")
    named = records if isinstance(records, Mapping) else None
    listed = list(records.values() if isinstance(records, Mapping) else records)
    classes = sorted({type(record).__name__ for record in listed})
    without = sorted({type(record).__name__ for record in listed if not isinstance(record, Tabular)})
    if without or len(classes) != 1:
        needed = "records of one class that has tables, such as schedules or decisions"
        given = ", ".join(without or classes) or "no record"
        raise InvalidInput(
            Issue("value-invalid", f"a table is made of {needed}, and not of {given}", "records")
        )
    tables = [record.to_arrow() for record in listed]
    finest = max((table.schema for table in tables), key=_decimals)
    stacked: pyarrow.Table = pa.concat_tables(
        [table if table.schema == finest else table.cast(finest) for table in tables]
    ).combine_chunks()
    if len({(table.schema.metadata or {}).get(b"currency") for table in tables}) > 1:
        stacked = stacked.replace_schema_metadata(None)
    if named is None:
        return stacked
    references = [name for name, table in zip(named, tables, strict=True) for _ in range(table.num_rows)]
    return stacked.add_column(0, pa.field("reference", pa.string()), pa.array(references, pa.string()))


def _decimals(schema: Any) -> int:
    return sum(kind.scale for kind in schema.types if hasattr(kind, "scale"))
