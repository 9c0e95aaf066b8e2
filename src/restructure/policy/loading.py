"""Loading: a policy from YAML, with every fault located and all of them at once."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from restructure.calculator.measures import MEASURES
from restructure.calculator.money import to_minor
from restructure.calculator.quantity import Kind
from restructure.document import Document, Place, field_names, issues_of, read_document
from restructure.errors import InvalidPolicy, Issue, RestructureError, did_you_mean
from restructure.intake.facts import Fact, facts, score_fact
from restructure.policy.durable import WIDEST
from restructure.policy.language import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Not,
    Policy,
    constant,
    filled,
    parameters_of,
    read_measure,
    unit_fact,
)
from restructure.policy.normal import Operator

__all__ = ["load_policy", "packaged_policies"]

_UNITS = [kind.value for kind in (Kind.MONEY, Kind.RATIO, Kind.DAYS, Kind.MONTHS, Kind.COUNT)]
_ANYTHING = Comparison(fact="claim", op=Operator.KNOWN)
_CONDITION_KEY = {"gates": "require", "rules": "when", "limits": "require", "flags": "when"}
_OF_A_PLAN = ("limits", "flags")


def packaged_policies() -> dict[str, Path]:
    """List the policies that come with the library, by name."""
    for folder in (Path(str(files("restructure"))) / "rules", Path(__file__).parents[3] / "rules"):
        if folder.is_dir():
            return {path.parent.name: path for path in sorted(folder.glob("*/policy.yaml"))}
    return {}


def load_policy(source: str | Path) -> Policy:
    """Load a policy from a YAML file, a folder that holds `policy.yaml`, or the name of a packaged one.

    Raises `InvalidPolicy` with every fault as `path:line:column: code: place: sentence`.

    >>> load_policy("cn-consumer-finance").currency
    'CNY'
    """
    path = _find(source)
    try:
        document = read_document(path, exact_numbers=True)
    except RestructureError as error:
        raise InvalidPolicy(error.issues) from None
    return _Reader(document).read()


def _find(source: str | Path) -> Path:
    path = Path(source)
    if path.is_dir():
        path = path / "policy.yaml"
    if path.is_file():
        return path
    packaged = packaged_policies()
    if str(source) in packaged:
        return packaged[str(source)]
    raise InvalidPolicy(
        Issue(
            "policy-missing",
            f'"{source}" is neither a file nor a packaged policy{did_you_mean(source, packaged)}',
        )
    )


class _Reader:
    """Reads one document, collecting findings instead of stopping at the first."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.issues: list[Issue] = []
        self.data: dict[str, Any] = {}
        self.units: dict[str, Fact] = {}
        self.values: dict[str, dict[date, Any]] = {}
        self.ids: set[str] = set()
        self.scores: set[str] = set()

    def read(self) -> Policy:
        if not isinstance(self.document.data, Mapping):
            self._report("value-invalid", "a policy is a group of named fields", ())
            raise InvalidPolicy(self.issues)
        self.data = dict(self.document.data)
        scores = self.data.get("scores")
        self.scores = (
            {name for name in scores if isinstance(name, str)} if isinstance(scores, list) else set()
        )
        self._parameters()
        for section, key in _CONDITION_KEY.items():
            self._section(section, key)
        self._ranking()
        first, last = (self.data.get(f"effective_{word}") for word in ("from", "until"))
        if isinstance(first, date) and isinstance(last, date) and last <= first:
            self._report(
                "date-order",
                f"effective_until {last} is not after effective_from {first}",
                ("effective_until",),
            )
        try:
            policy = Policy.model_validate(self.data)
        except ValidationError as error:
            self.issues += issues_of(error, self.document, names=field_names(Policy))
        if self.issues:
            raise InvalidPolicy(sorted(self.issues, key=lambda issue: (issue.line or 0, issue.column or 0)))
        return policy

    def _report(self, code: str, message: str, place: Sequence[str | int]) -> None:
        self.issues.append(self.document.issue(code, message, place))

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
            place: Place = ("parameters", name)
            self._cite(parameter.get("source"), (*place, "source"))
            unit = parameter.get("unit")
            if unit in _UNITS:
                self.units[name] = unit_fact(name, Kind(unit))
            elif unit is not None:
                self._report(
                    "choice-unknown", f'"{unit}" is not a unit{did_you_mean(unit, _UNITS)}', (*place, "unit")
                )
                parameter = {**parameter, "unit": Kind.COUNT}
            dated = self._dated(name, parameter.get("values"), (*place, "values"))
            self.values[name] = {one["since"]: one["value"] for one in dated}
            read[name] = {**parameter, "values": dated}
        self.data["parameters"] = read

    def _dated(self, name: str, values: Any, place: Place) -> list[dict[str, Any]]:
        if not isinstance(values, Mapping) or not values:
            self._report("value-invalid", "write the values as day: value, such as 2026-01-01: 0.5", place)
            return [{"since": date.min, "value": None}]
        dated: list[dict[str, Any]] = []
        for day, value in values.items():
            try:
                since = date.fromisoformat(day)
            except ValueError:
                self._report("date-invalid", f'"{day}" is not a date; write year-month-day', (*place, day))
                continue
            if dated and since <= dated[-1]["since"]:
                self._report(
                    "parameter-dates", f"{day} does not come after {dated[-1]['since']}", (*place, day)
                )
            unit = self.units.get(name)
            if unit is not None and value is not None:
                value = self._constant(unit, value, (*place, day))
            dated.append({"since": since, "value": value})
        return dated or [{"since": date.min, "value": None}]

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
            place: Place = (section, k)
            name = item.get("id")
            if isinstance(name, str) and name in self.ids:
                # Records name gates, rules and limits side by side.
                self._report(
                    "rule-repeated", f'a second entry has the id "{name}"; rename one', (*place, "id")
                )
            self.ids.add(str(name))
            self._cite(item.get("reference"), (*place, "reference"))
            if key in item:
                condition = self._condition(item[key], (*place, key), of_plan=section in _OF_A_PLAN)
                item = {**item, key: condition}
                wide = max(_width(condition), _width(condition, negated=True) if key == "require" else 0)
                if wide > WIDEST:
                    self._report(
                        "condition-too-wide",
                        f"spelled out, this has {wide} alternatives and {WIDEST} is the most; split it",
                        (*place, key),
                    )
            if section == "rules" and isinstance(item.get("offer"), list):
                for n, measure in enumerate(item["offer"]):
                    self._measure(measure, (*place, "offer", n))
                item = {**item, "offer": [m if isinstance(m, Mapping) else {} for m in item["offer"]]}
            read.append(item)
        self.data[section] = read

    def _cite(self, reference: Any, place: Place) -> None:
        sources = self.data.get("sources")
        if not isinstance(reference, str) or not isinstance(sources, Mapping):
            return
        key = reference.partition(":")[0].strip()
        if key not in sources:
            self._report(
                "source-unknown", f'"{key}" is not one of the sources{did_you_mean(key, sources)}', place
            )

    def _measure(self, measure: Any, place: Place) -> None:
        if not isinstance(measure, Mapping):
            self._report("measure-invalid", "a measure is a group of fields with the key measure", place)
            return
        used = list(parameters_of(measure))
        unknown = [name for name in used if not (isinstance(name, str) and name in self.values)]
        for name in unknown:
            self._report(
                "parameter-unknown", f'there is no parameter "{name}"{did_you_mean(name, self.values)}', place
            )
        if unknown:
            return
        for values in self._ever(used):
            try:
                read_measure(filled(measure, values))
            except ValidationError as error:
                found = issues_of(error, self.document, names=_measure_fields(), root=place)
                self.issues += [issue for issue in found if issue not in self.issues]

    def _ever(self, names: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Give the parameters' values on every day on which one of them changes and all have one."""
        for day in sorted({since for name in names for since in self.values[name]}) or [date.min]:
            values = {}
            for name in names:
                held = [value for since, value in self.values[name].items() if since <= day]
                values[name] = held[-1] if held else None
            if None not in values.values():
                yield values

    def _ranking(self) -> None:
        rank = self.data.get("rank")
        for k, item in enumerate(rank if isinstance(rank, list) else ()):
            if isinstance(item, Mapping) and "fact" in item:
                self._fact(item["fact"], ("rank", k, "fact"), of_plan=True)

    # --- conditions

    def _condition(self, raw: Any, place: Place, *, of_plan: bool) -> Condition:
        if not isinstance(raw, Mapping):
            self._report(
                "condition-shape",
                "a condition is a group of fields: {fact, op, value}, or all, any, not",
                place,
            )
            return _ANYTHING
        words = [word for word in ("all", "any", "not") if word in raw]
        if words and len(raw) > 1:
            self._report(
                "condition-shape", f'"{words[0]}" stands alone in its group; nest the rest inside it', place
            )
            return _ANYTHING
        if "not" in raw:
            return Not(negated=self._condition(raw["not"], (*place, "not"), of_plan=of_plan))
        if words:
            word = words[0]
            parts = raw[word]
            if not isinstance(parts, list) or not parts:
                self._report(
                    "condition-empty", f'"{word}" takes a list of at least one condition', (*place, word)
                )
                return _ANYTHING
            read = tuple(
                self._condition(part, (*place, word, k), of_plan=of_plan) for k, part in enumerate(parts)
            )
            return AllOf(all=read) if word == "all" else AnyOf(any=read)
        return self._comparison(raw, place, of_plan=of_plan)

    def _comparison(self, raw: Mapping[str, Any], place: Place, *, of_plan: bool) -> Condition:
        if "fact" not in raw:
            self._report(
                "condition-shape",
                f"a condition needs a fact{did_you_mean(next(iter(raw), ''), ['fact', 'all', 'any', 'not'])}",
                place,
            )
            return _ANYTHING
        for key in raw:
            if key not in ("fact", "op", "value"):
                self._report(
                    "field-unknown",
                    f'a condition has no "{key}"{did_you_mean(key, ["fact", "op", "value"])}',
                    (*place, key),
                )
        fact = self._fact(raw["fact"], (*place, "fact"), of_plan=of_plan)
        op = self._operator(raw, fact, place)
        if fact is None or op is None:
            return _ANYTHING
        if op in (Operator.KNOWN, Operator.UNKNOWN):
            if "value" in raw:
                self._report("condition-shape", f'"{op}" takes no value; remove it', (*place, "value"))
            return Comparison(fact=fact.name, op=op)
        if op.orders and fact.kind in (Kind.FLAG, Kind.CHOICE):
            self._report(
                "operator-kind",
                f"{fact.name} is {fact.kind}, which has no order; use == or !=",
                (*place, "op"),
            )
            return _ANYTHING
        if "op" not in raw:
            return Comparison(fact=fact.name, op=Operator.EQUAL, value=True)
        if "value" not in raw:
            self._report("condition-shape", "the condition has no value to compare with; add it", place)
            return _ANYTHING
        return self._against(fact, op, raw["value"], (*place, "value"), of_plan=of_plan)

    def _fact(self, name: Any, place: Place, *, of_plan: bool) -> Fact | None:
        if isinstance(name, str) and name.startswith("scores."):
            if name[7:] in self.scores:
                return score_fact(name)
            self._report("score-unknown", f'"{name[7:]}" is not declared under scores; add it there', place)
            return None
        fact = facts().get(name) if isinstance(name, str) else None
        if fact is None:
            self._report("fact-unknown", f'no fact is called "{name}"{did_you_mean(name, facts())}', place)
            return None
        if fact.of_plan and not of_plan:
            self._report(
                "fact-not-yet",
                f"{name} exists only once a plan exists; move the condition to limits or flags",
                place,
            )
            return None
        return fact

    def _operator(self, raw: Mapping[str, Any], fact: Fact | None, place: Place) -> Operator | None:
        if "op" not in raw and "value" not in raw:
            if fact is not None and fact.kind is not Kind.FLAG:
                self._report("condition-shape", f"{fact.name} is {fact.kind}; say op and value", place)
                return None
            return Operator.EQUAL
        try:
            return Operator(str(raw.get("op")))
        except ValueError:
            known = [op.value for op in Operator]
            self._report(
                "operator-unknown",
                f'"{raw.get("op")}" is not an operator (known: {", ".join(known)})',
                (*place, "op") if "op" in raw else place,
            )
            return None

    def _against(self, fact: Fact, op: Operator, raw: Any, place: Place, *, of_plan: bool) -> Condition:
        if isinstance(raw, Mapping) and "parameter" in raw:
            name = raw["parameter"]
            if len(raw) > 1:
                self._report("condition-shape", "a parameter stands alone: write {parameter: name}", place)
                return _ANYTHING
            if not (isinstance(name, str) and name in self.values):
                self._report(
                    "parameter-unknown",
                    f'there is no parameter "{name}"{did_you_mean(name, self.values)}',
                    (*place, "parameter"),
                )
                return _ANYTHING
            unit = self.units.get(name)
            if unit is not None and unit.kind is not fact.kind:
                self._report(
                    "value-kind",
                    f'{fact.name} is {fact.kind} but the parameter "{name}" is {unit.kind}',
                    (*place, "parameter"),
                )
            elif unit is not None:
                for value in self.values[name].values():
                    if value is not None:
                        self._constant(fact, value, place)
            return Comparison(fact=fact.name, op=op, parameter=name)
        if isinstance(raw, Mapping):
            other = self._fact(raw.get("fact"), (*place, "fact"), of_plan=of_plan)
            if other is None:
                return _ANYTHING
            if other.kind is not fact.kind or other.choices != fact.choices:
                self._report(
                    "value-kind",
                    f"{fact.name} is {fact.kind} but {other.name} is {other.kind}",
                    (*place, "fact"),
                )
            if set(raw) - {"fact", "times"}:
                self._report("condition-shape", "write {fact, times}, or {parameter}, or a constant", place)
            if "times" in raw and fact.kind in (Kind.FLAG, Kind.CHOICE, Kind.DATE):
                self._report(
                    "operator-kind",
                    f"{fact.name} is {fact.kind}, which cannot be multiplied",
                    (*place, "times"),
                )
                return _ANYTHING
            try:
                return Comparison(fact=fact.name, op=op, other=other.name, times=raw.get("times", 1))
            except ValidationError as error:
                self.issues += issues_of(error, self.document, root=place)
                return _ANYTHING
        return Comparison(fact=fact.name, op=op, value=self._constant(fact, raw, place))

    def _constant(self, fact: Fact, raw: Any, place: Place) -> Any:
        try:
            value = constant(fact, raw)
        except ValueError as error:
            self._report(
                "value-kind", f"{raw} does not fit {fact.name}, which is {fact.kind}: {error}", place
            )
            return None
        if fact.kind is Kind.RATIO and value != round(value, fact.scale):
            self._report(
                "value-scale", f"{raw} has more decimals than the {fact.scale} that {fact.name} keeps", place
            )
        if fact.kind is Kind.MONEY:
            try:
                to_minor(value, str(self.data.get("currency")))
            except ValueError as error:
                self._report("value-scale", str(error), place)
        return value


@cache
def _measure_fields() -> frozenset[str]:
    definitions = MEASURES.json_schema().get("$defs", {}).values()
    return frozenset(name for definition in definitions for name in definition.get("properties", {}))


def _width(condition: Condition, *, negated: bool = False) -> int:
    """Count the alternatives a condition spells out to."""
    match condition:
        case Not():
            return _width(condition.negated, negated=not negated)
        case Comparison():
            return 1
        case AllOf():
            parts, adds = condition.all, negated
        case AnyOf():
            parts, adds = condition.any, not negated
    widths = [_width(part, negated=negated) for part in parts]
    total = sum(widths) if adds else 1
    if not adds:
        for one in widths:
            total *= one
    return total
