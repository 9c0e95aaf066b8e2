"""Amounts: numbers that a policy works out from facts, exactly, such as the least of several caps.

Each is one word with what it applies to: `{fact, times}`, `{parameter}`, `{least: …}`, `{greatest: …}`,
`{sum: …}`, `{difference: …}`, `{product: …}`, `{quotient: …}`, `{round, to, mode}`, `{first_known: …}`,
`{lookup, column, at}`, `{bands, mode, rates}`, `{present_value: plan, …}`, a figure of a level loan (`annuities`),
a plain number, a date or one that is worked out (`calendar`), or something about the history (`history`). They are
fractions until somebody rounds them; what is unknown makes unknown whatever it goes into.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field

from restructure.calculator.conventions.money import Rounding, round_div
from restructure.calculator.plans.present_value import as_agreed, present_value
from restructure.errors import Refused
from restructure.policy.amounts.annuities import (
    AnnuityAmount,
    Level,
    RepaidBy,
    annuity,
    inside_annuity,
    write_annuity,
)
from restructure.policy.amounts.bands import Mode, Stretch, banded
from restructure.policy.amounts.dates import (
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
from restructure.policy.amounts.events import EventsAmount, facts_of_events, taken, window_of, write_events
from restructure.policy.amounts.lookups import Sheet
from restructure.record import Record

__all__ = [
    "AMOUNT_WORDS",
    "PLAN",
    "Amount",
    "Band",
    "Bands",
    "Difference",
    "FactAmount",
    "FirstKnown",
    "Greatest",
    "Least",
    "Level",
    "LookupAmount",
    "ParameterAmount",
    "PresentValue",
    "ProductAmount",
    "Quotient",
    "RepaidBy",
    "Rounded",
    "Sum",
    "binding",
    "facts_in",
    "lookups_in",
    "parameters_in",
    "reads_plan",
    "sheet_of",
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


class ProductAmount(Record):
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


class LookupAmount(Record):
    """What a lookup of the policy has for keys; unknown if it has nothing."""

    lookup: str
    """Its name."""
    column: str | None = None
    """Which of its columns; absent: the only one."""
    at: "dict[str, Amount | bool | str]" = Field(min_length=1)
    """Every key with its value: an amount, a fact that is a word or yes or no, or a word."""


class Band(Record):
    """One band: where it starts, and its rate or fixed amount."""

    above: "Amount | None" = None
    """Where it starts, the start itself left out."""
    at_least: "Amount | None" = Field(default=None, validation_alias=AliasChoices("from", "at_least"))
    """Where it starts, the start itself included."""
    rate: "Amount | None" = None
    """What the amount is multiplied by."""
    fixed: "Amount | None" = None
    """What there is instead, however large the amount is."""

    @property
    def parts(self) -> "tuple[Amount, Amount]":
        """Its start and its figure."""
        start, figure = (
            self.at_least if self.above is None else self.above,
            self.rate if self.fixed is None else self.fixed,
        )
        assert start is not None, "checked when the policy is read"
        assert figure is not None, "checked when the policy is read"
        return start, figure


class Bands(Record):
    """A rate for each stretch of an amount; below the first one it is unknown."""

    bands: "Amount"
    """What the rates are applied to."""
    mode: Mode
    """Whether the rate of its band is applied to all of it, or each rate to its part."""
    rates: tuple[Band, ...] = Field(min_length=1)
    """The bands, the lowest first."""


class PresentValue(Record):
    """What the payments of the plan, or those agreed before it, are worth on the day."""

    present_value: Literal["plan", "agreed"]
    """Of what: the plan, or paying as agreed."""
    annual_rate: "Amount"
    """Discount rate a year."""
    lag_months: int = Field(default=0, ge=0, le=120)
    """By how many months every payment is discounted later than it falls due."""
    prepaid_after: "Amount | None" = None
    """The row after which all that is left is paid with it; absent: the plan is paid as it stands."""
    compounding: Literal["monthly", "yearly"] = "monthly"
    """How the rate compounds: a twelfth of it every month, or all of it every year."""
    time: Literal["periods", "days"] = "periods"
    """Whether rows count in whole periods, or by their days."""


Amount = (
    ParameterAmount
    | FactAmount
    | Least
    | Greatest
    | Sum
    | Difference
    | ProductAmount
    | Quotient
    | Rounded
    | FirstKnown
    | CalendarAmount
    | EventsAmount
    | LookupAmount
    | Bands
    | PresentValue
    | AnnuityAmount
    | Decimal
    | Day
)
# The models of these modules hold amounts, and look the name up in their own module when they are first built.
for _model in (*CALENDAR_WORDS.values(), EventsAmount, RepaidBy, Level):
    vars(sys.modules[_model.__module__])["Amount"] = Amount

AMOUNT_WORDS: Mapping[str, type[Record]] = {
    "parameter": ParameterAmount,
    "fact": FactAmount,
    "least": Least,
    "greatest": Greatest,
    "sum": Sum,
    "difference": Difference,
    "product": ProductAmount,
    "quotient": Quotient,
    "round": Rounded,
    "first_known": FirstKnown,
    "events": EventsAmount,
    **CALENDAR_WORDS,
    "lookup": LookupAmount,
    "bands": Bands,
    "present_value": PresentValue,
    "repaid_by": RepaidBy,
    "level": Level,
}
"""The word that says which amount is meant."""

Read = Callable[[str], Any]
"""Gives the value of a fact or parameter by name; `None` is unknown."""

PLAN = "plan:"
"""By this name the facts give the plan itself; no fact can have it."""


def sheet_of(lookup: str) -> str:
    """Give the name by which the parameters give the rows of a lookup on the day; no parameter can have it."""
    return f"lookup:{lookup}"


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
        case ProductAmount():
            return amount.product
        case Quotient():
            return amount.quotient
        case Rounded():
            return (amount.round,)
        case FirstKnown():
            return amount.first_known
        case EventsAmount():
            return window_of(amount)
        case LookupAmount():
            return tuple(part for part in amount.at.values() if not isinstance(part, bool | str))
        case Bands():
            return (amount.bands, *(part for band in amount.rates for part in band.parts))
        case PresentValue():
            return (amount.annual_rate, *(() if amount.prepaid_after is None else (amount.prepaid_after,)))
        case RepaidBy() | Level():
            return inside_annuity(amount)
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


def lookups_in(amount: Amount) -> Iterator[str]:
    """Name every lookup an amount reads."""
    if isinstance(amount, LookupAmount):
        yield amount.lookup
    for part in parts_of(amount):
        yield from lookups_in(part)


def reads_plan(amount: Amount) -> bool:
    """Tell whether an amount reads the plan itself, and not only figures of it."""
    return isinstance(amount, PresentValue) or any(map(reads_plan, parts_of(amount)))


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
        case LookupAmount():
            return _looked_up(amount, parameter, fact)
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
        case ProductAmount() | FactAmount():
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
        case Bands():
            stretches = (
                Stretch(start, band.above is None, figure, band.fixed is not None)
                for band, start, figure in zip(amount.rates, known[1::2], known[2::2], strict=True)
            )
            return banded(known[0], amount.mode, list(stretches))
        case PresentValue():
            return _present(amount, fact(PLAN), *known)
        case RepaidBy() | Level():
            return annuity(amount, known)
        case EventsAmount():
            return taken(amount, lambda kind: fact(f"events.{kind}"), fact("as_of"), known)
        case _:
            return reckoned(amount, known)


def _looked_up(amount: LookupAmount, parameter: Read, fact: Read) -> Fraction | None:
    sheet: Sheet | None = parameter(sheet_of(amount.lookup))
    if sheet is None:
        return None
    keys: list[Any] = []
    for key in sheet.lookup.keys:
        part = amount.at[key.name]
        plain_fact = isinstance(part, FactAmount) and part.times == 1  # a word cannot be multiplied
        keys.append(
            part
            if isinstance(part, bool | str)
            else fact(part.fact)
            if plain_fact and isinstance(part, FactAmount)
            else worth(part, parameter, fact)
        )
    return None if any(key is None for key in keys) else sheet.find(keys, amount.column)


def _present(
    amount: PresentValue, plan: Any, annual_rate: Fraction, prepaid_after: Fraction | None = None
) -> Fraction | None:
    if plan is None:
        return None
    after = None if prepaid_after is None else round_div(prepaid_after.numerator, prepaid_after.denominator)
    paid = plan if amount.present_value == "plan" else as_agreed(plan)
    if paid is None:
        return None
    try:
        return present_value(
            paid,
            annual_rate,
            lag_months=amount.lag_months,
            prepaid_after=after,
            yearly=amount.compounding == "yearly",
            by_days=amount.time == "days",
        )
    except Refused:
        return None


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
        case ProductAmount():
            return " × ".join(map(_inner, amount.product))
        case Quotient():
            return " / ".join(map(_inner, amount.quotient))
        case Rounded():
            return f"{_inner(amount.round)} rounded to {amount.to:f}"
        case FirstKnown():
            return f"first known of {', '.join(map(_inner, amount.first_known))}"
        case EventsAmount():
            return write_events(amount, _inner)
        case LookupAmount():
            column = "" if amount.column is None else f".{amount.column}"
            keys = (
                str(part) if isinstance(part, bool | str) else write_amount(part)
                for part in amount.at.values()
            )
            return f"{amount.lookup}{column}({', '.join(keys)})"
        case Bands():
            return f"{amount.mode} bands of {_inner(amount.bands)} ({'; '.join(map(_banded, amount.rates))})"
        case PresentValue():
            lag = f", lag {amount.lag_months}" if amount.lag_months else ""
            after = amount.prepaid_after
            prepaid = "" if after is None else f", prepaid after {_inner(after)}"
            of = "the plan" if amount.present_value == "plan" else "paying as agreed"
            yearly = " compounded yearly" if amount.compounding == "yearly" else ""
            days = ", by days" if amount.time == "days" else ""
            return f"present value of {of} at {_inner(amount.annual_rate)}{yearly}{lag}{prepaid}{days}"
        case RepaidBy() | Level():
            return write_annuity(amount, _inner)
        case Decimal():
            return f"{amount:f}"
        case date():
            return amount.isoformat()
        case _:
            return write_calendar(amount, _inner)


def _banded(band: Band) -> str:
    start, figure = band.parts
    word = "from" if band.above is None else "above"
    return f"{word} {_inner(start)}: {'fixed ' if band.fixed is not None else ''}{_inner(figure)}"


def _inner(amount: Amount) -> str:
    text = write_amount(amount)
    return f"({text})" if " " in text and not isinstance(amount, LookupAmount) else text
