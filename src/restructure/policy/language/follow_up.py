"""Follow-up: what a policy asks of an agreement, what breaks one, and which clocks run beside it."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Annotated

from pydantic import Field

from restructure.calculator.conventions.money import Money, from_minor, minor_digits, round_div
from restructure.intake.application import EvidenceKind
from restructure.policy.amounts.expression import Amount
from restructure.record import Record
from restructure.texts import Text

__all__ = ["AMOUNTS", "Clock", "FollowUp", "FollowUpRule", "Reversal", "Starts", "asked"]

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
    title: Text
    """What it is."""
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
    unknown: tuple[str, ...] = ()
    """What the policy asks for that cannot be worked out from the file; nothing can be agreed on before."""


AMOUNTS = (
    "valid_days",
    "cooling_off_days",
    "trial_payments",
    "grace_days",
    "tolerance",
    "broken_after_missed",
    "broken_after_days",
)
"""The numbers of a follow-up that a policy may work out from facts and parameters."""


class FollowUpRule(Record):
    """What an agreement needs and how it is followed up, as a policy says it: numbers may be amounts."""

    reference: str
    """Key of `sources`, with the paragraph after a colon if there is one."""
    valid_days: Amount | None = None
    """Days for which an offer can be accepted; absent: it does not expire."""
    cooling_off_days: Amount = Decimal(0)
    """Days after acceptance in which the borrower may withdraw."""
    documents: tuple[EvidenceKind, ...] = ()
    """What must be held before an acceptance counts."""
    trial_payments: Amount = Decimal(0)
    """Instalments to be paid in time before the change takes effect."""
    grace_days: Amount = Decimal(0)
    """Days after a due date on which a payment still counts as in time."""
    tolerance: Amount = Decimal(0)
    """What may be short of everything due so far without counting as missed."""
    broken_after_missed: Amount | None = None
    """The agreement is broken once so many instalments are missed at one time; absent: not by their number."""
    broken_after_days: Amount | None = None
    """The agreement is broken once an instalment is more than so many days late; absent: not by its lateness."""
    reversed_when_broken: tuple[Reversal, ...] = ()
    """What was given up on condition of performance and comes back when the agreement is broken."""
    clocks: tuple[Clock, ...] = ()
    """Periods of good conduct that run beside it, those that others follow first."""

    @property
    def amounts(self) -> Iterator[Amount]:
        """Its numbers, as they are written."""
        yield from (one for name in AMOUNTS if (one := getattr(self, name)) is not None)


def asked(rule: FollowUpRule | None, currency: str, worth: Callable[[Amount], Fraction | None]) -> FollowUp:
    """Work out what a policy asks of an agreement on a case; without a rule it asks for nothing."""
    if rule is None:
        return FollowUp()
    said: dict[str, object] = {
        "documents": rule.documents,
        "reversed_when_broken": rule.reversed_when_broken,
        "clocks": rule.clocks,
    }
    unknown: list[str] = []
    for name in AMOUNTS:
        amount = getattr(rule, name)
        if amount is None:
            continue
        exact = worth(amount)
        if exact is None:
            unknown.append(name)
            continue
        exact = max(exact, Fraction(0))
        if name == "tolerance":
            minor = exact * 10 ** minor_digits(currency)
            said[name] = from_minor(round_div(minor.numerator, minor.denominator), currency)
        else:
            said[name] = round_div(exact.numerator, exact.denominator)
    return FollowUp(**said, unknown=tuple(unknown))
