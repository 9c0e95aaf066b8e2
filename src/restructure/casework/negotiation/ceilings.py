"""Ceilings of a counter-offer: the policy's limits, the ranges of its search steps, and implicit ceilings."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from restructure.calculator.conventions.money import minor_digits
from restructure.casework.decisions.judge import check_limits
from restructure.casework.decisions.outcome import Offer, Refusal
from restructure.casework.decisions.plan_search import Proposal, propose
from restructure.casework.negotiation.plan_boxes import fail_throughout
from restructure.casework.negotiation.step_ranges import StepRange
from restructure.intake.prospect import Prospect
from restructure.policy.case_facts import CaseFacts
from restructure.policy.engine.normal_form import Leaf, Operator
from restructure.policy.engine.reference import ConditionResult
from restructure.policy.in_force import InForce
from restructure.policy.language.sections import Rule

__all__ = ["CounterLimits", "ImplicitCeiling"]


class ImplicitCeiling(NamedTuple):
    """Implicit ceiling on relief or NPV loss: the most any offer of the decision concedes, where no limit caps it."""

    fact: str
    most: Decimal


class CounterLimits:
    """Checks a plan against the policy's limits, the ranges of the search steps and the implicit ceilings."""

    def __init__(
        self,
        known: CaseFacts,
        rule: Rule,
        offers: tuple[Offer, ...],
        ranges: tuple[StepRange, ...],
        *,
        edited: bool,
    ) -> None:
        self.known, self.rule, self.ranges = known, rule, ranges
        offered = [offer.prospect for offer in offers]
        own = next(offer for offer in offers if offer.rule == rule.id)
        measures = own.plan.measures
        for step in ranges:
            if step.remaining:
                measures = step.placed(measures, step.last)
        if measures != own.plan.measures:
            offered.append(propose(known, measures).prospect)
        nodes = known.in_force.plan_problem.nodes
        self.limits = [
            nodes[f"passed:{limit.id}"] for limit in known.in_force.policy.limits if limit.about(rule)
        ]
        self.ceilings = tuple(_ceilings(known.in_force, offered, edited=edited))

    def check(self, proposal: Proposal) -> Offer | Refusal:
        """Give the offer of a plan, or the refusal by the first limit, range or ceiling that it exceeds."""
        result = check_limits(self.rule, proposal)
        if isinstance(result, Refusal):
            return result
        return self._beyond_range(proposal) or self._above_ceiling(proposal) or result

    def refuse_whatever_the_term(self, proposal: Proposal) -> bool:
        """Tell whether a plan is refused with any number of instalments."""
        return self._beyond_range(proposal) is not None or any(
            ceiling.fact == "relief" and self._exceeds(ceiling, proposal) for ceiling in self.ceilings
        )

    def refuse_all(self, corners: Sequence[Proposal]) -> bool:
        """Tell whether what refuses these plans refuses all between them too."""
        return (
            all(self._beyond_range(proposal) for proposal in corners)
            # Twice the rounding, since the plans between may be rounded the other way.
            or any(all(self._exceeds(ceiling, each, 2) for each in corners) for ceiling in self.ceilings)
            or any(fail_throughout(node, corners) for node in self.limits)
        )

    def _beyond_range(self, proposal: Proposal) -> Refusal | None:
        for step in self.ranges:
            value = step.beyond(proposal.measures)
            if value is not None:
                shown, end = step.grid.shown(value), step.grid.shown(step.grid.end)
                op = "<=" if step.grid.up else ">="
                name = f"{step.step.measure['measure']}.{step.name}"
                message = f"{name} would be {shown}, and the range of the step {step.step.id} ends at {end}"
                result = ConditionResult(fact=name, op=op, actual=shown, threshold=end, verdict="false")
                return self._refusal("beyond-the-range", message, result)
        return None

    def _exceeds(self, ceiling: ImplicitCeiling, proposal: Proposal, roundings: int = 1) -> bool:
        value = getattr(proposal.prospect, ceiling.fact)
        return value is not None and value > ceiling.most + roundings * self._rounding(ceiling, proposal)

    def _above_ceiling(self, proposal: Proposal) -> Refusal | None:
        for ceiling in self.ceilings:
            if self._exceeds(ceiling, proposal):
                fact, most = ceiling
                value = getattr(proposal.prospect, fact)
                message = f"{fact} would be {value}, and the policy offered {most} at most"
                result = ConditionResult(
                    fact=fact, op="<=", actual=str(value), threshold=str(most), verdict="false"
                )
                return self._refusal("beyond-what-was-offered", message, result)
        return None

    def _refusal(self, code: str, message: str, condition: ConditionResult) -> Refusal:
        return Refusal.model_construct(
            rule=self.rule.id,
            title=self.rule.title,
            stage="limit",
            code=code,
            message=message,
            reason=self.rule.reason,
            conditions=(condition,),
            steps=(),
        )

    def _rounding(self, ceiling: ImplicitCeiling, proposal: Proposal) -> Decimal:
        """Give the effect on a share of the claim of rounding every instalment to its minor unit."""
        if ceiling.fact != "npv_loss":
            return Decimal(0)
        unit = Decimal(1).scaleb(-minor_digits(self.known.assessment.currency))
        rows, claim = len(proposal.plan.schedule.rows) + 1, proposal.plan.position.buckets.claim
        return (rows * unit / claim).quantize(Decimal("0.000001")) + Decimal("0.000001")


def _ceilings(in_force: InForce, offered: Sequence[Prospect], *, edited: bool) -> Iterator[ImplicitCeiling]:
    """Give the implicit ceilings; a longer term alone concedes nothing that was not offered."""
    # A limit that applies to some cases or some rules only says nothing about the others.
    limits = (limit for limit in in_force.policy.limits if not limit.offers_of)
    nodes = (in_force.plan_problem.nodes[f"passed:{limit.id}"] for limit in limits)
    read = {
        node.fact for node in nodes if isinstance(node, Leaf) and node.op in (Operator.AT_MOST, Operator.LESS)
    }
    if not read & {"relief", "relief_share"}:
        yield ImplicitCeiling("relief", max(prospect.relief for prospect in offered))
    if edited and not read & {"npv_loss", "modification_loss"}:
        losses = [prospect.npv_loss for prospect in offered if prospect.npv_loss is not None]
        if losses:
            yield ImplicitCeiling("npv_loss", max(*losses, Decimal(0)))
