"""What the chart of a frontier shows: its plans, the one the policy ranks first, and what was offered."""

from decimal import Decimal

from restructure.casework.decisions.decision import Decision
from restructure.casework.decisions.outcome import Offer
from restructure.casework.negotiation.frontier import Frontier, Point
from restructure.report.plots.pictures import FrontierPicture, Mark
from restructure.report.wording import Wording

__all__ = ["frontier_picture"]


def frontier_picture(frontier: Frontier, wording: Wording, decision: Decision | None) -> FrontierPicture:
    """Describe the plans of a frontier, and the offers of a decision on the same loan if it is given."""
    plans = tuple(
        _mark(point.offer, wording, cost=point.lender_loss, redefault=point.redefault)
        for point in frontier.points
    )
    offers = () if decision is None else decision.offers
    offered = tuple(
        _mark(offer, wording, cost=_cost(offer, frontier), name=wording("plots.offer", rank=k))
        for k, offer in enumerate(offers, 1)
    )
    currency = frontier.points[0].offer.prospect.currency if frontier.points else ""
    if decision is not None:
        currency = decision.application.loan.currency
    return FrontierPicture(
        wording,
        currency,
        plans,
        None if frontier.chosen is None else plans[frontier.chosen],
        offered,
        any(point.redefault is not None for point in frontier.points),
    )


def _cost(offer: Offer, frontier: Frontier) -> Decimal | None:
    """Give the cost of an offer as the frontier counts it; none where that counts re-default and lacks the offer."""
    same: Point | None = next(
        (point for point in frontier.points if point.offer.plan.measures == offer.plan.measures), None
    )
    if same is not None:
        return same.lender_loss
    expected = any(point.redefault is not None for point in frontier.points)
    return None if expected else offer.prospect.npv_loss


def _mark(
    offer: Offer, wording: Wording, *, cost: Decimal | None, redefault: Decimal | None = None, name: str = ""
) -> Mark:
    prospect = offer.prospect
    return Mark(
        name,
        wording.text(offer.title),
        prospect.instalment_after,
        prospect.total_after,
        None if cost is None else 100 * cost,
        prospect.term_after,
        None if redefault is None else 100 * redefault,
    )
