"""Concessions: interpolate between the requested and the offered measures to find the closest request that stays
within the limits.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar

from restructure.calculator.conventions.money import from_minor, minor_digits, round_div
from restructure.calculator.conventions.quantity import Kind
from restructure.calculator.measures.catalogue import Measure
from restructure.calculator.measures.rate import ChangeRate
from restructure.calculator.measures.timing import Extend
from restructure.intake.assessment import Assessment
from restructure.policy.language.templates import field_kinds, measure_of_case

__all__ = ["Retreat", "first_good", "sampled"]

T = TypeVar("T")
_WALKED = 25
_FINEST = Fraction(1, 10_000)  # of a share or a rate: a hundredth of a percent


def first_good(places: Sequence[int], good: Callable[[int], T | None]) -> tuple[int, T] | None:
    """Find the first place with a result, and that result.

    Few places are tried in order; of many, a sample is tried and the gap before the first success is bisected.

    >>> first_good(range(1000), lambda place: place if place > 700 else None)
    (701, 701)
    """
    if len(places) <= _WALKED:
        return next(((place, found) for place in places if (found := good(place)) is not None), None)
    before = -1
    for mark in sampled(range(len(places))):
        found = good(places[mark])
        if found is None:
            before = mark
            continue
        while mark - before > 1:
            middle = (before + mark) // 2
            nearer = good(places[middle])
            before, mark, found = (middle, mark, found) if nearer is None else (before, middle, nearer)
        return places[mark], found
    return None


def sampled(places: Sequence[int]) -> Sequence[int]:
    """Give all of few places, and of many an even sample with the first and the last."""
    if len(places) <= _WALKED:
        return places
    return [places[k * (len(places) - 1) // (_WALKED - 1)] for k in range(_WALKED)]


class Retreat:
    """Interpolates from the requested to the offered measures in equal parts, apart from the number of instalments."""

    def __init__(self, asked: Sequence[Measure], offered: Sequence[Measure], assessment: Assessment) -> None:
        self.currency, left = assessment.currency, list(offered)
        rate = Fraction(assessment.contract_rate)
        self._edits: list[tuple[Measure, dict[str, tuple[Kind, Fraction, Fraction]]]] = []
        for one in asked:
            same = next((other for other in left if _alike(one, other)), None)
            if same is not None:
                left.remove(same)
            self._edits.append((one, {} if isinstance(one, Extend) else _numbers(one, same, rate)))
        spans = [
            abs(wanted - given) / self._unit(kind)
            for _, numbers in self._edits
            for kind, wanted, given in numbers.values()
        ]
        self.parts = max((-(-span.numerator // span.denominator) for span in spans), default=0)
        """Number of parts; the last one equals the offer."""

    def at(self, part: int) -> tuple[Measure, ...]:
        """Give the measures after a number of parts."""
        measures = []
        for one, numbers in self._edits:
            values = {name: self._value(part, *number) for name, number in numbers.items()}
            if any(not value and not numbers[name][2] for name, value in values.items()):
                continue  # an added measure that is reduced to zero
            written = {name: self._written(numbers[name][0], value) for name, value in values.items()}
            measures.append(_with(one, written))
        return tuple(measures)

    def told(self, part: int) -> str:
        """Write the changed numbers with their requested values."""
        return ", ".join(
            f"{one.measure}.{name} {self._shown(kind, self._value(part, kind, wanted, given))} instead of "
            f"{self._shown(kind, wanted)}"
            for one, numbers in self._edits
            for name, (kind, wanted, given) in numbers.items()
        )

    def _unit(self, kind: Kind) -> Fraction:
        if kind is Kind.MONEY:
            return Fraction(1, 10 ** minor_digits(self.currency))
        return _FINEST if kind is Kind.RATIO else Fraction(1)

    def _value(self, part: int, kind: Kind, wanted: Fraction, given: Fraction) -> Fraction:
        exact = wanted + (given - wanted) * part / self.parts
        units = exact / self._unit(kind)
        return round_div(units.numerator, units.denominator) * self._unit(kind)

    def _written(self, kind: Kind, value: Fraction) -> Any:
        if kind is Kind.MONEY:
            return from_minor(int(value * 10 ** minor_digits(self.currency)), self.currency)
        return f"{value.numerator}/{value.denominator}" if kind is Kind.RATIO else int(value)

    def _shown(self, kind: Kind, value: Fraction) -> str:
        if kind is Kind.RATIO:
            percent = round(Decimal(value.numerator * 100) / Decimal(value.denominator), 4)
            return f"{percent.normalize():f} %"
        return f"{self._written(kind, value)}"


def _alike(one: Measure, other: Measure) -> bool:
    """Tell whether two measures differ in their numbers only."""
    kinds = field_kinds(one.measure)
    return type(one) is type(other) and all(
        getattr(one, name) == getattr(other, name)
        for name in type(one).model_fields
        if kinds.get(name) not in _NUMBERS
    )


_NUMBERS = (Kind.MONEY, Kind.RATIO, Kind.COUNT, Kind.MONTHS)


_SIZE = ("instalments", "amount", "share")
"""Fields that give the size of a measure that the offer does not have."""


def _numbers(
    one: Measure, same: Measure | None, rate: Fraction
) -> dict[str, tuple[Kind, Fraction, Fraction]]:
    """Give the changed numbers: their kind, the requested and the offered value.

    A measure that the offer does not have is reduced to zero, and a rate to that of the contract.
    """
    kinds = {name: kind for name, kind in field_kinds(one.measure).items() if kind in _NUMBERS}
    if same is None and isinstance(one, ChangeRate):
        return {"annual_rate": (Kind.RATIO, Fraction(one.annual_rate), rate)}
    if same is None:
        sizes = [name for name in _SIZE if name in kinds and getattr(one, name) is not None][:1]
        return {name: (kinds[name], Fraction(getattr(one, name)), Fraction(0)) for name in sizes}
    found = {}
    for name, kind in kinds.items():
        wanted, given = getattr(one, name), getattr(same, name)
        if wanted is not None and wanted != given:
            found[name] = kind, Fraction(wanted), Fraction(given or 0)
    return found


def _with(one: Measure, written: dict[str, Any]) -> Measure:
    return measure_of_case({**one.model_dump(mode="json", exclude_none=True), **written}) if written else one
