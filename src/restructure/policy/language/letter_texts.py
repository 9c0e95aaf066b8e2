"""Wording: what a policy says to borrowers beside its rules, in every language it speaks."""

from pydantic import Field

from restructure.intake.application import Cause
from restructure.record import Record
from restructure.texts import Text

__all__ = ["Wording"]


class Wording(Record):
    """What letters say that no rule decides; a text that is absent leaves its paragraph out."""

    credit_record: Text | None = None
    """What happens to the borrower's credit record."""
    missed_payment: Text | None = None
    """What happens if an instalment is missed."""
    charges: Text | None = None
    """Whether interest, yearly fees and other charges go on while the plan is paid."""
    promises: Text | None = None
    """What the borrower promises, and the rights and duties of both sides."""
    advice: Text | None = None
    """Where free debt advice is to be had."""
    complaint: Text | None = None
    """How to complain or ask for a review."""
    education: dict[Cause, Text] = Field(default_factory=dict)
    """A note on managing money, by cause of the difficulty."""
