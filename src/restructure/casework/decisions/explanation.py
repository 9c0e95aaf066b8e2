"""Explanation of a rule's result: its conditions, near misses, and the smallest changes that lead to an offer."""

from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal

from restructure.calculator.conventions.quantity import Kind
from restructure.casework.decisions.condition_text import comparison_result
from restructure.casework.decisions.decision import Decision
from restructure.casework.decisions.judge import judge
from restructure.casework.decisions.outcome import Offer, Refusal, StepResult, TierResult
from restructure.casework.decisions.plan_search import SearchResult, make
from restructure.errors import InvalidInput, InvalidPolicy, Issue, did_you_mean
from restructure.inputs import Source, record_of
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
from restructure.short_form import counted
from restructure.texts import Text

__all__ = ["Branch", "Counterfactual", "Explanation", "NearMiss", "explain"]

TruthWord = Literal["true", "false", "unknown"]
_VERDICTS: dict[bool | None, TruthWord] = {True: "true", False: "false", None: "unknown"}

_NEAR = Fraction(1, 10)
# Where no threshold says how far a figure has to change, these shares of it are tried.
_SHARES = tuple(Fraction(n, 100) for n in (1, 2, 5, 10, 20, 50, 100, 200))


class Branch(Record):
    """A condition with its parts."""

    word: Literal["all", "any", "not", "compare"]
    """`all`, `any` or `not` of its parts, or `compare` for a single comparison."""
    verdict: TruthWord
    """Verdict of the condition; `unknown` if a fact is missing."""
    result: ConditionResult | None = None
    """The comparison with value and threshold; absent unless `word` is `compare`."""
    parts: tuple["Branch", ...] = ()
    """Its parts, in the order of the policy."""


class Judged(Record):
    """The whole condition of a rule, gate or limit."""

    id: str
    """Id of the rule, gate, limit or step, such as `illness-relief`."""
    what: Literal["rule", "gate", "limit", "step"]
    """Whether that is a rule, a gate, a limit or a step."""
    title: Text
    """Display title, per language."""
    reference: str
    """Key of the policy's sources, with the paragraph after a colon if there is one."""
    condition: Branch
    """The condition with the value of every fact."""


class NearMiss(Record):
    """A comparison that failed by a tenth of its threshold or less."""

    fact: str
    """Name of the fact that was compared, such as `income_drop`."""
    actual: str
    """Value of the fact, such as "28 %"."""
    threshold: str
    """Threshold of the comparison, such as "30 %"."""
    distance: str
    """Distance from the threshold, such as "2 points"."""
    sentence: str
    """The near miss as a sentence."""


class Counterfactual(Record):
    """The smallest change of one fact, with all others unchanged, that leads to the offer."""

    fact: str
    """Name of the fact, such as `hardship_cause`."""
    actual: str
    """Value of the fact, such as "illness"."""
    needed: str
    """Nearest value that leads to the offer, found by deciding again, such as "unemployment"."""
    sentence: str
    """The change as a sentence."""


class Explanation(Record):
    """Why a rule made an offer or none."""

    rule: str
    """Id of the rule in the policy, such as `job-loss-holiday`."""
    title: Text
    """Display title of the rule, per language."""
    reference: str
    """Key of the policy's sources, with the paragraph after a colon if there is one."""
    verdict: Literal["offered", "refused", "unknown"]
    """Result of the rule; `unknown` if it depends on a missing fact."""
    stage: str
    """Stage of the refusal, such as `condition` or `limit`; empty for an offer."""
    message: str
    """Reason of the result, in one sentence."""
    conditions: tuple[Judged, ...]
    """The rule's condition, the gates that are not passed, and the limits that its plan was checked against."""
    steps: tuple[StepResult, ...]
    """Steps of its search; empty if it has none."""
    tiers: tuple[TierResult, ...] = ()
    """Every tier that was tried, if the search has several."""
    near_misses: tuple[NearMiss, ...]
    """Comparisons that failed by a tenth of their threshold or less, the nearest first."""
    counterfactuals: tuple[Counterfactual, ...]
    """Changes of one fact that lead to the offer, the smallest first."""

    def _summary(self) -> str:
        result = f"{self.verdict} at {self.stage}" if self.stage else self.verdict
        changes = counted(len(self.counterfactuals), "change")
        return f"{self.rule} {result}, {len(self.near_misses)} nearly met, {changes} leading to the offer"


