"""The table of sections: for each section of a policy file, what it holds and how it is treated.

The reader, the resolution of `extends`, the JSON Schema, the evaluators, the digest, the listing and the coverage of
cases all go by this table. A new section needs a record in `sections`, a field of `PolicyContent` and an entry here;
only a section that is written otherwise than a list of entries with a condition also needs a reader of its own in
`loading.sections.section_readers`.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, NamedTuple

from restructure.policy.amounts.lookups import Lookup
from restructure.policy.language.follow_up import FollowUpRule
from restructure.policy.language.letter_texts import LetterTexts
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

__all__ = ["JUDGED", "JUDGED_BY_KIND", "SECTIONS", "Evaluated", "Inheritance", "Section", "section_named"]


class Inheritance(StrEnum):
    """What a policy takes over of a section of the policy that it extends."""

    NOTHING = "nothing"
    """The section is the policy's own, such as its name."""
    WHOLE = "whole"
    """All of it, unless the policy has the section itself."""
    UNION = "union"
    """Its words, followed by those that the policy adds."""
    ENTRIES = "entries"
    """Every entry that the policy neither replaces nor removes."""


class Evaluated(StrEnum):
    """On which facts the conditions of a section are evaluated."""

    BEFORE_RULES = "before_rules"
    """On the facts of the case, stage by stage, before anything else."""
    CASE = "case"
    """On the facts of the case."""
    PLAN = "plan"
    """On the facts of the case and the figures of a plan."""


class Section(NamedTuple):
    """One section of a policy file."""

    name: str
    """Its key in the file, and the field of `PolicyContent` that holds it."""
    record: type[Record] | None = None
    """The record of each of its entries, or of the section if it is a group of fields; none for plain values."""
    singular: str = ""
    """What one of its entries is called in cases, records and coverage, such as `gate`."""
    inheritance: Inheritance = Inheritance.ENTRIES
    """What a policy takes over of it from the policy that it extends."""
    kept: tuple[str, ...] = ()
    """Fields that an entry keeps of the inherited entry it replaces, unless it gives them."""
    repeatable: bool = False
    """Whether an entry may repeat an equal inherited one without saying `replaces`, as copied sources do."""
    dated: bool = False
    """Whether its entries have values from a day on, so that the digest covers those of the day."""
    condition: str = ""
    """The field of an entry that holds its condition: `require` or `when`; empty if it has none."""
    evaluated: Evaluated | None = None
    """On which facts the condition is evaluated."""
    holds: str = ""
    """The word for an entry whose condition is true, such as `passed`."""
    fails: str = ""
    """The word for an entry whose condition is false, such as `failed`."""
    asked_negated: bool = True
    """Whether the evaluators also ask when the condition is false, so that its negation must not be too wide."""

    @property
    def from_tables(self) -> bool:
        """Whether rows of decision tables become entries of it, which then name their table."""
        return self.record is not None and "table" in self.record.model_fields

    def result_key(self, entry: str) -> str:
        """Give the name under which the evaluators report that an entry's condition is true.

        >>> section_named("gates").result_key("reachable"), section_named("flags").result_key("cured")
        ('passed:reachable', 'flag:cured')
        """
        return f"{'passed' if self.condition == 'require' else self.singular}:{entry}"

    def entries(self, policy: Any) -> tuple[Any, ...]:
        """Give the entries of a section that is a list."""
        entries: tuple[Any, ...] = getattr(policy, self.name)
        return entries

    def conditions(self, policy: Any) -> Iterator[tuple[str, Any]]:
        """Give the id and the condition of each entry."""
        return ((entry.id, getattr(entry, self.condition)) for entry in self.entries(policy))


SECTIONS: tuple[Section, ...] = (
    Section("name", inheritance=Inheritance.NOTHING),
    Section("version", inheritance=Inheritance.NOTHING),
    Section("title", inheritance=Inheritance.NOTHING),
    Section("currency", inheritance=Inheritance.WHOLE),
    Section("effective_from", inheritance=Inheritance.WHOLE),
    Section("effective_until", inheritance=Inheritance.WHOLE),
    Section("sources", CitedSource, repeatable=True),
    Section("scores", inheritance=Inheritance.UNION),
    Section("parameters", Parameter, kept=("title", "unit"), dated=True),
    Section("lookups", Lookup, dated=True),
    Section("facts", PolicyFact),
    Section("events", EventKind),
    Section(
        "conclusions",
        Conclusion,
        "conclusion",
        condition="when",
        evaluated=Evaluated.BEFORE_RULES,
        holds="true",
        fails="false",
    ),
    Section("tables", DecisionTable),
    Section(
        "gates",
        Gate,
        "gate",
        condition="require",
        evaluated=Evaluated.CASE,
        holds="passed",
        fails="failed",
    ),
    Section(
        "rules",
        Rule,
        "rule",
        condition="when",
        evaluated=Evaluated.CASE,
        holds="fired",
        fails="refused",
        asked_negated=False,
    ),
    Section(
        "limits",
        Limit,
        "limit",
        condition="require",
        evaluated=Evaluated.PLAN,
        holds="passed",
        fails="failed",
    ),
    Section("flags", Flag, "flag", condition="when", evaluated=Evaluated.PLAN, holds="set", fails="unset"),
    Section(
        "actions", Action, "action", condition="when", evaluated=Evaluated.CASE, holds="set", fails="unset"
    ),
    Section("duties", Duty, "duty", condition="when", evaluated=Evaluated.PLAN, holds="set", fails="unset"),
    Section("rank", Ranking, inheritance=Inheritance.WHOLE),
    Section("choose", inheritance=Inheritance.WHOLE),
    Section("follow_up", FollowUpRule, inheritance=Inheritance.WHOLE),
    Section("classification", ClassificationRule, inheritance=Inheritance.WHOLE),
    Section("letters", LetterTexts, inheritance=Inheritance.WHOLE),
)
"""Every section, in the order in which a policy file is written and read."""

JUDGED: tuple[Section, ...] = tuple(section for section in SECTIONS if section.condition)
"""The sections whose entries have a condition."""

_BY_NAME = {section.name: section for section in SECTIONS}


JUDGED_BY_KIND: dict[str, Section] = {section.singular: section for section in JUDGED}
"""The sections whose entries have a condition, by what one entry is called."""


def section_named(name: str) -> Section | None:
    """Give the section of a name, `None` for a key that is no section.

    >>> section_named("duties").singular
    'duty'
    """
    return _BY_NAME.get(name)
