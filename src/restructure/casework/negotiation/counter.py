"""Negotiation: the nearest plan inside the policy's limits to what the borrower asks for."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from restructure.calculator.conventions.money import minor_digits
from restructure.calculator.measures.catalogue import Measure
from restructure.calculator.measures.holiday import Holiday
from restructure.calculator.measures.timing import Extend
from restructure.calculator.measures.up_front import Pay
from restructure.casework.decisions.decision import Decision
from restructure.casework.decisions.judge import check_limits
from restructure.casework.decisions.outcome import Offer, Refusal
from restructure.casework.decisions.plan_search import Proposal, propose
from restructure.casework.decisions.rounds import Answer, CounterRequest, Round, read_counter_request
from restructure.casework.negotiation.concession import Retreat, first_good, sampled
from restructure.casework.negotiation.step_ranges import Leeway, leeway
from restructure.errors import InvalidInput, Issue, Refused
from restructure.inputs import Source
from restructure.intake.prospect import Prospect
from restructure.policy.case_facts import CaseFacts, facts_of
from restructure.policy.engine.normal_form import Leaf, Operator
from restructure.policy.engine.reference import ConditionResult
from restructure.policy.in_force import InForce
from restructure.policy.language.sections import Rule
from restructure.policy.policy import Policy
from restructure.policy.source import policy_of

__all__ = ["Answer", "CounterRequest", "Round", "answered", "counter", "round_id"]


def counter(
    decision: Decision,
    request: CounterRequest | Source,
    policy: Policy | Source,
    *,
    rule: str | None = None,
) -> Decision:
    """Answer what a borrower asks for with the nearest plan inside the policy's limits.

    `rule` says from which offer to start (default: the best). The answer is a decision like any other: the plan
    found stands first among its offers in place of the one it started from, and `rounds` records what was asked
    and what stood in the way. Where nothing fits, the offers stay as they were. Raises `InvalidInput` for another
    policy than the decision's, an offer that was not made, and a decision without offers.

    >>> from restructure.casework.decisions.decision import decide
    >>> from restructure.intake.application import read_application
    >>> from restructure.policy.loading.loading import load_policy
    >>> case, policy = read_application("examples/illness.json"), load_policy("cn-consumer-finance")
    >>> first = decide(case, policy, on=case.as_of)
    >>> second = counter(first, CounterRequest(max_monthly_payment="1800"), policy, rule="illness-relief")
    >>> str(first.offers[0].plan.instalment), str(second.offers[0].plan.instalment), second.rounds[0].answer.value
    ('2046.14', '1780.53', 'met')
    """
    request, policy = read_counter_request(request), policy_of(policy)
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
    known: CaseFacts, rule: Rule, offers: tuple[Offer, ...], request: CounterRequest, number: int
) -> tuple[Round, Offer | None]:
    """Look for the plan nearest to an offer that does what was asked and keeps every limit.

    Nearest means the fewest instalments more or fewer than the offer, then the least of the rule's own steps, taken in
    their order from where the offer stands. Measures that the borrower edits are kept as asked if any such plan is
    inside the limits, and otherwise taken back towards the offer's as little as will do. Nothing is given up beyond the
    most that the policy itself would, unless a limit of the policy says how much may be.
    """
    offer = next(one for one in offers if one.rule == rule.id)
    spans = leeway(propose(known, offer.plan.measures), rule)
    borders = _Borders(known, rule, offers, spans, edited=request.measures is not None)
    asked = offer.plan.measures if request.measures is None else request.measures

    def looked(measures: tuple[Measure, ...], reach: int = _MOST_ROWS) -> _Look:
        table = _Proposals(known, measures, request, offer, () if request.measures is not None else spans)
        return _Look(table, borders, reach)

    first = looked(asked)
    reason, binding = first.reason, first.binding
    if first.met is not None and request.measures is not None and first.moved(offer):
        sentence = (
            f"the nearest inside the limits has extend.instalments {first.extension} instead of "
            f"{first.table.extension}; beyond that, {reason}"
        )
        return _said(number, rule, request, Answer.NEAREST, sentence, binding), first.met
    if first.met is not None:
        return _said(number, rule, request, Answer.MET, "the plan does all that was asked"), first.met
    if first.best is None and request.measures is not None:
        taken_back = Retreat(asked, offer.plan.measures, known.assessment)
        parts = range(1, taken_back.parts)
        nearer = first_good(parts, lambda part: looked(taken_back.at(part), _NEAR).found)
        if nearer is not None:
            part, found = nearer
            sentence = f"the nearest inside the limits has {taken_back.told(part)}; beyond that, {reason}"
            return _said(number, rule, request, Answer.NEAREST, sentence, binding), found
    if first.best is None:
        return _said(number, rule, request, Answer.REFUSED, reason, binding), None
    short, best = first.best
    lowest = max((row.total for row in best.plan.schedule.rows), default=Decimal(0))
    sentence = (
        f"the lowest inside the limits is {lowest:,}, {short:,} above what was asked; beyond that, {reason}"
    )
    return _said(number, rule, request, Answer.NEAREST, sentence, binding), best


class _Look:
    """What is found for one set of measures: with so many instalments and so much of the steps."""

    def __init__(self, table: "_Proposals", borders: "_Borders", reach: int) -> None:
        self.table, self.borders = table, borders
        self.met: Offer | None = None
        """The nearest plan that does all that was asked."""
        self.extension = table.extension
        """How many instalments it adds."""
        self.best: tuple[Decimal, Offer] | None = None
        """The one inside the limits that comes nearest, and by how much it misses."""
        self._why: tuple[Decimal, Refusal] | None = None
        self._tried: dict[tuple[int, int], Offer | None] = {}
        for extension, plain in table.proposals(reach):
            if self._look_at(extension):
                return
            if self.best is None and not table.farthest and borders.fast(plain):
                return

    def _look_at(self, extension: int) -> bool:
        """Look at the plans with so many instalments, and tell whether one does all that was asked."""
        steps: Sequence[int] = range(self.table.farthest + 1)
        if abs(extension - self.table.extension) >= _NEAR:
            steps = (0, steps[-1]) if len(steps) > 1 else (0,)
        met = first_good(steps, lambda at: None if self._short(extension, at) else self._held(extension, at))
        if met is not None:
            self.met, self.extension = met[1], extension
            return True
        for at in sorted(sampled(steps), key=lambda at: self._short(extension, at)):
            short = self._short(extension, at)
            if self.best is not None and short >= self.best[0]:
                break
            held = self._held(extension, at)
            if held is not None:
                self.best = short, held
                break
        return False

    def moved(self, offer: Offer) -> bool:
        """Tell whether a number of instalments was asked, other than the offer's, and could not be kept."""
        return self.extension != self.table.extension != _extension(offer.plan.measures)

    @property
    def found(self) -> Offer | None:
        """The plan that does what was asked, or comes nearest to it."""
        return self.met or (self.best[1] if self.best else None)

    @property
    def reason(self) -> str:
        """What stood in the way."""
        return (
            f"{self._why[1].code}: {self._why[1].message}"
            if self._why
            else self.table.refused or "no term does"
        )

    @property
    def binding(self) -> tuple[ConditionResult, ...]:
        """The limits that did."""
        return tuple(self._why[1].conditions) if self._why else ()

    def _short(self, extension: int, at: int) -> Decimal:
        proposal = self.table.at(extension, at)
        return self.table.short(proposal) if proposal is not None else Decimal("Infinity")

    def _held(self, extension: int, at: int) -> Offer | None:
        key = extension, at
        if key not in self._tried:
            proposal = self.table.at(extension, at)
            held = None if proposal is None else self.borders.held(proposal)
            if isinstance(held, Refusal):
                short = self._short(extension, at)
                if self._why is None or short < self._why[0]:
                    self._why = short, held
            self._tried[key] = held if isinstance(held, Offer) else None
        return self._tried[key]


