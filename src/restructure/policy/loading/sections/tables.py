"""Tables: decision tables, read into the rules or conclusions that their rows are."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from restructure.document import field_names
from restructure.errors import did_you_mean
from restructure.policy.language.conditions import AllOf, Condition
from restructure.policy.language.content import PolicyContent
from restructure.policy.language.hit_policies import Hit
from restructure.policy.language.sections import Conclusion, DecisionTable, Rule
from restructure.policy.loading.findings import CELL, Spot
from restructure.policy.loading.parts.cells import EMPTY, cell_test
from restructure.policy.loading.parts.conditions import UNREADABLE
from restructure.policy.loading.parts.rows import Cells, literal, rows_of
from restructure.policy.loading.reading import Reading
from restructure.policy.loading.sections.entries import read_concluded

__all__ = ["read_tables"]

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
_RecordT = TypeVar("_RecordT", Rule, Conclusion, DecisionTable)


class _TableRow(NamedTuple):
    """One row, ready to become a rule or a conclusion."""

    number: int
    """From 1."""
    spot: Spot
    """Where it is written."""
    when: Condition
    """Its input cells together."""
    outputs: dict[str, Any]
    """Its output cells by column."""
    reference: str | None
    """Its own source, if the row gives one."""
    priority: tuple[int, ...]
    """Positions of its outputs among the declared values, for the hit policy priority."""


class _Column(NamedTuple):
    name: str
    values: tuple[Any, ...] = ()


def read_tables(reading: Reading) -> None:
    """Read the decision tables; their rows are added to the rules and conclusions."""
    tables = reading.data.get("tables")
    if not isinstance(tables, list):
        return
    read: list[DecisionTable] = []
    for k, raw in enumerate(tables):
        place: Spot = ("tables", k)
        if not isinstance(raw, Mapping):
            reading.findings.report("table-shape", "a table is a group of named fields", place)
            continue
        reading.name(raw.get("id"), (*place, "id"))
        raw = reading.cited(raw, "reference", place)
        rows = _table_rows(reading, raw, place)
        _check_columns_read(reading, raw, (*place, "offer"))
        if raw.get("hit") is None:
            sentence = f"say which row counts if several match: hit: {' | '.join(Hit)}"
            reading.findings.report("table-shape", sentence, place)
            continue
        fields = {key: raw[key] for key in ("id", "title", "reference", "hit") if key in raw}
        table = _made(reading, DecisionTable, fields, place)
        if table is not None:
            read.append(table)
            _add_rows(reading, table, raw, rows, place)
    reading.data["tables"] = read


def _add_rows(
    reading: Reading, table: DecisionTable, raw: Mapping[str, Any], rows: list[_TableRow], place: Spot
) -> None:
    """Add the rows of a table to the rules if it has an offer, else to the conclusions."""
    if "offer" in raw and (not isinstance(raw["offer"], list) or not raw["offer"]):
        sentence = '"offer" is a list of at least one measure'
        reading.findings.report("table-shape", sentence, (*place, "offer"))
        return
    offers = "offer" in raw
    section, build = ("rules", _rule_of) if offers else ("conclusions", _conclusion_of)
    for row in rows:
        reading.name(f"{table.id}-{row.number}", row.spot)
        reading.check_width(row.when, row.spot, negated=not offers)
        built = build(reading, table, raw, row, place)
        if built is not None and isinstance(reading.data.setdefault(section, []), list):
            reading.data[section] = [*reading.data[section], built]


def _rule_of(
    reading: Reading, table: DecisionTable, raw: Mapping[str, Any], row: _TableRow, place: Spot
) -> Rule | None:
    if {str(name) for name in _columns_in(raw["offer"])} - row.outputs.keys():
        return None  # reported with the offer, or where the cell is
    offer = reading.offer(_with_cells(raw["offer"], row.outputs), (*place, "offer"), at=row.spot)
    own = {key: raw[key] for key in ("reason", "unless_offered") if key in raw}
    return _made(reading, Rule, {**_common(reading, table, row), **own, "offer": offer}, place)


def _conclusion_of(
    reading: Reading, table: DecisionTable, raw: Mapping[str, Any], row: _TableRow, place: Spot
) -> Conclusion | None:
    for word in ("reason", "offer", "unless_offered"):
        if word in raw:
            sentence = f'a table without an offer has no "{word}"; remove it'
            reading.findings.report("table-shape", sentence, (*place, word))
    conclude = read_concluded(reading, row.outputs, row.spot)
    return _made(reading, Conclusion, {**_common(reading, table, row), "conclude": conclude}, place)


def _common(reading: Reading, table: DecisionTable, row: _TableRow) -> dict[str, Any]:
    if row.reference is not None:
        reading.cited({"reference": row.reference}, "reference", row.spot)
    return {
        "id": f"{table.id}-{row.number}",
        "title": table.title,
        "reference": row.reference or table.reference,
        "when": row.when,
        "table": table.id,
        "priority": row.priority,
    }


def _made(reading: Reading, record: type[_RecordT], data: dict[str, Any], place: Spot) -> _RecordT | None:
    try:
        return record.model_validate(data)
    except ValidationError as error:
        reading.findings.report_invalid(error, place, field_names(PolicyContent))
        return None


# --- columns and rows


def _table_rows(reading: Reading, raw: Mapping[str, Any], spot: Spot) -> list[_TableRow]:
    """Read the columns and rows of a table."""
    findings = reading.findings
    findings.report_unknown_fields(raw, _FIELDS, "a table", spot)
    inputs = _columns(reading, raw.get("inputs"), (*spot, "inputs"))
    outputs = _columns(reading, raw.get("outputs"), (*spot, "outputs"))
    tested = [
        reading.scope.fact(column.name, (*spot, "inputs", k), of_plan=False)
        for k, column in enumerate(inputs)
    ]
    if not inputs or not outputs:
        return []  # reported, and no row can be read
    if raw.get("hit") == Hit.PRIORITY and not any(column.values for column in outputs):
        findings.report(
            "hit-priority",
            "with the hit policy priority an output lists its values, the one of the highest priority first: "
            "{name, values}",
            (*spot, "outputs"),
        )
    names = [column.name for column in (*inputs, *outputs)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        findings.report("table-shape", f'two columns are called "{name}"; keep one', spot)
    rows: list[_TableRow] = []
    written = rows_of(findings, raw.get("rows"), names, (*spot, "rows"), reading.csv_of)
    for number, cells in enumerate(written, 1):
        tests = [
            cell_test(reading.conditions, fact, cells.values[column.name], (*cells.at(column.name), CELL))
            for column, fact in zip(inputs, tested, strict=True)
            if fact is not None and column.name in cells.values
        ]
        values, priority = _output_values(reading, outputs, cells)
        source = cells.values.get("reference")
        reference = str(source) if source else None
        rows.append(_TableRow(number, cells.spot, _joined(tests), values, reference, priority))
    return rows


def _joined(tests: list[Condition | None]) -> Condition:
    """Join the tests of a row's cells; a row that tests nothing has a condition that is always true."""
    asked = tuple(test for test in tests if test is not None)
    if not asked:
        return UNREADABLE
    return asked[0] if len(asked) == 1 else AllOf(all=asked)


