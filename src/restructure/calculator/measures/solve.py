"""The solve of re-amortisation: the model, the instalment that is kept, and the interest that it covers."""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Literal, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.conventions.dates import step_of
from restructure.calculator.conventions.money import Money
from restructure.calculator.measures.books import Books, MovementKind
from restructure.calculator.measures.fields import AnyBucketNames, require_buckets
from restructure.calculator.measures.phases import Phase
from restructure.calculator.servicing.position import Bucket, Position
from restructure.errors import Issue, Refused
from restructure.record import Record

__all__ = ["Reamortise", "Solve", "covered_interest", "kept_instalment"]

_SET_APART = (MovementKind.CAPITALISED, MovementKind.PARKED, MovementKind.SPREAD)


class Solve(StrEnum):
    """The unknown that re-amortisation solves for."""

    INSTALMENT = "instalment"
    """The level instalment (or part of principal) that repays the balance over the term."""
    TERM = "term"
    """The number of instalments that repays the balance; interest-only and bullet loans have none."""
    BALLOON = "balloon"
    """The balance that is left after the kept instalments; it falls due with the last of them."""
    NOTHING = "nothing"
    """None: instalment and term stay, and rounding alone may change the last instalment."""


class Reamortise(Record):
    """Set what is solved for once everything else is known (phase 10); absent: the instalment, if anything changed.

    >>> Reamortise(solve="term", instalment="1500").solve.value
    'term'
    """

    phase: ClassVar[Phase] = Phase.SOLVE
    measure: Literal["reamortise"] = "reamortise"
    solve: Solve = Solve.INSTALMENT
    """The unknown: instalment, term, balloon or nothing."""
    instalment: Money | None = None
    """Instalment to keep when it is not solved, `"1500.00"` (a part of principal where parts are equal); absent: the
    agreed one, or if none is agreed the one that the agreed terms give over whole periods."""
    balloon: Money | None = None
    """Principal that is left for the last instalment while the others are solved, `"8000.00"`; absent: as agreed."""
    covers: AnyBucketNames = ()
    """Carried buckets that the first instalment includes instead of adding them: interest_arrears, accrued."""

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


def kept_instalment(position: Position, terms: Repayment, reamortise: Reamortise) -> Decimal | None:
    """Give the instalment that is kept: the given one, the agreed one, or the one that the agreed terms give.

    `terms` are the changed ones. None for a method without instalment where nothing is solved; refused where there
    is no instalment to keep.
    """
    given = reamortise.instalment
    if not terms.method.has_instalment:
        if given is None and reamortise.solve is Solve.NOTHING:
            return None
        sentence = (
            f"method {terms.method.value} has no instalment to keep that a term or a balloon follows from"
        )
        raise Refused(Issue("method-has-no-instalment", sentence))
    if given is not None or terms.instalment is not None:
        return given if given is not None else terms.instalment
    agreed, why = position.repayment, "none is agreed and no principal is left to repay"
    if (terms.method, step_of(terms.every)) != (agreed.method, step_of(agreed.every)):
        why = "the one agreed under another method or frequency has no meaning under this one"
    else:
        try:
            if (kept := position.kept_instalment) is not None:
                return kept
        except Refused as refused:
            why = f"none is agreed, and over whole periods {refused.issues[0].message}"
    raise Refused(
        Issue("instalment-unknown", f"there is no instalment to keep: {why}; give it, or let it be solved")
    )


def covered_interest(books: Books, covers: Sequence[Bucket], *, kept: bool) -> tuple[int, Sequence[Bucket]]:
    """Give the interest from before the effective date that the first instalment covers, and its buckets.

    The agreed instalment covers the interest of its whole period, the part before the effective date included,
    less what was capitalised, deferred or spread of that part. A solved one covers what `Reamortise.covers` names.
    """
    if covers or not kept:
        carried = sum(
            amount
            for _, kind, bucket, amount in books.moves
            if bucket in covers and kind is MovementKind.CARRIED
        )
        return carried, covers
    set_apart = sum(
        amount for _, kind, bucket, amount in books.moves if bucket is Bucket.ACCRUED and kind in _SET_APART
    )
    return books.opening[Bucket.ACCRUED] - set_apart, (Bucket.ACCRUED,)
