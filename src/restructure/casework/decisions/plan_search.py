"""Search: the amounts of an offer, looked for step by step until a figure of the plan reaches its target."""

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

from restructure.calculator.conventions.money import from_minor, minor_digits, round_div, write_money
from restructure.calculator.conventions.quantity import Kind
from restructure.calculator.measures.catalogue import Measure
from restructure.calculator.measures.rate import ChangeRate
from restructure.calculator.plans.plan import Plan, reschedule
from restructure.casework.decisions.condition_text import comparison_result, failures_text, threshold_text
from restructure.casework.decisions.outcome import StepResult, TierResult
from restructure.errors import Issue, Refused
from restructure.intake.prospect import Prospect
from restructure.policy.amounts.expression import Amount, binding, worth, write_amount
from restructure.policy.case_facts import CaseFacts
from restructure.policy.engine.normal_form import COMPARE, Leaf, Node, facts_read
from restructure.policy.engine.reference import decisive, verdict
from restructure.policy.in_force import TierTarget, offered_measures
from restructure.policy.language.search import MONOTONE, Search, SearchStep, Stop, Vary, varied
from restructure.policy.language.sections import Rule
from restructure.policy.language.templates import UnknownAmount, field_kind, finest, measure_of_case

__all__ = [
    "Grid",
    "Proposal",
    "SearchResult",
    "UnknownTarget",
    "beside",
    "guarded",
    "last_made",
    "make",
    "propose",
]

_MOST_TRIED = 10_000


class Proposal(NamedTuple):
    """A plan, perhaps only on the way to another, with what it would mean."""

    measures: tuple[Measure, ...]
    plan: Plan
    known: CaseFacts

    @property
    def prospect(self) -> Prospect:
        """What the plan would mean, worked out once it is asked for."""
        assert self.known.prospect is not None, "its facts hold the plan"
        return self.known.prospect

    @property
    def too_long(self) -> bool:
        """Whether it breaks a limit on the term, which whatever runs longer breaks too."""
        leaves = self.known.in_force.growing_limits
        values = self.known.encoded(facts_read(*leaves))
        return any(leaf.verdict(values) is False for leaf in leaves)


class SearchResult(NamedTuple):
    """Where a search ended."""

    proposal: Proposal
    met: bool
    """Whether the target is reached, or missed by no more than the stop mode wants."""
    steps: tuple[StepResult, ...]
    target: Leaf | None = None
    """The comparison that holds if it is reached."""
    asked: Node | None = None
    """What else the plan has to hold to be taken, if the tier that it ends on asks for something."""
    accepted: bool = True
    """Whether it does."""
    tiers: tuple[TierResult, ...] = ()
    """What came of every tier of a target ladder."""
    before: tuple[CaseFacts, ...] = ()
    """What each step started from, which its guard was judged on."""


class UnknownTarget(Exception):
    """The figure a search aims with, or the value it has to reach, is unknown."""

    def __init__(self, leaf: Leaf) -> None:
        self.leaf = leaf
        super().__init__(leaf)


def make(known: CaseFacts, rule: Rule) -> SearchResult:
    """Make the plan of a rule, whose amounts may be worked out from facts and looked for.

    Raises `Refused` for what cannot be done, `UnknownAmount` and `UnknownTarget` where it depends on what
    is unknown.
    """
    base = known.in_force.measures.get(rule.id)
    if base is None:
        base = offered_measures(known.in_force, rule.id, known.value)
    search = next((one for one in rule.offer if isinstance(one, Search)), None)
    return (
        SearchResult(propose(known, base), True, ()) if search is None else _seek(known, rule, search, base)
    )


def propose(known: CaseFacts, measures: tuple[Measure, ...]) -> Proposal:
    """Make the plan of a set of measures and work out what it would mean; raises `Refused` for what cannot be done."""
    plan = reschedule(known.assessment.position, measures)
    return Proposal(measures, plan, known.with_plan(None, plan))


