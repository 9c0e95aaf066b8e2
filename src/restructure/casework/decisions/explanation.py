"""Explanation: why a rule led to an offer or to none, how near it came, and what would have opened it."""

from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal

from restructure.calculator.conventions.quantity import Kind
from restructure.casework.decisions.condition_text import told_leaf
from restructure.casework.decisions.decision import Decision
from restructure.casework.decisions.judge import judge
from restructure.casework.decisions.outcome import Offer, Refusal, StepResult, TierResult
from restructure.casework.decisions.plan_search import SearchResult, make
from restructure.errors import InvalidInput, InvalidPolicy, Issue, did_you_mean
from restructure.inputs import Source
from restructure.intake.declared_facts import as_given
from restructure.intake.facts import Fact, show
from restructure.policy.case_facts import CaseFacts, facts_of
from restructure.policy.engine.evaluation import Engines
from restructure.policy.engine.normal_form import Leaf, Node, facts_read
from restructure.policy.engine.reference import ConditionResult, decisive, verdict
from restructure.policy.language.conditions import AllOf, AnyOf, Comparison, Condition, Not
from restructure.policy.language.sections import Gate, Limit, Rule
from restructure.policy.policy import Policy
from restructure.policy.source import policy_of
from restructure.record import Record
from restructure.texts import Text

__all__ = ["Branch", "Counterfactual", "Explanation", "NearMiss", "explain"]

TruthWord = Literal["true", "false", "unknown"]
_VERDICTS: dict[bool | None, TruthWord] = {True: "true", False: "false", None: "unknown"}

_NEAR = Fraction(1, 10)
# Where no border says how far a figure has to move, these shares of it are tried.
_SHARES = tuple(Fraction(n, 100) for n in (1, 2, 5, 10, 20, 50, 100, 200))


class Branch(Record):
    """One condition with what it consists of."""

    word: Literal["all", "any", "not", "compare"]
    """How its parts go together; compare is a single comparison."""
    verdict: TruthWord
    """How it came out."""
    result: ConditionResult | None = None
    """The comparison with both values."""
    parts: tuple["Branch", ...] = ()
    """What it consists of."""


class Judged(Record):
    """A condition of a rule, gate or limit, whole."""

    id: str
    """What it belongs to."""
    what: Literal["rule", "gate", "limit", "step"]
    """Whether that is a rule, a gate, a limit or the guard of a step."""
    title: Text
    """What that is."""
    reference: str
    """Where it comes from."""
    condition: Branch
    """The condition with every value."""


class NearMiss(Record):
    """A comparison that failed by little."""

    fact: str
    """What was compared."""
    actual: str
    """Its value."""
    threshold: str
    """What it was compared with."""
    distance: str
    """How far it is from passing."""
    sentence: str
    """The same in words."""


class Counterfactual(Record):
    """The least change of one fact, all others as they are, that would have made the offer."""

    fact: str
    """The fact."""
    actual: str
    """Its value."""
    needed: str
    """The value that would have been enough, found by deciding again."""
    sentence: str
    """The same in words."""


class Explanation(Record):
    """Why a rule led to an offer or to none."""

    rule: str
    """The rule."""
    title: Text
    """What it offers."""
    reference: str
    """Where it comes from."""
    verdict: Literal["offered", "refused", "unknown"]
    """How it came out."""
    stage: str
    """Where it stopped; empty for an offer."""
    message: str
    """One sentence."""
    conditions: tuple[Judged, ...]
    """Its own condition, the gates that are not passed, and the limits its plan was held against."""
    steps: tuple[StepResult, ...]
    """What its search tried."""
    tiers: tuple[TierResult, ...] = ()
    """What came of every tier, if its target is a ladder."""
    near_misses: tuple[NearMiss, ...]
    """What failed by a tenth of its border or less, nearest first."""
    counterfactuals: tuple[Counterfactual, ...]
    """What one changed fact would have done, the smallest change first."""


