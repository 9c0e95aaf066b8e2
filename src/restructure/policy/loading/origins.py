"""Origins: the file and line of every gate, rule, condition, step and cap, for coverage and diagnostics."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from restructure.policy.amounts.expression import Greatest, Least
from restructure.policy.language.conditions import Condition, comparisons
from restructure.policy.language.content import PolicyContent
from restructure.policy.language.search import Search, SearchStep, varied
from restructure.policy.language.section_table import JUDGED
from restructure.policy.language.sections import Rule
from restructure.policy.language.templates import read_vary
from restructure.policy.loading.extending import Entry
from restructure.policy.loading.findings import Spot
from restructure.policy.policy import Policy

__all__ = ["Located", "Origin", "cap_names", "conditions_of", "guards_of", "origins"]


class Origin(NamedTuple):
    """A place in a file of a policy."""

    file: str
    """The path as it was given."""
    line: int
    """The line, from 1."""


class Located(NamedTuple):
    """A policy and where its parts are written."""

    policy: Policy
    """The policy."""
    path: Path
    """Its file."""
    origins: Mapping[str, Origin]
    """By id; a step is `rule/step`, a named cap `rule/step/cap`, the target of a search `rule#target`, the k-th
    comparison of a condition `id#k` and of a guard `rule/step#k`."""
    entries: tuple[Entry, ...] = ()
    """Every entry of its sections, with the inherited entry it replaces if the policy extends others."""
    removed: tuple[Entry, ...] = ()
    """The inherited entries that it removes."""


def origins(
    policy: Policy,
    named: Mapping[str, Spot],
    read: Sequence[tuple[Condition, Spot]],
    at: Callable[[Spot], Origin],
) -> dict[str, Origin]:
    """Locate every part of a policy: `named` has the spot of each id, `read` that of each comparison."""
    places = {name: at(spot) for name, spot in named.items()}
    spots = {id(comparison): spot for comparison, spot in read}
    for owner, condition in conditions_of(policy):
        for k, comparison in enumerate(comparisons(condition)):
            # A row of a table that tests nothing has a condition that is not written anywhere.
            if id(comparison) in spots:
                places[f"{owner}#{k}"] = at(spots[id(comparison)])
    for rule in policy.rules:
        root = named[rule.table or rule.id][:-1]
        places |= {name: at((*root, *inside)) for name, inside in _searched(rule)}
        for name, guard in guards_of(rule):
            for k, comparison in enumerate(comparisons(guard)):
                written = spots.get(id(comparison))
                places[f"{name}#{k}"] = places[name] if written is None else at(written)
    return places


def conditions_of(policy: PolicyContent) -> Iterator[tuple[str, Condition]]:
    """Give every condition of a policy with the id it belongs to, guards of steps left out."""
    for section in JUDGED:
        yield from section.conditions(policy)


def cap_names(step: SearchStep) -> dict[str, Spot]:
    """Name the caps of a step, if its end is the least or greatest of several, each with its place in the step."""
    name = varied(step.measure)
    assert name is not None, "checked when the policy is read"
    vary = read_vary(step.measure[name]["vary"])
    inside = ("measure", name, "vary", "down_to" if vary.up_to is None else "up_to")
    match vary.end:
        case Least(least=caps):
            return {cap: (*inside, "least", cap) for cap in caps}
        case Greatest(greatest=caps):
            return {cap: (*inside, "greatest", cap) for cap in caps}
    return {}


def guards_of(rule: Rule) -> Iterator[tuple[str, Condition]]:
    """Give the guard of each step of a rule that has one, by the name of the step, `rule/step`."""
    for search in rule.searches:
        yield from ((f"{rule.id}/{step.id}", step.when) for step in search.steps if step.when is not None)


def _searched(rule: Rule) -> Iterator[tuple[str, Spot]]:
    for j, part in enumerate(rule.offer):
        if isinstance(part, Search):
            for number in range(1, len(part.tiers) + 1):
                inside: Spot = (number - 1,) if part.further else ()
                yield f"{rule.id}/{number}", ("offer", j, "search", "target", *inside)
            yield f"{rule.id}#target", ("offer", j, "search", "target")
            for i, step in enumerate(part.steps):
                here = ("offer", j, "search", "steps", i)
                yield f"{rule.id}/{step.id}", here
                for cap, inside in cap_names(step).items():
                    yield f"{rule.id}/{step.id}/{cap}", (*here, *inside)
