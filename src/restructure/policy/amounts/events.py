"""History in amounts: how often something happened, how much and how long it was, when last and when first."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING

from pydantic import Field

from restructure.calculator.conventions.quantity import Kind
from restructure.intake.past_events import PastEvent, Word
from restructure.policy.amounts.dates import day_number, later
from restructure.record import Record

if TYPE_CHECKING:  # amounts hold each other, and their union stands above this room
    from restructure.policy.amounts.expression import Amount

__all__ = ["EventsAmount", "Take", "facts_of_events", "taken", "window_of", "write_events"]


class Take(StrEnum):
    """What is taken of the events that count."""

    COUNT = "count"
    """How many there are."""
    AMOUNT = "amount"
    """The sum of their money."""
    MONTHS = "months"
    """The sum of their months."""
    LAST = "last"
    """The day of the last one."""
    FIRST = "first"
    """The day of the first one."""

    @property
    def kind(self) -> Kind:
        """What the amount is."""
        return _KINDS[self]


_KINDS = {
    Take.COUNT: Kind.COUNT,
    Take.AMOUNT: Kind.MONEY,
    Take.MONTHS: Kind.MONTHS,
    Take.LAST: Kind.DATE,
    Take.FIRST: Kind.DATE,
}


class EventsAmount(Record):
    """Something about events of the history: their number, their sum, the day of the last or first."""

    events: tuple[Word, ...] = Field(min_length=1)
    """Kinds that the policy declares."""
    take: Take
    """What is taken of them."""
    within_months: "Amount | None" = None
    """Only those later than the day so many months before the decision; absent: all."""
    within_days: "Amount | None" = None
    """Only those later than the day so many days before the decision; absent: all."""
    later_than: "Amount | None" = None
    """Only those later than this day; absent: all."""
    outcome: tuple[Word, ...] = ()
    """Only those with one of these outcomes; empty: whatever became of them."""


def window_of(amount: EventsAmount) -> "tuple[Amount, ...]":
    """Give what bounds the window: its length if it has one, and then the day it begins after if that is given."""
    bounds = (amount.within_months, amount.within_days, amount.later_than)
    return tuple(one for one in bounds if one is not None)


def _rolls(amount: EventsAmount) -> bool:
    return amount.within_months is not None or amount.within_days is not None


def facts_of_events(amount: EventsAmount) -> tuple[str, ...]:
    """Name what is read besides: the kinds of events, and the day of the decision if a window ends on it."""
    kinds = tuple(f"events.{kind}" for kind in amount.events)
    return (*kinds, "as_of") if _rolls(amount) else kinds


def taken(
    amount: EventsAmount,
    events_of: Callable[[str], Sequence[PastEvent] | None],
    as_of: date | None,
    window: Sequence[Fraction],
) -> Fraction | None:
    """Take from a history what an amount asks for; `None` if it is unknown, or there is no last or first.

    `window` is what `window_of` comes to. A length reaches from the day after the one that lies so far back to
    `as_of`. An event without an outcome may be one that counts: what depends on it is unknown.
    """
    events: list[PastEvent] = []
    for kind in amount.events:
        known = events_of(kind)
        if known is None:
            return None
        events += known
    if amount.later_than is not None:
        events = [one for one in events if day_number(one.on) > window[-1]]
    if _rolls(amount):
        if as_of is None:
            return None
        end = day_number(as_of)
        start = later(end, **{"days" if amount.within_months is None else "months": -window[0]})
        # Before the calendar begins nothing happened, so that a window that long holds everything.
        events = [
            one
            for one in events
            if day_number(one.on) <= end and (start is None or day_number(one.on) > start)
        ]
    sure = [one for one in events if not amount.outcome or one.outcome in amount.outcome]
    maybe = [one for one in events if amount.outcome and one.outcome is None]
    match amount.take:
        case Take.LAST | Take.FIRST:
            chosen = max if amount.take is Take.LAST else min
            days = [one.on for one in sure]
            if not days or chosen([*days, *(one.on for one in maybe)]) != chosen(days):
                return None
            return day_number(chosen(days))
        case _ if maybe:
            return None
        case Take.COUNT:
            return Fraction(len(sure))
        case Take.AMOUNT:
            return _total([one.amount for one in sure])
        case Take.MONTHS:
            return _total([one.months for one in sure])


def _total(parts: Sequence[Decimal | int | None]) -> Fraction | None:
    known = [Fraction(one) for one in parts if one is not None]
    return sum(known, Fraction(0)) if len(known) == len(parts) else None


def write_events(amount: EventsAmount, write: "Callable[[Amount], str]") -> str:
    """Write what is taken of which events for people; `write` writes the length of a window."""
    what = {
        Take.COUNT: "number of",
        Take.AMOUNT: "sum of the amounts of",
        Take.MONTHS: "sum of the months of",
        Take.LAST: "day of the last",
        Take.FIRST: "day of the first",
    }[amount.take]
    text = f"{what} {' or '.join(amount.events)}"
    if amount.outcome:
        text += f" that came out {' or '.join(amount.outcome)}"
    if amount.within_months is not None:
        text += f" within {write(amount.within_months)} months"
    if amount.within_days is not None:
        text += f" within {write(amount.within_days)} days"
    if amount.later_than is not None:
        text += f" later than {write(amount.later_than)}"
    return text
