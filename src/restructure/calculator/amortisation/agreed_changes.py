"""Agreed changes within a repayment: of the rate, the instalments, suspended instalments and moved due dates."""

from collections.abc import Sequence
from datetime import date
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from restructure.calculator.amortisation.scheme import HolidayInterest, Pause
from restructure.calculator.conventions.money import Change, Money, Rate, SignedMoney, to_minor
from restructure.record import Record

__all__ = ["MovedDue", "RateFrom", "Steps", "Suspension", "pauses_of"]


class RateFrom(Record):
    """An agreed change of the rate on a day."""

    starts: date
    """First night that the new rate prices, e.g. 2027-01-15 for the night to 16 January 2027."""
    annual_rate: Rate
    """Contract rate a year from then on, as a fraction of one, e.g. "0.149" or "14.9%"; 0 is a rate."""


class Steps(Record):
    """How stepped instalments rise or fall: by a share or an amount, at a fixed number of instalments."""

    every: int = Field(ge=1, le=1200)
    """Number of instalments between two steps, e.g. 12."""
    share: Change | None = None
    """Relative change of the instalment at each step, e.g. "7.5%", or "-5%" to step down (等比累进)."""
    amount: SignedMoney | None = None
    """Change of the instalment at each step, in the loan's currency, e.g. 50.00, or -50.00 to step down (等额累进)."""
    times: int | None = Field(default=None, ge=1, le=1200)
    """Number of steps, e.g. 3; absent: as many as the term has room for."""
    passed: int = Field(default=0, ge=-1, le=1200)
    """Number of instalments that have already fallen due, which places the next step, e.g. 7; -1 where a row for an
    odd first period precedes the instalments."""

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
    """Consecutive instalments of which nothing, only the interest, or a fixed amount is paid."""

    instalments: int = Field(ge=0, le=1200)
    """Number of suspended instalments, e.g. 3; 0 suspends none."""
    starts: int = Field(default=1, ge=1, le=1200)
    """Number of the first suspended instalment, counted from 1 for the next one due, e.g. 4."""
    pay: Literal["none", "interest"] = "none"
    """What is still paid on each due date where no `amount` is given: `none`, or the `interest` of the period."""
    amount: Money | None = None
    """Amount still paid on each due date, in the loan's currency, e.g. 100.00: interest first, the rest repays
    principal; absent: as `pay` says."""
    interest: HolidayInterest = HolidayInterest.CAPITALISE
    """Treatment of the interest that is not paid, e.g. `capitalise` or `waive`."""


class MovedDue(Record):
    """A due date that was moved; later due dates step from the new day."""

    instalment: int = Field(ge=1, le=1200)
    """Number of the moved instalment, counted from 1 for the next one due, e.g. 2."""
    to: date
    """New due date of that instalment, e.g. 2026-04-25."""
    anchor_day: int | None = Field(default=None, ge=1, le=31)
    """Day of the month that later due dates step from, e.g. 25; absent: the day of `to`."""

    @property
    def anchor(self) -> int:
        """Day of the month that due dates step from."""
        return self.anchor_day or self.to.day


def pauses_of(suspensions: Sequence[Suspension], currency: str) -> tuple[Pause, ...]:
    """Convert suspensions to minor units, in the order of their instalments."""
    if not suspensions:
        return ()
    return tuple(
        Pause(
            first=suspension.starts - 1,
            size=suspension.instalments,
            pays=to_minor(suspension.amount, currency)
            if suspension.amount is not None
            else (0 if suspension.pay == "none" else None),
            unpaid=suspension.interest,
        )
        for suspension in sorted(suspensions, key=lambda suspension: suspension.starts)
        if suspension.instalments
    )
