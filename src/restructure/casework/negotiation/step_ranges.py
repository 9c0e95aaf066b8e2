"""Remaining range of each search step, starting from the terms of an offer."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

from restructure.calculator.measures.catalogue import Measure
from restructure.casework.decisions.plan_search import Grid, Proposal, beside, guarded, last_made, propose
from restructure.errors import Refused
from restructure.policy.language.search import Search, SearchStep, varied
from restructure.policy.language.sections import Rule
from restructure.policy.language.templates import UnknownAmount, measure_of_case

__all__ = ["StepRange", "remaining_ranges"]


class StepRange(NamedTuple):
    """Range of one step of a search, and the position that a plan has in it."""

    step: SearchStep
    name: str
    """Field of the measure that the step varies, such as `annual_rate`."""
    grid: Grid
    fixed: dict[str, Any]
    own: Measure | None
    """The measure that the step added to the plan; none if it added none."""
    place: int
    """Index of that measure on the grid."""
    last: int
    """Last index that the calculator accepts."""

    @property
    def remaining(self) -> int:
        """How many positions are left after the plan's own."""
        return max(self.last - self.place, 0)

    def at(self, index: int) -> Measure:
        """Give the step's measure at an index beyond its start."""
        return measure_of_case({**self.fixed, self.name: self.grid.written(index)})

    def placed(self, measures: tuple[Measure, ...], index: int) -> tuple[Measure, ...]:
        """Give the measures with the step's own at an index."""
        others = tuple(other for other in measures if other != self.own)
        measure = self.at(index)
        return (*beside(measure, others), measure)

    def beyond(self, measures: tuple[Measure, ...]) -> Fraction | None:
        """Give the value by which a measure like the step's exceeds the step's range; none if it does not."""
        for measure in measures:
            value = _number(measure, self.step, self.name)
            if value is not None and (value > self.grid.end if self.grid.up else value < self.grid.end):
                return value
        return None


def remaining_ranges(offered: Proposal, rule: Rule) -> tuple[StepRange, ...]:
    """Give the range of each step of a rule's search, in their order, except steps that change the term.

    Guards and caps are evaluated as in the search: on the state after the earlier steps, here taken to their ends.
    """
    search = next((part for part in rule.offer if isinstance(part, Search)), None)
    steps = [] if search is None else [step for step in search.steps if step.measure["measure"] != "extend"]
    known, ranges = offered.known, list[StepRange]()
    own = {step.id: _own(offered.measures, step, varied(step.measure) or "") for step in steps}
    now = offered
    for place, step in enumerate(steps):
        later = [own[following.id] for following in steps[place:]]
        now = propose(known, tuple(measure for measure in now.measures if measure not in later))
        if guarded(now, rule, step):
            continue
        name, rest, vary = known.in_force.steps[rule.id, step.id]
        try:
            grid = Grid(now, step, name, vary)
            fixed = rest.filled(known.in_force.read, now.known.value, grid.currency)
        except UnknownAmount:
            continue
        measure = own[step.id]
        number = None if measure is None else _number(measure, step, name)
        start = StepRange(step, name, grid, fixed, measure, 0 if number is None else grid.nearest(number), 0)
        proposed = _proposing(start, now)
        last = last_made(proposed, grid.last)
        ranges.append(start._replace(last=last))
        now = proposed(last) or now
    return tuple(ranges)


def _proposing(step: StepRange, now: Proposal) -> Callable[[int], Proposal | None]:
    """Give the function that makes the plan with the step at an index, `None` where it cannot be made."""

    def at(index: int) -> Proposal | None:
        try:
            return propose(now.known, step.placed(now.measures, index)) if index else now
        except Refused:
            return None

    return at


def _own(measures: tuple[Measure, ...], step: SearchStep, name: str) -> Measure | None:
    alike = [measure for measure in measures if _number(measure, step, name) is not None]
    return alike[-1] if alike else None


def _number(measure: Measure, step: SearchStep, name: str) -> Fraction | None:
    """Give the value that a measure like the step's has in the varied field; none for another measure."""
    fields = type(measure).model_fields
    if measure.measure != step.measure["measure"] or any(
        # A temporary rate is another measure than a permanent one.
        (getattr(measure, word) is None) != (word not in step.measure)
        for word in ("starts", "ends")
        if word in fields
    ):
        return None
    if "of" in fields and _of(getattr(measure, "of")) != _of(step.measure.get("of", fields["of"].default)):  # noqa: B009
        return None
    value = getattr(measure, name)
    return None if value is None else Fraction(value)


def _of(buckets: Any) -> tuple[str, ...]:
    return (str(buckets),) if isinstance(buckets, str) else tuple(map(str, buckets))
