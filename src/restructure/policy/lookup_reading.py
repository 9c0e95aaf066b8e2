"""Reading lookups: the reference tables that a policy declares, every row and cell checked."""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from restructure.calculator.quantity import Kind
from restructure.errors import did_you_mean, quoted
from restructure.intake.facts import Fact, facts
from restructure.policy.constants import UNITS
from restructure.policy.declaring import FactReader
from restructure.policy.lookups import Beyond, Match
from restructure.policy.tables import literal, rows_of

if TYPE_CHECKING:
    from restructure.document import Document
    from restructure.policy.reading import Spot
    from restructure.policy.tables import Cells

__all__ = ["LookupReader"]

_FIELDS = ("title", "reference", "keys", "columns", "values")
_KEY, _COLUMN = ("name", "unit", "match", "beyond"), ("name", "unit")
_COLUMN_UNITS = tuple(UNITS)[:5]
_KEY_UNITS = (*_COLUMN_UNITS, "flag", "choice")
_WORDS = (Kind.CHOICE, Kind.FLAG)
_NOTHING = (None, "", "-")


class LookupReader(FactReader):
    """Reads the lookups of a policy."""

    def csv_of(self, name: str, spot: "Spot") -> "Document | None":
        """Give the document of a CSV file beside the policy."""
        raise NotImplementedError

    def looked_up(self) -> None:
        """Read the lookups that the policy declares."""
        declared = self.data.get("lookups")
        if not isinstance(declared, Mapping):
            return
        read: dict[str, Any] = {}
        for name, raw in declared.items():
            place: Spot = ("lookups", name)
            self.lookups[name] = None
            if not isinstance(raw, Mapping):
                self.report("lookup-shape", "a lookup is a group of named fields", place)
                continue
            before = len(self.issues)
            raw = self.cited(raw, "reference", place)
            self.only(raw, _FIELDS, "a lookup", place)
            keys = self._columns(raw.get("keys"), _KEY, _KEY_UNITS, (*place, "keys"))
            columns = self._columns(raw.get("columns"), _COLUMN, _COLUMN_UNITS, (*place, "columns"))
            self._matches(keys, (*place, "keys"))
            names = [str(one["name"]) for one in (*keys, *columns)]
            for twice in sorted({one for one in names if names.count(one) > 1}):
                self.report("lookup-shape", f'two columns are called "{twice}"; keep one', place)
            if len(self.issues) == before:
                values = self._editions(raw.get("values"), keys, columns, (*place, "values"))
                read[name] = {**raw, "keys": keys, "columns": columns, "values": values}
                self.lookups[name] = read[name]
        self.data["lookups"] = read

    def _columns(
        self, raw: Any, fields: tuple[str, ...], units: tuple[str, ...], spot: "Spot"
    ) -> list[dict[str, Any]]:
        """Read keys or columns: names of facts, which give them their unit, or groups that say it."""
        if not isinstance(raw, list) or not raw:
            self.report(
                "lookup-shape", f'"{spot[-1]}" is a list of at least one name or {{name, unit}}', spot
            )
            return []
        found: list[dict[str, Any]] = []
        for k, one in enumerate(raw):
            at = (*spot, k)
            given = {"name": one} if isinstance(one, str) else one
            if not isinstance(given, Mapping) or not isinstance(given.get("name"), str):
                self.report("lookup-shape", "write a name, or {name, unit}", at)
                continue
            self.only(given, fields, f"one of the {spot[-1]}", at)
            name, unit = given["name"], given.get("unit")
            fact = self.own.get(name) or facts().get(name)
            kinds = [UNITS[word] for word in units]
            if unit is None and fact is None:
                known = {**facts(), **self.own}
                self.report(
                    "unit-unknown",
                    f'"{name}" is no fact, so its unit is not known; write {{name: {name}, unit: …}}'
                    f"{did_you_mean(name, known)}",
                    at,
                )
                continue
            if unit is not None and unit not in units:
                self.no_unit(unit, units, (*at, "unit"))
                continue
            kind = UNITS[unit] if unit is not None else fact.kind  # type: ignore[union-attr]
            if kind not in kinds:
                self.report(
                    "lookup-shape", f"{name} is {kind}, which no lookup takes as one of its {spot[-1]}", at
                )
                continue
            found.append({**given, "unit": kind})
        return found

    def _matches(self, keys: list[dict[str, Any]], spot: "Spot") -> None:
        """Check how keys find their rows."""
        ranged = []
        for k, key in enumerate(keys):
            match, beyond = key.get("match", Match.EXACT), key.get("beyond", Beyond.UNKNOWN)
            for word, value, known in (("match", match, list(Match)), ("beyond", beyond, list(Beyond))):
                if value not in known:
                    self.report(
                        "choice-unknown",
                        f"{quoted(value)} is none of the words for {word}{did_you_mean(value, known)}",
                        (*spot, k, word),
                    )
            if match != Match.EXACT:
                ranged.append(key["name"])
                if key["unit"] in _WORDS:
                    self.report(
                        "lookup-shape",
                        f"{key['name']} is {key['unit']}, which is only matched exactly",
                        (*spot, k, "match"),
                    )
            elif "beyond" in key:
                self.report(
                    "lookup-shape",
                    f"beyond goes with match: {' | '.join(list(Match)[1:])}, and {key['name']} is matched exactly",
                    (*spot, k, "beyond"),
                )
        if len(ranged) > 1:
            self.report(
                "lookup-shape",
                f"one key may be matched otherwise than exactly, not {' and '.join(ranged)}",
                spot,
            )

    # --- rows

    def _editions(
        self, raw: Any, keys: list[dict[str, Any]], columns: list[dict[str, Any]], spot: "Spot"
    ) -> list[dict[str, Any]]:
        """Read the rows, all of them or those from each day on."""
        if not isinstance(raw, Mapping):
            return [{"rows": self._rows(raw, keys, columns, spot)}]
        editions: list[dict[str, Any]] = []
        for day, rows in raw.items():
            at = (*spot, day)
            try:
                since = date.fromisoformat(str(day))
            except ValueError:
                self.report("date-invalid", f'"{day}" is not a date; write year-month-day', at)
                continue
            if editions and since <= editions[-1]["since"]:
                self.report("lookup-shape", f"{day} does not come after {editions[-1]['since']}", at)
            read = None if rows is None else self._rows(rows, keys, columns, at)
            editions.append({"since": since, "rows": read})
        if not raw:
            self.report("lookup-shape", "values has no rows; write some, or day: rows", spot)
        return editions or [{"rows": None}]

    def _rows(
        self, raw: Any, keys: list[dict[str, Any]], columns: list[dict[str, Any]], spot: "Spot"
    ) -> list[list[Any]]:
        names = [str(one["name"]) for one in (*keys, *columns)]
        found: list[list[Any]] = []
        seen: set[tuple[Any, ...]] = set()
        for row in rows_of(self, raw, names, spot, self.csv_of):
            before = len(self.issues)
            cells = [self._cell(one, row, key=k < len(keys)) for k, one in enumerate((*keys, *columns))]
            at = tuple(cells[: len(keys)])
            if len(self.issues) > before:
                continue
            if at in seen:
                self.report("lookup-shape", f"a second row has {', '.join(map(str, at))}; keep one", row.spot)
            seen.add(at)
            found.append(cells)
        return found

    def _cell(self, one: Mapping[str, Any], row: "Cells", *, key: bool) -> Any:
        """Read one cell as what its column holds; a column may be empty, which is unknown."""
        name, kind = str(one["name"]), one["unit"]
        raw, at = row.values.get(name), row.at(name)
        if raw in _NOTHING:
            if key:
                self.report("lookup-shape", f'the row gives no "{name}"; fill the cell', at)
            return None
        if kind is Kind.CHOICE:
            fact = self.own.get(name) or facts().get(name)
            if not isinstance(raw, str):
                self.report("lookup-shape", f"{raw} is no word; write it in quotation marks", at)
            elif fact is not None and fact.choices and raw not in fact.choices:
                self.report(
                    "lookup-shape", f"{quoted(raw)} is no word of {name}{did_you_mean(raw, fact.choices)}", at
                )
            return str(raw)
        # A rate keeps all its decimals here, because nothing compares with it before it is worked out.
        fact = Fact(name, kind, 12, "", "", "", (), of_plan=False)
        return self.constant(fact, literal(raw), at)
