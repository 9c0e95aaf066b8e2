"""Offers: the measures and searches of a rule, read and checked with every value they may ever have."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from pydantic import ValidationError

from restructure.calculator.conventions.quantity import Kind
from restructure.calculator.measures.catalogue import MEASURES
from restructure.calculator.measures.fields import current_word
from restructure.errors import did_you_mean
from restructure.intake.facts import facts
from restructure.policy.amounts.expression import Amount, ParameterAmount, parameters_in
from restructure.policy.engine.normal_form import Operator
from restructure.policy.language.conditions import Comparison
from restructure.policy.language.search import (
    MONOTONE,
    Search,
    SearchStep,
    Stop,
    TargetTier,
    WhenMissed,
    varied,
)
from restructure.policy.language.templates import (
    amounts_of,
    field_kind,
    is_amount,
    measure_models,
    read_amount,
    read_measure,
)
from restructure.policy.loading.reader import ANYTHING, Reader, Spot

__all__ = ["OfferReader"]

_SEARCH = ("target", "stop", "steps", "if_missed")
_STEP = ("id", "measure", "when", "reference")
_VARY = ("from", "up_to", "down_to", "by", "land_on_end")
_STANDS_FOR = {Kind.MONEY: "1.00", Kind.RATIO: "1/2", Kind.COUNT: 1, Kind.DATE: "0001-01-01"}
_ENDS = "9000-01-01"
# A figure that moves to and fro is looked at value by value, so the values must be few.
_COARSE = 0.0005
_INSTEAD = {
    True: "vary a share and write by, or aim at a regular figure such as instalment_after",
    False: f"write by, at least {_COARSE}, or aim at a regular figure such as instalment_after",
}


class OfferReader(Reader):
    """Reads what a rule offers."""

    def offer(self, raw: Sequence[Any], spot: Spot, *, at: Spot | None = None) -> list[Any]:
        """Read the measures and at most one search; `at` is the row of a table whose cells stand in them."""
        read: list[Any] = []
        searches = 0
        for k, one in enumerate(raw):
            here = (*spot, k)
            if isinstance(one, Mapping) and "search" in one:
                searches += 1
                if searches > 1:
                    self.report(
                        "search-repeated", "an offer has one search; put its steps into the first", here
                    )
                found = self._search(one, here)
                if found is not None:
                    read.append(found)
            elif isinstance(one, Mapping):
                measure = _as_called_now(one)
                self.measure(measure, at or here, of_plan=False)
                read.append(measure)
            else:
                self.report("measure-invalid", "a measure is a group of fields with the key measure", here)
        return read or [{}]

    def measure(
        self, raw: Mapping[str, Any], spot: Spot, *, of_plan: bool, looked_for: str | None = None
    ) -> None:
        """Check a measure, its amounts and what it becomes with every value of its parameters."""
        word = raw.get("measure")
        if isinstance(word, str) and word not in measure_models():
            self.report(
                "measure-unknown",
                f'"{word}" is not a measure{did_you_mean(word, measure_models())}',
                (*spot, "measure"),
            )
            return
        before = len(self.issues)
        for field, value in raw.items():
            if is_amount(value):
                kind = field_kind(word, field)
                if set(value) == {"parameter"}:
                    self.parameter(value["parameter"], (*spot, field, "parameter"))
                else:
                    self.amount(value, (*spot, field), of_plan=of_plan, kind=kind)
            elif field_kind(word, field) is Kind.MONEY and not isinstance(value, list | Mapping | None):
                self.money.append((*spot, field))
            elif isinstance(value, list | Mapping) and field != looked_for:
                self._nested({field: value}, spot)
        if len(self.issues) > before:
            return
        used = [name for amount in amounts_of(raw) for name in parameters_in(amount)]
        for values in self._ever(used):
            try:
                read_measure(_stood_in(raw, values, word))
            except ValidationError as error:
                self.found(error, spot, _measure_fields())

    def _nested(self, value: Any, spot: Spot) -> None:
        """Check parameters inside the groups and lists of a measure."""
        parts = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, part in parts:
            if is_amount(part):
                if set(part) != {"parameter"}:
                    self.report("amount-shape", "only a parameter can stand this deep", (*spot, key))
                else:
                    self.parameter(part["parameter"], (*spot, key))
            elif _is_vary(part):
                self.report(
                    "search-shape", "only one field of a step of a search is looked for", (*spot, key)
                )
            elif isinstance(part, list | Mapping):
                self._nested(part, (*spot, key))
            elif key == "amount":
                self.money.append((*spot, key))

    def _ever(self, names: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Give the parameters' values on every day on which one of them changes and all have one."""
        for day in sorted({since for name in names for since in self.values[name]}) or [date.min]:
            values = {}
            for name in names:
                held = [value for since, value in self.values[name].items() if since <= day]
                values[name] = held[-1] if held else None
            if None not in values.values():
                yield values

    # --- searches

    def _search(self, outer: Mapping[str, Any], spot: Spot) -> Search | None:
        before = len(self.issues)
        self.only(outer, ("search",), "an offer's search", spot)
        raw, spot = outer["search"], (*spot, "search")
        if not isinstance(raw, Mapping):
            self.report("search-shape", "a search is a group of fields: target, stop, steps", spot)
            return None
        self.only(raw, _SEARCH, "a search", spot)
        stop = self._word(raw, "stop", list(Stop), spot)
        missed = self._word(raw, "if_missed", list(WhenMissed), spot, default=WhenMissed.REFUSE)
        tiers = self._tiers(raw.get("target"), Stop(stop) if stop else None, (*spot, "target"))
        steps = raw.get("steps")
        if not isinstance(steps, list) or not steps:
            self.report("search-shape", "a search needs a list of steps", spot)
            return None
        read: list[SearchStep] = []
        for k, step in enumerate(steps):
            found = self._step(step, tiers, [one.id for one in read], (*spot, "steps", k))
            if found is not None:
                read.append(found)
        if len(self.issues) > before or not tiers or stop is None or missed is None:
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
            self.report("search-shape", f'"{key}" is missing (known: {", ".join(known)})', spot)
            return None
        if word not in known:
            self.report(
                "choice-unknown",
                f'"{word}" is none of the words for {key}{did_you_mean(word, known)}',
                (*spot, key),
            )
            return None
        return str(word)

    def _tiers(self, raw: Any, stop: Stop | None, spot: Spot) -> list[TargetTier]:
        """Read a target, or the tiers of a ladder of them."""
        if not isinstance(raw, list):
            found = self._target(raw, stop, spot)
            return [] if found is None else [found]
        if not raw:
            self.report(
                "search-shape", "a target ladder has at least one tier {fact, op, value, accept_if}", spot
            )
        read = [self._target(one, stop, (*spot, k)) for k, one in enumerate(raw)]
        return [one for one in read if one is not None]

    def _target(self, raw: Any, stop: Stop | None, spot: Spot) -> TargetTier | None:
        if not isinstance(raw, Mapping) or "fact" not in raw or "value" not in raw:
            self.report("search-shape", "a target is {fact, op, value}; op may be left to stop", spot)
            return None
        self.only(raw, ("fact", "op", "value", "accept_if"), "a target", spot)
        accept = None
        if "accept_if" in raw:
            accept = self.condition(raw["accept_if"], (*spot, "accept_if"), of_plan=True)
        fact = self.fact(raw["fact"], (*spot, "fact"), of_plan=True)
        if fact is None or stop is None:
            return None
        if not fact.of_plan:
            self.report(
                "search-endless",
                f"no measure moves {fact.name}; a target is a figure of the plan",
                (*spot, "fact"),
            )
            return None
        if fact.kind in (Kind.FLAG, Kind.CHOICE, Kind.DATE):
            self.report(
                "operator-kind", f"{fact.name} is {fact.kind}, which cannot be aimed at", (*spot, "fact")
            )
            return None
        op = raw.get("op", stop.compares[0].value)
        if op not in [one.value for one in stop.compares]:
            known = ", ".join(one.value for one in stop.compares)
            self.report(
                "search-shape", f'"{op}" does not go with {stop.value} (known: {known})', (*spot, "op")
            )
            return None
        value, at = raw["value"], (*spot, "value")
        if is_amount(value) and not _is_plain(value):
            amount = self.amount(value, at, of_plan=True, kind=fact.kind)
            if amount is None:
                return None
            return TargetTier(fact=fact.name, op=Operator(op), amount=amount, accept_if=accept)
        read = self.against(fact, Operator(op), value, at, of_plan=True)
        if read is ANYTHING or not isinstance(read, Comparison):
            return None
        # The parts as they were read: checked, and of the same types.
        parts = {name: getattr(read, name) for name in Comparison.model_fields}
        return TargetTier.model_construct(**parts, accept_if=accept)

    def _moves(self, tier: TargetTier) -> bool:
        """Tell whether the value to be reached is another for every plan."""
        known = {**facts(), **self.own}
        return any(name in known and known[name].of_plan for name in tier.against)

    def _step(
        self, raw: Any, tiers: Sequence[TargetTier], earlier: Sequence[str], spot: Spot
    ) -> SearchStep | None:
        if not isinstance(raw, Mapping):
            self.report("search-shape", "a step is a group of fields: id, measure, when", spot)
            return None
        self.only(raw, _STEP, "a step", spot)
        before = len(self.issues)
        name = raw.get("id")
        if name in earlier:
            self.report("rule-repeated", f'a second step has the id "{name}"; rename one', (*spot, "id"))
        when = None
        if "when" in raw:
            when = self.condition(raw["when"], (*spot, "when"), of_plan=True)
        if not isinstance(raw.get("measure"), Mapping):
            self.report("search-shape", "a step has a measure with one field {vary: …}", spot)
            return None
        at, measure = (*spot, "measure"), _as_called_now(raw["measure"])
        field, word = varied(measure), measure.get("measure")
        if field is None:
            self.report(
                "search-shape",
                "exactly one field of the measure is looked for: {vary: {from, up_to or down_to, by}}",
                at,
            )
        elif self._vary(word, field, measure[field]["vary"], tiers, (*at, field, "vary")):
            self.measure(measure, at, of_plan=True, looked_for=field)
        if len(self.issues) > before:
            return None
        try:
            return SearchStep.model_validate({**raw, "measure": measure, "when": when})
        except ValidationError as error:
            self.found(error, spot)
            return None

    def _vary(self, word: Any, field: str, raw: Any, tiers: Sequence[TargetTier], spot: Spot) -> bool:
        """Check the number that a step looks for; `False` if the measure around it cannot be read either."""
        kind = field_kind(word, field)
        if not isinstance(word, str):
            self.report("field-missing", '"measure" is required here; it says which kind this is', spot[:-2])
            return False
        if word not in measure_models():
            return True  # reported with the measure
        if kind in (None, Kind.DATE):
            self.report("search-shape", f'"{field}" of {word} is no number that could be looked for', spot)
            return False
        if not isinstance(raw, Mapping) or len({"up_to", "down_to"} & set(raw)) != 1:
            self.report(
                "search-shape",
                "one end is needed, up_to or down_to: {vary: {from, up_to or down_to, by}}",
                spot,
            )
            return False
        before = len(self.issues)
        self.only(raw, _VARY, "vary", spot)
        amounts: dict[str, Amount | None] = {
            key: self.amount(raw[key], (*spot, key), of_plan=True, kind=kind)
            for key in ("from", "up_to", "down_to", "by")
            if key in raw
        }
        if not isinstance(raw.get("land_on_end", True), bool):
            self.report("search-shape", "land_on_end is true or false", (*spot, "land_on_end"))
        steps = list(self._numbers(amounts.get("by"))) if "by" in amounts else []
        if any(number <= 0 for number in steps):
            self.report(
                "search-endless",
                "a step of 0 or less never arrives; write how far it goes at a time, up_to or down_to says where to",
                (*spot, "by"),
            )
            return False
        figures = MONOTONE.get((word, field), frozenset[str]())
        erratic = next((one for one in tiers if one.fact not in figures or self._moves(one)), None)
        if erratic is None:
            return len(self.issues) == before
        # Only bisection can look among the cents of an amount.
        coarse = kind is Kind.COUNT or (kind is Kind.RATIO and steps and min(steps) >= _COARSE)
        if not coarse:
            self.report(
                "search-too-fine",
                f"{_what_moves(erratic, figures)} may move to and fro with {field}, so its values are tried one by one "
                f"and must be few; {_INSTEAD[kind is Kind.MONEY]}",
                spot,
            )
        return len(self.issues) == before

    def _numbers(self, amount: Amount | None) -> Iterator[Any]:
        """Give the values that a constant or a parameter ever has."""
        if isinstance(amount, ParameterAmount):
            yield from (value for value in self.values[amount.parameter].values() if value is not None)
        elif isinstance(amount, Decimal):
            yield amount


