"""Past events of a loan and its borrower, earlier restructurings included."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from restructure.calculator.conventions.money import Money, to_minor
from restructure.errors import Issue
from restructure.record import Record

__all__ = [
    "OUTCOMES",
    "RESTRUCTURING",
    "PastEvent",
    "Word",
    "event_problems",
    "is_word",
    "with_restructurings",
]

RESTRUCTURING = "restructuring"
"""The kind of event of an earlier restructuring."""

OUTCOMES = ("completed", "active", "broken")
"""Possible outcomes of an earlier restructuring."""

_WORD = re.compile(r"[a-z][a-z0-9_]{0,79}")


def is_word(value: Any) -> bool:
    """Tell whether something can name a kind of event or an outcome.

    >>> is_word("re_age"), is_word("Re-age")
    (True, False)
    """
    return isinstance(value, str) and _WORD.fullmatch(value) is not None


def _word(value: str) -> str:
    if not is_word(value):
        raise PydanticCustomError(
            "value-invalid",
            "{value} cannot name an event; write lower-case letters, digits and _, such as re_age",
            {"value": repr(value[:60])},
        )
    return value


Word = Annotated[str, AfterValidator(_word)]
"""Lower-case letters, digits and underscores."""


class PastEvent(Record):
    """An earlier event: a broken promise, a trial plan, a re-ageing, a missed payment."""

    kind: Word
    """Kind of event, in the word that the policy declares, such as `broken_promise`."""
    on: date
    """The day it happened, such as 2025-09-01."""
    amount: Money | None = None
    """Amount of the event in the loan's currency, such as the unpaid "500.00"; absent: none."""
    months: int | None = Field(default=None, ge=0, le=1200)
    """Duration in months, such as 3 for a suspension of three months; absent: none."""
    outcome: Word | None = None
    """How it ended, in a word that the policy declares, such as `completed`; absent: unknown."""


def event_problems(
    history: Iterable[PastEvent], as_of: date, originated: date | None, currency: str
) -> list[Issue]:
    """List the faults of a history: future dates, restructurings before the loan, amounts with too many decimals."""
    issues: list[Issue] = []
    for k, event in enumerate(history):
        place = f"history.{k}"
        if event.on > as_of:
            issues.append(
                Issue(
                    "date-after-decision",
                    f"{event.on} is after as_of {as_of}; correct one of them",
                    f"{place}.on",
                )
            )
        # Other events may be about the borrower and older than the loan.
        if event.kind == RESTRUCTURING and originated is not None and event.on < originated:
            issues.append(
                Issue(
                    "date-before-origination",
                    f"{event.on} is before the loan began on {originated}; correct one of them",
                    f"{place}.on",
                )
            )
        try:
            if event.amount is not None:
                to_minor(event.amount, currency)
        except ValueError as error:
            issues.append(Issue("money-scale", str(error), f"{place}.amount"))
    return issues


def with_restructurings(
    history: Sequence[PastEvent] | None, earlier: Sequence[Any] | None
) -> tuple[PastEvent, ...]:
    """Give all events, earlier restructurings after the others; one that both lists name counts once.

    >>> both = with_restructurings([PastEvent(kind="re_age", on=date(2025, 9, 1))], None)
    >>> [(event.kind, event.on.isoformat()) for event in both]
    [('re_age', '2025-09-01')]
    """
    listed = {event.on for event in history or () if event.kind == RESTRUCTURING}
    added = [
        PastEvent(kind=RESTRUCTURING, on=restructuring.on, outcome=restructuring.outcome)
        for restructuring in earlier or ()
        if restructuring.on not in listed
    ]
    return (*(history or ()), *added)
