"""Payment holidays: the model, the instalments it suspends, and where their unpaid interest is booked."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import ClassVar, Literal, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from restructure.calculator.amortisation.agreed_changes import Suspension
from restructure.calculator.amortisation.scheme import HolidayInterest
from restructure.calculator.conventions.money import Share, from_minor, round_div, to_minor
from restructure.calculator.measures.books import Books, MovementKind, minor_of
from restructure.calculator.measures.phases import Phase
from restructure.calculator.servicing.position import Bucket, Position
from restructure.record import trusted

__all__ = ["Holiday", "book_unpaid_interest", "suspensions_of", "term_growth"]


class Holiday(Suspension):
    """Suspend instalments for a while, wholly, down to the interest, or to a part of them (phase 8).

    The term grows by the suspended instalments unless `keep_term` is set.

    >>> Holiday(instalments=3, interest="spread").term_growth, Holiday(instalments=3, keep_term=True).term_growth
    (3, 0)
    """

    phase: ClassVar[Phase] = Phase.HOLIDAY
    measure: Literal["holiday"] = "holiday"
    share: Share | None = None
    """Share of the agreed instalment that is still paid, rounded half-up once: `"1/2"`, `"50%"`."""
    keep_term: bool = False
    """Whether the last due date stays; absent: no, and the term grows by the suspended instalments."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if sum((self.amount is not None, self.share is not None, self.pay != "none")) > 1:
            raise PydanticCustomError(
                "amount-or-share", "give one of pay, amount and share: what is still paid of an instalment"
            )
        return self

    @property
    def term_growth(self) -> int:
        """Instalments by which it lengthens the term."""
        return 0 if self.keep_term else self.instalments


BOOKED_AS = {
    HolidayInterest.CAPITALISE: MovementKind.CAPITALISED,
    HolidayInterest.CAPITALISE_AT_END: MovementKind.CAPITALISED,
    HolidayInterest.PARK: MovementKind.PARKED,
    HolidayInterest.SPREAD: MovementKind.SPREAD,
    HolidayInterest.CARRY: MovementKind.CARRIED,
    HolidayInterest.WAIVE: MovementKind.WAIVED,
}
"""The movement in the ledger for each treatment of unpaid interest."""


def term_growth(holidays: Iterable[Holiday]) -> int:
    """Sum the instalments by which holidays lengthen the term."""
    return sum(holiday.term_growth for holiday in holidays)


def suspensions_of(position: Position, holidays: Iterable[Holiday]) -> list[Suspension]:
    """Give the suspensions of the schedule that holidays make, by their first instalment (phase 8)."""
    suspended = [_suspension(position, holiday) for holiday in holidays]
    suspended.sort(key=lambda suspension: suspension.starts)
    return suspended


def _suspension(position: Position, holiday: Holiday) -> Suspension:
    amount = holiday.amount
    if amount is not None:
        minor_of(amount, position.currency)
    if holiday.share is not None:
        # Below zero only where steps outgrow the balance; such a loan is refused once its instalments are made.
        regular = max(to_minor(position.regular_instalment, position.currency), 0)
        paid = round_div(regular * holiday.share.numerator, holiday.share.denominator)
        amount = from_minor(paid, position.currency)
    values = {name: getattr(holiday, name) for name in Suspension.model_fields}
    return trusted(Suspension, [values | {"amount": amount}])[0]


def book_unpaid_interest(
    books: Books, unpaid: Iterable[tuple[int, HolidayInterest, int]], dues: Sequence[date]
) -> None:
    """Book the interest that suspended instalments leave unpaid, on their due dates.

    `unpaid` gives the index of the row, the treatment and the minor units.
    """
    for k, treatment, amount in unpaid:
        books.move(BOOKED_AS[treatment], Bucket.ACCRUED, amount, on=dues[k])
