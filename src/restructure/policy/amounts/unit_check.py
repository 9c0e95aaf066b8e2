"""Unit check: an amount while it is still plain data, checked for its shape and for the unit of its value.

Each word checks what it applies to and gives the unit of its value (`AmountWord.unit`). Here is what the words share:
what the policy declares, where findings go, and which kinds may be mixed.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from restructure.calculator.conventions.quantity import Kind
from restructure.intake.facts import Fact
from restructure.policy.constants import constant, unit_fact

__all__ = ["Declared", "Reports", "Spot", "UnitCheck", "compatible", "quoted"]

Spot = tuple[Any, ...]
"""A place of the policy's document, or another document followed by a place of that one."""

_LONGEST_QUOTE = 60


class Reports(Protocol):
    """The findings about a policy."""

    @property
    def count(self) -> int:
        """How many findings there are so far."""

    def report(self, code: str, message: str, spot: Spot) -> None:
        """Add a finding at a place."""

    def report_unknown_fields(
        self, raw: Mapping[str, Any], known: Sequence[str], what: str, spot: Spot
    ) -> None:
        """Report every field of a group that it does not take."""


class Declared(Protocol):
    """What the policy declares as far as it was read, and the findings about it."""

    @property
    def findings(self) -> Reports:
        """The findings so far."""

    @property
    def event_kinds(self) -> Mapping[str, tuple[str, ...]]:
        """The kinds of events that the policy declares, each with its outcomes."""

    @property
    def lookups(self) -> Mapping[str, Mapping[str, Any] | None]:
        """Lookups as they were read, `None` for one that could not be."""

    def fact(self, name: Any, spot: Spot, *, of_plan: bool) -> Fact | None:
        """Give a fact by name; one that does not exist here is reported."""

    def parameter(self, name: Any, spot: Spot) -> Fact | None:
        """Give a parameter's unit, described like a fact; a parameter that does not exist is reported."""


class UnitCheck(ABC):
    """Checks amounts of one policy, at a place where figures of a plan can be read or cannot."""

    def __init__(self, declared: Declared, *, of_plan: bool) -> None:
        self.declared, self.of_plan = declared, of_plan
        self.report = declared.findings.report
        self.report_unknown_fields = declared.findings.report_unknown_fields
        self.parameter = declared.parameter

    @abstractmethod
    def kind(self, raw: Any, spot: Spot) -> Kind | None:
        """Check an amount and give its kind; a plain number has none and fits every kind but a date."""

    @property
    def count(self) -> int:
        """How many findings there are so far, to see later whether there are new ones."""
        return self.declared.findings.count

    def fact(self, name: Any, spot: Spot) -> Fact | None:
        """Give a fact by name; one that does not exist here is reported."""
        return self.declared.fact(name, spot, of_plan=self.of_plan)

    # --- what an amount is made of

    def constant(self, raw: Any, spot: Spot) -> None:
        """Check that a plain number is one."""
        try:
            constant(unit_fact("an amount", Kind.RATIO), raw)
        except ValueError as error:
            why = "write a date without quotes" if _is_day(raw) else error
            self.report("amount-shape", f"{quoted(raw)} is not an amount: {why}", spot)

    def number(self, word: str, raw: Any, spot: Spot) -> None:
        """Check an amount that has to be a number, neither money nor a date."""
        kind = self.kind(raw, spot)
        if kind in (Kind.MONEY, Kind.DATE):
            self.report("value-kind", f'"{word}" takes a number, and this is {kind}', spot)

    def date(self, word: str, raw: Any, spot: Spot) -> None:
        """Check an amount that has to be a date."""
        before = self.count
        kind = self.kind(raw, spot)
        if kind is not Kind.DATE and self.count == before:
            held = kind or "a plain number"
            self.report("value-kind", f'"{word}" takes dates, such as 2026-03-18, and this is {held}', spot)

    def listed(self, word: str, raw: Any, spot: Spot, *, two: bool = False) -> list[Kind | None] | None:
        """Check the amounts of a list, and give the kind of each; `None` if there is no such list."""
        if not isinstance(raw, list) or not raw or (two and len(raw) != 2):
            count = "two" if two else "one or more"
            self.report("amount-shape", f'"{word}" takes a list of {count} amounts', spot)
            return None
        return [self.kind(part, (*spot, k)) for k, part in enumerate(raw)]

    # --- which kinds may be mixed

    def alike(self, kinds: Sequence[Kind | None], spot: Spot, before: int) -> Kind | None:
        """Check that amounts may be mixed, unless there are more than `before` findings; give their kind."""
        if self.count > before:
            return None
        first, *others = sorted(kinds, key=lambda kind: kind is None) or [None]
        for kind in others:
            if not compatible(first, kind):
                self.report(
                    "value-kind",
                    f"{first or 'a plain number'} and {kind or 'a plain number'} cannot be combined in one amount",
                    spot,
                )
                return None
        return first

    def countable(self, word: str, kind: Kind | None, spot: Spot) -> Kind | None:
        """Refuse a date where amounts are counted with."""
        if kind is not Kind.DATE:
            return kind
        instead = {"least": "earliest_of", "greatest": "latest_of"}.get(
            word, "after, days_between or months_between"
        )
        self.report("value-kind", f'"{word}" takes numbers, and this is a date; write {instead}', spot)
        return None


def compatible(left: Kind | None, right: Kind | None) -> bool:
    """Tell whether two amounts may be mixed: money with money, dates with dates, numbers with numbers."""
    if Kind.DATE in (left, right):
        return left is right
    return left is None or right is None or (left is Kind.MONEY) == (right is Kind.MONEY)


def quoted(raw: Any) -> str:
    """Quote a value about as it is written in a file, cut short."""
    text = raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST_QUOTE else f"{text[: _LONGEST_QUOTE - 1]}…"


def _is_day(raw: Any) -> bool:
    try:
        return isinstance(raw, str) and bool(date.fromisoformat(raw))
    except ValueError:
        return False
