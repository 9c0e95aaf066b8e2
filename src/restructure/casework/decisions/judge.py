"""Evaluate the gates and rules of a policy on one case, and build the offers and refusals."""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, partial
from typing import Any, Literal

from restructure.casework.decisions.condition_text import condition_results, failures_text
from restructure.casework.decisions.judgement import GateVerdict, Judgement, RefusalStage
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
from restructure.policy.language.sections import Action, Gate, Limit, Rule
from restructure.policy.language.templates import UnknownAmount
from restructure.record import Later, trusted
from restructure.texts import Text

__all__ = ["actions_of", "check_limits", "judge"]

_UNFIT: Text = {"en": "This plan does not fit your situation.", "zh": "该方案不适合您的情况。"}


def judge(
    known: CaseFacts, *, engines: Engines = Engines.BOTH, detail: Detail = Detail.DECISIVE
) -> Judgement:
    """Evaluate every gate and rule on the facts of a case; the records of their reasons are built when first read.

    Raises `EngineDisagreement` if the two evaluators differ, and `InvalidPolicy` if rules match together that
    exclude each other by the policy.
    """
    return _Judge(known, engines, detail).judge()


def check_limits(
    rule: Rule, proposal: Proposal, *, engines: Engines = Engines.BOTH, detail: Detail = Detail.DECISIVE
) -> Offer | Refusal:
    """Check a plan built elsewhere (counter-offer, frontier) against the policy limits; return an `Offer` or the
    `Refusal`.
    """
    result = _Judge(proposal.known, engines, detail).checked(rule, SearchResult(proposal, True, ()))
    return result if isinstance(result, Offer) else result()


def actions_of(
    known: CaseFacts, *, engines: Engines = Engines.BOTH, detail: Detail = Detail.DECISIVE
) -> tuple[Task, ...]:
    """Give the tasks of the lender on a case, without building any offer."""
    evaluation = _Judge(known, engines, detail)
    fired = set(evaluator(evaluation.problem).fired(evaluation.values, engines))
    return evaluation.tasks("action", evaluation.policy.actions, evaluation.problem, fired, evaluation.values)


