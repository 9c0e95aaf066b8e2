"""History: what happened to a loan and its borrower before, as events, and the earlier restructurings among them."""

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
"""The kind of event that earlier restructurings are."""

OUTCOMES = ("completed", "active", "broken")
"""What may have become of them."""

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
            "{value} is no word for an event; write lower-case letters, digits and _, such as re_age",
            {"value": repr(value[:60])},
        )
    return value


Word = Annotated[str, AfterValidator(_word)]
"""Lower-case letters, digits and underscores."""


class PastEvent(Record):
    """Something that happened before: a broken promise, a trial plan, a re-ageing, a missed payment."""

    kind: Word
    """What it was, in the word that policies declare."""
    on: date
    """When."""
    amount: Money | None = None
    """The money it was about, if any."""
    months: int | None = Field(default=None, ge=0, le=1200)
    """The months it was about, such as those of a suspension."""
    outcome: Word | None = None
    """What became of it; absent: not known."""


def event_problems(
    history: Iterable[PastEvent], as_of: date, originated: date | None, currency: str
) -> list[Issue]:
    """List what is wrong with a history: days to come, restructurings before the loan, amounts too fine."""
    found: list[Issue] = []
    for k, event in enumerate(history):
        place = f"history.{k}"
        if event.on > as_of:
            found.append(
                Issue(
                    "date-after-decision",
                    f"{event.on} is after as_of {as_of}; correct one of them",
                    f"{place}.on",
                )
            )
        # Other events may be about the borrower and older than the loan.
        if event.kind == RESTRUCTURING and originated is not None and event.on < originated:
            found.append(
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
            found.append(Issue("money-scale", str(error), f"{place}.amount"))
    return found


def with_restructurings(
    history: Sequence[PastEvent] | None, earlier: Sequence[Any] | None
) -> tuple[PastEvent, ...]:
    """Give all events, earlier restructurings after the others; one that stands in both lists counts once.

    >>> both = with_restructurings([PastEvent(kind="re_age", on=date(2025, 9, 1))], None)
    >>> [(event.kind, event.on.isoformat()) for event in both]
    [('re_age', '2025-09-01')]
    """
    told = {event.on for event in history or () if event.kind == RESTRUCTURING}
    more = [
        PastEvent(kind=RESTRUCTURING, on=one.on, outcome=one.outcome)
        for one in earlier or ()
        if one.on not in told
    ]
    return (*(history or ()), *more)
