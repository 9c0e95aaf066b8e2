"""Case history: the append-only record of a restructuring, from which its state is derived."""

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from typing import Self, assert_never

from restructure.calculator.servicing.contract import Payment
from restructure.calculator.servicing.position import Position
from restructure.casework.agreements.agreement import Agreement, Channel, accept
from restructure.casework.agreements.events import (
    Accepted,
    Broken,
    Completed,
    Countered,
    Cured,
    Event,
    Missed,
    Paid,
    Proposed,
    TookEffect,
    Withdrawn,
)
from restructure.casework.agreements.performance import AgreementStatus
from restructure.casework.agreements.review import Review, received, review, take_effect
from restructure.casework.decisions.decision import Decision
from restructure.casework.decisions.rounds import Answer
from restructure.casework.negotiation.counter import answered
from restructure.errors import InvalidInput, Issue
from restructure.inputs import Day, Source, day_of
from restructure.intake.application import Application, Evidence
from restructure.policy.policy import Policy
from restructure.record import Record
from restructure.short_form import counted

__all__ = [
    "Accepted",
    "Broken",
    "Completed",
    "Countered",
    "Cured",
    "Event",
    "History",
    "Missed",
    "Paid",
    "Proposed",
    "Stage",
    "TookEffect",
    "Withdrawn",
]


_BY_REVIEW = (Missed, TookEffect, Cured, Broken, Completed)


class Stage(StrEnum):
    """Stage of a restructuring."""

    PROPOSED = "proposed"
    """A decision was made: its offers are open, or every rule was refused with a reason."""
    AGREED = "agreed"
    """An offer was accepted and the agreement is in force."""
    WITHDRAWN = "withdrawn"
    """The borrower withdrew from the agreement."""
    BROKEN = "broken"
    """The agreement was broken."""
    COMPLETED = "completed"
    """Everything owed was paid."""


