"""Parts: everything of a policy that its cases can reach, each at its place in the policy's files."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from restructure.policy.conditions import Comparison, comparisons
from restructure.policy.language import Rule
from restructure.policy.origins import Located, cap_names, conditions_of
from restructure.policy.search import Search

__all__ = ["ASPECTS", "Kind", "Part", "parts_of"]

Kind = Literal[
    "gate",
    "rule",
    "conclusion",
    "limit",
    "flag",
    "condition",
    "step",
    "cap",
    "fallback",
    "rung",
    "action",
    "duty",
]

ASPECTS: dict[Kind, tuple[str, str]] = {
    "gate": ("passed", "failed"),
    "rule": ("fired", "refused"),
    "conclusion": ("true", "false"),
    "limit": ("passed", "failed"),
    "flag": ("set", "unset"),
    "action": ("set", "unset"),
    "duty": ("set", "unset"),
    "condition": ("true", "false"),
    "step": ("taken", "skipped"),
    "fallback": ("tried", "not tried"),
    "rung": ("accepted", "passed over"),
}
"""What has to be seen of each kind, what holds first. A row of a table is the rule or conclusion that it makes;
a step is skipped only if it has a guard, and a cap has to have bound once."""


class Part(NamedTuple):
    """One thing that a case can reach."""

    kind: Kind
    """What it is."""
    id: str
    """Its id; `id#k` is the k-th comparison of a condition, `rule/step/cap` a named cap."""
    aspect: str
    """What has to be seen of it."""
    text: str
    """What it is, in words."""
    file: str
    """The file of the policy."""
    line: int
    """The line."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text} was never {self.aspect}"


def parts_of(located: Located) -> Iterator[Part]:
    """List what the cases of a policy have to reach, in the order of the policy.

    >>> from restructure.policy.loading import load_located
    >>> [part.text for part in parts_of(load_located("cn-consumer-finance"))][:3]
    ['gate in-difficulty', 'gate in-difficulty', 'gate file-complete']
    """
    policy, origins = located.policy, located.origins

    def part(kind: Kind, name: str, aspect: str, text: str) -> Part:
        return Part(kind, name, aspect, text, *origins[name])

    groups: list[tuple[Kind, list[str]]] = [
        ("gate", [one.id for one in policy.gates]),
        ("conclusion", [one.id for one in policy.conclusions]),
        ("rule", [one.id for one in policy.rules]),
        ("limit", [one.id for one in policy.limits]),
        ("flag", [one.id for one in policy.flags]),
        ("action", [one.id for one in policy.actions]),
        ("duty", [one.id for one in policy.duties]),
    ]
    in_tables = {one.id for one in policy.rules if one.table}
    in_tables |= {one.id for one in policy.conclusions if one.table}
    for kind, names in groups:
        for name in names:
            holds, fails = ASPECTS[kind]
            yield part(kind, name, holds, f"{kind} {name}")
            # A row that tests nothing cannot fail.
            if name not in in_tables or f"{name}#0" in origins:
                yield part(kind, name, fails, f"{kind} {name}")
    kinds = {name: kind for kind, names in groups for name in names}
    for owner, condition in conditions_of(policy):
        for k, comparison in enumerate(comparisons(condition)):
            name = f"{owner}#{k}"
            if name in origins:
                text = f"condition {_written(comparison)} of {kinds[owner]} {owner}"
                for aspect in ASPECTS["condition"]:
                    yield part("condition", name, aspect, text)
    for rule in policy.rules:
        if rule.unless_offered:
            for aspect in ASPECTS["fallback"]:
                yield part("fallback", rule.id, aspect, f"fallback {rule.id}")
        for kind, name, aspect, text in _searched(rule):
            yield part(kind, name, aspect, text)


def _searched(rule: Rule) -> Iterator[tuple[Kind, str, str, str]]:
    for one in rule.offer:
        if isinstance(one, Search):
            if one.further or one.target.accept_if is not None:
                for number in range(1, len(one.rungs) + 1):
                    for aspect in ASPECTS["rung"]:
                        yield "rung", f"{rule.id}/{number}", aspect, f"rung {number} of rule {rule.id}"
            for step in one.steps:
                name = f"{rule.id}/{step.id}"
                taken, skipped = ASPECTS["step"]
                yield "step", name, taken, f"step {step.id} of rule {rule.id}"
                if step.when is not None:
                    yield "step", name, skipped, f"step {step.id} of rule {rule.id}"
                for cap in cap_names(step):
                    yield (
                        "cap",
                        f"{name}/{cap}",
                        "binding",
                        f'cap "{cap}" of step {step.id} of rule {rule.id}',
                    )


def _written(comparison: Comparison) -> str:
    against = comparison.parameter or comparison.other
    if against is None:
        value = comparison.value
        against = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value or 0)
        if value is None:
            return f"{comparison.fact} {comparison.op.value}"
    times = "" if comparison.times == 1 else f"{comparison.times} × "
    return f"{comparison.fact} {comparison.op.value} {times}{against}"
