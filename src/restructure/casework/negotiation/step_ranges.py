"""Remaining range of each search step, starting from the terms of an offer."""

from fractions import Fraction
from typing import Any, NamedTuple

from restructure.calculator.measures.catalogue import Measure
from restructure.casework.decisions.plan_search import Grid, Proposal, beside, guarded, last_made, propose
from restructure.errors import Refused
from restructure.policy.language.search import Search, SearchStep, varied
from restructure.policy.language.sections import Rule
from restructure.policy.language.templates import UnknownAmount, measure_of_case

__all__ = ["Leeway", "leeway"]


class Leeway(NamedTuple):
    """Range of one step of a search, and its place in a plan."""

    step: SearchStep
    name: str
    """Field of the measure that the step varies, such as `annual_rate`."""
    grid: Grid
    fixed: dict[str, Any]
    standing: Measure | None
    """The measure that the step added to the plan; none if it added none."""
    stands: int
    """Index of that measure on the grid."""
    last: int
    """Last index that the calculator accepts."""

    def at(self, index: int) -> Measure:
        """Give the step's measure at an index beyond its start."""
        return measure_of_case({**self.fixed, self.name: self.grid.written(index)})

    def placed(self, measures: tuple[Measure, ...], index: int) -> tuple[Measure, ...]:
        """Give the measures with the step's own at an index."""
        others = tuple(one for one in measures if one != self.standing)
        measure = self.at(index)
        return (*beside(measure, others), measure)

    def beyond(self, measures: tuple[Measure, ...]) -> Fraction | None:
        """Give the value by which a measure like the step's exceeds the step's range; none if it does not."""
        for one in measures:
            value = _number(one, self.step, self.name)
            if value is not None and (value > self.grid.end if self.grid.up else value < self.grid.end):
                return value
        return None


def leeway(offered: Proposal, rule: Rule) -> tuple[Leeway, ...]:
    """Give the range of each step of a rule's search, in their order, except steps that change the term.

    Guards and caps are evaluated as in the search: on the state after the earlier steps, here taken to their ends.
    """
    search = next((one for one in rule.offer if isinstance(one, Search)), None)
    steps = [] if search is None else [one for one in search.steps if one.measure["measure"] != "extend"]
    known, found = offered.known, list[Leeway]()
    standing = {step.id: _standing(offered.measures, step, varied(step.measure) or "") for step in steps}
    now = offered
    for place, step in enumerate(steps):
        later = [standing[one.id] for one in steps[place:]]
        now = propose(known, tuple(one for one in now.measures if one not in later))
        if guarded(now, rule, step):
            continue
        name, rest, vary = known.in_force.steps[rule.id, step.id]
        try:
            grid = Grid(now, step, name, vary)
            fixed = rest.filled(known.in_force.read, now.known.value, grid.currency)
        except UnknownAmount:
            continue
        own = standing[step.id]
        number = None if own is None else _number(own, step, name)
        stands = 0 if number is None else grid.nearest(number)
        one = Leeway(step, name, grid, fixed, own, stands, 0)
        proposed = _proposing(one, now)
        one = one._replace(last=last_made(proposed, grid.last))
        found.append(one)
        now = proposed(one.last) or now
    return tuple(found)


def _proposing(one: Leeway, now: Proposal) -> Any:
    def at(index: int) -> Proposal | None:
        try:
            return propose(now.known, one.placed(now.measures, index)) if index else now
        except Refused:
            return None

    return at


def _standing(measures: tuple[Measure, ...], step: SearchStep, name: str) -> Measure | None:
    alike = [one for one in measures if _number(one, step, name) is not None]
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
