"""Classification: which fact of a policy is the class of a loan, and which facts an agreement supplies for it."""

from enum import StrEnum

from pydantic import Field

from restructure.record import Record

__all__ = ["Before", "ClassificationRule", "Supplied"]


class Supplied(StrEnum):
    """What the record of an agreement supplies for classifying the loan."""

    FIRST_DUE = "first_due"
    """The first due date of the new schedule."""
    PAYMENTS_RESUME = "payments_resume"
    """The first due date on which anything is to be paid."""
    PERIOD_MONTHS = "period_months"
    """Months of a payment period; unknown if it is not a whole number of months."""
    PAID_SINCE = "paid_since"
    """The day since which everything was paid on time; unknown while an instalment is missed."""


class Before(Record):
    """The value that a fact of the policy had when the change was made."""

    before: str
    """The name of the fact of the policy, such as `under_observation`."""


class ClassificationRule(Record):
    """Which fact is the class of a loan under an agreement, and what is supplied to conclude it."""

    reference: str
    """The source: a key of `sources`, optionally followed by a colon and a paragraph, such as `art70: notice`."""
    fact: str
    """The fact of the policy that is the class, such as `asset_class`."""
    missed: str | None = None
    """The kind of event that an instalment not paid within its days of grace counts as, on its due date."""
    supplies: dict[str, Supplied | Before] = Field(default_factory=dict)
    """Given facts and what the agreement supplies for each, in place of the value in the application."""
