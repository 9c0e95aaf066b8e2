"""Interrupted repayment: a balance repaid with suspensions, steps, advances or interest rounded in pieces.

One loop makes the rows of every method and knows all interruptions; the instalment is solved by running that same
loop in fixed point.
"""

from fractions import Fraction
from itertools import count
from typing import NamedTuple, cast

from restructure.calculator.amortisation.plain import equalised_instalment, last_row_gap, plain_repayment
from restructure.calculator.amortisation.repaid import Repaid, reject_excess_balloon
from restructure.calculator.amortisation.rows import Divide, Row, RowTuple
from restructure.calculator.amortisation.scheme import HolidayInterest, LastRow, Method, Pause, Scheme
from restructure.calculator.amortisation.timetable import Periods

__all__ = ["interrupted_repayment"]

_BALANCE = Row._fields.index("balance")


def interrupted_repayment(
    scheme: Scheme, periods: Periods, balance: int, agreed: int | None, covered: int = 0
) -> Repaid:
    """Repay a balance by its method; where no instalment is agreed it is solved.

    `covered` is interest from before the first period that the first instalment paid also covers.
    """
    head = 0
    for pause in scheme.pauses:
        head = pause.end if pause.first == head else head
    only_head = all(pause.end <= head for pause in scheme.pauses)
    if only_head and head and not (scheme.step or scheme.joins or covered):
        return _after_suspension(scheme, periods, balance, agreed, head)
    laid = periods
    if scheme.last_row is LastRow.EXTRA_ROW and scheme.annuity and not scheme.balloon:
        laid = periods.with_spare()

    def run(instalment: int) -> Repaid:
        walk = _walk(scheme, laid, balance, instalment, covered=covered)
        return Repaid(walk.rows, instalment, walk.unpaid)

    if agreed is not None:
        return run(agreed)
    if scheme.method in (Method.INTEREST_ONLY, Method.BULLET):
        return run(0)
    solved = run(_solve(scheme, periods, balance, covered))
    if scheme.last_row is LastRow.EQUALISE and scheme.annuity and not scheme.balloon:
        terms = len(periods.factors)
        suspended = scheme.suspended.intersection(range(terms))
        moved = equalised_instalment(scheme, max(terms - len(suspended), 1), solved.rows, solved.instalment)
        if moved != solved.instalment:
            again = run(moved)
            before = abs(last_row_gap(scheme, solved.rows, solved.instalment))
            if abs(last_row_gap(scheme, again.rows, moved)) < before:
                return again
    return solved


def _after_suspension(
    scheme: Scheme, periods: Periods, balance: int, agreed: int | None, head: int
) -> Repaid:
    """Repay a balance whose first `head` instalments are suspended: what follows is an ordinary loan again."""
    begun = _walk(scheme, periods._replace(factors=periods.factors[:head]), balance, 0)
    if balance and not begun.balance:
        if scheme.method is not Method.FLAT:
            return Repaid(begun.rows, agreed or 0, begun.unpaid)
        # Flat interest continues although the balance and the balloon are repaid.
        scheme = scheme._replace(balloon=0)
    # Where nothing is left to repay, arrears are still due with the instalments after the suspension.
    begun.rows.extend((due, *(0,) * _BALANCE) for due in periods.dues[len(begun.rows) : head])
    reject_excess_balloon(scheme.balloon, begun.balance)
    left = periods.since(head)
    if scheme.cut:
        rest = interrupted_repayment(scheme._replace(pauses=()), left, begun.balance, agreed)
    else:
        rest = plain_repayment(scheme, left, begun.balance, agreed)
    return Repaid(begun.rows + rest.rows, rest.instalment, begun.unpaid)


class _Walk(NamedTuple):
    """Rows made by the general loop, and the balance after the last of them."""

    rows: list[RowTuple]
    balance: int
    unpaid: list[tuple[int, HolidayInterest, int]]


def _walk(
    scheme: Scheme, periods: Periods, balance: int, instalment: int, *, covered: int = 0, whole: bool = True
) -> _Walk:
    """Make the rows of any method one by one.

    With `whole` the last row takes what is left and the rows end once the balance is repaid; without it the
    balance after the last row is whatever the instalments leave, below zero too.
    """
    rows: list[RowTuple] = []
    unpaid: list[tuple[int, HolidayInterest, int]] = []
    dues, factors, year = periods.dues, periods.factors, periods.year
    method, annuity = scheme.method, scheme.annuity
    paused = {k: pause for pause in scheme.pauses for k in range(pause.first, pause.end)}
    last, owed, waiting = len(factors) - 1, 0, 0
    last_join = max(scheme.joins, default=-1)
    for k, factor in enumerate(factors):
        joins = scheme.joins.get(k, ())
        accrued = scheme.interest(balance, factor, year, joins)
        balance += sum(joins)
        interest, joining = accrued, 0
        pause = paused.get(k)
        if pause is not None:
            principal, interest = _suspended(pause, accrued, balance, whole=whole)
            waiting += accrued - interest
            if pause.unpaid is HolidayInterest.CAPITALISE or k == pause.end - 1:
                if pause.unpaid in (HolidayInterest.CAPITALISE, HolidayInterest.CAPITALISE_AT_END):
                    joining = waiting
                if waiting:
                    unpaid.append((k, pause.unpaid, waiting))
                waiting = 0
            balance += joining
        else:
            if annuity:
                principal = scheme.instalment_at(k, instalment) - accrued
                if covered:
                    principal -= covered if not whole else min(covered, max(principal, 0))
                    covered = 0
            elif method is Method.BULLET:
                owed += accrued
                principal, interest = 0, owed if k == last else 0
            else:
                principal = _part_of_principal(scheme, instalment, accrued, whole=whole)
            if whole and (k == last or (principal >= balance and last_join <= k)):
                principal = balance
        balance -= principal
        rows.append((dues[k], principal, interest, 0, 0, 0, 0, 0, 0, accrued, joining, balance))
        repaid = not (balance or waiting or owed) and last_join <= k
        if whole and repaid and method is not Method.FLAT:
            break
    return _Walk(rows, balance, unpaid)


