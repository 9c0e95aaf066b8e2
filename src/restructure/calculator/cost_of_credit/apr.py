"""Annual percentage rates and present values of a stream of advances and payments.

A flow is a date and an amount, zero or more: an int of minor units or a `Decimal`. Rates come back as
fractions of one with 12 decimals; `percent` rounds them as they are disclosed.

Every annual percentage rate here solves Σ advance·d(r) = Σ payment·d(r) for the rate r of a period, where the
discount factors d fall faster the later a flow is. If at the root the balance is never negative, it is the
only one: weigh each flow by d(r′)/d(r), which falls over time for r′ > r and rises for r′ < r, and sum by
parts; the balances being partial sums ≥ 0, the total is positive above r and negative below. So the
bracket proves the root and the balances prove that it is the only one; a rate without that proof is refused.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import accumulate
from math import lcm
from typing import NamedTuple, TypeVar

from restructure.calculator.conventions.day_counts import DayCount, year_fractions
from restructure.calculator.cost_of_credit.annuity import (
    WORKING,
    Exact,
    bracket,
    decimal,
    exact,
    root_between,
    rounded,
)
from restructure.calculator.cost_of_credit.unit_periods import (
    CountedIn,
    UnitPeriod,
    counted_in,
    month_anchor,
    unit_period,
    unit_periods,
    years_between,
)
from restructure.errors import InvalidInput, Issue, Refused

__all__ = [
    "Flow",
    "InternalRate",
    "apr_eu",
    "apr_us",
    "effective_rate",
    "internal_rate",
    "is_diminished",
    "is_substantial",
    "modification_gain_or_loss",
    "npv_loss",
    "percent",
    "present_value",
    "weighted_average_life",
]

Flow = tuple[date, int | Decimal]
"""A day and an amount: minor units as an int, or a `Decimal`; one stream keeps to one unit."""

_Time = TypeVar("_Time", date, Fraction)


def apr_us(advances: Iterable[Flow], payments: Iterable[Flow], *, unit: UnitPeriod | None = None) -> Decimal:
    """Give the annual percentage rate of Regulation Z by the actuarial method.

    Solves Σ A/((1+e·i)(1+i)^q) = Σ P/((1+f·i)(1+i)^t), the flows measured in full unit-periods and one
    fraction from the first advance, and multiplies i by the unit-periods in a year (12 CFR 1026, Appendix J
    (b)(1) and (b)(8)). The unit-period follows from the dates, or is given as `unit`. The rate is accurate if it is
    within 1/8 of a percentage point, 1/4 for an irregular transaction (§ 1026.22(a)).

    Raises `Refused` with `apr-undefined` or `apr-ambiguous` where no rate, or not just one, solves it.

    >>> from restructure.calculator.conventions.dates import due_dates
    >>> monthly = [(day, 23000) for day in due_dates(date(1978, 2, 10), 24)]
    >>> percent(apr_us([(date(1978, 1, 10), 500000)], monthly))
    Decimal('9.69')
    """
    net = _net(advances, payments)
    out, back = _days(net)
    chosen = unit or unit_period(out, back)
    anchors = {True: month_anchor(out), False: month_anchor(back)}
    start = net[0][0]
    rate = _rate_per_period(
        [(*unit_periods(chosen, start, day, anchor_day=anchors[amount > 0]), amount) for day, amount in net]
    )
    with localcontext(WORKING):
        return rounded(rate * decimal(chosen.per_year))


def apr_eu(advances: Iterable[Flow], payments: Iterable[Flow], *, whole: CountedIn | None = None) -> Decimal:
    """Give the effective annual percentage rate of charge of the European and British rules.

    Solves Σ C·(1+X)^−t = Σ D·(1+X)^−s with times in years from the first drawdown (Directive 2008/48/EC and
    2014/17/EU Annex I, Directive (EU) 2023/2225 Annex III, MCOB 10A.2, CONC App 1.2). Intervals are whole
    months, weeks or years and odd days; which of them follows from the dates, or is given as `whole`.
    The result is disclosed with at least one decimal, half-up: `percent(rate, 1)`.

    Raises `Refused` with `apr-undefined` or `apr-ambiguous` where no rate, or not just one, solves it.

    >>> percent(apr_eu([(date(2026, 1, 1), 1000)], [(date(2027, 1, 1), 600), (date(2028, 1, 1), 600)]))
    Decimal('13.07')
    """
    net = _net(advances, payments)
    out, back = _days(net)
    chosen = whole or counted_in(out, back)
    anchors = {True: month_anchor(out), False: month_anchor(back)}
    start = net[0][0]
    return _effective(
        [(years_between(start, day, chosen, anchor_day=anchors[amount > 0]), amount) for day, amount in net]
    )


def effective_rate(
    advances: Iterable[tuple[Exact, int | Decimal]], payments: Iterable[tuple[Exact, int | Decimal]]
) -> Decimal:
    """Give the effective annual rate of flows whose times are already measured, in years.

    Solves Σ advance·(1+X)^−t = Σ payment·(1+X)^−t. Raises as `apr_eu` does.

    >>> percent(effective_rate([(0, 950)], [("546/365", 1200)]), 1)
    Decimal('16.9')
    """
    net = _net(
        [(exact(years), amount) for years, amount in advances],
        [(exact(years), amount) for years, amount in payments],
    )
    return _effective([(years - net[0][0], amount) for years, amount in net])


class InternalRate(NamedTuple):
    """An internal rate of return a month, and a year in its two readings."""

    monthly: Decimal
    nominal: Decimal
    """Twelve times the monthly rate: what Chinese lenders disclose as 年化利率 (PBOC announcement 2021 no. 3)."""
    effective: Decimal
    """Compounded: (1 + monthly)^12 − 1."""


def internal_rate(
    advances: Iterable[Flow],
    payments: Iterable[Flow],
    *,
    day_count: DayCount = DayCount.THIRTY_360_BY_MONTH,
    anchor_day: int | None = None,
) -> InternalRate:
    """Give the internal rate of return (综合年化), with time measured by a day count in months of 1/12 of a year.

    Solves Σ advance·(1+m)^−months = Σ payment·(1+m)^−months. `anchor_day` is where scheduled months begin
    (default: what the payments step from). Raises as `apr_us` does.

    >>> from restructure.calculator.conventions.dates import due_dates
    >>> rate = internal_rate([(date(2026, 1, 15), 1000000)], [(d, 94560) for d in due_dates(date(2026, 2, 15), 12)])
    >>> percent(rate.nominal), percent(rate.effective)
    (Decimal('24.00'), Decimal('26.83'))
    """
    net = _net(advances, payments)
    anchor = anchor_day or month_anchor(_days(net)[1])
    times = _years(net[0][0], [day for day, _ in net], day_count, anchor)
    step, amounts = _in_whole_steps([12 * years for years in times], [amount for _, amount in net])
    rate = _rate_per_period(amounts)
    with localcontext(WORKING):
        monthly = (1 + rate) ** step - 1
        return InternalRate(rounded(monthly), rounded(12 * monthly), rounded((1 + monthly) ** 12 - 1))


def percent(rate: Decimal, places: int = 2) -> Decimal:
    """Convert a rate to percent, rounded half-up as rates are disclosed.

    >>> percent(Decimal("0.130662385830")), percent(Decimal("0.1285"), 1)
    (Decimal('13.07'), Decimal('12.9'))
    """
    return rounded(Fraction(rate) * 100, places)


def _net(
    advances: Iterable[tuple[_Time, int | Decimal]], payments: Iterable[tuple[_Time, int | Decimal]]
) -> list[tuple[_Time, Decimal]]:
    """Sum the flows of each day, advances positive, and drop those that cancel, so that the first is an advance."""
    sums: defaultdict[_Time, Fraction] = defaultdict(Fraction)
    for sign, flows in ((1, advances), (-1, payments)):
        for when, amount in flows:
            value = exact(amount)
            if value < 0:
                raise InvalidInput(
                    Issue("money-negative", f"{amount} on {when}: an advance or a payment is zero or more")
                )
            sums[when] += sign * value
    with localcontext(WORKING):
        net = [(when, decimal(amount)) for when, amount in sorted(sums.items()) if amount]
    if not net or net[0][1] < 0 or net[-1][1] > 0:
        raise Refused(
            Issue("apr-undefined", "the first flow must be an advance and the last one a payment, after it")
        )
    return net


def _days(net: Sequence[tuple[date, Decimal]]) -> tuple[list[date], list[date]]:
    return [day for day, amount in net if amount > 0], [day for day, amount in net if amount < 0]


def _effective(net: Sequence[tuple[Fraction, Decimal]]) -> Decimal:
    step, flows = _in_whole_steps([years for years, _ in net], [amount for _, amount in net])
    rate = _rate_per_period(flows)
    with localcontext(WORKING):
        return rounded((1 + rate) ** step - 1)


def _in_whole_steps(
    times: Sequence[Fraction], amounts: Sequence[Decimal]
) -> tuple[int, list[tuple[int, Fraction, Decimal]]]:
    """Measure times in whole steps; gives the number of steps in a unit of time, and the flows as (t, f, amount)."""
    steps = lcm(*(time.denominator for time in times))
    return steps, [
        (int(time * steps), Fraction(0), amount) for time, amount in zip(times, amounts, strict=True)
    ]


def _rate_per_period(flows: Sequence[tuple[int, Fraction, Decimal]]) -> Decimal:
    """Solve Σ amount/((1+f·i)(1+i)^t) = 0, advances positive, for flows of (t, f, amount) in order of time.

    The first flow is an advance at time 0 and the last a payment, so the payments are worth less than the
    advances as i grows without bound and more as it nears −100 %: a root lies between.
    """
    with localcontext(WORKING):
        timed = [(full, decimal(part), amount) for full, part, amount in flows]

        def values(rate: Decimal) -> list[Decimal]:
            step = 1 + rate
            return [
                amount / (step**full * (1 + part * rate) if part else step**full)
                for full, part, amount in timed
            ]

        def surplus(rate: Decimal) -> Decimal:
            return -sum(values(rate), Decimal(0))

        rate = root_between(surplus, *bracket(surplus))
        at_root = values(rate)
        slack = sum(abs(value) for value in at_root) * Decimal("1e-18")
        if min(accumulate(at_root)) < -slack:
            raise Refused(
                Issue(
                    "apr-ambiguous",
                    "at some point more has been paid than was owed, so the rate may not be the only one",
                )
            )
        return rate


def _years(
    on: date, days: Sequence[date], day_count: DayCount, anchor_day: int | None = None
) -> list[Fraction]:
    """Measure days in years from a day by a day count, summed from date to date."""
    borders = sorted({on, *days})
    if borders[0] < on:
        raise InvalidInput(
            Issue("date-order", f"a flow on {borders[0]} lies before {on}, the day it is valued on")
        )
    parts, year = year_fractions(day_count, borders, anchor_day=anchor_day)
    at = dict(zip(borders, accumulate(parts, initial=0), strict=True))
    return [Fraction(at[day], year) for day in days]


def present_value(
    flows: Iterable[Flow],
    on: date,
    *,
    annual_rate: Exact,
    day_count: DayCount = DayCount.ACT_365F,
    anchor_day: int | None = None,
) -> Decimal:
    """Give the present value of flows on a day at an effective annual rate: Σ amount·(1+r)^−years.

    A nominal rate becomes effective with `annuity.effective_of`. An amount may be negative. A flow before
    the day raises `InvalidInput` with `date-order`.

    >>> rounded(present_value([(date(2027, 1, 1), 11000)], date(2026, 1, 1), annual_rate="10%"), 2)
    Decimal('10000.00')
    """
    listed = sorted(flows)
    times = _years(on, [day for day, _ in listed], day_count, anchor_day)
    rate = exact(annual_rate)
    if rate <= -1:
        raise InvalidInput(Issue("rate-invalid", f"{annual_rate} is not above −100 %"))
    with localcontext(WORKING):
        growth = decimal(1 + rate)
        total = Decimal(0)
        for years, (_, amount) in zip(times, listed, strict=True):
            whole, part = divmod(years, 1)
            factor = growth ** int(whole) * (growth ** decimal(part) if part else 1)
            total += decimal(exact(amount)) / factor
        return rounded(total)


def npv_loss(
    before: Iterable[Flow],
    after: Iterable[Flow],
    on: date,
    *,
    annual_rate: Exact,
    fees: int | Decimal = 0,
    day_count: DayCount = DayCount.ACT_365F,
    anchor_day: int | None = None,
) -> Decimal:
    """Give the share of present value that a change of payments costs the lender: 1 − after / before.

    Both are discounted at the original effective rate. `fees` are what the borrower pays for the change on
    the day itself, less what is paid to the borrower; they count with what comes after (IFRS 9 B3.3.6, B3.3.6A).
    The diminished obligation of EBA/GL/2016/07 paragraph 51 is this share without fees. Negative if the
    lender gains.

    >>> old, new = [(date(2027, 1, 1), 11000)], [(date(2028, 1, 1), 11000)]
    >>> rounded(npv_loss(old, new, date(2026, 1, 1), annual_rate="10%"), 6)
    Decimal('0.090909')
    """
    value_before = present_value(
        before, on, annual_rate=annual_rate, day_count=day_count, anchor_day=anchor_day
    )
    value_after = present_value(
        after, on, annual_rate=annual_rate, day_count=day_count, anchor_day=anchor_day
    )
    if value_before <= 0:
        raise InvalidInput(Issue("nothing-owed", "the payments before the change are worth nothing"))
    with localcontext(WORKING):
        return rounded(1 - (value_after + decimal(exact(fees))) / value_before)


def is_diminished(loss: Decimal, *, threshold: Exact = "0.01") -> bool:
    """Whether a loss of present value diminishes the obligation: above the threshold, at most 1 %.

    EBA/GL/2016/07 paragraph 51: beyond the threshold the forborne borrower is in default.

    >>> is_diminished(Decimal("0.0100")), is_diminished(Decimal("0.0101"))
    (False, True)
    """
    return Fraction(loss) > exact(threshold)


def is_substantial(loss: Decimal, *, threshold: Exact = "0.1") -> bool:
    """Whether a change of present value, up or down, is at least 10 % (IFRS 9 B3.3.6).

    The test is written for the debtor's books; lenders use it for theirs by analogy.

    >>> is_substantial(Decimal("-0.1")), is_substantial(Decimal("0.0999"))
    (True, False)
    """
    return abs(Fraction(loss)) >= exact(threshold)


def modification_gain_or_loss(
    carrying_amount: int | Decimal,
    after: Iterable[Flow],
    on: date,
    *,
    annual_rate: Exact,
    day_count: DayCount = DayCount.ACT_365F,
    anchor_day: int | None = None,
) -> Decimal:
    """Give the modification gain, or loss if negative, of a loan that stays on the books (IFRS 9 5.4.3).

    The gross carrying amount becomes the present value of the modified payments at the original effective
    rate (credit-adjusted if the loan was bought or made impaired); the difference is recognised. Costs and
    fees of the change adjust the carrying amount instead and are spread over the remaining term.

    >>> rounded(modification_gain_or_loss(10000, [(date(2028, 1, 1), 11000)], date(2026, 1, 1), annual_rate="10%"), 2)
    Decimal('-909.09')
    """
    worth = present_value(after, on, annual_rate=annual_rate, day_count=day_count, anchor_day=anchor_day)
    with localcontext(WORKING):
        return rounded(worth - decimal(exact(carrying_amount)))


def weighted_average_life(
    principal: Iterable[Flow],
    on: date,
    *,
    day_count: DayCount = DayCount.THIRTY_360_BY_MONTH,
    anchor_day: int | None = None,
) -> Decimal:
    """Give the years until principal is repaid on average: Σ years·principal / Σ principal.

    >>> weighted_average_life([(date(2027, 1, 1), 100), (date(2029, 1, 1), 300)], date(2026, 1, 1))
    Decimal('2.500000000000')
    """
    listed = sorted(principal)
    years = _years(on, [day for day, _ in listed], day_count, anchor_day)
    parts = [exact(amount) for _, amount in listed]
    if not any(parts):
        raise InvalidInput(Issue("nothing-owed", "no principal is repaid, so it has no average life"))
    return rounded(sum((part * at for part, at in zip(parts, years, strict=True)), Fraction(0)) / sum(parts))
