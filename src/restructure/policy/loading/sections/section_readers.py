"""How each section of a policy is read and checked: the part of the table of sections that reads files.

A section that is not named here is read by its entry of the table alone: as a list of entries with an id, a source
and the condition that the table names, or else by its record.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import NamedTuple

from restructure.policy.language.content import PolicyContent
from restructure.policy.language.section_table import SECTIONS
from restructure.policy.loading.reading import Reading
from restructure.policy.loading.sections.entries import (
    ReadEntry,
    check_rule_names,
    read_conclusion,
    read_entries,
    read_rule,
)
from restructure.policy.loading.sections.events import read_events
from restructure.policy.loading.sections.facts import check_facts, declare_facts, read_fact_values
from restructure.policy.loading.sections.follow_up import read_classification, read_follow_up
from restructure.policy.loading.sections.lookups import check_lookups, read_lookups
from restructure.policy.loading.sections.parameters import check_parameters, read_parameters
from restructure.policy.loading.sections.tables import read_tables

__all__ = ["READERS", "SectionReader", "check_sections", "read_sections"]

ReadSection = Callable[[Reading], None]
"""Reads a section: reports its faults, and puts what its record takes in place of what was written."""
Check = Callable[[Reading, PolicyContent], None]
"""Checks a section once the whole policy could be read."""


class SectionReader(NamedTuple):
    """How a section is read that is more than a list of entries with a condition."""

    declare: ReadSection | None = None
    """Reads the names and values that other sections use, before any of those is read."""
    read: ReadSection | None = None
    """Reads the section in its turn."""
    entry: ReadEntry | None = None
    """Reads what an entry of a list has beside its condition."""
    read_last: ReadSection | None = None
    """Reads the section once all entries that are written out are read."""
    check: Check | None = None
    """Checks the section once the whole policy could be read."""


def _declare_currency(reading: Reading) -> None:
    reading.scope.currency = str(reading.data.get("currency", ""))


def _declare_scores(reading: Reading) -> None:
    scores = reading.data.get("scores")
    names = scores if isinstance(scores, list) else []
    reading.scope.scores = {name for name in names if isinstance(name, str)}


def _check_period(reading: Reading) -> None:
    first, last = (reading.data.get(f"effective_{word}") for word in ("from", "until"))
    if isinstance(first, date) and isinstance(last, date) and last <= first:
        sentence = f"effective_until {last} is not after effective_from {first}"
        reading.findings.report("date-order", sentence, ("effective_until",))


def _check_ranking(reading: Reading) -> None:
    rank = reading.data.get("rank")
    for k, key in enumerate(rank if isinstance(rank, list) else ()):
        if isinstance(key, Mapping) and "fact" in key:
            reading.scope.fact(key["fact"], ("rank", k, "fact"), of_plan=True)


READERS: dict[str, SectionReader] = {
    "currency": SectionReader(declare=_declare_currency),
    "effective_until": SectionReader(read_last=_check_period),
    "scores": SectionReader(declare=_declare_scores),
    "parameters": SectionReader(declare=read_parameters, check=check_parameters),
    "lookups": SectionReader(read=read_lookups, check=check_lookups),
    "facts": SectionReader(declare=declare_facts, read=read_fact_values, check=check_facts),
    "events": SectionReader(declare=read_events),
    "conclusions": SectionReader(entry=read_conclusion),
    "tables": SectionReader(read_last=read_tables),
    "rules": SectionReader(entry=read_rule, check=check_rule_names),
    "rank": SectionReader(read_last=_check_ranking),
    "follow_up": SectionReader(read_last=read_follow_up),
    "classification": SectionReader(read_last=read_classification),
}
"""The readers of the sections that need one, by name."""

_PLAIN = SectionReader()


def read_sections(reading: Reading) -> None:
    """Read every section: first what others use, then the entries, then what goes by the entries."""
    readers = [(section, READERS.get(section.name, _PLAIN)) for section in SECTIONS]
    for _, reader in readers:
        if reader.declare is not None:
            reader.declare(reading)
    for section, reader in readers:
        if reader.read is not None:
            reader.read(reading)
        elif section.condition:
            read_entries(reading, section, reader.entry)
    for _, reader in readers:
        if reader.read_last is not None:
            reader.read_last(reading)


def check_sections(reading: Reading, policy: PolicyContent) -> None:
    """Check what only the whole policy shows, section by section."""
    for section in SECTIONS:
        check = READERS.get(section.name, _PLAIN).check
        if check is not None:
            check(reading, policy)
