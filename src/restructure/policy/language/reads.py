"""Which facts, parameters and lookups the sections of a policy read."""

from collections.abc import Iterator, Mapping
from typing import Any

from restructure.policy.amounts.expression import Amount, facts_in, lookups_in, parameters_in
from restructure.policy.language.conditions import Condition, comparisons
from restructure.policy.language.content import PolicyContent
from restructure.policy.language.search import Search
from restructure.policy.language.sections import Rule
from restructure.policy.language.templates import amounts_of

__all__ = ["lookups_used", "parameters_used", "read_by"]


def read_by(policy: PolicyContent) -> dict[str, set[str]]:
    """Name, for each fact of the policy, the facts it is worked out or concluded from."""
    needs: dict[str, set[str]] = {
        name: set(facts_in(own.value)) if own.value is not None else set()
        for name, own in policy.facts.items()
    }
    # A table settles its rows together, so that each waits for what all of them read.
    read: dict[str, set[str]] = {}
    for one in policy.conclusions:
        read.setdefault(one.table or f"={one.id}", set()).update(_facts_of(one.when))
    for one in policy.conclusions:
        for name in one.conclude:
            needs.setdefault(name, set()).update(read[one.table or f"={one.id}"])
        for name, amount in one.amounts.items():
            needs[name].update(facts_in(amount))
    return needs


def searches_of(policy: PolicyContent) -> Iterator[tuple[Rule, Search]]:
    for rule in policy.rules:
        for one in rule.offer:
            if isinstance(one, Search):
                yield rule, one


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
    yield from (gate.require for gate in policy.gates)
    yield from (limit.require for limit in policy.limits)
    yield from (conclusion.when for conclusion in policy.conclusions)
    yield from (rule.when for rule in policy.rules)
    yield from (flag.when for flag in policy.flags)
    yield from (one.when for one in (*policy.actions, *policy.duties))
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
    templates: list[Mapping[str, Any]] = [
        one for rule in policy.rules for one in rule.offer if not isinstance(one, Search)
    ]
    for _, search in searches_of(policy):
        templates += [step.measure for step in search.steps]
        yield from (tier.amount for tier in search.tiers if tier.amount is not None)
    for template in templates:
        yield from amounts_of(template)
    if policy.follow_up is not None:
        yield from policy.follow_up.amounts
