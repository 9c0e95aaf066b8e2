"""Reading: conditions, constants and amounts from plain data, collecting findings instead of stopping at one."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pydantic import ValidationError

from restructure.calculator.conventions.money import to_minor
from restructure.calculator.conventions.quantity import Kind
from restructure.document import Document, Place, issues_of
from restructure.errors import Issue, did_you_mean
from restructure.intake.facts import Fact, facts, score_fact
from restructure.policy.amounts.expression import Amount, check_amount
from restructure.policy.amounts.unit_check import Spot, compatible, quoted
from restructure.policy.constants import constant
from restructure.policy.engine.normal_form import Operator
from restructure.policy.language.conditions import AllOf, AnyOf, Comparison, Condition, Not
from restructure.policy.language.templates import read_amount

__all__ = ["ANYTHING", "CELL", "Reader", "Spot"]

CELL = object()
"""Ends the place of a table's cell: what is read inside it stands where the cell does."""

ANYTHING = Comparison(fact="claim", op=Operator.KNOWN)
"""Stands for a condition that could not be read, so that reading goes on."""


class Reader:
    """Reads parts of one policy; every finding is located."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.issues: list[Issue] = []
        self.units: dict[str, Fact] = {}
        """Parameters, described like facts of their unit."""
        self.values: dict[str, dict[date, Any]] = {}
        """Parameters' values by day."""
        self.own: dict[str, Fact] = {}
        """Facts that the policy adds."""
        self.kinds: dict[str, tuple[str, ...]] = {}
        """Kinds of events that the policy declares, each with its outcomes."""
        self.lookups: dict[str, Mapping[str, Any] | None] = {}
        """Lookups as they were read, none for one that could not be."""
        self.scores: set[str] = set()
        self.currency = ""
        self.money: list[Spot] = []
        """Where an amount of money stands that is worth another in another currency."""
        self.compared: list[tuple[Condition, Spot]] = []
        """Every comparison that was read, with where it stands."""

    def report(self, code: str, message: str, spot: Spot) -> None:
        """Add a finding at a place."""
        document, place = self._spot(spot)
        self.issues.append(document.issue(code, message, place))

    def _spot(self, spot: Spot) -> tuple[Document, Place]:
        document, place = (
            (spot[0], spot[1:]) if spot and isinstance(spot[0], Document) else (self.document, spot)
        )
        return document, place[: place.index(CELL)] if CELL in place else place

    def found(self, error: ValidationError, spot: Spot, names: Sequence[str] | frozenset[str] = ()) -> None:
        """Add what pydantic found in the data at a place, each finding once."""
        document, place = self._spot(spot)
        for issue in issues_of(error, document, names=names, root=place):
            if issue not in self.issues:
                self.issues.append(issue)

    # --- conditions

    def condition(self, raw: Any, spot: Spot, *, of_plan: bool) -> Condition:
        """Read a condition; what cannot be read is reported and stands as one that asks nothing."""
        if not isinstance(raw, Mapping):
            self.report(
                "condition-shape",
                "a condition is a group of fields: {fact, op, value}, or all, any, not",
                spot,
            )
            return ANYTHING
        words = [word for word in ("all", "any", "not") if word in raw]
        if words and len(raw) > 1:
            self.report(
                "condition-shape", f'"{words[0]}" stands alone in its group; nest the rest inside it', spot
            )
            return ANYTHING
        if "not" in raw:
            return Not(negated=self.condition(raw["not"], (*spot, "not"), of_plan=of_plan))
        if words:
            word = words[0]
            parts = raw[word]
            if not isinstance(parts, list) or not parts:
                self.report(
                    "condition-empty", f'"{word}" takes a list of at least one condition', (*spot, word)
                )
                return ANYTHING
            read = tuple(
                self.condition(part, (*spot, word, k), of_plan=of_plan) for k, part in enumerate(parts)
            )
            return AllOf(all=read) if word == "all" else AnyOf(any=read)
        return self.comparison(raw, spot, of_plan=of_plan)

    def comparison(self, raw: Mapping[str, Any], spot: Spot, *, of_plan: bool) -> Condition:
        """Read one comparison and remember where it stands."""
        read = self._comparison(raw, spot, of_plan=of_plan)
        self.compared.append((read, spot))
        return read

    def _comparison(self, raw: Mapping[str, Any], spot: Spot, *, of_plan: bool) -> Condition:
        if "fact" not in raw:
            self.report(
                "condition-shape",
                f"a condition needs a fact{did_you_mean(next(iter(raw), ''), ['fact', 'all', 'any', 'not'])}",
                spot,
            )
            return ANYTHING
        self.only(raw, ("fact", "op", "value"), "a condition", spot)
        fact = self.fact(raw["fact"], (*spot, "fact"), of_plan=of_plan)
        op = self._operator(raw, fact, spot)
        if fact is None or op is None:
            return ANYTHING
        if op in (Operator.KNOWN, Operator.UNKNOWN):
            if "value" in raw:
                self.report("condition-shape", f'"{op}" takes no value; remove it', (*spot, "value"))
            return Comparison(fact=fact.name, op=op)
        if op.orders and fact.kind in (Kind.FLAG, Kind.CHOICE):
            self.report(
                "operator-kind",
                f"{fact.name} is {fact.kind}, which has no order; use == or !=",
                (*spot, "op"),
            )
            return ANYTHING
        if "op" not in raw:
            return Comparison(fact=fact.name, op=Operator.EQUAL, value=True)
        if "value" not in raw:
            self.report("condition-shape", "the condition has no value to compare with; add it", spot)
            return ANYTHING
        return self.against(fact, op, raw["value"], (*spot, "value"), of_plan=of_plan)

    def only(self, raw: Mapping[str, Any], known: Sequence[str], what: str, spot: Spot) -> None:
        """Report every key that a group of fields does not take."""
        for key in raw:
            if key not in known:
                self.report("field-unknown", f'{what} has no "{key}"{did_you_mean(key, known)}', (*spot, key))

    def fact(self, name: Any, spot: Spot, *, of_plan: bool) -> Fact | None:
        """Give a fact of the policy, of the catalogue or a score; one that does not exist here is reported."""
        if isinstance(name, str) and name.startswith("scores."):
            if name[7:] in self.scores:
                return score_fact(name)
            self.report("score-unknown", f'"{name[7:]}" is not declared under scores; add it there', spot)
            return None
        known = {**facts(), **self.own}
        fact = known.get(name) if isinstance(name, str) else None
        if fact is None:
            self.report("fact-unknown", f'no fact is called "{name}"{did_you_mean(name, known)}', spot)
            return None
        if fact.of_plan and not of_plan:
            self.report(
                "fact-not-yet",
                f"{name} exists only once a plan exists; limits, flags, ranking and searches may read it",
                spot,
            )
            return None
        return fact

    def _operator(self, raw: Mapping[str, Any], fact: Fact | None, spot: Spot) -> Operator | None:
        if "op" not in raw and "value" not in raw:
            if fact is not None and fact.kind is not Kind.FLAG:
                self.report("condition-shape", f"{fact.name} is {fact.kind}; say op and value", spot)
                return None
            return Operator.EQUAL
        try:
            return Operator(str(raw.get("op")))
        except ValueError:
            known = [op.value for op in Operator]
            self.report(
                "operator-unknown",
                f'"{raw.get("op")}" is not an operator (known: {", ".join(known)})',
                (*spot, "op") if "op" in raw else spot,
            )
            return None

    def against(self, fact: Fact, op: Operator, raw: Any, spot: Spot, *, of_plan: bool) -> Condition:
        """Read what a fact is compared with: a constant, a parameter, or another fact times a constant."""
        if isinstance(raw, Mapping) and "parameter" in raw:
            name = raw["parameter"]
            if len(raw) > 1:
                self.report("condition-shape", "a parameter stands alone: write {parameter: name}", spot)
                return ANYTHING
            unit = self.parameter(name, (*spot, "parameter"))
            if unit is None:
                return ANYTHING  # unknown, or of an unknown unit: both are reported
            if unit.kind is not fact.kind:
                self.report(
                    "value-kind",
                    f'{fact.name} is {fact.kind} but the parameter "{name}" is {unit.kind}',
                    (*spot, "parameter"),
                )
            else:
                for value in self.values[name].values():
                    if value is not None:
                        self.constant(fact, value, spot)
            return Comparison(fact=fact.name, op=op, parameter=name)
        if isinstance(raw, Mapping):
            return self._against_fact(fact, op, raw, spot, of_plan=of_plan)
        return Comparison(fact=fact.name, op=op, value=self.constant(fact, raw, spot))

    def _against_fact(
        self, fact: Fact, op: Operator, raw: Mapping[str, Any], spot: Spot, *, of_plan: bool
    ) -> Condition:
        other = self.fact(raw.get("fact"), (*spot, "fact"), of_plan=of_plan)
        if other is None:
            return ANYTHING
        if other.kind is not fact.kind or other.choices != fact.choices:
            self.report(
                "value-kind",
                f"{fact.name} is {fact.kind} but {other.name} is {other.kind}",
                (*spot, "fact"),
            )
        if set(raw) - {"fact", "times"}:
            self.report("condition-shape", "write {fact, times}, or {parameter}, or a constant", spot)
        if "times" in raw and fact.kind in (Kind.FLAG, Kind.CHOICE, Kind.DATE):
            self.report(
                "operator-kind",
                f"{fact.name} is {fact.kind}, which cannot be multiplied",
                (*spot, "times"),
            )
            return ANYTHING
        try:
            return Comparison(fact=fact.name, op=op, other=other.name, times=raw.get("times", 1))
        except ValidationError as error:
            self.found(error, spot)
            return ANYTHING

    # --- constants and parameters

    def parameter(self, name: Any, spot: Spot) -> Fact | None:
        """Give a parameter's unit, described like a fact; one that does not exist is reported."""
        if not (isinstance(name, str) and name in self.values):
            self.report(
                "parameter-unknown", f'there is no parameter "{name}"{did_you_mean(name, self.values)}', spot
            )
            return None
        return self.units.get(name)

    def constant(self, fact: Fact, raw: Any, spot: Spot) -> Any:
        """Read a constant of a fact's kind and scale; what does not fit is reported."""
        try:
            value = constant(fact, raw)
        except ValueError as error:
            self.report(
                "value-kind", f"{quoted(raw)} does not fit {fact.name}, which is {fact.kind}: {error}", spot
            )
            return None
        if fact.kind is Kind.RATIO and value != round(value, fact.scale):
            self.report(
                "value-scale", f"{raw} has more decimals than the {fact.scale} that {fact.name} keeps", spot
            )
        if fact.kind is Kind.MONEY:
            if value:  # nothing is nothing in every currency
                self.money.append(spot)
            try:
                to_minor(value, self.currency)
            except ValueError as error:
                self.report("value-scale", str(error), spot)
        return value

    # --- amounts

    def amount(self, raw: Any, spot: Spot, *, of_plan: bool, kind: Kind | None = None) -> Amount | None:
        """Read an amount that has to be of a kind; what cannot be read is reported."""
        before = len(self.issues)
        held = check_amount(raw, spot, self, of_plan=of_plan)
        if len(self.issues) > before:
            return None
        if kind is not None and not compatible(held, kind):
            self.report(
                "value-kind", f"the amount is {held or 'a plain number'} where {kind} is expected", spot
            )
            return None
        if Kind.MONEY in (held, kind) and _holds_money(raw):
            self.money.append(spot)
        return read_amount(raw)


def _holds_money(raw: Any) -> bool:
    """Tell whether an amount of money has a plain number that is money in it, and not only shares and facts."""
    if not isinstance(raw, Mapping):
        return str(raw).strip("0. ") != ""  # nothing is nothing in every currency
    if "lookup" in raw:
        return True
    parts: list[Any] = []
    if "bands" in raw and isinstance(raw.get("rates"), list):
        bands = [band for band in raw["rates"] if isinstance(band, Mapping)]
        parts = [
            raw["bands"],
            *(band[key] for band in bands for key in ("above", "from", "fixed") if key in band),
        ]
    for word in ("least", "greatest", "sum", "difference", "round", "first_known"):
        inside = raw.get(word, [])
        parts += (
            inside.values()
            if isinstance(inside, Mapping) and word in ("least", "greatest")
            else (inside if isinstance(inside, list) else [inside])
        )
    return any(map(_holds_money, parts))
