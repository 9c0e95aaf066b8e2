"""Own facts: those that a policy adds and the events it reads, in lines for a person."""

from collections.abc import Iterator

from restructure.policy.in_force import InForce
from restructure.policy.language import Policy

__all__ = ["own_facts_lines"]


def own_facts_lines(policy: Policy) -> Iterator[str]:
    """List each fact that a policy adds: what it holds, where it comes from, and what it is.

    >>> from restructure.policy.loading import load_policy
    >>> [line for line in own_facts_lines(load_policy("cn-consumer-finance")) if "everything_overdue" in line]
    ['everything_overdue: money, worked out. Overdue principal and interest, penalty and fees']
    """
    in_force = InForce(policy, {})
    for name, own in policy.facts.items():
        fact = in_force.own_facts[name]
        how = "worked out" if own.value is not None else "given" if own.given else "concluded"
        when = " (of a plan)" if fact.of_plan else ""
        words = f" ({', '.join(own.choices)})" if own.choices else ""
        yield f"{name}: {own.unit.value}{words}, {how}{when}. {fact.doc}"
        if fact.formula:
            yield f"    = {fact.formula}"
        elif own.given:
            yield f"    from the application's facts.{name}"
    for name, kind in policy.events.items():
        title = kind.title.get("en") or next(iter(kind.title.values()))
        yield f"events.{name}: events of the application's history. {title}"
        if kind.outcomes:
            yield f"    comes out {', '.join(kind.outcomes)}"