def explain(decision: Decision, policy: Policy | Source, *, rule: str) -> Explanation:
    """Explain a rule of a decision: every condition with its values, near misses, what would have opened it.

    A counterfactual changes one fact of the assessment, leaves the others as they are, and is kept only if
    deciding again makes the offer. Raises `InvalidInput` for a rule that the policy does not have, and for a
    policy that is not the one that decided.

    >>> from restructure.casework.decisions.decision import decide
    >>> from restructure.intake.application import read_application
    >>> from restructure.policy.loading.loading import load_policy
    >>> case, policy = read_application("examples/illness.json"), load_policy("cn-consumer-finance")
    >>> why = explain(decide(case, policy, on=case.as_of), policy, rule="job-loss-holiday")
    >>> why.verdict, why.counterfactuals[0].sentence
    ('refused', 'if hardship_cause were unemployment instead of illness, the offer would be made')
    """
    policy = policy_of(policy)
    in_force = decision.under(policy)
    by_id = {one.id: one for one in policy.rules}
    if rule not in by_id:
        raise InvalidInput(
            Issue("rule-unknown", f'the policy has no rule "{rule}"{did_you_mean(rule, by_id)}')
        )
    known = facts_of(in_force, decision.assessment, Engines.REFERENCE)
    return _Explainer(decision, known, by_id[rule]).explanation()


