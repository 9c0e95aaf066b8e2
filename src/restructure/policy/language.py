"""The language of policies: dated parameters, gates, rules, limits, flags and ranking, all plain data.

`Policy` is what an analyst wrote; `policy.at(date)` gives `InForce`, the same policy on one day with every
parameter replaced by its value, which is what the evaluators read and what a decision is made by.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from restructure.calculator.measures import MEASURES, Measure
from restructure.calculator.money import Currency, Factor
from restructure.calculator.quantity import Kind
from restructure.errors import InvalidPolicy, Issue, did_you_mean
from restructure.intake.facts import Fact, fact_named
from restructure.policy.normal import Alternative, Leaf, Node, Operator, Problem, Together
from restructure.record import Record

__all__ = [
    "AllOf",
    "AnyOf",
    "Comparison",
    "Condition",
    "Flag",
    "Gate",
    "InForce",
    "Limit",
    "Not",
    "Otherwise",
    "Parameter",
    "Policy",
    "PolicyRef",
    "Ranking",
    "Rule",
    "Source",
    "Text",
]


def _text(value: Any) -> Any:
    return {"en": value} if isinstance(value, str) else value


Text = Annotated[dict[str, str], BeforeValidator(_text), Field(min_length=1)]
"""Text by language code; plain text is English."""

Constant = bool | int | Decimal | date | str


class Comparison(Record):
    """Compare a fact with a constant, a parameter, or another fact times a constant."""

    fact: str
    """What is compared."""
    op: Operator
    """How."""
    value: Constant | None = None
    """A constant of the fact's kind."""
    parameter: str | None = None
    """The parameter whose value on the day is compared with."""
    other: str | None = None
    """Another fact of the same kind."""
    times: Factor = Fraction(1)
    """What the other fact is multiplied by."""


class AllOf(Record):
    """Hold if every condition holds."""

    all: tuple["Condition", ...]
    """The conditions."""


class AnyOf(Record):
    """Hold if at least one condition holds."""

    any: tuple["Condition", ...]
    """The conditions."""


class Not(Record):
    """Hold if the condition is false; unknown stays unknown."""

    negated: "Condition"
    """The condition."""


Condition = Comparison | AllOf | AnyOf | Not


class Source(Record):
    """Where a rule or a value comes from."""

    title: str
    """What it is called."""
    url: str = ""
    """Where it can be read."""
    confidence: Literal["high", "medium", "low", "own"] = "medium"
    """How well it was read; `own` is the lender's own decision."""


class Dated(Record):
    """A value from a day on."""

    since: date
    """First day it holds."""
    value: Constant | None
    """The value; null ends the parameter."""


class Parameter(Record):
    """A number of the policy with its unit, its source and the days it holds."""

    title: Text
    """What it is."""
    unit: Kind
    """What kind of fact it can be compared with."""
    source: str
    """Key of `sources`."""
    values: tuple[Dated, ...] = Field(min_length=1)
    """Its values from day to day."""

    def on(self, day: date) -> Constant | None:
        """Give the value on a day, `None` before the first and after an end."""
        held = None
        for dated in self.values:
            if dated.since <= day:
                held = dated.value
        return held


class Otherwise(StrEnum):
    """What becomes of a case that fails a gate."""

    DECLINE = "decline"
    REFER = "refer"
    ASK = "ask"
    NO_ACTION_NEEDED = "no_action_needed"


class _Cited(Record):
    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=80)
    """Names it in records; lower-case words joined by hyphens."""
    title: Text
    """What it is, for the lender."""
    reason: Text
    """What the borrower is told."""
    reference: str
    """Key of `sources`, with the paragraph after a colon if there is one."""


class Gate(_Cited):
    """A condition that must hold before any offer is made."""

    require: Condition
    """What must hold."""
    otherwise: Otherwise
    """Where the case goes if it does not."""


class Rule(_Cited):
    """Offer a set of measures when a condition holds."""

    when: Condition
    """When the offer is made."""
    offer: tuple[dict[str, Any], ...] = Field(min_length=1)
    """Measures, whose values may be parameters."""

    def measures(self, values: Mapping[str, Constant | None]) -> tuple[Measure, ...]:
        """Build the measures with the parameters' values on a day."""
        return tuple(read_measure(filled(measure, values)) for measure in self.offer)


class Limit(_Cited):
    """What no offer may exceed."""

    require: Condition
    """What must hold for an offer, facts of the plan included."""


