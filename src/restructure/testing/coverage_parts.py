"""Parts: everything of a policy that its cases can reach, each at its place in the policy's files."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal, NamedTuple

from restructure.intake.facts import show
from restructure.policy.amounts.expression import write_amount
from restructure.policy.engine.normal_form import Operator
from restructure.policy.in_force import InForce
from restructure.policy.language.conditions import Comparison, comparisons
from restructure.policy.language.search import Search, Stop, TargetTier
from restructure.policy.language.sections import Rule
from restructure.policy.loading.origins import Located, cap_names, conditions_of, guards_of

__all__ = ["ASPECTS", "CoveragePart", "PartKind", "parts_of"]

PartKind = Literal[
    "gate",
    "rule",
    "conclusion",
    "limit",
    "flag",
    "condition",
    "target",
    "step",
    "cap",
    "fallback",
    "tier",
    "action",
    "duty",
]

ASPECTS: dict[PartKind, tuple[str, ...]] = {
    "gate": ("passed", "failed"),
    "rule": ("fired", "refused"),
    "conclusion": ("true", "false"),
    "limit": ("passed", "failed"),
    "flag": ("set", "unset"),
    "action": ("set", "unset"),
    "duty": ("set", "unset"),
    "condition": ("true", "false"),
    "target": ("met", "missed"),
    "step": ("applied", "exhausted", "skipped"),
    "fallback": ("tried", "not tried"),
    "tier": ("accepted", "passed over"),
}
"""What has to be seen of each kind, what holds first. A row of a table is the rule or conclusion that it makes.

A search has to meet its target once and miss it once. A step has to reach it (unless its search only tests at the
end), to be taken to its end in vain and, if it has a guard, to be skipped, with each comparison of the guard seen
true and seen false. A named cap has to have bound once.
"""


class CoveragePart(NamedTuple):
    """One thing that a case can reach."""

    kind: PartKind
    """What it is."""
    id: str
    """Its id; `id#k` is the k-th comparison of a condition, `rule/step#k` of a guard, `rule#target` what a search
    aims at, `rule/step` a step and `rule/step/cap` a named cap."""
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


def parts_of(located: Located) -> Iterator[CoveragePart]:
    """List what the cases of a policy have to reach, in the order of the policy.

    >>> from restructure.policy.loading.loading import load_located
    >>> [part.text for part in parts_of(load_located("cn-consumer-finance"))][:3]
    ['gate in-difficulty', 'gate in-difficulty', 'gate file-complete']
    """
    policy, origins = located.policy, located.origins
    in_force = InForce(policy, {})  # for what its facts are; no value of a parameter is read

    def part(kind: PartKind, name: str, aspect: str, text: str) -> CoveragePart:
        return CoveragePart(kind, name, aspect, text, *origins[name])

    groups: list[tuple[PartKind, list[str]]] = [
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
                text = f"condition {_written(comparison, in_force)} of {kinds[owner]} {owner}"
                for aspect in ASPECTS["condition"]:
                    yield part("condition", name, aspect, text)
    for rule in policy.rules:
        if rule.unless_offered:
            for aspect in ASPECTS["fallback"]:
                yield part("fallback", rule.id, aspect, f"fallback {rule.id}")
        for kind, name, aspect, text in _searched(rule, in_force):
            yield part(kind, name, aspect, text)


def _searched(rule: Rule, in_force: InForce) -> Iterator[tuple[PartKind, str, str, str]]:
    guards = dict(guards_of(rule))
    for one in rule.offer:
        if not isinstance(one, Search):
            continue
        if one.further or one.target.accept_if is not None:
            for number in range(1, len(one.tiers) + 1):
                for aspect in ASPECTS["tier"]:
                    yield "tier", f"{rule.id}/{number}", aspect, f"tier {number} of rule {rule.id}"
        else:
            for aspect in ASPECTS["target"]:
                told = f"target {_aimed(one.target, in_force)} of rule {rule.id}"
                yield "target", f"{rule.id}#target", aspect, told
        for step in one.steps:
            name, text = f"{rule.id}/{step.id}", f"step {step.id} of rule {rule.id}"
            applied, exhausted, skipped = ASPECTS["step"]
            if one.stop is not Stop.TEST_ONLY:
                yield "step", name, applied, text
            yield "step", name, exhausted, text
            if name in guards:
                yield "step", name, skipped, text
                for k, comparison in enumerate(comparisons(guards[name])):
                    for aspect in ASPECTS["condition"]:
                        told = f"condition {_written(comparison, in_force)} of {text}"
                        yield "condition", f"{name}#{k}", aspect, told
            for cap in cap_names(step):
                yield "cap", f"{name}/{cap}", "binding", f'cap "{cap}" of {text}'


def _aimed(tier: TargetTier, in_force: InForce) -> str:
    if tier.amount is None:
        return _written(tier, in_force)
    return f"{tier.fact} {tier.op.value} {write_amount(tier.amount)}"


def _written(comparison: Comparison, in_force: InForce) -> str:
    """Write a comparison as failures write theirs: constants as people read them, parameters by their names."""
    fact, op = in_force.fact(comparison.fact), comparison.op
    if op in (Operator.KNOWN, Operator.UNKNOWN):
        return f"{fact.name} {op.value}"
    against = comparison.parameter or comparison.other
    if against is None:
        against = show(fact, comparison.value, in_force.policy.currency)
    factor = Decimal(comparison.times.numerator) / comparison.times.denominator
    written = f"{factor.normalize():f}" if factor == comparison.times else str(comparison.times)
    times = "" if comparison.times == 1 else f"{written} × "
    return f"{fact.name} {op.value} {times}{against}"
