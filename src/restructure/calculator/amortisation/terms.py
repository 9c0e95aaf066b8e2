"""Terms of a loan: what is lent, when, and how it is repaid."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.amortisation.scheme import Method, Repricing
from restructure.calculator.conventions.currency_scale import scale_problems, set_scale
from restructure.calculator.conventions.money import Currency, Money
from restructure.record import Record

__all__ = ["Advance", "FirstPeriod", "Terms"]


class FirstPeriod(StrEnum):
    """Where the interest of a first period is paid that is longer or shorter than the others."""

    LEVEL = "level"
    """With the first instalment, which has the size of the others: all are solved for together."""
    FIRST_ROW = "first_row"
    """On top of the first instalment (or off it): principal is repaid as if the period were regular."""
    OWN_ROW = "own_row"
    """In a row of its own, interest only, before the first of the instalments."""
    SPREAD = "spread"
    """In equal parts on top of all instalments, without interest; a short period reduces the first instalment."""


class Advance(Record):
    """A further part of a loan, paid out on a later day."""

    on: date
    """Day the money is paid out, e.g. 2026-06-01; interest on it accrues from here."""
    amount: Money
    """Amount paid out, in the loan's currency, e.g. 20000.00; the instalments are solved anew from the period in
    which it is paid out."""


class Terms(Repayment):
    """A loan as agreed: what is lent, when, and how it is repaid."""

    instalments: int = Field(default=0, ge=0, le=1200)
    """Number of instalments of the loan, e.g. 36; absent where an instalment is agreed: as many as it takes."""
    first_due: date
    """Due date of the first instalment, e.g. 2026-02-15."""
    currency: Currency
    """Currency of every amount, as an ISO 4217 code, e.g. CNY."""
    principal: Money
    """Amount lent, in major units, e.g. 12000.00."""
    start: date
    """Day the money is paid out, e.g. 2026-01-15; interest accrues from here."""
    stub: FirstPeriod = FirstPeriod.LEVEL
    """Where the interest of a first period is paid that is longer or shorter than the others, e.g. `first_row`."""
    advances: tuple[Advance, ...] = ()
    """Further parts of the loan that are paid out later, in the order of their days."""

    @model_validator(mode="after")
    def _set_scale(self) -> Self:
        set_scale(self, self.currency)
        return self

    def contradictions(self) -> list[tuple[str, ...]]:
        """List contradictory fields, each as code, sentence and field."""
        problems = super().contradictions() + self._term_problems()
        due, name = self.first_due, "first_due"
        if self.moves and self.moves[0].instalment == 1:
            due, name = self.moves[0].to, "moves"
        if due <= self.start:
            problems.append(
                ("date-before-origination", f"{name} {due} is not after the loan's start {self.start}")
            )
        problems += scale_problems(self.principal, self.currency, "principal")
        problems += self.finer_than(self.currency)
        return problems + self._advance_problems() + self._combination_problems()

    def _term_problems(self) -> list[tuple[str, ...]]:
        if self.instalments:
            return []
        if self.instalment is None:
            return [("term-not-positive", "a loan needs at least one instalment")]
        if self.rates and self.repricing is Repricing.RECALCULATE:
            sentence = (
                "an instalment that changes with the rate tells no term; say how many instalments there are"
            )
            return [("term-not-positive", sentence, "instalments")]
        if self.method in (Method.INTEREST_ONLY, Method.BULLET):
            sentence = (
                f"no instalment tells the term of method {self.method}; say how many instalments there are"
            )
            return [("term-not-positive", sentence, "instalments")]
        return []

    def _advance_problems(self) -> list[tuple[str, ...]]:
        problems: list[tuple[str, ...]] = []
        days = [advance.on for advance in self.advances]
        last = self.dues()[-1] if days and self.instalments else date.max
        if sorted(days) != days or any(not self.start <= day < last for day in days):
            sentence = (
                "advances come in the order of their days, from the loan's start to its last instalment"
            )
            problems.append(("date-order", sentence, "advances"))
        for advance in self.advances:
            problems += scale_problems(advance.amount, self.currency, "advances")
        return problems

    def _combination_problems(self) -> list[tuple[str, ...]]:
        """List the fields that an odd first period or further advances cannot be combined with."""
        problems: list[tuple[str, ...]] = []
        suspensions = [suspension for suspension in self.suspensions if suspension.instalments]
        if self.stub is not FirstPeriod.LEVEL:
            clashes: Iterable[tuple[str, bool]] = (
                ("advances", bool(self.advances)),
                ("moves", any(move.instalment == 1 for move in self.moves)),
                ("suspensions", any(suspension.starts == 1 for suspension in suspensions)),
                ("method", self.method is Method.BULLET),
            )
            sentence = f"stub {self.stub} needs interest paid with a regular first instalment"
            problems += [("value-invalid", sentence, name) for name, clash in clashes if clash]
        if self.advances:
            clashes = (
                ("compounding", self.compounding is not None),
                ("instalments", not self.instalments),
                ("instalment", self.instalment is not None),
                ("suspensions", bool(suspensions)),
                ("steps", self.steps is not None),
                ("repricing", self.repricing is not Repricing.KEEP),
                ("method", self.method is Method.FLAT),
            )
            problems += [
                ("value-invalid", f"advances solve the instalments anew, which {name} contradicts", name)
                for name, clash in clashes
                if clash
            ]
        return problems
