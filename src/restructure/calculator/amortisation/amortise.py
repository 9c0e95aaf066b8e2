"""Repaid: how one balance is repaid over given periods, whatever the method, rounding or last row.

The dates are somebody else's; here are only amounts, interest factors and the one solve. A plain loan goes
through the bare loops of `rows`; whatever interrupts it (a suspension, a stepped instalment, a further
advance, interest rounded in pieces) goes through one loop that knows them all, and the instalment is
solved by running that same loop in fixed point.
"""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from itertools import count
from typing import NamedTuple, assert_never, cast

from restructure.calculator.amortisation.rows import (
    PAID,
    Divide,
    Row,
    RowTuple,
    equal_principal_rows,
    level_instalment,
    level_rows,
)
from restructure.calculator.amortisation.scheme import HolidayInterest, LastRow, Method, Scheme
from restructure.calculator.conventions.accrual import InterestFactor
from restructure.calculator.conventions.money import LARGEST, Rounding, minor_digits, round_div
from restructure.errors import Issue, Refused

__all__ = [
    "Repaid",
    "hold_above_zero",
    "hold_within_amounts",
    "refuse_growth",
    "refuse_less_than_nothing",
    "repay",
    "solved_level",
]

_ACCRUED, _BALANCE = Row._fields.index("accrued"), Row._fields.index("balance")


class Repaid(NamedTuple):
    """What repaying came to."""

    rows: list[RowTuple]
    instalment: int
    """The instalment (or part of principal) that was solved or kept."""
    unpaid: Sequence[tuple[int, HolidayInterest, int]] = ()
    """Interest that suspensions left unpaid: index of the row where it was settled, how, and how much."""
    anew: Sequence[tuple[int, int]] = ()
    """Where the instalment is solved anew on the way: index of the row, and the instalment from there on."""


def repay(
    scheme: Scheme,
    dues: Sequence[date],
    balance: int,
    agreed: int | None,
    factors: Sequence[InterestFactor],
    year: int,
    *,
    covered: int = 0,
    spare: tuple[date, InterestFactor] | None = None,
) -> Repaid:
    """Repay a balance over due dates; where no instalment is agreed it is solved.

    `covered` is interest owed from before the first period that the first instalment paid also covers;
    `spare` is the period after the last, for an extra row. Raises `Refused` where an instalment lies below
    the interest and the balance may not grow.
    """
    _hold_balloon(scheme, balance + scheme.joining)
    solved_around = covered and agreed is None
    if scheme.pauses or scheme.cut or scheme.step or solved_around:
        repaid = _interrupted(scheme, dues, balance, agreed, factors, year, covered, spare)
    else:
        repaid = _plain(scheme, dues, balance, agreed, cast("Sequence[int]", factors), year, covered, spare)
    if not scheme.growing and scheme.annuity:
        refuse_growth(repaid.rows)
    return repaid


def refuse_growth(rows: Sequence[RowTuple]) -> None:
    """Refuse rows in which an instalment lies below the interest."""
    if min([row[1] for row in rows], default=0) < 0:
        raise Refused(Issue("negative-amortisation", "the instalment is below the interest of a period"))


def refuse_less_than_nothing(rows: Sequence[RowTuple]) -> None:
    """Refuse rows in which an instalment would be paid to the borrower; only where the balance may grow can one be."""
    for number, row in enumerate(rows, 1):
        if row[1] + row[2] < 0:
            sentence = (
                f"instalment {number} on {row[0]} would be below zero; let the instalments fall by less or start "
                "higher, or take less off the first one"
            )
            raise Refused(Issue("negative-amortisation", sentence))


def hold_above_zero(instalment: int) -> None:
    """Refuse a first instalment below zero."""
    if instalment < 0:
        sentence = "the steps outgrow the balance: the first instalment is below zero"
        raise Refused(Issue("negative-amortisation", sentence))


def hold_within_amounts(rows: Sequence[RowTuple], lent: int, currency: str) -> None:
    """Refuse rows with an amount that is too large for one; `lent` is all that is repaid but interest."""
    limit = LARGEST * 10 ** minor_digits(currency)
    # No amount of a row is more than what is repaid in all, so that one sum spares nearly every loan the search.
    if lent + sum([row[_ACCRUED] for row in rows]) < limit:
        return
    for number, row in enumerate(rows, 1):
        if max(sum(row[PAID]), *row[1:]) >= limit:
            sentence = (
                f"by instalment {number} on {row[0]} an amount has more than 14 digits before the point; "
                "correct the rate, the days or the amount"
            )
            raise Refused(Issue("money-too-large", sentence))


