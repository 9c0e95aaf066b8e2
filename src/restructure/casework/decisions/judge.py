"""Judging: what a policy makes of one case, gate by gate and rule by rule."""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, partial
from typing import Any, Literal, NamedTuple

from restructure.casework.decisions.condition_text import condition_results, told
from restructure.casework.decisions.outcome import (
    Detail,
    GateResult,
    Missing,
    Offer,
    Refusal,
    StepResult,
    Task,
    TierResult,
)
from restructure.casework.decisions.plan_search import Proposal, SearchResult, UnknownTarget, make
from restructure.errors import InvalidPolicy, Issue, Refused
from restructure.intake.facts import Fact
from restructure.policy.amounts.expression import facts_in, write_amount
from restructure.policy.case_facts import CaseFacts
from restructure.policy.engine.evaluation import Engines, evaluator
from restructure.policy.engine.normal_form import Node, Problem, Values, facts_read
from restructure.policy.engine.reference import ConditionResult, decisive, verdict
from restructure.policy.engine.trace import trace
from restructure.policy.language.hit_policies import RowMatch, settle
from restructure.policy.language.sections import Action, Gate, Limit, Otherwise, Rule
from restructure.policy.language.templates import UnknownAmount
from restructure.record import Later, trusted
from restructure.texts import Text

__all__ = ["Judgement", "actions_of", "hold", "judge"]

_UNFIT: Text = {"en": "This plan does not fit your situation.", "zh": "该方案不适合您的情况。"}
GateVerdict = Literal["passed", "failed", "unknown"]
RefusalStage = Literal["condition", "gate", "measure", "search", "limit", "choice"]


class Judgement(NamedTuple):
    """Every gate and rule of a policy, judged on one case."""

    verdicts: tuple[tuple[GateVerdict, Otherwise], ...]
    """How every gate came out, and where a case goes that does not pass it."""
    gates: Sequence[GateResult]
    """The same with what made it so."""
    offers: tuple[Offer, ...]
    refusals: Sequence[Refusal]
    missing: tuple[Missing, ...]
    actions: tuple[Task, ...]
    """What the lender has to do now."""
    undecided: bool
    """Whether a rule led to no offer only because something is unknown."""


def judge(
    known: CaseFacts, *, engines: Engines = Engines.BOTH, detail: Detail = Detail.DECISIVE
) -> Judgement:
    """Judge every gate and rule on the facts of a case; what is told about them is made when somebody looks.

    Raises `EngineDisagreement` if the two evaluators differ, and `InvalidPolicy` if rules match together that
    the policy says exclude each other.
    """
    return _Judge(known, engines, detail).judge()


def hold(
    rule: Rule, proposal: Proposal, *, engines: Engines = Engines.BOTH, detail: Detail = Detail.DECISIVE
) -> Offer | Refusal:
    """Hold a plan whose measures somebody else chose against the limits, as an offer of a rule."""
    bench = _Judge(proposal.known, engines, detail)
    held = bench.held_against_limits(rule, SearchResult(proposal, True, ()))
    return held if isinstance(held, Offer) else held()


def actions_of(
    known: CaseFacts, *, engines: Engines = Engines.BOTH, detail: Detail = Detail.DECISIVE
) -> tuple[Task, ...]:
    """Give what the lender has to do on a case, without making any offer."""
    bench = _Judge(known, engines, detail)
    fired = set(evaluator(bench.problem).fired(bench.values, engines))
    return bench.tasks("action", bench.policy.actions, bench.problem, fired, bench.values)


