"""Tables: decision tables in YAML or CSV, read into the rules or conclusions that their rows are.

An input cell is a test of the fact its column names: `-` (anything), `>= 0.2`, `[30..90)`, `illness, divorce`,
`not(over_spending)`, `known`; a word that names a parameter or another fact stands for its value.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from restructure.calculator.conventions.quantity import Kind
from restructure.document import Document, Places
from restructure.errors import did_you_mean
from restructure.intake.facts import Fact, facts
from restructure.policy.language.conditions import AllOf, AnyOf, Condition, Not
from restructure.policy.language.hit_policies import Hit
from restructure.policy.loading.reader import ANYTHING, CELL, Reader, Spot

__all__ = ["Cells", "CsvOf", "TableRow", "literal", "read_csv", "rows_of", "table_rows"]

_RANGE = re.compile(r"^([\[(\]])\s*(.+?)\s*\.\.\s*(.+?)\s*([\])\[])$")
_NEGATED = re.compile(r"^not\s*\((.*)\)$", re.DOTALL)
_TEST = re.compile(r"^([<>=!]+)\s*(.+)$", re.DOTALL)
_FIELDS = (
    "id",
    "title",
    "reason",
    "reference",
    "hit",
    "inputs",
    "outputs",
    "rows",
    "offer",
    "unless_offered",
)
_NOTHING = ("-", "")
_OPENING, _CLOSING = ("[", "(", "]"), ("]", ")", "[")

CsvOf = Callable[[str, Spot], Document | None]


class TableRow(NamedTuple):
    """One row, ready to become a rule or a conclusion."""

    number: int
    """From 1."""
    spot: Spot
    """Where it stands."""
    when: Condition
    """Its input cells together."""
    outputs: dict[str, Any]
    """Its output cells by column."""
    reference: str | None
    """Its own source, if the row gives one."""
    priority: tuple[int, ...]
    """Place of its outputs among the declared values, for the hit policy priority."""


class _Column(NamedTuple):
    name: str
    values: tuple[Any, ...] = ()


def read_csv(path: Path) -> Document:
    """Read a CSV file as a list of rows, each a list of cells, located by line and column."""
    text = path.read_text(encoding="utf-8-sig")
    places: Places = {(): (1, 1)}
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True)
    line = 1
    for cells in _lines(reader):
        if cells:
            number = len(rows)
            places[(number,)] = (line, 1)
            for k in range(len(cells)):
                places[(number, k)] = (line, k + 1)
            rows.append([cell.strip() for cell in cells])
        line = reader.line_num + 1
    return Document(rows, file=str(path), places=places)


def _lines(reader: Any) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error as error:
        raise csv.Error(f"{error}, in line {reader.line_num}; mend the quotes there") from None


class Cells(NamedTuple):
    """The cells of one row, by column."""

    spot: Spot
    """Where the row stands."""
    values: dict[str, Any]
    """What it holds by column; an input that is absent is not tested."""
    spots: dict[str, Spot]
    """Where each cell stands."""

    def at(self, name: str) -> Spot:
        """Give where a cell stands, or else its row."""
        return self.spots.get(name, self.spot)


def table_rows(reader: Reader, raw: Mapping[str, Any], spot: Spot, csv_of: CsvOf) -> list[TableRow]:
    """Read the rows of a table; `csv_of` gives the document of a CSV file beside the policy, or `None`."""
    reader.only(raw, _FIELDS, "a table", spot)
    inputs = _columns(reader, raw.get("inputs"), (*spot, "inputs"))
    outputs = _columns(reader, raw.get("outputs"), (*spot, "outputs"))
    tested = [reader.fact(one.name, (*spot, "inputs", k), of_plan=False) for k, one in enumerate(inputs)]
    if not inputs or not outputs:
        return []  # reported, and no row can be read
    if raw.get("hit") == Hit.PRIORITY and outputs and not any(one.values for one in outputs):
        reader.report(
            "hit-priority",
            "with the hit policy priority an output lists its values, the one of the highest priority first: "
            "{name, values}",
            (*spot, "outputs"),
        )
    names = [one.name for one in (*inputs, *outputs)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        reader.report("table-shape", f'two columns are called "{name}"; keep one', spot)
    found: list[TableRow] = []
    for number, row in enumerate(rows_of(reader, raw.get("rows"), names, (*spot, "rows"), csv_of), 1):
        asked = [
            _test(reader, fact, row.values[one.name], (*row.at(one.name), CELL))
            for one, fact in zip(inputs, tested, strict=True)
            if fact is not None and one.name in row.values
        ]
        tests = tuple(test for test in asked if test is not None)
        when = (tests[0] if len(tests) == 1 else AllOf(all=tests)) if tests else ANYTHING
        values: dict[str, Any] = {}
        priority: list[int] = []
        for one in outputs:
            value = literal(row.values.get(one.name))
            if value is None or value in _NOTHING:
                reader.report(
                    "table-shape", f'the row gives no "{one.name}"; fill the cell', row.at(one.name)
                )
                continue
            if one.values and value not in one.values:
                listed = ", ".join(map(str, one.values))
                reader.report(
                    "table-shape",
                    f'{value} is not among the values of "{one.name}": {listed}',
                    row.at(one.name),
                )
            elif one.values:
                priority.append(one.values.index(value))
            values[one.name] = {"parameter": value} if _names_parameter(reader, one.name, value) else value
        source = row.values.get("reference")
        found.append(
            TableRow(number, row.spot, when, values, str(source) if source else None, tuple(priority))
        )
    return found


def _names_parameter(reader: Reader, column: str, value: Any) -> bool:
    """Tell whether an output stands for a parameter's value: a word that is no choice of its fact."""
    own = reader.own.get(column)
    return isinstance(value, str) and value in reader.values and not (own and value in own.choices)


