"""In force: a policy on one day, with a value for every parameter, ready for the evaluators."""

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from restructure.calculator.measures.catalogue import Measure
from restructure.document import FORMER_WORDS
from restructure.errors import InvalidPolicy, Issue
from restructure.intake.facts import Fact
from restructure.policy.amounts.expression import (
    Amount,
    facts_in,
    sheet_of,
)
from restructure.policy.amounts.lookups import Edition, Lookup, Sheet
from restructure.policy.constants import Constant, plain
from restructure.policy.engine.normal_form import Leaf, Node, Operator, Problem
from restructure.policy.fallback_order import trial_order, waits_for
from restructure.policy.language.conditions import Condition, normal_form
from restructure.policy.language.content import PolicyContent
from restructure.policy.language.reads import lookups_used, parameters_used, searches_of
from restructure.policy.language.search import Search, TargetTier, Vary, WhenMissed, varied
from restructure.policy.language.section_table import JUDGED, SECTIONS, Evaluated
from restructure.policy.language.templates import Template, amounts_of, measure_of_case, read_vary
from restructure.policy.policy_facts import PolicyFacts
from restructure.policy.policy_ref import PolicyRef

__all__ = ["FactStage", "InForce", "TierTarget", "offered_measures"]


_GROWING = frozenset({"term_after", "term_added", "last_due_after"})
"""Facts of a plan that only grow with the number of instalments."""


class FactStage(NamedTuple):
    """Facts of a policy that need only facts of a case and of earlier stages, with the conditions that set them."""

    derived: tuple[str, ...]
    """Those that are worked out by an amount."""
    concluded: tuple[str, ...]
    """Those that conclusions set."""
    problem: Problem
    """For each conclusion whether its condition holds (`true:ID`) and whether it fails (`false:ID`)."""


class TierTarget(NamedTuple):
    """The target of a search on one tier, ready for the evaluators."""

    leaf: Leaf
    """The comparison that holds once the target is reached, still without the value of an amount."""
    amount: Amount | None
    """The value to reach, if it is worked out from facts."""
    accept: Node | None
    """The condition that a plan has to fulfil to be accepted; none: any plan is."""
    moves: bool
    """Whether the value to reach differs from plan to plan."""


