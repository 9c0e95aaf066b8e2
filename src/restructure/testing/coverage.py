"""Coverage: what of a policy its cases have reached, down to each condition, guard and target seen on both sides."""

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import NamedTuple

from restructure.casework.decisions.decision import Decision
from restructure.casework.decisions.outcome import Offer, Refusal, StepResult
from restructure.casework.decisions.plan_search import make
from restructure.policy.case_facts import CaseFacts
from restructure.policy.engine.evaluation import Engines
from restructure.policy.engine.normal_form import Leaf, facts_read
from restructure.policy.engine.reference import verdict
from restructure.policy.in_force import InForce
from restructure.policy.language.conditions import comparisons
from restructure.policy.language.sections import Rule
from restructure.policy.loading.origins import Located, conditions_of, guards_of
from restructure.testing.coverage_parts import ASPECTS, CoveragePart, PartKind, parts_of
from restructure.testing.verdicts import Firing, fire

__all__ = ["Coverage"]

_Key = tuple[PartKind, str, str]


class _Leaves(NamedTuple):
    """The comparisons of a policy on one day, and the facts they read."""

    of_case: list[tuple[str, Leaf]]
    of_plan: list[tuple[str, Leaf]]
    facts_of_case: tuple[str, ...]
    facts_of_plan: tuple[str, ...]


