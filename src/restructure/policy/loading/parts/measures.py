"""Measures: what a rule offers, checked with every value that the parameters in it ever have."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

from pydantic import ValidationError

from restructure.calculator.conventions.quantity import Kind
from restructure.calculator.measures.catalogue import MEASURES
from restructure.calculator.measures.fields import current_word
from restructure.errors import did_you_mean, quoted
from restructure.policy.amounts.expression import ParameterAmount, parameters_in
from restructure.policy.language.templates import (
    amounts_of,
    field_kind,
    is_amount,
    measure_models,
    read_amount,
    read_measure,
)
from restructure.policy.loading.findings import Spot
from restructure.policy.loading.parts.amounts import AmountReader

__all__ = ["MeasureReader", "as_called_now", "is_vary"]

_TYPICAL = {Kind.MONEY: "1.00", Kind.RATIO: "1/2", Kind.COUNT: 1, Kind.DATE: "0001-01-01"}
"""A value of each kind that an amount is replaced by, to check everything about a measure that is fixed."""
_LATE = "9000-01-01"


class MeasureReader:
    """Check measures and the amounts in them."""

    def __init__(self, amounts: AmountReader) -> None:
        self.amounts = amounts
        self.scope = amounts.scope
        self.findings = amounts.findings

    def check(
        self, raw: Mapping[str, Any], spot: Spot, *, of_plan: bool, varied_field: str | None = None
    ) -> None:
        """Check a measure, its amounts and what it becomes with every value of its parameters."""
        word = raw.get("measure")
        if isinstance(word, str) and word not in measure_models():
            self.findings.report(
                "measure-unknown",
                f"{quoted(word)} is not a measure{did_you_mean(word, measure_models())}",
                (*spot, "measure"),
            )
            return
        before, readable = self.findings.count, True
        for field, value in raw.items():
            if is_amount(value):
                kind = field_kind(word, field)
                readable &= self._amount(value, kind, (*spot, field), of_plan=of_plan)
            elif field_kind(word, field) is Kind.MONEY and not isinstance(value, list | Mapping | None):
                self.scope.money.append((*spot, field))
            elif isinstance(value, list | Mapping) and field != varied_field:
                self._nested({field: value}, spot)
        if self.findings.count > before or not readable:
            return
        used = [name for amount in amounts_of(raw) for name in parameters_in(amount)]
        for values in self._all_values(used):
            try:
                read_measure(_with_values(raw, values, word))
            except ValidationError as error:
                self.findings.report_invalid(error, spot, _measure_fields())

    def _amount(self, raw: Mapping[str, Any], kind: Kind | None, spot: Spot, *, of_plan: bool) -> bool:
        """Check an amount in a field of a measure, and tell whether it can be read."""
        if set(raw) == {"parameter"}:
            self.scope.parameter(raw["parameter"], (*spot, "parameter"))
            return True
        return self.amounts.amount(raw, spot, of_plan=of_plan, kind=kind) is not None

    def _nested(self, value: Any, spot: Spot) -> None:
        """Check parameters inside the groups and lists of a measure."""
        parts = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, part in parts:
            at = (*spot, key)
            if is_amount(part):
                if set(part) != {"parameter"}:
                    sentence = "only a parameter is allowed inside a group or a list of a measure"
                    self.findings.report("amount-shape", sentence, at)
                else:
                    self.scope.parameter(part["parameter"], at)
            elif is_vary(part):
                self.findings.report("search-shape", "only one field of a step's measure may be varied", at)
            elif isinstance(part, list | Mapping):
                self._nested(part, at)
            elif key == "amount":
                self.scope.money.append(at)

    def _all_values(self, names: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Give the parameters' values on every day on which one of them changes and all have one."""
        dated = {name: self.scope.parameter_values[name] for name in names}
        for day in sorted({since for values in dated.values() for since in values}) or [date.min]:
            values = {}
            for name, changes in dated.items():
                held = [value for since, value in changes.items() if since <= day]
                values[name] = held[-1] if held else None
            if None not in values.values():
                yield values


def as_called_now(measure: Mapping[str, Any]) -> dict[str, Any]:
    """Give a measure of a policy with the present word for it, where the file has a former one."""
    called = {"measure": current_word(measure["measure"])} if "measure" in measure else {}
    return {**measure, **called}


def is_vary(value: Any) -> bool:
    """Tell whether plain data is the number that a step of a search looks for."""
    return isinstance(value, Mapping) and set(value) == {"vary"}


def _with_values(raw: Mapping[str, Any], values: Mapping[str, Any], word: Any) -> dict[str, Any]:
    """Give a measure as it could become, to check everything about it that does not depend on a case."""

    def fill(value: Any, kind: Kind | None, key: str) -> Any:
        if is_vary(value):
            return _TYPICAL.get(kind) if kind else value
        if is_amount(value):
            amount = read_amount(value)
            if isinstance(amount, ParameterAmount):
                return values[amount.parameter]
            # Which of two days is the later one, if one is worked out, depends on the case.
            return _LATE if key == "ends" else _TYPICAL.get(kind) if kind else value
        if isinstance(value, Mapping):
            return {key: fill(part, kind, key) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [fill(part, kind, key) for part in value]
        return value

    return {key: fill(value, field_kind(word, key), key) for key, value in raw.items()}


@cache
def _measure_fields() -> frozenset[str]:
    definitions = MEASURES.json_schema().get("$defs", {}).values()
    return frozenset(name for definition in definitions for name in definition.get("properties", {}))
