"""Loading: a policy from YAML and the tables beside it, with every fault located and all of them at once."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from restructure.calculator.conventions.quantity import Kind
from restructure.document import LARGEST, Document, Place, field_names, issues_of, read_document
from restructure.errors import InvalidPolicy, Issue, RestructureError, did_you_mean
from restructure.inputs import Source, document_of
from restructure.policy.constants import UNITS, unit_fact
from restructure.policy.engine.rule_sets import WIDEST
from restructure.policy.fallback_order import circle_of, stands_behind
from restructure.policy.language.conditions import Condition, spelled_out
from restructure.policy.language.hit_policies import Hit
from restructure.policy.language.reads import lookups_used, parameters_used
from restructure.policy.language.sections import Conclusion, DecisionTable, Rule
from restructure.policy.loading.extending import Resolved, resolve
from restructure.policy.loading.formulas import FormulaReader
from restructure.policy.loading.locating import find_base, find_policy, inside, packaged_policies
from restructure.policy.loading.lookups import LookupReader
from restructure.policy.loading.offers import OfferReader
from restructure.policy.loading.origins import Located, Origin, origins
from restructure.policy.loading.reader import Spot
from restructure.policy.loading.tables import TableRow, read_csv, table_rows
from restructure.policy.policy import Policy

__all__ = ["load_located", "load_policy", "packaged_policies"]

_PARAMETER_UNITS = list(UNITS)[:6]
_CONDITION_KEY = {
    "conclusions": "when",
    "gates": "require",
    "rules": "when",
    "limits": "require",
    "flags": "when",
    "actions": "when",
    "duties": "when",
}
_OF_A_PLAN = ("limits", "flags", "duties")
_Made = TypeVar("_Made", Rule, Conclusion, DecisionTable)


def load_policy(source: Policy | Source) -> Policy:
    """Load a policy from a YAML file, a folder with `policy.yaml`, a packaged policy's name, a text or plain data.

    Decision tables may stand beside it as CSV files; a link that leads out of the folder is refused. Raises
    `InvalidPolicy` with every fault as `path:line:column: code: place: sentence`.

    >>> load_policy("cn-consumer-finance").currency
    'CNY'
    """
    return source if isinstance(source, Policy) else _reader_of(source).read()


def load_located(source: str | Path) -> Located:
    """Load a policy like `load_policy`, with the file and line of each of its parts.

    >>> located = load_located("cn-consumer-finance")
    >>> located.origins["reachable"].line < located.origins["reachable#0"].line
    True
    """
    path = find_policy(source)
    reader = _reader(path)
    policy = reader.read()
    places = origins(policy, reader.named, reader.compared, reader.origin)
    return Located(policy, path, places, reader.resolved.entries, reader.resolved.removed)


def _reader_of(source: Source) -> "_PolicyReader":
    """Read a path or a name as a file, and anything else as a policy that lies in the working directory."""
    if isinstance(source, str | PathLike) and not (isinstance(source, str) and "\n" in source):
        return _reader(find_policy(source))
    try:
        document = document_of(source, "a policy", exact_numbers=True)
    except RestructureError as error:
        raise InvalidPolicy(error.issues) from None
    resolved, faults = resolve(document, Path("policy.yaml"), find_base)
    return _PolicyReader(resolved, faults)


def _reader(path: Path) -> "_PolicyReader":
    try:
        document = read_document(path, exact_numbers=True)
    except RestructureError as error:
        raise InvalidPolicy(error.issues) from None
    resolved, faults = resolve(document, path, find_base)
    return _PolicyReader(resolved, faults)


class _PolicyReader(OfferReader, LookupReader, FormulaReader):
    """Reads one policy."""

    def __init__(self, document: Resolved, faults: Sequence[Issue]) -> None:
        super().__init__(document)
        self.resolved = document
        self.issues += faults
        self.named: dict[str, Spot] = {}
        """Where each id stands."""

    def read(self) -> Policy:
        if not isinstance(self.document.data, Mapping):
            self.report("value-invalid", "a policy is a group of named fields", ())
            raise InvalidPolicy(self.issues)
        self.data = dict(self.document.data)
        self.currency = str(self.data.get("currency", ""))
        scores = self.data.get("scores")
        self.scores = (
            {name for name in scores if isinstance(name, str)} if isinstance(scores, list) else set()
        )
        self._parameters()
        self.events_declared()
        self.declared()
        self.looked_up()
        self.valued()
        for section, key in _CONDITION_KEY.items():
            self._section(section, key)
        self._tables()
        self._ranking()
        self.followed_up()
        self.classified()
        first, last = (self.data.get(f"effective_{word}") for word in ("from", "until"))
        if isinstance(first, date) and isinstance(last, date) and last <= first:
            self.report(
                "date-order",
                f"effective_until {last} is not after effective_from {first}",
                ("effective_until",),
            )
        policy = None
        try:
            policy = Policy.model_validate(self.data)
        except ValidationError as error:
            self.issues += [
                issue
                for issue in issues_of(error, self.document, names=field_names(Policy))
                if issue not in self.issues
            ]
        self._money()
        if policy is not None and not self.issues:
            self.circles(policy)
            self._holes(policy)
            self._fallbacks(policy)
        if policy is None or self.issues:
            order = sorted(
                self.issues,
                key=lambda one: (
                    one.file != self.document.file,
                    one.file or "",
                    one.line or 0,
                    one.column or 0,
                ),
            )
            raise InvalidPolicy(order)
        return policy

    def _money(self) -> None:
        """Report amounts of money that would be read in another currency than they were written in, or in none."""
        currencies, now = self.resolved.currencies, self.data.get("currency")
        if now is None:
            wanted = [self.money[0]] if self.money else []
            tables = self.data.get("tables")
            # A table without an offer concludes and offers nothing.
            offering = isinstance(tables, list) and any(
                isinstance(table, Mapping) and "offer" in table for table in tables
            )
            if wanted or offering or self.data.get("rules"):
                why = "amounts of money are counted in it" if wanted else "offers are made in it"
                self.report(
                    "field-missing", f'"currency" is required here, since {why}; add it', ("currency",)
                )
            return
        told: set[str] = set()
        for spot in self.money:
            at = self.origin(spot)
            written = currencies.get(at.file, now)
            if written != now and at.file not in told:
                told.add(at.file)
                self.report(
                    "currency-differs",
                    f"the amount in {at.file}:{at.line} is written in {written or 'no currency'} and would be read "
                    f"as {now}; replace what holds it, or keep the currency",
                    ("currency",),
                )

    # --- parameters

    def _parameters(self) -> None:
        parameters = self.data.get("parameters")
        if not isinstance(parameters, Mapping):
            return
        read: dict[str, Any] = {}
        for name, parameter in parameters.items():
            if not isinstance(parameter, Mapping):
                read[name] = parameter
                continue
            place: Spot = ("parameters", name)
            parameter = self.cited(parameter, "source", place)
            unit = parameter.get("unit")
            if unit in _PARAMETER_UNITS:
                self.units[name] = unit_fact(name, UNITS[unit])
            elif unit is not None:
                self.no_unit(unit, _PARAMETER_UNITS, (*place, "unit"))
                parameter = {**parameter, "unit": Kind.COUNT}
            dated = self._dated(name, parameter.get("values"), (*place, "values"))
            self.values[name] = {one["since"]: one["value"] for one in dated}
            read[name] = {**parameter, "values": dated}
        self.data["parameters"] = read

    def _dated(self, name: str, values: Any, place: Spot) -> list[dict[str, Any]]:
        if not isinstance(values, Mapping) or not values:
            self.report("value-invalid", "write the values as day: value, such as 2026-01-01: 0.5", place)
            return [{"since": date.min, "value": None}]
        dated: list[dict[str, Any]] = []
        for day, value in values.items():
            try:
                since = date.fromisoformat(day)
            except ValueError:
                self.report("date-invalid", f'"{day}" is not a date; write year-month-day', (*place, day))
                continue
            if dated and since <= dated[-1]["since"]:
                self.report(
                    "parameter-dates", f"{day} does not come after {dated[-1]['since']}", (*place, day)
                )
            unit = self.units.get(name)
            if unit is not None and value is not None:
                value = self.constant(unit, value, (*place, day))
            dated.append({"since": since, "value": value})
        return dated or [{"since": date.min, "value": None}]

    def _holes(self, policy: Policy) -> None:
        """Report days without a value or rows between days with some, for what decides."""
        for name in dict.fromkeys(parameters_used(policy)):
            values = [(one.since, one.value is not None) for one in policy.parameters[name].values]
            mend = "give it one, or end it without a later value"
            self._hole(policy, ("parameters", name), "parameter-hole", values, "value", mend)
        for name in dict.fromkeys(lookups_used(policy)):
            rows = [(one.since, one.rows is not None) for one in policy.lookups[name].values]
            mend = "give it some, or end it without later ones"
            self._hole(policy, ("lookups", name), "lookup-undefined", rows, "rows", mend)

    def _hole(
        self,
        policy: Policy,
        entry: tuple[str, str],
        code: str,
        editions: Sequence[tuple[date, bool]],
        what: str,
        mend: str,
    ) -> None:
        """Report where an entry has nothing yet or for a while; `editions` says since when it has something or not."""
        (_, name), (first, _) = entry, editions[0]
        if policy.effective_from and first > policy.effective_from:
            sentence = (
                f'"{name}" has no {what} from {policy.effective_from}, when the policy begins, to {first}; '
                f"date its first {what} earlier"
            )
            self.report(code, sentence, (*entry, "values", first.isoformat()))
        empty: date | None = None
        for since, held in editions:
            if not held:
                empty = empty or since
            elif empty:
                sentence = f'"{name}" has no {what} from {empty} to {since}; {mend}'
                self.report(code, sentence, (*entry, "values", empty.isoformat()))
                empty = None

    # --- gates, rules, limits, flags

    def _section(self, section: str, key: str) -> None:
        items = self.data.get(section)
        if not isinstance(items, list):
            return
        read: list[Any] = []
        for k, item in enumerate(items):
            if not isinstance(item, Mapping):
                read.append(item)
                continue
            place: Spot = (section, k)
            self._named(item.get("id"), (*place, "id"))
            item = self.cited(item, "reference", place)
            if section in ("rules", "conclusions"):
                for word in ("table", "priority"):
                    if word in item:
                        self.report(
                            "field-unknown", f'"{word}" is set by decision tables alone', (*place, word)
                        )
            if key in item:
                condition = self.condition(item[key], (*place, key), of_plan=section in _OF_A_PLAN)
                item = {**item, key: condition}
                self._wide(condition, (*place, key), negated=section != "rules")
            if section == "rules" and isinstance(item.get("offer"), list):
                item = {**item, "offer": self.offer(item["offer"], (*place, "offer"))}
            if section == "conclusions" and isinstance(item.get("conclude"), Mapping):
                item = {**item, "conclude": self.concluded(item["conclude"], (*place, "conclude"))}
            read.append(item)
        self.data[section] = read

    def _wide(self, condition: Condition, spot: Spot, *, negated: bool) -> None:
        """Report a condition of too many alternatives; `negated` if it is also asked the other way round."""
        wide = max(spelled_out(condition), spelled_out(condition, negated=True) if negated else 0)
        if wide > WIDEST:
            self.report(
                "condition-too-wide",
                f"spelled out, this has {wide} alternatives and {WIDEST} is the most; split it",
                spot,
            )

    def _named(self, name: Any, spot: Spot) -> None:
        # Records name gates, rules, conclusions and limits side by side.
        if isinstance(name, str) and name in self.named:
            self.report("rule-repeated", f'a second entry has the id "{name}"; rename one', spot)
        self.named[str(name)] = spot

    def _fallbacks(self, policy: Policy) -> None:
        """Report what names a rule that makes no offer, and rules that wait for each other."""
        rules = [one.id for one in policy.rules if not one.table]
        rows = {one.id for one in policy.rules if one.table}
        known = [*rules, *dict.fromkeys(one.table for one in policy.rules if one.table)]
        told: set[Spot] = set()
        for one in policy.of_offers:
            for k, name in enumerate(one.offers_of):
                if name not in known and name not in rows:
                    self.report(
                        "rule-unknown",
                        f'no rule and no table with an offer is called "{name}"{did_you_mean(name, known)}',
                        (*self.named[one.id][:-1], "offers_of", k),
                    )
        for rule in policy.rules:
            spot = (*self.named[rule.table or rule.id][:-1], "unless_offered")
            if spot in told:
                continue  # the rows of a table say the same
            told.add(spot)
            for k, name in enumerate(rule.unless_offered):
                if name not in known and name not in rows:
                    self.report(
                        "rule-unknown",
                        f'no rule and no table with an offer is called "{name}"{did_you_mean(name, known)}',
                        (*spot, k),
                    )
        circle = circle_of(stands_behind(policy))
        if circle:
            of = {rule.id: rule.table or rule.id for rule in policy.rules}
            self.report(
                "fallback-cycle",
                f"{' waits for '.join(circle)}, so none could be tried first; break the circle",
                (*self.named[of[circle[0]]][:-1], "unless_offered"),
            )

    def origin(self, spot: Spot) -> Origin:
        """Give the file and line of a spot."""
        document, place = self._home(spot)
        return Origin(document.file or "", document.locate(place)[0] or 0)

    def _home(self, spot: Spot) -> tuple[Document, Place]:
        """Give the file in which something was written, and its place there."""
        document, place = self._spot(spot)
        return document.home(place) if isinstance(document, Resolved) else (document, place)

    def _ranking(self) -> None:
        rank = self.data.get("rank")
        for k, item in enumerate(rank if isinstance(rank, list) else ()):
            if isinstance(item, Mapping) and "fact" in item:
                self.fact(item["fact"], ("rank", k, "fact"), of_plan=True)

    # --- decision tables

    def _tables(self) -> None:
        tables = self.data.get("tables")
        if not isinstance(tables, list):
            return
        made: list[DecisionTable] = []
        for k, raw in enumerate(tables):
            place: Spot = ("tables", k)
            if not isinstance(raw, Mapping):
                self.report("table-shape", "a table is a group of named fields", place)
                continue
            self._named(raw.get("id"), (*place, "id"))
            raw = self.cited(raw, "reference", place)
            rows = table_rows(self, raw, place, self.csv_of)
            self._columns_read(raw, (*place, "offer"))
            if raw.get("hit") is None:
                self.report(
                    "table-shape", f"say which row counts if several match: hit: {' | '.join(Hit)}", place
                )
                continue
            table = self._made(
                DecisionTable,
                {key: raw[key] for key in ("id", "title", "reference", "hit") if key in raw},
                place,
            )
            if table is None:
                continue
            made.append(table)
            if "offer" in raw and (not isinstance(raw["offer"], list) or not raw["offer"]):
                self.report("table-shape", '"offer" is a list of at least one measure', (*place, "offer"))
                continue
            section, build = (
                ("rules", self._rule_of) if "offer" in raw else ("conclusions", self._conclusion_of)
            )
            for row in rows:
                self._named(f"{table.id}-{row.number}", row.spot)
                self._wide(row.when, row.spot, negated=section == "conclusions")
                built = build(table, raw, row, place)
                if built is not None and isinstance(self.data.setdefault(section, []), list):
                    self.data[section] = [*self.data[section], built]
        self.data["tables"] = made

    def _columns_read(self, raw: Mapping[str, Any], spot: Spot) -> None:
        """Report columns that an offer reads and the table does not give."""
        outputs = raw.get("outputs")
        given = [
            str(one.get("name")) if isinstance(one, Mapping) else str(one)
            for one in (outputs if isinstance(outputs, list) else ())
        ]
        for name in sorted({str(name) for name in _columns_in(raw.get("offer"))} - set(given)):
            if given:
                self.report(
                    "table-shape",
                    f'the offer reads the column "{name}", which is no output{did_you_mean(name, given)}',
                    spot,
                )

    def _rule_of(
        self, table: DecisionTable, raw: Mapping[str, Any], row: TableRow, place: Spot
    ) -> Rule | None:
        if {str(name) for name in _columns_in(raw["offer"])} - row.outputs.keys():
            return None  # reported with the offer, or where the cell is
        offer = self.offer(_with_cells(raw["offer"], row.outputs), (*place, "offer"), at=row.spot)
        return self._made(
            Rule,
            {
                **self._common(table, row),
                **_given(raw, "reason"),
                **_given(raw, "unless_offered"),
                "offer": offer,
            },
            place,
        )

    def _conclusion_of(
        self, table: DecisionTable, raw: Mapping[str, Any], row: TableRow, place: Spot
    ) -> Conclusion | None:
        for word in ("reason", "offer", "unless_offered"):
            if word in raw:
                self.report(
                    "table-shape", f'a table without an offer has no "{word}"; remove it', (*place, word)
                )
        conclude = self.concluded(row.outputs, row.spot)
        return self._made(Conclusion, {**self._common(table, row), "conclude": conclude}, place)

    def _common(self, table: DecisionTable, row: TableRow) -> dict[str, Any]:
        if row.reference is not None:
            self.cited({"reference": row.reference}, "reference", row.spot)
        return {
            "id": f"{table.id}-{row.number}",
            "title": table.title,
            "reference": row.reference or table.reference,
            "when": row.when,
            "table": table.id,
            "priority": row.priority,
        }

    def _made(self, model: type[_Made], data: dict[str, Any], place: Spot) -> _Made | None:
        try:
            return model.model_validate(data)
        except ValidationError as error:
            self.found(error, place, field_names(Policy))
            return None

    def csv_of(self, name: str, spot: Spot) -> Document | None:
        try:
            path = inside(Path(self._home(spot)[0].file or "").parent, name)
            if path.exists() and not path.is_file():
                self.report("file-missing", f'"{name}" is not a file', spot)
                return None
            if path.stat().st_size > LARGEST:
                self.report("file-too-large", f'"{name}" is larger than 4 MiB', spot)
                return None
            return read_csv(path)
        except InvalidPolicy as error:
            self.report(error.issues[0].code, error.issues[0].message, spot)
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is not UTF-8 text"
            self.report("file-missing", f'"{name}" cannot be read: {why}', spot)
        except csv.Error as error:
            self.report("table-shape", f'"{name}" is not CSV: {error}', spot)
        return None


def _given(raw: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {key: raw[key]} if key in raw else {}


def _columns_in(value: Any) -> Iterator[Any]:
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
    if isinstance(value, Mapping):
        if set(value) == {"column"}:
            return cells[str(value["column"])]
        return {key: _with_cells(part, cells) for key, part in value.items()}
    if isinstance(value, list):
        return [_with_cells(part, cells) for part in value]
    return value
