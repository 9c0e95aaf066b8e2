"""Coverage items: every branch of a policy that a test case can exercise, with file and line."""

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from restructure.intake.facts import show
from restructure.policy.amounts.expression import write_amount
from restructure.policy.engine.normal_form import Operator
from restructure.policy.in_force import InForce
from restructure.policy.language.conditions import Comparison, comparisons
from restructure.policy.language.search import Search, SearchStep, Stop, TargetTier
from restructure.policy.language.section_table import JUDGED
from restructure.policy.language.sections import Rule
from restructure.policy.loading.origins import Located, cap_names, conditions_of, guards_of

__all__ = ["ASPECTS", "CoveragePart", "PartKind", "parts_of"]

PartKind = str
"""What a part is: an entry of a section, such as `gate`, or a `condition`, `target`, `step`, `cap`, `fallback` or
`tier`."""

ASPECTS: dict[PartKind, tuple[str, ...]] = {
    **{section.singular: (section.holds, section.fails) for section in JUDGED},
    "condition": ("true", "false"),
    "target": ("met", "missed"),
    "step": ("applied", "exhausted", "skipped"),
    "fallback": ("tried", "not tried"),
    "tier": ("accepted", "passed over"),
}
"""Results that have to occur for each kind, the positive one first. A row of a table is the rule or conclusion it
makes.

A search has to reach its target once and miss it once. A step has to reach it (unless its search only tests at the
end), to be exhausted and, if it has a guard, to be skipped, with each comparison of the guard once true and once
false. A named cap has to set the end once.
"""


class CoveragePart(NamedTuple):
    """One coverage item: a part of a policy with one of its results."""

    kind: PartKind
    """Kind of part, such as `gate`."""
    id: str
    """Id of the part; `id#k` is the k-th comparison of a condition, `rule/step#k` of a guard, `rule#target` the
    target of a search, `rule/step` a step and `rule/step/cap` a named cap."""
    aspect: str
    """Result that has to occur, such as `failed`."""
    text: str
    """Description, such as "gate in-difficulty"."""
    file: str
    """Path of the policy file."""
    line: int
    """Line of the part, from 1."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text} was never {self.aspect}"


def parts_of(located: Located) -> Iterator[CoveragePart]:
    """List the coverage items of a policy, in the order of the policy.

    >>> from restructure.policy.loading.loading import load_located
    >>> [part.text for part in parts_of(load_located("cn-consumer-finance")) if part.kind == "gate"][:3]
    ['gate in-difficulty', 'gate in-difficulty', 'gate file-complete']
    """
    policy, origins = located.policy, located.origins
    in_force = InForce(policy, {})  # only its facts are read, no parameter values

    def part(kind: PartKind, name: str, aspect: str, text: str) -> CoveragePart:
        return CoveragePart(kind, name, aspect, text, *origins[name])

    kinds: dict[str, str] = {}
    for section in JUDGED:
        kind = section.singular
        for entry in section.entries(policy):
            kinds[entry.id] = kind
            yield part(kind, entry.id, section.holds, f"{kind} {entry.id}")
            # A row without conditions cannot fail.
            from_table = section.from_tables and entry.table
            if not from_table or f"{entry.id}#0" in origins:
                yield part(kind, entry.id, section.fails, f"{kind} {entry.id}")
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
    for offer in rule.offer:
        if isinstance(offer, Search):
            yield from _targets(rule, offer, in_force)
            for step in offer.steps:
                yield from _step(rule, offer, step, in_force)


def _targets(rule: Rule, search: Search, in_force: InForce) -> Iterator[tuple[PartKind, str, str, str]]:
    if search.further or search.target.accept_if is not None:
        for number in range(1, len(search.tiers) + 1):
            for aspect in ASPECTS["tier"]:
                yield "tier", f"{rule.id}/{number}", aspect, f"tier {number} of rule {rule.id}"
        return
    for aspect in ASPECTS["target"]:
        yield (
            "target",
            f"{rule.id}#target",
            aspect,
            f"target {_target_text(search.target, in_force)} of rule {rule.id}",
        )


def _step(
    rule: Rule, search: Search, step: SearchStep, in_force: InForce
) -> Iterator[tuple[PartKind, str, str, str]]:
    guards, name, text = dict(guards_of(rule)), f"{rule.id}/{step.id}", f"step {step.id} of rule {rule.id}"
    applied, exhausted, skipped = ASPECTS["step"]
    if search.stop is not Stop.TEST_ONLY:
        yield "step", name, applied, text
    yield "step", name, exhausted, text
    if name in guards:
        yield "step", name, skipped, text
        for k, comparison in enumerate(comparisons(guards[name])):
            for aspect in ASPECTS["condition"]:
                yield (
                    "condition",
                    f"{name}#{k}",
                    aspect,
                    f"condition {_written(comparison, in_force)} of {text}",
                )
    for cap in cap_names(step):
        yield "cap", f"{name}/{cap}", "binding", f'cap "{cap}" of {text}'


def _target_text(tier: TargetTier, in_force: InForce) -> str:
    if tier.amount is None:
        return _written(tier, in_force)
    return f"{tier.fact} {tier.op.value} {write_amount(tier.amount)}"


def _written(comparison: Comparison, in_force: InForce) -> str:
    """Write a comparison as failures do: constants in readable form, parameters by their names."""
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
