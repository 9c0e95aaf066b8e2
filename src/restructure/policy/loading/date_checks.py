"""Checks of amounts that are dates, count between dates, or read the events of the history."""

from collections.abc import Mapping, Sequence
from typing import Any

from restructure.calculator.conventions.quantity import Kind
from restructure.errors import did_you_mean
from restructure.policy.amounts.dates import CALENDAR_WORDS
from restructure.policy.amounts.events import Take
from restructure.policy.loading.amounts import AmountCheck, AmountReader
from restructure.policy.loading.findings import Findings, Spot

__all__ = ["DATE_CHECKS"]

_COUNTS = {"months_between": Kind.MONTHS, "days_between": Kind.DAYS, "day_of_month": Kind.COUNT}
"""What the words that count give; all others give a date."""


def _after(amounts: AmountReader, word: str, raw: Mapping[str, Any], spot: Spot, *, of_plan: bool) -> Kind:
    _date(amounts, word, raw[word], (*spot, word), of_plan=of_plan)
    if "months" not in raw and "days" not in raw:
        sentence = "write how far after: {after: DATE, months: 3}, or days"
        amounts.findings.report("amount-shape", sentence, spot)
    for unit in ("months", "days"):
        if unit in raw:
            _number(amounts, unit, raw[unit], (*spot, unit), of_plan=of_plan)
    return Kind.DATE


def _of_a_date(
    amounts: AmountReader, word: str, raw: Mapping[str, Any], spot: Spot, *, of_plan: bool
) -> Kind:
    _date(amounts, word, raw[word], (*spot, word), of_plan=of_plan)
    return _COUNTS.get(word, Kind.DATE)


def _named_dates(
    amounts: AmountReader, word: str, raw: Mapping[str, Any], spot: Spot, *, of_plan: bool
) -> Kind:
    parts, at = raw[word], (*spot, word)
    if not isinstance(parts, Mapping) or not parts:
        amounts.findings.report("amount-shape", f'"{word}" takes names, each with a date', at)
        return Kind.DATE
    for name, part in parts.items():
        _date(amounts, word, part, (*at, name), of_plan=of_plan)
    return Kind.DATE


def _between(amounts: AmountReader, word: str, raw: Mapping[str, Any], spot: Spot, *, of_plan: bool) -> Kind:
    parts, at = raw[word], (*spot, word)
    if not isinstance(parts, list) or len(parts) != 2:
        sentence = f'"{word}" takes a list of two dates, from when and to when'
        amounts.findings.report("amount-shape", sentence, at)
        return _COUNTS[word]
    for k, part in enumerate(parts):
        _date(amounts, word, part, (*at, k), of_plan=of_plan)
    return _COUNTS[word]


def _date(amounts: AmountReader, word: str, raw: Any, spot: Spot, *, of_plan: bool) -> None:
    before = amounts.findings.count
    kind = amounts.kind(raw, spot, of_plan=of_plan)
    if kind is not Kind.DATE and amounts.findings.count == before:
        held = kind or "a plain number"
        sentence = f'"{word}" takes dates, such as 2026-03-18, and this is {held}'
        amounts.findings.report("value-kind", sentence, spot)


def _number(amounts: AmountReader, word: str, raw: Any, spot: Spot, *, of_plan: bool) -> None:
    kind = amounts.kind(raw, spot, of_plan=of_plan)
    if kind in (Kind.MONEY, Kind.DATE):
        amounts.findings.report("value-kind", f'"{word}" takes a number, and this is {kind}', spot)


def _events(
    amounts: AmountReader, word: str, raw: Mapping[str, Any], spot: Spot, *, of_plan: bool
) -> Kind | None:
    report = amounts.findings.report
    _event_words(amounts, word, raw, spot)
    windows = [window for window in ("within_months", "within_days") if window in raw]
    for window in windows:
        _number(amounts, window, raw[window], (*spot, window), of_plan=of_plan)
    if "later_than" in raw:
        _date(amounts, "later_than", raw["later_than"], (*spot, "later_than"), of_plan=of_plan)
    if len(windows) > 1:
        report("amount-shape", "a window is in months or in days; keep one of the two", spot)
    take = raw.get("take")
    if take not in list(Take):
        problem = f'"{take}" is nothing to take' if "take" in raw else '"take" is missing'
        report(
            "amount-shape",
            f"{problem}; say what is taken of the events{did_you_mean(take, Take)}",
            (*spot, "take") if "take" in raw else spot,
        )
        return None
    return Take(take).kind


def _event_words(amounts: AmountReader, word: str, raw: Mapping[str, Any], spot: Spot) -> None:
    """Check that the kinds of events and their outcomes are declared."""
    findings, declared = amounts.findings, amounts.scope.event_kinds
    kinds = _words(findings, raw, word, spot)
    for k, kind in enumerate(kinds):
        if kind not in declared:
            findings.report(
                "event-unknown",
                f'no kind of event is called "{kind}"{did_you_mean(kind, declared)}; events declares them',
                (*spot, word, k),
            )
    if "outcome" not in raw:
        return
    known = {outcome for kind in kinds for outcome in declared.get(kind, ())}
    for k, outcome in enumerate(_words(findings, raw, "outcome", spot)):
        if outcome not in known and all(kind in declared for kind in kinds):
            findings.report(
                "event-unknown",
                f'"{outcome}" is no outcome of {" or ".join(kinds)}{did_you_mean(outcome, known)}',
                (*spot, "outcome", k),
            )


def _words(findings: Findings, raw: Mapping[str, Any], key: str, spot: Spot) -> Sequence[str]:
    words = raw[key]
    if isinstance(words, list) and words and all(isinstance(word, str) for word in words):
        return words
    findings.report("amount-shape", f'"{key}" takes a list of words', (*spot, key))
    return ()


DATE_CHECKS: dict[str, AmountCheck] = {
    **dict.fromkeys(CALENDAR_WORDS, AmountCheck(_of_a_date)),
    "after": AmountCheck(_after, ("after", "months", "days")),
    **dict.fromkeys(("latest_of", "earliest_of"), AmountCheck(_named_dates)),
    **dict.fromkeys(("months_between", "days_between"), AmountCheck(_between)),
    "events": AmountCheck(
        _events, ("events", "take", "within_months", "within_days", "later_than", "outcome")
    ),
}
"""The words of dates and of the history, each with how its amounts are checked."""
