"""Counter-offers: the plan inside the policy's limits that is nearest to a borrower's request."""

import hashlib
from collections.abc import Sequence
from decimal import Decimal

from restructure.calculator.measures.catalogue import Measure
from restructure.casework.decisions.decision import Decision
from restructure.casework.decisions.outcome import Offer, Refusal
from restructure.casework.decisions.plan_search import propose
from restructure.casework.decisions.rounds import Answer, CounterRequest, Round, read_counter_request
from restructure.casework.negotiation.ceilings import CounterLimits
from restructure.casework.negotiation.concession import Concession, first_good
from restructure.casework.negotiation.plan_boxes import PlanBox, Variant, cheapest, nearest
from restructure.casework.negotiation.proposals import PlanBudget, Proposals, extension_of
from restructure.casework.negotiation.step_ranges import remaining_ranges
from restructure.errors import InvalidInput, Issue
from restructure.inputs import Source, record_of
from restructure.policy.case_facts import CaseFacts, facts_of
from restructure.policy.engine.reference import ConditionResult
from restructure.policy.language.sections import Rule
from restructure.policy.policy import Policy
from restructure.policy.source import policy_of

__all__ = ["Answer", "CounterRequest", "Round", "answered", "counter", "round_id"]

_MOST_BOXES, _MOST_BOXES_OF_CONCESSION = 200, 60
"""How many boxes of plans are examined for the requested measures, and for each concession: more than it takes where
figures only rise or only fall."""


def counter(
    decision: Decision,
    request: CounterRequest | Source,
    policy: Policy | Source,
    *,
    rule: str | None = None,
) -> Decision:
    """Answer a borrower's request with the nearest plan inside the policy's limits.

    `rule` names the offer to start from (default: the best). The answer is a decision like any other: the new plan is
    the first of its offers and replaces the one it started from, and `rounds` records the request and the limits that
    were binding. Where no plan fits, the offers are unchanged. At most 500 plans are made, and those that determine
    how far the steps of a search may go. Raises `InvalidInput` for another policy than the decision's, an offer that
    was not made, and a decision without offers.

    >>> from restructure.casework.decisions.decision import decide
    >>> from restructure.intake.application import read_application
    >>> from restructure.policy.loading.loading import load_policy
    >>> case, policy = read_application("examples/illness.json"), load_policy("cn-consumer-finance")
    >>> first = decide(case, policy, on=case.as_of)
    >>> second = counter(first, CounterRequest(max_monthly_payment="1800"), policy, rule="illness-relief")
    >>> str(first.offers[0].plan.instalment), str(second.offers[0].plan.instalment), second.rounds[0].answer.value
    ('2046.14', '1780.53', 'met')
    """
    record_of(Decision, decision, "decision")
    request, policy = read_counter_request(request), policy_of(policy)
    in_force = decision.under(policy)
    if not decision.offers:
        sentence = "the decision made no offer, so there is nothing to negotiate about; decide anew"
        raise InvalidInput(Issue("offer-unknown", sentence, "rule"))
    rule_id = decision.offers[0].rule if rule is None else decision.offer_by(rule).rule
    known = facts_of(in_force, decision.assessment)
    offering = next(each for each in policy.rules if each.id == rule_id)
    answer, offer = _answer(known, offering, decision.offers, request, len(decision.rounds) + 1)
    return answered(decision, answer, offer)


def answered(before: Decision, answer: Round, offer: Offer | None) -> Decision:
    """Give the decision after a round, with the new offer first if there is one."""
    offers = before.offers
    if offer is not None:
        ordered = [offer, *(each for each in offers if each.rule != answer.rule)]
        offers = tuple(each.model_copy(update={"rank": rank}) for rank, each in enumerate(ordered, 1))
    return before.model_copy(
        update={"id": round_id(before.id, answer), "offers": offers, "rounds": (*before.rounds, answer)}
    )


def round_id(before: str, answer: Round) -> str:
    """Give the id of the decision after a round, from the id of the decision before it."""
    request = answer.request.model_dump_json(exclude_defaults=True)
    text = f"{before}\n{answer.number}\n{answer.rule}\n{request}"
    return hashlib.sha256(text.encode()).hexdigest()


