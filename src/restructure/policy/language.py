"""The language of policies: dated parameters, facts, gates, rules, limits, flags and ranking, all plain data.

`Policy` is what an analyst wrote; `policy.at(date)` gives `InForce`, the same policy on one day with every
parameter replaced by its value, which is what the evaluators read and what a decision is made by.
"""

from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal

from pydantic import Field

from restructure.calculator.money import Currency
from restructure.calculator.quantity import Kind
from restructure.errors import InvalidPolicy, Issue, did_you_mean, quoted
from restructure.policy.amounts import Amount
from restructure.policy.classification import ClassificationRule
from restructure.policy.conditions import AllOf, AnyOf, Comparison, Condition, Not
from restructure.policy.constants import Constant, constant, unit_fact
from restructure.policy.follow_up import FollowUpRule
from restructure.policy.hits import Hit
from restructure.policy.in_force import InForce, PolicyRef
from restructure.policy.lookups import Edition, Lookup
from restructure.policy.search import Search
from restructure.policy.texts import Text
from restructure.policy.wording import Wording
from restructure.record import Record

__all__ = [
    "Action",
    "AllOf",
    "AnyOf",
    "Comparison",
    "Conclusion",
    "Condition",
    "Duty",
    "EventKind",
    "Flag",
    "Gate",
    "Gather",
    "Limit",
    "Lookup",
    "Not",
    "Otherwise",
    "Parameter",
    "Policy",
    "PolicyFact",
    "PolicyRef",
    "Ranking",
    "Rule",
    "Source",
    "Table",
    "Text",
    "source_key",
]


def source_key(reference: str) -> str:
    """Give the key of a reference among the sources, without the paragraph that may follow a colon.

    >>> source_key("guide: B7-1")
    'guide'
    """
    return reference.partition(":")[0].strip()


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
    offer: tuple[Search | dict[str, Any], ...] = Field(min_length=1)
    """Measures, whose numbers may be amounts worked out from parameters and facts, and at most one search."""
    unless_offered: tuple[str, ...] = ()
    """Rules and decision tables, by id; it is tried only if none of them made an offer."""
    table: str = ""
    """The decision table it is a row of."""
    priority: tuple[int, ...] = ()
    """Its place among the rows of a table with the hit policy priority."""


class Gather(StrEnum):
    """What becomes of several conclusions about one fact with the hit policy collect."""

    SUM = "sum"
    LEAST = "least"
    GREATEST = "greatest"
    COUNT = "count"


class PolicyFact(Record):
    """A fact that the policy adds: worked out from others, or concluded by rules and read by later ones."""

    title: Text
    """What it is."""
    unit: Kind
    """What it holds: money, ratio, days, months, count, date, flag, choice."""
    reference: str
    """Key of `sources`, with the paragraph after a colon if there is one."""
    choices: tuple[str, ...] = ()
    """The words of a choice, the one of the highest priority first."""
    value: Amount | None = None
    """The amount it is; absent: it is given or concluded."""
    given: bool = False
    """Whether the application supplies it, under `facts`; what it leaves out is unknown."""
    hit: Hit = Hit.UNIQUE
    """Which conclusion counts if several are drawn; unique allows several that say the same."""
    gather: Gather | None = None
    """What becomes of all of them if the hit policy is collect."""
    otherwise: Constant | None = None
    """Its value if nothing is concluded; absent: unknown."""


class EventKind(Record):
    """A kind of event that the policy reads from the history of a case."""

    title: Text
    """What it is."""
    reference: str
    """Key of `sources`, with the paragraph after a colon if there is one."""
    outcomes: tuple[str, ...] = ()
    """What may become of it; empty: whatever a file says."""


class Conclusion(Record):
    """Conclude facts when a condition holds, for later conditions to read."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=80)
    """Names it in records."""
    title: Text
    """What it says."""
    reference: str
    """Key of `sources`, with the paragraph after a colon if there is one."""
    when: Condition
    """When it is drawn."""
    conclude: dict[str, Constant | Amount] = Field(min_length=1)
    """Facts of the policy, each with the value it then has: a constant, or an amount of facts of the case."""
    table: str = ""
    """The decision table it is a row of."""
    priority: tuple[int, ...] = ()
    """Its place among the rows of a table with the hit policy priority."""

    @property
    def amounts(self) -> dict[str, Amount]:
        """What it concludes that is no constant, by fact."""
        return {name: said for name, said in self.conclude.items() if isinstance(said, Record)}


class Table(Record):
    """A decision table; its rows are rules or conclusions, one of them each."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=70)
    """Names it; row 3 of `relief` is the rule `relief-3`."""
    title: Text
    """What it decides."""
    reference: str
    """Key of `sources`, with the paragraph after a colon if there is one."""
    hit: Hit
    """Which row counts if several match."""


