"""Pareto frontier of plans over monthly payment, total repayment and cost to the lender."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from pydantic import Field

from restructure.calculator.conventions.money import Currency
from restructure.calculator.conventions.quantity import Ratio
from restructure.calculator.measures.catalogue import Measure
from restructure.calculator.measures.rate import ChangeRate
from restructure.calculator.measures.relief import Waive
from restructure.calculator.measures.timing import Extend
from restructure.casework.decisions.judge import check_limits, judge
from restructure.casework.decisions.outcome import Offer
from restructure.casework.decisions.plan_search import Proposal, make, propose
from restructure.errors import InvalidInput, Issue, Refused
from restructure.frames import Tabular
from restructure.inputs import Day, Source, day_of, record_of
from restructure.intake.application import Application, read_application
from restructure.intake.assessment import assess
from restructure.policy.case_facts import CaseFacts, facts_of
from restructure.policy.language.sections import Rule
from restructure.policy.policy import Policy
from restructure.policy.source import policy_of
from restructure.record import Record, trusted
from restructure.short_form import counted

__all__ = ["Frontier", "Point", "Redefault", "frontier", "undominated"]

Redefault = Callable[[Offer], Any]
"""The caller's model: gives the probability, from 0 to 1, that the borrower defaults on an offer."""

_LONGEST = 1200


class Point(Record):
    """One plan of the frontier."""

    offer: Offer
    """The plan, as an offer of the rule that it varies."""
    lender_loss: Ratio
    """Cost to the lender as a share of the present value of the original schedule, such as 0.043: the loss of present
    value at the original effective rate, or its expected value if a re-default probability is given."""
    redefault: Ratio | None = None
    """Probability of re-default, such as 0.25; absent: the caller gave no model."""


class Frontier(Tabular, Record):
    """The plans within the limits that no other plan matches or beats in all three respects."""

    points: tuple[Point, ...]
    """The plans from the lowest instalment to the highest."""
    chosen: int | None = Field(default=None, ge=0)
    """Index in `points` of the plan that the policy ranks first, from 0; absent: there is no plan."""
    tried: int
    """Number of plans calculated, such as 480."""
    inside: int
    """Number of them within every limit, such as 212."""
    currency: Currency | None = None
    """Currency of every amount, as an ISO 4217 code, e.g. CNY; absent in a record of an earlier version."""

    def _summary(self) -> str:
        counts = (
            f"{counted(len(self.points), 'plan')} of {self.inside:,} within the limits, {self.tried:,} tried"
        )
        if not self.points:
            return counts
        low, high = (self.points[k].offer.plan for k in (0, -1))
        return f"{counts}; instalments {low.instalment:,f} to {high.instalment:,f} {low.position.currency}"


def frontier(
    application: Application | Source,
    policy: Policy | Source,
    *,
    on: Day,
    parts: int = 4,
    redefault: Redefault | None = None,
    recovered: Decimal | str = Decimal(0),
) -> Frontier:
    """Find the plans that are not dominated in monthly instalment, total repayment and cost to the lender.

    The offer of every rule that applies is varied: each number of instalments that the limits allow, and `parts` steps
    between no concession and the rule's own in rate and waivers. `redefault` gives the probability p of re-default;
    then `recovered` is the share of the present value that is collected after it, and the cost to the lender is its
    expected value: (1 − p)·loss + p·(1 − recovered). Raises `InvalidInput` for a probability
    outside 0 to 1.

    >>> from restructure.intake.application import read_application
    >>> from restructure.policy.loading.loading import load_policy
    >>> case, policy = read_application("examples/illness.json"), load_policy("cn-consumer-finance")
    >>> plans = frontier(case, policy, on=case.as_of)
    >>> monthly = [point.offer.prospect.instalment_after for point in plans.points]
    >>> monthly == sorted(monthly), plans.inside <= plans.tried
    (True, True)
    """
    if record_of(int, parts, "parts") < 1:
        raise InvalidInput(Issue("value-invalid", f"parts is {parts}; at least 1 is needed", "parts"))
    share = _probability(recovered, "recovered")
    application, on = read_application(application), day_of(on)
    in_force = policy_of(policy).in_currency(application.loan.currency).at(on)
    known = facts_of(in_force, assess(application, on=on))
    tried, points = 0, list[Point]()
    for rule, measures in _starts(known):
        for proposal in _varied(known, measures, parts):
            tried += 1
            held = check_limits(rule, proposal)
            if isinstance(held, Offer) and held.prospect.npv_loss is not None:
                points.append(_point(held, held.prospect.npv_loss, redefault, share))
    front = undominated(points)
    return Frontier(
        points=front,
        chosen=_first(known, front),
        tried=tried,
        inside=len(points),
        currency=application.loan.currency,
    )


