"""Amortise: repay one balance over given periods, whatever the method, rounding or last row.

A plain loan is repaid by the bare loops of `rows`; an interrupted one (a suspension, a stepped instalment, a
further advance, interest rounded in pieces) by one loop that knows every interruption.
"""

from collections.abc import Sequence
from typing import cast

from restructure.calculator.amortisation.interrupted import interrupted_repayment
from restructure.calculator.amortisation.plain import plain_repayment
from restructure.calculator.amortisation.repaid import (
    Repaid,
    reject_excess_balloon,
    reject_negative_amortisation,
)
from restructure.calculator.amortisation.rows import level_instalment
from restructure.calculator.amortisation.scheme import LastRow, Method, Scheme
from restructure.calculator.amortisation.timetable import Periods

__all__ = ["repay", "solved_level"]


def repay(scheme: Scheme, periods: Periods, balance: int, agreed: int | None, *, covered: int = 0) -> Repaid:
    """Repay a balance over periods; where no instalment is agreed it is solved.

    Amounts are minor units. `covered` is interest owed from before the first period that the first instalment paid
    also covers; a spare period is used for an extra row. Raises `Refused` where an instalment is below the interest
    and the balance may not grow.
    """
    reject_excess_balloon(scheme.balloon, balance + scheme.joining)
    solved_around = covered and agreed is None
    if scheme.pauses or scheme.cut or scheme.step or solved_around:
        repaid = interrupted_repayment(scheme, periods, balance, agreed, covered)
    else:
        repaid = plain_repayment(scheme, periods, balance, agreed, covered)
    if not scheme.growing and scheme.annuity:
        reject_negative_amortisation(repaid.rows)
    return repaid


def solved_level(scheme: Scheme, periods: Periods, balance: int) -> int | None:
    """Solve the instalment that `repay` would, without making its rows; none where only the rows can tell.

    The shortcut holds for a level loan that nothing interrupts, if the instalment covers the dearest period's
    interest on the whole balance: then no row's principal is below zero.
    """
    plain = scheme.method is Method.LEVEL and scheme.last_row is not LastRow.EQUALISE
    if not plain or scheme.pauses or scheme.cut or scheme.joins or balance < scheme.balloon:
        return None
    factors, year = cast("Sequence[int]", periods.factors), periods.year
    instalment = level_instalment(balance, factors, year, scheme.to_multiple, balloon=scheme.balloon)
    return instalment if balance * max(factors) <= instalment * year else None
