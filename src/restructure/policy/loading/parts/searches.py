"""Searches: the target, the steps and the number each step varies, read from plain data."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from restructure.calculator.conventions.quantity import Kind
from restructure.errors import did_you_mean, quoted
from restructure.policy.amounts.expression import Amount, ParameterAmount
from restructure.policy.engine.normal_form import Operator
from restructure.policy.language.conditions import Comparison, Condition
from restructure.policy.language.search import (
    MONOTONE,
    Search,
    SearchStep,
    Stop,
    TargetTier,
    WhenMissed,
    varied,
)
from restructure.policy.language.templates import field_kind, is_amount, measure_models
from restructure.policy.loading.findings import Spot
from restructure.policy.loading.parts.conditions import UNREADABLE, ConditionReader
from restructure.policy.loading.parts.measures import MeasureReader, as_called_now

__all__ = ["SearchReader"]

_SEARCH = ("target", "stop", "steps", "if_missed")
_STEP = ("id", "measure", "when", "reference")
_VARY = ("from", "up_to", "down_to", "by", "land_on_end")
# Values are tried one by one where a figure may move to and fro, so they must be few.
_COARSE = Decimal("0.0005")
_INSTEAD = {
    True: "vary a share and write by, or aim at a regular figure such as instalment_after",
    False: f"write by, at least {_COARSE}, or aim at a regular figure such as instalment_after",
}


class SearchReader:
    """Read the search of an offer; what cannot be read is reported."""

    def __init__(self, conditions: ConditionReader, measures: MeasureReader) -> None:
        self.conditions = conditions
        self.measures = measures
        self.amounts = measures.amounts
        self.scope = conditions.scope
        self.findings = conditions.findings

    def search(self, outer: Mapping[str, Any], spot: Spot) -> Search | None:
        """Read `{search: {…}}`, `None` if something in it is reported."""
        before = self.findings.count
        self.findings.report_unknown_fields(outer, ("search",), "an offer's search", spot)
        raw, spot = outer["search"], (*spot, "search")
        if not isinstance(raw, Mapping):
            sentence = "a search is a group of fields: target, stop, steps"
            self.findings.report("search-shape", sentence, spot)
            return None
        self.findings.report_unknown_fields(raw, _SEARCH, "a search", spot)
        stop = self._word(raw, "stop", list(Stop), spot)
        missed = self._word(raw, "if_missed", list(WhenMissed), spot, default=WhenMissed.REFUSE)
        tiers = self._tiers(raw.get("target"), Stop(stop) if stop else None, (*spot, "target"))
        steps = raw.get("steps")
        if not isinstance(steps, list) or not steps:
            self.findings.report("search-shape", "a search needs a list of steps", spot)
            return None
        read: list[SearchStep] = []
        for k, raw_step in enumerate(steps):
            step = self._step(raw_step, tiers, [earlier.id for earlier in read], (*spot, "steps", k))
            if step is not None:
                read.append(step)
        if self.findings.count > before or not tiers or stop is None or missed is None:
            return None
        target, *further = tiers
        return Search(
            target=target,
            further=tuple(further),
            stop=Stop(stop),
            steps=tuple(read),
            if_missed=WhenMissed(missed),
        )

    def _word(
        self, raw: Mapping[str, Any], key: str, known: Sequence[str], spot: Spot, default: str | None = None
    ) -> str | None:
        word = raw.get(key, default)
        if word is None:
            sentence = f'"{key}" is missing (known: {", ".join(known)})'
            self.findings.report("search-shape", sentence, spot)
            return None
        if word not in known:
            sentence = f"{quoted(word)} is none of the words for {key}{did_you_mean(word, known)}"
            self.findings.report("choice-unknown", sentence, (*spot, key))
            return None
        return str(word)

    # --- targets

    def _tiers(self, raw: Any, stop: Stop | None, spot: Spot) -> list[TargetTier]:
        """Read a target, or the tiers of a target ladder."""
        if not isinstance(raw, list):
            target = self._target(raw, stop, spot)
            return [] if target is None else [target]
        if not raw:
            sentence = "a target ladder has at least one tier {fact, op, value, accept_if}"
            self.findings.report("search-shape", sentence, spot)
        tiers = [self._target(tier, stop, (*spot, k)) for k, tier in enumerate(raw)]
        return [tier for tier in tiers if tier is not None]

    def _target(self, raw: Any, stop: Stop | None, spot: Spot) -> TargetTier | None:
        if not isinstance(raw, Mapping) or "fact" not in raw or "value" not in raw:
            sentence = "a target is {fact, op, value}; op may be left to stop"
            self.findings.report("search-shape", sentence, spot)
            return None
        self.findings.report_unknown_fields(raw, ("fact", "op", "value", "accept_if"), "a target", spot)
        accept: Condition | None = None
        if "accept_if" in raw:
            accept = self.conditions.condition(raw["accept_if"], (*spot, "accept_if"), of_plan=True)
        fact = self.scope.fact(raw["fact"], (*spot, "fact"), of_plan=True)
        if fact is None or stop is None:
            return None
        if not fact.of_plan:
            sentence = f"no measure changes {fact.name}; a target is a figure of the plan"
            self.findings.report("search-endless", sentence, (*spot, "fact"))
            return None
        if fact.kind in (Kind.FLAG, Kind.CHOICE, Kind.DATE):
            sentence = f"{fact.name} is {fact.kind}, which cannot be a target"
            self.findings.report("operator-kind", sentence, (*spot, "fact"))
            return None
        op = raw.get("op", stop.compares[0].value)
        operators = [operator.value for operator in stop.compares]
        if op not in operators:
            sentence = f'"{op}" does not go with {stop.value} (known: {", ".join(operators)})'
            self.findings.report("search-shape", sentence, (*spot, "op"))
            return None
        value, at = raw["value"], (*spot, "value")
        if is_amount(value) and not _is_plain(value):
            amount = self.amounts.amount(value, at, of_plan=True, kind=fact.kind)
            if amount is None:
                return None
            return TargetTier(fact=fact.name, op=Operator(op), amount=amount, accept_if=accept)
        read = self.conditions.against(fact, Operator(op), value, at, of_plan=True)
        if read is UNREADABLE or not isinstance(read, Comparison):
            return None
        # The parts are checked and of the right types already.
        parts = {name: getattr(read, name) for name in Comparison.model_fields}
        return TargetTier.model_construct(**parts, accept_if=accept)

    def _moves_with_plan(self, tier: TargetTier) -> bool:
        """Tell whether the value to be reached is another for every plan."""
        facts = map(self.scope.fact_if_known, tier.against)
        return any(fact is not None and fact.of_plan for fact in facts)

    # --- steps

    def _step(
        self, raw: Any, tiers: Sequence[TargetTier], earlier: Sequence[str], spot: Spot
    ) -> SearchStep | None:
        if not isinstance(raw, Mapping):
            self.findings.report("search-shape", "a step is a group of fields: id, measure, when", spot)
            return None
        self.findings.report_unknown_fields(raw, _STEP, "a step", spot)
        before = self.findings.count
        name = raw.get("id")
        if name in earlier:
            sentence = f'a second step has the id "{name}"; rename one'
            self.findings.report("rule-repeated", sentence, (*spot, "id"))
        when = None
        if "when" in raw:
            when = self.conditions.condition(raw["when"], (*spot, "when"), of_plan=True)
        if not isinstance(raw.get("measure"), Mapping):
            sentence = "a step has a measure with one field {vary: …}"
            self.findings.report("search-shape", sentence, spot)
            return None
        at, measure = (*spot, "measure"), as_called_now(raw["measure"])
        field, word = varied(measure), measure.get("measure")
        if field is None:
            self.findings.report(
                "search-shape",
                "exactly one field of the measure must be varied: {vary: {from, up_to or down_to, by}}",
                at,
            )
        elif self._vary(word, field, measure[field]["vary"], tiers, (*at, field, "vary")):
            self.measures.check(measure, at, of_plan=True, varied_field=field)
        if self.findings.count > before:
            return None
        try:
            return SearchStep.model_validate({**raw, "measure": measure, "when": when})
        except ValidationError as error:
            self.findings.report_invalid(error, spot)
            return None

    def _vary(self, word: Any, field: str, raw: Any, tiers: Sequence[TargetTier], spot: Spot) -> bool:
        """Check the number that a step looks for; `False` if the measure around it cannot be read either."""
        report = self.findings.report
        kind = field_kind(word, field)
        if not isinstance(word, str):
            report("field-missing", '"measure" is required here; it says which kind this is', spot[:-2])
            return False
        if word not in measure_models():
            return True  # reported with the measure
        if kind in (None, Kind.DATE):
            report("search-shape", f'"{field}" of {word} is no number that could be varied', spot)
            return False
        if not isinstance(raw, Mapping) or len({"up_to", "down_to"} & set(raw)) != 1:
            sentence = "one end is needed, up_to or down_to: {vary: {from, up_to or down_to, by}}"
            report("search-shape", sentence, spot)
            return False
        before = self.findings.count
        amounts = self._vary_amounts(raw, kind, spot)
        increments = list(self._constants(amounts.get("by")))
        if any(number <= 0 for number in increments):
            report(
                "search-endless",
                "an increment of 0 or less never reaches the end; write a positive one, "
                "up_to or down_to gives the direction",
                (*spot, "by"),
            )
            return False
        figures = MONOTONE.get((word, field), frozenset[str]())
        erratic = next(
            (tier for tier in tiers if tier.fact not in figures or self._moves_with_plan(tier)), None
        )
        # Only bisection can look among the cents of an amount.
        coarse = kind is Kind.COUNT or (kind is Kind.RATIO and increments and min(increments) >= _COARSE)
        if erratic is not None and not coarse:
            report(
                "search-too-fine",
                f"{_what_moves(erratic, figures)} may both rise and fall with {field}, so its values are tried one by "
                f"one and must be few; {_INSTEAD[kind is Kind.MONEY]}",
                spot,
            )
        return self.findings.count == before and None not in amounts.values()

    def _vary_amounts(
        self, raw: Mapping[str, Any], kind: Kind | None, spot: Spot
    ) -> dict[str, Amount | None]:
        """Read the amounts of what is varied, `None` for one that cannot be read."""
        self.findings.report_unknown_fields(raw, _VARY, "vary", spot)
        amounts = {
            key: self.amounts.amount(raw[key], (*spot, key), of_plan=True, kind=kind)
            for key in ("from", "up_to", "down_to", "by")
            if key in raw
        }
        if not isinstance(raw.get("land_on_end", True), bool):
            self.findings.report("search-shape", "land_on_end is true or false", (*spot, "land_on_end"))
        return amounts

    def _constants(self, amount: Amount | None) -> Iterator[Any]:
        """Give the values that a constant, or a parameter of a known unit, ever has."""
        if isinstance(amount, ParameterAmount) and amount.parameter in self.scope.parameter_units:
            values = self.scope.parameter_values[amount.parameter].values()
            # A value that could not be read is reported already.
            yield from (value for value in values if isinstance(value, int | Decimal))
        elif isinstance(amount, Decimal):
            yield amount


def _is_plain(value: Mapping[str, Any]) -> bool:
    """Tell whether an amount is a parameter or a constant multiple of a fact, as in every condition."""
    return "parameter" in value or ("fact" in value and not is_amount(value.get("times")))


def _what_moves(tier: TargetTier, figures: frozenset[str]) -> str:
    return tier.fact if tier.fact not in figures else f"the value that {tier.fact} has to reach"
