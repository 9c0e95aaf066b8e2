"""Expressions: the words that an amount can be written with, and what a whole amount reads.

An amount is a plain number, a date, or one word with what it applies to, such as `{least: …}` or
`{fact: claim, times: "50%"}`. A word is one class: its fields as they are written, its parts, what it is worth, its
wording and its unit. A new one is written in a module of this package and listed here. Amounts are exact fractions
until they are rounded to a field; what is unknown makes unknown whatever it goes into.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from restructure.calculator.conventions.quantity import Kind
from restructure.errors import did_you_mean
from restructure.policy.amounts.annuities import Level, RepaidBy
from restructure.policy.amounts.arithmetic import (
    Difference,
    FirstKnown,
    ProductAmount,
    Quotient,
    Rounded,
    Sum,
)
from restructure.policy.amounts.bands import Band, Bands
from restructure.policy.amounts.dates import (
    After,
    DayOfMonth,
    DaysBetween,
    EarliestOf,
    LatestOf,
    MonthsBetween,
    MonthStart,
)
from restructure.policy.amounts.events import EventsAmount
from restructure.policy.amounts.extremes import Greatest, Least
from restructure.policy.amounts.lookups import LookupAmount, sheet_of
from restructure.policy.amounts.plan_value import PLAN, PresentValue
from restructure.policy.amounts.references import FactAmount, ParameterAmount
from restructure.policy.amounts.unit_check import Declared, Spot, UnitCheck
from restructure.policy.amounts.word import (
    Amount,
    AmountWord,
    Read,
    list_words,
    worth,
    write_amount,
)

__all__ = [
    "AMOUNT_WORDS",
    "PLAN",
    "After",
    "Amount",
    "AmountWord",
    "Band",
    "Bands",
    "DayOfMonth",
    "DaysBetween",
    "Difference",
    "EarliestOf",
    "EventsAmount",
    "FactAmount",
    "FirstKnown",
    "Greatest",
    "LatestOf",
    "Least",
    "Level",
    "LookupAmount",
    "MonthStart",
    "MonthsBetween",
    "ParameterAmount",
    "PresentValue",
    "ProductAmount",
    "Quotient",
    "Read",
    "RepaidBy",
    "Rounded",
    "Sum",
    "binding",
    "check_amount",
    "facts_in",
    "lookups_in",
    "parameters_in",
    "reads_plan",
    "sheet_of",
    "worth",
    "write_amount",
]

AMOUNT_WORDS: Mapping[str, type[AmountWord]] = list_words(
    ParameterAmount,
    FactAmount,
    Least,
    Greatest,
    Sum,
    Difference,
    ProductAmount,
    Quotient,
    Rounded,
    FirstKnown,
    EventsAmount,
    After,
    MonthsBetween,
    DaysBetween,
    MonthStart,
    DayOfMonth,
    LatestOf,
    EarliestOf,
    LookupAmount,
    Bands,
    PresentValue,
    RepaidBy,
    Level,
)
"""The words by the key that plain data has, in the order in which messages name them."""


def _words_in(amount: Amount) -> Iterator[AmountWord]:
    """Walk the words of an amount, each before what is inside it."""
    if isinstance(amount, AmountWord):
        yield amount
        for part in amount.parts:
            yield from _words_in(part)


def facts_in(amount: Amount) -> Iterator[str]:
    """Name every fact an amount reads.

    >>> list(facts_in(Sum(sum=(FactAmount(fact="claim"), FactAmount(fact="fees")))))
    ['claim', 'fees']
    """
    return (fact for word in _words_in(amount) for fact in word.facts)


def parameters_in(amount: Amount) -> Iterator[str]:
    """Name every parameter an amount reads."""
    return (parameter for word in _words_in(amount) for parameter in word.parameters)


def lookups_in(amount: Amount) -> Iterator[str]:
    """Name every lookup an amount reads."""
    return (lookup for word in _words_in(amount) for lookup in word.lookups)


def reads_plan(amount: Amount) -> bool:
    """Tell whether an amount reads the plan itself, and not only figures of it."""
    return any(word.reads_plan for word in _words_in(amount))


def binding(amount: Amount, parameter: Read, fact: Read) -> str:
    """Name the part of a least, greatest, latest or earliest that decides it, the first if several do; else nothing."""
    return amount.binding(parameter, fact) if isinstance(amount, AmountWord) else ""


def check_amount(raw: Any, spot: Spot, declared: Declared, *, of_plan: bool) -> Kind | None:
    """Check an amount while it is plain data, report what is wrong, and give its kind.

    A plain number has none and fits every kind but a date. `of_plan`: whether figures of a plan can be read there.
    """
    return _WordCheck(declared, of_plan=of_plan).kind(raw, spot)


class _WordCheck(UnitCheck):
    """Checks amounts by the words that are listed."""

    def kind(self, raw: Any, spot: Spot) -> Kind | None:
        if isinstance(raw, date):
            return Kind.DATE
        if not isinstance(raw, Mapping):
            self.constant(raw, spot)
            return None
        words = [word for word in AMOUNT_WORDS if word in raw]
        if len(words) == 1:
            return AMOUNT_WORDS[words[0]].kind(raw, spot, self)
        both = f", not {' and '.join(words)} together; nest one inside the other" if words else ""
        near = did_you_mean(next(iter(raw), ""), AMOUNT_WORDS).partition(" (known")[0]
        self.report(
            "amount-shape",
            f"an amount is a number or has one of the words {', '.join(AMOUNT_WORDS)}{both or near}",
            spot,
        )
        return None
