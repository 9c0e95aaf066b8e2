"""The catalogue of facts that a rule may read, with kind, scale, meaning and derivation."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache, partial
from typing import Any, get_args

from restructure.calculator.conventions.money import from_minor, to_minor, write_money
from restructure.calculator.conventions.quantity import Kind, Quantity
from restructure.field_docs import field_docs
from restructure.intake.assessment import Assessment
from restructure.intake.prospect import Prospect
from restructure.record import Record

__all__ = ["Fact", "derivation", "events_fact", "fact_named", "facts", "score_fact", "show", "wanting"]


@dataclass(frozen=True, slots=True)
class Fact:
    """Describe one fact that rules may read."""

    name: str
    """Name in conditions, such as `income_drop`."""
    kind: Kind
    """What the value is: money, ratio, days, months, a count, a date, a choice or a flag."""
    scale: int
    """Decimals of a ratio, such as 6; 0 for the other kinds."""
    doc: str
    """Meaning, in one sentence."""
    formula: str
    """Derivation from other facts, such as `disposable_income, at least 0`; empty if there is none."""
    supplied: str
    """Place in the application that supplies it, such as `finances.income`; empty if it is derived."""
    choices: tuple[str, ...]
    """The words that a choice may be."""
    of_plan: bool
    """Whether it exists only once a plan exists."""

    def encode(self, value: Any, currency: str) -> int:
        """Give a value as the integer that rules compare."""
        match self.kind:
            case Kind.MONEY:
                return to_minor(Decimal(value), currency)
            case Kind.RATIO:
                return int(Decimal(value).scaleb(self.scale))
            case Kind.DATE:
                return int(value.toordinal())
            case Kind.CHOICE:
                return self.choices.index(str(value))
            case _:
                return int(value)

    def encoder(self, currency: str) -> Callable[[Any], int]:
        """Give `encode` for one currency, with the kind resolved once."""
        match self.kind:
            case Kind.MONEY:
                return partial(to_minor, currency=currency)
            case Kind.RATIO:
                scale = self.scale
                return lambda value: int(value.scaleb(scale))
            case Kind.DATE:
                return date.toordinal
            case Kind.CHOICE:
                codes = {word: code for code, word in enumerate(self.choices)}
                return codes.__getitem__
            case _:
                return int

    def decode(self, number: int, currency: str) -> Any:
        """Give the value of an integer that rules compare."""
        match self.kind:
            case Kind.MONEY:
                return from_minor(number, currency)
            case Kind.RATIO:
                return Decimal(number).scaleb(-self.scale)
            case Kind.DATE:
                return date.fromordinal(number)
            case Kind.CHOICE:
                return self.choices[number]
            case Kind.FLAG:
                return bool(number)
            case _:
                return number


_AS_OF = Fact("as_of", Kind.DATE, 0, "Day of the decision.", "", "", (), of_plan=False)


@cache
def facts() -> dict[str, Fact]:
    """List every fact by name, those of a case first, then those of a plan.

    >>> facts()["disposable_income"].formula
    'monthly_income − essential_costs − other_debt_payments'
    """
    return {"as_of": _AS_OF} | {
        fact.name: fact
        for model, of_plan in ((Assessment, False), (Prospect, True))
        for fact in _declared(model, of_plan=of_plan)
    }


def score_fact(name: str) -> Fact:
    """Describe a score that a policy declares, read as `scores.NAME`."""
    return Fact(name, Kind.RATIO, 6, "A score of another system.", "", name, (), of_plan=False)


def events_fact(name: str) -> Fact:
    """Describe the events of a kind, which amounts read as `events.KIND` and no condition does."""
    return Fact(name, Kind.COUNT, 0, "Earlier events of this kind.", "", "history", (), of_plan=False)


def fact_named(name: str) -> Fact:
    """Give a fact of the catalogue, a score or a kind of events; raises `KeyError` for any other name."""
    if name.startswith("events."):
        return events_fact(name)
    return score_fact(name) if name.startswith("scores.") else facts()[name]


def _declared(model: type[Record], *, of_plan: bool) -> Iterator[Fact]:
    docs = field_docs(model)
    for name, info in model.model_fields.items():
        for quantity in info.metadata:
            if isinstance(quantity, Quantity):
                yield Fact(
                    name,
                    quantity.kind,
                    quantity.scale,
                    docs.get(name, ""),
                    quantity.formula,
                    quantity.supplied,
                    _choices(info.annotation) if quantity.kind is Kind.CHOICE else (),
                    of_plan,
                )


def _choices(annotation: Any) -> tuple[str, ...]:
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            return tuple(member.value for member in kind)
    raise AssertionError(f"{annotation} has no choices")


def show(fact: Fact, value: Any, currency: str) -> str:
    """Write a fact's value for people.

    >>> show(facts()["income_drop"], Decimal("0.4"), "CNY"), show(facts()["reachable"], None, "CNY")
    ('40 %', 'unknown')
    """
    if value is None:
        return "unknown"
    if isinstance(value, tuple):  # events
        return " and ".join(f"{event.on} {event.outcome or ''}".rstrip() for event in value) or "none"
    match fact.kind:
        case Kind.MONEY:
            return write_money(Decimal(value), currency)
        case Kind.RATIO:
            return f"{(Decimal(value) * 100).normalize():f} %"
        case Kind.FLAG:
            return "yes" if value else "no"
        case Kind.DAYS | Kind.MONTHS:
            return f"{value} {fact.kind.value if value != 1 else fact.kind.value[:-1]}"
        case _:
            return str(value)


def derivation(assessment: Assessment, name: str) -> str:
    """Write the derivation of a fact: its formula with the values of this case.

    The record alone suffices: the formula names other facts, and the record holds their values. Raises
    `KeyError` for an unknown name, `ValueError` for a fact of a plan.
    """
    fact = fact_named(name)
    if fact.of_plan:
        raise ValueError(f"{name} is a fact of a plan; the assessment has no plan yet")
    shown = show(fact, assessment.value(name), assessment.currency)
    if not fact.formula:
        return f"{name} = {shown}" + (f" (from {fact.supplied})" if fact.supplied else "")
    filled = " ".join(_filled(word, assessment) for word in fact.formula.split(" "))
    middle = "" if filled == fact.formula else f" = {filled}"
    return f"{name} = {fact.formula}{middle} = {shown}"


def _filled(word: str, assessment: Assessment) -> str:
    bare = word.strip("(),")
    fact = facts().get(bare)
    if fact is None or fact.of_plan:
        return word
    return word.replace(bare, show(fact, assessment.value(bare), assessment.currency))


def wanting(assessment: Assessment, name: str) -> tuple[str, ...]:
    """List the places in the application that have to be filled for an unknown fact to be known."""
    fact = fact_named(name)
    if not fact.of_plan and assessment.value(name) is not None:
        return ()
    if fact.supplied:
        return (fact.supplied,)
    parts = [part for part in (word.strip("(),") for word in fact.formula.split(" ")) if part in facts()]
    places = [place for part in parts for place in wanting(assessment, part)]
    # With every part known the fact is undefined, such as a share of a zero income.
    places = places or [facts()[part].supplied for part in parts if facts()[part].supplied]
    return tuple(dict.fromkeys(places))