def _answer(
    known: CaseFacts, rule: Rule, offers: tuple[Offer, ...], request: CounterRequest, number: int
) -> tuple[Round, Offer | None]:
    """Find the plan nearest to an offer that meets the request and is inside every limit.

    Nearest means the smallest change of the number of instalments, then the fewest further positions of the rule's
    search steps, in their order. Measures that the borrower edits are granted as requested if any such plan is inside
    the limits, and otherwise reduced towards those of the offer as little as possible. No plan exceeds the most that
    the offers of the decision concede, unless a limit of the policy caps it.
    """
    offer = next(each for each in offers if each.rule == rule.id)
    ranges = remaining_ranges(propose(known, offer.plan.measures), rule)
    edited = request.measures is not None
    limits = CounterLimits(known, rule, offers, ranges, edited=edited)
    requested = offer.plan.measures if request.measures is None else request.measures
    budget = PlanBudget(known)

    def search(measures: tuple[Measure, ...], *, near: bool = False) -> _NearestPlan:
        return _NearestPlan(
            Proposals(budget, measures, request, offer, () if edited else ranges), limits, near=near
        )

    def answer(kind: Answer, message: str, binding: tuple[ConditionResult, ...] = ()) -> Round:
        return Round(
            number=number, rule=rule.id, request=request, answer=kind, message=message, binding=binding
        )

    first = search(requested)
    reason, binding = first.reason, first.binding
    if first.met is not None:
        if not (edited and first.has_other_term_than(offer)):
            return answer(Answer.MET, "the plan does all that was asked"), first.met
        sentence = (
            f"the nearest inside the limits has extend.instalments {first.extension} instead of "
            f"{first.proposals.extension}; beyond that, {reason}"
        )
        return answer(Answer.NEAREST, sentence, binding), first.met
    if first.best is not None:
        excess, best = first.best
        lowest = max((row.total for row in best.plan.schedule.rows), default=Decimal(0))
        sentence = (
            f"the lowest inside the limits is {lowest:,}, {excess:,} above what was asked; "
            f"beyond that, {reason}"
        )
        return answer(Answer.NEAREST, sentence, binding), best
    if edited:
        concession = Concession(requested, offer.plan.measures, known.assessment)
        parts = range(1, concession.parts)
        granted = first_good(parts, lambda part: search(concession.at(part), near=True).plan)
        if granted is not None:
            part, reduced = granted
            sentence = f"the nearest inside the limits has {concession.text(part)}; beyond that, {reason}"
            return answer(Answer.NEAREST, sentence, binding), reduced
    return answer(Answer.REFUSED, reason, binding), None


class _NearestPlan:
    """The result of the search for one set of measures over numbers of instalments and positions of search steps."""

    def __init__(self, proposals: Proposals, limits: CounterLimits, *, near: bool) -> None:
        self.proposals, self.limits = proposals, limits
        self.best: tuple[Decimal, Offer] | None = None
        """The plan inside the limits that comes nearest to the request, and by how much it exceeds it."""
        self._why: tuple[Decimal, Refusal] | None = None
        self._checked: dict[Variant, Offer | None] = {}
        same, most = proposals.at(Variant(0, 0)), _MOST_BOXES_OF_CONCESSION if near else _MOST_BOXES
        boxes = [PlanBox(1, 0, 0, *positions) for positions in proposals.positions]
        nearest_met = nearest(boxes, self._met, self._never_met, most=most)
        if nearest_met is None and (
            same is None or proposals.farthest or not limits.refuse_whatever_the_term(same)
        ):
            other_terms = list(proposals.boxes(near=near))
            boxes += other_terms
            nearest_met = nearest(other_terms, self._met, self._never_met, most=most)
        self.met = None if nearest_met is None else nearest_met[1]
        """The nearest plan that meets the request in full."""
        self.extension = proposals.extension + (0 if nearest_met is None else nearest_met[0].away)
        """How many instalments it adds."""
        if nearest_met is None:
            self.best = cheapest(boxes, self._excess, self._inside, self._refused, most=most)

    def has_other_term_than(self, offer: Offer) -> bool:
        """Tell whether another number of instalments than the offer's was requested and could not be granted."""
        return self.extension != self.proposals.extension != extension_of(offer.plan.measures)

    @property
    def plan(self) -> Offer | None:
        """The plan that meets the request, or comes nearest to it."""
        return self.met or (self.best[1] if self.best else None)

    @property
    def reason(self) -> str:
        """Why no nearer plan is possible."""
        return (
            f"{self._why[1].code}: {self._why[1].message}"
            if self._why
            else self.proposals.refused or "no term fits inside the limits"
        )

    @property
    def binding(self) -> tuple[ConditionResult, ...]:
        """The limits that a nearer plan would exceed."""
        return tuple(self._why[1].conditions) if self._why else ()

    def _excess(self, variant: Variant) -> Decimal:
        proposal = self.proposals.at(variant)
        return self.proposals.excess(proposal) if proposal is not None else Decimal("Infinity")

    def _met(self, variant: Variant) -> Offer | None:
        return None if self._excess(variant) else self._inside(variant)

    def _inside(self, variant: Variant) -> Offer | None:
        """Give the offer of a variant that is inside the limits."""
        if variant not in self._checked:
            proposal = self.proposals.at(variant)
            result = None if proposal is None else self.limits.check(proposal)
            if isinstance(result, Refusal):
                excess = self._excess(variant)
                if self._why is None or excess < self._why[0]:
                    self._why = excess, result
            self._checked[variant] = result if isinstance(result, Offer) else None
        return self._checked[variant]

    def _never_met(self, corners: Sequence[Variant]) -> bool:
        return all(map(self._excess, corners)) or self._refused(corners)

    def _refused(self, corners: Sequence[Variant]) -> bool:
        """Tell whether the limits that refuse these variants refuse all between them."""
        made = [proposal for variant in corners if (proposal := self.proposals.at(variant)) is not None]
        return not made or (len(made) == len(corners) and self.limits.refuse_all(made))
