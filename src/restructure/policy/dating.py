"""Dating: amounts about dates and about the history, checked while they are plain data."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from restructure.calculator.quantity import Kind
from restructure.errors import Issue, did_you_mean, quoted
from restructure.policy.history import Take

__all__ = ["EVENT_FIELDS", "date_kind", "events_kind"]

EVENT_FIELDS = ("events", "take", "within_months", "within_days", "later_than", "outcome")

Inside = Callable[[Any, tuple[Any, ...]], Kind | None]
"""Checks the amount at a place and tells its kind; a plain number has none."""


class Findings(Protocol):
    """What is known of the policy so far, and where findings go."""

    issues: list[Issue]
    kinds: dict[str, tuple[str, ...]]

    def report(self, code: str, message: str, spot: tuple[Any, ...]) -> None:
        """Add a finding at a place."""


def date_kind(
    found: Findings, word: str, raw: Mapping[str, Any], spot: tuple[Any, ...], inside: Inside
) -> Kind:
    """Check an amount that is a date or counts between dates, and tell its kind."""
    value, at = raw[word], (*spot, word)
    match word:
        case "after":
            _date(found, word, value, at, inside)
            if "months" not in raw and "days" not in raw:
                found.report("amount-shape", "write how far after: {after: DATE, months: 3}, or days", spot)
            for unit in ("months", "days"):
                if unit in raw:
                    _number(found, unit, raw[unit], (*spot, unit), inside)
        case "month_start" | "day_of_month":
            _date(found, word, value, at, inside)
        case "latest_of" | "earliest_of":
            if not isinstance(value, Mapping) or not value:
                found.report("amount-shape", f'"{word}" takes names, each with a date', at)
            else:
                for name, part in value.items():
                    _date(found, word, part, (*at, name), inside)
        case _:
            if not isinstance(value, list) or len(value) != 2:
                found.report("amount-shape", f'"{word}" takes a list of two dates, from when and to when', at)
            else:
                for k, part in enumerate(value):
                    _date(found, word, part, (*at, k), inside)
    return {
        "months_between": Kind.MONTHS,
        "days_between": Kind.DAYS,
        "day_of_month": Kind.COUNT,
    }.get(word, Kind.DATE)


def _date(found: Findings, word: str, raw: Any, spot: tuple[Any, ...], inside: Inside) -> None:
    before = len(found.issues)
    kind = inside(raw, spot)
    if kind is not Kind.DATE and len(found.issues) == before:
        held = kind or "a plain number"
        found.report("value-kind", f'"{word}" takes dates, such as 2026-03-18, and this is {held}', spot)


def _number(found: Findings, word: str, raw: Any, spot: tuple[Any, ...], inside: Inside) -> None:
    kind = inside(raw, spot)
    if kind in (Kind.MONEY, Kind.DATE):
        found.report("value-kind", f'"{word}" takes a number, and this is {kind}', spot)


def events_kind(
    found: Findings, raw: Mapping[str, Any], spot: tuple[Any, ...], inside: Inside
) -> Kind | None:
    """Check an amount about the history, and tell its kind."""
    declared = _words(found, raw, "events", spot)
    for k, kind in enumerate(declared):
        if kind not in found.kinds:
            hint = did_you_mean(kind, found.kinds)
            found.report(
                "event-unknown",
                f"no kind of event is called {quoted(kind)}{hint}; events declares them",
                (*spot, "events", k),
            )
    if "outcome" in raw:
        known = {one for kind in declared for one in found.kinds.get(kind, ())}
        for k, outcome in enumerate(_words(found, raw, "outcome", spot)):
            if outcome not in known and all(kind in found.kinds for kind in declared):
                found.report(
                    "event-unknown",
                    f"{quoted(outcome)} is no outcome of {' or '.join(declared)}{did_you_mean(outcome, known)}",
                    (*spot, "outcome", k),
                )
    windows = [one for one in ("within_months", "within_days") if one in raw]
    for one in windows:
        _number(found, one, raw[one], (*spot, one), inside)
    if "later_than" in raw:
        _date(found, "later_than", raw["later_than"], (*spot, "later_than"), inside)
    if len(windows) > 1:
        found.report("amount-shape", "a window is in months or in days; keep one of the two", spot)
    take = raw.get("take")
    if take not in list(Take):
        said = f'"{take}" is nothing to take' if "take" in raw else '"take" is missing'
        found.report(
            "amount-shape",
            f"{said}; say what is taken of the events{did_you_mean(take, Take)}",
            (*spot, "take") if "take" in raw else spot,
        )
        return None
    return Take(take).kind


def _words(found: Findings, raw: Mapping[str, Any], key: str, spot: tuple[Any, ...]) -> Sequence[str]:
    value = raw[key]
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return value
    found.report("amount-shape", f'"{key}" takes a list of words', (*spot, key))
    return ()