def undominated(points: Sequence[Point]) -> tuple[Point, ...]:
    """Keep the points that no other matches or beats in all three respects; of equal ones the first."""
    front: list[tuple[_Costs, Point]] = []
    for costs, point in sorted(((_costs(point), point) for point in points), key=lambda pair: pair[0]):
        # Earlier points have no higher instalment, so only the other two respects are compared.
        if not any(other.total <= costs.total and other.loss <= costs.loss for other, _ in front):
            front.append((costs, point))
    return tuple(point for _, point in front)


class _Costs(NamedTuple):
    monthly: Decimal
    total: Decimal
    loss: Decimal


def _costs(point: Point) -> _Costs:
    prospect = point.offer.prospect
    return _Costs(prospect.instalment_after, prospect.total_after, point.lender_loss)


def _point(offer: Offer, loss: Decimal, redefault: Redefault | None, recovered: Decimal) -> Point:
    if redefault is None:
        return trusted(Point, [{"offer": offer, "lender_loss": loss, "redefault": None}])[0]
    fails = _probability(redefault(offer), "redefault")
    expected = ((1 - fails) * loss + fails * (1 - recovered)).quantize(Decimal("0.000001"))
    return trusted(Point, [{"offer": offer, "lender_loss": expected, "redefault": fails}])[0]


def _probability(value: Any, what: str) -> Decimal:
    try:
        read = Decimal(str(value)).quantize(Decimal("0.000001"))
        if 0 <= read <= 1:
            return read
    except ArithmeticError:
        pass
    raise InvalidInput(Issue("value-invalid", f"{what} is {value!r}; write a number from 0 to 1", what))


# --- the plans


def _starts(known: CaseFacts) -> Iterator[tuple[Rule, tuple[Measure, ...]]]:
    """Give the rules that apply with the measures of each, including those whose own plan breaks a limit."""
    judged = judge(known)
    offered = {offer.rule: offer.plan.measures for offer in judged.offers}
    missed = {refusal.rule for refusal in judged.refusals if refusal.stage in ("limit", "search")}
    for rule in known.in_force.policy.rules:
        if rule.id in offered:
            yield rule, offered[rule.id]
        elif rule.id in missed:
            yield rule, make(known, rule).proposal.measures


def _varied(known: CaseFacts, measures: tuple[Measure, ...], parts: int) -> Iterator[Proposal]:
    """Vary the number of instalments, the rate and the waivers of a rule's measures."""
    others = [measure for measure in measures if not isinstance(measure, Extend)]
    for fixed in _given_up(others, known, parts):
        for extension in range(_LONGEST):
            made = _made(known, (*fixed, Extend(instalments=extension)) if extension else fixed)
            if made is None or made.too_long:
                break
            yield made


def _given_up(measures: Iterable[Measure], known: CaseFacts, parts: int) -> Iterator[tuple[Measure, ...]]:
    contract = Fraction(known.assessment.contract_rate)
    shares = [Fraction(part, parts) for part in range(parts + 1)]
    seen: set[tuple[Measure, ...]] = set()
    for of_rate in shares:
        for of_waivers in shares:
            varied: list[Measure] = []
            for measure in measures:
                if isinstance(measure, Waive) and measure.share is not None:
                    if of_waivers:
                        varied.append(measure.model_copy(update={"share": measure.share * of_waivers}))
                elif isinstance(measure, ChangeRate) and measure.starts is None and measure.ends is None:
                    rate = contract + (measure.annual_rate - contract) * of_rate
                    varied.append(measure.model_copy(update={"annual_rate": rate}))
                else:
                    varied.append(measure)
            if tuple(varied) not in seen:
                seen.add(tuple(varied))
                yield tuple(varied)


def _made(known: CaseFacts, measures: tuple[Measure, ...]) -> Proposal | None:
    try:
        return propose(known, measures)
    except Refused:
        return None


def _first(known: CaseFacts, points: Sequence[Point]) -> int | None:
    """Give the point that the policy's ranking puts first; of equal ones the first."""
    currency, in_force = known.assessment.currency, known.in_force
    best = list(range(len(points)))
    for key in in_force.policy.rank:
        fact, values = in_force.fact(key.fact), dict[int, int | None]()
        for k in best:
            value = known.with_plan(points[k].offer.prospect).value(fact.name)
            values[k] = None if value is None else fact.encode(value, currency)
        said = [value for value in values.values() if value is not None]
        if said:
            wanted = max(said) if key.order == "descending" else min(said)
            best = [k for k in best if values[k] == wanted]
    return best[0] if best else None