def _said(
    number: int,
    rule: Rule,
    request: CounterRequest,
    answer: Answer,
    message: str,
    binding: tuple[ConditionResult, ...] = (),
) -> Round:
    return Round(
        number=number, rule=rule.id, request=request, answer=answer, message=message, binding=binding
    )


_MOST_ROWS = 1200
_NEAR = 24
"""How many instalments more or fewer are tried with measures that are taken back, and with every place of the steps;
farther away only where these stand, and their ends."""


class _Proposals:
    """One request on the table: a set of measures, with more or fewer instalments and more of the rule's steps."""

    def __init__(
        self,
        known: CaseFacts,
        measures: tuple[Measure, ...],
        request: CounterRequest,
        offer: Offer,
        spans: tuple[Leeway, ...],
    ) -> None:
        self.known, self.request, self.spans = known, request, spans
        self.refused = ""
        """What the calculator said of the plan as asked, if it refused it."""
        self.farthest = sum(max(span.last - span.stands, 0) for span in spans)
        """How many places the steps may still go, one after the other."""
        self.extension = _extension(measures)
        self.fixed: tuple[Measure, ...] = tuple(one for one in measures if not isinstance(one, Extend))
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
        self._made: dict[tuple[int, int], Proposal | None] = {}

    def _begun_later(self, day: date, offer: Offer) -> tuple[Measure, ...]:
        early = sum(row.due < day for row in offer.plan.schedule.rows)
        paused = [one for one in self.fixed if isinstance(one, Holiday) and one.starts == 1]
        if not early or any(
            one.instalments >= early and one.pay == "none" and one.amount is None for one in paused
        ):
            return self.fixed
        others = tuple(one for one in self.fixed if one not in paused)
        return (*others, Holiday(instalments=early))

    def proposals(self, reach: int) -> Iterator[tuple[int, Proposal]]:
        """Make the plans with more or fewer instalments, those nearest to the offer first."""
        longer, shorter = not self.request.keep_end_date, True
        same = self.at(self.extension, 0)
        if same is not None:
            yield self.extension, same
        for away in range(1, reach):
            more = self.at(self.extension + away, 0) if longer else None
            longer = more is not None and not more.too_long
            fewer = self.at(self.extension - away, 0) if shorter else None
            shorter = fewer is not None
            if more is not None:
                yield self.extension + away, more
            if fewer is not None:
                yield self.extension - away, fewer
            if not (longer or shorter):
                return

    def at(self, extension: int, steps: int) -> Proposal | None:
        """Make the plan with so many instalments and so many places more of the steps, if there can be one."""
        key = extension, steps
        if key not in self._made:
            measures = self._stepped(steps)
            try:
                self._made[key] = propose(
                    self.known, (*measures, Extend(instalments=extension)) if extension else measures
                )
            except Refused as refused:
                self.refused = self.refused or f"{refused.issues[0].code}: {refused.issues[0].message}"
                self._made[key] = None
        return self._made[key]

    def _stepped(self, steps: int) -> tuple[Measure, ...]:
        measures = self.fixed
        for span in self.spans:
            places = min(steps, max(span.last - span.stands, 0))
            if places:
                measures = span.placed(measures, span.stands + places)
            steps -= places
        return measures

    def short(self, at: Proposal) -> Decimal:
        """Say by how much the highest instalment is above what was asked."""
        if self.request.max_monthly_payment is None:
            return Decimal(0)
        highest = max((row.total for row in at.plan.schedule.rows), default=Decimal(0))
        return max(Decimal(0), highest - self.request.max_monthly_payment)


