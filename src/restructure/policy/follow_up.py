"""Follow-up: what a policy asks of an agreement, what breaks one, and which clocks run beside it."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from restructure.calculator.money import Money
from restructure.intake.application import EvidenceKind
from restructure.record import Record

__all__ = ["Clock", "FollowUp", "Reversal", "Starts"]

Days = Annotated[int, Field(ge=0, le=3660)]
"""A number of days."""


class Starts(StrEnum):
    """When a clock begins to run."""

    GRANTED = "granted"
    """The day the change took effect."""
    FIRST_DUE = "first_due"
    """The first due date after it."""
    PAYMENTS_RESUME = "payments_resume"
    """The first due date on which anything is paid, so the end of a payment holiday."""


class Reversal(StrEnum):
    """What comes back when an agreement is broken."""

    WAIVED = "waived"
    """Interest, penalty and fees given up on the effective date."""
    FORGIVEN = "forgiven"
    """Principal given up."""


class Clock(Record):
    """A period of good conduct that a regulator or the lender asks for, such as observation, cure or probation.

    It ends with the latest of `months` after its start and the due date `instalments` periods after it.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=80)
    """Names it in records."""
    title: Annotated[dict[str, str], Field(min_length=1)]
    """What it is, by language."""
    reference: str
    """Key of the policy's sources, with the paragraph after a colon if there is one."""
    months: Annotated[int, Field(ge=0, le=1200)] = 0
    """Months it runs at least."""
    instalments: Annotated[int, Field(ge=0, le=1200)] = 0
    """Payment periods it runs at least."""
    starts: Starts = Starts.GRANTED
    """When it begins, if it follows no other clock."""
    follows: str | None = None
    """The clock above it whose end it begins with; a restart of that one moves this one too."""
    restarts_when_late: Days | None = None
    """It begins anew when an instalment is more than so many days late: for 0 on the due date of what is missed,
    beyond the days of grace; otherwise on the first day beyond. Absent: nothing restarts it."""
    restarts: str | None = None
    """The clock that begins anew instead of this one, such as cure when probation is not kept."""


class FollowUp(Record):
    """What an agreement needs to come about, and how it is followed up."""

    valid_days: Days | None = None
    """Days for which an offer can be accepted, the day of the decision not counted; absent: it does not expire."""
    cooling_off_days: Days = 0
    """Days after acceptance in which the borrower may withdraw."""
    documents: tuple[EvidenceKind, ...] = ()
    """What must be held before an acceptance counts."""
    trial_payments: Annotated[int, Field(ge=0, le=60)] = 0
    """Instalments to be paid in time before the change takes effect."""
    grace_days: Days = 0
    """Days after a due date on which a payment still counts as in time."""
    tolerance: Money = Decimal("0.00")
    """What may be short of everything due so far without counting as missed."""
    broken_after_missed: Annotated[int, Field(ge=1, le=1200)] | None = None
    """The agreement is broken once so many instalments are missed at one time; absent: not by their number."""
    broken_after_days: Days | None = None
    """The agreement is broken once an instalment is more than so many days late; absent: not by its lateness."""
    reversed_when_broken: tuple[Reversal, ...] = ()
    """What was given up on condition of performance and comes back when the agreement is broken."""
    clocks: tuple[Clock, ...] = ()
    """Periods of good conduct that run beside it."""
    basis: Literal["policy", "none"] = "none"
    """Whether the policy says it, or nothing is asked because the policy is silent."""
