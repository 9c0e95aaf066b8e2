"""History: the append-only record of a restructuring, from which its state is derived, and which shows any edit."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from os import PathLike
from typing import Self, assert_never

from pydantic import ValidationError

from restructure.calculator.servicing.contract import Payment
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
from restructure.document import Document, issues_of, read_text
from restructure.errors import InvalidInput, Issue
from restructure.inputs import Day, Source, day_of, document_of
from restructure.intake.application import Application, Evidence
from restructure.policy.policy import Policy
from restructure.record import Reader, Record

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
    "read_history",
    "write_history",
]


_EVENT: Reader[Event] = Reader(Event)
_FOUND = (Missed, TookEffect, Cured, Broken, Completed)
_BEGIN = "0" * 64


class Stage(StrEnum):
    """Where a restructuring stands."""

    PROPOSED = "proposed"
    """Offers are open, or were refused with their reasons."""
    AGREED = "agreed"
    """An offer was accepted and runs."""
    WITHDRAWN = "withdrawn"
    """The borrower withdrew from the agreement."""
    BROKEN = "broken"
    """The agreement was broken."""
    COMPLETED = "completed"
    """Everything was paid."""


class History(Record):
    """Everything that happened in one restructuring, in the order in which it became known; it only ever grows.

    >>> from restructure.casework.agreements.agreement import evidence_digest
    >>> from restructure.casework.decisions.decision import decide
    >>> from restructure.intake.application import read_application
    >>> from restructure.policy.loading.loading import load_policy
    >>> case = read_application("examples/illness.json")
    >>> history = History().proposed(decide(case, load_policy("cn-consumer-finance"), on=case.as_of))
    >>> history = history.accepted(rule="illness-relief", on=case.as_of, by=case.borrower.reference,
    ...                            channel="phone", evidence=evidence_digest("what was read out"))
    >>> history.stage.value, len(history.events), history == read_history(write_history(history))
    ('agreed', 2, True)
    """

    events: tuple[Event, ...] = ()
    """What happened."""

    # --- state

    @property
    def decision(self) -> Decision | None:
        """The decision whose offers are open or were agreed on, the rounds of its negotiation included."""
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
        """The agreement, if there is one and nobody withdrew from it."""
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
                    assert agreement is not None, "what takes effect was agreed"
                    known = [one for one in self.payments if one.on <= event.since]
                    agreement = take_effect(agreement, known, loan=decision.application.loan)
        return agreement

    @property
    def payments(self) -> tuple[Payment, ...]:
        """The payments under the agreement, as they became known."""
        return tuple(one.payment for one in self._since_agreed if isinstance(one, Paid))

    @property
    def stage(self) -> Stage:
        """Where it stands, as far as it was reviewed."""
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

    @property
    def _since_agreed(self) -> tuple[Event, ...]:
        agreed = [k for k, one in enumerate(self.events) if isinstance(one, Accepted)]
        return self.events[agreed[-1] :] if agreed else ()

    def review(
        self, on: date, *, policy: Policy | None = None, application: Application | None = None
    ) -> Review:
        """Review the agreement on a day from the payments known so far, with the class that a policy suggests.

        `application` is the borrower's file as it is known by then, if it is another than the one that was decided
        on. Raises `InvalidInput` if there is no agreement, and as `review` does.
        """
        agreement, decision = self.agreement, self.decision
        if agreement is None or decision is None:
            raise InvalidInput(Issue("event-order", "there is no agreement to review", "events"))
        known = [one for one in self.payments if one.on <= on]
        loan, file = decision.application.loan, application or decision.application
        return review(agreement, known, on=on, loan=loan, application=file, policy=policy)

    # --- growing

    def proposed(self, decision: Decision) -> Self:
        """Add a decision: the first one, or a second restructuring after the first ended."""
        return self.extended([Proposed(decision=decision)])

    def countered(self, answer: Decision, *, on: Day) -> Self:
        """Add what the borrower asked for and the decision that `counter` made of it; the same again changes nothing.

        Raises `InvalidInput` for an answer to another decision than the one that stands, about another borrower or
        loan, dated before what came before it, or after the offers ran out.
        """
        if not answer.rounds:
            sentence = "the decision answers no request; propose it instead"
            raise InvalidInput(Issue("decision-differs", sentence, "answer"))
        if self.decision is not None:
            _same_case(self.decision, answer)
        told = answer.rounds[-1]
        refused = told.answer is Answer.REFUSED
        offer = None if refused else answer.offer_by(told.rule)
        event = Countered(on=day_of(on), decision=answer.id, round=told, offer=offer)
        if self.events and event == self.events[-1]:
            return self
        grown = self.extended([event])
        if grown.decision != answer:
            raise InvalidInput(Issue("decision-differs", _ANOTHER, "answer"))
        return grown

    def accepted(
        self,
        *,
        rule: str,
        on: Day,
        by: str,
        channel: Channel | str,
        evidence: str,
        documents: Sequence[Evidence] = (),
    ) -> Self:
        """Add the acceptance of an offer; the same one again changes nothing. Raises as `accept` does."""
        if self.decision is None:
            raise InvalidInput(Issue("event-order", "an acceptance needs a proposal before it", "events"))
        agreed = accept(
            self.decision, rule=rule, on=on, by=by, channel=channel, evidence=evidence, documents=documents
        )
        if self.agreement is not None and self.agreement.id == agreed.id:
            return self
        return self.extended([Accepted(rule=rule, consent=agreed.consent, documents=tuple(documents))])

    def withdrawn(self, on: Day) -> Self:
        """Add that the borrower withdrew inside the time to think it over."""
        return self.extended([Withdrawn(on=day_of(on))])

    def paid(self, *payments: Payment) -> Self:
        """Add payments; one that is known already under its id is left out."""
        known = {one for one in self.payments if one.id is not None}
        new: list[Payment] = []
        for one in payments:
            if one not in known:
                new.append(one)
            if one.id is not None:  # without one, two that look alike are two
                known.add(one)
        return self.extended([Paid(payment=one) for one in new])

    def reviewed(self, on: Day) -> Self:
        """Add what a review on a day finds that was not yet known: missed, cured, broken, completed."""
        return self.extended(_news(self, day_of(on)))

    def extended(self, events: Iterable[Event]) -> Self:
        """Add events; raises `InvalidInput` if one of them cannot happen where it stands, and adds none."""
        grown = self
        pending = list(events)
        for k, event in enumerate(pending):
            message = _impossible(grown, event)
            if message:
                place = f"events.{len(self.events) + k}"
                raise InvalidInput(Issue("event-order", message, place))
            grown = grown.model_copy(update={"events": (*grown.events, event)})
        return grown


_ANOTHER = "the answer was not made from the decision that stands in the history; answer that one"


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


def _follows(history: History, event: Countered) -> None:
    """Refuse an answer that was not made from the decision that stands, or not while its offers were open."""
    decision, place = history.decision, f"events.{len(history.events)}"
    assert decision is not None, "a history begins with a proposal"
    told, before = event.round, history.events[-1].on
    if event.on < before:
        sentence = f"the answer on {event.on} is before what was put to the borrower on {before}"
        raise InvalidInput(Issue("date-order", sentence, f"{place}.on"))
    if decision.open_until is not None and event.on > decision.open_until:
        sentence = f"the offers were open until {decision.open_until}, not on {event.on}; decide anew"
        raise InvalidInput(Issue("offer-expired", sentence, f"{place}.on"))
    started = decision.offer_by(told.rule)
    made = answered(decision, told, event.offer)
    if (
        event.decision != made.id
        or told.number != len(made.rounds)
        or made.offer_by(told.rule).plan.position != started.plan.position
    ):
        raise InvalidInput(Issue("decision-differs", _ANOTHER, f"{place}.decision"))


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


def _news(history: History, on: date) -> list[Event]:
    found, known = history.review(on), history._since_agreed
    events: list[Event] = []
    told = {one.number for one in known if isinstance(one, Missed)}
    events += [
        Missed(on=on, number=one.number, due=one.due)
        for one in found.instalments
        if one.missed and one.number not in told
    ]
    if found.trial is not None and found.trial.passed_on is not None:
        events.append(TookEffect(on=on, since=found.trial.passed_on))
    last = next((one for one in reversed([*known, *events]) if isinstance(one, _FOUND)), None)
    if found.standing is AgreementStatus.CURED and isinstance(last, Missed):
        events.append(Cured(on=on))
    if found.broken_on is not None and not any(isinstance(one, Broken) for one in known):
        events.append(Broken(on=on, since=found.broken_on, reason=found.reason))
    if found.completed_on is not None and not any(isinstance(one, Completed) for one in known):
        events.append(Completed(on=on, paid_on=found.completed_on))
    return events


def _impossible(history: History, event: Event) -> str:
    """Say why an event cannot come next; empty if it can."""
    stage, agreement = history.stage, history.agreement
    if not history.events:
        return "" if isinstance(event, Proposed) else "a history begins with a proposal"
    match event:
        case Proposed():
            return "an agreement runs; it ends, or is withdrawn from, first" if stage is Stage.AGREED else ""
        case Countered():
            if stage is not Stage.PROPOSED:
                return f"nothing can be asked for once the case is {stage.value}"
            _follows(history, event)
            return ""
        case Accepted():
            if stage is not Stage.PROPOSED:
                return f"nothing can be accepted once the case is {stage.value}"
            decision, before = history.decision, history.events[-1].on
            assert decision is not None, "a history begins with a proposal"
            _agree(decision, event)
            return f"the offers of {before} cannot be accepted on {event.on}" if event.on < before else ""
        case Withdrawn():
            if agreement is None or stage is not Stage.AGREED:
                return "there is no agreement to withdraw from"
            until = agreement.withdrawable_until
            return "" if agreement.on <= event.on <= until else f"withdrawal was possible until {until}"
        case Paid():
            if agreement is None:
                return "there is no agreement that a payment could be under"
            received(agreement, [*history.payments, event.payment], on=date.max)
            return ""
        case Missed() | TookEffect() | Cured() | Broken() | Completed():
            if agreement is None:
                return "there is no agreement"
            return "" if event in _news(history, event.on) else f"a review on {event.on} does not find it"
        case _:
            assert_never(event)


# --- JSON Lines


def _digest(previous: str, content: str) -> str:
    return hashlib.sha256(f"{previous}\n{content}".encode()).hexdigest()


def _plain(event: Event) -> str:
    return json.dumps(event.model_dump(mode="json"), ensure_ascii=False, separators=(",", ":"))


def _history_of(document: Document) -> History:
    """Derive a history anew from plain data, which carries no digests."""
    events = document.data.get("events", [])
    history = History()
    for k, entry in enumerate(events if isinstance(events, list) else []):
        try:
            event = _EVENT.validate_json(json.dumps(entry, default=str))
        except ValidationError as error:
            raise InvalidInput(issues_of(error, document, root=("events", k))) from None
        history = history.extended([event])
    unknown = [
        Issue("field-unknown", f'no field is called "{name}" here', name)
        for name in document.data
        if name != "events"
    ]
    if unknown or not isinstance(events, list):
        raise InvalidInput(unknown or [Issue("value-invalid", "events is a list", "events")])
    return history


def _lines_of(source: Source, file: str | None) -> tuple[str, str | None]:
    """Give the text of a history; a text that is empty, of several lines or in braces is no path."""
    if isinstance(source, bytes | bytearray):
        try:
            return bytes(source).decode(), file
        except UnicodeDecodeError as error:
            raise InvalidInput(
                Issue("history-broken", f"the text is not UTF-8 ({error.reason})", file=file)
            ) from None
    if isinstance(source, str) and (not source or "\n" in source or source.lstrip().startswith("{")):
        return source, file
    if not isinstance(source, str | PathLike):
        sentence = f"{type(source).__name__} is not a history; give the record, a path, a text or a mapping"
        raise InvalidInput(Issue("input-kind", sentence))
    return read_text(source), file or str(source)


def write_history(history: History) -> str:
    """Write a history as JSON Lines: one event a line, each with a digest over all before it, and a seal.

    Add to a file by writing it anew beside the old one and renaming it, so that no reader ever sees half of it.
    """
    lines, previous = [], _BEGIN
    for event in history.events:
        content = _plain(event)
        previous = _digest(previous, content)
        lines.append(f'{{"digest":"{previous}","event":{content}}}')
    lines.append(json.dumps({"seal": previous, "events": len(history.events)}, separators=(",", ":")))
    return "\n".join(lines) + "\n"


def read_history(source: History | Source, *, file: str | None = None) -> History:
    """Read a history from a path or a text of JSON Lines, or from plain data (`events`), and derive it anew.

    Raises `InvalidInput` with the line for a line that is no event, one that was edited, left out or moved, a file
    that ends too early, and an event that cannot have happened where it stands.
    """
    if isinstance(source, History):
        return source
    if isinstance(source, Mapping):
        return _history_of(document_of(source, "a history"))
    text, file = _lines_of(source, file)

    def at(line: int, code: str, message: str) -> InvalidInput:
        return InvalidInput(Issue(code, message, file=file, line=line))

    # Not `splitlines`: a name may hold other line separators of Unicode, which JSON leaves as they are.
    lines = text.removesuffix("\n").split("\n") if text else []
    history, previous = History(), _BEGIN
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            if not isinstance(entry, dict):
                raise TypeError
        except (ValueError, TypeError):
            raise at(
                number, "history-broken", "the line is no JSON object; the file was cut or edited"
            ) from None
        if "seal" in entry:
            if number != len(lines):
                raise at(number, "history-broken", "something follows the seal, which is the last line")
            if entry != {"seal": previous, "events": number - 1}:
                raise at(
                    number,
                    "history-altered",
                    "the seal does not fit the events before it: one is missing or was added",
                )
            return history
        try:
            event = _EVENT.validate_json(json.dumps(entry.get("event")))
        except ValidationError as error:
            fault = error.errors()[0]
            place = ".".join(map(str, fault["loc"]))
            raise at(number, "history-broken", f"the event cannot be read: {place}: {fault['msg']}") from None
        content = json.dumps(entry["event"], ensure_ascii=False, separators=(",", ":"))
        digest = _digest(previous, content)
        if entry.get("digest") != digest:
            raise at(
                number,
                "history-altered",
                "the digest does not fit this event and those before it: one was edited, moved or left out",
            )
        previous = digest
        try:
            history = history.extended([event])
        except InvalidInput as error:
            raise InvalidInput(
                Issue(one.code, one.message, one.place, file=file, line=number) for one in error.issues
            ) from None
    raise at(len(lines) + 1, "history-truncated", "the file ends without its seal, so its end is missing")
