"""Rounds: what a borrower asked for in a negotiation, and what became of it."""

from datetime import date
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from restructure.calculator.conventions.money import Money
from restructure.calculator.measures.catalogue import Measure
from restructure.document import read_model
from restructure.inputs import Source, document_of
from restructure.policy.engine.reference import ConditionResult
from restructure.record import Record, refuse

__all__ = ["Answer", "CounterRequest", "Round", "read_counter_request"]


class CounterRequest(Record):
    """What the borrower asks for; everything that is said has to hold together."""

    max_monthly_payment: Money | None = None
    """No instalment may be above this."""
    first_payment_from: date | None = None
    """Nothing is to be paid before this day; instalments that fall due earlier are suspended."""
    keep_end_date: bool = False
    """The loan is to end no later than as agreed."""
    lump_sum: Money | None = None
    """Paid at once, up front."""
    measures: tuple[Measure, ...] | None = None
    """Other measures instead of those of the offer, such as one of them edited."""

    @model_validator(mode="after")
    def _asks(self) -> Self:
        if self == type(self).model_construct():
            refuse([("value-invalid", "the request asks for nothing; say what the borrower wants")])
        return self


def read_counter_request(source: CounterRequest | Source) -> CounterRequest:
    """Read what a borrower asks for from a path, a text or plain data; raises `InvalidInput` with every finding.

    >>> str(read_counter_request({"max_monthly_payment": "1800"}).max_monthly_payment)
    '1800.00'
    """
    if isinstance(source, CounterRequest):
        return source
    return read_model(CounterRequest, document_of(source, "a request"))


class Answer(StrEnum):
    """What became of a request."""

    MET = "met"
    """There is a plan inside the limits that does all that was asked."""
    NEAREST = "nearest"
    """None does; this is the one inside the limits that comes nearest."""
    REFUSED = "refused"
    """No plan of this kind is inside the limits; what was offered before stays open."""


class Round(Record):
    """One round of a negotiation: what was asked, and what was answered."""

    number: int = Field(ge=1)
    """The round, from 1."""
    rule: str
    """The rule whose offer it started from."""
    request: CounterRequest
    """What was asked."""
    answer: Answer
    """What became of it."""
    message: str
    """Why, in one sentence."""
    binding: tuple[ConditionResult, ...] = ()
    """The limits that stood in the way of what was asked, with both values."""
