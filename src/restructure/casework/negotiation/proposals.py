"""Proposals: plans with a set of measures, more or fewer instalments and further positions of the search steps."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from itertools import accumulate, pairwise

from restructure.calculator.measures.catalogue import Measure
from restructure.calculator.measures.holiday import Holiday
from restructure.calculator.measures.timing import Extend
from restructure.calculator.measures.up_front import Pay
from restructure.casework.decisions.outcome import Offer
from restructure.casework.decisions.plan_search import Proposal, propose
from restructure.casework.decisions.rounds import CounterRequest
from restructure.casework.negotiation.plan_boxes import PlanBox, Variant, boxes, first_beyond
from restructure.casework.negotiation.step_ranges import StepRange
from restructure.errors import Refused
from restructure.policy.case_facts import CaseFacts

__all__ = ["PlanBudget", "Proposals", "extension_of"]

_MOST_ROWS = 1199
"""How many instalments more or fewer are considered."""
_NEAR = 23
"""How many are considered for a concession. Up to here every position of the search steps is tried, beyond it only
the ends."""
_MOST_PLANS = 500
"""How many plans are made for one answer, apart from those that determine the ranges of the search steps."""


class PlanBudget:
    """Makes the plans for one answer, up to a fixed number."""

    def __init__(self, known: CaseFacts) -> None:
        self.known, self.left = known, _MOST_PLANS

    def make(self, measures: tuple[Measure, ...]) -> Proposal | None:
        """Make a plan, `None` once the number is reached; raises `Refused` for measures that cannot be carried out."""
        if not self.left:
            return None
        self.left -= 1
        return propose(self.known, measures)


class Proposals:
    """One set of measures, with more or fewer instalments and further positions of the rule's search steps."""

    def __init__(
        self,
        budget: PlanBudget,
        measures: tuple[Measure, ...],
        request: CounterRequest,
        offer: Offer,
        ranges: tuple[StepRange, ...],
    ) -> None:
        self.budget, self.request, self.ranges = budget, request, ranges
        self.refused = ""
        """The calculator's refusal of the plan as requested, empty if it can be carried out."""
        ends = list(accumulate((step.remaining for step in ranges), initial=0))
        self.farthest = ends[-1]
        """How many positions remain to the steps, one step after the other."""
        self.positions = [(0, 0), *((low + 1, high) for low, high in pairwise(ends) if low < high)]
        """The first and last position at which each step varies alone."""
        self.extension = extension_of(measures)
        self.fixed: tuple[Measure, ...] = tuple(
            measure for measure in measures if not isinstance(measure, Extend)
        )
        if request.lump_sum is not None:
            self.fixed = (*self.fixed, Pay(amount=request.lump_sum))
        if request.first_payment_from is not None:
            self.fixed = self._starting(request.first_payment_from, offer)
        if request.keep_end_date:
            self.extension = min(self.extension, 0)
            self.fixed = tuple(
                measure.model_copy(update={"keep_term": True}) if isinstance(measure, Holiday) else measure
                for measure in self.fixed
            )
        self._made: dict[Variant, Proposal | None] = {}

    def _starting(self, day: date, offer: Offer) -> tuple[Measure, ...]:
        """Give the measures with a payment holiday for the instalments before a day."""
        early = sum(row.due < day for row in offer.plan.schedule.rows)
        paused = [measure for measure in self.fixed if isinstance(measure, Holiday) and measure.starts == 1]
        if not early or any(
            holiday.instalments >= early and holiday.pay == "none" and holiday.amount is None
            for holiday in paused
        ):
            return self.fixed
        others = tuple(measure for measure in self.fixed if measure not in paused)
        return (*others, Holiday(instalments=early))

    def boxes(self, *, near: bool) -> Iterator[PlanBox]:
        """Give the variants with more or fewer instalments in boxes, up to the limit on the term."""
        same = self.at(Variant(0, 0))
        shortest = _MOST_ROWS if same is None else len(same.plan.schedule.rows) - 1
        most = _NEAR if near else _MOST_ROWS
        if not self.request.keep_end_date:
            farthest = most if near else first_beyond(self._too_long, most)
            yield from boxes(1, farthest, self.positions, fine=_NEAR)
        yield from boxes(-1, min(shortest, most), self.positions, fine=_NEAR)

    def _too_long(self, away: int) -> bool:
        """Tell whether a plan with so many instalments more is impossible or too long."""
        proposal = self.at(Variant(away, 0))
        return proposal is None or proposal.too_long

    def at(self, variant: Variant) -> Proposal | None:
        """Make the plan of a variant, `None` if it is impossible."""
        if variant not in self._made:
            extension, measures = self.extension + variant.away, self._stepped(variant.steps)
            if abs(extension) > _MOST_ROWS:
                self.refused = self.refused or f"term-too-long: {_MOST_ROWS:,} instalments are the most"
                self._made[variant] = None
                return None
            try:
                proposal = self.budget.make(
                    (*measures, Extend(instalments=extension)) if extension else measures
                )
            except Refused as refused:
                self.refused = self.refused or f"{refused.issues[0].code}: {refused.issues[0].message}"
                proposal = None
            self._made[variant] = None if proposal is None or self._too_early(proposal) else proposal
        return self._made[variant]

    def _too_early(self, proposal: Proposal) -> bool:
        """Tell whether a payment falls due before the day asked for, as where the loan ends before that day."""
        day = self.request.first_payment_from
        first = next((row.due for row in proposal.plan.schedule.rows if row.total), None)
        if day is None or first is None or first >= day:
            return False
        self.refused = self.refused or f"the first payment would fall due on {first}, before {day}"
        return True

    def _stepped(self, steps: int) -> tuple[Measure, ...]:
        measures = self.fixed
        for step in self.ranges:
            further = min(steps, step.remaining)
            if further:
                measures = step.placed(measures, step.place + further)
            steps -= further
        return measures

    def excess(self, proposal: Proposal) -> Decimal:
        """Give by how much the highest instalment exceeds the requested maximum."""
        if self.request.max_monthly_payment is None:
            return Decimal(0)
        highest = max((row.total for row in proposal.plan.schedule.rows), default=Decimal(0))
        return max(Decimal(0), highest - self.request.max_monthly_payment)


def extension_of(measures: Iterable[Measure]) -> int:
    """Give how many instalments measures add."""
    return sum(measure.instalments for measure in measures if isinstance(measure, Extend))