def solved_level(scheme: Scheme, balance: int, factors: Sequence[InterestFactor], year: int) -> int | None:
    """Solve the instalment that `repay` would, without its rows, where that is plain to see.

    So it is for a level loan that nothing interrupts, if the instalment covers the dearest period's interest on
    the whole balance: then no row's principal lies below zero.
    """
    plain = scheme.method is Method.LEVEL and scheme.last_row is not LastRow.EQUALISE
    if not plain or scheme.pauses or scheme.cut or scheme.joins or balance < scheme.balloon:
        return None
    whole = cast("Sequence[int]", factors)
    instalment = level_instalment(balance, whole, year, scheme.settle, balloon=scheme.balloon)
    return instalment if balance * max(whole) <= instalment * year else None


def _hold_balloon(scheme: Scheme, balance: int) -> None:
    if balance < scheme.balloon:
        raise Refused(
            Issue("balloon-exceeds-balance", "the balloon is larger than the balance that is repaid")
        )


def _plain(
    scheme: Scheme,
    dues: Sequence[date],
    balance: int,
    agreed: int | None,
    factors: Sequence[int],
    year: int,
    covered: int,
    spare: tuple[date, InterestFactor] | None,
) -> Repaid:
    principal, instalment = balance - scheme.balloon, 0
    match scheme.method:
        case Method.LEVEL:
            return _level(scheme, dues, balance, agreed, factors, year, covered, spare)
        case Method.STEPPED:
            raise AssertionError("a stepped loan has a step")
        case Method.EQUAL_PRINCIPAL | Method.INTEREST_ONLY:
            if scheme.method is Method.EQUAL_PRINCIPAL:
                instalment = scheme.settle(principal, len(factors)) if agreed is None else agreed
            rows = equal_principal_rows(dues, balance, instalment, factors, year, scheme.divide)
        case Method.BULLET:
            rows = _bullet(scheme, dues, balance, factors, year)
        case Method.FLAT:
            instalment = scheme.solved(principal, len(factors)) if agreed is None else agreed
            rows = _flat(scheme, dues, balance, instalment, factors, year)
        case _:
            assert_never(scheme.method)
    return Repaid(rows, instalment)


def _level(
    scheme: Scheme,
    dues: Sequence[date],
    balance: int,
    agreed: int | None,
    factors: Sequence[int],
    year: int,
    covered: int,
    spare: tuple[date, InterestFactor] | None,
) -> Repaid:
    laid, priced = dues, factors
    if spare is not None and scheme.last_row is LastRow.EXTRA_ROW and not scheme.balloon:
        laid, priced = [*dues, spare[0]], [*factors, cast("int", spare[1])]

    def run(instalment: int) -> list[RowTuple]:
        return level_rows(laid, balance, instalment, priced, year, scheme.divide, covered=covered)

    if agreed is not None:
        return Repaid(run(agreed), agreed)
    instalment = level_instalment(balance, factors, year, scheme.settle, balloon=scheme.balloon)
    rows, moved = run(instalment), instalment
    if scheme.last_row is LastRow.EQUALISE and not scheme.balloon:
        moved = _nearer(scheme, len(factors), rows, instalment)
    if moved != instalment:
        again = run(moved)
        if abs(_gap(scheme, again, moved)) < abs(_gap(scheme, rows, instalment)):
            return Repaid(again, moved)
    return Repaid(rows, instalment)


def _gap(scheme: Scheme, rows: Sequence[RowTuple], instalment: int) -> int:
    last: int = rows[-1][1] + rows[-1][2]
    return last - scheme.instalment_at(len(rows) - 1, instalment)


def _nearer(scheme: Scheme, among: int, rows: Sequence[RowTuple], instalment: int) -> int:
    """Share what the last instalment has too much or too little out over all of them."""
    gap = _gap(scheme, rows, instalment)
    if abs(gap) <= among // 2:
        return instalment  # less than half a minor unit each cannot be shared out
    return instalment + round_div(gap, among * scheme.multiple, Rounding.HALF_EVEN) * scheme.multiple


def _bullet(
    scheme: Scheme, dues: Sequence[date], balance: int, factors: Sequence[int], year: int
) -> list[RowTuple]:
    rows: list[RowTuple] = []
    last, owed = len(factors) - 1, 0
    for k, factor in enumerate(factors):
        accrued = scheme.divide(balance * factor, year)
        owed += accrued
        principal, interest = (balance, owed) if k == last else (0, 0)
        rows.append((dues[k], principal, interest, 0, 0, 0, 0, 0, 0, accrued, 0, balance - principal))
    return rows


