"""Reading lookups: the reference tables that a policy declares, every row and cell checked."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from restructure.calculator.conventions.quantity import Kind
from restructure.errors import did_you_mean, quoted
from restructure.intake.facts import Fact
from restructure.policy.amounts.lookups import Beyond, KeyMatch
from restructure.policy.constants import UNITS
from restructure.policy.language.content import PolicyContent
from restructure.policy.language.reads import lookups_used
from restructure.policy.loading.findings import Spot
from restructure.policy.loading.parts.rows import Cells, literal, rows_of
from restructure.policy.loading.reading import Reading
from restructure.policy.loading.sections.parameters import DatedEntry, report_gaps

__all__ = ["check_lookups", "read_lookups"]

_FIELDS = ("title", "reference", "keys", "columns", "values")
_KEY, _COLUMN = ("name", "unit", "match", "beyond"), ("name", "unit")
_COLUMN_UNITS = tuple(UNITS)[:5]
_KEY_UNITS = (*_COLUMN_UNITS, "flag", "choice")
_WORDS = (Kind.CHOICE, Kind.FLAG)
_NOTHING = (None, "", "-")


def read_lookups(reading: Reading) -> None:
    """Read the lookups that the policy declares."""
    declared = reading.data.get("lookups")
    if not isinstance(declared, Mapping):
        return
    read: dict[str, Any] = {}
    for name, raw in declared.items():
        place: Spot = ("lookups", name)
        reading.scope.lookups[name] = None
        if not isinstance(raw, Mapping):
            reading.findings.report("lookup-shape", "a lookup is a group of named fields", place)
            continue
        before = reading.findings.count
        raw = reading.cited(raw, "reference", place)
        reading.findings.report_unknown_fields(raw, _FIELDS, "a lookup", place)
        keys = _columns(reading, raw.get("keys"), _KEY, _KEY_UNITS, (*place, "keys"))
        columns = _columns(reading, raw.get("columns"), _COLUMN, _COLUMN_UNITS, (*place, "columns"))
        _matches(reading, keys, (*place, "keys"))
        names = [str(column["name"]) for column in (*keys, *columns)]
        for repeated in sorted({column for column in names if names.count(column) > 1}):
            sentence = f'two columns are called "{repeated}"; keep one'
            reading.findings.report("lookup-shape", sentence, place)
        if reading.findings.count == before:
            values = _editions(reading, raw.get("values"), keys, columns, (*place, "values"))
            read[name] = {**raw, "keys": keys, "columns": columns, "values": values}
            reading.scope.lookups[name] = read[name]
    reading.data["lookups"] = read


def check_lookups(reading: Reading, policy: PolicyContent) -> None:
    """Report days without rows between days with some, for every lookup that is used."""
    for name in dict.fromkeys(lookups_used(policy)):
        editions = [(edition.since, edition.rows is not None) for edition in policy.lookups[name].values]
        entry = DatedEntry("lookups", name, editions, "rows")
        mend = "give it some, or end it without later ones"
        report_gaps(reading, policy.effective_from, entry, "lookup-undefined", mend)


def _columns(
    reading: Reading, raw: Any, fields: tuple[str, ...], units: tuple[str, ...], spot: Spot
) -> list[dict[str, Any]]:
    """Read keys or columns: names of facts, which give them their unit, or groups that say it."""
    if not isinstance(raw, list) or not raw:
        reading.findings.report(
            "lookup-shape", f'"{spot[-1]}" is a list of at least one name or {{name, unit}}', spot
        )
        return []
    read: list[dict[str, Any]] = []
    for k, column in enumerate(raw):
        at = (*spot, k)
        given = {"name": column} if isinstance(column, str) else column
        if not isinstance(given, Mapping) or not isinstance(given.get("name"), str):
            reading.findings.report("lookup-shape", "write a name, or {name, unit}", at)
            continue
        reading.findings.report_unknown_fields(given, fields, f"one of the {spot[-1]}", at)
        name, unit = given["name"], given.get("unit")
        fact = reading.scope.fact_if_known(name)
        kinds = [UNITS[word] for word in units]
        if unit is None and fact is None:
            known = reading.scope.fact_names
            reading.findings.report(
                "unit-unknown",
                f'"{name}" is no fact, so its unit is not known; write {{name: {name}, unit: …}}'
                f"{did_you_mean(name, known)}",
                at,
            )
            continue
        if unit is not None and unit not in units:
            reading.unknown_unit(unit, units, (*at, "unit"))
            continue
        kind = UNITS[unit] if unit is not None else fact.kind  # type: ignore[union-attr]
        if kind not in kinds:
            reading.findings.report(
                "lookup-shape", f"{name} is {kind}, which no lookup takes as one of its {spot[-1]}", at
            )
            continue
        read.append({**given, "unit": kind})
    return read


def _matches(reading: Reading, keys: list[dict[str, Any]], spot: Spot) -> None:
    """Check how keys find their rows."""
    ranged = []
    for k, key in enumerate(keys):
        match, beyond = key.get("match", KeyMatch.EXACT), key.get("beyond", Beyond.UNKNOWN)
        for word, value, known in (("match", match, list(KeyMatch)), ("beyond", beyond, list(Beyond))):
            if value not in known:
                reading.findings.report(
                    "choice-unknown",
                    f"{quoted(value)} is none of the words for {word}{did_you_mean(value, known)}",
                    (*spot, k, word),
                )
        if match != KeyMatch.EXACT:
            ranged.append(key["name"])
            if key["unit"] in _WORDS:
                reading.findings.report(
                    "lookup-shape",
                    f"{key['name']} is {key['unit']}, which is only matched exactly",
                    (*spot, k, "match"),
                )
        elif "beyond" in key:
            reading.findings.report(
                "lookup-shape",
                f"beyond goes with match: {' | '.join(list(KeyMatch)[1:])}, and {key['name']} is matched exactly",
                (*spot, k, "beyond"),
            )
    if len(ranged) > 1:
        reading.findings.report(
            "lookup-shape",
            f"one key may be matched otherwise than exactly, not {' and '.join(ranged)}",
            spot,
        )


def _editions(
    reading: Reading, raw: Any, keys: list[dict[str, Any]], columns: list[dict[str, Any]], spot: Spot
) -> list[dict[str, Any]]:
    """Read the rows, all of them or those from each day on."""
    if not isinstance(raw, Mapping):
        return [{"rows": _rows(reading, raw, keys, columns, spot)}]
    editions: list[dict[str, Any]] = []
    for day, rows in raw.items():
        at = (*spot, day)
        try:
            since = date.fromisoformat(str(day))
        except ValueError:
            reading.findings.report("date-invalid", f'"{day}" is not a date; write year-month-day', at)
            continue
        if editions and since <= editions[-1]["since"]:
            reading.findings.report("lookup-shape", f"{day} does not come after {editions[-1]['since']}", at)
        read = None if rows is None else _rows(reading, rows, keys, columns, at)
        editions.append({"since": since, "rows": read})
    if not raw:
        reading.findings.report("lookup-shape", "values has no rows; write some, or day: rows", spot)
    return editions or [{"rows": None}]


def _rows(
    reading: Reading, raw: Any, keys: list[dict[str, Any]], columns: list[dict[str, Any]], spot: Spot
) -> list[list[Any]]:
    names = [str(column["name"]) for column in (*keys, *columns)]
    read: list[list[Any]] = []
    seen: set[tuple[Any, ...]] = set()
    for row in rows_of(reading.findings, raw, names, spot, reading.csv_of):
        before = reading.findings.count
        cells = [_cell(reading, column, row, key=k < len(keys)) for k, column in enumerate((*keys, *columns))]
        at = tuple(cells[: len(keys)])
        if reading.findings.count > before:
            continue
        if at in seen:
            reading.findings.report(
                "lookup-shape", f"a second row has {', '.join(map(str, at))}; keep one", row.spot
            )
        seen.add(at)
        read.append(cells)
    return read


def _cell(reading: Reading, column: Mapping[str, Any], row: Cells, *, key: bool) -> Any:
    """Read one cell as what its column holds; a column may be empty, which is unknown."""
    name, kind = str(column["name"]), column["unit"]
    raw, at = row.values.get(name), row.at(name)
    if raw in _NOTHING:
        if key:
            reading.findings.report("lookup-shape", f'the row gives no "{name}"; fill the cell', at)
        return None
    if kind is Kind.CHOICE:
        fact = reading.scope.fact_if_known(name)
        if not isinstance(raw, str):
            reading.findings.report("lookup-shape", f"{raw} is no word; write it in quotation marks", at)
        elif fact is not None and fact.choices and raw not in fact.choices:
            reading.findings.report(
                "lookup-shape", f"{quoted(raw)} is no word of {name}{did_you_mean(raw, fact.choices)}", at
            )
        return str(raw)
    # A rate keeps all its decimals here, because nothing compares with it before it is worked out.
    fact = Fact(name, kind, 12, "", "", "", (), of_plan=False)
    return reading.scope.constant(fact, literal(raw), at)
