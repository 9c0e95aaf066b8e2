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
    """A source that rules and values cite: a law, a guideline or a decision of the lender."""

    title: str
    """The title of the document, such as `Decision of the board`."""
    url: str = ""
    """The address of the document; empty if it is not public."""
    confidence: Literal["high", "medium", "low", "own"] = "medium"
    """How certain the reading of the source is; `own` is the lender's own decision."""


class Dated(Record):
    """The value of a parameter from a day on."""

    since: date
    """The first day on which the value applies."""
    value: Constant | None
    """The value, in the unit of the parameter; null ends the parameter."""


class Parameter(Record):
    """A dated value of the policy, with its unit and its source."""

    title: Text
    """What the value means, such as `Fall of income that counts as serious`."""
    unit: Kind
    """The unit of the value: money, ratio, days, months, count or date."""
    source: str
    """The source: a key of `sources`, optionally followed by a colon and a paragraph."""
    values: tuple[Dated, ...] = Field(min_length=1)
    """Its values, in ascending order of the days from which they apply."""

    def on(self, day: date) -> Constant | None:
        """Give the value on a day, `None` before the first and after an end."""
        held = None
        for dated in self.values:
            if dated.since <= day:
                held = dated.value
        return held


class Otherwise(StrEnum):
    """The outcome of a case that fails a gate."""

    DECLINE = "decline"
    REFER = "refer"
    ASK = "ask"
    NO_ACTION_NEEDED = "no_action_needed"


class _Cited(Record):
    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=80)
    """The id in records, unique in the policy: lower-case words joined by hyphens, such as `small-step`."""
    title: Text
    """The title for the lender's staff, such as `The borrower is in difficulty`."""
    reason: Text
    """The explanation for the borrower, such as `We lengthen the term.`, in each language."""
    reference: str
    """The source: a key of `sources`, optionally followed by a colon and a paragraph, such as `art70: notice`."""


class Gate(_Cited):
    """A condition that must be true before any offer is made."""

    require: Condition
    """The condition on facts of the case; the gate is passed if it is true."""
    otherwise: Otherwise
    """The outcome of a case that fails the gate."""


class Rule(_Cited):
    """Offer a set of measures if a condition is true."""

    when: Condition
    """The condition on facts of the case under which the offer is made."""
    offer: tuple[Search | dict[str, Any], ...] = Field(min_length=1)
    """The measures, whose numbers may be amounts of parameters and facts, and at most one search."""
    unless_offered: tuple[str, ...] = ()
    """Ids of the rules and tables that it is the fallback for: it is tried only if none of them made an offer."""
    table: str = ""
    """The id of the decision table whose row it is; empty if it is written out."""
    priority: tuple[int, ...] = ()
    """Positions of its outputs among the values that the table lists, for the hit policy `priority`; lower is first."""

    @property
    def measures(self) -> tuple[dict[str, Any], ...]:
        """The measures that are offered as written, without those of the search."""
        return tuple(part for part in self.offer if not isinstance(part, Search))

    @property
    def searches(self) -> tuple[Search, ...]:
        """The search of the offer, if it has one."""
        return tuple(part for part in self.offer if isinstance(part, Search))


class Gather(StrEnum):
    """How the values of several conclusions about one fact are combined, with the hit policy `collect`."""

    SUM = "sum"
    LEAST = "least"
    GREATEST = "greatest"
    COUNT = "count"


class PolicyFact(Record):
    """A fact that the policy adds: worked out from other facts, given by the application, or concluded."""

    title: Text
    """What the fact means, such as `Value of the collateral`."""
    unit: Kind
    """The unit: money, ratio, days, months, count, date, flag (yes or no) or choice (one of several words)."""
    reference: str
    """The source: a key of `sources`, optionally followed by a colon and a paragraph, such as `art70: notice`."""
    choices: tuple[str, ...] = ()
    """The words of a choice, such as `[severe, moderate, mild]`, the one of the highest priority first."""
    value: Amount | None = None
    """The amount it is worked out by; absent if it is given or concluded."""
    given: bool = False
    """Whether the application supplies it, under `facts`; if the application omits it, it is unknown."""
    hit: Hit = Hit.UNIQUE
    """Which conclusion counts if several apply; `unique` allows several with the same value."""
    gather: Gather | None = None
    """How their values are combined if the hit policy is `collect`."""
    otherwise: Constant | None = None
    """Its value if no conclusion applies; if absent, it is then unknown."""