def _as_called_now(measure: Mapping[str, Any]) -> dict[str, Any]:
    """Give a measure with the word that it is called by now."""
    called = {"measure": current_word(measure["measure"])} if "measure" in measure else {}
    return {**measure, **called}


def _is_plain(value: Mapping[str, Any]) -> bool:
    """Tell whether an amount is a parameter or a constant multiple of a fact, as in every condition."""
    return "parameter" in value or ("fact" in value and not is_amount(value.get("times")))


def _what_moves(tier: TargetTier, figures: frozenset[str]) -> str:
    return tier.fact if tier.fact not in figures else f"the value that {tier.fact} has to reach"


def _is_vary(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == {"vary"}


def _stood_in(raw: Mapping[str, Any], values: Mapping[str, Any], word: Any) -> dict[str, Any]:
    """Give a measure as it could come to be, to check everything about it that does not depend on a case."""

    def fill(value: Any, kind: Kind | None, key: str) -> Any:
        if _is_vary(value):
            return _STANDS_FOR.get(kind) if kind else value
        if is_amount(value):
            amount = read_amount(value)
            if isinstance(amount, ParameterAmount):
                return values[amount.parameter]
            # Which of two days is the later one, if one is worked out, depends on the case.
            return _ENDS if key == "ends" else _STANDS_FOR.get(kind) if kind else value
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
