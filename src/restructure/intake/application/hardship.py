"""The hardship: its cause, its duration and the documents that prove it."""

from datetime import date
from enum import StrEnum

from pydantic import Field

from restructure.record import Record

__all__ = ["Cause", "Evidence", "EvidenceKind", "Hardship"]


class Cause(StrEnum):
    """Why the borrower is in difficulty."""

    ILLNESS = "illness"
    UNEMPLOYMENT = "unemployment"
    INCOME_FALL = "income_fall"
    DISASTER = "disaster"
    FAMILY_EVENT = "family_event"
    BUSINESS_FAILURE = "business_failure"
    OVER_SPENDING = "over_spending"
    OTHER = "other"


class EvidenceKind(StrEnum):
    """Documents that a lender asks for."""

    IDENTITY = "identity"
    INCOME_PROOF = "income_proof"
    HARDSHIP_PROOF = "hardship_proof"
    REPAYMENT_PROPOSAL = "repayment_proposal"


class Evidence(Record):
    """A document that the lender holds."""

    kind: EvidenceKind
    """What the document proves, such as `income_proof`."""
    on: date
    """Date of the document, such as 2026-03-01; not after the day of the application."""


class Hardship(Record):
    """The cause of the difficulty, its duration and its proof; a field that is absent is unknown."""

    cause: Cause | None = None
    """Why the borrower is in difficulty, such as `illness`."""
    onset: date | None = None
    """The day it began, such as 2026-01-10."""
    expected_months: int | None = Field(default=None, ge=0, le=600)
    """Months that a temporary hardship is expected to last, counted from `onset`, such as 9."""
    lasting: bool | None = None
    """Whether it is permanent; excludes `expected_months` and `resolved_on`."""
    resolved_on: date | None = None
    """The day it was over, such as 2026-02-28; absent while it lasts."""
    evidence: tuple[Evidence, ...] = ()
    """Documents that the lender holds."""