class InForce:
    """A policy on one day: every parameter has its value, nothing is dated."""

    def __init__(
        self,
        policy: PolicyContent,
        values: dict[str, Constant | None],
        editions: Mapping[str, Edition | None] = MappingProxyType({}),
    ) -> None:
        self.policy = policy
        """The policy it comes from."""
        self.values = values
        """The parameters' values."""
        self.editions = editions
        """The rows of its lookups."""
        self.facts = PolicyFacts(policy)
        """The facts that it adds."""
        self.fact, self.encoders = self.facts.fact, self.facts.encoders

    def __repr__(self) -> str:
        return f"<InForce: {self.policy.name} {self.policy.version}, {self.policy.currency or 'no currency'}>"

    @classmethod
    def of(
        cls,
        policy: PolicyContent,
        values: dict[str, Constant | None],
        editions: Mapping[str, Edition | None] = MappingProxyType({}),
    ) -> "InForce":
        """Resolve a policy, refusing parameters and lookups that are used but have no value."""
        undefined = [
            Issue("parameter-undefined", f'"{name}" has no value on this day; date one', f"parameters.{name}")
            for name in sorted({name for name in parameters_used(policy) if values[name] is None})
        ]
        undefined += [
            Issue("lookup-undefined", f'"{name}" has no rows on this day; date some', f"lookups.{name}")
            for name in sorted({name for name in lookups_used(policy) if editions.get(name) is None})
        ]
        if undefined:
            raise InvalidPolicy(undefined)
        return cls(policy, values, editions)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over what decides: rules, gates, limits and the values on the day."""
        content = self.policy.model_dump(
            mode="json",
            exclude={section.name for section in SECTIONS if section.dated},
            exclude_defaults=True,
        )
        content["values"] = {name: plain(value) for name, value in self.values.items()}
        if self.editions:
            content["lookups"] = {
                name: _spelled(self.policy.lookups[name], rows) for name, rows in self.editions.items()
            }
        for rule in content.get("rules", ()):
            rule["offer"] = [_as_first_called(measure) for measure in rule["offer"]]
        text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def ref(self) -> PolicyRef:
        """Name, version and digest, as a decision records them."""
        return PolicyRef(name=self.policy.name, version=self.policy.version, digest=self.digest)

    @cached_property
    def read(self) -> Callable[[str], Any]:
        """The value of a parameter by its name, and the rows of a lookup by `sheet_of` its name."""
        sheets = {
            sheet_of(name): None if rows is None else Sheet(self.policy.lookups[name], rows)
            for name, rows in self.editions.items()
        }
        return {**self.values, **sheets}.get

    # --- facts that the policy adds

    @property
    def own_facts(self) -> dict[str, Fact]:
        """The facts that the policy adds, described like those of the catalogue."""
        return self.facts.own

    @property
    def figures(self) -> tuple[str, ...]:
        """The facts of the policy that a plan has."""
        return self.facts.figures

    def rests_on(self, name: str) -> tuple[str, ...]:
        """Name the facts of an application from which a fact of the policy follows in the end."""
        return self.facts.rests_on(name)

    @cached_property
    def stages(self) -> tuple[FactStage, ...]:
        """The policy's own facts of a case in the order in which they can be known (forward chaining)."""
        stages: list[FactStage] = []
        for derived, concluded in self.facts.stages:
            entries = []
            for conclusion in self.policy.conclusions:
                if conclusion.conclude.keys() & set(concluded):
                    node = self.node(conclusion.when)
                    entries += [(f"true:{conclusion.id}", node), (f"false:{conclusion.id}", node.negated())]
            stages.append(FactStage(derived, concluded, Problem(entries)))
        return tuple(stages)

    # --- conditions and measures

    @cached_property
    def measures(self) -> dict[str, tuple[Measure, ...]]:
        """The measures of each rule whose offer depends on the day alone."""
        fixed: dict[str, tuple[Measure, ...]] = {}
        for rule in self.policy.rules:
            templates = [template for template in rule.offer if not isinstance(template, Search)]
            amounts = [amount for template in templates for amount in amounts_of(template)]
            if len(templates) == len(rule.offer) and not any(True for a in amounts for _ in facts_in(a)):
                fixed[rule.id] = offered_measures(self, rule.id, lambda _: None)
        return fixed

    @cached_property
    def tried(self) -> tuple[str, ...]:
        """Rules in evaluation order: a fallback comes after the rules it falls back from."""
        return trial_order(self.policy)

    @cached_property
    def behind(self) -> dict[str, tuple[str, ...]]:
        """For each rule that waits for others, the rules whose offer keeps it from being tried."""
        return waits_for(self.policy)

    @cached_property
    def templates(self) -> dict[str, tuple[Template, ...]]:
        """The measures of each rule, those of its search apart, with their amounts read."""
        return {
            rule.id: tuple(Template(raw) for raw in rule.offer if not isinstance(raw, Search))
            for rule in self.policy.rules
        }

    @cached_property
    def steps(self) -> dict[tuple[str, str], tuple[str, Template, Vary]]:
        """For each step, by rule and step: the field it varies, the rest of its measure, and the range."""
        steps: dict[tuple[str, str], tuple[str, Template, Vary]] = {}
        for rule, search in searches_of(self.policy):
            for step in search.steps:
                name = varied(step.measure)
                assert name is not None, "checked when the policy is read"
                rest = Template({key: value for key, value in step.measure.items() if key != name})
                steps[rule.id, step.id] = name, rest, read_vary(step.measure[name]["vary"])
        return steps

    @cached_property
    def case_problem(self) -> Problem:
        """Gates, rules and actions in the form that both evaluators read."""
        return Problem(self._judged(Evaluated.CASE))

    @cached_property
    def plan_problem(self) -> Problem:
        """Limits, flags and duties in the form that both evaluators read."""
        return Problem(self._judged(Evaluated.PLAN))

    def _judged(self, evaluated: Evaluated) -> list[tuple[str, Node]]:
        """Give the conditions of sections by what is reported of them: `passed:ID` and `failed:ID`, or `flag:ID`."""
        nodes: list[tuple[str, Node]] = []
        for section in JUDGED:
            if section.evaluated is not evaluated:
                continue
            for name, condition in section.conditions(self.policy):
                node = self.node(condition)
                nodes.append((section.result_key(name), node))
                if section.condition == "require":
                    nodes.append((f"failed:{name}", node.negated()))
        return nodes

    @cached_property
    def growing_limits(self) -> tuple[Leaf, ...]:
        """Limits of every offer on the number of instalments: a longer term breaks them too once a shorter one does."""
        limits = (limit for limit in self.policy.limits if not limit.offers_of)
        nodes = (self.plan_problem.nodes[f"passed:{limit.id}"] for limit in limits)
        return tuple(
            node
            for node in nodes
            if isinstance(node, Leaf)
            and node.fact in _GROWING
            and node.op in (Operator.AT_MOST, Operator.LESS)
            and (node.other is None or not self.facts.of_plan(node.other))
        )

    @cached_property
    def aims(self) -> dict[str, tuple[TierTarget, ...]]:
        """The targets of each rule that has a search, tier by tier."""
        return {
            rule.id: tuple(self._aim(tier) for tier in search.tiers)
            for rule, search in searches_of(self.policy)
        }

    def _aim(self, tier: TargetTier) -> TierTarget:
        leaf = Leaf(tier.fact, tier.op) if tier.amount is not None else self.node(tier)
        assert isinstance(leaf, Leaf), "a target is one comparison"
        accept = None if tier.accept_if is None else self.node(tier.accept_if)
        return TierTarget(leaf, tier.amount, accept, any(map(self.facts.of_plan, tier.against)))

    @cached_property
    def strict(self) -> frozenset[str]:
        """The rules whose offer is not made if their search misses its target."""
        return frozenset(
            rule.id for rule, search in searches_of(self.policy) if search.if_missed is WhenMissed.REFUSE
        )

    @cached_property
    def guards(self) -> dict[tuple[str, str], Node]:
        """The guard of each step that has one, by rule and step."""
        return {
            (rule.id, step.id): self.node(step.when)
            for rule, search in searches_of(self.policy)
            for step in search.steps
            if step.when is not None
        }

    def node(self, condition: Condition) -> Node:
        """Give a condition in normal form: facts as integers, parameters as their values."""
        return normal_form(condition, self.fact, self.values, self.policy.currency)


