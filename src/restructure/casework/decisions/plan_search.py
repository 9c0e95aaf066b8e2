"""Plan search: vary the amounts of an offer step by step until a figure of the plan reaches its target."""

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
    """A plan with its facts, final or an intermediate state of a search."""

    measures: tuple[Measure, ...]
    plan: Plan
    known: CaseFacts

    @property
    def prospect(self) -> Prospect:
        """Figures of the plan and their effect on the borrower, calculated when first read."""
        assert self.known.prospect is not None, "its facts hold the plan"
        return self.known.prospect

    @property
    def too_long(self) -> bool:
        """Whether it breaks a limit that every longer plan breaks too, such as one on the term."""
        leaves = self.known.in_force.growing_limits
        values = self.known.encoded(facts_read(*leaves))
        return any(leaf.verdict(values) is False for leaf in leaves)


class SearchResult(NamedTuple):
    """Result of a search."""

    proposal: Proposal
    met: bool
    """Whether the target is reached, or missed by no more than the stop mode allows."""
    steps: tuple[StepResult, ...]
    target: Leaf | None = None
    """The comparison that is true if the target is reached."""
    asked: Node | None = None
    """Acceptance condition (`accept_if`) of the tier on which the search ended; none if it has none."""
    accepted: bool = True
    """Whether the plan meets the acceptance condition."""
    tiers: tuple[TierResult, ...] = ()
    """Results of every tier tried; empty for a search with one tier and no acceptance condition."""
    before: tuple[CaseFacts, ...] = ()
    """Facts before each step, on which its guard was evaluated."""


class UnknownTarget(Exception):
    """The target figure of a search, or the value it has to reach, is unknown."""

    def __init__(self, leaf: Leaf) -> None:
        self.leaf = leaf
        super().__init__(leaf)


def make(known: CaseFacts, rule: Rule) -> SearchResult:
    """Build the plan of a rule, with amounts calculated from facts and found by its search.

    Raises `Refused` if the calculator refuses the measures, `UnknownAmount` and `UnknownTarget` if they depend on an
    unknown fact.
    """
    base = known.in_force.measures.get(rule.id)
    if base is None:
        base = offered_measures(known.in_force, rule.id, known.value)
    search = next((offer for offer in rule.offer if isinstance(offer, Search)), None)
    return (
        SearchResult(propose(known, base), True, ()) if search is None else _seek(known, rule, search, base)
    )


def propose(known: CaseFacts, measures: tuple[Measure, ...]) -> Proposal:
    """Build the plan of a set of measures with its facts; raises `Refused` if the calculator refuses them."""
    plan = reschedule(known.assessment.position, measures)
    return Proposal(measures, plan, known.with_plan(None, plan))


def _seek(known: CaseFacts, rule: Rule, search: Search, base: tuple[Measure, ...]) -> SearchResult:
    """Search for each tier of the target in turn, from the start, until the plan of one is accepted.

    A tier is accepted if its target is reached and its plan meets the acceptance condition. If none is, the plan of the
    last tier is the result.
    """
    targets, start = known.in_force.aims[rule.id], propose(known, base)
    tiers: list[TierResult] = []
    for number, wanted in enumerate(targets, 1):
        aim = _Target(wanted, search.stop)
        result = _taken_in_order(start, rule, search, aim)
        now = result.proposal
        refused = _why_not_accepted(now, wanted.accept)
        accepted = result.met and not refused
        tiers.append(
            TierResult(
                number=number,
                target=aim.shown(now),
                figure=aim.figure(now),
                met=result.met,
                accepted=accepted,
                because=refused if result.met else failures_text([comparison_result(aim.at(now), now.known)]),
                steps=result.steps,
            )
        )
        if accepted:
            break
    return result._replace(
        target=aim.at(now),
        asked=wanted.accept,
        accepted=not refused,
        tiers=tuple(tiers) if len(targets) > 1 or wanted.accept is not None else (),
    )


def _why_not_accepted(now: Proposal, node: Node | None) -> str:
    """Give the reason why a plan does not meet an acceptance condition; empty if it does."""
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
    """Target of a search: the figure, the value to reach and the stop mode."""

    wanted: TierTarget
    stop: Stop

    @property
    def fact(self) -> str:
        return self.wanted.leaf.fact

    def at(self, at: Proposal) -> Leaf:
        """Give the comparison, whose threshold may depend on the plan."""
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
        threshold = threshold_text(leaf, at.known.encoded(self._names()), at.known)
        amount = "" if self.wanted.amount is None else f" ({write_amount(self.wanted.amount)})"
        return f"{leaf.fact} {leaf.op.value} {threshold}{amount}"

    def gap(self, at: Proposal) -> str:
        return comparison_result(self.at(at), at.known).distance

    def _names(self) -> list[str]:
        return [name for name in (self.fact, self.wanted.leaf.other) if name]


def _field(step: SearchStep) -> str:
    return f"{step.measure['measure']}.{varied(step.measure)}"


