"""Fallback: rules that are tried only if others made no offer, and the order of trying that follows."""

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from restructure.policy.language.content import PolicyContent

__all__ = ["circle_of", "trial_order", "waits_for"]


def waits_for(policy: PolicyContent) -> dict[str, tuple[str, ...]]:
    """Name, for each rule that waits for others, the rules whose offer keeps it from being tried.

    The id of a decision table stands for all of its rows.
    """
    rows: dict[str, list[str]] = {}
    for rule in policy.rules:
        rows.setdefault(rule.table or rule.id, []).append(rule.id)
    known = {rule.id for rule in policy.rules}
    return {
        rule.id: tuple(
            dict.fromkeys(
                other
                for name in rule.unless_offered
                for other in ([name] if name in known else rows.get(name, []))
            )
        )
        for rule in policy.rules
        if rule.unless_offered
    }


def trial_order(policy: PolicyContent) -> tuple[str, ...]:
    """Give the rules in the order in which they are tried: as written, each after those it waits for."""
    behind = waits_for(policy)
    placed: dict[str, None] = {}

    for rule in policy.rules:
        path = [rule.id]
        while path:
            waits = [other for other in behind.get(path[-1], ()) if other not in placed]
            if waits:
                path.append(waits[0])
            else:
                placed.setdefault(path.pop())
    return tuple(placed)


def circle_of(behind: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Find a circle among rules that wait for each other, as a path that ends where it began; empty without one.

    >>> circle_of({"a": ("b",), "b": ("a",)})
    ['a', 'b', 'a']
    """
    try:
        TopologicalSorter(behind).prepare()
    except CycleError as error:
        path: list[str] = list(error.args[1])[::-1]  # it lists who comes before whom
        start = path.index(min(path))
        return [*path[start:-1], *path[:start], path[start]]
    return []
