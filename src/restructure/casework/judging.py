"""Judging: what a policy makes of one case, gate by gate and rule by rule."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from restructure.casework.outcome import GateResult, Missing, Offer, Refusal, StepResult, Trace
from restructure.casework.search import Proposal, UnknownTarget, make
from restructure.casework.told import condition_results, told
from restructure.errors import InvalidPolicy, Issue, Refused
from restructure.intake.facts import Fact, wanting
from restructure.policy.amounts import facts_in, write_amount
from restructure.policy.case_facts import CaseFacts
from restructure.policy.evaluation import Engines, evaluator
from restructure.policy.hits import Match, settle
from restructure.policy.language import Gate, Limit, Rule, Text
from restructure.policy.normal import Node, Values
from restructure.policy.reference import ConditionResult, decisive, verdict
from restructure.policy.templates import UnknownAmount

__all__ = ["Judgement", "judge"]

_UNFIT: Text = {"en": "This plan does not fit your situation.", "zh": "该方案不适合您的情况。"}
Stage = Literal["condition", "gate", "measure", "search", "limit", "choice"]


class Judgement(NamedTuple):
    """Every gate and rule of a policy, judged on one case."""

    gates: tuple[GateResult, ...]
    offers: tuple[Offer, ...]
    refusals: tuple[Refusal, ...]
    missing: tuple[Missing, ...]
    undecided: bool
    """Whether a rule led to no offer only because something is unknown."""


def judge(known: CaseFacts, *, engines: Engines = Engines.BOTH, trace: Trace = Trace.DECISIVE) -> Judgement:
    """Judge every gate and rule on the facts of a case.

    Raises `EngineDisagreement` if the two evaluators differ, and `InvalidPolicy` if rules match together that
    the policy says exclude each other.
    """
    return _Judge(known, engines, trace).judge()


class _Judge:
    """One judgement in the making."""

    def __init__(self, known: CaseFacts, engines: Engines, trace: Trace) -> None:
        self.known, self.engines, self.trace = known, engines, trace
        self.in_force, self.policy = known.in_force, known.in_force.policy
        self.assessment = known.assessment
        self.problem = self.in_force.case_problem
        self.nodes = self.problem.nodes
        self.values = known.encoded(self.problem.facts)
        self.needed: dict[str, list[str]] = {place: [] for place in self.assessment.missing}
        self.undecided = False

    def judge(self) -> Judgement:
        fired = set(evaluator(self.problem).fired(self.values, self.engines))
        gates = tuple(self.gate(gate, fired) for gate in self.policy.gates)
        closed = [gate for gate in gates if gate.verdict != "passed"]
        beaten = self.beaten(fired)
        offers: list[Offer] = []
        refusals: list[Refusal] = []
        for rule in self.policy.rules:
            result = self.rule(rule, f"rule:{rule.id}" in fired, closed, beaten.get(rule.id))
            if isinstance(result, Offer):
                offers.append(result)
            else:
                refusals.append(result)
        offers = self.ranked(offers)
        if self.policy.choose == "first" and len(offers) > 1:
            best = offers[0].rule
            others = {offer.rule for offer in offers[1:]}
            refusals += [
                self.refusal(
                    rule, "choice", "not-first", f"{best} comes first and the policy makes one offer"
                )
                for rule in self.policy.rules
                if rule.id in others
            ]
            offers = offers[:1]
        missing = tuple(Missing(place=place, needed_by=tuple(ids)) for place, ids in self.needed.items())
        return Judgement(gates, tuple(offers), tuple(refusals), missing, self.undecided)

    # --- gates and rules

    def gate(self, gate: Gate, fired: set[str]) -> GateResult:
        state: Literal["passed", "failed", "unknown"] = "unknown"
        node = self.nodes[f"passed:{gate.id}"]
        if f"passed:{gate.id}" in fired:
            state = "passed"
        elif f"failed:{gate.id}" in fired:
            state = "failed"
        else:
            self.note_missing(node, self.values, gate.id)
        conditions = self.conditions(node, self.values)
        read = {leaf.fact for leaf in node.leaves()}
        if state != "passed" and {"file_complete", "completeness"} & read:
            for place in self.assessment.missing:
                self.needed[place].append(gate.id)
        return GateResult.model_construct(
            id=gate.id,
            title=gate.title,
            reason=gate.reason,
            reference=gate.reference,
            verdict=state,
            otherwise=gate.otherwise,
            conditions=conditions,
        )

    def beaten(self, fired: set[str]) -> dict[str, tuple[str, str]]:
        """Give the rows of tables that match and do not count: the code and the sentence."""
        found: dict[str, tuple[str, str]] = {}
        for table in self.policy.tables:
            rows = [rule for rule in self.policy.rules if rule.table == table.id]
            settled = settle(table.hit, [self.match(rule, fired) for rule in rows])
            if settled.clash:
                raise InvalidPolicy(
                    Issue(
                        "hit-not-unique",
                        f"the table {table.id} has the hit policy unique, yet {', '.join(settled.clash)} all "
                        "match; make them exclude each other",
                    )
                )
            for row, other in settled.beaten.items():
                found[row] = ("not-first", f"{other} comes first in the table {table.id}")
            for row, other in settled.open.items():
                found[row] = (
                    "unknown",
                    f"{other} comes first in the table {table.id} and cannot be judged yet",
                )
        return found

    def match(self, rule: Rule, fired: set[str]) -> Match:
        name = f"rule:{rule.id}"
        if name in fired:
            return Match(rule.id, "true", rule.priority)
        unknown = verdict(self.nodes[name], self.values) is None
        return Match(rule.id, "unknown" if unknown else "false", rule.priority)

    def rule(
        self, rule: Rule, fires: bool, closed: Sequence[GateResult], beaten: tuple[str, str] | None
    ) -> Offer | Refusal:
        node = self.nodes[f"rule:{rule.id}"]
        if not fires:
            unknown = verdict(node, self.values) is None
            if unknown:
                self.undecided = True
                self.note_missing(node, self.values, rule.id)
            conditions = condition_results(node, self.values, self.known)
            return self.refusal(
                rule,
                "condition",
                "unknown" if unknown else "not-met",
                told(conditions),
                conditions=self.conditions(node, self.values),
            )
        if closed:
            names = ", ".join(gate.id for gate in closed)
            return self.refusal(
                rule,
                "gate",
                names,
                f"its own conditions hold, but not every gate is passed: {names}",
                conditions=tuple(condition for gate in closed for condition in gate.conditions),
            )
        if beaten:
            self.undecided = self.undecided or beaten[0] == "unknown"
            return self.refusal(rule, "choice", *beaten)
        try:
            return self.proposed(rule)
        except Refused as refused:
            return self.refusal(rule, "measure", refused.issues[0].code, refused.issues[0].message)
        except UnknownAmount as unknown_amount:
            return self.unknown(rule, facts_in(unknown_amount.amount), write_amount(unknown_amount.amount))
        except UnknownTarget as target:
            names_read = [name for name in (target.leaf.fact, target.leaf.other) if name]
            return self.unknown(rule, names_read, " and ".join(names_read))

    # --- offers

    def proposed(self, rule: Rule) -> Offer | Refusal:
        """Make the plan of a rule, looked for if the rule says so, and hold it against the limits."""
        found = make(self.known, rule)
        if not found.met and rule.id in self.in_force.strict:
            leaf = self.in_force.targets[rule.id]
            known = found.proposal.known
            values = known.encoded([name for name in (leaf.fact, leaf.other) if name])
            missed = condition_results(leaf, values, known)
            return self.refusal(
                rule,
                "search",
                "target-missed",
                f"every step was taken as far as allowed, and {told(missed)}",
                conditions=missed,
                steps=found.steps,
            )
        return self.offer(rule, found.proposal, found.steps)

    def offer(self, rule: Rule, made: Proposal, steps: tuple[StepResult, ...]) -> Offer | Refusal:
        problem = self.in_force.plan_problem
        values = made.known.encoded(problem.facts)
        fired = set(evaluator(problem).fired(values, self.engines))
        broken: list[Limit] = []
        kept: list[ConditionResult] = []
        failing: list[ConditionResult] = []
        for limit in self.policy.limits:
            node = problem.nodes[f"passed:{limit.id}"]
            if f"passed:{limit.id}" in fired:
                kept += self.conditions(node, values, made.known)
            else:
                broken.append(limit)
                failing += condition_results(node, values, made.known)
                if f"failed:{limit.id}" not in fired:
                    self.undecided = True
                    self.note_missing(node, values, rule.id)
        if broken:
            return self.refusal(
                rule,
                "limit",
                ", ".join(limit.id for limit in broken),
                told(failing),
                reason=broken[0].reason,
                conditions=tuple(failing),
                steps=steps,
            )
        return Offer.model_construct(
            rule=rule.id,
            rank=0,
            title=rule.title,
            reason=rule.reason,
            reference=rule.reference,
            because=self.conditions(self.nodes[f"rule:{rule.id}"], self.values),
            limits=tuple(kept),
            flags=tuple(flag.id for flag in self.policy.flags if f"flag:{flag.id}" in fired),
            prospect=made.prospect,
            steps=steps,
            plan=made.plan,
        )

    def unknown(self, rule: Rule, names: Iterable[str], what: str) -> Refusal:
        self.undecided = True
        self.ask_for(names, rule.id)
        return self.refusal(
            rule, "measure", "amount-unknown", f"{what} is unknown, so no amount can be worked out"
        )

    def refusal(
        self,
        rule: Rule,
        stage: Stage,
        code: str,
        message: str,
        *,
        reason: Text | None = None,
        conditions: tuple[ConditionResult, ...] = (),
        steps: tuple[StepResult, ...] = (),
    ) -> Refusal:
        return Refusal.model_construct(
            rule=rule.id,
            title=rule.title,
            stage=stage,
            code=code,
            message=message,
            reason=reason or _UNFIT,
            conditions=() if self.trace is Trace.NAMES else conditions,
            steps=steps,
        )

    def ranked(self, offers: list[Offer]) -> list[Offer]:
        """Order the offers by the policy's keys; those it cannot tell apart stay in the order of the rules."""
        for key in reversed(self.policy.rank):
            fact, down = self.in_force.fact(key.fact), key.order == "descending"

            def place(offer: Offer, fact: Fact = fact, down: bool = down) -> tuple[bool, int]:
                value: Any = self.known.with_plan(offer.prospect).value(fact.name)
                number = 0 if value is None else fact.encode(value, self.assessment.currency)
                return value is None, -number if down else number

            offers = sorted(offers, key=place)
        if self.policy.choose == "one" and len(offers) > 1:
            raise InvalidPolicy(
                Issue(
                    "offers-not-one",
                    f"the policy chooses one offer but {len(offers)} rules made one: "
                    + ", ".join(offer.rule for offer in offers),
                )
            )
        return [offer.model_copy(update={"rank": rank}) for rank, offer in enumerate(offers, 1)]

    # --- reasons

    def note_missing(self, node: Node, values: Values, needed_by: str) -> None:
        """Remember which information would settle an unknown condition."""
        for leaf, outcome in decisive(node, values):
            if outcome is None:
                self.ask_for((name for name in (leaf.fact, leaf.other) if name), needed_by)

    def ask_for(self, names: Iterable[str], needed_by: str) -> None:
        for name in names:
            for fact in self.in_force.rests_on(name):
                for place in wanting(self.assessment, fact):
                    ids = self.needed.setdefault(place, [])
                    if needed_by not in ids:
                        ids.append(needed_by)

    def conditions(
        self, node: Node, values: Values, known: CaseFacts | None = None
    ) -> tuple[ConditionResult, ...]:
        if self.trace is Trace.NAMES:
            return ()
        return condition_results(node, values, known or self.known, full=self.trace is Trace.FULL)
