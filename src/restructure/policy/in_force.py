"""In force: a policy on one day, every parameter with its value, ready for the evaluators."""

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from restructure.calculator.conventions.quantity import Kind
from restructure.calculator.measures.catalogue import Measure
from restructure.document import FORMER_WORDS
from restructure.errors import InvalidPolicy, Issue
from restructure.intake.facts import Fact, fact_named
from restructure.policy.amounts.expression import (
    Amount,
    facts_in,
    reads_plan,
    sheet_of,
    write_amount,
)
from restructure.policy.amounts.lookups import Edition, Lookup, Sheet
from restructure.policy.constants import Constant, plain
from restructure.policy.engine.normal_form import Leaf, Node, Operator, Problem
from restructure.policy.fallback_order import stands_behind, trial_order
from restructure.policy.language.conditions import Condition, normal_form
from restructure.policy.language.content import PolicyContent
from restructure.policy.language.reads import lookups_used, parameters_used, read_by, searches_of
from restructure.policy.language.search import Search, TargetTier, Vary, WhenMissed, varied
from restructure.policy.language.section_table import JUDGED, SECTIONS, Evaluated
from restructure.policy.language.templates import Template, amounts_of, measure_of_case, read_vary
from restructure.policy.policy_ref import PolicyRef

__all__ = ["FactStage", "InForce", "TierTarget", "offered_measures"]


_GROWING = frozenset({"term_after", "term_added", "last_due_after"})
"""What only grows with the number of instalments."""


class FactStage(NamedTuple):
    """Facts of a policy that need only facts of a case and of earlier stages."""

    derived: tuple[str, ...]
    """Those that are worked out."""
    concluded: tuple[str, ...]
    """Those that are concluded."""
    problem: Problem
    """What concludes them: for each conclusion whether it holds and whether it fails."""


