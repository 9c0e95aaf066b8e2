"""Repayment: how a balance is to be repaid, by rate, frequency and method."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Literal, Self

from pydantic import Field, model_validator

from restructure.calculator.amortisation.agreed_changes import (
    MovedDue,
    RateFrom,
    Steps,
    Suspension,
    pauses_of,
)
from restructure.calculator.amortisation.scheme import InstalmentStep, LastRow, Method, Repricing, Scheme
from restructure.calculator.conventions.accrual import Compounding, RatePath
from restructure.calculator.conventions.currency_scale import scale_problems
from restructure.calculator.conventions.dates import Every, Roll, every_dates, step_before
from restructure.calculator.conventions.day_counts import DayCount
from restructure.calculator.conventions.money import Money, Rate, Rounding, rounder, to_minor
from restructure.record import Record, refuse

__all__ = ["Repayment"]

# The calendar ends with the year 9999; the longest schedule, extended, takes a few hundred years.
_LAST_YEAR = 9000


class Repayment(Record):
    """How a balance is to be repaid from a day on: rate, frequency and method."""

    annual_rate: Rate
    """Contract rate a year as an exact fraction of one, e.g. "0.18" or "18%", never 18."""
    rates: tuple[RateFrom, ...] = ()
    """Agreed changes of the rate, in the order of their days."""
    repricing: Repricing = Repricing.KEEP
    """Effect of a change of the rate on a level or stepped instalment, whether agreed here or made later, e.g.
    `recalculate`; a day in `rates` on which the rate stays the same counts too."""
    instalments: int = Field(ge=0, le=1200)
    """Number of instalments still to fall due, e.g. 36."""
    first_due: date
    """Due date of the next instalment, e.g. 2026-04-15."""
    anchor_day: int | None = Field(default=None, ge=1, le=31)
    """Contractual day of the month, e.g. 31; a shorter month uses its last day; absent: the day of `first_due`."""
    moves: tuple[MovedDue, ...] = ()
    """Agreed moves of due dates, in the order of their instalments."""
    every: Every = "1 month"
    """Payment frequency: "1 month", "2 weeks", "14 days", "1 quarter" or "semi-monthly"."""
    roll: Roll = Roll.NONE
    """Business-day rule for due dates on a day without business, e.g. `following`."""
    roll_accrues: bool = False
    """Whether a rolled due date also moves the end of the interest period (`true`) or only the payment (`false`)."""
    method: Method = Method.LEVEL
    """Repayment method: `level`, `equal_principal`, `interest_only`, `bullet`, `flat` or `stepped`."""
    steps: Steps | None = None
    """How the instalments of the stepped method rise or fall; required for `stepped`, absent for other methods."""
    suspensions: tuple[Suspension, ...] = ()
    """Agreed suspensions, such as an interest-only period; suspended instalments count towards `instalments`."""
    balloon: Money | None = None
    """Principal due with the last instalment, on top of it, in the loan's currency, e.g. 5000.00."""
    flat_base: Money | None = None
    """Principal that flat interest is charged on, in the loan's currency, e.g. 12000.00; absent: the balance at the
    start."""
    compounding: Compounding | None = None
    """How often the rate compounds a year, e.g. `semi_annual`; absent: simple interest within each period."""
    day_count: DayCount = DayCount.THIRTY_360_BY_MONTH
    """Day-count convention, e.g. "ACT/365F"."""
    instalment: Money | None = None
    """Agreed instalment (the first, if stepped; the part of principal for `equal_principal`), in the loan's currency,
    e.g. 1250.00; absent: solved from the term."""
    rounding: Rounding = Rounding.HALF_UP
    """Rounding of interest to the minor unit, e.g. `half_even`."""
    rounding_per: Literal["row", "sub_interval"] = "row"
    """Whether interest is rounded once per row, or once per part of a period between changes of rate or balance."""
    instalment_rounding: Rounding | None = None
    """Rounding of a solved instalment to its multiple, e.g. `up`; absent: as `rounding`."""
    instalment_multiple: Money | None = None
    """Amount that solved instalments (or parts of principal) are multiples of, e.g. 10.00; for flat loans it applies to
    the total of every instalment but the last. Absent: the minor unit."""
    last_row: LastRow = LastRow.RESIDUE
    """Treatment of the cents that rounding leaves over, e.g. `extra_row`."""
    negative_amortisation: bool = False
    """Whether an instalment may be below the interest of its period, so that the balance grows."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        refuse(self.contradictions())
        return self

    def contradictions(self) -> list[tuple[str, ...]]:
        """List contradictory fields, each as code, sentence and field; subclasses add their own checks."""
        problems: list[tuple[str, ...]] = []
        for day, name in ((self.first_due, "first_due"), *((move.to, "moves") for move in self.moves)):
            if day.year > _LAST_YEAR:
                sentence = f"{name} {day} lies too far ahead to lay out a schedule"
                problems.append(("date-invalid", sentence, name))
        if self.instalment_multiple is not None and not self.instalment_multiple:
            sentence = "instalments cannot be multiples of zero"
            problems.append(("value-invalid", sentence, "instalment_multiple"))
        if (self.steps is None) == (self.method is Method.STEPPED):
            sentence = "steps say how the stepped method goes; give both or neither"
            problems.append(("value-invalid", sentence, "steps"))
        days = [change.starts for change in self.rates]
        if days and sorted(set(days)) != days:
            problems.append(("date-order", "the days of rates must rise without repeating one", "rates"))
        problems += self._move_problems(dates_valid=not problems)
        if self.compounding is not None and self.rounding_per == "sub_interval":
            sentence = "interest that compounds within a period has no pieces to round one by one"
            problems.append(("value-invalid", sentence, "rounding_per"))
        return problems + self._suspension_problems()

    def _move_problems(self, *, dates_valid: bool) -> list[tuple[str, ...]]:
        if not self.moves:
            return []
        if any(later.instalment <= earlier.instalment for earlier, later in pairwise(self.moves)):
            return [("date-order", "moves come in the order of their instalments, one each", "moves")]
        if dates_valid:
            dues = self.dues(max(self.instalments, self.moves[-1].instalment))
            if any(later <= earlier for earlier, later in pairwise(dues)):
                sentence = "a moved instalment falls due on or before the one before it"
                return [("move-out-of-order", sentence, "moves")]
        return []

    def _suspension_problems(self) -> list[tuple[str, ...]]:
        problems: list[tuple[str, ...]] = []
        free = 1
        suspensions = [suspension for suspension in self.suspensions if suspension.instalments]
        for suspension in sorted(suspensions, key=lambda suspension: suspension.starts):
            if suspension.starts < free:
                sentence = f"two suspensions both claim instalment {suspension.starts}"
                problems.append(("suspensions-overlap", sentence, "suspensions"))
            free = suspension.starts + suspension.instalments
        if suspensions and free > self.instalments > 0:
            sentence = f"the suspensions reach to instalment {free - 1} of {self.instalments} and leave none to repay"
            problems.append(("term-not-positive", sentence, "suspensions"))
        return problems

    def finer_than(self, currency: str, *place: str) -> list[tuple[str, ...]]:
        """List the amounts that have more decimals than a currency, each with its field after `place`."""
        amounts: list[tuple[str, Decimal | None]] = [
            (name, getattr(self, name))
            for name in ("instalment", "balloon", "flat_base", "instalment_multiple")
        ]
        amounts += [("suspensions", suspension.amount) for suspension in self.suspensions]
        amounts += [("steps", None if self.steps is None else self.steps.amount)]
        problems: list[tuple[str, ...]] = []
        for name, amount in amounts:
            problems += scale_problems(amount, currency, *place, name)
        return problems

    def scheme(self, balance: int, currency: str) -> Scheme:
        """Convert everything about the repayment that is not a date or a rate to minor units."""

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
        for first, until, start, anchor in self.stretches(wanted):
            dues += every_dates(start, until - first, self.every, anchor_day=anchor)
        return dues

    def stretches(self, count: int) -> list[tuple[int, int, date, int]]:
        """List the runs of due dates between moves: first index, index after the last, first day, anchor day."""
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
        """Give the fields of the same repayment after so many instalments have fallen due, as of a day.

        `before` counts due dates that passed before the first of the instalments.
        """
        passed = count + before
        first, _, start, anchor = self.stretches(passed + 1)[-1]
        next_due = every_dates(start, passed - first + 1, self.every, anchor_day=anchor)[-1]
        (_, rate), *coming = self.rate_path(on)
        moves = [
            move.model_copy(update={"instalment": move.instalment - passed})
            for move in self.moves
            if move.instalment > passed + 1
        ]
        # The period that runs to a moved due date is counted from the anchor before it.
        counted = self.anchor_before(passed)
        if counted != anchor:
            moves.insert(0, MovedDue(instalment=1, to=next_due, anchor_day=anchor))
        suspensions = []
        for suspension in self.suspensions:
            left = min(suspension.instalments, suspension.starts - 1 + suspension.instalments - count)
            if left > 0:
                begins = max(1, suspension.starts - count)
                suspensions.append(suspension.model_copy(update={"starts": begins, "instalments": left}))
        steps = self.steps
        return {
            "annual_rate": rate,
            "rates": tuple(RateFrom(starts=day, annual_rate=later) for day, later in coming),
            "instalments": max(self.instalments - count, 0),
            "first_due": next_due,
            "anchor_day": counted,
            "moves": tuple(moves),
            "suspensions": tuple(suspensions),
            "steps": steps and steps.model_copy(update={"passed": steps.passed + count}),
        }

    def period_start(self) -> date:
        """Give the day on which the period of the first due date regularly begins."""
        return step_before(self.first_due, self.every, self.anchor)

    def rate_path(self, on: date) -> RatePath:
        """List the rates from a day on: the first night each of them prices, and the rate.

        A rate that repeats the one before it is listed only where it solves the instalment anew.
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