class Flag(Record):
    """A mark on an offer that refuses nothing: a classification, an accounting test."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=80)
    """Names it in records."""
    title: Text
    """What it says."""
    reference: str
    """Key of `sources`."""
    when: Condition
    """When the mark is set."""


class Ranking(Record):
    """One key by which offers are put in order."""

    fact: str
    """A fact of the plan."""
    order: Literal["ascending", "descending"] = "ascending"
    """Whether the smallest or the largest comes first."""


class PolicyRef(Record):
    """Which policy decided."""

    name: str
    """Name of the policy."""
    version: str
    """Its version."""
    digest: str
    """SHA-256 over its resolved content; a comment does not change it."""


class Policy(Record):
    """A lender's policy as written, with parameters dated."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=80)
    """Lower-case words joined by hyphens."""
    version: str = Field(min_length=1, max_length=40)
    """The author's version."""
    title: Text
    """What it is for."""
    currency: Currency
    """The currency of its amounts."""
    effective_from: date | None = None
    """First day it may decide."""
    effective_until: date | None = None
    """First day it may no longer decide."""
    sources: dict[str, Source]
    """Where rules and values come from."""
    scores: tuple[str, ...] = ()
    """Scores that rules read as `scores.NAME`."""
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    """Dated values by name."""
    gates: tuple[Gate, ...] = ()
    """Conditions for any offer at all; every one is evaluated."""
    rules: tuple[Rule, ...] = Field(min_length=1)
    """What is offered when."""
    limits: tuple[Limit, ...] = ()
    """What no offer may exceed."""
    flags: tuple[Flag, ...] = ()
    """Marks on offers."""
    rank: tuple[Ranking, ...] = ()
    """Keys that order the offers; without any, the order of the rules."""
    choose: Literal["all", "first", "one"] = "all"
    """All offers, the first in rank, or exactly one (two are an error)."""

    @cached_property
    def _resolved(self) -> dict[tuple[Constant | None, ...], "InForce"]:
        return {}

    def with_values(self, **values: Constant) -> "Policy":
        """Give the policy with some parameters set to one value for all days, to see what it would change.

        Raises `InvalidPolicy` for a parameter it does not have or a value of another kind.

        >>> from restructure.policy.loading import load_policy
        >>> policy = load_policy("cn-consumer-finance").with_values(illness_extension=12)
        >>> policy.parameters["illness_extension"].on(date(2026, 3, 18))
        12
        """
        issues = [
            Issue("parameter-unknown", f'there is no parameter "{name}"{did_you_mean(name, self.parameters)}')
            for name in values
            if name not in self.parameters
        ]
        changed: dict[str, Parameter] = {}
        for name, value in values.items():
            if name in self.parameters:
                old = self.parameters[name]
                try:
                    read = constant(unit_fact(name, old.unit), value)
                except ValueError as error:
                    issues.append(
                        Issue(
                            "value-kind", f"{value!r} does not fit {name}, which is {old.unit.value}: {error}"
                        )
                    )
                    continue
                first = old.values[0].since
                changed[name] = old.model_copy(update={"values": (Dated(since=first, value=read),)})
        if issues:
            raise InvalidPolicy(issues)
        return self.model_copy(update={"parameters": {**self.parameters, **changed}})

    def at(self, on: date) -> "InForce":
        """Give the policy as it stands on a day; raises `InvalidPolicy` if it is not in force or lacks a value."""
        if (self.effective_from and on < self.effective_from) or (
            self.effective_until and on >= self.effective_until
        ):
            raise InvalidPolicy(
                Issue(
                    "policy-not-effective",
                    f"{self.name} {self.version} holds from {self.effective_from or 'ever'} "
                    f"until {self.effective_until or 'further notice'}, not on {on}",
                )
            )
        values = {name: parameter.on(on) for name, parameter in self.parameters.items()}
        key = tuple(values.values())
        if key not in self._resolved:
            self._resolved[key] = InForce.of(self, values)
        return self._resolved[key]


