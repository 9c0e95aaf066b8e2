"""Payment holidays, extensions, moved due dates, frequency and method."""

from datetime import date
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from restructure.calculator.amortisation.agreed_changes import Steps, Suspension
from restructure.calculator.amortisation.scheme import Method
from restructure.calculator.conventions.dates import Every
from restructure.calculator.conventions.money import Share
from restructure.record import Record

__all__ = ["ChangeFrequency", "ChangeMethod", "Extend", "Holiday", "MoveDue"]


class Holiday(Suspension):
    """Suspend instalments for a while, wholly, down to the interest, or to a part of them (phase 8)."""

    measure: Literal["holiday"] = "holiday"
    share: Share | None = None
    """Share of the agreed instalment that is still paid, rounded half-up once."""
    keep_term: bool = False
    """Whether the last due date stays where it was; otherwise the term grows by the holiday."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if sum((self.amount is not None, self.share is not None, self.pay != "none")) > 1:
            raise PydanticCustomError(
                "amount-or-share", "give one of pay, amount and share: what is still paid of an instalment"
            )
        return self


class Extend(Record):
    """Lengthen the term by instalments (phase 9); extend 3 twice is extend 6, a negative number shortens."""

    measure: Literal["extend"] = "extend"
    instalments: int = Field(ge=-1200, le=1200)
    """Instalments added at the end."""


class MoveDue(Record):
    """Move a due date; the later ones step from where it went (phase 9)."""

    measure: Literal["move_due"] = "move_due"
    to: date
    """Day the instalment falls due instead."""
    instalment: int = Field(default=1, ge=1, le=1200)
    """Number of the instalment, 1 for the next one due."""
    anchor_day: int | None = Field(default=None, ge=1, le=31)
    """Day of the month that later due dates step from; absent: the day of `to`."""


class ChangeFrequency(Record):
    """Change the rhythm of the instalments (phase 9)."""

    measure: Literal["frequency"] = "frequency"
    every: Every
    """New rhythm: "2 weeks", "1 month", "semi-monthly"; the next due date stays unless it is moved too."""
    instalments: int | None = Field(default=None, ge=1, le=1200)
    """Instalments in the new rhythm before any extension; absent: as many as fall due by the old last day."""


class ChangeMethod(Record):
    """Change how principal is spread over the instalments (phase 9)."""

    measure: Literal["method"] = "method"
    method: Method
    """Level, equal principal, interest-only, bullet, flat or stepped."""
    steps: Steps | None = None
    """How the instalments of the stepped method rise or fall."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.steps is None) == (self.method is Method.STEPPED):
            raise PydanticCustomError(
                "value-invalid", "steps say how the stepped method goes; give both or neither"
            )
        return self
