"""Templates: measures as a policy writes them, with amounts in place of numbers."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import ValidationError

from restructure.calculator.conventions.money import from_minor, minor_digits, round_div
from restructure.calculator.conventions.quantity import Kind
from restructure.calculator.measures.catalogue import MEASURES, Measure
from restructure.document import Document, issues_of
from restructure.errors import Issue, Refused
from restructure.policy.amounts.expression import AMOUNT_WORDS, Amount, ParameterAmount, worth
from restructure.policy.language.search import Vary
from restructure.record import Record, TypeReader

__all__ = [
    "Template",
    "UnknownAmount",
    "amounts_of",
    "field_kind",
    "finest",
    "is_amount",
    "measure_models",
    "measure_of_case",
    "quantised",
    "read_amount",
    "read_measure",
    "read_vary",
]

_PARTS = 1_000_000
_AMOUNTS: TypeReader[Amount] = TypeReader(Amount)


class UnknownAmount(Exception):
    """An amount of a measure reads a fact that is unknown."""

    def __init__(self, amount: Amount) -> None:
        self.amount = amount
        super().__init__(amount)


def is_amount(value: Any) -> bool:
    """Tell whether plain data is an amount that is worked out."""
    return isinstance(value, Mapping) and bool(value.keys() & AMOUNT_WORDS.keys()) and "measure" not in value


def read_amount(value: Any) -> Amount:
    """Read an amount from plain data that was checked before."""
    return _AMOUNTS.validate_python(_percent(value))


def _percent(value: Any) -> Any:
    if isinstance(value, str) and value.strip().endswith("%"):
        return Decimal(value.strip()[:-1].strip()) / 100
    if isinstance(value, Mapping):
        return {key: _percent(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_percent(part) for part in value)
    return value


def read_vary(value: Mapping[str, Any]) -> Vary:
    """Read what a step varies, from plain data that was checked before."""
    amounts = {key: read_amount(value[key]) for key in ("from", "up_to", "down_to", "by") if key in value}
    rest = {key: part for key, part in value.items() if key not in amounts}
    return Vary.model_validate({**rest, **amounts})


def amounts_of(template: Mapping[str, Any]) -> Iterator[Amount]:
    """List the amounts of a measure, including those of what a step varies."""
    for value in template.values():
        if isinstance(value, Mapping) and set(value) == {"vary"}:
            vary = read_vary(value["vary"])
            amounts = (vary.start, vary.up_to, vary.down_to, vary.by)
            yield from (amount for amount in amounts if amount is not None)
        elif is_amount(value):
            yield read_amount(value)
        elif isinstance(value, Mapping):
            yield from amounts_of(value)
        elif isinstance(value, list | tuple):
            for part in value:
                if isinstance(part, Mapping):
                    yield from amounts_of({"": part})


class Template:
    """A measure as a policy writes it, with its amounts read once for all plans that are tried."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._kinds = field_kinds(raw.get("measure"))
        self._fields = {key: _with_amounts(value) for key, value in raw.items()}

    def filled(
        self, parameter: Callable[[str], Any], fact: Callable[[str], Any], currency: str
    ) -> dict[str, Any]:
        """Replace every amount by its value, rounded to what its field holds.

        Raises `UnknownAmount` where a fact that is read is unknown.
        """

        def fill(value: Any, kind: Kind | None) -> Any:
            match value:
                case ParameterAmount():
                    return parameter(value.parameter)
                case Record():
                    exact = worth(value, parameter, fact)  # type: ignore[arg-type]  # no other record stands here
                    if exact is None:
                        raise UnknownAmount(value)  # type: ignore[arg-type]
                    return quantised(exact, kind, currency)
                case dict():
                    return {key: fill(part, kind) for key, part in value.items()}
                case list():
                    return [fill(part, kind) for part in value]
            return value

        return {key: fill(value, self._kinds.get(key)) for key, value in self._fields.items()}


def _with_amounts(value: Any) -> Any:
    """Give plain data with every amount in it read."""
    if is_amount(value):
        return read_amount(value)
    if isinstance(value, Mapping):
        return {key: _with_amounts(part) for key, part in value.items()}
    return [_with_amounts(part) for part in value] if isinstance(value, list | tuple) else value


def quantised(exact: Fraction, kind: Kind | None, currency: str) -> Any:
    """Round an amount half-up to the unit of a field of a kind: minor units, whole numbers, days, or six decimals."""
    units = exact / finest(kind, currency)
    number = round_div(units.numerator, units.denominator)
    if kind is Kind.MONEY:
        return from_minor(number, currency)
    if kind is Kind.DATE:
        return date.fromordinal(number)
    return f"{number}/{_PARTS}" if kind is Kind.RATIO else number


def finest(kind: Kind | None, currency: str) -> Fraction:
    """Give the finest unit of a field of a kind."""
    if kind is Kind.MONEY:
        return Fraction(1, 10 ** minor_digits(currency))
    return Fraction(1, _PARTS) if kind is Kind.RATIO else Fraction(1)


def read_measure(data: Any) -> Measure:
    """Read a measure strictly: a number is a number, so that "6" or 6.0 instalments are not six."""
    return MEASURES.validate_json(json.dumps(data, default=str), strict=True)


def measure_of_case(data: Mapping[str, Any]) -> Measure:
    """Read a measure whose amounts were worked out from a case; raises `Refused` for an amount it cannot have."""
    try:
        return read_measure(data)
    except ValidationError as error:
        issues = issues_of(error, Document(data, file=None, places={}))
        raise Refused(
            Issue(issue.code, f"{data['measure']} cannot be made: {issue.place} {issue.message}")
            for issue in issues
        ) from None


@cache
def measure_models() -> dict[str, type]:
    """Give the model of each measure by the word that names it."""
    union = get_args(Measure.__value__ if hasattr(Measure, "__value__") else Measure)[0]
    return {model.model_fields["measure"].default: model for model in get_args(union)}


_FIELDS = {Decimal: Kind.MONEY, Fraction: Kind.RATIO, int: Kind.COUNT, date: Kind.DATE}


def _kind_of(annotation: Any) -> Kind | None:
    """Give the kind of a field from its type, without annotations and whether or not it may be absent."""
    if annotation in _FIELDS:
        return _FIELDS[annotation]
    if get_origin(annotation) is Annotated:
        return _kind_of(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return next((kind for kind in map(_kind_of, get_args(annotation)) if kind is not None), None)
    return None


@cache
def field_kinds(measure: str | None) -> dict[str, Kind]:
    """Give the kind of each field of a measure that may be an amount."""
    model = measure_models().get(measure) if isinstance(measure, str) else None
    if model is None:
        return {}
    kinds = {name: _kind_of(info.annotation) for name, info in model.model_fields.items()}  # type: ignore[attr-defined]
    return {name: kind for name, kind in kinds.items() if kind is not None}


def field_kind(measure: Any, field: str) -> Kind | None:
    """Give the kind of one field of a measure, `None` if it is no number, no date or no field."""
    return field_kinds(measure if isinstance(measure, str) else None).get(field)