class TierTarget(NamedTuple):
    """What a search wants of its figure on one tier, ready for the evaluators."""

    leaf: Leaf
    """The comparison that holds once the target is reached, still without the value of an amount."""
    amount: Amount | None
    """The value it has to reach, if that is worked out from facts."""
    accept: Node | None
    """What the plan has to hold to be taken."""
    moves: bool
    """Whether the value it has to reach is another for every plan."""


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
        """What gives amounts the value of a parameter by its name, and the rows of a lookup by `sheet_of` its name."""
        sheets = {
            sheet_of(name): None if rows is None else Sheet(self.policy.lookups[name], rows)
            for name, rows in self.editions.items()
        }
        return {**self.values, **sheets}.get

    # --- facts

    @cached_property
    def own_facts(self) -> dict[str, Fact]:
        """The facts that the policy adds, described like those of the catalogue."""
        found: dict[str, Fact] = {}
        for name, own in self.policy.facts.items():
            formula = write_amount(own.value) if own.value is not None else ""
            found[name] = Fact(
                name,
                own.unit,
                6 if own.unit is Kind.RATIO else 0,
                own.title.get("en") or next(iter(own.title.values())),
                formula,
                f"facts.{name}" if own.given else "",
                own.choices,
                of_plan=self._of_plan(name),
            )
        return found

    def fact(self, name: str) -> Fact:
        """Give a fact of the policy or of the catalogue; raises `KeyError` for a name that is neither."""
        own = self.own_facts.get(name)
        return fact_named(name) if own is None else own

    def encoders(self, names: tuple[str, ...]) -> list[tuple[str, Callable[[Any], int]]]:
        """Give, for facts by name, what turns each into the integer that rules compare."""
        found = self._encoders.get(names)
        if found is None:
            currency = self.policy.currency
            found = self._encoders[names] = [(name, self.fact(name).encoder(currency)) for name in names]
        return found

    @cached_property
    def figures(self) -> tuple[str, ...]:
        """The facts of the policy that a plan has."""
        return tuple(name for name, fact in self.own_facts.items() if fact.of_plan)

    @cached_property
    def _encoders(self) -> dict[tuple[str, ...], list[tuple[str, Callable[[Any], int]]]]:
        return {}

    def rests_on(self, name: str) -> tuple[str, ...]:
        """Name the facts of a file that a fact of the policy is worked out or concluded from in the end."""
        own = self.policy.facts.get(name)
        if own is None or own.given:
            return (name,)
        if name not in self._rests_on:
            found: dict[str, None] = {}
            for inner in sorted(self._needs[name]):
                found.update(dict.fromkeys(self.rests_on(inner)))
            self._rests_on[name] = tuple(found)
        return self._rests_on[name]

    @cached_property
    def _rests_on(self) -> dict[str, tuple[str, ...]]:
        return {}

    @cached_property
    def _needs(self) -> dict[str, set[str]]:
        return read_by(self.policy)

    def _of_plan(self, name: str) -> bool:
        own = self.policy.facts.get(name)
        if own is None:
            return fact_named(name).of_plan
        if name not in self._plans:
            self._plans[name] = own.value is not None and (
                reads_plan(own.value) or any(map(self._of_plan, facts_in(own.value)))
            )
        return self._plans[name]

    @cached_property
    def _plans(self) -> dict[str, bool]:
        return {}

    @cached_property
    def stages(self) -> tuple[FactStage, ...]:
        """The policy's own facts of a case in the order in which they can be known (forward chaining)."""
        waiting = {name: needs for name, needs in self._needs.items() if not self._of_plan(name)}
        waiting = {name: needs for name, needs in waiting.items() if not self.policy.facts[name].given}
        stages: list[FactStage] = []
        while waiting:
            ready = [name for name, needs in waiting.items() if not needs & waiting.keys()]
            assert ready, "a cycle of facts is refused when a policy is read"
            derived = tuple(name for name in ready if self.policy.facts[name].value is not None)
            concluded = tuple(name for name in ready if name not in derived)
            entries = []
            for one in self.policy.conclusions:
                if one.conclude.keys() & set(concluded):
                    node = self.node(one.when)
                    entries += [(f"true:{one.id}", node), (f"false:{one.id}", node.negated())]
            stages.append(FactStage(derived, concluded, Problem(entries)))
            waiting = {name: needs for name, needs in waiting.items() if name not in ready}
        return tuple(stages)

    # --- conditions and measures

    @cached_property
    def measures(self) -> dict[str, tuple[Measure, ...]]:
        """The measures of each rule whose offer depends on the day alone."""
        fixed: dict[str, tuple[Measure, ...]] = {}
        for rule in self.policy.rules:
            templates = [one for one in rule.offer if not isinstance(one, Search)]
            amounts = [amount for one in templates for amount in amounts_of(one)]
            if len(templates) == len(rule.offer) and not any(True for a in amounts for _ in facts_in(a)):
                fixed[rule.id] = offered_measures(self, rule.id, lambda _: None)
        return fixed

    @cached_property
    def tried(self) -> tuple[str, ...]:
        """The rules in the order in which they are tried, each after those that it stands behind."""
        return trial_order(self.policy)

    @cached_property
    def behind(self) -> dict[str, tuple[str, ...]]:
        """For each rule that waits for others, the rules whose offer keeps it from being tried."""
        return stands_behind(self.policy)

    @cached_property
    def templates(self) -> dict[str, tuple[Template, ...]]:
        """The measures of each rule, those of its search apart, with their amounts read."""
        return {
            rule.id: tuple(Template(one) for one in rule.offer if not isinstance(one, Search))
            for rule in self.policy.rules
        }

    @cached_property
    def steps(self) -> dict[tuple[str, str], tuple[str, Template, Vary]]:
        """The field that each step looks for, the measure around it and between what it looks, by rule and step."""
        found: dict[tuple[str, str], tuple[str, Template, Vary]] = {}
        for rule, search in searches_of(self.policy):
            for step in search.steps:
                name = varied(step.measure)
                assert name is not None, "checked when the policy is read"
                rest = Template({key: value for key, value in step.measure.items() if key != name})
                found[rule.id, step.id] = name, rest, read_vary(step.measure[name]["vary"])
        return found

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
        """Limits of every offer on the number of instalments, which a longer term never keeps once it breaks them."""
        limits = (limit for limit in self.policy.limits if not limit.offers_of)
        nodes = (self.plan_problem.nodes[f"passed:{limit.id}"] for limit in limits)
        return tuple(
            node
            for node in nodes
            if isinstance(node, Leaf)
            and node.fact in _GROWING
            and node.op in (Operator.AT_MOST, Operator.LESS)
            and (node.other is None or not self._of_plan(node.other))
        )

    @cached_property
    def aims(self) -> dict[str, tuple[TierTarget, ...]]:
        """What the search of each rule that has one wants of its figure, tier by tier."""
        return {
            rule.id: tuple(self._aim(tier) for tier in search.tiers)
            for rule, search in searches_of(self.policy)
        }

    def _aim(self, tier: TargetTier) -> TierTarget:
        leaf = Leaf(tier.fact, tier.op) if tier.amount is not None else self.node(tier)
        assert isinstance(leaf, Leaf), "a target is one comparison"
        accept = None if tier.accept_if is None else self.node(tier.accept_if)
        return TierTarget(leaf, tier.amount, accept, any(map(self._of_plan, tier.against)))

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
        """Put a condition into normal form: facts as integers, parameters as their values."""
        return normal_form(condition, self.fact, self.values, self.policy.currency)


def offered_measures(in_force: InForce, rule: str, fact: Any) -> tuple[Measure, ...]:
    """Build the measures of a rule; `fact` gives the value of a fact by name, `None` if it is unknown."""
    currency = in_force.policy.currency
    return tuple(
        measure_of_case(one.filled(in_force.read, fact, currency)) for one in in_force.templates[rule]
    )


def _spelled(lookup: Lookup, edition: Edition | None) -> dict[str, Any]:
    """Spell what decides of a lookup on one day the one way a digest knows."""
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
