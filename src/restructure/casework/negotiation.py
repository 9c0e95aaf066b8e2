"""Negotiation: the nearest plan inside the policy's limits to what the borrower asks for."""

import hashlib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from restructure.calculator.measures import Extend, Holiday, Measure, Pay
from restructure.calculator.money import minor_digits
from restructure.casework.decision import Decision
from restructure.casework.judging import hold
from restructure.casework.outcome import Offer, Refusal
from restructure.casework.rounds import Answer, Request, Round
from restructure.casework.search import Proposal, propose
from restructure.errors import InvalidInput, Issue, Refused
from restructure.policy.case_facts import CaseFacts, facts_of
from restructure.policy.in_force import InForce
from restructure.policy.language import Policy, Rule
from restructure.policy.normal import Leaf, Operator
from restructure.policy.reference import ConditionResult

__all__ = ["Answer", "Request", "Round", "answered", "counter", "round_id"]


def counter(decision: Decision, request: Request, policy: Policy, *, rule: str | None = None) -> Decision:
    """Answer what a borrower asks for with the nearest plan inside the policy's limits.

    `rule` says from which offer to start (default: the best). The answer is a decision like any other: the plan
    found stands first among its offers in place of the one it started from, and `rounds` records what was asked
    and what stood in the way. Where nothing fits, the offers stay as they were. Raises `InvalidInput` for another
    policy than the decision's, an offer that was not made, and a decision without offers.

    >>> from restructure.casework.decision import decide
    >>> from restructure.intake.application import read_application
    >>> from restructure.policy.loading import load_policy
    >>> case, policy = read_application("examples/illness.json"), load_policy("cn-consumer-finance")
    >>> first = decide(case, policy, on=case.as_of)
    >>> second = counter(first, Request(most_a_month="1800"), policy, rule="illness-relief")
    >>> str(first.offers[0].plan.instalment), str(second.offers[0].plan.instalment), second.rounds[0].answer.value
    ('2046.14', '1780.53', 'met')
    """
    in_force = decision.under(policy)
    if not decision.offers:
        sentence = "the decision made no offer, so there is nothing to negotiate about; decide anew"
        raise InvalidInput(Issue("offer-unknown", sentence, "rule"))
    chosen = decision.offers[0].rule if rule is None else decision.offer_by(rule).rule
    known = facts_of(in_force, decision.assessment)
    by = next(one for one in policy.rules if one.id == chosen)
    number = len(decision.rounds) + 1
    told, found = _answer(known, by, decision.offers, request, number)
    return answered(decision, told, found)


def answered(before: Decision, told: Round, found: Offer | None) -> Decision:
    """Give the decision that a round makes of the one before it, the plan found first among its offers."""
    offers = before.offers
    if found is not None:
        ordered = [found, *(one for one in offers if one.rule != told.rule)]
        offers = tuple(one.model_copy(update={"rank": rank}) for rank, one in enumerate(ordered, 1))
    return before.model_copy(
        update={"id": round_id(before.id, told), "offers": offers, "rounds": (*before.rounds, told)}
    )


def round_id(before: str, one: Round) -> str:
    """Give the id of the decision that a round makes of the one before it."""
    text = f"{before}\n{one.number}\n{one.rule}\n{one.request.model_dump_json(exclude_defaults=True)}"
    return hashlib.sha256(text.encode()).hexdigest()


def _answer(
    known: CaseFacts, rule: Rule, offers: tuple[Offer, ...], request: Request, number: int
) -> tuple[Round, Offer | None]:
    """Look for the plan nearest to an offer that does what was asked and keeps every limit.

    Nearest means the fewest instalments more or fewer than the offer. Nothing is given up beyond the most that
    the policy itself offered, unless a limit of the policy says how much may be.
    """
    offer = next(one for one in offers if one.rule == rule.id)
    table = _Table(known, rule, offers, request, offer)
    best, why = None, None
    for proposal in table.proposals():
        short = table.short(proposal)
        held = table.held(proposal)
        if isinstance(held, Refusal):
            if why is None or short < why[0]:
                why = short, held
            continue
        if not short:
            return _said(number, rule, request, Answer.MET, "the plan does all that was asked"), held
        if best is None or short < best[0]:
            best = short, held
    binding = tuple(why[1].conditions) if why else ()
    reason = f"{why[1].code}: {why[1].message}" if why else table.refused or "no term does"
    if best is None:
        return _said(number, rule, request, Answer.REFUSED, reason, binding), None
    lowest = max((row.total for row in best[1].plan.schedule.rows), default=Decimal(0))
    sentence = (
        f"the lowest inside the limits is {lowest:,}, {best[0]:,} above what was asked; beyond that, {reason}"
    )
    return _said(number, rule, request, Answer.NEAREST, sentence, binding), best[1]


def _said(
    number: int,
    rule: Rule,
    request: Request,
    answer: Answer,
    message: str,
    binding: tuple[ConditionResult, ...] = (),
) -> Round:
    return Round(
        number=number, rule=rule.id, request=request, answer=answer, message=message, binding=binding
    )


class _Border(NamedTuple):
    """What the policy itself gave up at most, where no limit of it says how much may be."""

    fact: str
    most: Decimal


