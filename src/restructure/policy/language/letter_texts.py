"""Letter texts: what a policy says to borrowers that does not depend on a rule, in each language."""

from pydantic import Field

from restructure.intake.application import Cause
from restructure.record import Record
from restructure.texts import Text

__all__ = ["LetterTexts"]


class LetterTexts(Record):
    """Texts of letters that do not depend on a rule; a paragraph whose text is absent is left out."""

    credit_record: Text | None = None
    """How the change is reported to the credit register, in each language."""
    missed_payment: Text | None = None
    """What happens if an instalment is missed, in each language."""
    charges: Text | None = None
    """Whether interest, yearly fees and other charges continue while the plan is paid."""
    promises: Text | None = None
    """What the borrower promises, and the rights and duties of both sides."""
    advice: Text | None = None
    """Where free debt advice is available."""
    complaint: Text | None = None
    """How to complain or ask for a review."""
    education: dict[Cause, Text] = Field(default_factory=dict)
    """A note on managing money, by cause of the difficulty."""