def explain(decision: Decision, policy: Policy | Source, *, rule: str) -> Explanation:
    """Explain the result of a rule: every condition with its values, near misses, and changes that lead to the offer.

    A counterfactual changes one fact of the assessment, leaves the others unchanged, and is listed only if
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
    record_of(Decision, decision, "decision")
    record_of(str, rule, "rule")
    policy = policy_of(policy)
    in_force = decision.under(policy)
    by_id = {each.id: each for each in policy.rules}
    if rule not in by_id:
        raise InvalidInput(
            Issue("rule-unknown", f'the policy has no rule "{rule}"{did_you_mean(rule, by_id)}')
        )
    known = facts_of(in_force, decision.assessment, Engines.REFERENCE)
    return _Explainer(decision, known, by_id[rule]).explanation()


class _Explainer:
    """Explains one rule of one decision."""

    def __init__(self, decision: Decision, known: CaseFacts, rule: Rule) -> None:
        self.decision, self.known, self.rule = decision, known, rule
        self.in_force, self.policy = known.in_force, known.in_force.policy
        self.currency = known.assessment.currency

    def explanation(self) -> Explanation:
        result: Literal["offered", "refused", "unknown"]
        outcome = self.outcome()
        conditions, failing = self.judged(outcome)
        if isinstance(outcome, Offer):
            result, stage, message = "offered", "", "the offer is made"
        else:
            unknown = outcome.code in ("unknown", "amount-unknown") or any(
                judged.condition.verdict == "unknown" for judged in conditions
            )
            result, stage, message = "unknown" if unknown else "refused", outcome.stage, outcome.message
        return Explanation(
            rule=self.rule.id,
            title=self.rule.title,
            reference=self.rule.reference,
            verdict=result,
            stage=stage,
            message=message,
            conditions=conditions,
            steps=outcome.steps,
            tiers=outcome.tiers,
            near_misses=tuple(self.near_misses(failing)),
            counterfactuals=() if isinstance(outcome, Offer) else self.counterfactuals(failing),
        )

    def outcome(self) -> Offer | Refusal:
        results: list[Offer | Refusal] = [*self.decision.offers, *self.decision.refusals]
        return next(result for result in results if result.rule == self.rule.id)

    # --- whole conditions

    def judged(self, outcome: Offer | Refusal) -> tuple[tuple[Judged, ...], list[tuple[Node, CaseFacts]]]:
        """Give the conditions that decide the rule, and those of them that are not true."""
        failing: list[tuple[Node, CaseFacts]] = []
        judged: list[Judged] = []

        def add(what: Literal["rule", "gate", "limit"], owner: Rule | Gate | Limit, known: CaseFacts) -> None:
            condition = owner.when if isinstance(owner, Rule) else owner.require
            branch = self.branch(condition, known)
            judged.append(
                Judged(id=owner.id, what=what, title=owner.title, reference=owner.reference, condition=branch)
            )
            if branch.verdict != "true":
                failing.append((self.in_force.node(condition), known))

        add("rule", self.rule, self.known)
        closed = {gate.id for gate in self.decision.failed_gates}
        for gate in self.policy.gates:
            if gate.id in closed:
                add("gate", gate, self.known)
        if isinstance(outcome, Refusal) and outcome.code == "not-tried":
            named = outcome.message.replace(",", "").split()
            for other in self.policy.rules:
                if other.id in self.in_force.behind[self.rule.id] and other.id in named:
                    # A rule that takes precedence made an offer: a change that prevents that may lead to this one.
                    add("rule", other, self.known)
                    failing.append((self.in_force.node(other.when).negated(), self.known))
        plan = self.plan(outcome)
        if plan is not None:
            for limit in self.policy.limits:
                if limit.about(self.rule):
                    add("limit", limit, plan)
            if isinstance(outcome, Refusal) and outcome.stage == "search":
                missed = self.made.asked if outcome.code == "target-not-accepted" else self.made.target
                assert missed is not None, "a search has a target"
                failing.append((missed, plan))
        return tuple(judged), failing

    def plan(self, outcome: Offer | Refusal) -> CaseFacts | None:
        """Give the facts with those of the rule's plan, if it has a plan to check against the limits."""
        if isinstance(outcome, Offer):
            return self.known.with_plan(outcome.prospect, outcome.plan)
        return self.made.proposal.known if outcome.stage in ("search", "limit") else None

    @cached_property
    def made(self) -> SearchResult:
        return make(self.known, self.rule)

    def branch(self, condition: Condition, known: CaseFacts) -> Branch:
        node = self.in_force.node(condition)
        names = facts_read(node)
        truth = _VERDICTS[verdict(node, known.encoded(names))]
        match condition:
            case Comparison():
                assert isinstance(node, Leaf), "one comparison is one leaf"
                return Branch(word="compare", verdict=truth, result=comparison_result(node, known))
            case AllOf():
                parts = tuple(self.branch(part, known) for part in condition.all)
                return Branch(word="all", verdict=truth, parts=parts)
            case AnyOf():
                parts = tuple(self.branch(part, known) for part in condition.any)
                return Branch(word="any", verdict=truth, parts=parts)
            case Not():
                return Branch(word="not", verdict=truth, parts=(self.branch(condition.negated, known),))

    # --- near misses

    def near_misses(self, failing: list[tuple[Node, CaseFacts]]) -> list[NearMiss]:
        misses: list[tuple[Fraction, NearMiss]] = []
        for node, known in failing:
            values = _values(node, known)
            for leaf, truth in decisive(node, values):
                gap, sides = leaf.gap(values), leaf.sides(values)
                if truth is not False or gap is None or sides is None or not sides[1]:
                    continue
                share = Fraction(abs(sides[0] - sides[1]), abs(sides[1]))
                if share <= _NEAR:
                    result = comparison_result(leaf, known)
                    fact = self.in_force.fact(leaf.fact)
                    over = "above" if sides[0] > sides[1] else ("below" if sides[0] < sides[1] else "at")
                    distance = _in_points(fact, result.distance)
                    miss = NearMiss(
                        fact=result.fact,
                        actual=result.actual,
                        threshold=result.threshold,
                        distance=distance,
                        sentence=f"{result.fact} is {result.actual}, {distance} {over} the threshold of "
                        f"{result.threshold}",
                    )
                    misses.append((share, miss))
        return [miss for _, miss in sorted(misses, key=lambda pair: pair[0])]

    # --- counterfactuals

    def counterfactuals(self, failing: list[tuple[Node, CaseFacts]]) -> tuple[Counterfactual, ...]:
        changes: list[tuple[Fraction, Counterfactual]] = []
        for name, thresholds in self.thresholds(failing).items():
            fact = self.in_force.fact(name)
            needed = self.least(fact, thresholds)
            if needed is not None:
                size, value = needed
                actual = show(fact, self.known.value(name), self.currency)
                shown = show(fact, value, self.currency)
                sentence = f"if {name} were {shown} instead of {actual}, the offer would be made"
                change = Counterfactual(fact=name, actual=actual, needed=shown, sentence=sentence)
                changes.append((size, change))
        return tuple(change for _, change in sorted(changes, key=lambda pair: pair[0]))

    def thresholds(self, failing: list[tuple[Node, CaseFacts]]) -> dict[str, set[int]]:
        """Give the facts of the case that the failed conditions depend on, each with the values at which one
        changes.
        """
        thresholds: dict[str, set[int]] = {}

        def add(name: str, threshold: Fraction | None) -> None:
            for base in self.in_force.rests_on(name):
                if base == "as_of" or base.startswith("events."):
                    continue  # the day and past events cannot be changed
                if not self.in_force.fact(base).of_plan:
                    values = thresholds.setdefault(base, set())
                    if base == name and threshold is not None:
                        whole = threshold.numerator // threshold.denominator
                        values.update(whole + step for step in (-1, 0, 1, 2))

        for node, known in failing:
            values = _values(node, known)
            for leaf in node.leaves():
                left = values[leaf.fact]
                if leaf.other is None:
                    add(leaf.fact, Fraction(leaf.threshold))
                else:
                    right = values[leaf.other]
                    add(leaf.fact, None if right is None else Fraction(leaf.right * right, leaf.left))
                    add(leaf.other, None if left is None else Fraction(leaf.left * left, leaf.right))
        return thresholds

    def least(self, fact: Fact, thresholds: set[int]) -> tuple[Fraction, Any] | None:
        """Find the value nearest to the fact's own that leads to the offer, with the size of the change."""
        value = self.known.value(fact.name)
        now = None if value is None else fact.encode(value, self.currency)
        if fact.kind in (Kind.FLAG, Kind.CHOICE):
            count = len(fact.choices) if fact.kind is Kind.CHOICE else 2
            others = [number for number in range(count) if number != now]
            return next(
                ((Fraction(1), self.decoded(fact, other)) for other in others if self.opens(fact, other)),
                None,
            )
        base = 0 if now is None else now
        tried = thresholds | {base + int(sign * share * abs(base)) for share in _SHARES for sign in (-1, 1)}
        near = sorted(tried - {now}, key=lambda number: abs(number - base))
        # Both sides are tried, since the first value that leads to the offer may be nearer on the other side.
        sides = (
            [number for number in near if number < base],
            [number for number in near if number >= base],
        )
        opening = [
            number if now is None else self.edge(fact, base, number)
            for side in sides
            for number in [next((number for number in side if self.opens(fact, number)), None)]
            if number is not None
        ]
        if not opening:
            return None
        edge = min(opening, key=lambda number: abs(number - base))
        size = Fraction(abs(edge - base), abs(base)) if base and fact.kind is not Kind.DATE else Fraction(1)
        return size, self.decoded(fact, edge)

    def edge(self, fact: Fact, closed: int, opened: int) -> int:
        """Bisect between a value that does not lead to the offer and one that does."""
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
        except InvalidPolicy:  # with the changed fact, rules match together that exclude each other
            return False
        return any(offer.rule == self.rule.id for offer in judged.offers)


def _values(node: Node, known: CaseFacts) -> dict[str, int | None]:
    return known.encoded(facts_read(node))


def _in_points(fact: Fact, distance: str) -> str:
    """Write the distance between two shares in percentage points, so that it is not read as a share of a share."""
    return distance.replace(" %", " points") if fact.kind is Kind.RATIO else distance
