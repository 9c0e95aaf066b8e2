"""Parameters: dated values, read and checked, and days without a value reported."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from restructure.calculator.conventions.quantity import Kind
from restructure.policy.constants import UNITS, unit_fact
from restructure.policy.language.content import PolicyContent
from restructure.policy.language.reads import parameters_used
from restructure.policy.loading.findings import Spot
from restructure.policy.loading.reading import Reading

__all__ = ["DatedEntry", "check_parameters", "read_parameters", "report_gaps"]

_UNITS = list(UNITS)[:6]


def read_parameters(reading: Reading) -> None:
    """Read the parameters, so that conditions and amounts know their units and values."""
    parameters = reading.data.get("parameters")
    if not isinstance(parameters, Mapping):
        return
    scope = reading.scope
    read: dict[str, Any] = {}
    for name, parameter in parameters.items():
        if not isinstance(parameter, Mapping):
            read[name] = parameter
            continue
        place: Spot = ("parameters", name)
        parameter = reading.cited(parameter, "source", place)
        unit = parameter.get("unit")
        if unit in _UNITS:
            scope.parameter_units[name] = unit_fact(name, UNITS[unit])
        elif unit is not None:
            reading.unknown_unit(unit, _UNITS, (*place, "unit"))
            parameter = {**parameter, "unit": Kind.COUNT}
        dated = _dated_values(reading, name, parameter.get("values"), (*place, "values"))
        scope.parameter_values[name] = {value["since"]: value["value"] for value in dated}
        read[name] = {**parameter, "values": dated}
    reading.data["parameters"] = read


def _dated_values(reading: Reading, name: str, values: Any, place: Spot) -> list[dict[str, Any]]:
    report = reading.findings.report
    if not isinstance(values, Mapping) or not values:
        report("value-invalid", "write the values as day: value, such as 2026-01-01: 0.5", place)
        return [{"since": date.min, "value": None}]
    dated: list[dict[str, Any]] = []
    for day, value in values.items():
        try:
            since = date.fromisoformat(day)
        except ValueError:
            report("date-invalid", f'"{day}" is not a date; write year-month-day', (*place, day))
            continue
        if dated and since <= dated[-1]["since"]:
            report("parameter-dates", f"{day} does not come after {dated[-1]['since']}", (*place, day))
        unit = reading.scope.parameter_units.get(name)
        if unit is not None and value is not None:
            value = reading.scope.constant(unit, value, (*place, day))
        dated.append({"since": since, "value": value})
    return dated or [{"since": date.min, "value": None}]


def check_parameters(reading: Reading, policy: PolicyContent) -> None:
    """Report days without a value between days with one, for every parameter that is used."""
    for name in dict.fromkeys(parameters_used(policy)):
        entry = DatedEntry(
            "parameters",
            name,
            [(dated.since, dated.value is not None) for dated in policy.parameters[name].values],
            "value",
        )
        mend = "give it one, or end it without a later value"
        report_gaps(reading, policy.effective_from, entry, "parameter-hole", mend)


class DatedEntry(NamedTuple):
    """A parameter or a lookup, and since when it has a value or rows."""

    section: str
    name: str
    editions: Sequence[tuple[date, bool]]
    """The days on which it changes, and whether it has something from then on."""
    what: str
    """What it has: value or rows."""


def report_gaps(reading: Reading, begins: date | None, entry: DatedEntry, code: str, mend: str) -> None:
    """Report from when to when a dated entry has nothing, in a policy that begins on a day."""
    (first, _), what, report = entry.editions[0], entry.what, reading.findings.report
    place: Spot = (entry.section, entry.name, "values")
    if begins and first > begins:
        sentence = (
            f'"{entry.name}" has no {what} from {begins}, when the policy begins, to {first}; '
            f"date its first {what} earlier"
        )
        report(code, sentence, (*place, first.isoformat()))
    empty: date | None = None
    for since, defined in entry.editions:
        if not defined:
            empty = empty or since
        elif empty:
            sentence = f'"{entry.name}" has no {what} from {empty} to {since}; {mend}'
            report(code, sentence, (*place, empty.isoformat()))
            empty = None