def _columns(reader: Reader, raw: Any, spot: Spot) -> list[_Column]:
    if not isinstance(raw, list) or not raw:
        reader.report("table-shape", f'"{spot[-1]}" is a list of at least one column', spot)
        return []
    columns: list[_Column] = []
    for k, one in enumerate(raw):
        if isinstance(one, str):
            columns.append(_Column(one))
        elif (
            isinstance(one, Mapping)
            and set(one) == {"name", "values"}
            and isinstance(one["name"], str)
            and isinstance(one["values"], list)
        ):
            columns.append(_Column(one["name"], tuple(map(literal, one["values"]))))
        else:
            reader.report("table-shape", "a column is a name, or {name, values: [first, …]}", (*spot, k))
            return []
    return columns


def rows_of(reader: Reader, raw: Any, names: list[str], spot: Spot, csv_of: CsvOf) -> list[Cells]:
    """Read rows from a list, or from the CSV file that a name stands for; what cannot be read is reported."""
    if isinstance(raw, str):
        document = csv_of(raw, spot)
        return [] if document is None else _rows_of_csv(reader, document, names)
    if not isinstance(raw, list) or not raw:
        reader.report(
            "table-shape",
            f"{spot[-1]} is a list of rows, or the name of a CSV file beside the policy",
            spot,
        )
        return []
    rows: list[Cells] = []
    for r, row in enumerate(raw):
        at = (*spot, r)
        if isinstance(row, Mapping):
            reader.only(row, (*names, "reference"), "a row of this table", at)
            rows.append(Cells(at, dict(row), {name: (*at, name) for name in row}))
        elif isinstance(row, list) and len(row) == len(names):
            cells = dict(zip(names, row, strict=True))
            rows.append(Cells(at, cells, {name: (*at, k) for k, name in enumerate(names)}))
        else:
            has = f"the row has {len(row)} cells" if isinstance(row, list) else "the row is no list of cells"
            reader.report("table-shape", f"{has}; it takes {len(names)}: {', '.join(names)}", at)
    return rows