def _flat(
    scheme: Scheme, dues: Sequence[date], balance: int, part: int, factors: Sequence[int], year: int
) -> list[RowTuple]:
    rows: list[RowTuple] = []
    last = len(factors) - 1
    for k, factor in enumerate(factors):
        interest = scheme.interest(balance, factor, year)
        principal = balance if k == last else min(scheme.flat_principal(part, interest), balance)
        balance -= principal
        rows.append((dues[k], principal, interest, 0, 0, 0, 0, 0, 0, interest, 0, balance))
    return rows


def _interrupted(
    scheme: Scheme,
    dues: Sequence[date],
    balance: int,
    agreed: int | None,
    factors: Sequence[InterestFactor],
    year: int,
    covered: int,
    spare: tuple[date, InterestFactor] | None,
) -> Repaid:
    head = 0
    for pause in scheme.pauses:
        head = pause.end if pause.first == head else head
    only_head = all(pause.end <= head for pause in scheme.pauses)
    if only_head and head and not (scheme.step or scheme.joins or covered):
        # What follows a suspension at the start is an ordinary loan again.
        begun = _walk(scheme, dues, balance, 0, factors[:head], year)
        if balance and not begun.balance:
            if scheme.method is not Method.FLAT:
                return Repaid(begun.rows, agreed or 0, begun.unpaid)
            # Flat interest goes on, of a balance and a balloon that are gone.
            scheme = scheme._replace(balloon=0)
        # Where nothing is left to repay, arrears still wait for the instalments after the suspension.
        begun.rows.extend((due, *(0,) * _BALANCE) for due in dues[len(begun.rows) : head])
        _hold_balloon(scheme, begun.balance)
        go_on = _interrupted if scheme.cut else _plain
        after = scheme._replace(pauses=()) if scheme.cut else scheme
        left = cast("Sequence[int]", factors[head:])
        rest = go_on(after, dues[head:], begun.balance, agreed, left, year, 0, spare)
        return Repaid(begun.rows + rest.rows, rest.instalment, begun.unpaid)
    laid, priced = list(dues), list(factors)
    if spare is not None and scheme.last_row is LastRow.EXTRA_ROW and scheme.annuity and not scheme.balloon:
        laid, priced = [*laid, spare[0]], [*priced, spare[1]]

    def run(instalment: int) -> Repaid:
        walked = _walk(scheme, laid, balance, instalment, priced, year, covered=covered)
        return Repaid(walked.rows, instalment, walked.unpaid)

    if agreed is not None:
        return run(agreed)
    if scheme.method in (Method.INTEREST_ONLY, Method.BULLET):
        return run(0)
    solved = run(_solve(scheme, laid, balance, factors, year, covered))
    if scheme.last_row is LastRow.EQUALISE and scheme.annuity and not scheme.balloon:
        suspended = {k for pause in scheme.pauses for k in range(pause.first, pause.end)}
        paying = max(len(factors) - len(suspended.intersection(range(len(factors)))), 1)
        moved = _nearer(scheme, paying, solved.rows, solved.instalment)
        if moved != solved.instalment:
            again = run(moved)
            if abs(_gap(scheme, again.rows, moved)) < abs(_gap(scheme, solved.rows, solved.instalment)):
                return again
    return solved


class _Walked(NamedTuple):
    rows: list[RowTuple]
    balance: int
    unpaid: list[tuple[int, HolidayInterest, int]]