class _Judge:
    """One judgement in the making."""

    def __init__(self, known: CaseFacts, engines: Engines, detail: Detail) -> None:
        self.known, self.engines, self.detail = known, engines, detail
        self.in_force, self.policy = known.in_force, known.in_force.policy
        self.assessment = known.assessment
        self.problem = self.in_force.case_problem
        self.nodes = self.problem.nodes
        self.values = known.encoded(self.problem.facts)
        self.needed: dict[str, list[str]] = {place: [] for place in self.assessment.missing}
        self.undecided = False

    def judge(self) -> Judgement:
        fired = set(evaluator(self.problem).fired(self.values, self.engines))
        verdicts = [self.gate_verdict(gate, fired) for gate in self.policy.gates]
        gates = Later(lambda: [self.gate(*one) for one in zip(self.policy.gates, verdicts, strict=True)])
        closed = [gate.id for gate, one in zip(self.policy.gates, verdicts, strict=True) if one != "passed"]
        beaten = self.beaten(fired)
        rules = {rule.id: rule for rule in self.policy.rules}
        results: dict[str, Offer | Callable[[], Refusal]] = {}
        for name in self.in_force.tried:
            rule = rules[name]
            before = [
                other for other in self.in_force.behind.get(name, ()) if isinstance(results[other], Offer)
            ]
            if f"rule:{name}" not in fired:
                results[name] = self.not_met(rule)
            elif closed:
                results[name] = partial(self.closed, rule, closed, gates)
            elif name in beaten:
                self.undecided = self.undecided or beaten[name][0] == "unknown"
                results[name] = partial(self.refusal, rule, "choice", *beaten[name])
            elif before:
                why = f"not tried: {', '.join(before)} {'was' if len(before) == 1 else 'were'} offered"
                results[name] = partial(self.refusal, rule, "choice", "not-tried", why)
            else:
                results[name] = self.made(rule)
        came_out = [results[name] for name in rules]
        refused = [one for one in came_out if not isinstance(one, Offer)]
        offers = self.ranked([one for one in came_out if isinstance(one, Offer)])
        if self.policy.choose == "first" and len(offers) > 1:
            best, others = offers[0].rule, {offer.rule for offer in offers[1:]}
            told_why = f"{best} comes first and the policy makes one offer"
            refused += [
                partial(self.refusal, rule, "choice", "not-first", told_why)
                for rule in self.policy.rules
                if rule.id in others
            ]
            offers = offers[:1]
        actions = self.tasks("action", self.policy.actions, self.problem, fired, self.values)
        for one in self.policy.actions:
            if f"action:{one.id}" not in fired and f"action:{one.id}" in self.unknown:
                self.note_missing(self.nodes[f"action:{one.id}"], self.values, one.id)
        return Judgement(
            tuple((one, gate.otherwise) for gate, one in zip(self.policy.gates, verdicts, strict=True)),
            gates,
            tuple(offers),
            Later(lambda: [make_refusal() for make_refusal in refused]),
            tuple(Missing(place=place, needed_by=tuple(ids)) for place, ids in self.needed.items()),
            actions,
            self.undecided,
        )

    # --- gates

    def gate_verdict(self, gate: Gate, fired: set[str]) -> GateVerdict:
        found: GateVerdict = "unknown"
        if f"passed:{gate.id}" in fired:
            return "passed"
        if f"failed:{gate.id}" in fired:
            found = "failed"
        else:
            self.note_missing(self.nodes[f"passed:{gate.id}"], self.values, gate.id)
        read = {leaf.fact for leaf in self.nodes[f"passed:{gate.id}"].leaves()}
        if {"file_complete", "completeness"} & read:
            for place in self.assessment.missing:
                self.needed[place].append(gate.id)
        return found

    def gate(self, gate: Gate, found: GateVerdict) -> GateResult:
        return GateResult.model_construct(
            id=gate.id,
            title=gate.title,
            reason=gate.reason,
            reference=gate.reference,
            verdict=found,
            otherwise=gate.otherwise,
            conditions=self.conditions(self.nodes[f"passed:{gate.id}"], self.values),
        )

    # --- rules

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

    def match(self, rule: Rule, fired: set[str]) -> RowMatch:
        if f"rule:{rule.id}" in fired:
            return RowMatch(rule.id, "true", rule.priority)
        return RowMatch(rule.id, "unknown" if self.is_unknown(rule) else "false", rule.priority)

    def is_unknown(self, rule: Rule) -> bool:
        """Tell whether a rule that has not fired might have, were more known."""
        return f"rule:{rule.id}" in self.unknown

    @cached_property
    def unknown(self) -> frozenset[str]:
        """The conditions that cannot be judged before more is known."""
        return frozenset(trace(self.problem, self.values).unknown)

    def not_met(self, rule: Rule) -> Callable[[], Refusal]:
        """Note what a rule that has not fired would need to know, and tell later why it has not."""
        node, unknown = self.nodes[f"rule:{rule.id}"], self.is_unknown(rule)
        if unknown:
            self.undecided = True
            self.note_missing(node, self.values, rule.id)

        def refusal() -> Refusal:
            decided = condition_results(node, self.values, self.known)
            return self.refusal(
                rule,
                "condition",
                "unknown" if unknown else "not-met",
                told(decided),
                conditions=self.conditions(node, self.values) if self.detail is Detail.FULL else decided,
            )

        return refusal

    def closed(self, rule: Rule, closed: Sequence[str], gates: Sequence[GateResult]) -> Refusal:
        names = ", ".join(closed)
        return self.refusal(
            rule,
            "gate",
            names,
            f"its own conditions hold, but not every gate is passed: {names}",
            conditions=tuple(one for gate in gates if gate.id in closed for one in gate.conditions),
        )

    # --- offers

    def made(self, rule: Rule) -> Offer | Callable[[], Refusal]:
        """Make the plan of a rule, looked for if the rule says so, and hold it against the limits."""
        try:
            found = make(self.known, rule)
        except Refused as refused:
            issue = refused.issues[0]
            return partial(self.refusal, rule, "measure", issue.code, issue.message)
        except UnknownAmount as unknown:
            return self.not_known(rule, facts_in(unknown.amount), write_amount(unknown.amount))
        except UnknownTarget as unknown:
            names = [name for name in (unknown.leaf.fact, unknown.leaf.other) if name]
            return self.not_known(rule, names, " and ".join(names))
        if not found.met and rule.id in self.in_force.strict:
            return partial(self.missed, rule, found)
        if not found.accepted:
            return self.not_accepted(rule, found)
        return self.held_against_limits(rule, found)

    def not_known(self, rule: Rule, names: Iterable[str], what: str) -> Callable[[], Refusal]:
        self.undecided = True
        self.ask_for(names, rule.id)
        why = f"{what} is unknown, so no amount can be worked out"
        return partial(self.refusal, rule, "measure", "amount-unknown", why)

    def missed(self, rule: Rule, found: SearchResult) -> Refusal:
        leaf, known = found.target, found.proposal.known
        assert leaf is not None, "only a search can miss a target"
        values = known.encoded(leaf.facts)
        conditions = condition_results(leaf, values, known)
        return self.refusal(
            rule,
            "search",
            "target-missed",
            f"every step was taken as far as allowed, and {told(conditions)}",
            conditions=conditions,
            steps=found.steps,
            tiers=found.tiers,
        )

    def not_accepted(self, rule: Rule, found: SearchResult) -> Callable[[], Refusal]:
        """Refuse a plan that reaches its target and is not accepted for it."""
        node, known = found.asked, found.proposal.known
        assert node is not None, "a plan that has to please nobody is accepted"
        values = known.encoded(facts_read(node))
        if verdict(node, values) is None:
            self.undecided = True
            self.note_missing(node, values, rule.id)

        def refusal() -> Refusal:
            conditions = condition_results(node, values, known)
            return self.refusal(
                rule,
                "search",
                "target-not-accepted",
                f"no tier of the target gave a plan that is accepted: {told(conditions)}",
                conditions=conditions,
                steps=found.steps,
                tiers=found.tiers,
            )

        return refusal

    def held_against_limits(self, rule: Rule, found: SearchResult) -> Offer | Callable[[], Refusal]:
        problem, made = self.in_force.plan_problem, found.proposal
        values = made.known.encoded(problem.facts)
        fired = set(evaluator(problem).fired(values, self.engines))
        limits = [limit for limit in self.policy.limits if limit.about(rule)]
        broken = [limit for limit in limits if f"passed:{limit.id}" not in fired]
        for limit in broken:
            if f"failed:{limit.id}" not in fired:
                self.undecided = True
                self.note_missing(problem.nodes[f"passed:{limit.id}"], values, rule.id)
        nodes = [problem.nodes[f"passed:{limit.id}"] for limit in broken or limits]
        if broken:
            return partial(self.beyond, rule, broken, nodes, values, found)
        duties = [duty for duty in self.policy.duties if duty.about(rule)]
        return Offer.model_construct(
            rule=rule.id,
            rank=0,
            title=rule.title,
            reason=rule.reason,
            reference=rule.reference,
            because=self.conditions(self.nodes[f"rule:{rule.id}"], self.values),
            limits=Later(
                lambda: [one for node in nodes for one in self.conditions(node, values, made.known)]
            ),
            flags=tuple(
                flag.id for flag in self.policy.flags if flag.about(rule) and f"flag:{flag.id}" in fired
            ),
            duties=self.tasks("duty", duties, problem, fired, values, made.known),
            prospect=made.prospect,
            concluded=Later(made.known.of_plan) if self.in_force.figures else (),
            steps=found.steps,
            tiers=found.tiers,
            plan=made.plan,
        )

    def beyond(
        self, rule: Rule, broken: Sequence[Limit], nodes: Sequence[Node], values: Values, found: SearchResult
    ) -> Refusal:
        failing = [one for node in nodes for one in condition_results(node, values, found.proposal.known)]
        return self.refusal(
            rule,
            "limit",
            ", ".join(limit.id for limit in broken),
            told(failing),
            reason=broken[0].reason,
            conditions=tuple(failing),
            steps=found.steps,
            tiers=found.tiers,
        )

    def refusal(
        self,
        rule: Rule,
        stage: RefusalStage,
        code: str,
        message: str,
        *,
        reason: Text | None = None,
        conditions: Sequence[ConditionResult] = (),
        steps: tuple[StepResult, ...] = (),
        tiers: tuple[TierResult, ...] = (),
    ) -> Refusal:
        return Refusal.model_construct(
            rule=rule.id,
            title=rule.title,
            stage=stage,
            code=code,
            message=message,
            reason=reason or _UNFIT,
            conditions=() if self.detail is Detail.NAMES else conditions,
            steps=steps,
            tiers=tiers,
        )

    def tasks(
        self,
        what: Literal["action", "duty"],
        every: Sequence[Action],
        problem: Problem,
        fired: set[str],
        values: Values,
        known: CaseFacts | None = None,
    ) -> tuple[Task, ...]:
        """Give what has to be done, in the order of the policy; what cannot be judged is not asked for."""
        return tuple(
            Task.model_construct(
                id=one.id,
                title=one.title,
                text=one.text,
                kind=one.kind,
                reference=one.reference,
                because=self.conditions(problem.nodes[f"{what}:{one.id}"], values, known),
            )
            for one in every
            if f"{what}:{one.id}" in fired
        )

    def ranked(self, offers: list[Offer]) -> list[Offer]:
        """Order the offers by the policy's keys; those it cannot tell apart stay in the order of the rules."""
        foreseen = {offer.rule: self.known.with_plan(offer.prospect, offer.plan) for offer in offers}
        for key in reversed(self.policy.rank):
            fact, down = self.in_force.fact(key.fact), key.order == "descending"

            def place(offer: Offer, fact: Fact = fact, down: bool = down) -> tuple[bool, int]:
                value: Any = foreseen[offer.rule].value(fact.name)
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
        return trusted(Offer, [{**offer.__dict__, "rank": rank} for rank, offer in enumerate(offers, 1)])

    # --- reasons

    def note_missing(self, node: Node, values: Values, needed_by: str) -> None:
        """Remember which information would settle an unknown condition."""
        for leaf, outcome in decisive(node, values):
            if outcome is None:
                self.ask_for(leaf.facts, needed_by)

    def ask_for(self, names: Iterable[str], needed_by: str) -> None:
        for name in names:
            for fact in self.in_force.rests_on(name):
                for place in self.known.wanting(fact):
                    ids = self.needed.setdefault(place, [])
                    if needed_by not in ids:
                        ids.append(needed_by)

    def conditions(
        self, node: Node, values: Values, known: CaseFacts | None = None
    ) -> Sequence[ConditionResult]:
        if self.detail is Detail.NAMES:
            return ()
        full = self.detail is Detail.FULL
        return Later(lambda: condition_results(node, values, known or self.known, full=full))
