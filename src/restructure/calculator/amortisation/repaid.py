"""Repaid: the rows and the instalment that repay a balance, and the checks that reject impossible ones."""

from collections.abc import Sequence
from typing import NamedTuple

from restructure.calculator.amortisation.rows import PAID, Row, RowTuple
from restructure.calculator.amortisation.scheme import HolidayInterest
from restructure.calculator.conventions.money import LARGEST, minor_digits
from restructure.errors import Issue, Refused

__all__ = [
    "Repaid",
    "reject_excess_balloon",
    "reject_negative_amortisation",
    "reject_negative_instalment",
    "reject_negative_payments",
    "reject_oversized_amounts",
]

_ACCRUED = Row._fields.index("accrued")


class Repaid(NamedTuple):
    """Rows that repay a balance, with the instalment they were made from."""

    rows: list[RowTuple]
    instalment: int
    """The instalment (or part of principal) that was solved or kept, in minor units."""
    unpaid: Sequence[tuple[int, HolidayInterest, int]] = ()
    """Interest that suspensions left unpaid: index of the row where it was settled, its treatment, and the amount."""
    anew: Sequence[tuple[int, int]] = ()
    """Rows from which the instalment is solved anew: index of the row, and the instalment from there on."""


def reject_negative_amortisation(rows: Sequence[RowTuple]) -> None:
    """Refuse rows in which an instalment is below the interest of its period."""
    if min([row[1] for row in rows], default=0) < 0:
        raise Refused(Issue("negative-amortisation", "the instalment is below the interest of a period"))


def reject_negative_payments(rows: Sequence[RowTuple]) -> None:
    """Refuse rows in which an instalment is negative, which happens only where the balance may grow."""
    for number, row in enumerate(rows, 1):
        if row[1] + row[2] < 0:
            sentence = (
                f"instalment {number} on {row[0]} would be below zero; let the instalments fall by less or start "
                "higher, or take less off the first one"
            )
            raise Refused(Issue("negative-amortisation", sentence))


def reject_negative_instalment(instalment: int) -> None:
    """Refuse a first instalment below zero."""
    if instalment < 0:
        sentence = "the steps outgrow the balance: the first instalment is below zero"
        raise Refused(Issue("negative-amortisation", sentence))


def reject_oversized_amounts(rows: Sequence[RowTuple], lent: int, currency: str) -> None:
    """Refuse rows with an amount beyond the largest allowed; `lent` is everything that is repaid except interest."""
    limit = LARGEST * 10 ** minor_digits(currency)
    # No amount of a row exceeds what is repaid in all, so that one sum spares nearly every loan the search.
    if lent + sum([row[_ACCRUED] for row in rows]) < limit:
        return
    for number, row in enumerate(rows, 1):
        if max(sum(row[PAID]), *row[1:]) >= limit:
            sentence = (
                f"by instalment {number} on {row[0]} an amount has more than 14 digits before the point; "
                "correct the rate, the days or the amount"
            )
            raise Refused(Issue("money-too-large", sentence))


def reject_excess_balloon(balloon: int, balance: int) -> None:
    """Refuse a balloon that is larger than the balance."""
    if balance < balloon:
        raise Refused(
            Issue("balloon-exceeds-balance", "the balloon is larger than the balance that is repaid")
        )
