"""A change of the contract rate, for good, for a while or in steps."""

from collections.abc import Sequence
from datetime import date
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from restructure.calculator.amortisation.scheme import Repricing
from restructure.calculator.conventions.money import Rate
from restructure.record import Record

__all__ = ["ChangeRate"]


class ChangeRate(Record):
    """Set a new contract rate, for good or between two dates (phase 7); a pause is rate 0 between dates."""

    measure: Literal["rate"] = "rate"
    annual_rate: Rate
    """New rate a year as a fraction of one; 0 is a rate."""
    starts: date | None = None
    """First night it prices; absent: the effective date."""
    ends: date | None = None
    """First night it no longer prices, and the contract rate returns; absent: it holds for good, or until another
    change that is for good too starts."""
    rises_by: Rate | None = None
    """How much is added to it at a time, as a fraction of one, once `rises_after` instalments are due."""
    rises_after: int | None = Field(default=None, ge=1, le=1200)
    """Instalments from the effective date that the new rate itself prices before it first rises."""
    rises_every: int | None = Field(default=None, ge=1, le=1200)
    """Instalments from one rise to the next; absent: 12."""
    rises_to: Rate | None = None
    """The rate at which it stops rising; the last rise may be a smaller one."""
    repricing: Repricing | None = None
    """What every later change of the rate does to the instalment: keep or recalculate; absent: as agreed."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.starts and self.ends and self.ends <= self.starts:
            raise PydanticCustomError("rate-segment-empty", "ends is not after starts")
        rises = (self.rises_by, self.rises_after, self.rises_to)
        if any(one is None for one in rises) and (
            any(one is not None for one in rises) or self.rises_every is not None
        ):
            raise PydanticCustomError(
                "value-invalid", "a rate that rises says rises_by, rises_after and rises_to; give all three"
            )
        if self.rises_by is not None and (self.starts or self.ends):
            raise PydanticCustomError(
                "value-invalid",
                "a rate that rises holds for good from the effective date; leave starts and ends out",
            )
        if self.rises_by == 0:
            raise PydanticCustomError("value-invalid", "a rise of 0 never arrives at rises_to")
        return self

    def risen(self, dues: Sequence[date]) -> list["ChangeRate"]:
        """Spell the rises out as changes of their own; `dues` are the due dates from the effective date on."""
        if self.rises_by is None or self.rises_after is None or self.rises_to is None:
            return [self]
        rate, every = self.annual_rate, self.rises_every or 12
        found = [ChangeRate(annual_rate=rate)]
        for due in dues[self.rises_after - 1 :: every]:
            if rate >= self.rises_to:
                break
            rate = min(rate + self.rises_by, self.rises_to)
            found.append(ChangeRate(annual_rate=rate, starts=due))
        return found
