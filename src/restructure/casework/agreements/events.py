"""Events of a restructuring, each dated by the day on which it became known."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from restructure.calculator.servicing.contract import Payment
from restructure.casework.agreements.agreement import Consent
from restructure.casework.decisions.decision import Decision
from restructure.casework.decisions.outcome import Offer
from restructure.casework.decisions.rounds import Answer, Round
from restructure.intake.application import Evidence
from restructure.record import Record, refuse

__all__ = [
    "Accepted",
    "Broken",
    "Completed",
    "Countered",
    "Cured",
    "Event",
    "Missed",
    "Paid",
    "Proposed",
    "TookEffect",
    "Withdrawn",
]


class Proposed(Record):
    """A decision was made and its offers were presented to the borrower."""

    kind: Literal["proposed"] = "proposed"
    """Always `proposed`: the type of this event."""
    decision: Decision
    """The whole decision, so that it can be replayed."""

    @property
    def on(self) -> date:
        """The day of the decision."""
        return self.decision.on


class Countered(Record):
    """The borrower made a counter-request, and was answered.

    Only the change is recorded: the resulting decision is the one before with this round added and, unless the request
    was refused, with its plan in place of the offer that the request was about.
    """

    kind: Literal["countered"] = "countered"
    """Always `countered`: the type of this event."""
    on: date
    """The day of the answer, such as 2026-03-20; not before the previous event."""
    decision: str
    """Id of the resulting decision (SHA-256); it follows from the previous decision and the round."""
    round: Round
    """The request and its answer."""
    offer: Offer | None = None
    """The offer that answers the request; absent if it was refused, and the earlier offers stay open."""

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        offered = None if self.offer is None else self.offer.rule
        expected = None if self.round.answer is Answer.REFUSED else self.round.rule
        if offered != expected:
            sentence = (
                "an answer holds an offer of the rule that it is about, a refusal holds none; the event was "
                "edited"
            )
            refuse([("record-altered", sentence)])
        return self


class Accepted(Record):
    """The borrower accepted one of the offers."""

    kind: Literal["accepted"] = "accepted"
    """Always `accepted`: the type of this event."""
    rule: str
    """Id of the rule whose offer was accepted, such as `illness-relief`."""
    consent: Consent
    """Proof of the borrower's consent."""
    documents: tuple[Evidence, ...] = ()
    """Documents received since the application."""

    @property
    def on(self) -> date:
        """The day of acceptance."""
        return self.consent.on


class Withdrawn(Record):
    """The borrower withdrew within the cooling-off period."""

    kind: Literal["withdrawn"] = "withdrawn"
    """Always `withdrawn`: the type of this event."""
    on: date
    """The day of the withdrawal, such as 2026-03-25; at most the last day of the cooling-off period."""


class Paid(Record):
    """A payment was received under the agreement."""

    kind: Literal["paid"] = "paid"
    """Always `paid`: the type of this event."""
    payment: Payment
    """The payment; a second one with the same id is not recorded."""

    @property
    def on(self) -> date:
        """The day it was received."""
        return self.payment.on


class Missed(Record):
    """An instalment was not paid by the end of its days of grace."""

    kind: Literal["missed"] = "missed"
    """Always `missed`: the type of this event."""
    on: date
    """The day of the review that found it."""
    number: int
    """Number of the instalment in the schedule, from 1; 0 for the up-front payment."""
    due: date
    """Due date of the instalment, such as 2026-05-18."""


class Cured(Record):
    """Everything due is paid again after an instalment was missed."""

    kind: Literal["cured"] = "cured"
    """Always `cured`: the type of this event."""
    on: date
    """The day of the review that found it."""


class Broken(Record):
    """The borrower defaulted on the agreement, by the triggers of the policy."""

    kind: Literal["broken"] = "broken"
    """Always `broken`: the type of this event."""
    on: date
    """The day of the review that found it."""
    since: date
    """The first day on which a trigger of the policy applied, such as 2026-08-20."""
    reason: str
    """The trigger, as in "because an instalment was more than 60 days late"."""


class TookEffect(Record):
    """The trial period was completed, and the change took effect."""

    kind: Literal["took_effect"] = "took_effect"
    """Always `took_effect`: the type of this event."""
    on: date
    """The day of the review that found it."""
    since: date
    """The day of the last trial payment, from which the change applies."""


class Completed(Record):
    """Everything owed was paid."""

    kind: Literal["completed"] = "completed"
    """Always `completed`: the type of this event."""
    on: date
    """The day of the review that found it."""
    paid_on: date
    """The day of the last payment, such as 2028-03-18."""


Event = Annotated[
    Proposed | Countered | Accepted | Withdrawn | Paid | Missed | TookEffect | Cured | Broken | Completed,
    Field(discriminator="kind"),
]
"""An event of a restructuring; `kind` names its type."""
