"""Amounts: numbers that a policy works out from facts, exactly, such as the least of several caps.

Each is one word with what it applies to: `{fact, times}`, `{parameter}`, `{least: …}`, `{greatest: …}`,
`{sum: …}`, `{difference: …}`, `{product: …}`, `{quotient: …}`, `{round, to, mode}`, `{first_known: …}`, a plain
number, a date or one that is worked out (`calendar`), or something about the history (`history`). They are fractions
until somebody rounds them; what is unknown makes unknown whatever it goes into.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any

from pydantic import Field

from restructure.calculator.money import Rounding, round_div
from restructure.policy.calendar import (
    CALENDAR_WORDS,
    CalendarAmount,
    Day,
    EarliestOf,
    LatestOf,
    dates_inside,
    day_number,
    reckoned,
    write_calendar,
)
from restructure.policy.history import EventsAmount, facts_of_events, taken, window_of, write_events
from restructure.record import Record

__all__ = [
    "AMOUNT_WORDS",
    "Amount",
    "Difference",
    "FactAmount",
    "FirstKnown",
    "Greatest",
    "Least",
    "ParameterAmount",
    "Product",
    "Quotient",
    "Rounded",
    "Sum",
    "binding",
    "facts_in",
    "parameters_in",
    "worth",
    "write_amount",
]


class ParameterAmount(Record):
    """The value of a parameter on the day."""

    parameter: str
    """Its name."""


class FactAmount(Record):
    """A fact, or a multiple of one."""

    fact: str
    """Its name."""
    times: "Amount" = Decimal(1)
    """What it is multiplied by."""


class Least(Record):
    """The least of several amounts, each with a name that the trace can tell."""

    least: dict[str, "Amount"] = Field(min_length=1)
    """The amounts by name."""


class Greatest(Record):
    """The greatest of several amounts, each with a name that the trace can tell."""

    greatest: dict[str, "Amount"] = Field(min_length=1)
    """The amounts by name."""


class Sum(Record):
    """Several amounts added up."""

    sum: tuple["Amount", ...] = Field(min_length=1)
    """The amounts."""


class Difference(Record):
    """One amount less another."""

    difference: tuple["Amount", "Amount"]
    """From what, and what is taken from it."""


class Product(Record):
    """Several amounts multiplied."""

    product: tuple["Amount", ...] = Field(min_length=1)
    """The amounts."""


class Quotient(Record):
    """One amount divided by another; unknown if that is zero."""

    quotient: tuple["Amount", "Amount"]
    """What is divided, and by what."""


class Rounded(Record):
    """An amount rounded to a multiple of a unit."""

    round: "Amount"
    """What is rounded."""
    to: Annotated[Decimal, Field(gt=0)]
    """The unit."""
    mode: Rounding = Rounding.HALF_UP
    """How."""


class FirstKnown(Record):
    """The first of several amounts that is not unknown; unknown if all are."""

    first_known: tuple["Amount", ...] = Field(min_length=1)
    """The amounts, the one that is preferred first."""


Amount = (
    ParameterAmount
    | FactAmount
    | Least
    | Greatest
    | Sum
    | Difference
    | Product
    | Quotient
    | Rounded
    | FirstKnown
    | CalendarAmount
    | EventsAmount
    | Decimal
    | Day
)
_HELD: tuple[type[Record], ...] = (*CALENDAR_WORDS.values(), EventsAmount)
for _model in _HELD:
    _model.model_rebuild(_types_namespace={"Amount": Amount})

AMOUNT_WORDS: Mapping[str, type[Record]] = {
    "parameter": ParameterAmount,
    "fact": FactAmount,
    "least": Least,
    "greatest": Greatest,
    "sum": Sum,
    "difference": Difference,
    "product": Product,
    "quotient": Quotient,
    "round": Rounded,
    "first_known": FirstKnown,
    "events": EventsAmount,
    **CALENDAR_WORDS,
}
"""The word that says which amount is meant."""

Read = Callable[[str], Any]
"""Gives the value of a fact or parameter by name; `None` is unknown."""


def parts_of(amount: Amount) -> tuple[Amount, ...]:
    """List the amounts directly inside an amount."""
    match amount:
        case FactAmount():
            return (amount.times,)
        case Least():
            return tuple(amount.least.values())
        case Greatest():
            return tuple(amount.greatest.values())
        case Sum():
            return amount.sum
        case Difference():
            return amount.difference
        case Product():
            return amount.product
        case Quotient():
            return amount.quotient
        case Rounded():
            return (amount.round,)
        case FirstKnown():
            return amount.first_known
        case EventsAmount():
            return window_of(amount)
        case ParameterAmount() | Decimal() | date():
            return ()
        case _:
            return dates_inside(amount)


def facts_in(amount: Amount) -> Iterator[str]:
    """Name every fact an amount reads."""
    if isinstance(amount, FactAmount):
        yield amount.fact
    elif isinstance(amount, EventsAmount):
        yield from facts_of_events(amount)
    for part in parts_of(amount):
        yield from facts_in(part)


def parameters_in(amount: Amount) -> Iterator[str]:
    """Name every parameter an amount reads."""
    if isinstance(amount, ParameterAmount):
        yield amount.parameter
    for part in parts_of(amount):
        yield from parameters_in(part)


def worth(amount: Amount, parameter: Read, fact: Read) -> Fraction | None:
    """Work an amount out, exactly; `None` if something it reads is unknown or a divisor is zero.

    >>> cap = Least(least={"a third": FactAmount(fact="claim", times=Decimal("0.3")), "fixed": Decimal(50)})
    >>> worth(cap, {}.get, {"claim": Decimal("120.00")}.get)
    Fraction(36, 1)
    """
    match amount:
        case ParameterAmount():
            return _exact(parameter(amount.parameter))
        case FactAmount(times=Decimal() as factor) if factor == 1:
            return _exact(fact(amount.fact))
        case Decimal():
            return Fraction(amount)
        case date():
            return day_number(amount)
        case FirstKnown():
            tried = (worth(part, parameter, fact) for part in amount.first_known)
            return next((value for value in tried if value is not None), None)
    inside = [worth(part, parameter, fact) for part in parts_of(amount)]
    if isinstance(amount, FactAmount):
        inside.append(_exact(fact(amount.fact)))
    known = [one for one in inside if one is not None]
    if len(known) < len(inside):
        return None
    match amount:
        case Least():
            return min(known)
        case Greatest():
            return max(known)
        case Sum():
            return sum(known, Fraction(0))
        case Difference():
            return known[0] - known[1]
        case Product() | FactAmount():
            total = Fraction(1)
            for one in known:
                total *= one
            return total
        case Quotient():
            return known[0] / known[1] if known[1] else None
        case Rounded():
            unit = Fraction(amount.to)
            whole = known[0] / unit
            return round_div(whole.numerator, whole.denominator, amount.mode) * unit
        case EventsAmount():
            return taken(amount, lambda kind: fact(f"events.{kind}"), fact("as_of"), known)
        case _:
            return reckoned(amount, known)


def binding(amount: Amount, parameter: Read, fact: Read) -> str:
    """Name the part of a least, greatest, latest or earliest that decides it, the first if several do; else nothing."""
    match amount:
        case Least():
            parts, chosen = amount.least, min
        case Greatest():
            parts, chosen = amount.greatest, max
        case LatestOf():
            parts, chosen = amount.latest_of, max
        case EarliestOf():
            parts, chosen = amount.earliest_of, min
        case _:
            return ""
    values = {name: worth(part, parameter, fact) for name, part in parts.items()}
    known = {name: value for name, value in values.items() if value is not None}
    return chosen(known, key=known.__getitem__) if len(known) == len(values) else ""


def _exact(value: Any) -> Fraction | None:
    if isinstance(value, date):
        return day_number(value)
    return None if value is None else Fraction(value)


def write_amount(amount: Amount) -> str:
    """Write an amount for people, in the names of what it reads.

    >>> write_amount(Quotient(quotient=(FactAmount(fact="claim"), Sum(sum=(FactAmount(fact="fees"), Decimal(2))))))
    'claim / (fees + 2)'
    """
    match amount:
        case ParameterAmount():
            return amount.parameter
        case FactAmount():
            factor = "" if amount.times == 1 else f"{_inner(amount.times)} × "
            return f"{factor}{amount.fact}"
        case Least():
            return f"least of {', '.join(_inner(part) for part in amount.least.values())}"
        case Greatest():
            return f"greatest of {', '.join(_inner(part) for part in amount.greatest.values())}"
        case Sum():
            return " + ".join(map(_inner, amount.sum))
        case Difference():
            return " − ".join(map(_inner, amount.difference))
        case Product():
            return " × ".join(map(_inner, amount.product))
        case Quotient():
            return " / ".join(map(_inner, amount.quotient))
        case Rounded():
            return f"{_inner(amount.round)} rounded to {amount.to:f}"
        case FirstKnown():
            return f"first known of {', '.join(map(_inner, amount.first_known))}"
        case EventsAmount():
            return write_events(amount, _inner)
        case Decimal():
            return f"{amount:f}"
        case date():
            return amount.isoformat()
        case _:
            return write_calendar(amount, _inner)


def _inner(amount: Amount) -> str:
    text = write_amount(amount)
    return f"({text})" if " " in text else text