class History(Record):
    """Every event of one restructuring in the order in which it became known; events are only ever added.

    >>> from restructure.casework.agreements.agreement import evidence_digest
    >>> from restructure.casework.decisions.decision import decide
    >>> from restructure.intake.application import read_application
    >>> from restructure.policy.loading.loading import load_policy
    >>> case = read_application("examples/illness.json")
    >>> history = History().proposed(decide(case, load_policy("cn-consumer-finance"), on=case.as_of))
    >>> history = history.accepted(rule="illness-relief", on=case.as_of, by=case.borrower.reference,
    ...                            channel="phone", evidence=evidence_digest("what was read out"))
    >>> history.stage.value, len(history.events), str(history.agreement.plan.instalment)
    ('agreed', 2, '2046.14')
    """

    events: tuple[Event, ...] = ()
    """The events, such as a proposal, an acceptance and payments, in the order in which they became known."""

    # --- state

    @property
    def decision(self) -> Decision | None:
        """The decision whose offers are open or accepted, including the rounds of its negotiation."""
        decision: Decision | None = None
        for event in self.events:
            match event:
                case Proposed():
                    decision = event.decision
                case Countered():
                    assert decision is not None, "an answer before a proposal is refused when it is added"
                    decision = answered(decision, event.round, event.offer)
        return decision

    @property
    def agreement(self) -> Agreement | None:
        """The agreement, if there is one that the borrower has not withdrawn from."""
        agreement: Agreement | None = None
        since = self._since_agreed
        if any(isinstance(event, Proposed | Withdrawn) for event in since):
            return None
        decision = self.decision
        for event in since:
            assert decision is not None, "an acceptance before a proposal is refused when it is added"
            match event:
                case Accepted():
                    agreement = _agree(decision, event)
                case TookEffect():
                    assert agreement is not None, "a change takes effect only after an acceptance"
                    known = [payment for payment in self.payments if payment.on <= event.since]
                    agreement = take_effect(agreement, known, loan=decision.application.loan)
        return agreement

    @property
    def payments(self) -> tuple[Payment, ...]:
        """The payments under the agreement, as they became known."""
        return tuple(event.payment for event in self._since_agreed if isinstance(event, Paid))

    @property
    def stage(self) -> Stage:
        """The stage of the restructuring, as of the last review recorded."""
        stage = Stage.PROPOSED
        for event in self.events:
            match event:
                case Proposed():
                    stage = Stage.PROPOSED
                case Accepted():
                    stage = Stage.AGREED
                case Withdrawn():
                    stage = Stage.WITHDRAWN
                case Broken():
                    stage = Stage.BROKEN
                case Completed():
                    stage = Stage.COMPLETED
                case Countered() | Paid() | Missed() | TookEffect() | Cured():
                    pass
                case _:
                    assert_never(event)
        return stage

    def _summary(self) -> str:
        if not self.events:
            return "no events"
        last = self.events[-1]
        return f"{self.stage.value}, {counted(len(self.events), 'event')}, the last {last.kind} on {last.on}"

    @property
    def _since_agreed(self) -> tuple[Event, ...]:
        agreed = [k for k, event in enumerate(self.events) if isinstance(event, Accepted)]
        return self.events[agreed[-1] :] if agreed else ()

    def review(
        self,
        on: Day,
        *,
        policy: Policy | Source | None = None,
        application: Application | Source | None = None,
    ) -> Review:
        """Review the agreement on a day from the payments known so far, with the class that a policy suggests.

        `application` is the borrower's current application, if it differs from the one that was decided on. Raises
        `InvalidInput` if there is no agreement, and as `review` does.
        """
        on = day_of(on)
        agreement, decision = self.agreement, self.decision
        if agreement is None or decision is None:
            raise InvalidInput(
                Issue("event-order", "there is no agreement to review; record an acceptance first", "events")
            )
        known = [payment for payment in self.payments if payment.on <= on]
        loan, current = decision.application.loan, application or decision.application
        return review(agreement, known, on=on, loan=loan, application=current, policy=policy)

    # --- adding events

    def proposed(self, decision: Decision) -> Self:
        """Add a decision: the first one, or a second restructuring after the first ended."""
        return self.extended([Proposed(decision=decision)])

    def countered(self, answer: Decision, *, on: Day) -> Self:
        """Add a counter-request and the decision that `counter` answered it with; the same answer again adds nothing.

        Raises `InvalidInput` for an answer to another decision than the current one, about another borrower or loan,
        dated before the previous event, or after the offers expired.
        """
        if not answer.rounds:
            sentence = "the decision answers no request; propose it instead"
            raise InvalidInput(Issue("decision-differs", sentence, "answer"))
        if self.decision is not None:
            _same_case(self.decision, answer)
        latest = answer.rounds[-1]
        refused = latest.answer is Answer.REFUSED
        offer = None if refused else answer.offer_by(latest.rule)
        event = Countered(on=day_of(on), decision=answer.id, round=latest, offer=offer)
        if self.events and event == self.events[-1]:
            return self
        grown = self.extended([event])
        if grown.decision != answer:
            raise InvalidInput(Issue("decision-differs", _NOT_CURRENT, "answer"))
        return grown

    def accepted(
        self,
        *,
        rule: str,
        on: Day,
        by: str,
        channel: Channel | str,
        evidence: str,
        owed: Position | None = None,
        documents: Sequence[Evidence] = (),
    ) -> Self:
        """Add the acceptance of an offer; the same acceptance again adds nothing.

        `owed` is what the servicing system says is owed since the decision. Raises as `accept` does.
        """
        if self.decision is None:
            raise InvalidInput(Issue("event-order", "an acceptance needs a proposal before it", "events"))
        agreed = accept(
            self.decision,
            rule=rule,
            on=on,
            by=by,
            channel=channel,
            evidence=evidence,
            owed=owed,
            documents=documents,
        )
        if self.agreement is not None and self.agreement.id == agreed.id:
            return self
        return self.extended([Accepted(rule=rule, consent=agreed.consent, documents=tuple(documents))])

    def withdrawn(self, on: Day) -> Self:
        """Add the borrower's withdrawal within the cooling-off period."""
        return self.extended([Withdrawn(on=day_of(on))])

    def paid(self, *payments: Payment) -> Self:
        """Add payments; one that was recorded before with the same id is skipped."""
        known = {payment for payment in self.payments if payment.id is not None}
        new: list[Payment] = []
        for payment in payments:
            if payment not in known:
                new.append(payment)
            if payment.id is not None:  # equal payments without an id are separate payments
                known.add(payment)
        return self.extended([Paid(payment=payment) for payment in new])

    def reviewed(self, on: Day) -> Self:
        """Add the new findings of a review on a day: missed, cured, broken, completed."""
        return self.extended(_findings(self, day_of(on)))

    def extended(self, events: Iterable[Event]) -> Self:
        """Add events; raises `InvalidInput`, and adds none, if one of them is impossible at its place."""
        grown = self
        pending = list(events)
        for k, event in enumerate(pending):
            message = _impossible(grown, event)
            if message:
                place = f"events.{len(self.events) + k}"
                raise InvalidInput(Issue("event-order", message, place))
            grown = grown.model_copy(update={"events": (*grown.events, event)})
        return grown


_NOT_CURRENT = "the answer was not made from the current decision of the history; answer that one"


