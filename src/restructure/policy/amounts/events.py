"""Events in amounts: how often something happened, how much and how long it was, when last and when first."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

from pydantic import Field

from restructure.calculator.conventions.quantity import Kind
from restructure.errors import did_you_mean
from restructure.intake.past_events import PastEvent, Word
from restructure.policy.amounts.dates import later
from restructure.policy.amounts.unit_check import Spot, UnitCheck
from restructure.policy.amounts.word import Amount, AmountWord, Read, day_number, worth, write_inside

__all__ = ["EventsAmount", "Take"]


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

_WORDING = {
    Take.COUNT: "number of",
    Take.AMOUNT: "sum of the amounts of",
    Take.MONTHS: "sum of the months of",
    Take.LAST: "day of the last",
    Take.FIRST: "day of the first",
}


class EventsAmount(AmountWord):
    """Something about events of the history: their number, their sum, the day of the last or first."""

    events: tuple[Word, ...] = Field(min_length=1)
    """Kinds of events that the policy declares, such as `restructuring`."""
    take: Take
    """What is taken of the events that count: their number, a sum, or a day."""
    within_months: Amount | None = None
    """Only events of so many months before the decision; absent: all."""
    within_days: Amount | None = None
    """Only events of so many days before the decision; absent: all."""
    later_than: Amount | None = None
    """Only events after this date; absent: all."""
    outcome: tuple[Word, ...] = ()
    """Only events with one of these outcomes; empty: any outcome or none."""

    @property
    def parts(self) -> tuple[Amount, ...]:
        """The bounds of the window: its length if it has one, then the day after which it begins if that is given."""
        bounds = (self.within_months, self.within_days, self.later_than)
        return tuple(bound for bound in bounds if bound is not None)

    @property
    def facts(self) -> tuple[str, ...]:
        """The kinds of events, and the day of the decision if a window ends on it."""
        kinds = tuple(f"events.{kind}" for kind in self.events)
        return (*kinds, "as_of") if self._rolls else kinds

    @property
    def _rolls(self) -> bool:
        """Whether the window ends on the day of the decision."""
        return self.within_months is not None or self.within_days is not None

    def worth(self, parameter: Read, fact: Read) -> Fraction | None:
        """Take from the history what is asked for; `None` if it is unknown, or there is no last or first.

        A window of a length ends on `as_of` and begins the day after the date so far back. An event without an
        outcome may be one that counts: what depends on it is unknown.
        """
        bounds = [worth(part, parameter, fact) for part in self.parts]
        if any(bound is None for bound in bounds):
            return None
        events: list[PastEvent] = []
        for kind in self.events:
            known = fact(f"events.{kind}")
            if known is None:
                return None
            events += known
        inside = self._window([bound for bound in bounds if bound is not None], fact)
        return None if inside is None else self._taken([event for event in events if inside(event.on)])

    def _window(self, bounds: Sequence[Fraction], fact: Read) -> Callable[[date], bool] | None:
        """Give what tells whether a day lies in the window; `None` if the day of the decision is unknown."""
        starts, end = list[Fraction](), None
        if self.later_than is not None:
            starts.append(bounds[-1])
        if self._rolls:
            as_of: date | None = fact("as_of")
            if as_of is None:
                return None
            end = day_number(as_of)
            start = later(end, **{"days" if self.within_months is None else "months": -bounds[0]})
            if start is not None:  # nothing happened before the calendar begins: that window holds everything
                starts.append(start)
        return lambda day: (
            all(day_number(day) > start for start in starts) and (end is None or day_number(day) <= end)
        )

    def _taken(self, events: Sequence[PastEvent]) -> Fraction | None:
        """Take what is asked for from the events of the window."""
        sure = [event for event in events if not self.outcome or event.outcome in self.outcome]
        possible = [event for event in events if self.outcome and event.outcome is None]
        match self.take:
            case Take.LAST | Take.FIRST:
                choose = max if self.take is Take.LAST else min
                days = [event.on for event in sure]
                if not days or choose([*days, *(event.on for event in possible)]) != choose(days):
                    return None
                return day_number(choose(days))
            case _ if possible:
                return None
            case Take.COUNT:
                return Fraction(len(sure))
            case Take.AMOUNT:
                return _total([event.amount for event in sure])
            case Take.MONTHS:
                return _total([event.months for event in sure])

    def write(self) -> str:
        """Write what is taken of which events, and the window."""
        text = f"{_WORDING[self.take]} {' or '.join(self.events)}"
        if self.outcome:
            text += f" that came out {' or '.join(self.outcome)}"
        if self.within_months is not None:
            text += f" within {write_inside(self.within_months)} months"
        if self.within_days is not None:
            text += f" within {write_inside(self.within_days)} days"
        if self.later_than is not None:
            text += f" later than {write_inside(self.later_than)}"
        return text

    @classmethod
    def unit(cls, raw: Mapping[str, Any], spot: Spot, check: UnitCheck) -> Kind | None:
        """Check the kinds of events, their outcomes, the window and what is taken."""
        _check_kinds(raw, spot, check)
        windows = [word for word in ("within_months", "within_days") if word in raw]
        for word in windows:
            check.number(word, raw[word], (*spot, word))
        if "later_than" in raw:
            check.date("later_than", raw["later_than"], (*spot, "later_than"))
        if len(windows) > 1:
            check.report("amount-shape", "a window is in months or in days; keep one of the two", spot)
        take = raw.get("take")
        if take not in list(Take):
            fault = f'"{take}" is nothing to take' if "take" in raw else '"take" is missing'
            check.report(
                "amount-shape",
                f"{fault}; say what is taken of the events{did_you_mean(take, Take)}",
                (*spot, "take") if "take" in raw else spot,
            )
            return None
        return Take(take).kind


def _total(parts: Sequence[Decimal | int | None]) -> Fraction | None:
    known = [Fraction(part) for part in parts if part is not None]
    return sum(known, Fraction(0)) if len(known) == len(parts) else None


def _check_kinds(raw: Mapping[str, Any], spot: Spot, check: UnitCheck) -> None:
    declared = check.declared.event_kinds
    kinds = _words(raw, "events", spot, check)
    for k, kind in enumerate(kinds):
        if kind not in declared:
            hint = did_you_mean(kind, declared)
            check.report(
                "event-unknown",
                f'no kind of event is called "{kind}"{hint}; events declares them',
                (*spot, "events", k),
            )
    if "outcome" in raw:
        known = {outcome for kind in kinds for outcome in declared.get(kind, ())}
        for k, outcome in enumerate(_words(raw, "outcome", spot, check)):
            if outcome not in known and all(kind in declared for kind in kinds):
                check.report(
                    "event-unknown",
                    f'"{outcome}" is no outcome of {" or ".join(kinds)}{did_you_mean(outcome, known)}',
                    (*spot, "outcome", k),
                )


def _words(raw: Mapping[str, Any], key: str, spot: Spot, check: UnitCheck) -> Sequence[str]:
    words = raw[key]
    if isinstance(words, list) and words and all(isinstance(word, str) for word in words):
        return words
    check.report("amount-shape", f'"{key}" takes a list of words', (*spot, key))
    return ()
