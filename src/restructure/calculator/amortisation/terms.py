"""Terms of a loan: what is lent, and how a balance is to be repaid."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from math import lcm
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from restructure.calculator.amortisation.scheme import (
    HolidayInterest,
    InstalmentStep,
    LastRow,
    Method,
    Pause,
    Repricing,
    Scheme,
)
from restructure.calculator.conventions.accrual import (
    Compounding,
    InterestFactor,
    interest_factors,
    pieced_factors,
    without_repetition,
)
from restructure.calculator.conventions.currency_scale import spell
from restructure.calculator.conventions.dates import (
    Closed,
    Every,
    Roll,
    every_dates,
    roll_date,
    step_before,
    weekend,
)
from restructure.calculator.conventions.day_counts import DayCount
from restructure.calculator.conventions.money import (
    Change,
    Currency,
    Money,
    Rate,
    Rounding,
    SignedMoney,
    rounder,
    to_minor,
)
from restructure.record import Record, refuse

__all__ = [
    "Advance",
    "FirstPeriod",
    "MovedDue",
    "RateFrom",
    "Repayment",
    "Steps",
    "Suspension",
    "Terms",
    "scale_problems",
]


# The calendar ends with the year 9999; the longest schedule, extended, takes a few hundred years.
_LAST_YEAR = 9000


class RateFrom(Record):
    """An agreed change of the rate on a day."""

    starts: date
    """First night that the rate prices."""
    annual_rate: Rate
    """Rate a year from then on, as a fraction of one; 0 is a rate."""


class Steps(Record):
    """How stepped instalments rise or fall: by a share or an amount, every so many of them."""

    every: int = Field(ge=1, le=1200)
    """Instalments between two steps, such as 12."""
    share: Change | None = None
    """Share that the instalment changes by with each step: "7.5%", or "-5%" to step down (等比累进)."""
    amount: SignedMoney | None = None
    """Amount that it changes by with each step, below zero to step down (等额累进)."""
    times: int | None = Field(default=None, ge=1, le=1200)
    """How many steps there are; absent: as many as the term holds."""
    passed: int = Field(default=0, ge=-1, le=1200)
    """Instalments since the first that have fallen due already, so that the next step comes when it should;
    -1 where a row for an odd first period is still to come."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.share is None) == (self.amount is None):
            raise PydanticCustomError("amount-or-share", "give either an amount or a share")
        if self.share == -1:
            raise PydanticCustomError(
                "value-invalid", "a step of -100% leaves no instalment; step down by less"
            )
        return self


class Suspension(Record):
    """Instalments of which nothing, the interest or a fixed amount is paid."""

    instalments: int = Field(ge=0, le=1200)
    """How many instalments."""
    starts: int = Field(default=1, ge=1, le=1200)
    """Number of the first of them, 1 for the next one due."""
    pay: Literal["none", "interest"] = "none"
    """What is still paid where no amount is given: nothing, or the interest of each period."""
    amount: Money | None = None
    """What is paid of each; interest first, what is left of it repays principal."""
    interest: HolidayInterest = HolidayInterest.CAPITALISE
    """What becomes of interest that is not paid."""


class FirstPeriod(StrEnum):
    """Where the interest of a first period goes that is longer or shorter than the others."""

    LEVEL = "level"
    """Into the first instalment, which has the size of the others: all are solved for together."""
    FIRST_ROW = "first_row"
    """On top of the first instalment (or off it): principal is repaid as if the period were regular."""
    OWN_ROW = "own_row"
    """Into a row of its own, interest only, before the first of the instalments."""
    SPREAD = "spread"
    """In equal parts on top of all instalments, without interest; a short period takes it off the first."""


class MovedDue(Record):
    """A due date that was moved; the later ones step from where it went."""

    instalment: int = Field(ge=1, le=1200)
    """Number of the instalment, 1 for the next one due."""
    to: date
    """Day it falls due instead."""
    anchor_day: int | None = Field(default=None, ge=1, le=31)
    """Day of the month that later due dates step from; absent: the day of `to`."""

    @property
    def anchor(self) -> int:
        """Day of the month that due dates step from."""
        return self.anchor_day or self.to.day


