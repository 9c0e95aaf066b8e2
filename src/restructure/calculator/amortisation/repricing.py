"""Repricing: an instalment that is solved anew wherever the rate changes, as adjustable-rate notes agree it.

A change is taken up by the first instalment that is paid after it. That one and those after it are solved from the
printed balance over what is left of the term, as if the rate then in force held to the end: what is known today
about later rates says nothing yet. An agreed day on which the rate stays solves anew too, which brings back what
rounding has left over. Model Form H-14 of 12 CFR 1026 shows such a loan, and so do Chinese housing
loans that are repriced each year (重定价).
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from restructure.calculator.amortisation.amortise import Repaid, refuse_growth, repay
from restructure.calculator.amortisation.rows import Row, RowTuple
from restructure.calculator.amortisation.scheme import HolidayInterest, Repricing, Scheme
from restructure.calculator.amortisation.terms import Repayment
from restructure.calculator.conventions.accrual import InterestFactor
from restructure.calculator.conventions.dates import Closed, Roll, roll_date

__all__ = ["RatePath", "known_rates", "repay_repriced"]

_BALANCE = Row._fields.index("balance")

RatePath = list[tuple[date, Fraction]]
"""Rates in order, each with the night it first prices; the first reaches back."""


def repay_repriced(
    terms: Repayment,
    start: date,
    rates: RatePath,
    closed: Closed,
    scheme: Scheme,
    dues: Sequence[date],
    balance: int,
    agreed: int | None,
    factors: Sequence[InterestFactor],
    year: int,
    *,
    covered: int = 0,
    spare: tuple[date, InterestFactor] | None = None,
    skipped: int = 0,
) -> Repaid:
    """Repay a balance as `repay` does, the instalment solved anew at each change of rate if the terms say so.

    The periods begin on `start`; `skipped` of them go by before the first instalment. An agreed instalment holds
    up to the first change after its period. Raises `Refused` as `repay` does.
    """
    begins, ends = [0], list[date]()
    if _solves_anew(terms, rates) and scheme.annuity:
        ends = _ends(terms, skipped + len(dues), closed)
        begins = _begins(terms, scheme, ends[skipped:], rates)
    if len(begins) <= 1:  # none where an extra row alone is left
        return repay(scheme, dues, balance, agreed, factors, year, covered=covered, spare=spare)
    suspended = {k for pause in scheme.pauses for k in range(pause.first, pause.end)}
    rows: list[RowTuple] = []
    unpaid: list[tuple[int, HolidayInterest, int]] = []
    anew: list[tuple[int, int]] = []
    for begin, end in zip(begins, [*begins[1:], len(dues) + 1], strict=True):
        own = _from(scheme, begin)
        if agreed is None:
            known = _up_to(rates, ends[skipped + begin])
            _, priced, whole = terms.periods(start, len(ends), known, closed)
            ahead = priced[skipped + begin :]
            agreed = repay(own, dues[begin:], balance, None, ahead, whole, covered=covered).instalment
        lived = repay(own, dues[begin:], balance, agreed, factors[begin:], year, covered=covered, spare=spare)
        rows += lived.rows[: end - begin]
        unpaid += [(begin + k, how, amount) for k, how, amount in lived.unpaid if begin + k < end]
        anew.append((begin, agreed))
        balance, agreed = rows[-1][_BALANCE], None
        if len(rows) < end or not balance:
            break
        if not suspended.issuperset(range(begin, end)):
            covered = 0
    if not scheme.growing:
        refuse_growth(rows)
    first = next(k for k in range(len(dues) + 1) if k not in suspended)
    paid_first = [instalment for begin, instalment in anew if begin <= first][-1]
    return Repaid(rows, paid_first, unpaid, anew)


def known_rates(terms: Repayment, rates: RatePath, closed: Closed) -> RatePath:
    """Give the rates that a term is solved with: all, or those of the first period if later ones solve anew."""
    return _up_to(rates, _ends(terms, 1, closed)[0]) if _solves_anew(terms, rates) else rates


def _solves_anew(terms: Repayment, rates: RatePath) -> bool:
    return terms.repricing is Repricing.RECALCULATE and len(rates) > 1


def _ends(terms: Repayment, count: int, closed: Closed) -> list[date]:
    """List the days on which the interest periods end."""
    dues = terms.dues(count)
    if terms.roll is Roll.NONE or not terms.roll_accrues:
        return dues
    return [roll_date(day, terms.roll, closed) for day in dues]


def _up_to(rates: RatePath, end: date) -> RatePath:
    """Give the first rate and those that price a night before a day."""
    return rates[:1] + [one for one in rates[1:] if one[0] < end]


def _begins(terms: Repayment, scheme: Scheme, ends: list[date], rates: RatePath) -> list[int]:
    """List the instalments, by index, from which on they are solved anew; the first of all is one."""
    begins = {0}
    suspended = {k for pause in scheme.pauses for k in range(pause.first, pause.end)}
    for day, _ in rates[1:]:
        begin = bisect_right(ends, day)
        while begin in suspended:
            begin += 1  # no instalment is paid meanwhile
        begins.add(begin)
    return sorted(begin for begin in begins if begin < len(ends))


def _from(scheme: Scheme, begin: int) -> Scheme:
    """Give the scheme of what begins with an instalment; whether it grows is judged over the whole."""
    step = scheme.step
    return scheme._replace(
        growing=True,
        step=None if step is None else step._replace(passed=step.passed + begin),
        pauses=tuple(
            pause._replace(first=pause.first - begin) for pause in scheme.pauses if pause.first >= begin
        ),
    )