def _seek(known: CaseFacts, rule: Rule, search: Search, base: tuple[Measure, ...]) -> SearchResult:
    """Search for each tier of the target in turn, from the start, until the plan of one is accepted.

    A tier is accepted if its target is reached and its plan holds what the tier asks for, which is then known.
    Whatever the last one comes to is the result.
    """
    aims, start = known.in_force.aims[rule.id], propose(known, base)
    climbed: list[TierResult] = []
    for number, wanted in enumerate(aims, 1):
        aim = _Target(wanted, search.stop)
        found = _taken_in_order(start, rule, search, aim)
        now = found.proposal
        refused = _why_not_accepted(now, wanted.accept)
        taken = found.met and not refused
        climbed.append(
            TierResult(
                number=number,
                target=aim.shown(now),
                figure=aim.figure(now),
                met=found.met,
                accepted=taken,
                because=refused if found.met else failures_text([comparison_result(aim.at(now), now.known)]),
                steps=found.steps,
            )
        )
        if taken:
            break
    return found._replace(
        target=aim.at(now),
        asked=wanted.accept,
        accepted=not refused,
        tiers=tuple(climbed) if len(aims) > 1 or wanted.accept is not None else (),
    )


def _why_not_accepted(now: Proposal, node: Node | None) -> str:
    """Say what keeps a plan from being accepted, nothing if it is."""
    if node is None:
        return ""
    values = now.known.encoded(facts_read(node))
    if verdict(node, values):
        return ""
    return failures_text(comparison_result(leaf, now.known) for leaf, _ in decisive(node, values))


def _taken_in_order(now: Proposal, rule: Rule, search: Search, aim: "_Target") -> SearchResult:
    """Take the steps of a search in order, each as far as needed, until the target is reached.

    A step starts from the state after the earlier ones, which its guard and its amounts read. Where the figure
    moves in one direction only with the step's number, the first value that reaches the target is found by
    bisection, elsewhere by trying one after the other.
    """
    results, stopped = list[StepResult](), False
    before: list[CaseFacts] = []
    for step in search.steps:
        before.append(now.known)
        figures = {"field": _field(step), "figure_before": aim.figure(now), "target": aim.shown(now)}
        if stopped or (aim.reached(now) and search.stop is not Stop.TEST_ONLY):
            results.append(StepResult(id=step.id, outcome="not-needed", **figures))
            continue
        because = guarded(now, rule, step)
        if because:
            results.append(
                StepResult(id=step.id, outcome="skipped", because=because, gap=aim.gap(now), **figures)
            )
            continue
        result, now = _taken(now, rule, step, aim, figures)
        results.append(result)
        stopped = result.outcome == "applied"
    return SearchResult(now, stopped or aim.reached(now), tuple(results), before=tuple(before))


@dataclass(frozen=True, slots=True)
class _Target:
    """What a figure has to reach."""

    wanted: TierTarget
    stop: Stop

    @property
    def fact(self) -> str:
        return self.wanted.leaf.fact

    def at(self, at: Proposal) -> Leaf:
        """Give the comparison, whose value may be another for every plan."""
        leaf, amount, known = self.wanted.leaf, self.wanted.amount, at.known
        if amount is None:
            return leaf
        exact = worth(amount, known.in_force.read, known.value)
        if exact is None:
            raise UnknownAmount(amount)
        fact, currency = known.in_force.fact(leaf.fact), known.assessment.currency
        scaled = exact * 10 ** (minor_digits(currency) if fact.kind is Kind.MONEY else fact.scale)
        return replace(leaf, threshold=round_div(scaled.numerator, scaled.denominator))

    def sides(self, at: Proposal) -> tuple[int, int]:
        leaf = self.at(at)
        sides = leaf.sides(at.known.encoded(self._names()))
        if sides is None:
            raise UnknownTarget(leaf)
        return sides

    def reached(self, at: Proposal) -> bool:
        return COMPARE[self.wanted.leaf.op](*self.sides(at))

    def passed(self, at: Proposal) -> bool:
        """Whether the figure is beyond the target; exactly on it is not beyond."""
        return self.reached(at) and self.apart(at) > 0

    def apart(self, at: Proposal) -> int:
        figure, target = self.sides(at)
        return abs(figure - target)

    def figure(self, at: Proposal) -> str:
        return at.known.shown(self.fact)

    def shown(self, at: Proposal) -> str:
        leaf = self.at(at)
        border = threshold_text(leaf, at.known.encoded(self._names()), at.known)
        made = "" if self.wanted.amount is None else f" ({write_amount(self.wanted.amount)})"
        return f"{leaf.fact} {leaf.op.value} {border}{made}"

    def gap(self, at: Proposal) -> str:
        return comparison_result(self.at(at), at.known).distance

    def _names(self) -> list[str]:
        return [name for name in (self.fact, self.wanted.leaf.other) if name]


