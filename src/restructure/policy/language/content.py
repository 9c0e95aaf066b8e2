"""The content of a policy as written: one record whose fields are the sections of the file."""

from datetime import date
from functools import cached_property
from typing import Literal, Self

from pydantic import Field

from restructure.calculator.conventions.money import Currency
from restructure.policy.amounts.lookups import Lookup
from restructure.policy.language.follow_up import FollowUpRule
from restructure.policy.language.letter_texts import LetterTexts
from restructure.policy.language.loan_class import ClassificationRule
from restructure.policy.language.section_table import JUDGED, Evaluated
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
from restructure.short_form import counted
from restructure.texts import Text

__all__ = ["PolicyContent"]


class PolicyContent(Record):
    """A lender's policy as written, with dated parameters; `Policy` adds its operations."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=80)
    """The name: lower-case words joined by hyphens, such as `cn-consumer-finance`."""
    version: str = Field(min_length=1, max_length=40)
    """The version that the author gives it, such as `2026.1`."""
    title: Text
    """The title, in each language."""
    currency: Currency = ""
    """The ISO code of the currency of its amounts, such as CNY; empty only without offers and amounts of money."""
    effective_from: date | None = None
    """The first day on which it decides; absent if there is no first day."""
    effective_until: date | None = None
    """The first day on which it no longer decides; absent if it has no end."""
    sources: dict[str, CitedSource]
    """The sources that rules and values cite, by key."""
    scores: tuple[str, ...] = ()
    """The names of scores that conditions read as `scores.NAME`."""
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    """Dated values, by name."""
    lookups: dict[str, Lookup] = Field(default_factory=dict)
    """Reference tables by name, whose rows may be dated."""
    facts: dict[str, PolicyFact] = Field(default_factory=dict)
    """Facts that the policy adds to those of the case and the plan, by name."""
    events: dict[str, EventKind] = Field(default_factory=dict)
    """Kinds of events in the history that amounts read, by name."""
    conclusions: tuple[Conclusion, ...] = ()
    """Conclusions, which give facts of the policy a value under a condition."""
    tables: tuple[DecisionTable, ...] = ()
    """Decision tables, whose rows follow the rules and conclusions that are written out."""
    gates: tuple[Gate, ...] = ()
    """Conditions for any offer at all; all of them are evaluated."""
    rules: tuple[Rule, ...] = ()
    """What is offered under which condition, rows of tables last; a policy without rules is meant to be extended."""
    limits: tuple[Limit, ...] = ()
    """Conditions that every offer must meet."""
    flags: tuple[Flag, ...] = ()
    """Marks on offers, which refuse nothing."""
    actions: tuple[Action, ...] = ()
    """What the lender must do on a case now, with or without an offer."""
    duties: tuple[Duty, ...] = ()
    """What the lender must do if an offer is accepted."""
    rank: tuple[Ranking, ...] = ()
    """The figures that order the offers; without any, the order of the rules."""
    choose: Literal["all", "first", "one"] = "all"
    """Which offers are made: all, the first in rank, or exactly one (two are an error)."""
    follow_up: FollowUpRule | None = None
    """What an agreement on an offer requires and how it is followed up; if absent, there are no requirements."""
    classification: ClassificationRule | None = None
    """Which fact is the class of a loan under an agreement; if absent, a review suggests no class."""
    letters: LetterTexts | None = None
    """Texts of letters that do not depend on a rule."""

    def _summary(self) -> str:
        sections = (
            (self.gates, "gate"),
            (self.rules, "rule"),
            (self.limits, "limit"),
            (self.parameters, "parameter"),
        )
        held = ", ".join(counted(len(section), noun) for section, noun in sections)
        return f"{self.name} {self.version}, {self.currency or 'no currency'}, {held}"

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
        plan = (section for section in JUDGED if section.evaluated is Evaluated.PLAN)
        return tuple(entry for section in plan for entry in section.entries(self))
