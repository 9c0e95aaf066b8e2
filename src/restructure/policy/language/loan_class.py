"""Classification: which of a policy's conclusions is the class of a loan, and what an agreement tells it."""

from enum import StrEnum

from pydantic import Field

from restructure.record import Record

__all__ = ["Before", "ClassificationRule", "Supplied"]


class Supplied(StrEnum):
    """What the record of an agreement says that a file cannot know before it."""

    FIRST_DUE = "first_due"
    """The first due date of the new schedule."""
    PAYMENTS_RESUME = "payments_resume"
    """The first due date on which anything is to be paid."""
    PERIOD_MONTHS = "period_months"
    """Months of a repayment period; unknown if it is no whole number of them."""
    PAID_SINCE = "paid_since"
    """The day since which everything was paid in time; unknown while something is missed."""


class Before(Record):
    """What the policy concluded when the change was made."""

    before: str
    """The fact of the policy."""


class ClassificationRule(Record):
    """Which conclusion is the class of a loan under an agreement."""

    reference: str
    """Key of `sources`, with the paragraph after a colon if there is one."""
    fact: str
    """The fact of the policy that is the class."""
    missed: str | None = None
    """The kind of event that an instalment is which was not paid by the end of its days of grace, on its due date."""
    supplies: dict[str, Supplied | Before] = Field(default_factory=dict)
    """Facts that the file gives otherwise, and what the agreement says of them."""
