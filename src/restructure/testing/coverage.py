"""Coverage: the parts of a policy that its cases exercised, down to both results of each condition and target."""

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
from restructure.policy.language.section_table import JUDGED
from restructure.policy.language.sections import Rule
from restructure.policy.loading.origins import Located, conditions_of, guards_of
from restructure.testing.coverage_parts import ASPECTS, CoveragePart, PartKind, parts_of
from restructure.testing.verdicts import Verdicts, verdicts_of

__all__ = ["Coverage"]

_Key = tuple[PartKind, str, str]


class _Leaves(NamedTuple):
    """The comparisons of a policy on one day, and the facts they read."""

    of_case: list[tuple[str, Leaf]]
    of_plan: list[tuple[str, Leaf]]
    facts_of_case: tuple[str, ...]
    facts_of_plan: tuple[str, ...]


class Coverage:
    """Counts the coverage items that the cases of one policy reached."""

    def __init__(self, located: Located) -> None:
        self.located = located
        """The policy with the file and line of each part."""
        self.parts: dict[_Key, CoveragePart] = {
            (part.kind, part.id, part.aspect): part for part in parts_of(located)
        }
        """Every coverage item of the policy."""
        self._times: dict[_Key, int] = dict.fromkeys(self.parts, 0)
        self._leaves: dict[InForce, _Leaves] = {}
        self._guards = dict(guard for rule in located.policy.rules for guard in guards_of(rule))

    @property
    def reached(self) -> int:
        """Number of items reached."""
        return sum(1 for times in self._times.values() if times)

    @property
    def total(self) -> int:
        """Number of items."""
        return len(self.parts)

    @property
    def open(self) -> list[CoveragePart]:
        """The items that no case reached, in the order of the policy's lines."""
        return sorted(
            (self.parts[key] for key, times in self._times.items() if not times),
            key=lambda part: (part.file, part.line),
        )

    def by_kind(self) -> dict[PartKind, tuple[int, int]]:
        """Give the number of items reached and the number of items, for each kind."""
        counts: dict[PartKind, tuple[int, int]] = {}
        for key, times in self._times.items():
            reached, total = counts.get(key[0], (0, 0))
            counts[key[0]] = (reached + bool(times), total + 1)
        return counts

    # --- what a case exercises

    def note_verdicts(self, verdicts: Verdicts, rule: Rule | None = None) -> None:
        """Count what facts alone exercised, or the plan of a rule: then only what applies to that rule's offers."""
        self._conclusions(verdicts.known)
        policy = verdicts.known.in_force.policy
        apart = {entry.id for entry in policy.of_offers if rule is not None and not entry.about(rule)}
        self._conditions(verdicts.known, apart)
        for section in JUDGED:
            if section.name in verdicts.verdicts:
                self._count_verdicts(section.singular, verdicts.verdicts[section.name], apart)

    def note_decision(self, decision: Decision, known: CaseFacts) -> None:
        """Count what a whole application exercised; `known` holds its facts under the same policy."""
        self.note_verdicts(verdicts_of(known, Engines.REFERENCE))
        rules = {rule.id: rule for rule in known.in_force.policy.rules}
        for offer in decision.offers:
            plan = known.with_plan(offer.prospect, offer.plan)
            self.note_verdicts(verdicts_of(plan, Engines.REFERENCE), rules[offer.rule])
        for refusal in decision.refusals:
            if refusal.stage == "limit":
                plan = make(known, rules[refusal.rule]).proposal.known
                self.note_verdicts(verdicts_of(plan, Engines.REFERENCE), rules[refusal.rule])
        results: list[Offer | Refusal] = [*decision.offers, *decision.refusals]
        for result in results:
            if isinstance(result, Offer) or result.stage in ("measure", "search", "limit"):
                self._note("fallback", result.rule, "tried")
            elif result.code == "not-tried":
                self._note("fallback", result.rule, "not tried")
            if result.steps:
                self._search(known, rules[result.rule])

    def _search(self, known: CaseFacts, rule: Rule) -> None:
        """Count the steps, guards and targets of a search, which is repeated for this."""
        result = make(known, rule)
        if result.tiers:
            for tier in result.tiers:
                aspect = "accepted" if tier.accepted else "passed over"
                self._note("tier", f"{rule.id}/{tier.number}", aspect)
                self._steps(rule, tier.steps)
        else:
            self._note("target", f"{rule.id}#target", "met" if result.met else "missed")
        self._steps(rule, result.steps)
        for step, before in zip(result.steps, result.before, strict=True):
            name = f"{rule.id}/{step.id}"
            guard = known.in_force.guards.get((rule.id, step.id))
            if guard is None or step.outcome == "not-needed":
                continue  # a guard is evaluated only where the step is needed
            values = before.encoded(facts_read(guard))
            if verdict(guard, values) is False:
                self._note("step", name, "skipped")
            condition = self._guards[name]
            for k, comparison in enumerate(comparisons(condition)):
                truth = verdict(known.in_force.node(comparison), values)
                if truth is not None:
                    self._note("condition", f"{name}#{k}", "true" if truth else "false")

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

    def _count_verdicts(
        self, kind: PartKind, verdicts: Mapping[str, str], apart: Set[str] = frozenset()
    ) -> None:
        holds, fails = ASPECTS[kind]
        for name, truth in verdicts.items():
            if truth != "unknown" and name not in apart:
                self._note(kind, name, holds if truth == "true" else fails)

    def _conclusions(self, known: CaseFacts) -> None:
        """Count conclusions that apply, and those whose condition fails; a given fact is not concluded."""
        counted = {name for result in known.concluded for name in result.by}
        concluded = {result.fact for result in known.concluded}
        for conclusion in known.in_force.policy.conclusions:
            if conclusion.id in counted:
                self._note("conclusion", conclusion.id, "true")
            elif conclusion.conclude.keys() & concluded:
                node = known.in_force.node(conclusion.when)
                names = facts_read(node)
                if verdict(node, known.encoded(names)) is False:
                    self._note("conclusion", conclusion.id, "false")

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
                truth = leaf.verdict(values)
                if truth is not None and name.partition("#")[0] not in apart:
                    self._note("condition", name, "true" if truth else "false")


def _leaves(in_force: InForce) -> _Leaves:
    policy = in_force.policy
    after = {entry.id for entry in policy.of_offers}
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