class _Explainer:
    """One explanation in the making."""

    def __init__(self, decision: Decision, known: CaseFacts, rule: Rule) -> None:
        self.decision, self.known, self.rule = decision, known, rule
        self.in_force, self.policy = known.in_force, known.in_force.policy
        self.currency = known.assessment.currency

    def explanation(self) -> Explanation:
        came_out: Literal["offered", "refused", "unknown"]
        found = self.outcome()
        conditions, failing = self.judged(found)
        if isinstance(found, Offer):
            came_out, stage, message = "offered", "", "the offer is made"
        else:
            unknown = found.code in ("unknown", "amount-unknown") or any(
                judged.condition.verdict == "unknown" for judged in conditions
            )
            came_out, stage, message = "unknown" if unknown else "refused", found.stage, found.message
        return Explanation(
            rule=self.rule.id,
            title=self.rule.title,
            reference=self.rule.reference,
            verdict=came_out,
            stage=stage,
            message=message,
            conditions=conditions,
            steps=found.steps,
            tiers=found.tiers,
            near_misses=tuple(self.near_misses(failing)),
            counterfactuals=() if isinstance(found, Offer) else self.counterfactuals(failing),
        )

    def outcome(self) -> Offer | Refusal:
        results: list[Offer | Refusal] = [*self.decision.offers, *self.decision.refusals]
        return next(one for one in results if one.rule == self.rule.id)

    # --- conditions, whole

    def judged(self, found: Offer | Refusal) -> tuple[tuple[Judged, ...], list[tuple[Node, CaseFacts]]]:
        """Give the conditions that bear on the rule, and those of them that do not hold."""
        failing: list[tuple[Node, CaseFacts]] = []
        told: list[Judged] = []

        def add(what: Literal["rule", "gate", "limit"], one: Rule | Gate | Limit, known: CaseFacts) -> None:
            condition = one.when if isinstance(one, Rule) else one.require
            branch = self.branch(condition, known)
            told.append(
                Judged(id=one.id, what=what, title=one.title, reference=one.reference, condition=branch)
            )
            if branch.verdict != "true":
                failing.append((self.in_force.node(condition), known))

        add("rule", self.rule, self.known)
        closed = {gate.id for gate in self.decision.failed_gates}
        for gate in self.policy.gates:
            if gate.id in closed:
                add("gate", gate, self.known)
        if isinstance(found, Refusal) and found.code == "not-tried":
            named = found.message.replace(",", "").split()
            for one in self.policy.rules:
                if one.id in self.in_force.behind[self.rule.id] and one.id in named:
                    # What it waits for made an offer: what keeps that from being made may open it.
                    add("rule", one, self.known)
                    failing.append((self.in_force.node(one.when).negated(), self.known))
        plan = self.plan(found)
        if plan is not None:
            for limit in self.policy.limits:
                if limit.about(self.rule):
                    add("limit", limit, plan)
            if isinstance(found, Refusal) and found.stage == "search":
                wanted = self.made.asked if found.code == "target-not-accepted" else self.made.target
                assert wanted is not None, "a search says what it wants"
                failing.append((wanted, plan))
        return tuple(told), failing

    def plan(self, found: Offer | Refusal) -> CaseFacts | None:
        """Give what the rule's plan would mean, if it has one to be held against the limits."""
        if isinstance(found, Offer):
            return self.known.with_plan(found.prospect, found.plan)
        return self.made.proposal.known if found.stage in ("search", "limit") else None

    @cached_property
    def made(self) -> SearchResult:
        return make(self.known, self.rule)

    def branch(self, condition: Condition, known: CaseFacts) -> Branch:
        node = self.in_force.node(condition)
        names = facts_read(node)
        came_out = _VERDICTS[verdict(node, known.encoded(names))]
        match condition:
            case Comparison():
                assert isinstance(node, Leaf), "one comparison is one leaf"
                return Branch(word="compare", verdict=came_out, result=told_leaf(node, known))
            case AllOf():
                parts = tuple(self.branch(part, known) for part in condition.all)
                return Branch(word="all", verdict=came_out, parts=parts)
            case AnyOf():
                parts = tuple(self.branch(part, known) for part in condition.any)
                return Branch(word="any", verdict=came_out, parts=parts)
            case Not():
                return Branch(word="not", verdict=came_out, parts=(self.branch(condition.negated, known),))

    # --- near misses

    def near_misses(self, failing: list[tuple[Node, CaseFacts]]) -> list[NearMiss]:
        found: list[tuple[Fraction, NearMiss]] = []
        for node, known in failing:
            values = _values(node, known)
            for leaf, outcome in decisive(node, values):
                apart, sides = leaf.gap(values), leaf.sides(values)
                if outcome is not False or apart is None or sides is None or not sides[1]:
                    continue
                share = Fraction(abs(sides[0] - sides[1]), abs(sides[1]))
                if share <= _NEAR:
                    one = told_leaf(leaf, known)
                    fact = self.in_force.fact(leaf.fact)
                    over = "above" if sides[0] > sides[1] else ("below" if sides[0] < sides[1] else "at")
                    distance = _in_points(fact, one.distance)
                    found.append(
                        (
                            share,
                            NearMiss(
                                fact=one.fact,
                                actual=one.actual,
                                threshold=one.threshold,
                                distance=distance,
                                sentence=f"{one.fact} is {one.actual}, {distance} {over} the border of {one.threshold}",
                            ),
                        )
                    )
        return [one for _, one in sorted(found, key=lambda pair: pair[0])]

    # --- counterfactuals

    def counterfactuals(self, failing: list[tuple[Node, CaseFacts]]) -> tuple[Counterfactual, ...]:
        found: list[tuple[Fraction, Counterfactual]] = []
        borders = self.borders(failing)
        for name in borders:
            fact = self.in_force.fact(name)
            needed = self.least(fact, borders[name])
            if needed is not None:
                size, value = needed
                actual = show(fact, self.known.value(name), self.currency)
                shown = show(fact, value, self.currency)
                sentence = f"if {name} were {shown} instead of {actual}, the offer would be made"
                found.append(
                    (size, Counterfactual(fact=name, actual=actual, needed=shown, sentence=sentence))
                )
        return tuple(one for _, one in sorted(found, key=lambda pair: pair[0]))

    def borders(self, failing: list[tuple[Node, CaseFacts]]) -> dict[str, set[int]]:
        """Name the facts of the case that what failed rests on, each with the values at which something turns."""
        found: dict[str, set[int]] = {}

        def add(name: str, border: Fraction | None) -> None:
            for base in self.in_force.rests_on(name):
                if base == "as_of" or base.startswith("events."):
                    continue  # what day it is and what happened are no facts that could be changed
                if not self.in_force.fact(base).of_plan:
                    turning = found.setdefault(base, set())
                    if base == name and border is not None:
                        turning.update(
                            border.numerator // border.denominator + step for step in (-1, 0, 1, 2)
                        )

        for node, known in failing:
            values = _values(node, known)
            for leaf in node.leaves():
                mine = values[leaf.fact]
                if leaf.other is None:
                    add(leaf.fact, Fraction(leaf.threshold))
                else:
                    theirs = values[leaf.other]
                    add(leaf.fact, None if theirs is None else Fraction(leaf.right * theirs, leaf.left))
                    add(leaf.other, None if mine is None else Fraction(leaf.left * mine, leaf.right))
        return found

    def least(self, fact: Fact, borders: set[int]) -> tuple[Fraction, Any] | None:
        """Find the value nearest to the fact's own that makes the offer, with the size of the change."""
        value = self.known.value(fact.name)
        now = None if value is None else fact.encode(value, self.currency)
        if fact.kind in (Kind.FLAG, Kind.CHOICE):
            count = len(fact.choices) if fact.kind is Kind.CHOICE else 2
            others = [number for number in range(count) if number != now]
            return next(
                ((Fraction(1), self.decoded(fact, one)) for one in others if self.opens(fact, one)), None
            )
        base = 0 if now is None else now
        tried = borders | {base + int(sign * share * abs(base)) for share in _SHARES for sign in (-1, 1)}
        near = sorted(tried - {now}, key=lambda one: abs(one - base))
        # Less and more are looked at apart: what is tried first may open further away than the other does.
        sides = ([number for number in near if number < base], [number for number in near if number >= base])
        found = [
            number if now is None else self.edge(fact, base, number)
            for side in sides
            for number in [next((number for number in side if self.opens(fact, number)), None)]
            if number is not None
        ]
        if not found:
            return None
        edge = min(found, key=lambda one: abs(one - base))
        size = Fraction(abs(edge - base), abs(base)) if base and fact.kind is not Kind.DATE else Fraction(1)
        return size, self.decoded(fact, edge)

    def edge(self, fact: Fact, closed: int, opened: int) -> int:
        """Close in on where the offer begins to be made, between a value that does not make it and one that does."""
        while abs(opened - closed) > 1:
            middle = (opened + closed) // 2
            opened, closed = (middle, closed) if self.opens(fact, middle) else (opened, middle)
        return opened

    def decoded(self, fact: Fact, number: int) -> Any:
        return fact.decode(number, self.currency)

    def opens(self, fact: Fact, number: int) -> bool:
        """Decide again with one fact changed and tell whether the rule makes an offer."""
        if (number < 0 and fact.name != "disposable_income") or (
            fact.kind is Kind.DATE and not 0 < number <= date.max.toordinal()
        ):
            return False
        name, value, assessment = fact.name, self.decoded(fact, number), self.known.assessment
        given = name in self.policy.given
        changed = assessment.model_copy(
            update={"given": {**assessment.given, name: as_given(value)}} if given else {name: value}
        )
        try:
            judged = judge(facts_of(self.in_force, changed, Engines.REFERENCE), engines=Engines.REFERENCE)
        except InvalidPolicy:  # the changed case would make rules match together that exclude each other
            return False
        return any(offer.rule == self.rule.id for offer in judged.offers)


def _values(node: Node, known: CaseFacts) -> dict[str, int | None]:
    return known.encoded(facts_read(node))


def _in_points(fact: Fact, distance: str) -> str:
    """Write the distance between two shares in points, so that it is not read as a share of a share."""
    return distance.replace(" %", " points") if fact.kind is Kind.RATIO else distance
