"""The content of a policy as written: one record whose fields are the sections of the file."""

from datetime import date
from functools import cached_property
from typing import Literal, Self

from pydantic import Field

from restructure.calculator.conventions.money import Currency
from restructure.policy.amounts.lookups import Lookup
from restructure.policy.language.follow_up import FollowUpRule
from restructure.policy.language.letter_texts import Wording
from restructure.policy.language.loan_class import ClassificationRule
from restructure.policy.language.sections import (
    Action,
    CitedSource,
    Conclusion,
    DecisionTable,
    Duty,
    EventKind,
    Flag,
    Gate,
    Limit,
    Parameter,
    PolicyFact,
    Ranking,
    Rule,
)
from restructure.record import Record
from restructure.texts import Text

__all__ = ["PolicyContent"]


class PolicyContent(Record):
    """A lender's policy as written, with parameters dated; `Policy` adds what can be done with it."""

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
    sources: dict[str, CitedSource]
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
    tables: tuple[DecisionTable, ...] = ()
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

    def in_currency(self, currency: str) -> Self:
        """Give the policy in a currency, unless it has one of its own."""
        return self if self.currency else self.model_copy(update={"currency": currency})

    @property
    def of_offers(self) -> tuple[Limit | Flag | Duty, ...]:
        """Limits, flags and duties, in this order."""
        return (*self.limits, *self.flags, *self.duties)