class _OfOffers(Record):
    offers_of: tuple[str, ...] = ()
    """Rules, or tables with an offer, whose offers it is about; absent: all."""

    def about(self, rule: Rule) -> bool:
        """Tell whether it is about the offers of a rule."""
        return not self.offers_of or rule.id in self.offers_of or rule.table in self.offers_of


class Limit(_Cited, _OfOffers):
    """What no offer may exceed, or none of some rules."""

    require: Condition
    """What must hold for an offer, facts of the plan included."""


class Flag(_OfOffers):
    """A mark on an offer that refuses nothing: a classification, an accounting test."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=80)
    """Names it in records."""
    title: Text
    """What it says."""
    reference: str
    """Key of `sources`."""
    when: Condition
    """When the mark is set."""


class Action(Record):
    """What the lender has to do on a case, whether or not an offer is made."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=80)
    """Names it in records."""
    title: Text
    """What it is."""
    text: Text
    """What has to be done, in full."""
    kind: str = Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=40)
    """A word by which a service sorts them, such as remind, call, notify, stop_collection, keep."""
    reference: str
    """Key of `sources`, with the paragraph after a colon if there is one."""
    when: Condition
    """When it has to be done."""


class Duty(Action, _OfOffers):
    """What the lender has to do if an offer is taken, such as what an agreement has to contain."""


class Ranking(Record):
    """One key by which offers are put in order."""

    fact: str
    """A fact of the plan."""
    order: Literal["ascending", "descending"] = "ascending"
    """Whether the smallest or the largest comes first."""


class Policy(Record):
    """A lender's policy as written, with parameters dated."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=80)
    """Lower-case words joined by hyphens."""
    version: str = Field(min_length=1, max_length=40)
    """The author's version."""
    title: Text
    """What it is for."""
    currency: Currency = ""
    """The currency of its amounts; empty only for one that makes no offers and names no amount of money."""
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
    lookups: dict[str, Lookup] = Field(default_factory=dict)
    """Reference tables by name, dated if need be."""
    facts: dict[str, PolicyFact] = Field(default_factory=dict)
    """Facts that the policy adds to those of a case and of a plan, by name."""
    events: dict[str, EventKind] = Field(default_factory=dict)
    """Kinds of events of the history that its amounts read, by name."""
    conclusions: tuple[Conclusion, ...] = ()
    """What is concluded about them when."""
    tables: tuple[Table, ...] = ()
    """Decision tables, whose rows stand among the rules and conclusions."""
    gates: tuple[Gate, ...] = ()
    """Conditions for any offer at all; every one is evaluated."""
    rules: tuple[Rule, ...] = ()
    """What is offered when, those of tables last; without any it offers nothing and serves to be extended."""
    limits: tuple[Limit, ...] = ()
    """What no offer may exceed."""
    flags: tuple[Flag, ...] = ()
    """Marks on offers."""
    actions: tuple[Action, ...] = ()
    """What the lender has to do on a case now."""
    duties: tuple[Duty, ...] = ()
    """What the lender has to do if an offer is taken."""
    rank: tuple[Ranking, ...] = ()
    """Keys that order the offers; without any, the order of the rules."""
    choose: Literal["all", "first", "one"] = "all"
    """All offers, the first in rank, or exactly one (two are an error)."""
    follow_up: FollowUpRule | None = None
    """What an agreement on an offer needs and how it is followed up."""
    classification: ClassificationRule | None = None
    """Which conclusion is the class of a loan under an agreement; without one a review suggests none."""
    letters: Wording | None = None
    """What letters say that no rule decides."""

    @cached_property
    def given(self) -> tuple[str, ...]:
        """The facts that an application supplies."""
        return tuple(name for name, own in self.facts.items() if own.given)

    @cached_property
    def _resolved(self) -> dict[tuple[Any, ...], "InForce"]:
        return {}

    def in_currency(self, currency: str) -> "Policy":
        """Give the policy in a currency, unless it has one of its own."""
        return self if self.currency else self.model_copy(update={"currency": currency})

    @property
    def of_offers(self) -> "tuple[Limit | Flag | Duty, ...]":
        """Limits, flags and duties, in this order."""
        return (*self.limits, *self.flags, *self.duties)

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
                            "value-kind",
                            f"{quoted(value)} does not fit {name}, which is {old.unit.value}: {error}",
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
        editions: dict[str, Edition | None] = {name: one.on(on) for name, one in self.lookups.items()}
        key = (*values.values(), *(edition and edition.since for edition in editions.values()))
        if key not in self._resolved:
            self._resolved[key] = InForce.of(self, values, editions)
        return self._resolved[key]
