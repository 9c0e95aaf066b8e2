"""Decision: what is offered to a borrower, what is refused, and why, as one record that explains itself."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import computed_field, model_validator

from restructure.calculator.plan import Plan, reschedule
from restructure.casework.outcome import GateResult, Missing, Offer, Outcome, Refusal
from restructure.casework.summary import summarise, to_html
from restructure.errors import InvalidInput, InvalidPolicy, Issue, Refused
from restructure.intake.application import Application
from restructure.intake.assessment import Assessment, assess
from restructure.intake.facts import Fact, derivation, fact_named, facts, show, wanting
from restructure.intake.prospect import Prospect, foresee
from restructure.policy.evaluation import Engines, engines_here, evaluator
from restructure.policy.language import (
    Gate,
    InForce,
    Limit,
    Otherwise,
    Policy,
    PolicyRef,
    Rule,
    Text,
)
from restructure.policy.normal import Leaf, Node, Operator, Values
from restructure.policy.reference import ConditionResult, decisive, verdict
from restructure.record import Record

__all__ = [
    "Decision",
    "GateResult",
    "Missing",
    "Offer",
    "Outcome",
    "Refusal",
    "Replay",
    "decide",
    "replay",
]


class Decision(Record):
    """What was decided about one application under one policy on one day; its own audit record."""

    id: str
    """SHA-256 over application, policy and day: the same three give the same id."""
    on: date
    """The day of the decision."""
    policy: PolicyRef
    """Which policy decided."""
    engines: tuple[str, ...]
    """Which evaluators ran."""
    outcome: Outcome
    """How the case came out."""
    offers: tuple[Offer, ...]
    """What is offered, best first."""
    refusals: tuple[Refusal, ...]
    """What is not offered, and why."""
    gates: tuple[GateResult, ...]
    """Every gate, passed or not."""
    missing: tuple[Missing, ...]
    """Information that is missing."""
    enforcement_barred: bool
    """Whether collection must not be enforced: true unless a complete assessment ended in a reasoned refusal."""
    enforcement_reason: str
    """Why."""
    assessment: Assessment
    """The facts that were decided on."""
    application: Application
    """What they were derived from."""

    @computed_field(description="How every fact came about, in one line each.")  # type: ignore[prop-decorator]
    @property
    def derivations(self) -> dict[str, str]:
        """How every fact came about, in one line each."""
        return {name: self.derivation(name) for name, fact in facts().items() if not fact.of_plan}

    @model_validator(mode="before")
    @classmethod
    def _drop_derivations(cls, data: Any) -> Any:
        # They follow from the record, so they are written and never read.
        return {k: v for k, v in data.items() if k != "derivations"} if isinstance(data, dict) else data

    @property
    def failed_gates(self) -> tuple[GateResult, ...]:
        """Every gate that was not passed, failed ones before unknown ones."""
        open_gates = [gate for gate in self.gates if gate.verdict != "passed"]
        return tuple(sorted(open_gates, key=lambda gate: gate.verdict != "failed"))

    def _repr_html_(self) -> str:
        return to_html(summarise(self))

    def derivation(self, fact: str) -> str:
        """Say how a fact came about, with the values that went into it."""
        return derivation(self.assessment, fact)


class Replay(Record):
    """Whether today's code decides as it did."""

    same: bool
    """Whether nothing differs."""
    differences: tuple[str, ...]
    """Paths in the record that differ."""


def decide(
    application: Application, policy: Policy, *, on: date, engines: Engines = Engines.BOTH
) -> Decision:
    """Decide an application under a policy on a day.

    A business outcome is a value: a decision with refusals, never an exception. Raises `InvalidInput`
    for an application that contradicts itself, `InvalidPolicy` if the policy is not in force, and
    `EngineDisagreement` if the two evaluators differ.

    >>> from restructure.intake.application import read_application
    >>> from restructure.policy.loading import load_policy
    >>> case = read_application("examples/illness.json")
    >>> decision = decide(case, load_policy("cn-consumer-finance"), on=case.as_of)
    >>> decision.outcome.value, decision.offers[0].rule
    ('offer', 'illness-relief')
    """
    in_force, engines = policy.at(on), Engines(engines)
    if policy.currency != application.loan.currency:
        raise InvalidInput(
            Issue(
                "policy-currency",
                f"the loan is in {application.loan.currency} but the policy {policy.name} in {policy.currency}",
                "loan.currency",
            )
        )
    assessment = assess(application, on=on)
    case = _Case(assessment, in_force, engines)
    return case.decide(application)