class InForce(Record):
    """A policy on one day: every parameter has its value, nothing is dated."""

    policy: Policy
    """The policy it comes from."""
    values: dict[str, Constant | None]
    """The parameters' values."""

    @classmethod
    def of(cls, policy: Policy, values: dict[str, Constant | None]) -> "InForce":
        """Resolve a policy, refusing parameters that are used but have no value."""
        undefined = sorted({name for name in _used(policy) if values[name] is None})
        if undefined:
            raise InvalidPolicy(
                [
                    Issue(
                        "parameter-undefined",
                        f'"{name}" has no value on this day; date one',
                        f"parameters.{name}",
                    )
                    for name in undefined
                ]
            )
        return cls.model_construct(policy=policy, values=values)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over what decides: rules, gates, limits and the values on the day."""
        content = self.policy.model_dump(mode="json", exclude={"parameters"}, exclude_defaults=True)
        content["values"] = {name: _plain(value) for name, value in self.values.items()}
        text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def ref(self) -> PolicyRef:
        """Name, version and digest, as a decision records them."""
        return PolicyRef(name=self.policy.name, version=self.policy.version, digest=self.digest)

    @cached_property
    def measures(self) -> dict[str, tuple[Measure, ...]]:
        """The measures of each rule."""
        return {rule.id: rule.measures(self.values) for rule in self.policy.rules}

    @cached_property
    def case_problem(self) -> Problem:
        """Gates and rules in the form that both evaluators read."""
        entries = []
        for gate in self.policy.gates:
            node = self.node(gate.require)
            entries += [(f"passed:{gate.id}", node), (f"failed:{gate.id}", node.negated())]
        entries += [(f"rule:{rule.id}", self.node(rule.when)) for rule in self.policy.rules]
        return Problem(entries)

    @cached_property
    def plan_problem(self) -> Problem:
        """Limits and flags in the form that both evaluators read."""
        entries = []
        for limit in self.policy.limits:
            node = self.node(limit.require)
            entries += [(f"passed:{limit.id}", node), (f"failed:{limit.id}", node.negated())]
        entries += [(f"flag:{flag.id}", self.node(flag.when)) for flag in self.policy.flags]
        return Problem(entries)

    def node(self, condition: Condition) -> Node:
        """Put a condition into normal form: facts as integers, parameters as their values."""
        match condition:
            case AllOf():
                return Together(tuple(self.node(part) for part in condition.all))
            case AnyOf():
                return Alternative(tuple(self.node(part) for part in condition.any))
            case Not():
                return self.node(condition.negated).negated()
            case Comparison():
                return self._leaf(condition)

    def _leaf(self, comparison: Comparison) -> Leaf:
        fact = fact_named(comparison.fact)
        if comparison.op in (Operator.KNOWN, Operator.UNKNOWN):
            return Leaf(fact.name, comparison.op)
        if comparison.other is not None:
            other = fact_named(comparison.other)
            # Both sides as integers of the finer scale, then times the factor's numerator and denominator.
            left = comparison.times.denominator * 10 ** max(other.scale - fact.scale, 0)
            right = comparison.times.numerator * 10 ** max(fact.scale - other.scale, 0)
            return Leaf(fact.name, comparison.op, other=other.name, left=left, right=right)
        value = self.values[comparison.parameter] if comparison.parameter else comparison.value
        return Leaf(
            fact.name, comparison.op, threshold=fact.encode(constant(fact, value), self.policy.currency)
        )


def unit_fact(name: str, unit: Kind) -> Fact:
    """Describe a parameter like a fact of its unit, so that both read constants alike."""
    return Fact(name, unit, 6 if unit is Kind.RATIO else 0, "", "", "", (), of_plan=False)


def constant(fact: Fact, value: Any) -> Any:
    """Read a constant as the kind its fact holds; raises `ValueError` with a sentence."""
    kind = fact.kind
    match kind:
        case Kind.FLAG:
            if isinstance(value, bool):
                return value
            raise ValueError("write true or false")
        case Kind.CHOICE:
            if value in fact.choices:
                return value
            raise ValueError(f"write one of: {', '.join(fact.choices)}")
        case Kind.DATE:
            if isinstance(value, date):
                return value
            raise ValueError("write a date, such as 2026-03-18")
        case Kind.MONEY | Kind.RATIO:
            number = _number(value, percent=kind is Kind.RATIO)
            if abs(number.adjusted()) > 14:
                raise ValueError("the number is out of all proportion")
            return Decimal(f"{number.normalize():f}")  # one number has one spelling, and one digest
        case _:
            if isinstance(value, int) and not isinstance(value, bool):
                return value
            raise ValueError(f"write a whole number of {kind.value}")


def _number(value: Any, *, percent: bool) -> Decimal:
    if isinstance(value, str):
        text, share = (
            (value.rstrip()[:-1].strip(), True)
            if percent and value.rstrip().endswith("%")
            else (value, False)
        )
        try:
            number = Decimal(text)
        except ArithmeticError:
            raise ValueError(
                'write a number, such as 0.31 or "31%"' if percent else "write an amount, such as 2000.00"
            ) from None
        return number / 100 if share else number
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value)
    raise ValueError(
        'write a number, such as 0.31 or "31%"' if percent else "write an amount, such as 2000.00"
    )


def read_measure(data: Any) -> Measure:
    """Read a measure strictly: a number is a number, so that "6" or 6.0 instalments are not six."""
    return MEASURES.validate_json(json.dumps(data, default=str), strict=True)


def filled(value: Any, values: Mapping[str, Constant | None]) -> Any:
    if isinstance(value, Mapping):
        if set(value) == {"parameter"}:
            return values[value["parameter"]]
        return {key: filled(part, values) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [filled(part, values) for part in value]
    return value


def _used(policy: Policy) -> Iterator[str]:
    """Name every parameter that a condition or a measure reads."""
    for gate in policy.gates:
        yield from _used_by(gate.require)
    for rule in policy.rules:
        yield from _used_by(rule.when)
        yield from parameters_of(rule.offer)
    for limit in policy.limits:
        yield from _used_by(limit.require)
    for flag in policy.flags:
        yield from _used_by(flag.when)


def _used_by(condition: Condition) -> Iterator[str]:
    match condition:
        case AllOf():
            parts = condition.all
        case AnyOf():
            parts = condition.any
        case Not():
            parts = (condition.negated,)
        case Comparison():
            parts = ()
            if condition.parameter:
                yield condition.parameter
    for part in parts:
        yield from _used_by(part)


def parameters_of(value: Any) -> Iterator[str]:
    """Name every parameter inside plain data."""
    if isinstance(value, Mapping):
        if set(value) == {"parameter"}:
            yield value["parameter"]
        else:
            for part in value.values():
                yield from parameters_of(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from parameters_of(part)


def _plain(value: Any) -> Any:
    return format(value.normalize(), "f") if isinstance(value, Decimal) else value
