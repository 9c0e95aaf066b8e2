"""Conditions: comparisons and what joins them, read from plain data."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from restructure.calculator.conventions.quantity import Kind
from restructure.errors import did_you_mean, quoted
from restructure.intake.facts import Fact
from restructure.policy.engine.normal_form import Operator
from restructure.policy.language.conditions import AllOf, AnyOf, Comparison, Condition, Not
from restructure.policy.loading.findings import Spot
from restructure.policy.loading.parts.scope import Scope

__all__ = ["UNREADABLE", "ConditionReader"]

UNREADABLE = Comparison(fact="claim", op=Operator.KNOWN)
"""Replaces a condition that could not be read, so that reading goes on."""

_JOINING = ("all", "any", "not")


class ConditionReader:
    """Read conditions in the scope of a policy; what cannot be read is reported and replaced by `UNREADABLE`."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.findings = scope.findings
        self.compared: list[tuple[Condition, Spot]] = []
        """Every comparison that was read, and where it is written."""

    def condition(self, raw: Any, spot: Spot, *, of_plan: bool) -> Condition:
        """Read a condition; `of_plan` if it may read the figures of a plan."""
        report = self.findings.report
        if not isinstance(raw, Mapping):
            sentence = "a condition is a group of fields: {fact, op, value}, or all, any, not"
            report("condition-shape", sentence, spot)
            return UNREADABLE
        words = [word for word in _JOINING if word in raw]
        if not words:
            return self.comparison(raw, spot, of_plan=of_plan)
        if len(raw) > 1:
            report(
                "condition-shape", f'"{words[0]}" must be alone in its group; nest the rest inside it', spot
            )
            return UNREADABLE
        word = words[0]
        if word == "not":
            return Not(negated=self.condition(raw["not"], (*spot, "not"), of_plan=of_plan))
        parts = raw[word]
        if not isinstance(parts, list) or not parts:
            report("condition-empty", f'"{word}" takes a list of at least one condition', (*spot, word))
            return UNREADABLE
        read = tuple(self.condition(part, (*spot, word, k), of_plan=of_plan) for k, part in enumerate(parts))
        return AllOf(all=read) if word == "all" else AnyOf(any=read)

    def comparison(self, raw: Mapping[str, Any], spot: Spot, *, of_plan: bool) -> Condition:
        """Read one comparison and remember where it is written."""
        read = self._comparison(raw, spot, of_plan=of_plan)
        self.compared.append((read, spot))
        return read

    def _comparison(self, raw: Mapping[str, Any], spot: Spot, *, of_plan: bool) -> Condition:
        report = self.findings.report
        if "fact" not in raw:
            hint = did_you_mean(next(iter(raw), ""), ["fact", *_JOINING])
            report("condition-shape", f"a condition needs a fact{hint}", spot)
            return UNREADABLE
        self.findings.report_unknown_fields(raw, ("fact", "op", "value"), "a condition", spot)
        fact = self.scope.fact(raw["fact"], (*spot, "fact"), of_plan=of_plan)
        op = self._operator(raw, fact, spot)
        if fact is None or op is None:
            return UNREADABLE
        if op in (Operator.KNOWN, Operator.UNKNOWN):
            if "value" in raw:
                report("condition-shape", f'"{op}" takes no value; remove it', (*spot, "value"))
            return Comparison(fact=fact.name, op=op)
        if op.orders and fact.kind in (Kind.FLAG, Kind.CHOICE):
            sentence = f"{fact.name} is {fact.kind}, which has no order; use == or !="
            report("operator-kind", sentence, (*spot, "op"))
            return UNREADABLE
        if "op" not in raw:
            return Comparison(fact=fact.name, op=Operator.EQUAL, value=True)
        if "value" not in raw:
            report("condition-shape", "the condition has no value to compare with; add it", spot)
            return UNREADABLE
        return self.against(fact, op, raw["value"], (*spot, "value"), of_plan=of_plan)

    def _operator(self, raw: Mapping[str, Any], fact: Fact | None, spot: Spot) -> Operator | None:
        if "op" not in raw and "value" not in raw:
            if fact is not None and fact.kind is not Kind.FLAG:
                self.findings.report(
                    "condition-shape", f"{fact.name} is {fact.kind}; write op and value", spot
                )
                return None
            return Operator.EQUAL
        try:
            return Operator(str(raw.get("op")))
        except ValueError:
            known = [op.value for op in Operator]
            what = (
                f"{quoted(raw['op'])} is not an operator"
                if "op" in raw
                else "the condition has no op; add it"
            )
            self.findings.report(
                "operator-unknown",
                f"{what} (known: {', '.join(known)})",
                (*spot, "op") if "op" in raw else spot,
            )
            return None

    def against(self, fact: Fact, op: Operator, raw: Any, spot: Spot, *, of_plan: bool) -> Condition:
        """Read what a fact is compared with: a constant, a parameter, or another fact times a constant."""
        if not isinstance(raw, Mapping):
            return Comparison(fact=fact.name, op=op, value=self.scope.constant(fact, raw, spot))
        if "parameter" in raw:
            return self._against_parameter(fact, op, raw, spot)
        return self._against_fact(fact, op, raw, spot, of_plan=of_plan)

    def _against_parameter(self, fact: Fact, op: Operator, raw: Mapping[str, Any], spot: Spot) -> Condition:
        name = raw["parameter"]
        if len(raw) > 1:
            sentence = "a parameter is the only field of its group: write {parameter: name}"
            self.findings.report("condition-shape", sentence, spot)
            return UNREADABLE
        unit = self.scope.parameter(name, (*spot, "parameter"))
        if unit is None:
            return UNREADABLE  # unknown, or of an unknown unit: both are reported
        if unit.kind is not fact.kind:
            self.findings.report(
                "value-kind",
                f'{fact.name} is {fact.kind} but the parameter "{name}" is {unit.kind}',
                (*spot, "parameter"),
            )
        else:
            for value in self.scope.parameter_values[name].values():
                if value is not None:
                    self.scope.constant(fact, value, spot)
        return Comparison(fact=fact.name, op=op, parameter=name)

    def _against_fact(
        self, fact: Fact, op: Operator, raw: Mapping[str, Any], spot: Spot, *, of_plan: bool
    ) -> Condition:
        report = self.findings.report
        if "fact" not in raw:
            hint = did_you_mean(next(iter(raw), ""), ["fact", "parameter"])
            sentence = f"write {{fact, times}}, or {{parameter}}, or a constant{hint}"
            report("condition-shape", sentence, spot)
            return UNREADABLE
        other = self.scope.fact(raw["fact"], (*spot, "fact"), of_plan=of_plan)
        if other is None:
            return UNREADABLE
        if other.kind is not fact.kind or other.choices != fact.choices:
            sentence = f"{fact.name} is {fact.kind} but {other.name} is {other.kind}"
            report("value-kind", sentence, (*spot, "fact"))
        if set(raw) - {"fact", "times"}:
            report("condition-shape", "write {fact, times}, or {parameter}, or a constant", spot)
        if "times" in raw and fact.kind in (Kind.FLAG, Kind.CHOICE, Kind.DATE):
            sentence = f"{fact.name} is {fact.kind}, which cannot be multiplied"
            report("operator-kind", sentence, (*spot, "times"))
            return UNREADABLE
        try:
            return Comparison(fact=fact.name, op=op, other=other.name, times=raw.get("times", 1))
        except ValidationError as error:
            self.findings.report_invalid(error, spot)
            return UNREADABLE
