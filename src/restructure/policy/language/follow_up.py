"""Follow-up: what a policy requires of an agreement, when an agreement is broken, and which clocks run with it."""

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
    """The first due date on which anything is to be paid, which is the end of a payment holiday."""


class Reversal(StrEnum):
    """What is reinstated when an agreement is broken."""

    WAIVED = "waived"
    """Interest, penalty and fees waived on the effective date."""
    FORGIVEN = "forgiven"
    """Principal forgiven."""


class Clock(Record):
    """A period of good conduct that a regulator or the lender requires, such as observation, cure or probation.

    It ends with the later of `months` after its start and the due date `instalments` periods after it.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=80)
    """The id in records, such as `probation`: lower-case words joined by hyphens."""
    title: Text
    """The title, in each language."""
    reference: str
    """The source: a key of the policy's `sources`, optionally followed by a colon and a paragraph."""
    months: Annotated[int, Field(ge=0, le=1200)] = 0
    """The least number of months it runs."""
    instalments: Annotated[int, Field(ge=0, le=1200)] = 0
    """The least number of payment periods it runs."""
    starts: Starts = Starts.GRANTED
    """When it begins, unless it follows another clock."""
    follows: str | None = None
    """The id of a clock above it at whose end it begins; a restart of that clock moves this one too."""
    restarts_when_late: Days | None = None
    """It restarts when an instalment is more than so many days late: with 0 on the due date of an instalment missed
    beyond its days of grace, otherwise on the first day that is too late. Absent: nothing restarts it."""
    restarts: str | None = None
    """The id of the clock that restarts instead of this one, such as `cure` when probation fails."""


class FollowUp(Record):
    """What an agreement requires, and how it is followed up, with every number worked out."""

    valid_days: Days | None = None
    """Days for which an offer can be accepted, the day of the decision not counted; absent: it does not expire."""
    cooling_off_days: Days = 0
    """Days after acceptance in which the borrower may withdraw."""
    documents: tuple[EvidenceKind, ...] = ()
    """The documents required before an acceptance counts, such as `identity`."""
    trial_payments: Annotated[int, Field(ge=0, le=60)] = 0
    """The number of instalments to be paid on time before the change takes effect."""
    grace_days: Days = 0
    """Days after a due date within which a payment still counts as on time."""
    tolerance: Money = Decimal("0.00")
    """The shortfall of everything due so far, in the currency, that does not count as missed."""
    broken_after_missed: Annotated[int, Field(ge=1, le=1200)] | None = None
    """The number of instalments missed at the same time that breaks the agreement; absent: no number does."""
    broken_after_days: Days | None = None
    """The agreement is broken when an instalment is more than so many days late; absent: no delay breaks it."""
    reversed_when_broken: tuple[Reversal, ...] = ()
    """What was waived or forgiven on condition of performance and is reinstated when the agreement is broken."""
    clocks: tuple[Clock, ...] = ()
    """Periods of good conduct that run with the agreement."""
    unknown: tuple[str, ...] = ()
    """Requirements that cannot be worked out from the application; until they are known, no agreement can be made."""


AMOUNTS = (
    "valid_days",
    "cooling_off_days",
    "trial_payments",
    "grace_days",
    "tolerance",
    "broken_after_missed",
    "broken_after_days",
)
"""The fields of a follow-up that may be amounts of facts and parameters."""


class FollowUpRule(Record):
    """What an agreement requires and how it is followed up, as a policy writes it: numbers may be amounts."""

    reference: str
    """The source: a key of `sources`, optionally followed by a colon and a paragraph, such as `art70: notice`."""
    valid_days: Amount | None = None
    """Days for which an offer can be accepted; absent: it does not expire."""
    cooling_off_days: Amount = Decimal(0)
    """Days after acceptance in which the borrower may withdraw."""
    documents: tuple[EvidenceKind, ...] = ()
    """The documents required before an acceptance counts, such as `identity`."""
    trial_payments: Amount = Decimal(0)
    """The number of instalments to be paid on time before the change takes effect."""
    grace_days: Amount = Decimal(0)
    """Days after a due date within which a payment still counts as on time."""
    tolerance: Amount = Decimal(0)
    """The shortfall of everything due so far, in the currency, that does not count as missed."""
    broken_after_missed: Amount | None = None
    """The number of instalments missed at the same time that breaks the agreement; absent: no number does."""
    broken_after_days: Amount | None = None
    """The agreement is broken when an instalment is more than so many days late; absent: no delay breaks it."""
    reversed_when_broken: tuple[Reversal, ...] = ()
    """What was waived or forgiven on condition of performance and is reinstated when the agreement is broken."""
    clocks: tuple[Clock, ...] = ()
    """Periods of good conduct that run with the agreement; a clock comes before those that follow it."""

    @property
    def amounts(self) -> Iterator[Amount]:
        """Its amounts, in the order of `AMOUNTS`."""
        yield from (amount for name in AMOUNTS if (amount := getattr(self, name)) is not None)


def asked(rule: FollowUpRule | None, currency: str, worth: Callable[[Amount], Fraction | None]) -> FollowUp:
    """Work out what a policy requires of an agreement on a case; without a rule there are no requirements."""
    if rule is None:
        return FollowUp()
    fields: dict[str, object] = {
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
            fields[name] = from_minor(round_div(minor.numerator, minor.denominator), currency)
        else:
            fields[name] = round_div(exact.numerator, exact.denominator)
    return FollowUp(**fields, unknown=tuple(unknown))