def _same_case(decision: Decision, answer: Decision) -> None:
    old, new = decision.application, answer.application
    sentence = "the answer is about another {} than the history; add it to the one that belongs to it"
    if new.borrower.reference != old.borrower.reference:
        place = "answer.application.borrower.reference"
        raise InvalidInput(Issue("borrower-differs", sentence.format("borrower"), place))
    if new.loan.reference != old.loan.reference:
        raise InvalidInput(
            Issue("loan-differs", sentence.format("loan"), "answer.application.loan.reference")
        )


def _check_answer(history: History, event: Countered) -> None:
    """Refuse an answer that was not made from the current decision, or not while its offers were open."""
    decision, place = history.decision, f"events.{len(history.events)}"
    assert decision is not None, "a history begins with a proposal"
    latest, before = event.round, history.events[-1].on
    if event.on < before:
        sentence = f"the answer on {event.on} is before the previous event of {before}; correct the day"
        raise InvalidInput(Issue("date-order", sentence, f"{place}.on"))
    if decision.open_until is not None and event.on > decision.open_until:
        sentence = f"the offers were open until {decision.open_until}, not on {event.on}; decide again"
        raise InvalidInput(Issue("offer-expired", sentence, f"{place}.on"))
    before_round = decision.offer_by(latest.rule)
    result = answered(decision, latest, event.offer)
    if (
        event.decision != result.id
        or latest.number != len(result.rounds)
        or result.offer_by(latest.rule).plan.position != before_round.plan.position
    ):
        raise InvalidInput(Issue("decision-differs", _NOT_CURRENT, f"{place}.decision"))


def _agree(decision: Decision, event: Accepted) -> Agreement:
    consent = event.consent
    return accept(
        decision,
        rule=event.rule,
        on=consent.on,
        by=consent.by,
        channel=consent.channel,
        evidence=consent.evidence,
        documents=event.documents,
    )


def _findings(history: History, on: date) -> list[Event]:
    state, known = history.review(on), history._since_agreed
    recorded = {event.number for event in known if isinstance(event, Missed)}
    events: list[Event] = [
        Missed(on=on, number=instalment.number, due=instalment.due)
        for instalment in state.instalments
        if instalment.missed and instalment.number not in recorded
    ]
    if state.trial is not None and state.trial.passed_on is not None:
        events.append(TookEffect(on=on, since=state.trial.passed_on))
    last = next((event for event in reversed([*known, *events]) if isinstance(event, _BY_REVIEW)), None)
    if state.standing is AgreementStatus.CURED and isinstance(last, Missed):
        events.append(Cured(on=on))
    if state.broken_on is not None and not any(isinstance(event, Broken) for event in known):
        events.append(Broken(on=on, since=state.broken_on, reason=state.reason))
    if state.completed_on is not None and not any(isinstance(event, Completed) for event in known):
        events.append(Completed(on=on, paid_on=state.completed_on))
    return events


def _acceptance_problem(history: History, event: Accepted) -> str:
    if history.stage is not Stage.PROPOSED:
        return f"no offer can be accepted once the case is {history.stage.value}"
    decision, before = history.decision, history.events[-1].on
    assert decision is not None, "a history begins with a proposal"
    _agree(decision, event)
    return f"the offers of {before} cannot be accepted on {event.on}" if event.on < before else ""


def _impossible(history: History, event: Event) -> str:
    """Give the reason why an event cannot come next; empty if it can."""
    stage, agreement = history.stage, history.agreement
    if not history.events:
        return "" if isinstance(event, Proposed) else "a history begins with a proposal"
    match event:
        case Proposed():
            return (
                "an agreement is in force; it has to end or be withdrawn from first"
                if stage is Stage.AGREED
                else ""
            )
        case Countered():
            if stage is not Stage.PROPOSED:
                return f"no counter-request is possible once the case is {stage.value}"
            _check_answer(history, event)
            return ""
        case Accepted():
            return _acceptance_problem(history, event)
        case Withdrawn():
            if agreement is None or stage is not Stage.AGREED:
                return "there is no agreement to withdraw from"
            until = agreement.withdrawable_until
            return "" if agreement.on <= event.on <= until else f"withdrawal was possible until {until}"
        case Paid():
            if agreement is None:
                return "there is no agreement to record a payment under"
            received(agreement, [*history.payments, event.payment], on=date.max)
            return ""
        case Missed() | TookEffect() | Cured() | Broken() | Completed():
            if agreement is None:
                return "there is no agreement to review"
            return (
                "" if event in _findings(history, event.on) else f"a review on {event.on} does not confirm it"
            )
        case _:
            assert_never(event)