def _suspended(pause: Pause, accrued: int, balance: int, *, whole: bool) -> tuple[int, int]:
    """Give the principal and the interest that are paid of a suspended instalment."""
    if pause.pays is None:
        return 0, accrued
    interest = min(accrued, pause.pays)
    rest = pause.pays - interest
    return (min(rest, balance) if whole else rest), interest


def _part_of_principal(scheme: Scheme, part: int, accrued: int, *, whole: bool) -> int:
    """Give the principal in an instalment whose principal does not depend on the size of the instalment."""
    if scheme.method is Method.EQUAL_PRINCIPAL:
        return part
    if scheme.method is Method.FLAT:
        return scheme.flat_principal(part, accrued) if whole else part
    return 0  # interest-only


# Fixed point for the solve: what it truncates is far below the slack of the bracket.
_BITS = 256
_SLACK_BITS = 160


def _solve(scheme: Scheme, periods: Periods, balance: int, covered: int) -> int:
    """Solve the instalment that leaves nothing, rounded once.

    What is left falls as the instalment rises, in straight pieces, so a secant finds the root; it is certain
    once what is left changes sign between two values that round alike. Where they do not, the root lies on
    a rounding border to 2^-96 of a minor unit, and the same rows in exact fractions decide.
    """
    unit = 1 << _BITS
    fixed = _finer(scheme, unit, lambda numerator, denominator: numerator // denominator)

    def left(instalment: int) -> int:
        walk = _walk(fixed, periods, balance * unit, instalment, covered=covered * unit, whole=False)
        return walk.balance - fixed.balloon

    low, high = 0, (balance + covered + scheme.joining + 1) * unit
    below, above = left(low), left(high)
    while above > 0:
        low, below, high = high, above, high * 2
        above = left(high)
    slack = unit >> _SLACK_BITS
    if below <= 0:
        return 0  # suspended amounts alone repay it, or there is nothing to repay
    for turn in count():
        if high - low <= 2 * slack:
            break
        # Every fourth guess is the middle, so that no kink can hold the secant up.
        straight = below > above and turn % 4 < 3
        guess = low + below * (high - low) // (below - above) if straight else (low + high) // 2
        near, far = guess - slack, guess + slack
        at_near, at_far = left(near), left(far)
        if at_near >= 0 >= at_far:
            low, below, high, above = near, at_near, far, at_far
        elif at_near < 0:
            high, above = near, at_near
        else:
            low, below = far, at_far
    lowest, highest = scheme.round_solved(low, unit), scheme.round_solved(high, unit)
    if lowest == highest:
        return lowest
    root = _exact_root(scheme, periods, balance, covered, (Fraction(low, unit), Fraction(high, unit)))
    return scheme.round_solved(root.numerator, root.denominator)


def _exact_root(
    scheme: Scheme, periods: Periods, balance: int, covered: int, bracket: tuple[Fraction, Fraction]
) -> Fraction:
    """Solve the instalment in exact fractions, between two values so near that what is left is straight."""
    exact = _finer(scheme, 1, lambda numerator, denominator: cast("int", Fraction(numerator) / denominator))

    def left(instalment: Fraction) -> Fraction:
        walk = _walk(exact, periods, balance, cast("int", instalment), covered=covered, whole=False)
        return Fraction(walk.balance - exact.balloon)

    start, end = bracket
    at_start, at_end = left(start), left(end)
    return start + at_start * (end - start) / (at_start - at_end)


class _Unrounded(Scheme):
    """A scheme whose instalments are not rounded."""

    __slots__ = ()

    def to_multiple(self, numerator: int, denominator: int) -> int:
        return self.divide(numerator, denominator)


def _finer(scheme: Scheme, unit: int, divide: Divide) -> Scheme:
    """Give the same scheme with every minor unit split into `unit` parts, rounding nothing but by `divide`."""
    step = scheme.step
    return _Unrounded(
        divide=divide,
        method=scheme.method,
        balloon=scheme.balloon * unit,
        flat_base=scheme.flat_base * unit,
        growing=True,
        pieced=scheme.pieced,
        step=None if step is None else step._replace(amount=step.amount * unit),
        pauses=tuple(
            pause if pause.pays is None else pause._replace(pays=pause.pays * unit) for pause in scheme.pauses
        ),
        joins={k: tuple(joined * unit for joined in joins) for k, joins in scheme.joins.items()},
    )