class Coverage:
    """Counts what the cases of one policy have reached; it only ever grows."""

    def __init__(self, located: Located) -> None:
        self.located = located
        """The policy and where its parts stand."""
        self.parts: dict[_Key, CoveragePart] = {
            (one.kind, one.id, one.aspect): one for one in parts_of(located)
        }
        """Everything there is to reach."""
        self._times: dict[_Key, int] = dict.fromkeys(self.parts, 0)
        self._leaves: dict[InForce, _Leaves] = {}
        self._guards = dict(guard for rule in located.policy.rules for guard in guards_of(rule))

    @property
    def reached(self) -> int:
        """How many parts were reached."""
        return sum(1 for times in self._times.values() if times)

    @property
    def total(self) -> int:
        """How many parts there are."""
        return len(self.parts)

    @property
    def open(self) -> list[CoveragePart]:
        """The parts that no case has reached, in the order of the policy's lines."""
        return sorted(
            (self.parts[key] for key, times in self._times.items() if not times),
            key=lambda one: (one.file, one.line),
        )

    def by_kind(self) -> dict[PartKind, tuple[int, int]]:
        """Give for each kind of part how many were reached, and of how many."""
        found: dict[PartKind, tuple[int, int]] = {}
        for key, times in self._times.items():
            reached, total = found.get(key[0], (0, 0))
            found[key[0]] = (reached + bool(times), total + 1)
        return found

    # --- what a case reaches

    def note_firing(self, firing: Firing, rule: Rule | None = None) -> None:
        """Note what facts alone reached, or a plan of a rule: of it, what is about that rule's offers."""
        self._verdicts("gate", firing.gates)
        self._verdicts("rule", firing.rules)
        self._verdicts("action", firing.actions)
        self._conclusions(firing.known)
        policy = firing.known.in_force.policy
        apart = {one.id for one in policy.of_offers if rule is not None and not one.about(rule)}
        self._conditions(firing.known, apart)
        if firing.known.prospect is not None:
            self._verdicts("limit", firing.limits, apart)
            self._verdicts("flag", firing.flags, apart)
            self._verdicts("duty", firing.duties, apart)

    def note_decision(self, decision: Decision, known: CaseFacts) -> None:
        """Note what a whole application reached; `known` has its facts under the same policy."""
        self.note_firing(fire(known, Engines.REFERENCE))
        rules = {one.id: one for one in known.in_force.policy.rules}
        for offer in decision.offers:
            plan = known.with_plan(offer.prospect, offer.plan)
            self.note_firing(fire(plan, Engines.REFERENCE), rules[offer.rule])
        for refusal in decision.refusals:
            if refusal.stage == "limit":
                plan = make(known, rules[refusal.rule]).proposal.known
                self.note_firing(fire(plan, Engines.REFERENCE), rules[refusal.rule])
        results: list[Offer | Refusal] = [*decision.offers, *decision.refusals]
        for result in results:
            if isinstance(result, Offer) or result.stage in ("measure", "search", "limit"):
                self._note("fallback", result.rule, "tried")
            elif result.code == "not-tried":
                self._note("fallback", result.rule, "not tried")
            if result.steps:
                self._search(known, rules[result.rule])

    def _search(self, known: CaseFacts, rule: Rule) -> None:
        """Note what a search that was carried out compared and took; it is carried out again to see it."""
        found = make(known, rule)
        if found.tiers:
            for tier in found.tiers:
                aspect = "accepted" if tier.accepted else "passed over"
                self._note("tier", f"{rule.id}/{tier.number}", aspect)
                self._steps(rule, tier.steps)
        else:
            self._note("target", f"{rule.id}#target", "met" if found.met else "missed")
        self._steps(rule, found.steps)
        for step, before in zip(found.steps, found.before, strict=True):
            name = f"{rule.id}/{step.id}"
            guard = known.in_force.guards.get((rule.id, step.id))
            if guard is None or step.outcome == "not-needed":
                continue  # a guard is judged only where the step is wanted
            values = before.encoded(facts_read(guard))
            if verdict(guard, values) is False:
                self._note("step", name, "skipped")
            condition = self._guards[name]
            for k, comparison in enumerate(comparisons(condition)):
                came_out = verdict(known.in_force.node(comparison), values)
                if came_out is not None:
                    self._note("condition", f"{name}#{k}", "true" if came_out else "false")

    def _steps(self, rule: Rule, steps: Iterable[StepResult]) -> None:
        for step in steps:
            name = f"{rule.id}/{step.id}"
            if step.bound:
                self._note("cap", f"{name}/{step.bound}", "binding")
            if step.outcome in ("applied", "exhausted"):
                self._note("step", name, step.outcome)

    def _note(self, kind: PartKind, name: str, aspect: str) -> None:
        key = (kind, name, aspect)
        if key in self._times:
            self._times[key] += 1

    def _verdicts(self, kind: PartKind, verdicts: Mapping[str, str], apart: Set[str] = frozenset()) -> None:
        holds, fails = ASPECTS[kind]
        for name, came_out in verdicts.items():
            if came_out != "unknown" and name not in apart:
                self._note(kind, name, holds if came_out == "true" else fails)

    def _conclusions(self, known: CaseFacts) -> None:
        """Note conclusions that count, and those whose condition fails; a fact that is given is not concluded."""
        counted = {name for one in known.concluded for name in one.by}
        concluded = {one.fact for one in known.concluded}
        for one in known.in_force.policy.conclusions:
            if one.id in counted:
                self._note("conclusion", one.id, "true")
            elif one.conclude.keys() & concluded:
                node = known.in_force.node(one.when)
                names = facts_read(node)
                if verdict(node, known.encoded(names)) is False:
                    self._note("conclusion", one.id, "false")

    def _conditions(self, known: CaseFacts, apart: Set[str]) -> None:
        leaves = self._leaves.get(known.in_force)
        if leaves is None:
            leaves = self._leaves[known.in_force] = _leaves(known.in_force)
        asked = [(leaves.of_case, leaves.facts_of_case)]
        if known.prospect is not None:
            asked.append((leaves.of_plan, leaves.facts_of_plan))
        for compared, facts in asked:
            values = known.encoded(facts)
            for name, leaf in compared:
                came_out = leaf.verdict(values)
                if came_out is not None and name.partition("#")[0] not in apart:
                    self._note("condition", name, "true" if came_out else "false")


def _leaves(in_force: InForce) -> _Leaves:
    policy = in_force.policy
    after = {one.id for one in policy.of_offers}
    of_case: list[tuple[str, Leaf]] = []
    of_plan: list[tuple[str, Leaf]] = []
    for owner, condition in conditions_of(policy):
        for k, comparison in enumerate(comparisons(condition)):
            leaf = in_force.node(comparison)
            assert isinstance(leaf, Leaf), "one comparison is one leaf"
            (of_plan if owner in after else of_case).append((f"{owner}#{k}", leaf))
    return _Leaves(of_case, of_plan, tuple(_facts(of_case)), tuple(_facts(of_plan)))


def _facts(leaves: list[tuple[str, Leaf]]) -> Iterator[str]:
    yield from dict.fromkeys(name for _, leaf in leaves for name in leaf.facts)
