"""What re-amortisation solves for."""

from enum import StrEnum
from typing import Literal, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from restructure.calculator.conventions.money import Money
from restructure.calculator.measures.fields import AnyBucketNames, require_buckets
from restructure.calculator.servicing.position import Bucket
from restructure.record import Record

__all__ = ["Reamortise", "Solve"]


class Solve(StrEnum):
    """What re-amortisation solves for."""

    INSTALMENT = "instalment"
    """The level instalment (or part of principal) that repays the balance over the term."""
    TERM = "term"
    """The number of instalments that repays the balance; interest-only and bullet loans have none."""
    BALLOON = "balloon"
    """What is left of the balance after the kept instalments; it falls due with the last of them."""
    NOTHING = "nothing"
    """None of them: instalment and term stay, and rounding alone may change the last instalment."""


class Reamortise(Record):
    """Say what is solved for once everything else is known (phase 10); absent: the instalment, if anything changed."""

    measure: Literal["reamortise"] = "reamortise"
    solve: Solve = Solve.INSTALMENT
    """The one unknown."""
    instalment: Money | None = None
    """The instalment to keep when it is not solved (a part of principal where parts are equal); absent: the agreed
    one, or where none is agreed the one that the agreed terms come to over whole periods."""
    balloon: Money | None = None
    """Principal that waits for the last instalment while the others are solved; absent: as agreed."""
    covers: AnyBucketNames = ()
    """Carried buckets that the first instalment covers instead of having them on top (interest_arrears, accrued)."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        require_buckets(self.covers, (Bucket.INTEREST_ARREARS, Bucket.ACCRUED), "covers")
        if self.solve is not Solve.INSTALMENT and self.balloon is not None:
            raise PydanticCustomError("value-invalid", "a balloon is given or solved for, not both")
        if self.solve is Solve.INSTALMENT and self.instalment is not None:
            raise PydanticCustomError(
                "value-invalid", "the instalment is given, so solve for the term, a balloon or nothing"
            )
        return self
