"""Annuities: amounts about a loan that level monthly instalments repay, each worked out from the other figures.

`{repaid_by, annual_rate, instalments}` is its principal, `{level: …}` the figure that the word names. The rate of a
month is a twelfth of that of a year.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from restructure.calculator.conventions.money import round_div
from restructure.calculator.cost_of_credit.annuity import (
    instalment_of,
    periods_to_repay,
    principal_repaid_by,
    rate_of,
)
from restructure.errors import Refused
from restructure.record import Record

if TYPE_CHECKING:  # amounts hold each other, and their union stands above this room
    from restructure.policy.amounts.expression import Amount

__all__ = [
    "LEVEL_FIGURES",
    "AnnuityAmount",
    "Level",
    "RepaidBy",
    "annuity",
    "inside_annuity",
    "write_annuity",
]

LEVEL_FIGURES = ("instalment", "annual_rate", "instalments")
"""The figures of such a loan besides its principal."""

_MOST_INSTALMENTS = 1200


class RepaidBy(Record):
    """The principal that level monthly instalments repay."""

    repaid_by: "Amount"
    """The instalment."""
    annual_rate: "Amount"
    """Rate a year; a twelfth of it a month."""
    instalments: "Amount"
    """How many there are, in whole ones."""


class Level(Record):
    """One figure of a loan that level monthly instalments repay, from the two others and its principal."""

    level: Literal["instalment", "annual_rate", "instalments"]
    """Which figure."""
    principal: "Amount"
    """What is repaid."""
    instalment: "Amount | None" = None
    """The instalment; absent if it is the figure."""
    annual_rate: "Amount | None" = None
    """Rate a year, a twelfth of it a month; absent if it is the figure."""
    instalments: "Amount | None" = None
    """How many there are, in whole ones; absent if that is the figure."""


AnnuityAmount = RepaidBy | Level


def inside_annuity(amount: AnnuityAmount) -> "tuple[Amount, ...]":
    """List the amounts directly inside one."""
    if isinstance(amount, RepaidBy):
        return (amount.repaid_by, amount.annual_rate, amount.instalments)
    given = (amount.principal, amount.instalment, amount.annual_rate, amount.instalments)
    return tuple(part for part in given if part is not None)


def annuity(amount: AnnuityAmount, parts: Sequence[Fraction]) -> Fraction | None:
    """Work one out from its parts; `None` where no such loan has a rate of 0 or more and at most 1,200 instalments."""
    first, second, third = parts
    if isinstance(amount, RepaidBy):
        number = _whole(third)
        if second < 0 or not 0 <= number <= _MOST_INSTALMENTS:
            return None
        return principal_repaid_by(second / 12, number, first)
    try:
        match amount.level:
            case "instalment":
                found = _instalment(first, second, third)
            case "annual_rate":
                found = _annual_rate(first, second, third)
            case "instalments":
                found = _instalments(first, second, third)
    except Refused:
        return None
    return found


def _instalment(principal: Fraction, annual_rate: Fraction, instalments: Fraction) -> Fraction | None:
    number = _whole(instalments)
    if annual_rate < 0 or not 1 <= number <= _MOST_INSTALMENTS:
        return None
    return Fraction(instalment_of(annual_rate / 12, number, principal))


def _annual_rate(principal: Fraction, instalment: Fraction, instalments: Fraction) -> Fraction | None:
    number = _whole(instalments)
    if not 1 <= number <= _MOST_INSTALMENTS or principal <= 0 or instalment * number < principal:
        return None
    return 12 * Fraction(rate_of(number, instalment, principal))


def _instalments(principal: Fraction, instalment: Fraction, annual_rate: Fraction) -> Fraction | None:
    if annual_rate < 0:
        return None
    found = Fraction(periods_to_repay(annual_rate / 12, instalment, principal))
    return found if 0 <= found <= _MOST_INSTALMENTS else None


def _whole(number: Fraction) -> int:
    return round_div(number.numerator, number.denominator)


def write_annuity(amount: AnnuityAmount, write: "Callable[[Amount], str]") -> str:
    """Write one for people; `write` writes the amounts inside."""
    parts = tuple(map(write, inside_annuity(amount)))
    if isinstance(amount, RepaidBy):
        each, rate, number = parts
        return f"repaid by {number} instalments of {each} at {rate}"
    principal, one, other = parts
    match amount.level:
        case "instalment":
            return f"level instalment that repays {principal} in {other} at {one}"
        case "annual_rate":
            return f"yearly rate at which {other} instalments of {one} repay {principal}"
        case "instalments":
            return f"instalments of {one} that repay {principal} at {other}"
