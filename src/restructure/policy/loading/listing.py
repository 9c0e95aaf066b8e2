"""Listing: the entries of a policy merged with all that it extends, each with the file and line it is written in."""

from collections.abc import Iterator

from restructure.policy.in_force import InForce
from restructure.policy.loading.extending import Entry
from restructure.policy.loading.origins import Located
from restructure.policy.policy import Policy

__all__ = ["listed", "own_facts_lines"]


def listed(located: Located) -> Iterator[str]:
    """List the entries of a policy section by section: a summary of each, its file and line, and what it replaces.

    >>> from restructure.policy.loading.loading import load_located
    >>> lines = list(listed(load_located("cn-consumer-finance")))
    >>> lines[0].startswith("cn-consumer-finance"), "gates" in lines
    (True, True)
    """
    policy = located.policy
    yield f"{policy.name} {policy.version}, {located.path}"
    section = ""
    for entry in located.entries:
        if entry.name and entry.section != section:
            section = entry.section
            yield section
        yield _line(entry)
    if located.removed:
        yield "removed"
        yield from (_line(entry) for entry in located.removed)


def _line(entry: Entry) -> str:
    name = f"  {entry.name}" if entry.name else entry.section
    summary = f": {entry.summary}" if entry.summary else ""
    replaced = "" if entry.replaces is None else f", replaces {entry.replaces[0]}:{entry.replaces[1]}"
    return f"{name}{summary}  [{entry.file}:{entry.line}{replaced}]"


def own_facts_lines(policy: Policy) -> Iterator[str]:
    """List each fact that a policy adds: its unit, whether it is worked out, given or concluded, and its title.

    >>> from restructure.policy.loading.loading import load_policy
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