def _field(step: SearchStep) -> str:
    return f"{step.measure['measure']}.{varied(step.measure)}"


def guarded(now: Proposal, rule: Rule, step: SearchStep) -> str:
    """Say why a step is not taken, nothing if it is; what is unknown does not open it."""
    if step.when is None:
        return ""
    node = now.known.in_force.guards[rule.id, step.id]
    values = now.known.encoded(facts_read(node))
    if verdict(node, values):
        return ""
    return failures_text(comparison_result(leaf, now.known) for leaf, _ in decisive(node, values))


def _whole(exact: Fraction, unit: Fraction) -> Fraction:
    """Round half-up to a multiple of a unit."""
    units = exact / unit
    return round_div(units.numerator, units.denominator) * unit


class Grid:
    """The values a step may take: index 0 is where it starts and does nothing, the last is its end."""

    def __init__(self, now: Proposal, step: SearchStep, name: str, vary: Vary) -> None:
        known = now.known
        parameter = known.in_force.read

        def exact(amount: Amount) -> Fraction:
            value = worth(amount, parameter, known.value)
            if value is None:
                raise UnknownAmount(amount)
            return value

        self.kind, self.currency = field_kind(step.measure["measure"], name), known.assessment.currency
        self.up = vary.up_to is not None
        self.bound = binding(vary.end, parameter, known.value)
        unit = finest(self.kind, self.currency)
        self.start, end = _whole(exact(vary.start), unit), exact(vary.end)
        # Nothing is half a cent or half an instalment, and no cap is exceeded for it.
        inside = abs(end - self.start) // unit * unit
        self.end = self.start + (inside if end >= self.start else -inside)
        by = unit if vary.by is None else exact(vary.by)
        if by <= 0:
            raise Refused(Issue("search-endless", f"the step {step.id} goes by {by}; it never arrives"))
        self.by = max(_whole(by, unit), unit)
        span = (self.end - self.start if self.up else self.start - self.end) / self.by
        self.last = max(span.numerator // span.denominator, 0)
        self.lands = vary.land_on_end and span > self.last
        self.last += self.lands

    def at(self, index: int) -> Fraction:
        """Give a value."""
        if index == self.last and self.lands:
            return self.end
        return self.start + (self.by if self.up else -self.by) * index

    def nearest(self, value: Fraction) -> int:
        """Give the first index that is as far as a value, or the last."""
        far = (value - self.start if self.up else self.start - value) / self.by
        return min(max(-((-far.numerator) // far.denominator), 0), self.last)

    def written(self, index: int) -> Any:
        """Write a value as the field of a measure takes it."""
        value = self.at(index)
        if self.kind is Kind.MONEY:
            return from_minor(int(value * 10 ** minor_digits(self.currency)), self.currency)
        return f"{value.numerator}/{value.denominator}" if self.kind is Kind.RATIO else int(value)

    def shown(self, value: Fraction) -> str:
        """Write a value for people."""
        if self.kind is Kind.MONEY:
            minor = int(value * 10 ** minor_digits(self.currency))
            return write_money(minor, self.currency)
        if self.kind is Kind.RATIO:
            percent = round(Decimal(value.numerator * 100) / Decimal(value.denominator), 4)
            return f"{percent.normalize():f} %"
        return str(int(value))


def _taken(
    now: Proposal, rule: Rule, step: SearchStep, aim: _Target, figures: dict[str, str]
) -> tuple[StepResult, Proposal]:
    """Take one step as far as needed, or to its end in vain."""
    name, rest, vary = now.known.in_force.steps[rule.id, step.id]
    grid = Grid(now, step, name, vary)
    says = {
        "id": step.id,
        "start": grid.shown(grid.start),
        "end": grid.shown(grid.end),
        "bound": grid.bound,
        **figures,
    }
    if not grid.last:
        return StepResult(outcome="no-room", value=says["start"], gap=aim.gap(now), **says), now
    fixed = rest.filled(now.known.in_force.read, now.known.value, grid.currency)
    why = ""

    @cache
    def at(index: int) -> Proposal | None:
        """Make the plan at a value, `None` if the calculator refuses it."""
        nonlocal why
        if index == 0:
            return now
        try:
            measure = measure_of_case({**fixed, name: grid.written(index)})
            return propose(now.known, (*beside(measure, now.measures), measure))
        except Refused as refused:
            why = refused.issues[0].message
            return None

    def there(index: int) -> bool:
        found = at(index)
        if found is None:
            return False
        return aim.passed(found) if aim.stop is Stop.CLOSEST_NOT_CROSSING else aim.reached(found)

    first, last = None, grid.last
    figures_moved = MONOTONE.get((str(step.measure["measure"]), name), frozenset[str]())
    monotone = aim.fact in figures_moved and not aim.wanted.moves
    if aim.stop is not Stop.TEST_ONLY and monotone:
        last = last_made(at, last)
        first = _bisected(there, last)
    elif aim.stop is not Stop.TEST_ONLY:
        first = _walked(there, last, step)
        last = _before(at, last + 1)
    index = last if first is None else _stopped(aim, at, first, walked=not monotone)
    found = at(index)
    arrived = first is not None or (aim.stop is Stop.CLOSEST_NOT_CROSSING and found and aim.reached(found))
    if not arrived:
        index = grid.last
        found = at(index)
    if found is None:
        return StepResult(outcome="refused", because=why, gap=aim.gap(now), **says), now
    return (
        StepResult(
            outcome="applied" if arrived else "exhausted",
            value=grid.shown(grid.at(index)),
            figure_after=aim.figure(found),
            gap=aim.gap(found),
            tried=at.cache_info().currsize,
            **{**says, "bound": grid.bound if index == grid.last else ""},
        ),
        found,
    )


def beside(measure: Measure, others: tuple[Measure, ...]) -> tuple[Measure, ...]:
    """Leave out what a step's measure stands in for: a rate for good that was set before it."""

    def for_good(one: Measure) -> bool:
        return isinstance(one, ChangeRate) and one.starts is None and one.ends is None

    return tuple(one for one in others if not for_good(one)) if for_good(measure) else others


def last_made(at: Any, last: int) -> int:
    """Give the last index the calculator takes: what is too much for it at one value is so at all later ones."""
    if at(last) is not None:
        return last
    taken, refused = 0, last
    while refused - taken > 1:
        middle = (taken + refused) // 2
        taken, refused = (taken, middle) if at(middle) is None else (middle, refused)
    return taken


def _bisected(there: Any, last: int) -> int | None:
    """Give the first index that is there, where the figure moves in one direction only from 1 on.

    Between 0, where nothing is done yet, and 1 it may jump the other way: an instalment that was agreed and
    does not repay the loan in its term is only solved anew once something changes.
    """
    if not last or not there(last):
        return 1 if last and there(1) else None
    low, high = 0, last  # it is not there at low, and there at high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if there(middle) else (middle, high)
    return high


def _walked(there: Any, last: int, step: SearchStep) -> int | None:
    """Give the first index that is there, trying one after the other."""
    if last > _MOST_TRIED:
        raise Refused(
            Issue(
                "search-too-fine",
                f"the step {step.id} has {last:,} values to try and {_MOST_TRIED:,} are the most",
            )
        )
    return next((index for index in range(1, last + 1) if there(index)), None)


def _before(at: Any, index: int) -> int:
    """Give the last index before one that the calculator takes; 0, where nothing is done yet, it always does."""
    return next(one for one in range(index - 1, -1, -1) if at(one) is not None)


def _stopped(aim: _Target, at: Any, first: int, *, walked: bool) -> int:
    """Give the index where the stop mode stops, given the first that has reached the target, or passed it."""
    if aim.stop not in (Stop.CLOSEST_NOT_CROSSING, Stop.EXACT):
        return first
    before = _before(at, first)
    if aim.stop is Stop.CLOSEST_NOT_CROSSING:
        return before
    earlier = range(before, -1, -1) if walked else (before,)
    return min(
        (first, *(index for index in earlier if at(index) is not None)), key=lambda k: aim.apart(at(k))
    )
