"""Wording: what a policy says to borrowers beside its rules, in every language it speaks."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from restructure.intake.application import Cause
from restructure.record import Record

__all__ = ["Wording"]


def _text(value: Any) -> Any:
    return {"en": value} if isinstance(value, str) else value


_Text = Annotated[dict[str, str], BeforeValidator(_text), Field(min_length=1)]


class Wording(Record):
    """What letters say that no rule decides; a text that is absent leaves its paragraph out."""

    credit_record: _Text | None = None
    """What happens to the borrower's credit record."""
    missed_payment: _Text | None = None
    """What happens if an instalment is missed."""
    charges: _Text | None = None
    """Whether interest, yearly fees and other charges go on while the plan is paid."""
    promises: _Text | None = None
    """What the borrower promises, and the rights and duties of both sides."""
    advice: _Text | None = None
    """Where free debt advice is to be had."""
    complaint: _Text | None = None
    """How to complain or ask for a review."""
    education: dict[Cause, _Text] = Field(default_factory=dict)
    """A note on managing money, by cause of the difficulty."""