class _Case:
    """One decision in the making."""

    def __init__(self, assessment: Assessment, in_force: InForce, engines: Engines) -> None:
        self.assessment, self.in_force, self.engines = assessment, in_force, engines
        self.problem = in_force.case_problem
        self.nodes = self.problem.nodes
        self.values = encode(self.problem.facts, assessment)
        self.needed: dict[str, list[str]] = {place: [] for place in assessment.missing}

    def decide(self, application: Application) -> Decision:
        policy = self.in_force.policy
        fired = set(evaluator(self.problem).fired(self.values, self.engines))
        gates = tuple(self.gate(gate, fired) for gate in policy.gates)
        closed = [gate for gate in gates if gate.verdict != "passed"]
        offers: list[Offer] = []
        refusals: list[Refusal] = []
        for rule in policy.rules:
            result = self.rule(rule, f"rule:{rule.id}" in fired, closed)
            if isinstance(result, Offer):
                offers.append(result)
            else:
                refusals.append(result)
        offers = self.ranked(offers)
        if policy.choose == "first" and len(offers) > 1:
            best = offers[0].rule
            refusals += [
                self.refusal(
                    rule, "choice", "not-first", f"{best} comes first and the policy makes one offer"
                )
                for rule in policy.rules
                if rule.id in {offer.rule for offer in offers[1:]}
            ]
            offers = offers[:1]
        missing = tuple(Missing(place=place, needed_by=tuple(ids)) for place, ids in self.needed.items())
        outcome = _outcome(gates, offers, refusals)
        barred, why = _enforcement(outcome, self.assessment)
        return Decision.model_construct(
            id=_decision_id(application, self.in_force, self.assessment.on),
            on=self.assessment.on,
            policy=self.in_force.ref,
            engines=engines_here(self.engines),
            outcome=outcome,
            offers=tuple(offers),
            refusals=tuple(refusals),
            gates=gates,
            missing=missing,
            enforcement_barred=barred,
            enforcement_reason=why,
            assessment=self.assessment,
            application=application,
        )

    def gate(self, gate: Gate, fired: set[str]) -> GateResult:
        state: Literal["passed", "failed", "unknown"] = "unknown"
        if f"passed:{gate.id}" in fired:
            state = "passed"
        elif f"failed:{gate.id}" in fired:
            state = "failed"
        else:
            self.note_missing(self.nodes[f"passed:{gate.id}"], self.values, gate.id)
        conditions = self.conditions(self.nodes[f"passed:{gate.id}"], self.values)
        if state != "passed" and {"file_complete", "completeness"} & {one.fact for one in conditions}:
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

    def rule(self, rule: Rule, fires: bool, closed: Sequence[GateResult]) -> Offer | Refusal:
        node = self.nodes[f"rule:{rule.id}"]
        if not fires:
            conditions = self.conditions(node, self.values)
            unknown = verdict(node, self.values) is None
            if unknown:
                self.note_missing(node, self.values, rule.id)
            return self.refusal(
                rule,
                "condition",
                "unknown" if unknown else "not-met",
                _told(conditions),
                conditions=conditions,
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
        try:
            plan = reschedule(self.assessment.position, self.in_force.measures[rule.id])
        except Refused as refused:
            issue = refused.issues[0]
            return self.refusal(rule, "measure", issue.code, issue.message)
        return self.offer(rule, plan, self.conditions(node, self.values))

    def offer(self, rule: Rule, plan: Plan, because: tuple[ConditionResult, ...]) -> Offer | Refusal:
        prospect = foresee(self.assessment, plan)
        problem = self.in_force.plan_problem
        values = encode(problem.facts, self.assessment, prospect)
        fired = set(evaluator(problem).fired(values, self.engines))
        broken: list[Limit] = []
        kept: list[ConditionResult] = []
        failing: list[ConditionResult] = []
        for limit in self.in_force.policy.limits:
            node = problem.nodes[f"passed:{limit.id}"]
            found = self.conditions(node, values)
            if f"passed:{limit.id}" in fired:
                kept += found
            else:
                broken.append(limit)
                failing += found
                if f"failed:{limit.id}" not in fired:
                    self.note_missing(node, values, rule.id)
        if broken:
            return self.refusal(
                rule,
                "limit",
                ", ".join(limit.id for limit in broken),
                _told(failing),
                reason=broken[0].reason,
                conditions=tuple(failing),
            )
        return Offer.model_construct(
            rule=rule.id,
            rank=0,
            title=rule.title,
            reason=rule.reason,
            reference=rule.reference,
            because=because,
            limits=tuple(kept),
            flags=tuple(flag.id for flag in self.in_force.policy.flags if f"flag:{flag.id}" in fired),
            prospect=prospect,
            plan=plan,
        )

    def refusal(
        self,
        rule: Rule,
        stage: Literal["condition", "gate", "measure", "limit", "choice"],
        code: str,
        message: str,
        *,
        reason: Text | None = None,
        conditions: tuple[ConditionResult, ...] = (),
    ) -> Refusal:
        return Refusal.model_construct(
            rule=rule.id,
            title=rule.title,
            stage=stage,
            code=code,
            message=message,
            reason=reason or {"en": "This plan does not fit your situation.", "zh": "该方案不适合您的情况。"},
            conditions=conditions,
        )

    def ranked(self, offers: list[Offer]) -> list[Offer]:
        """Order the offers by the policy's keys; those it cannot tell apart stay in the order of the rules."""
        policy = self.in_force.policy
        for key in reversed(policy.rank):
            fact, down = fact_named(key.fact), key.order == "descending"

            def place(offer: Offer, fact: Fact = fact, down: bool = down) -> tuple[bool, int]:
                value = _value(fact, self.assessment, offer.prospect)
                number = 0 if value is None else fact.encode(value, self.assessment.currency)
                return value is None, -number if down else number

            offers = sorted(offers, key=place)
        if policy.choose == "one" and len(offers) > 1:
            raise InvalidPolicy(
                Issue(
                    "offers-not-one",
                    f"the policy chooses one offer but {len(offers)} rules made one: "
                    + ", ".join(offer.rule for offer in offers),
                )
            )
        return [offer.model_copy(update={"rank": rank}) for rank, offer in enumerate(offers, 1)]

    def note_missing(self, node: Node, values: Values, needed_by: str) -> None:
        """Remember which information would settle an unknown condition."""
        for leaf, outcome in decisive(node, values):
            if outcome is None:
                for fact in filter(None, (leaf.fact, leaf.other)):
                    for place in wanting(self.assessment, fact):
                        ids = self.needed.setdefault(place, [])
                        if needed_by not in ids:
                            ids.append(needed_by)

    def conditions(self, node: Node, values: Values) -> tuple[ConditionResult, ...]:
        currency = self.assessment.currency
        return tuple(_condition(leaf, outcome, values, currency) for leaf, outcome in decisive(node, values))


def encode(
    names: Iterable[str], assessment: Assessment, prospect: Prospect | None = None
) -> dict[str, int | None]:
    """Give facts as the integers that rules compare; `None` is unknown."""
    values: dict[str, int | None] = {}
    for name in names:
        fact = fact_named(name)
        value = _value(fact, assessment, prospect)
        values[name] = None if value is None else fact.encode(value, assessment.currency)
    return values


def _value(fact: Fact, assessment: Assessment, prospect: Prospect | None) -> Any:
    return getattr(prospect, fact.name) if fact.of_plan else assessment.value(fact.name)


def _condition(leaf: Leaf, outcome: bool | None, values: Values, currency: str) -> ConditionResult:
    fact = fact_named(leaf.fact)

    def shown(of: Fact, number: int | None) -> str:
        return show(of, None if number is None else of.decode(number, currency), currency)

    threshold, distance = "", ""
    if leaf.other is not None:
        other = fact_named(leaf.other)
        threshold = f"{leaf.other} {shown(other, values[leaf.other])}"
        # left·fact against right·other, both brought to the finer scale: what is left is the factor itself
        times = Decimal(leaf.right) / leaf.left * Decimal(10) ** (other.scale - fact.scale)
        if times != 1:
            threshold = f"{times.normalize():f} × {threshold}"
    elif leaf.op not in (Operator.KNOWN, Operator.UNKNOWN):
        threshold = shown(fact, leaf.threshold)
    sides = None if outcome is not False or not leaf.op.orders else leaf.sides(values)
    if sides is not None:
        # The least change of the fact, in its own unit, that would pass.
        gap, strict = abs(sides[0] - sides[1]), leaf.op in (Operator.LESS, Operator.MORE)
        distance = shown(fact, gap // leaf.left + 1 if strict else -(-gap // leaf.left))
    return ConditionResult.model_construct(
        fact=leaf.fact,
        op=leaf.op.value,
        actual=shown(fact, values[leaf.fact]),
        threshold=threshold,
        verdict="unknown" if outcome is None else ("true" if outcome else "false"),
        distance=distance,
    )


_WORDS = {
    "==": "must be",
    "!=": "must not be",
    "<": "must be below",
    "<=": "must be at most",
    ">": "must be above",
    ">=": "must be at least",
    "known": "must be known",
    "unknown": "must be unknown",
}


def _told(conditions: Iterable[ConditionResult]) -> str:
    """Put what failed into one sentence with both values."""
    parts = []
    for one in conditions:
        if one.verdict != "true":
            gap = f" (off by {one.distance})" if one.distance else ""
            parts.append(f"{one.fact} is {one.actual}{gap}, {_WORDS[one.op]} {one.threshold}".rstrip())
    return "; ".join(parts)


def _outcome(gates: Sequence[GateResult], offers: Sequence[Offer], refusals: Sequence[Refusal]) -> Outcome:
    """Settle the outcome: no need first, then what a person must see, then refusal, then offers.

    A case that fails a declining gate and also needs a person or a document is referred: nobody is
    declined on an assessment that is not finished.
    """
    failed = {gate.otherwise for gate in gates if gate.verdict == "failed"}
    if Otherwise.NO_ACTION_NEEDED in failed:
        return Outcome.NO_ACTION_NEEDED
    if failed & {Otherwise.REFER, Otherwise.ASK} or any(gate.verdict == "unknown" for gate in gates):
        return Outcome.REFER
    if failed:
        return Outcome.DECLINE
    if offers:
        return Outcome.OFFER
    undecided = any(
        condition.verdict == "unknown" for refusal in refusals for condition in refusal.conditions
    )
    return Outcome.REFER if undecided else Outcome.DECLINE


def _enforcement(outcome: Outcome, assessment: Assessment) -> tuple[bool, str]:
    """Bar enforcement unless a complete assessment ended in a reasoned refusal (the founding rule of this library)."""
    if outcome is Outcome.DECLINE and assessment.file_complete:
        return False, "the assessment is complete and every offer was refused with its reason"
    if not assessment.file_complete:
        return (
            True,
            "the assessment is incomplete: no enforcement before the missing information is in and assessed",
        )
    return True, {
        Outcome.OFFER: "an offer is open",
        Outcome.REFER: "a person has not decided yet",
        Outcome.DECLINE: "the assessment is incomplete",
        Outcome.NO_ACTION_NEEDED: "the borrower is not in difficulty",
    }[outcome]


def _decision_id(application: Application, in_force: InForce, on: date) -> str:
    # Without defaults: a field that a later version adds must not change what an old application is called.
    text = f"{application.model_dump_json(exclude_defaults=True)}\n{in_force.digest}\n{on.isoformat()}"
    return hashlib.sha256(text.encode()).hexdigest()


def replay(decision: Decision, policy: Policy, *, engines: Engines = Engines.BOTH) -> Replay:
    """Decide a recorded case again and tell where the result differs.

    Raises `InvalidInput` if the record's id does not match the application and day it contains.
    """
    in_force = policy.at(decision.on)
    if in_force.ref == decision.policy and decision.id != _decision_id(
        decision.application, in_force, decision.on
    ):
        raise InvalidInput(
            Issue("record-altered", "the id does not match the application and day in the record", "id")
        )
    again = decide(decision.application, policy, on=decision.on, engines=engines)
    # Both as they are read back, so that a record kept on disk is compared with one that could be.
    old, new = (
        Decision.model_validate_json(one.model_dump_json()).model_dump(mode="json")
        for one in (decision, again)
    )
    for record in (old, new):
        record.pop("engines")  # which evaluators ran says nothing about what was decided
    found = tuple(_differences(old, new))
    return Replay(same=not found, differences=found)


def _differences(old: Any, new: Any, path: str = "") -> Iterable[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*old, *new]):
            yield from _differences(old.get(key), new.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for k, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _differences(before, after, f"{path}.{k}")
    elif old != new:
        yield path