def guarded(now: Proposal, rule: Rule, step: SearchStep) -> str:
    """Give the reason why a step is skipped, empty if it is not; an unknown guard skips it."""
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
    """The values that a step may take: index 0 is its start and changes nothing, the last index is its end."""

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
        # Whole cents and whole instalments only, rounded towards the start so that no cap is exceeded.
        inside = abs(end - self.start) // unit * unit
        self.end = self.start + (inside if end >= self.start else -inside)
        by = unit if vary.by is None else exact(vary.by)
        if by <= 0:
            raise Refused(
                Issue(
                    "search-endless",
                    f"the step {step.id} goes by {by}, so it never reaches its end; write a positive number",
                )
            )
        self.by = max(_whole(by, unit), unit)
        span = (self.end - self.start if self.up else self.start - self.end) / self.by
        self.last = max(span.numerator // span.denominator, 0)
        self.lands = vary.land_on_end and span > self.last
        self.last += self.lands

    def at(self, index: int) -> Fraction:
        """Give the value at an index."""
        if index == self.last and self.lands:
            return self.end
        return self.start + (self.by if self.up else -self.by) * index

    def nearest(self, value: Fraction) -> int:
        """Give the first index that is as far as a value, or the last."""
        far = (value - self.start if self.up else self.start - value) / self.by
        return min(max(-((-far.numerator) // far.denominator), 0), self.last)

    def written(self, index: int) -> Any:
        """Convert a value to the form of the measure's field."""
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
    """Take one step as far as needed, or to its end if it does not reach the target."""
    name, rest, vary = now.known.in_force.steps[rule.id, step.id]
    grid = Grid(now, step, name, vary)
    start, end = grid.shown(grid.start), grid.shown(grid.end)
    texts = {"id": step.id, "start": start, "end": end, "bound": grid.bound, **figures}
    if not grid.last:
        return StepResult(outcome="no-room", value=start, gap=aim.gap(now), **texts), now
    fixed = rest.filled(now.known.in_force.read, now.known.value, grid.currency)
    why = ""

    @cache
    def at(index: int) -> Proposal | None:
        """Build the plan at an index, `None` if the calculator refuses it."""
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
        plan = at(index)
        if plan is None:
            return False
        return aim.passed(plan) if aim.stop is Stop.CLOSEST_NOT_CROSSING else aim.reached(plan)

    first, last = None, grid.last
    monotone_figures = MONOTONE.get((str(step.measure["measure"]), name), frozenset[str]())
    monotone = aim.fact in monotone_figures and not aim.wanted.moves
    if aim.stop is not Stop.TEST_ONLY and monotone:
        last = last_made(at, last)
        first = _bisected(there, last)
    elif aim.stop is not Stop.TEST_ONLY:
        first = _walked(there, last, step)
        last = _before(at, last + 1)
    index = last if first is None else _stopped(aim, at, first, walked=not monotone)
    plan = at(index)
    arrived = first is not None or (aim.stop is Stop.CLOSEST_NOT_CROSSING and plan and aim.reached(plan))
    if not arrived:
        index = grid.last
        plan = at(index)
    if plan is None:
        return StepResult(outcome="refused", because=why, gap=aim.gap(now), **texts), now
    result = StepResult(
        outcome="applied" if arrived else "exhausted",
        value=grid.shown(grid.at(index)),
        figure_after=aim.figure(plan),
        gap=aim.gap(plan),
        tried=at.cache_info().currsize,
        **{**texts, "bound": grid.bound if index == grid.last else ""},
    )
    return result, plan


def beside(measure: Measure, others: tuple[Measure, ...]) -> tuple[Measure, ...]:
    """Leave out the measures that a step's measure replaces: an earlier permanent change of rate."""

    def permanent(other: Measure) -> bool:
        return isinstance(other, ChangeRate) and other.starts is None and other.ends is None

    return tuple(other for other in others if not permanent(other)) if permanent(measure) else others


def last_made(at: Any, last: int) -> int:
    """Give the last index that the calculator accepts: if it refuses one value, it refuses all later ones."""
    if at(last) is not None:
        return last
    taken, refused = 0, last
    while refused - taken > 1:
        middle = (taken + refused) // 2
        taken, refused = (taken, middle) if at(middle) is None else (middle, refused)
    return taken


def _bisected(there: Any, last: int) -> int | None:
    """Bisect for the first index that reaches the target, where the figure is monotone from 1 on.

    Between 0, where nothing is changed, and 1 it may jump the other way: an agreed instalment that does not repay the
    loan in its term is solved again only once something changes.
    """
    if not last or not there(last):
        return 1 if last and there(1) else None
    low, high = 0, last  # low does not reach the target, high does
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if there(middle) else (middle, high)
    return high


def _walked(there: Any, last: int, step: SearchStep) -> int | None:
    """Try every index in order and give the first that reaches the target."""
    if last > _MOST_TRIED:
        raise Refused(
            Issue(
                "search-too-fine",
                f"the step {step.id} has {last:,} values to try, more than {_MOST_TRIED:,}; write a larger `by`",
            )
        )
    return next((index for index in range(1, last + 1) if there(index)), None)


def _before(at: Any, index: int) -> int:
    """Give the last index before another that the calculator accepts; it always accepts 0, which changes nothing."""
    return next(earlier for earlier in range(index - 1, -1, -1) if at(earlier) is not None)


def _stopped(aim: _Target, at: Any, first: int, *, walked: bool) -> int:
    """Give the index at which the stop mode ends, from the first that reaches or passes the target."""
    if aim.stop not in (Stop.CLOSEST_NOT_CROSSING, Stop.EXACT):
        return first
    before = _before(at, first)
    if aim.stop is Stop.CLOSEST_NOT_CROSSING:
        return before
    earlier = range(before, -1, -1) if walked else (before,)
    return min(
        (first, *(index for index in earlier if at(index) is not None)), key=lambda k: aim.apart(at(k))
    )