_MOST_ROWS = 1200


class _Table:
    """One request on the table."""

    def __init__(
        self, known: CaseFacts, rule: Rule, offers: tuple[Offer, ...], request: Request, offer: Offer
    ) -> None:
        self.known, self.rule, self.request = known, rule, request
        self.refused = ""
        """What the calculator said of the plan as asked, if it refused it."""
        chosen = offer.plan.measures if request.measures is None else request.measures
        self.extension = sum(one.instalments for one in chosen if isinstance(one, Extend))
        self.fixed: tuple[Measure, ...] = tuple(one for one in chosen if not isinstance(one, Extend))
        if request.lump_sum is not None:
            self.fixed = (*self.fixed, Pay(amount=request.lump_sum))
        if request.first_payment_from is not None:
            self.fixed = self._begun_later(request.first_payment_from, offer)
        if request.keep_end_date:
            self.extension = min(self.extension, 0)
            self.fixed = tuple(
                one.model_copy(update={"keep_term": True}) if isinstance(one, Holiday) else one
                for one in self.fixed
            )
        self.borders = tuple(_borders(known.in_force, offers, edited=request.measures is not None))

    def _begun_later(self, day: date, offer: Offer) -> tuple[Measure, ...]:
        early = sum(row.due < day for row in offer.plan.schedule.rows)
        paused = [one for one in self.fixed if isinstance(one, Holiday) and one.starts == 1]
        if not early or any(
            one.instalments >= early and one.pay == "none" and one.amount is None for one in paused
        ):
            return self.fixed
        others = tuple(one for one in self.fixed if one not in paused)
        return (*others, Holiday(instalments=early))

    def proposals(self) -> Iterator[Proposal]:
        """Make the plans with more or fewer instalments, those nearest to the offer first."""
        longer, shorter = not self.request.keep_end_date, True
        same = self._at(self.extension)
        if same is not None:
            yield same
        for away in range(1, _MOST_ROWS):
            more = self._at(self.extension + away) if longer else None
            longer = more is not None and not more.too_long
            fewer = self._at(self.extension - away) if shorter else None
            shorter = fewer is not None
            yield from (one for one in (more, fewer) if one is not None)
            if not (longer or shorter):
                return

    def _at(self, extension: int) -> Proposal | None:
        measures = (*self.fixed, Extend(instalments=extension)) if extension else self.fixed
        try:
            return propose(self.known, measures)
        except Refused as refused:
            self.refused = self.refused or f"{refused.issues[0].code}: {refused.issues[0].message}"
            return None

    def short(self, at: Proposal) -> Decimal:
        """Say by how much the highest instalment is above what was asked."""
        if self.request.most_a_month is None:
            return Decimal(0)
        highest = max((row.total for row in at.plan.schedule.rows), default=Decimal(0))
        return max(Decimal(0), highest - self.request.most_a_month)

    def held(self, at: Proposal) -> Offer | Refusal:
        """Hold a plan against the policy's limits and against what the policy itself gave up."""
        held = hold(self.rule, at)
        if isinstance(held, Refusal):
            return held
        for border in self.borders:
            value = getattr(at.prospect, border.fact)
            if value is not None and value > border.most + self._rounding(border, at):
                return Refusal.model_construct(
                    rule=self.rule.id,
                    title=self.rule.title,
                    stage="limit",
                    code="beyond-what-was-offered",
                    message=f"{border.fact} would be {value}, and the policy offered {border.most} at most",
                    reason=self.rule.reason,
                    conditions=(
                        ConditionResult(
                            fact=border.fact,
                            op="<=",
                            actual=str(value),
                            threshold=str(border.most),
                            verdict="false",
                        ),
                    ),
                    steps=(),
                )
        return held

    def _rounding(self, border: _Border, at: Proposal) -> Decimal:
        """Give what rounding every row to its minor unit may do to a share of what is owed."""
        if border.fact != "npv_loss":
            return Decimal(0)
        unit = Decimal(1).scaleb(-minor_digits(self.known.assessment.currency))
        rows = len(at.plan.schedule.rows) + 1
        return (rows * unit / at.plan.position.buckets.claim).quantize(Decimal("0.000001")) + Decimal(
            "0.000001"
        )


def _borders(in_force: InForce, offers: tuple[Offer, ...], *, edited: bool) -> Iterator[_Border]:
    """Give what may be given up at most; a longer term alone gives up nothing that was not offered."""
    nodes = (in_force.plan_problem.nodes[f"passed:{limit.id}"] for limit in in_force.policy.limits)
    # A limit that holds only for some cases says nothing about the others.
    read = {
        node.fact for node in nodes if isinstance(node, Leaf) and node.op in (Operator.AT_MOST, Operator.LESS)
    }
    if not read & {"relief", "relief_share"}:
        yield _Border("relief", max(offer.prospect.relief for offer in offers))
    if edited and not read & {"npv_loss", "modification_loss"}:
        losses = [offer.prospect.npv_loss for offer in offers if offer.prospect.npv_loss is not None]
        if losses:
            yield _Border("npv_loss", max(*losses, Decimal(0)))
