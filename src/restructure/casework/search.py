"""Search: the amounts of an offer, looked for step by step until a figure of the plan reaches its target."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

from restructure.calculator.measures import Measure
from restructure.calculator.money import from_minor, minor_digits, write_money
from restructure.calculator.plan import Plan, reschedule
from restructure.calculator.quantity import Kind
from restructure.casework.outcome import StepResult
from restructure.casework.told import told, told_leaf, told_threshold
from restructure.errors import InvalidPolicy, Issue, Refused
from restructure.intake.prospect import Prospect, foresee
from restructure.policy.amounts import Amount, binding, worth
from restructure.policy.case_facts import CaseFacts
from restructure.policy.in_force import offered_measures
from restructure.policy.language import Rule
from restructure.policy.normal import COMPARE, Leaf
from restructure.policy.reference import decisive, verdict
from restructure.policy.search import MONOTONE, Search, Step, Stop, varied
from restructure.policy.templates import UnknownAmount, field_kind, filled, read_measure, read_vary

__all__ = ["Found", "Proposal", "UnknownTarget", "make"]

_MOST_TRIED = 10_000
_FINEST_RATE = Fraction(1, 1_000_000)


class Proposal(NamedTuple):
    """A plan, perhaps only on the way to another, with what it would mean."""

    measures: tuple[Measure, ...]
    plan: Plan
    prospect: Prospect
    known: CaseFacts


class Found(NamedTuple):
    """Where a search ended."""

    proposal: Proposal
    met: bool
    """Whether the target is reached, or missed by no more than the stop mode wants."""
    steps: tuple[StepResult, ...]


class UnknownTarget(Exception):
    """The figure a search aims with, or the value it has to reach, is unknown."""

    def __init__(self, leaf: Leaf) -> None:
        self.leaf = leaf
        super().__init__(leaf)


def make(known: CaseFacts, rule: Rule) -> Found:
    """Make the plan of a rule, whose amounts may be worked out from facts and looked for.

    Raises `Refused` for what cannot be done, `UnknownAmount` and `UnknownTarget` where it depends on what
    is unknown.
    """
    templates = [one for one in rule.offer if not isinstance(one, Search)]
    base = known.in_force.measures.get(rule.id)
    if base is None:
        base = offered_measures(known.in_force, templates, known.value)
    search = next((one for one in rule.offer if isinstance(one, Search)), None)
    return Found(_propose(known, base), True, ()) if search is None else _seek(known, rule, search, base)


def _propose(known: CaseFacts, measures: tuple[Measure, ...]) -> Proposal:
    plan = reschedule(known.assessment.position, measures)
    prospect = foresee(known.assessment, plan)
    return Proposal(measures, plan, prospect, known.with_plan(prospect))


def _seek(known: CaseFacts, rule: Rule, search: Search, base: tuple[Measure, ...]) -> Found:
    """Take the steps of a search in order, each as far as needed, until the target is reached.

    A step starts from the state after the earlier ones, which its guard and its amounts read. Where the figure
    moves in one direction only with the step's number, the first value that reaches the target is found by
    bisection, elsewhere by trying one after the other.
    """
    aim = _Aim(known.in_force.targets[rule.id], search.stop)
    now, results, stopped = _propose(known, base), [], False
    for step in search.steps:
        figures = {"field": _field(step), "figure_before": aim.figure(now), "target": aim.shown(now)}
        if stopped or (aim.reached(now) and search.stop is not Stop.TEST_ONLY):
            results.append(StepResult(id=step.id, outcome="not-needed", **figures))
            continue
        because = _guarded(now, rule, step)
        if because:
            results.append(
                StepResult(id=step.id, outcome="skipped", because=because, gap=aim.gap(now), **figures)
            )
            continue
        result, now = _taken(now, step, aim, figures)
        results.append(result)
        stopped = result.outcome == "applied"
    return Found(now, stopped or aim.reached(now), tuple(results))


@dataclass(frozen=True, slots=True)
class _Aim:
    """What a figure has to reach."""

    leaf: Leaf
    stop: Stop

    def sides(self, at: Proposal) -> tuple[int, int]:
        sides = self.leaf.sides(at.known.encoded(self._names()))
        if sides is None:
            raise UnknownTarget(self.leaf)
        return sides

    def reached(self, at: Proposal) -> bool:
        return COMPARE[self.leaf.op](*self.sides(at))

    def apart(self, at: Proposal) -> int:
        figure, target = self.sides(at)
        return abs(figure - target)

    def figure(self, at: Proposal) -> str:
        return at.known.shown(self.leaf.fact)

    def shown(self, at: Proposal) -> str:
        border = told_threshold(self.leaf, at.known.encoded(self._names()), at.known)
        return f"{self.leaf.fact} {self.leaf.op.value} {border}"

    def gap(self, at: Proposal) -> str:
        return told_leaf(self.leaf, at.known).distance

    def _names(self) -> list[str]:
        return [name for name in (self.leaf.fact, self.leaf.other) if name]


def _field(step: Step) -> str:
    return f"{step.measure['measure']}.{varied(step.measure)}"


def _guarded(now: Proposal, rule: Rule, step: Step) -> str:
    """Say why a step is not taken, nothing if it is; what is unknown does not open it."""
    if step.when is None:
        return ""
    node = now.known.in_force.guards[rule.id, step.id]
    values = now.known.encoded({name for leaf in node.leaves() for name in (leaf.fact, leaf.other) if name})
    if verdict(node, values):
        return ""
    return told(told_leaf(leaf, now.known) for leaf, _ in decisive(node, values))


class _Grid:
    """The values a step may take: index 0 is where it starts and does nothing, the last is its end."""

    def __init__(self, now: Proposal, step: Step, name: str) -> None:
        known = now.known
        vary = read_vary(step.measure[name]["vary"])
        parameter = known.in_force.values.get

        def exact(amount: Amount) -> Fraction:
            value = worth(amount, parameter, known.value)
            if value is None:
                raise UnknownAmount(amount)
            return value

        self.kind, self.currency = field_kind(step.measure["measure"], name), known.assessment.currency
        self.up = vary.up_to is not None
        self.bound = binding(vary.end, parameter, known.value)
        unit = Fraction(1, 10 ** minor_digits(self.currency)) if self.kind is Kind.MONEY else Fraction(1)
        self.start, end = exact(vary.start), exact(vary.end)
        if self.kind is Kind.RATIO:
            self.by = exact(vary.by) if vary.by is not None else _FINEST_RATE
            self.end = end
        else:
            # Nothing is half a cent or half an instalment, and no cap is exceeded for it.
            self.start = Fraction(round(self.start / unit)) * unit
            whole = abs(end - self.start) // unit * unit
            self.end = self.start + (whole if end >= self.start else -whole)
            self.by = (
                max(Fraction(round(exact(vary.by) / unit)) * unit, unit) if vary.by is not None else unit
            )
        if self.by <= 0:
            raise InvalidPolicy(
                Issue("search-endless", f"the step {step.id} goes by {self.by}; it never arrives")
            )
        span = (self.end - self.start if self.up else self.start - self.end) / self.by
        self.last = max(span.numerator // span.denominator, 0)
        self.lands = vary.land_on_end and span > self.last
        self.last += self.lands

    def at(self, index: int) -> Fraction:
        if index == self.last and self.lands:
            return self.end
        return self.start + (self.by if self.up else -self.by) * index

    def written(self, index: int) -> Any:
        """Write a value as the field of a measure takes it."""
        value = self.at(index)
        if self.kind is Kind.MONEY:
            return from_minor(int(value * 10 ** minor_digits(self.currency)), self.currency)
        return f"{value.numerator}/{value.denominator}" if self.kind is Kind.RATIO else int(value)

    def shown(self, value: Fraction) -> str:
        if self.kind is Kind.MONEY:
            minor = int(value * 10 ** minor_digits(self.currency))
            return write_money(minor, self.currency)
        if self.kind is Kind.RATIO:
            percent = round(Decimal(value.numerator * 100) / Decimal(value.denominator), 4)
            return f"{percent.normalize():f} %"
        return str(int(value))


def _taken(now: Proposal, step: Step, aim: _Aim, figures: dict[str, str]) -> tuple[StepResult, Proposal]:
    """Take one step as far as needed, or to its end in vain."""
    name = varied(step.measure)
    assert name is not None, "checked when the policy is read"
    grid = _Grid(now, step, name)
    says = {
        "id": step.id,
        "start": grid.shown(grid.start),
        "end": grid.shown(grid.end),
        "bound": grid.bound,
        **figures,
    }
    if not grid.last:
        return StepResult(outcome="no-room", value=says["start"], gap=aim.gap(now), **says), now
    rest = {key: value for key, value in step.measure.items() if key != name}
    fixed = filled(rest, now.known.in_force.values.get, now.known.value, grid.currency)
    why = ""

    @cache
    def at(index: int) -> Proposal | None:
        """Make the plan at a value, `None` if the calculator refuses it."""
        nonlocal why
        if index == 0:
            return now
        try:
            return _propose(now.known, (*now.measures, read_measure({**fixed, name: grid.written(index)})))
        except Refused as refused:
            why = refused.issues[0].message
            return None

    def reached(index: int) -> bool:
        found = at(index)
        return found is not None and aim.reached(found)

    first = None
    if aim.stop is not Stop.TEST_ONLY:
        monotone = aim.leaf.fact in MONOTONE.get((str(step.measure["measure"]), name), ())
        first = _bisected(reached, grid.last) if monotone else _walked(reached, grid.last, step)
    index = grid.last if first is None else _stopped(aim, at, first)
    found = at(index)
    if found is None:
        return StepResult(outcome="refused", because=why, gap=aim.gap(now), **says), now
    return (
        StepResult(
            outcome="exhausted" if first is None else "applied",
            value=grid.shown(grid.at(index)),
            figure_after=aim.figure(found),
            gap=aim.gap(found),
            tried=at.cache_info().currsize,
            **{**says, "bound": grid.bound if index == grid.last else ""},
        ),
        found,
    )


def _bisected(reached: Any, last: int) -> int | None:
    """Give the first index that reaches the target, where all later ones do."""
    if not reached(last):
        return None
    low, high = 0, last  # the target is not reached at low, and reached at high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


def _walked(reached: Any, last: int, step: Step) -> int | None:
    """Give the first index that reaches the target, trying one after the other."""
    if last > _MOST_TRIED:
        raise InvalidPolicy(
            Issue(
                "search-too-fine",
                f"the step {step.id} has {last:,} values to try and {_MOST_TRIED:,} are the most",
            )
        )
    return next((index for index in range(1, last + 1) if reached(index)), None)


def _stopped(aim: _Aim, at: Any, first: int) -> int:
    """Give the index where the stop mode stops, around the first that reaches the target."""
    here, before = at(first), at(first - 1)
    if before is None:
        return first
    if aim.stop is Stop.CLOSEST_NOT_CROSSING:
        return first if not aim.apart(here) else first - 1
    if aim.stop is Stop.EXACT:
        return first if aim.apart(here) <= aim.apart(before) else first - 1
    return first
