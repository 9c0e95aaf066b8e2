"""Repricing: an instalment that is solved anew wherever the rate changes, as adjustable-rate notes agree it.

The first instalment paid after a change of the rate and those after it are solved from the printed balance over the
rest of the term, as if the new rate held to the end: later changes are not anticipated. An agreed day on which the
rate stays the same solves the instalment anew too, which corrects what rounding has left over. Model Form H-14 of
12 CFR 1026 shows such a loan, and so do Chinese housing loans that are repriced each year (重定价).
"""

from bisect import bisect_right
from datetime import date

from restructure.calculator.amortisation.amortise import repay
from restructure.calculator.amortisation.repaid import Repaid, reject_negative_amortisation
from restructure.calculator.amortisation.rows import Row, RowTuple
from restructure.calculator.amortisation.scheme import HolidayInterest, Repricing, Scheme
from restructure.calculator.amortisation.timetable import Periods, Timetable
from restructure.calculator.conventions.accrual import RatePath

__all__ = ["known_rates", "repay_repriced"]

_BALANCE = Row._fields.index("balance")


def repay_repriced(
    timetable: Timetable,
    scheme: Scheme,
    periods: Periods,
    balance: int,
    agreed: int | None,
    *,
    covered: int = 0,
    skipped: int = 0,
) -> Repaid:
    """Repay a balance as `repay` does, the instalment solved anew at each change of rate if the terms say so.

    `skipped` periods of the timetable pass before the first instalment. An agreed instalment is kept up to the
    first change after its period. Raises `Refused` as `repay` does.
    """
    begins, ends = [0], list[date]()
    if _solves_anew(timetable) and scheme.annuity:
        ends = timetable.period_ends(skipped + len(periods.dues))
        begins = _begins(scheme, ends[skipped:], timetable.rates)
    if len(begins) <= 1:  # none where an extra row alone is left
        return repay(scheme, periods, balance, agreed, covered=covered)
    suspended = scheme.suspended
    rows: list[RowTuple] = []
    unpaid: list[tuple[int, HolidayInterest, int]] = []
    anew: list[tuple[int, int]] = []
    for begin, end in zip(begins, [*begins[1:], len(periods.dues) + 1], strict=True):
        part = _from(scheme, begin)
        if agreed is None:
            known = timetable._replace(rates=_up_to(timetable.rates, ends[skipped + begin]))
            ahead = known.periods(len(ends)).since(skipped + begin)
            agreed = repay(part, ahead, balance, None, covered=covered).instalment
        repaid = repay(part, periods.since(begin), balance, agreed, covered=covered)
        rows += repaid.rows[: end - begin]
        unpaid += [(begin + k, how, amount) for k, how, amount in repaid.unpaid if begin + k < end]
        anew.append((begin, agreed))
        balance, agreed = rows[-1][_BALANCE], None
        if len(rows) < end or not balance:
            break
        if not suspended.issuperset(range(begin, end)):
            covered = 0
    if not scheme.growing:
        reject_negative_amortisation(rows)
    first = next(k for k in range(len(periods.dues) + 1) if k not in suspended)
    paid_first = [instalment for begin, instalment in anew if begin <= first][-1]
    return Repaid(rows, paid_first, unpaid, anew)


def known_rates(timetable: Timetable) -> RatePath:
    """Give the rates that a term is solved with: all, or those of the first period if later ones solve anew."""
    rates = timetable.rates
    return _up_to(rates, timetable.period_ends(1)[0]) if _solves_anew(timetable) else rates


def _solves_anew(timetable: Timetable) -> bool:
    return timetable.terms.repricing is Repricing.RECALCULATE and len(timetable.rates) > 1


def _up_to(rates: RatePath, end: date) -> RatePath:
    """Give the first rate and those that price a night before a day."""
    return rates[:1] + [(starts, rate) for starts, rate in rates[1:] if starts < end]


def _begins(scheme: Scheme, ends: list[date], rates: RatePath) -> list[int]:
    """List the instalments, by index, from which on they are solved anew; the first of all is one of them."""
    begins, suspended = {0}, scheme.suspended
    for day, _ in rates[1:]:
        begin = bisect_right(ends, day)
        while begin in suspended:
            begin += 1  # no instalment is paid meanwhile
        begins.add(begin)
    return sorted(begin for begin in begins if begin < len(ends))


def _from(scheme: Scheme, begin: int) -> Scheme:
    """Give the scheme from an instalment on; negative amortisation is checked over the whole term."""
    step = scheme.step
    return scheme._replace(
        growing=True,
        step=None if step is None else step._replace(passed=step.passed + begin),
        pauses=tuple(
            pause._replace(first=pause.first - begin) for pause in scheme.pauses if pause.first >= begin
        ),
    )