def _walk(
    scheme: Scheme,
    dues: Sequence[date],
    balance: int,
    instalment: int,
    factors: Sequence[InterestFactor],
    year: int,
    *,
    covered: int = 0,
    whole: bool = True,
) -> _Walked:
    """Go through the rows one by one, whatever each of them is.

    With `whole` the last row takes what is left and the rows end once the balance is repaid; without it the
    balance after the last row is whatever the instalments leave, below zero too.
    """
    rows: list[RowTuple] = []
    unpaid: list[tuple[int, HolidayInterest, int]] = []
    paused = {k: pause for pause in scheme.pauses for k in range(pause.first, pause.end)}
    last, owed, waiting = len(factors) - 1, 0, 0
    more_to_come = max(scheme.joins, default=-1)
    for k, factor in enumerate(factors):
        joins = scheme.joins.get(k, ())
        accrued = scheme.interest(balance, factor, year, joins)
        balance += sum(joins)
        interest, joining = accrued, 0
        pause = paused.get(k)
        if pause is not None:
            if pause.pays is None:
                principal = 0
            else:
                interest = min(accrued, pause.pays)
                principal = min(pause.pays - interest, balance) if whole else pause.pays - interest
            waiting += accrued - interest
            if pause.unpaid is HolidayInterest.CAPITALISE or k == pause.end - 1:
                if pause.unpaid in (HolidayInterest.CAPITALISE, HolidayInterest.CAPITALISE_AT_END):
                    joining = waiting
                if waiting:
                    unpaid.append((k, pause.unpaid, waiting))
                waiting = 0
            balance += joining
        else:
            match scheme.method:
                case Method.LEVEL | Method.STEPPED:
                    principal = scheme.instalment_at(k, instalment) - accrued
                    if covered:
                        principal -= covered if not whole else min(covered, max(principal, 0))
                        covered = 0
                case Method.EQUAL_PRINCIPAL:
                    principal = instalment
                case Method.FLAT:
                    principal = scheme.flat_principal(instalment, accrued) if whole else instalment
                case Method.INTEREST_ONLY:
                    principal = 0
                case Method.BULLET:
                    owed += accrued
                    principal, interest = 0, owed if k == last else 0
                case _:
                    assert_never(scheme.method)
            if whole and (k == last or (principal >= balance and more_to_come <= k)):
                principal = balance
        balance -= principal
        rows.append((dues[k], principal, interest, 0, 0, 0, 0, 0, 0, accrued, joining, balance))
        repaid = not (balance or waiting or owed) and more_to_come <= k
        if whole and repaid and scheme.method is not Method.FLAT:
            break
    return _Walked(rows, balance, unpaid)


# Fixed point for the solve: what it truncates is far below what the certificate allows for.
_BITS = 256
_SLACK_BITS = 160


def _solve(
    scheme: Scheme,
    dues: Sequence[date],
    balance: int,
    factors: Sequence[InterestFactor],
    year: int,
    covered: int,
) -> int:
    """Solve the instalment that leaves nothing, rounded once.

    What is left falls as the instalment rises, in straight pieces, so a secant finds the root; it is certain
    once what is left changes sign between two values that round alike. Where they do not, the root lies on
    a rounding border to 2^-96 of a minor unit, and the same rows in exact fractions decide.
    """
    one = 1 << _BITS
    fixed = _scaled(scheme, one, lambda numerator, denominator: numerator // denominator)

    def left(instalment: int) -> int:
        return (
            _walk(fixed, dues, balance * one, instalment, factors, year, covered=covered * one, whole=False)
        ).balance - fixed.balloon

    low, high = 0, (balance + covered + scheme.joining + 1) * one
    below, above = left(low), left(high)
    while above > 0:
        low, below, high = high, above, high * 2
        above = left(high)
    slack = one >> _SLACK_BITS
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
    lowest, highest = scheme.solved(low, one), scheme.solved(high, one)
    if lowest == highest:
        return lowest
    exact = _scaled(scheme, 1, lambda numerator, denominator: cast("int", Fraction(numerator) / denominator))

    def left_exactly(instalment: Fraction) -> Fraction:
        walked = _walk(
            exact, dues, balance, cast("int", instalment), factors, year, covered=covered, whole=False
        )
        return Fraction(walked.balance - exact.balloon)

    start, end = Fraction(low, one), Fraction(high, one)
    at_start, at_end = left_exactly(start), left_exactly(end)
    root = start + at_start * (end - start) / (at_start - at_end)
    return scheme.solved(root.numerator, root.denominator)


class _Unrounded(Scheme):
    """A scheme whose instalments are not rounded."""

    __slots__ = ()

    def settle(self, numerator: int, denominator: int) -> int:
        return self.divide(numerator, denominator)


def _scaled(scheme: Scheme, one: int, divide: Divide) -> Scheme:
    """Give the same scheme in units `one` times as fine, rounding nothing but by `divide`."""
    step = scheme.step
    return _Unrounded(
        divide=divide,
        method=scheme.method,
        balloon=scheme.balloon * one,
        flat_base=scheme.flat_base * one,
        growing=True,
        pieced=scheme.pieced,
        step=None if step is None else step._replace(amount=step.amount * one),
        pauses=tuple(
            pause if pause.pays is None else pause._replace(pays=pause.pays * one) for pause in scheme.pauses
        ),
        joins={k: tuple(joined * one for joined in joins) for k, joins in scheme.joins.items()},
    )