class EventKind(Record):
    """A kind of event that the policy reads from the history of a case."""

    title: Text
    """What happened, such as `Trial plan`."""
    reference: str
    """The source: a key of `sources`, optionally followed by a colon and a paragraph, such as `art70: notice`."""
    outcomes: tuple[str, ...] = ()
    """The outcomes it may have, such as `[kept, failed]`; if empty, any word."""


class Conclusion(Record):
    """Give facts of the policy a value if a condition is true."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=80)
    """The id in records, unique in the policy: lower-case words joined by hyphens, such as `small-step`."""
    title: Text
    """The title, in each language."""
    reference: str
    """The source: a key of `sources`, optionally followed by a colon and a paragraph, such as `art70: notice`."""
    when: Condition
    """The condition on facts of the case under which it applies."""
    conclude: dict[str, Constant | Amount] = Field(min_length=1)
    """Facts of the policy and the value concluded for each: a constant, or an amount of facts of the case."""
    table: str = ""
    """The id of the decision table whose row it is; empty if it is written out."""
    priority: tuple[int, ...] = ()
    """Positions of its outputs among the values that the table lists, for the hit policy `priority`; lower is first."""

    @property
    def amounts(self) -> dict[str, Amount]:
        """The concluded values that are amounts, by fact."""
        return {name: value for name, value in self.conclude.items() if isinstance(value, Record)}


class DecisionTable(Record):
    """A decision table; each row is a rule if the table has an offer, otherwise a conclusion."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=70)
    """The id, unique in the policy; row 3 of `relief` is the rule `relief-3`."""
    title: Text
    """The title, such as `Relief by cause`."""
    reference: str
    """The source: a key of `sources`, optionally followed by a colon and a paragraph, such as `art70: notice`."""
    hit: Hit
    """The hit policy: which row counts if several match."""


class _OfOffers(Record):
    offers_of: tuple[str, ...] = ()
    """Ids of the rules, or tables with an offer, to whose offers it applies; if absent, to all offers."""

    def about(self, rule: Rule) -> bool:
        """Tell whether it applies to the offers of a rule."""
        return not self.offers_of or rule.id in self.offers_of or rule.table in self.offers_of


class Limit(_Cited, _OfOffers):
    """A condition that every offer, or every offer of some rules, must meet."""

    require: Condition
    """The condition on facts of the case and figures of the plan; the offer is refused unless it is true."""


class Flag(_OfOffers):
    """A mark on an offer that refuses nothing, such as an accounting test."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=80)
    """The id in records, unique in the policy: lower-case words joined by hyphens, such as `small-step`."""
    title: Text
    """The title, in each language."""
    reference: str
    """The source: a key of `sources`, optionally followed by a colon and a paragraph, such as `art70: notice`."""
    when: Condition
    """The condition on facts of the case and figures of the plan under which the offer is marked."""


class Action(Record):
    """A task of the lender on a case, whether or not an offer is made."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=80)
    """The id in records, unique in the policy: lower-case words joined by hyphens, such as `small-step`."""
    title: Text
    """The title, such as `Stop collection`."""
    text: Text
    """The instruction in full, in each language."""
    kind: str = Field(pattern=r"^[a-z][a-z0-9_-]*$", max_length=40)
    """A word by which a service routes the task, such as remind, call, notify or stop_collection."""
    reference: str
    """The source: a key of `sources`, optionally followed by a colon and a paragraph, such as `art70: notice`."""
    when: Condition
    """The condition under which the task arises."""


class Duty(Action, _OfOffers):
    """A task of the lender if an offer is accepted, such as what the agreement must contain."""


class Ranking(Record):
    """One key by which offers are ordered."""

    fact: str
    """A figure of the plan, such as `instalment_after`."""
    order: Literal["ascending", "descending"] = "ascending"
    """Whether the smallest or the largest comes first."""
