"""Plain repayment: a balance repaid without suspensions, steps, advances or interest rounded in pieces."""

from collections.abc import Sequence
from typing import assert_never, cast

from restructure.calculator.amortisation.repaid import Repaid
from restructure.calculator.amortisation.rows import (
    RowTuple,
    equal_principal_rows,
    level_instalment,
    level_rows,
)
from restructure.calculator.amortisation.scheme import LastRow, Method, Scheme
from restructure.calculator.amortisation.timetable import Periods
from restructure.calculator.conventions.money import Rounding, round_div

__all__ = ["equalised_instalment", "last_row_gap", "plain_repayment"]


def plain_repayment(
    scheme: Scheme, periods: Periods, balance: int, agreed: int | None, covered: int = 0
) -> Repaid:
    """Repay a balance by its method; where no instalment is agreed it is solved.

    `covered` is interest from before the first period that a level instalment also covers.
    """
    if scheme.method is Method.LEVEL:
        return _level(scheme, periods, balance, agreed, covered)
    dues, year = periods.dues, periods.year
    factors = cast("Sequence[int]", periods.factors)
    principal, instalment = balance - scheme.balloon, 0
    match scheme.method:
        case Method.STEPPED:
            raise AssertionError("a stepped loan has a step")
        case Method.EQUAL_PRINCIPAL | Method.INTEREST_ONLY:
            if scheme.method is Method.EQUAL_PRINCIPAL:
                instalment = scheme.to_multiple(principal, len(factors)) if agreed is None else agreed
            rows = equal_principal_rows(dues, balance, instalment, factors, year, scheme.divide)
        case Method.BULLET:
            rows = _bullet(scheme, periods, balance)
        case Method.FLAT:
            instalment = scheme.round_solved(principal, len(factors)) if agreed is None else agreed
            rows = _flat(scheme, periods, balance, instalment)
        case _:
            assert_never(scheme.method)
    return Repaid(rows, instalment)


def _level(scheme: Scheme, periods: Periods, balance: int, agreed: int | None, covered: int) -> Repaid:
    laid = periods
    if scheme.last_row is LastRow.EXTRA_ROW and not scheme.balloon:
        laid = periods.with_spare()
    priced = cast("Sequence[int]", laid.factors)

    def run(instalment: int) -> list[RowTuple]:
        return level_rows(laid.dues, balance, instalment, priced, laid.year, scheme.divide, covered=covered)

    if agreed is not None:
        return Repaid(run(agreed), agreed)
    factors = cast("Sequence[int]", periods.factors)
    instalment = level_instalment(balance, factors, periods.year, scheme.to_multiple, balloon=scheme.balloon)
    rows, moved = run(instalment), instalment
    if scheme.last_row is LastRow.EQUALISE and not scheme.balloon:
        moved = equalised_instalment(scheme, len(factors), rows, instalment)
    if moved != instalment:
        again = run(moved)
        if abs(last_row_gap(scheme, again, moved)) < abs(last_row_gap(scheme, rows, instalment)):
            return Repaid(again, moved)
    return Repaid(rows, instalment)


def last_row_gap(scheme: Scheme, rows: Sequence[RowTuple], instalment: int) -> int:
    """Give by how much the last instalment exceeds the regular one."""
    last: int = rows[-1][1] + rows[-1][2]
    return last - scheme.instalment_at(len(rows) - 1, instalment)


def equalised_instalment(scheme: Scheme, count: int, rows: Sequence[RowTuple], instalment: int) -> int:
    """Share the gap of the last instalment out over so many instalments."""
    gap = last_row_gap(scheme, rows, instalment)
    if abs(gap) <= count // 2:
        return instalment  # less than half a minor unit each cannot be shared out
    return instalment + round_div(gap, count * scheme.multiple, Rounding.HALF_EVEN) * scheme.multiple


def _bullet(scheme: Scheme, periods: Periods, balance: int) -> list[RowTuple]:
    rows: list[RowTuple] = []
    factors, dues, year = cast("Sequence[int]", periods.factors), periods.dues, periods.year
    last, owed = len(factors) - 1, 0
    for k, factor in enumerate(factors):
        accrued = scheme.divide(balance * factor, year)
        owed += accrued
        principal, interest = (balance, owed) if k == last else (0, 0)
        rows.append((dues[k], principal, interest, 0, 0, 0, 0, 0, 0, accrued, 0, balance - principal))
    return rows


def _flat(scheme: Scheme, periods: Periods, balance: int, part: int) -> list[RowTuple]:
    rows: list[RowTuple] = []
    factors, dues, year = periods.factors, periods.dues, periods.year
    last = len(factors) - 1
    for k, factor in enumerate(factors):
        interest = scheme.interest(balance, factor, year)
        principal = balance if k == last else min(scheme.flat_principal(part, interest), balance)
        balance -= principal
        rows.append((dues[k], principal, interest, 0, 0, 0, 0, 0, 0, interest, 0, balance))
    return rows