class _Judge:
    """Evaluates one case and notes what is unknown on the way."""

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
        verdicts = [(gate, self.gate_verdict(gate, fired)) for gate in self.policy.gates]
        gates = Later(lambda: [self.gate(gate, verdict) for gate, verdict in verdicts])
        results = self.results(fired, [gate.id for gate, verdict in verdicts if verdict != "passed"], gates)
        refused = [result for result in results if not isinstance(result, Offer)]
        offers = self.ranked([result for result in results if isinstance(result, Offer)])
        if self.policy.choose == "first" and len(offers) > 1:
            best, others = offers[0].rule, {offer.rule for offer in offers[1:]}
            why = f"{best} comes first and the policy makes one offer"
            refused += [
                partial(self.refusal, rule, "choice", "not-first", why)
                for rule in self.policy.rules
                if rule.id in others
            ]
            offers = offers[:1]
        actions = self.tasks("action", self.policy.actions, self.problem, fired, self.values)
        for action in self.policy.actions:
            if f"action:{action.id}" not in fired and f"action:{action.id}" in self.unknown:
                self.note_missing(self.nodes[f"action:{action.id}"], self.values, action.id)
        return Judgement(
            tuple((verdict, gate.otherwise) for gate, verdict in verdicts),
            gates,
            tuple(offers),
            Later(lambda: [make_refusal() for make_refusal in refused]),
            tuple(Missing(place=place, needed_by=tuple(ids)) for place, ids in self.needed.items()),
            actions,
            self.undecided,
        )

    def results(
        self, fired: set[str], closed: Sequence[str], gates: Sequence[GateResult]
    ) -> list[Offer | Callable[[], Refusal]]:
        """Give the offer or the refusal of every rule, in the order of the policy."""
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
        return [results[name] for name in rules]

    # --- gates

    def gate_verdict(self, gate: Gate, fired: set[str]) -> GateVerdict:
        verdict: GateVerdict = "unknown"
        if f"passed:{gate.id}" in fired:
            return "passed"
        if f"failed:{gate.id}" in fired:
            verdict = "failed"
        else:
            self.note_missing(self.nodes[f"passed:{gate.id}"], self.values, gate.id)
        read = {leaf.fact for leaf in self.nodes[f"passed:{gate.id}"].leaves()}
        if {"file_complete", "completeness"} & read:
            for place in self.assessment.missing:
                self.needed[place].append(gate.id)
        return verdict

    def gate(self, gate: Gate, verdict: GateVerdict) -> GateResult:
        return GateResult.model_construct(
            id=gate.id,
            title=gate.title,
            reason=gate.reason,
            reference=gate.reference,
            verdict=verdict,
            otherwise=gate.otherwise,
            conditions=self.conditions(self.nodes[f"passed:{gate.id}"], self.values),
        )

    # --- rules

    def beaten(self, fired: set[str]) -> dict[str, tuple[str, str]]:
        """Give the matching rows of tables that another row takes precedence over: the code and the sentence."""
        refused: dict[str, tuple[str, str]] = {}
        for table in self.policy.tables:
            rows = [rule for rule in self.policy.rules if rule.table == table.id]
            settled = settle(table.hit, [self.match(rule, fired) for rule in rows])
            if settled.clash:
                raise InvalidPolicy(
                    Issue(
                        "hit-not-unique",
                        f"the table {table.id} has the hit policy unique, yet {', '.join(settled.clash)} all "
                        "match; make their conditions exclude each other",
                    )
                )
            for row, other in settled.beaten.items():
                refused[row] = ("not-first", f"{other} comes first in the table {table.id}")
            for row, other in settled.open.items():
                refused[row] = (
                    "unknown",
                    f"{other} comes first in the table {table.id} and is undetermined",
                )
        return refused

    def match(self, rule: Rule, fired: set[str]) -> RowMatch:
        if f"rule:{rule.id}" in fired:
            return RowMatch(rule.id, "true", rule.priority)
        return RowMatch(rule.id, "unknown" if self.is_unknown(rule) else "false", rule.priority)

    def is_unknown(self, rule: Rule) -> bool:
        """Tell whether a rule is undetermined because a fact is unknown."""
        return f"rule:{rule.id}" in self.unknown

    @cached_property
    def unknown(self) -> frozenset[str]:
        """Names of the conditions that are undetermined because a fact is unknown."""
        return frozenset(trace(self.problem, self.values).unknown)

    def not_met(self, rule: Rule) -> Callable[[], Refusal]:
        """Note which missing information a rule depends on; its refusal is built when first read."""
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
                failures_text(decided),
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
            conditions=tuple(result for gate in gates if gate.id in closed for result in gate.conditions),
        )

    # --- offers

    def made(self, rule: Rule) -> Offer | Callable[[], Refusal]:
        """Build the plan of a rule, by a search if the rule has one, and check it against the limits."""
        try:
            result = make(self.known, rule)
        except Refused as refused:
            # The rule applies and its measures cannot be carried out: the policy's numbers do not fit this loan, which
            # a person has to look at. It is no reason to decline a borrower.
            self.undecided = True
            issue = refused.issues[0]
            return partial(self.refusal, rule, "measure", issue.code, issue.message)
        except UnknownAmount as unknown:
            return self.not_known(rule, facts_in(unknown.amount), write_amount(unknown.amount))
        except UnknownTarget as unknown:
            names = [name for name in (unknown.leaf.fact, unknown.leaf.other) if name]
            return self.not_known(rule, names, " and ".join(names))
        if not result.met and rule.id in self.in_force.strict:
            return partial(self.missed, rule, result)
        if not result.accepted:
            return self.not_accepted(rule, result)
        return self.checked(rule, result)

    def not_known(self, rule: Rule, names: Iterable[str], what: str) -> Callable[[], Refusal]:
        self.undecided = True
        self.ask_for(names, rule.id)
        why = f"{what} is unknown, so the amount cannot be calculated"
        return partial(self.refusal, rule, "measure", "amount-unknown", why)

    def missed(self, rule: Rule, result: SearchResult) -> Refusal:
        leaf, known = result.target, result.proposal.known
        assert leaf is not None, "only a search can miss a target"
        values = known.encoded(leaf.facts)
        conditions = condition_results(leaf, values, known)
        return self.refusal(
            rule,
            "search",
            "target-missed",
            f"every step was taken as far as allowed, and {failures_text(conditions)}",
            conditions=conditions,
            steps=result.steps,
            tiers=result.tiers,
        )

    def not_accepted(self, rule: Rule, result: SearchResult) -> Callable[[], Refusal]:
        """Refuse a plan that reaches its target but does not meet the tier's acceptance condition."""
        node, known = result.asked, result.proposal.known
        assert node is not None, "a tier without accept_if always accepts"
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
                f"no tier of the target gave a plan that is accepted: {failures_text(conditions)}",
                conditions=conditions,
                steps=result.steps,
                tiers=result.tiers,
            )

        return refusal

    def checked(self, rule: Rule, result: SearchResult) -> Offer | Callable[[], Refusal]:
        problem, made = self.in_force.plan_problem, result.proposal
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
            return partial(self.beyond, rule, broken, nodes, values, result)
        duties = [duty for duty in self.policy.duties if duty.about(rule)]
        return Offer.model_construct(
            rule=rule.id,
            rank=0,
            title=rule.title,
            reason=rule.reason,
            reference=rule.reference,
            because=self.conditions(self.nodes[f"rule:{rule.id}"], self.values),
            limits=Later(
                lambda: [part for node in nodes for part in self.conditions(node, values, made.known)]
            ),
            flags=tuple(
                flag.id for flag in self.policy.flags if flag.about(rule) and f"flag:{flag.id}" in fired
            ),
            duties=self.tasks("duty", duties, problem, fired, values, made.known),
            prospect=made.prospect,
            concluded=Later(made.known.of_plan) if self.in_force.figures else (),
            steps=result.steps,
            tiers=result.tiers,
            plan=made.plan,
        )

    def beyond(
        self, rule: Rule, broken: Sequence[Limit], nodes: Sequence[Node], values: Values, result: SearchResult
    ) -> Refusal:
        failing = [part for node in nodes for part in condition_results(node, values, result.proposal.known)]
        return self.refusal(
            rule,
            "limit",
            ", ".join(limit.id for limit in broken),
            failures_text(failing),
            reason=broken[0].reason,
            conditions=tuple(failing),
            steps=result.steps,
            tiers=result.tiers,
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
        listed: Sequence[Action],
        problem: Problem,
        fired: set[str],
        values: Values,
        known: CaseFacts | None = None,
    ) -> tuple[Task, ...]:
        """Give the tasks whose condition holds, in the order of the policy; an undetermined one is left out."""
        return tuple(
            Task.model_construct(
                id=action.id,
                title=action.title,
                text=action.text,
                kind=action.kind,
                reference=action.reference,
                because=self.conditions(problem.nodes[f"{what}:{action.id}"], values, known),
            )
            for action in listed
            if f"{what}:{action.id}" in fired
        )

    def ranked(self, offers: list[Offer]) -> list[Offer]:
        """Order the offers by the policy's keys; equal ones stay in the order of the rules."""
        prospects = {offer.rule: self.known.with_plan(offer.prospect, offer.plan) for offer in offers}
        for key in reversed(self.policy.rank):
            fact, down = self.in_force.fact(key.fact), key.order == "descending"

            def place(offer: Offer, fact: Fact = fact, down: bool = down) -> tuple[bool, int]:
                value: Any = prospects[offer.rule].value(fact.name)
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
        """Note which information would determine an unknown condition."""
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