def _rows_of_csv(reader: Reader, document: Document, names: list[str]) -> list[Cells]:
    head, *body = document.data or [[]]
    for k, name in enumerate(head):
        if name in head[:k]:
            reader.report("table-shape", f'a second column is called "{name}"; keep one', (document, 0, k))
    if not body:
        reader.report("table-shape", "the file has no rows below its head", (document,))
    for name in names:
        if name not in head:
            reader.report(
                "table-shape", f'the file has no column "{name}"{did_you_mean(name, head)}', (document, 0)
            )
    for k, name in enumerate(head):
        if name not in (*names, "reference"):
            reader.report(
                "table-shape",
                f'the table has no column "{name}"{did_you_mean(name, names)}',
                (document, 0, k),
            )
    if not set(names) <= set(head):
        return []  # reported, and every row would lack the same
    rows: list[Cells] = []
    for r, cells in enumerate(body, 1):
        if len(cells) == len(head):
            spots: dict[str, Spot] = {name: (document, r, k) for k, name in enumerate(head)}
            rows.append(Cells((document, r), dict(zip(head, cells, strict=True)), spots))
        else:
            reader.report(
                "table-shape", f"the row has {len(cells)} cells and the head {len(head)}", (document, r)
            )
    return rows


def _test(reader: Reader, fact: Fact, cell: Any, spot: Spot) -> Condition | None:
    """Read an input cell; `None` tests nothing."""
    if cell is None:
        return None
    if isinstance(cell, Mapping):
        return reader.comparison({"fact": fact.name, **cell}, spot, of_plan=False)
    if isinstance(cell, list):
        return AnyOf(any=tuple(_one(reader, fact, part, spot) for part in cell)) if cell else None
    if not isinstance(cell, str):
        return _compared(reader, fact, "==", cell, spot)
    text = cell.strip()
    if text in _NOTHING:
        return None
    negated = _NEGATED.match(text)
    inner = _either(reader, fact, negated.group(1) if negated else text, spot)
    return Not(negated=inner) if negated else inner


def _either(reader: Reader, fact: Fact, text: str, spot: Spot) -> Condition:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    tests = tuple(_one(reader, fact, part, spot) for part in parts)
    if not tests:
        reader.report("table-shape", "the cell tests nothing; write - for anything", spot)
        return ANYTHING
    return tests[0] if len(tests) == 1 else AnyOf(any=tests)


def _one(reader: Reader, fact: Fact, cell: Any, spot: Spot) -> Condition:
    if not isinstance(cell, str):
        return _compared(reader, fact, "==", cell, spot)
    span = _RANGE.match(cell)
    if not span and (cell[:1] in _OPENING or cell[-1:] in _CLOSING or ".." in cell):
        reader.report(
            "table-shape",
            f'"{cell}" is no range; write both ends and how each closes, such as [30..90)',
            spot,
        )
        return ANYTHING
    if span:
        opening, low, high, closing = span.groups()
        return AllOf(
            all=(
                _compared(reader, fact, ">=" if opening == "[" else ">", literal(low), spot),
                _compared(reader, fact, "<=" if closing == "]" else "<", literal(high), spot),
            )
        )
    if cell in ("known", "unknown"):
        return reader.comparison({"fact": fact.name, "op": cell}, spot, of_plan=False)
    test = _TEST.match(cell)
    if test:
        op, value = test.groups()
        return _compared(reader, fact, "==" if op == "=" else op, literal(value), spot)
    return _compared(reader, fact, "==", literal(cell), spot)


def _compared(reader: Reader, fact: Fact, op: str, value: Any, spot: Spot) -> Condition:
    if isinstance(value, str) and value not in fact.choices:
        if value in reader.values:
            value = {"parameter": value}
        elif value in facts() or value in reader.own:
            value = {"fact": value}
        elif fact.kind is Kind.FLAG and value in ("yes", "no"):
            value = value == "yes"
    return reader.comparison({"fact": fact.name, "op": op, "value": value}, spot, of_plan=False)


def literal(cell: Any) -> Any:
    """Read a cell's text as the number, day or truth value it spells; other text stays text."""
    if not isinstance(cell, str):
        return cell
    text = cell.strip()
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"[-+]?\d{1,18}", text):
        return int(text)
    if re.fullmatch(r"[-+]?\d{0,18}\.\d{1,18}", text):
        return Decimal(text)
    try:
        return date.fromisoformat(text)
    except ValueError:
        return text
