"""Scheme: everything about a repayment that is neither a date nor a rate, in minor units."""

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
    """Instalments that rise or fall by a step every so often (等比累进, 等额累进)."""

    @property
    def has_instalment(self) -> bool:
        """Whether an instalment (or part of principal) says how fast the balance is repaid."""
        return self not in (Method.INTEREST_ONLY, Method.BULLET)


class LastRow(StrEnum):
    """What becomes of the cents that rounding leaves over."""

    RESIDUE = "residue"
    """The last instalment takes them."""
    EQUALISE = "equalise"
    """The instalment moves by its share of the difference where that brings the last one nearer."""
    EXTRA_ROW = "extra_row"
    """The last instalment is no larger than the others; what is still owed falls due one period later."""


class Repricing(StrEnum):
    """What a change of the rate does to the instalment."""

    KEEP = "keep"
    """Nothing: it is solved once over all the rates that are agreed, and stays."""
    RECALCULATE = "recalculate"
    """It is solved anew from the balance over the rest of the term, as adjustable-rate notes agree it (重定价)."""


class HolidayInterest(StrEnum):
    """What becomes of the interest that a suspension leaves unpaid."""

    CAPITALISE = "capitalise"
    """Joins the balance on every due date of the suspension."""
    CAPITALISE_AT_END = "capitalise_at_end"
    """Joins the balance once, on the last due date of the suspension."""
    PARK = "park"
    """Waits without interest for the last instalment."""
    SPREAD = "spread"
    """Is paid in equal parts with the instalments after the suspension."""
    CARRY = "carry"
    """Is due with the first instalment after the suspension, on top of it."""
    WAIVE = "waive"
    """Is given up."""


class InstalmentStep(NamedTuple):
    """How stepped instalments rise or fall: by a share or an amount, every so many, so many times."""

    every: int
    share: Fraction = Fraction(0)
    amount: int = 0
    times: int | None = None
    passed: int = 0

    def taken(self, k: int) -> int:
        """Count the steps behind the instalment with this index."""
        steps = (self.passed + k) // self.every
        return steps if self.times is None else min(steps, self.times)


class Pause(NamedTuple):
    """Instalments that are suspended: the first one's index, how many, what is still paid of each."""

    first: int
    size: int
    pays: int | None
    """Minor units of each; None: its interest."""
    unpaid: HolidayInterest = HolidayInterest.CAPITALISE

    @property
    def end(self) -> int:
        """Index of the first instalment after it."""
        return self.first + self.size


_NOTHING_JOINS: Mapping[int, tuple[int, ...]] = MappingProxyType({})


class Scheme(NamedTuple):
    """Everything about a repayment that is not a date or a rate, in minor units."""

    divide: Divide
    """Rounds interest."""
    method: Method = Method.LEVEL
    instalment_rounding: Rounding = Rounding.HALF_UP
    multiple: int = 1
    """Instalments are multiples of this many minor units."""
    last_row: LastRow = LastRow.RESIDUE
    balloon: int = 0
    """Principal that waits for the last instalment."""
    flat_base: int = 0
    """What flat interest is charged on."""
    growing: bool = False
    """Whether an instalment may lie below the interest."""
    cut: bool = False
    """Whether factors come in pieces."""
    pieced: bool = False
    """Whether the pieces of a factor are rounded one by one."""
    step: InstalmentStep | None = None
    pauses: tuple[Pause, ...] = ()
    """Suspended instalments in order, none overlapping."""
    joins: Mapping[int, tuple[int, ...]] = _NOTHING_JOINS
    """By index of a period: what joins the balance before each piece of its factor."""

    def settle(self, numerator: int, denominator: int) -> int:
        """Round an instalment to its multiple."""
        return round_div(numerator, denominator * self.multiple, self.instalment_rounding) * self.multiple

    def solved(self, numerator: int, denominator: int) -> int:
        """Round what was solved: the instalment or part of principal to its multiple, a flat part to the minor unit."""
        if self.method is Method.FLAT:
            return round_div(numerator, denominator, self.instalment_rounding)
        return self.settle(numerator, denominator)

    def flat_principal(self, part: int, interest: int) -> int:
        """Give the principal of a flat instalment, whose total is a multiple; none where that is below the interest."""
        return max(self.settle(part + interest, 1) - interest, 0)

    @property
    def joining(self) -> int:
        """Everything that joins the balance later."""
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
            first = self.settle(first * grown.numerator, grown.denominator)
        return first + steps * self.step.amount

    def interest(self, balance: int, factor: InterestFactor, year: int, joins: Sequence[int] = ()) -> int:
        """Give the interest of one period on the balance that bears it; `joins` come before each piece."""
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