class Advance(Record):
    """A further part of a loan, paid out on a later day."""

    on: date
    """Day the money is paid out; interest on it accrues from here."""
    amount: Money
    """Amount paid out; the instalments from the period it falls in are solved anew."""


class Repayment(Record):
    """How a balance is to be repaid from here on: rate, rhythm and method."""

    annual_rate: Rate
    """Contract rate a year as an exact fraction of one: "0.18" or "18%", never 18."""
    rates: tuple[RateFrom, ...] = ()
    """Agreed changes of the rate, in the order of their days."""
    repricing: Repricing = Repricing.KEEP
    """What a change of the rate does to a level or stepped instalment, made here or later; a day in `rates` on which
    the rate stays counts too."""
    instalments: int = Field(ge=0, le=1200)
    """Instalments still to fall due."""
    first_due: date
    """The day the first of them falls due."""
    anchor_day: int | None = Field(default=None, ge=1, le=31)
    """Day of the month the contract names; a shorter month uses its last day. Default: the day of `first_due`."""
    moves: tuple[MovedDue, ...] = ()
    """Agreed moves of later due dates, in order."""
    every: Every = "1 month"
    """Rhythm of the due dates: "1 month", "2 weeks", "14 days", "1 quarter", "semi-monthly"."""
    roll: Roll = Roll.NONE
    """Where a due date goes that falls on a day without business."""
    roll_accrues: bool = False
    """Whether a rolled date also moves the end of the interest period (shift and accrue) or only the payment."""
    method: Method = Method.LEVEL
    """Level, equal principal, interest-only, bullet, flat or stepped."""
    steps: Steps | None = None
    """How the instalments of the stepped method rise or fall."""
    suspensions: tuple[Suspension, ...] = ()
    """Agreed suspensions, such as an interest-only period; they are part of the term."""
    balloon: Money | None = None
    """Principal that waits for the last instalment, on top of it."""
    flat_base: Money | None = None
    """What flat interest is charged on: the original principal; absent: the balance at the start."""
    compounding: Compounding | None = None
    """How often the rate compounds a year; absent: simple interest within each period."""
    day_count: DayCount = DayCount.THIRTY_360_BY_MONTH
    """How days become a part of a year."""
    instalment: Money | None = None
    """The agreed instalment (the first, if stepped) or part of principal (equal principal); absent: solved."""
    rounding: Rounding = Rounding.HALF_UP
    """How a fraction of a minor unit of interest is rounded."""
    rounding_per: Literal["row", "sub_interval"] = "row"
    """Whether interest is rounded once per row, or in each piece between changes of rate or balance."""
    instalment_rounding: Rounding | None = None
    """How a solved instalment is rounded to its multiple; absent: as interest is."""
    instalment_multiple: Money | None = None
    """Solved instalments (or parts of principal) are multiples of this amount, and of flat loans the total of every
    instalment but the last; absent: of the minor unit."""
    last_row: LastRow = LastRow.RESIDUE
    """What becomes of the cents that rounding leaves over."""
    negative_amortisation: bool = False
    """Whether an instalment may lie below the interest, so that the balance grows."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        refuse(self.contradictions())
        return self

    def contradictions(self) -> list[tuple[str, ...]]:
        """List what contradicts itself, as code, sentence and field; models with more to check add to it."""
        found: list[tuple[str, ...]] = []
        for day, name in ((self.first_due, "first_due"), *((move.to, "moves") for move in self.moves)):
            if day.year > _LAST_YEAR:
                sentence = f"{name} {day} lies too far ahead to lay out a schedule"
                found.append(("date-invalid", sentence, name))
        if self.instalment_multiple is not None and not self.instalment_multiple:
            found.append(("value-invalid", "instalments cannot be multiples of zero", "instalment_multiple"))
        if (self.steps is None) == (self.method is Method.STEPPED):
            sentence = "steps say how the stepped method goes; give both or neither"
            found.append(("value-invalid", sentence, "steps"))
        days = [change.starts for change in self.rates]
        if days and sorted(set(days)) != days:
            found.append(("date-order", "the days of rates must rise without repeating one", "rates"))
        if self.moves and any(b.instalment <= a.instalment for a, b in pairwise(self.moves)):
            found.append(("date-order", "moves come in the order of their instalments, one each", "moves"))
        elif (
            self.moves
            and not found
            and any(b <= a for a, b in pairwise(self.dues(max(self.instalments, self.moves[-1].instalment))))
        ):
            sentence = "a moved instalment falls due on or before the one before it"
            found.append(("move-out-of-order", sentence, "moves"))
        if self.compounding is not None and self.rounding_per == "sub_interval":
            sentence = "interest that compounds within a period has no pieces to round one by one"
            found.append(("value-invalid", sentence, "rounding_per"))
        free = 1
        suspensions = [one for one in self.suspensions if one.instalments]
        for suspension in sorted(suspensions, key=lambda one: one.starts):
            if suspension.starts < free:
                sentence = f"two suspensions both claim instalment {suspension.starts}"
                found.append(("suspensions-overlap", sentence, "suspensions"))
            free = suspension.starts + suspension.instalments
        if suspensions and free > self.instalments > 0:
            sentence = f"the suspensions reach to instalment {free - 1} of {self.instalments} and leave none to repay"
            found.append(("term-not-positive", sentence, "suspensions"))
        return found

    def finer_than(self, currency: str, *place: str) -> list[tuple[str, ...]]:
        """List the amounts that have more decimals than a currency, each with its field after `place`."""
        named: list[tuple[str, Decimal | None]] = [
            (name, getattr(self, name))
            for name in ("instalment", "balloon", "flat_base", "instalment_multiple")
        ]
        named += [("suspensions", one.amount) for one in self.suspensions]
        named += [("steps", None if self.steps is None else self.steps.amount)]
        found: list[tuple[str, ...]] = []
        for name, amount in named:
            found += scale_problems(amount, currency, *place, name)
        return found

    def scheme(self, balance: int, currency: str) -> Scheme:
        """Give everything about the repayment that is not a date or a rate, in minor units."""

        def minor(amount: Decimal | None, otherwise: int) -> int:
            return otherwise if amount is None else to_minor(amount, currency)

        steps = self.steps
        return Scheme(
            method=self.method,
            divide=rounder(self.rounding),
            instalment_rounding=self.instalment_rounding or self.rounding,
            multiple=minor(self.instalment_multiple, 1),
            last_row=self.last_row,
            balloon=minor(self.balloon, 0),
            flat_base=minor(self.flat_base, balance),
            growing=self.negative_amortisation,
            cut=self.rounding_per == "sub_interval",
            pieced=self.rounding_per == "sub_interval",
            step=None
            if steps is None
            else InstalmentStep(
                steps.every,
                steps.share or Fraction(0),
                minor(steps.amount, 0),
                steps.times,
                steps.passed,
            ),
            pauses=pauses_of(self.suspensions, currency),
        )

    @property
    def anchor(self) -> int:
        """Day of the month that due dates step from."""
        return self.anchor_day or self.first_due.day

    def dues(self, count: int | None = None) -> list[date]:
        """List the scheduled due dates before any roll, `instalments` of them unless a count is given."""
        wanted = self.instalments if count is None else count
        if not self.moves:
            return every_dates(self.first_due, wanted, self.every, anchor_day=self.anchor)
        dues: list[date] = []
        for first, until, start, anchor in self._stretches(wanted):
            dues += every_dates(start, until - first, self.every, anchor_day=anchor)
        return dues

    def _stretches(self, count: int) -> list[tuple[int, int, date, int]]:
        """List the runs of due dates that step from one day: first index, index after the last, day, anchor."""
        begins = [(0, self.first_due, self.anchor)]
        for move in self.moves:
            if move.instalment == 1:
                begins = [(0, move.to, move.anchor)]
            else:
                begins.append((move.instalment - 1, move.to, move.anchor))
        ends = [*(first for first, _, _ in begins[1:]), count]
        return [
            (first, min(end, count), start, anchor)
            for (first, start, anchor), end in zip(begins, ends, strict=True)
            if first < count
        ]

    def anchor_before(self, count: int) -> int:
        """Give the day of the month that the period before the due date with this index is counted from."""
        anchor = self.anchor
        for move in self.moves:
            if move.instalment <= count:
                anchor = move.anchor
        return anchor

    def rest(self, count: int, on: date, *, before: int = 0) -> dict[str, object]:
        """Give the fields of the same repayment once so many instalments have fallen due, seen from a day.

        `before` counts due dates that passed before the first of the instalments.
        """
        passed = count + before
        first, _, start, anchor = self._stretches(passed + 1)[-1]
        starts = every_dates(start, passed - first + 1, self.every, anchor_day=anchor)[-1]
        (_, rate), *coming = self.rate_path(on)
        moves = [
            move.model_copy(update={"instalment": move.instalment - passed})
            for move in self.moves
            if move.instalment > passed + 1
        ]
        # The period that runs to a moved due date is counted from the anchor before it.
        counted = self.anchor_before(passed)
        if counted != anchor:
            moves.insert(0, MovedDue(instalment=1, to=starts, anchor_day=anchor))
        suspensions = []
        for one in self.suspensions:
            left = min(one.instalments, one.starts - 1 + one.instalments - count)
            if left > 0:
                begins = max(1, one.starts - count)
                suspensions.append(one.model_copy(update={"starts": begins, "instalments": left}))
        steps = self.steps
        return {
            "annual_rate": rate,
            "rates": tuple(RateFrom(starts=day, annual_rate=later) for day, later in coming),
            "instalments": max(self.instalments - count, 0),
            "first_due": starts,
            "anchor_day": counted,
            "moves": tuple(moves),
            "suspensions": tuple(suspensions),
            "steps": steps and steps.model_copy(update={"passed": steps.passed + count}),
        }

    def period_start(self) -> date:
        """Give the day on which the period of the first due date regularly begins."""
        return step_before(self.first_due, self.every, self.anchor)

    def rate_path(self, on: date) -> list[tuple[date, Fraction]]:
        """List the rates from a day on: the night each of them first prices, and the rate.

        One that repeats the rate before it stands only where it solves the instalment anew.
        """
        path = [(on, self.annual_rate)]
        if not self.rates:
            return path
        for change in self.rates:
            if change.starts <= on:
                path = [(on, change.annual_rate)]
            elif change.annual_rate != path[-1][1] or self.repricing is Repricing.RECALCULATE:
                path.append((change.starts, change.annual_rate))
        return path

    def periods(
        self,
        start: date,
        count: int,
        rates: list[tuple[date, Fraction]],
        closed: Closed = weekend,
        *,
        cuts: Iterable[date] = (),
    ) -> tuple[list[date], Sequence[InterestFactor], int]:
        """Lay out so many periods from a day: when each payment falls due, and the interest factors.

        Factors come in pieces where interest is rounded so, and wherever one of the `cuts` falls.
        """
        dues = self.dues(count)
        borders = paid = dues
        if self.roll is not Roll.NONE:
            paid = [roll_date(day, self.roll, closed) for day in dues]
            borders = paid if self.roll_accrues else dues
        if not self.moves:
            return paid, *self.factors([start, *borders], self.anchor, rates, cuts)
        # A period is counted in the months it began in, so a moved due date counts from the old anchor.
        parts = []
        anchor = self.anchor
        for first, until, _, following in self._stretches(count):
            moved = [start, *borders][first : first + 2]
            parts.append(self.factors(moved, anchor, rates, cuts))
            if until - first > 1:
                parts.append(self.factors(borders[first:until], following, rates, cuts))
            anchor = following
        year = lcm(*(own for _, own in parts))
        return paid, [_times(one, year // own) for some, own in parts for one in some], year

    def factors(
        self,
        borders: list[date],
        anchor: int,
        rates: list[tuple[date, Fraction]],
        cuts: Iterable[date] = (),
    ) -> tuple[Sequence[InterestFactor], int]:
        """Give the interest factors of the periods between borders, in pieces as `periods` does."""
        rates = without_repetition(rates)
        if self.rounding_per == "sub_interval" or cuts:
            return pieced_factors(self.day_count, borders, anchor, rates, cuts)
        return interest_factors(self.day_count, borders, anchor, rates, self.compounding)


def _times(factor: InterestFactor, scale: int) -> InterestFactor:
    return factor * scale if isinstance(factor, int) else tuple(piece * scale for piece in factor)


def pauses_of(suspensions: Sequence[Suspension], currency: str) -> tuple[Pause, ...]:
    """Give suspensions in minor units, in the order of their instalments."""
    if not suspensions:
        return ()
    return tuple(
        Pause(
            first=one.starts - 1,
            size=one.instalments,
            pays=to_minor(one.amount, currency)
            if one.amount is not None
            else (0 if one.pay == "none" else None),
            unpaid=one.interest,
        )
        for one in sorted(suspensions, key=lambda one: one.starts)
        if one.instalments
    )


class Terms(Repayment):
    """A loan as agreed: what is lent, when, and how it is repaid."""

    instalments: int = Field(default=0, ge=0, le=1200)
    """Instalments of the loan; absent where an instalment is agreed: as many as it takes."""
    currency: Currency
    """ISO 4217 code of every amount."""
    principal: Money
    """Amount lent."""
    start: date
    """Day the money is paid out; interest accrues from here."""
    stub: FirstPeriod = FirstPeriod.LEVEL
    """Where the interest of a first period goes that is longer or shorter than the others."""
    advances: tuple[Advance, ...] = ()
    """Further parts of the loan that are paid out later, in the order of their days."""

    @model_validator(mode="after")
    def _spell(self) -> Self:
        spell(self, self.currency)
        return self

    def contradictions(self) -> list[tuple[str, ...]]:
        """List what contradicts itself, as code, sentence and field."""
        found = super().contradictions()
        if self.instalments < 1 and self.instalment is None:
            found.append(("term-not-positive", "a loan needs at least one instalment"))
        elif not self.instalments and self.rates and self.repricing is Repricing.RECALCULATE:
            sentence = (
                "an instalment that changes with the rate tells no term; say how many instalments there are"
            )
            found.append(("term-not-positive", sentence, "instalments"))
        elif not self.instalments and self.method in (Method.INTEREST_ONLY, Method.BULLET):
            sentence = (
                f"no instalment tells the term of method {self.method}; say how many instalments there are"
            )
            found.append(("term-not-positive", sentence, "instalments"))
        due, name = self.first_due, "first_due"
        if self.moves and self.moves[0].instalment == 1:
            due, name = self.moves[0].to, "moves"
        if due <= self.start:
            found.append(
                ("date-before-origination", f"{name} {due} is not after the loan's start {self.start}")
            )
        found += scale_problems(self.principal, self.currency, "principal")
        found += self.finer_than(self.currency)
        days = [advance.on for advance in self.advances]
        last = self.dues()[-1] if days and self.instalments else date.max
        if sorted(days) != days or any(not self.start <= day < last for day in days):
            sentence = (
                "advances come in the order of their days, from the loan's start to its last instalment"
            )
            found.append(("date-order", sentence, "advances"))
        for advance in self.advances:
            found += scale_problems(advance.amount, self.currency, "advances")
        if self.stub is not FirstPeriod.LEVEL:
            for name, clash in (
                ("advances", bool(self.advances)),
                ("moves", any(one.instalment == 1 for one in self.moves)),
                ("suspensions", any(one.starts == 1 and one.instalments for one in self.suspensions)),
                ("method", self.method is Method.BULLET),
            ):
                if clash:
                    sentence = f"stub {self.stub} needs interest paid with a regular first instalment"
                    found.append(("value-invalid", sentence, name))
        if self.advances:
            for name, clash in (
                ("compounding", self.compounding is not None),
                ("instalments", not self.instalments),
                ("instalment", self.instalment is not None),
                ("suspensions", any(one.instalments for one in self.suspensions)),
                ("steps", self.steps is not None),
                ("repricing", self.repricing is not Repricing.KEEP),
                ("method", self.method is Method.FLAT),
            ):
                if clash:
                    sentence = f"advances solve the instalments anew, which {name} contradicts"
                    found.append(("value-invalid", sentence, name))
        return found


def scale_problems(amount: Decimal | None, currency: str, *place: str) -> list[tuple[str, ...]]:
    """Find whether an amount has more decimals than its currency."""
    try:
        if amount is not None:
            to_minor(amount, currency)
    except ValueError as error:
        return [("money-scale", str(error), *place)]
    return []