def _extension(measures: Iterable[Measure]) -> int:
    return sum(one.instalments for one in measures if isinstance(one, Extend))


class _Border(NamedTuple):
    """What the policy itself would give up at most, where no limit of it says how much may be."""

    fact: str
    most: Decimal


class _Borders:
    """What no answer may exceed: the limits, what the policy itself would give up, and the ranges of its steps."""

    def __init__(
        self,
        known: CaseFacts,
        rule: Rule,
        offers: tuple[Offer, ...],
        spans: tuple[Leeway, ...],
        *,
        edited: bool,
    ) -> None:
        self.known, self.rule, self.spans = known, rule, spans
        offered = [offer.prospect for offer in offers]
        mine = next(one for one in offers if one.rule == rule.id)
        measures = mine.plan.measures
        for span in spans:
            if span.last > span.stands:
                measures = span.placed(measures, span.last)
        if measures != mine.plan.measures:
            offered.append(propose(known, measures).prospect)
        self.borders = tuple(_borders(known.in_force, offered, edited=edited))

    def held(self, at: Proposal) -> Offer | Refusal:
        """Hold a plan against the policy's limits and against what the policy itself would give up."""
        held = check_limits(self.rule, at)
        if isinstance(held, Refusal):
            return held
        return self._ranges(at) or self._given_up(at) or held

    def fast(self, at: Proposal) -> bool:
        """Tell whether a plan is refused whatever its number of instalments."""
        return self._ranges(at) is not None or any(
            border.fact == "relief" and at.prospect.relief > border.most for border in self.borders
        )

    def _ranges(self, at: Proposal) -> Refusal | None:
        for span in self.spans:
            value = span.beyond(at.measures)
            if value is not None:
                shown, end = span.grid.shown(value), span.grid.shown(span.grid.end)
                op = "<=" if span.grid.up else ">="
                name = f"{span.step.measure['measure']}.{span.name}"
                message = f"{name} would be {shown}, and the step {span.step.id} goes to {end}"
                return self._refusal("beyond-the-range", message, name, op, shown, end)
        return None

    def _given_up(self, at: Proposal) -> Refusal | None:
        for border in self.borders:
            value = getattr(at.prospect, border.fact)
            if value is not None and value > border.most + self._rounding(border, at):
                message = f"{border.fact} would be {value}, and the policy offered {border.most} at most"
                return self._refusal(
                    "beyond-what-was-offered", message, border.fact, "<=", str(value), str(border.most)
                )
        return None

    def _refusal(self, code: str, message: str, fact: str, op: str, actual: str, threshold: str) -> Refusal:
        condition = ConditionResult(fact=fact, op=op, actual=actual, threshold=threshold, verdict="false")
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

    def _rounding(self, border: _Border, at: Proposal) -> Decimal:
        """Give what rounding every row to its minor unit may do to a share of what is owed."""
        if border.fact != "npv_loss":
            return Decimal(0)
        unit = Decimal(1).scaleb(-minor_digits(self.known.assessment.currency))
        rows = len(at.plan.schedule.rows) + 1
        return (rows * unit / at.plan.position.buckets.claim).quantize(Decimal("0.000001")) + Decimal(
            "0.000001"
        )


def _borders(in_force: InForce, offered: Sequence[Prospect], *, edited: bool) -> Iterator[_Border]:
    """Give what may be given up at most; a longer term alone gives up nothing that was not offered."""
    # A limit that holds only for some cases, or some rules, says nothing about the others.
    limits = (limit for limit in in_force.policy.limits if not limit.offers_of)
    nodes = (in_force.plan_problem.nodes[f"passed:{limit.id}"] for limit in limits)
    read = {
        node.fact for node in nodes if isinstance(node, Leaf) and node.op in (Operator.AT_MOST, Operator.LESS)
    }
    if not read & {"relief", "relief_share"}:
        yield _Border("relief", max(one.relief for one in offered))
    if edited and not read & {"npv_loss", "modification_loss"}:
        losses = [one.npv_loss for one in offered if one.npv_loss is not None]
        if losses:
            yield _Border("npv_loss", max(*losses, Decimal(0)))
