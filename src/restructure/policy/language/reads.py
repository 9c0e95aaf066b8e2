"""Which facts, parameters and lookups the sections of a policy read."""

from collections.abc import Iterator, Mapping
from typing import Any

from restructure.policy.amounts.expression import Amount, facts_in, lookups_in, parameters_in
from restructure.policy.language.conditions import Condition, comparisons
from restructure.policy.language.content import PolicyContent
from restructure.policy.language.search import Search
from restructure.policy.language.section_table import JUDGED
from restructure.policy.language.sections import Rule
from restructure.policy.language.templates import amounts_of

__all__ = ["lookups_used", "parameters_used", "read_by"]


def read_by(policy: PolicyContent) -> dict[str, set[str]]:
    """Name, for each fact of the policy, the facts it is worked out or concluded from."""
    needs: dict[str, set[str]] = {
        name: set(facts_in(own.value)) if own.value is not None else set()
        for name, own in policy.facts.items()
    }
    # The rows of a table are settled together, so each needs the facts that any of them reads.
    read: dict[str, set[str]] = {}
    for conclusion in policy.conclusions:
        group = conclusion.table or f"={conclusion.id}"
        read.setdefault(group, set()).update(_facts_of(conclusion.when))
    for conclusion in policy.conclusions:
        for name in conclusion.conclude:
            needs.setdefault(name, set()).update(read[conclusion.table or f"={conclusion.id}"])
        for name, amount in conclusion.amounts.items():
            needs[name].update(facts_in(amount))
    return needs


def searches_of(policy: PolicyContent) -> Iterator[tuple[Rule, Search]]:
    for rule in policy.rules:
        for search in rule.searches:
            yield rule, search


def _facts_of(condition: Condition) -> Iterator[str]:
    for comparison in comparisons(condition):
        yield comparison.fact
        if comparison.other is not None:
            yield comparison.other


def parameters_used(policy: PolicyContent) -> Iterator[str]:
    """Name every parameter that a condition, an amount or a measure reads."""
    for condition in _conditions_of(policy):
        for comparison in comparisons(condition):
            if comparison.parameter:
                yield comparison.parameter
    for amount in _amounts_of(policy):
        yield from parameters_in(amount)


def lookups_used(policy: PolicyContent) -> Iterator[str]:
    """Name every lookup that an amount reads."""
    for amount in _amounts_of(policy):
        yield from lookups_in(amount)


def _conditions_of(policy: PolicyContent) -> Iterator[Condition]:
    for section in JUDGED:
        yield from (condition for _, condition in section.conditions(policy))
    for _, search in searches_of(policy):
        for tier in search.tiers:
            yield tier
            if tier.accept_if is not None:
                yield tier.accept_if
        yield from (step.when for step in search.steps if step.when is not None)


def _amounts_of(policy: PolicyContent) -> Iterator[Amount]:
    for own in policy.facts.values():
        if own.value is not None:
            yield own.value
    for conclusion in policy.conclusions:
        yield from conclusion.amounts.values()
    templates: list[Mapping[str, Any]] = [measure for rule in policy.rules for measure in rule.measures]
    for _, search in searches_of(policy):
        templates += [step.measure for step in search.steps]
        yield from (tier.amount for tier in search.tiers if tier.amount is not None)
    for template in templates:
        yield from amounts_of(template)
    if policy.follow_up is not None:
        yield from policy.follow_up.amounts
