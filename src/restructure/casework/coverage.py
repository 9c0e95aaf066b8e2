"""Coverage: what of a policy its cases have reached, down to each condition seen true and seen false."""

from collections.abc import Iterator, Sequence
from typing import Literal

from restructure.casework.decision import Decision
from restructure.casework.firing import Firing
from restructure.policy.case_facts import CaseFacts, facts_of
from restructure.policy.conditions import Comparison, Condition, comparisons
from restructure.policy.evaluation import Engines
from restructure.policy.in_force import InForce
from restructure.policy.language import Policy
from restructure.policy.search import Search
from restructure.record import Record

__all__ = ["Coverage", "Item"]


class Item(Record):
    """One thing that a case can reach."""

    kind: Literal["gate", "rule", "conclusion", "limit", "flag", "condition", "step"]
    """What it is."""
    owner: str
    """The gate, rule, conclusion, limit, flag or step it belongs to."""
    aspect: str
    """What has to be seen of it: passed, failed, fired, refused, true, false, taken."""
    text: str = ""
    """The condition, in words."""


class Coverage:
    """Counts what the cases of one policy have reached."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.seen: dict[Item, int] = dict.fromkeys(_items(policy), 0)

    def of_firing(self, firing: Firing) -> None:
        """Note a case on facts alone."""
        self._conditions(firing.known)
        for what, verdicts in (
            ("gate", firing.gates),
            ("rule", firing.rules),
            ("limit", firing.limits),
            ("flag", firing.flags),
        ):
            for name, verdict in verdicts.items():
                if verdict != "unknown":
                    self._note(what, name, _ASPECTS[what][verdict == "true"])

    def of_decision(self, decision: Decision, in_force: InForce) -> None:
        """Note a case decided from end to end."""
        known = facts_of(in_force, decision.assessment, Engines.REFERENCE)
        self._conditions(known)
        for gate in decision.gates:
            if gate.verdict != "unknown":
                self._note("gate", gate.id, gate.verdict)
        for offer in decision.offers:
            self._note("rule", offer.rule, "fired")
            with_plan = known.with_plan(offer.prospect)
            self._conditions(with_plan, of_plan=True)
            for limit in self.policy.limits:
                self._note("limit", limit.id, "passed")
            for flag in self.policy.flags:
                self._note("flag", flag.id, "set" if flag.id in offer.flags else "unset")
        for refusal in decision.refusals:
            if refusal.code != "unknown":
                self._note(
                    "rule",
                    refusal.rule,
                    "fired" if refusal.stage not in ("condition", "choice") else "refused",
                )
            if refusal.stage == "limit":
                for name in refusal.code.split(", "):
                    self._note("limit", name, "failed")
        for made in (*decision.offers, *decision.refusals):
            for step in made.steps:
                if step.outcome in ("applied", "exhausted"):
                    self._note("step", f"{made.rule}/{step.id}", "taken")

    def _note(self, kind: str, owner: str, aspect: str) -> None:
        for text in ("",):
            item = Item.model_construct(kind=kind, owner=owner, aspect=aspect, text=text)
            if item in self.seen:
                self.seen[item] += 1

    def _conditions(self, known: CaseFacts, *, of_plan: bool = False) -> None:
        in_force = known.in_force
        for kind, owner, condition in _conditions(in_force.policy):
            after = kind in ("limit", "flag")
            if after != of_plan and not (after and known.prospect is not None):
                continue
            for comparison in comparisons(condition):
                node = in_force.node(comparison)
                names = [name for leaf in node.leaves() for name in (leaf.fact, leaf.other) if name]
                outcome = next(node.leaves()).verdict(known.encoded(names))
                if outcome is not None:
                    item = Item.model_construct(
                        kind="condition", owner=owner, aspect=str(outcome).lower(), text=_written(comparison)
                    )
                    if item in self.seen:
                        self.seen[item] += 1

    @property
    def reached(self) -> int:
        """How many items were reached."""
        return sum(1 for count in self.seen.values() if count)

    @property
    def share(self) -> float:
        """The share of all items that were reached."""
        return self.reached / len(self.seen) if self.seen else 1.0

    @property
    def open(self) -> Sequence[Item]:
        """What no case has reached."""
        return [item for item, count in self.seen.items() if not count]


_ASPECTS = {
    "gate": ("failed", "passed"),
    "rule": ("refused", "fired"),
    "limit": ("failed", "passed"),
    "flag": ("unset", "set"),
}


def _items(policy: Policy) -> Iterator[Item]:
    for kind, ids in (
        ("gate", [one.id for one in policy.gates]),
        ("rule", [one.id for one in policy.rules]),
        ("limit", [one.id for one in policy.limits]),
        ("flag", [one.id for one in policy.flags]),
    ):
        for name in ids:
            for aspect in _ASPECTS[kind]:
                yield Item.model_construct(kind=kind, owner=name, aspect=aspect, text="")
    for _, owner, condition in _conditions(policy):
        for comparison in comparisons(condition):
            for aspect in ("true", "false"):
                yield Item.model_construct(
                    kind="condition", owner=owner, aspect=aspect, text=_written(comparison)
                )
    for rule in policy.rules:
        for one in rule.offer:
            if isinstance(one, Search):
                for step in one.steps:
                    yield Item.model_construct(
                        kind="step", owner=f"{rule.id}/{step.id}", aspect="taken", text=""
                    )


def _conditions(policy: Policy) -> Iterator[tuple[str, str, Condition]]:
    for gate in policy.gates:
        yield "gate", gate.id, gate.require
    for conclusion in policy.conclusions:
        yield "conclusion", conclusion.id, conclusion.when
    for rule in policy.rules:
        yield "rule", rule.id, rule.when
    for limit in policy.limits:
        yield "limit", limit.id, limit.require
    for flag in policy.flags:
        yield "flag", flag.id, flag.when


def _written(comparison: Comparison) -> str:
    against = (
        comparison.parameter
        or comparison.other
        or ("" if comparison.value is None else str(comparison.value))
    )
    times = "" if comparison.times == 1 else f"{comparison.times} × "
    return f"{comparison.fact} {comparison.op.value} {times}{against}".rstrip()
