"""The sections of a policy as records: parameters, facts, gates, rules, limits, flags, actions and duties."""

from datetime import date
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from restructure.calculator.conventions.quantity import Kind
from restructure.policy.amounts.expression import Amount
from restructure.policy.constants import Constant
from restructure.policy.language.conditions import Condition
from restructure.policy.language.hit_policies import Hit
from restructure.policy.language.search import Search
from restructure.record import Record
from restructure.texts import Text

__all__ = [
    "Action",
    "CitedSource",
    "Conclusion",
    "Dated",
    "DecisionTable",
    "Duty",
    "EventKind",
    "Flag",
    "Gate",
    "Gather",
    "Limit",
    "Otherwise",
    "Parameter",
    "PolicyFact",
    "Ranking",
    "Rule",
    "source_key",
]


def source_key(reference: str) -> str:
    """Give the key of a reference among the sources, without the paragraph that may follow a colon.

    >>> source_key("guide: B7-1")
    'guide'
    """
    return reference.partition(":")[0].strip()


class CitedSource(Record):
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


class DecisionTable(Record):
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
