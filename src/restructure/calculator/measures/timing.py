"""Extensions, moved due dates and other frequencies: the models, and the terms they change."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from restructure.calculator.amortisation.agreed_changes import MovedDue
from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.amortisation.rows import RowTuple
from restructure.calculator.conventions.dates import Every, step_of
from restructure.calculator.measures.fields import LONGEST_TERM
from restructure.calculator.measures.phases import Phase
from restructure.errors import Issue, Refused
from restructure.record import Record

__all__ = [
    "ChangeFrequency",
    "Extend",
    "MoveDue",
    "check_moves",
    "fields_in_frequency",
    "require_term",
    "with_moves",
]


class Extend(Record):
    """Lengthen the term by instalments (phase 9); extend 3 twice is extend 6, a negative number shortens.

    >>> Extend(instalments=6).instalments
    6
    """

    phase: ClassVar[Phase] = Phase.TIMING
    measure: Literal["extend"] = "extend"
    instalments: int = Field(ge=-1200, le=1200)
    """Instalments added at the end of the term, in the frequency of the loan: 6; negative: taken away."""


class MoveDue(Record):
    """Move a due date; the later ones step from the new day (phase 9).

    >>> str(MoveDue(to="2026-05-25", instalment=2).to)
    '2026-05-25'
    """

    phase: ClassVar[Phase] = Phase.TIMING
    measure: Literal["move_due"] = "move_due"
    to: date
    """New due date of the instalment: `2026-04-25`."""
    instalment: int = Field(default=1, ge=1, le=1200)
    """Number of the instalment, counted from the next due date: 1 for that one."""
    anchor_day: int | None = Field(default=None, ge=1, le=31)
    """Day of the month that later due dates step from: 31 for the end of each month; absent: the day of `to`."""


class ChangeFrequency(Record):
    """Change how often an instalment falls due (phase 9).

    >>> ChangeFrequency(every="2 weeks", instalments=26).every
    '2 weeks'
    """

    phase: ClassVar[Phase] = Phase.TIMING
    measure: Literal["frequency"] = "frequency"
    every: Every
    """New frequency: "2 weeks", "1 month", "semi-monthly"; the next due date stays unless it is moved too."""
    instalments: int | None = Field(default=None, ge=1, le=1200)
    """Instalments in the new frequency before any extension; absent: as many as fall due by the old last day."""


def fields_in_frequency(terms: Repayment, change: ChangeFrequency) -> tuple[dict[str, object], int]:
    """Give the fields of the repayment that a change of frequency sets, and the number of instalments (phase 9)."""
    last = terms.dues()[-1] if terms.instalments else terms.first_due
    every = change.every
    fields: dict[str, object] = {}
    if step_of(every) != step_of(terms.every):
        # The agreed instalment has no meaning in another frequency.
        fields = {"every": every, "instalment": None}
    anchored = terms.model_copy(update={"every": every, "anchor_day": terms.anchor})
    fitting = sum(due <= last for due in anchored.dues(LONGEST_TERM + 1))
    return fields, change.instalments or max(1, fitting)


def require_term(agreed: int, count: int, *, suspended: int, changed: bool) -> None:
    """Refuse a term of so many instalments if it is too long, or leaves none to repay over.

    `agreed` instalments were left before; `suspended` of the new ones are paid in part or not at all; `changed`
    says whether any measure changes a matured loan's term.
    """
    if count > LONGEST_TERM:
        raise Refused(Issue("term-too-long", f"{count:,} instalments are more than {LONGEST_TERM:,}"))
    if count - suspended < 1 and (agreed or changed):
        sentence = f"{agreed} instalments {count - agreed:+d} leave {count} to repay over"
        if suspended:
            sentence += f", and {suspended} of them are suspended; lengthen the term or suspend fewer"
        raise Refused(Issue("term-not-positive", sentence))


def with_moves(terms: Repayment, moves: Iterable[MoveDue], *, agreed: Repayment) -> Repayment:
    """Add moves to the agreed ones (phase 9), except those that change neither the day nor the later ones.

    The next due date of a matured loan may have rolled back to the effective date in `terms`: a move to the date that
    `agreed` has changes nothing either.
    """
    for move in sorted(moves, key=lambda move: move.instalment):
        to = MovedDue(instalment=move.instalment, to=move.to, anchor_day=move.anchor_day)
        number = to.instalment
        unmoved = [
            (repayment.dues(number)[-1], repayment.anchor_before(number))
            for repayment in ((terms, agreed) if number == 1 else (terms,))
        ]
        if (to.to, to.anchor) not in unmoved:
            others = (own for own in terms.moves if own.instalment != number)
            moved = sorted([*others, to], key=lambda own: own.instalment)
            terms = terms.model_copy(update={"moves": tuple(moved)})
    return terms


def check_moves(moves: Sequence[MoveDue], rows: Sequence[RowTuple], dues: Sequence[date]) -> None:
    """Refuse the move of an instalment that does not exist because the loan is repaid before it."""
    if not moves:
        return
    # A row for money deferred to a day of its own is no instalment.
    last = sum(row[0] == due for row, due in zip(rows, dues, strict=False))
    for move in moves:
        if move.instalment > last:
            sentence = (
                f"instalment {move.instalment} is to fall due on {move.to}, but the last is number {last}"
            )
            raise Refused(Issue("move-beyond-term", sentence))
