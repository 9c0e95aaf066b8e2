"""Timetable: when the instalments of a repayment fall due, and the interest factors of the periods between."""

from collections.abc import Iterable, Sequence
from datetime import date
from math import lcm
from typing import NamedTuple

from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.conventions.accrual import (
    InterestFactor,
    RatePath,
    interest_factors,
    pieced_factors,
    without_repetition,
)
from restructure.calculator.conventions.dates import Closed, Roll, roll_date

__all__ = ["Periods", "Timetable"]


class Periods(NamedTuple):
    """Consecutive interest periods, each with the day on which its instalment is paid."""

    dues: list[date]
    """Payment dates, one for each period."""
    factors: Sequence[InterestFactor]
    """Interest of each period per unit of balance, as numerators over `year`."""
    year: int
    spare: tuple[date, InterestFactor] | None = None
    """Payment date and interest factor of the period after the last, for an extra row."""

    def since(self, begin: int) -> "Periods":
        """Give the periods from an index on."""
        return Periods(self.dues[begin:], self.factors[begin:], self.year, self.spare) if begin else self

    @property
    def days(self) -> list[date]:
        """Payment dates, that of the spare period included."""
        return self.dues if self.spare is None else [*self.dues, self.spare[0]]

    def with_spare(self) -> "Periods":
        """Give the same periods with the spare one as the last of them."""
        if self.spare is None:
            return self
        return Periods(self.days, [*self.factors, self.spare[1]], self.year)


class Timetable(NamedTuple):
    """Everything that dates and prices the periods of a repayment."""

    terms: Repayment
    start: date
    """Day on which the first period begins."""
    rates: RatePath
    closed: Closed
    """Says which days are no business days."""

    def periods(self, count: int, *, spare: bool = False, cuts: Iterable[date] = ()) -> Periods:
        """Lay out so many periods, and one more if a spare one is wanted.

        An interest factor is a tuple where interest is rounded per sub-interval and where one of the `cuts` falls
        inside the period.
        """
        terms, wanted = self.terms, count + spare
        dues = terms.dues(wanted)
        borders = paid = dues
        if terms.roll is not Roll.NONE:
            paid = [roll_date(day, terms.roll, self.closed) for day in dues]
            borders = paid if terms.roll_accrues else dues
        if terms.moves:
            factors, year = self._moved_factors(borders, wanted, cuts)
        else:
            factors, year = self.factors([self.start, *borders], terms.anchor, cuts)
        if spare:
            return Periods(paid[:count], factors[:count], year, (paid[count], factors[count]))
        return Periods(paid, factors, year)

    def _moved_factors(
        self, borders: list[date], count: int, cuts: Iterable[date]
    ) -> tuple[Sequence[InterestFactor], int]:
        # A period is counted in the months it began in, so a moved due date counts from the old anchor.
        parts = []
        anchor = self.terms.anchor
        for first, until, _, following in self.terms.stretches(count):
            moved = [self.start, *borders][first : first + 2]
            parts.append(self.factors(moved, anchor, cuts))
            if until - first > 1:
                parts.append(self.factors(borders[first:until], following, cuts))
            anchor = following
        year = lcm(*(basis for _, basis in parts))
        return [_scaled(factor, year // basis) for factors, basis in parts for factor in factors], year

    def factors(
        self, borders: list[date], anchor: int, cuts: Iterable[date] = ()
    ) -> tuple[Sequence[InterestFactor], int]:
        """Give the interest factors of the periods between borders, over one denominator."""
        terms, rates = self.terms, without_repetition(self.rates)
        if terms.rounding_per == "sub_interval" or cuts:
            return pieced_factors(terms.day_count, borders, anchor, rates, cuts)
        return interest_factors(terms.day_count, borders, anchor, rates, terms.compounding)

    def period_ends(self, count: int) -> list[date]:
        """List the days on which so many interest periods end."""
        dues = self.terms.dues(count)
        if self.terms.roll is Roll.NONE or not self.terms.roll_accrues:
            return dues
        return [roll_date(day, self.terms.roll, self.closed) for day in dues]


def _scaled(factor: InterestFactor, scale: int) -> InterestFactor:
    return factor * scale if isinstance(factor, int) else tuple(piece * scale for piece in factor)