def _output_values(
    reading: Reading, outputs: list[_Column], cells: Cells
) -> tuple[dict[str, Any], tuple[int, ...]]:
    """Read the output cells of a row, and their positions among the values that the columns list."""
    values: dict[str, Any] = {}
    priority: list[int] = []
    for column in outputs:
        at = cells.at(column.name)
        value = literal(cells.values.get(column.name))
        if value is None or value in EMPTY:
            sentence = f'the row gives no "{column.name}"; fill the cell'
            reading.findings.report("table-shape", sentence, at)
            continue
        if column.values and value not in column.values:
            listed = ", ".join(map(str, column.values))
            sentence = f'{value} is not among the values of "{column.name}": {listed}'
            reading.findings.report("table-shape", sentence, at)
        elif column.values:
            priority.append(column.values.index(value))
        values[column.name] = {"parameter": value} if _is_parameter(reading, column.name, value) else value
    return values, tuple(priority)


def _is_parameter(reading: Reading, column: str, value: Any) -> bool:
    """Tell whether an output is a parameter's value: a word that is no choice of its fact."""
    own = reading.scope.own_facts.get(column)
    named = isinstance(value, str) and value in reading.scope.parameter_values
    return named and not (own and value in own.choices)


def _columns(reading: Reading, raw: Any, spot: Spot) -> list[_Column]:
    if not isinstance(raw, list) or not raw:
        reading.findings.report("table-shape", f'"{spot[-1]}" is a list of at least one column', spot)
        return []
    columns: list[_Column] = []
    for k, column in enumerate(raw):
        if isinstance(column, str):
            columns.append(_Column(column))
        elif (
            isinstance(column, Mapping)
            and set(column) == {"name", "values"}
            and isinstance(column["name"], str)
            and isinstance(column["values"], list)
        ):
            columns.append(_Column(column["name"], tuple(map(literal, column["values"]))))
        else:
            sentence = "a column is a name, or {name, values: [first, …]}"
            reading.findings.report("table-shape", sentence, (*spot, k))
            return []
    return columns


# --- offers that read columns


def _check_columns_read(reading: Reading, raw: Mapping[str, Any], spot: Spot) -> None:
    """Report columns that an offer reads and the table does not give."""
    outputs = raw.get("outputs")
    given = [
        str(column.get("name")) if isinstance(column, Mapping) else str(column)
        for column in (outputs if isinstance(outputs, list) else ())
    ]
    for name in sorted({str(name) for name in _columns_in(raw.get("offer"))} - set(given)):
        if given:
            sentence = f'the offer reads the column "{name}", which is no output{did_you_mean(name, given)}'
            reading.findings.report("table-shape", sentence, spot)


def _columns_in(value: Any) -> Iterator[Any]:
    """Name the columns that an offer reads."""
    if isinstance(value, Mapping):
        if set(value) == {"column"}:
            yield value["column"]
        else:
            for part in value.values():
                yield from _columns_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from _columns_in(part)


def _with_cells(value: Any, cells: Mapping[str, Any]) -> Any:
    """Replace each `{column: name}` by the cell of a row."""
    if isinstance(value, Mapping):
        if set(value) == {"column"}:
            return cells[str(value["column"])]
        return {key: _with_cells(part, cells) for key, part in value.items()}
    if isinstance(value, list):
        return [_with_cells(part, cells) for part in value]
    return value
