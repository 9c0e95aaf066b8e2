"""Rounds of a negotiation: the borrower's request and its answer."""

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
    """What the borrower asks for; a plan has to meet every field that is set."""

    max_monthly_payment: Money | None = None
    """Highest instalment a month, in the loan's currency, such as "1800.00"."""
    first_payment_from: date | None = None
    """First day on which something is paid, such as 2026-06-01; instalments due earlier are suspended."""
    keep_end_date: bool = False
    """Whether the loan has to end no later than agreed."""
    lump_sum: Money | None = None
    """Amount that the borrower pays up front, such as "2000.00"."""
    measures: tuple[Measure, ...] | None = None
    """Measures in place of those of the offer, such as the same ones with one number changed; absent: those of the
    offer."""

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
    """Answer to a request."""

    MET = "met"
    """A plan within the limits meets the request in full."""
    NEAREST = "nearest"
    """No plan does; the offer is the nearest one within the limits."""
    REFUSED = "refused"
    """No plan of this kind is within the limits; the earlier offers stay open."""


class Round(Record):
    """One round of a negotiation: a request and its answer."""

    number: int = Field(ge=1)
    """Number of the round, from 1."""
    rule: str
    """Id of the rule whose offer the request is about, such as `illness-relief`."""
    request: CounterRequest
    """The borrower's request."""
    answer: Answer
    """Whether the request was met, met as far as the limits allow, or refused."""
    message: str
    """Reason of the answer, in one sentence."""
    binding: tuple[ConditionResult, ...] = ()
    """Limits that the request exceeds, each with value and threshold."""