def offered_measures(in_force: InForce, rule: str, fact: Any) -> tuple[Measure, ...]:
    """Build the measures of a rule; `fact` gives the value of a fact by name, `None` if it is unknown."""
    currency = in_force.policy.currency
    return tuple(
        measure_of_case(template.filled(in_force.read, fact, currency))
        for template in in_force.templates[rule]
    )


def _spelled(lookup: Lookup, edition: Edition | None) -> dict[str, Any]:
    """Give the content of a lookup on one day in the form that goes into the digest."""
    content = lookup.model_dump(mode="json", exclude={"values"}, exclude_defaults=True)
    rows = None if edition is None else edition.rows
    return {**content, "rows": rows and [[plain(cell) for cell in row] for row in rows]}


_FIRST_CALLED = {now: former for former, now in FORMER_WORDS.items()}


def _as_first_called(written: dict[str, Any]) -> dict[str, Any]:
    """Give a measure or search with the word that each measure was first called by.

    A digest is over these, so that neither a renamed measure nor the spelling in the file changes it.
    """
    if "steps" in written:
        steps = [{**step, "measure": _as_first_called(step["measure"])} for step in written["steps"]]
        return {**written, "steps": steps}
    word = written.get("measure")
    return {**written, "measure": _FIRST_CALLED[word]} if word in _FIRST_CALLED else written
