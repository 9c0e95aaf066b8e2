"""Scheme of a repayment: everything that is neither a date nor a rate, in minor units."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import NamedTuple

from restructure.calculator.amortisation.rows import Divide
from restructure.calculator.conventions.accrual import InterestFactor
from restructure.calculator.conventions.money import Rounding, round_div

__all__ = ["HolidayInterest", "InstalmentStep", "LastRow", "Method", "Pause", "Repricing", "Scheme"]


class Method(StrEnum):
    """How principal is spread over the instalments."""

    LEVEL = "level"
    """Equal instalments of principal and interest (annuity, 等额本息)."""
    EQUAL_PRINCIPAL = "equal_principal"
    """Equal parts of principal plus the interest on what is left (等额本金)."""
    INTEREST_ONLY = "interest_only"
    """The interest of every period, the principal with the last instalment (先息后本)."""
    BULLET = "bullet"
    """Nothing until the last instalment, then principal and all interest; unpaid interest bears none."""
    FLAT = "flat"
    """Equal parts of principal plus interest on the original principal throughout (等本等息)."""
    STEPPED = "stepped"
    """Instalments that rise or fall in regular steps (等比累进, 等额累进)."""

    @property
    def has_instalment(self) -> bool:
        """Whether an instalment (or part of principal) determines how fast the balance is repaid."""
        return self not in (Method.INTEREST_ONLY, Method.BULLET)


class LastRow(StrEnum):
    """Treatment of the cents that rounding leaves over."""

    RESIDUE = "residue"
    """The last instalment is larger or smaller by them."""
    EQUALISE = "equalise"
    """The instalment changes by its share of the difference where that brings the last instalment nearer to it."""
    EXTRA_ROW = "extra_row"
    """The last instalment is no larger than the others; what is still owed falls due one period later."""


class Repricing(StrEnum):
    """Effect of a change of the rate on the instalment."""

    KEEP = "keep"
    """None: the instalment is solved once over all agreed rates and stays the same."""
    RECALCULATE = "recalculate"
    """It is solved anew from the balance over the rest of the term, as for adjustable-rate notes (重定价)."""


class HolidayInterest(StrEnum):
    """Treatment of the interest that a suspension leaves unpaid."""

    CAPITALISE = "capitalise"
    """Added to the balance on every due date of the suspension."""
    CAPITALISE_AT_END = "capitalise_at_end"
    """Added to the balance once, on the last due date of the suspension."""
    PARK = "park"
    """Deferred without interest to the last instalment."""
    SPREAD = "spread"
    """Paid in equal parts with the instalments after the suspension."""
    CARRY = "carry"
    """Due with the first instalment after the suspension, on top of it."""
    WAIVE = "waive"
    """Waived."""


class InstalmentStep(NamedTuple):
    """How stepped instalments rise or fall, the amount in minor units."""

    every: int
    """Instalments between two steps."""
    share: Fraction = Fraction(0)
    amount: int = 0
    times: int | None = None
    """Number of steps; None: as many as the term has room for."""
    passed: int = 0
    """Instalments that have already fallen due."""

    def taken(self, k: int) -> int:
        """Count the steps taken up to the instalment with this index."""
        steps = (self.passed + k) // self.every
        return steps if self.times is None else min(steps, self.times)


class Pause(NamedTuple):
    """Consecutive suspended instalments."""

    first: int
    """Index of the first of them."""
    size: int
    """Number of them."""
    pays: int | None
    """Minor units still paid of each; None: its interest."""
    unpaid: HolidayInterest = HolidayInterest.CAPITALISE
    """Treatment of the interest that is not paid."""

    @property
    def end(self) -> int:
        """Index of the first instalment after them."""
        return self.first + self.size


_NO_JOINS: Mapping[int, tuple[int, ...]] = MappingProxyType({})


class Scheme(NamedTuple):
    """Everything about a repayment that is neither a date nor a rate, in minor units."""

    divide: Divide
    """Rounds interest."""
    method: Method = Method.LEVEL
    instalment_rounding: Rounding = Rounding.HALF_UP
    """Rounds a solved instalment."""
    multiple: int = 1
    """Minor units that solved instalments are multiples of."""
    last_row: LastRow = LastRow.RESIDUE
    balloon: int = 0
    """Principal due with the last instalment, on top of it."""
    flat_base: int = 0
    """Principal that flat interest is charged on."""
    growing: bool = False
    """Whether an instalment may be below the interest of its period."""
    cut: bool = False
    """Whether interest factors may be tuples, one number for each part of a period."""
    pieced: bool = False
    """Whether interest is rounded in each part of a period, not once per period."""
    step: InstalmentStep | None = None
    pauses: tuple[Pause, ...] = ()
    """Suspended instalments in order, none overlapping."""
    joins: Mapping[int, tuple[int, ...]] = _NO_JOINS
    """By index of a period: amounts added to the balance before each part of the period."""

    def to_multiple(self, numerator: int, denominator: int) -> int:
        """Divide and round an instalment to its multiple."""
        return round_div(numerator, denominator * self.multiple, self.instalment_rounding) * self.multiple

    def round_solved(self, numerator: int, denominator: int) -> int:
        """Divide and round a solved instalment or part of principal to its multiple, a flat part to the minor unit."""
        if self.method is Method.FLAT:
            return round_div(numerator, denominator, self.instalment_rounding)
        return self.to_multiple(numerator, denominator)

    def flat_principal(self, part: int, interest: int) -> int:
        """Give the principal of a flat instalment, the total rounded to a multiple; 0 if that is below the interest."""
        return max(self.to_multiple(part + interest, 1) - interest, 0)

    @property
    def suspended(self) -> set[int]:
        """Indices of the suspended instalments."""
        return {k for pause in self.pauses for k in range(pause.first, pause.end)}

    @property
    def joining(self) -> int:
        """Sum of the amounts added to the balance later."""
        return sum(map(sum, self.joins.values())) if self.joins else 0

    @property
    def annuity(self) -> bool:
        """Whether instalments hold principal and interest together."""
        return self.method in (Method.LEVEL, Method.STEPPED)

    def instalment_at(self, k: int, first: int) -> int:
        """Give the instalment with an index, stepped from the first one."""
        if self.step is None:
            return first
        steps = self.step.taken(k)
        grown = (1 + self.step.share) ** steps
        if grown != 1:
            first = self.to_multiple(first * grown.numerator, grown.denominator)
        return first + steps * self.step.amount

    def interest(self, balance: int, factor: InterestFactor, year: int, joins: Sequence[int] = ()) -> int:
        """Give the interest of one period on the balance; each of `joins` is added before a part of the period."""
        base = self.flat_base if self.method is Method.FLAT else balance
        if isinstance(factor, int):
            return self.divide(base * factor, year)
        total = exact = 0
        for piece, joined in zip(factor, joins or (0,) * len(factor), strict=True):
            base += joined
            if self.pieced:
                total += self.divide(base * piece, year)
            else:
                exact += base * piece
        return total if self.pieced else self.divide(exact, year)
