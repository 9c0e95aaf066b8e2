"""Events: what can happen in the life of a restructuring, each dated by the day on which it became known."""

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
    """A decision was made and its offers were put to the borrower."""

    kind: Literal["proposed"] = "proposed"
    """What happened."""
    decision: Decision
    """The decision, whole, so that it can be replayed."""

    @property
    def on(self) -> date:
        """The day of the decision."""
        return self.decision.on


class Countered(Record):
    """The borrower asked for something else, and was answered.

    Only what the round changed is said: the decision it made is the one before with this round, and with its plan
    in place of the offer it started from.
    """

    kind: Literal["countered"] = "countered"
    """What happened."""
    on: date
    """The day of the answer."""
    decision: str
    """The id of the decision that the answer made; it follows from the one before and the round."""
    round: Round
    """What was asked, and what became of it."""
    offer: Offer | None = None
    """The plan found; none if the request was refused, and then the offers stay as they were."""

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        made = None if self.offer is None else self.offer.rule
        wanted = None if self.round.answer is Answer.REFUSED else self.round.rule
        if made != wanted:
            sentence = "a plan by the rule that was asked about belongs to every answer but a refusal, and to that none"
            refuse([("record-altered", sentence)])
        return self


class Accepted(Record):
    """The borrower accepted one of the offers."""

    kind: Literal["accepted"] = "accepted"
    """What happened."""
    rule: str
    """The rule that made the offer."""
    consent: Consent
    """That the borrower agreed."""
    documents: tuple[Evidence, ...] = ()
    """Documents that arrived since the application."""

    @property
    def on(self) -> date:
        """The day of acceptance."""
        return self.consent.on


class Withdrawn(Record):
    """The borrower withdrew inside the time to think it over."""

    kind: Literal["withdrawn"] = "withdrawn"
    """What happened."""
    on: date
    """The day."""


class Paid(Record):
    """Money was received under the agreement."""

    kind: Literal["paid"] = "paid"
    """What happened."""
    payment: Payment
    """The payment; one that is sent twice under one id is recorded once."""

    @property
    def on(self) -> date:
        """The day it was received."""
        return self.payment.on


class Missed(Record):
    """An instalment was not paid by the end of its days of grace."""

    kind: Literal["missed"] = "missed"
    """What happened."""
    on: date
    """The day of the review that found it."""
    number: int
    """The instalment."""
    due: date
    """When it fell due."""


class Cured(Record):
    """Everything due is paid again after something was missed."""

    kind: Literal["cured"] = "cured"
    """What happened."""
    on: date
    """The day of the review that found it."""


class Broken(Record):
    """The agreement was not kept as the policy asks."""

    kind: Literal["broken"] = "broken"
    """What happened."""
    on: date
    """The day of the review that found it."""
    since: date
    """The day from which it counts as broken."""
    reason: str
    """Why, in one sentence."""


class TookEffect(Record):
    """The trial period was passed, and the change took effect."""

    kind: Literal["took_effect"] = "took_effect"
    """What happened."""
    on: date
    """The day of the review that found it."""
    since: date
    """The day from which the change holds."""


class Completed(Record):
    """Everything was paid."""

    kind: Literal["completed"] = "completed"
    """What happened."""
    on: date
    """The day of the review that found it."""
    paid_on: date
    """The day on which it was paid."""


Event = Annotated[
    Proposed | Countered | Accepted | Withdrawn | Paid | Missed | TookEffect | Cured | Broken | Completed,
    Field(discriminator="kind"),
]
"""What can happen in the life of a restructuring."""
