"""What other libraries make of the loan of the benchmark, each in the convention that it supports.

All of them count equal months, so they are compared with `LOAN_BY_MONTH`. A library is imported when it is
called, because none of them is needed for anything else.
"""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

__all__ = [
    "decimal_loop",
    "mortgagemath_schedule",
    "numpy_financial_array",
    "numpy_financial_scalar",
    "pyxirr_parts",
    "pyxirr_rate",
    "quantlib_bond",
]

_LENT, _MONTHLY, _MONTHS = 48000.0, 0.18 / 12, 36


def mortgagemath_schedule() -> list[Any]:
    """Make the schedule in `Decimal`: 30/360, the instalment and every row's interest rounded half-up; no dates."""
    from mortgagemath import LoanParams, PaymentRounding, amortization_schedule

    loan = LoanParams(
        principal=Decimal("48000.00"),
        annual_rate=Decimal(18),
        term_months=_MONTHS,
        payment_rounding=PaymentRounding.ROUND_HALF_UP,
        interest_rounding=PaymentRounding.ROUND_HALF_UP,
    )
    return amortization_schedule(loan)[1:]


def quantlib_bond() -> list[tuple[date, float, float]]:
    """Build the amortising bond over real dates, ACT/ACT ISMA (a regular month is a twelfth), and read its rows."""
    import QuantLib as ql  # noqa: N813

    start, term = ql.Date(31, 1, 2026), ql.Period(_MONTHS, ql.Months)
    schedule = ql.sinkingSchedule(start, term, ql.Monthly, ql.NullCalendar())
    notionals = ql.sinkingNotionals(term, ql.Monthly, 0.18, _LENT)
    counted = ql.ActualActual(ql.ActualActual.ISMA, schedule)
    bond = ql.AmortizingFixedRateBond(0, notionals[:-1], schedule, [0.18], counted, ql.Unadjusted, start)
    flows = bond.cashflows()  # interest and principal in turn
    return [
        (coupon.date().to_date(), coupon.amount(), repaid.amount())
        for coupon, repaid in zip(flows[::2], flows[1::2], strict=True)
    ]


def pyxirr_parts() -> tuple[float, list[float], list[float]]:
    """Make the columns with pmt, ipmt and ppmt over a list of periods; floats, no dates."""
    import pyxirr

    periods = list(range(1, _MONTHS + 1))
    return (
        pyxirr.pmt(_MONTHLY, _MONTHS, -_LENT),
        pyxirr.ipmt(_MONTHLY, periods, _MONTHS, -_LENT),
        pyxirr.ppmt(_MONTHLY, periods, _MONTHS, -_LENT),
    )


def pyxirr_rate(dates: list[date], amounts: list[float]) -> float:
    """Solve the effective annual rate of dated flows, ACT/365F, in floats."""
    import pyxirr

    return pyxirr.xirr(dates, amounts)


def numpy_financial_scalar() -> list[tuple[float, float, float]]:
    """Make the rows with pmt, ipmt and ppmt, one call a row; floats, no dates."""
    import numpy_financial as npf

    instalment = float(npf.pmt(_MONTHLY, _MONTHS, -_LENT))
    return [
        (
            instalment,
            float(npf.ipmt(_MONTHLY, k, _MONTHS, -_LENT)),
            float(npf.ppmt(_MONTHLY, k, _MONTHS, -_LENT)),
        )
        for k in range(1, _MONTHS + 1)
    ]


def numpy_financial_array() -> tuple[Any, Any, Any]:
    """Make the columns with pmt, ipmt and ppmt over an array of periods; floats, no dates."""
    import numpy as np
    import numpy_financial as npf

    periods = np.arange(1, _MONTHS + 1)
    return (
        npf.pmt(_MONTHLY, _MONTHS, -_LENT),
        npf.ipmt(_MONTHLY, periods, _MONTHS, -_LENT),
        npf.ppmt(_MONTHLY, periods, _MONTHS, -_LENT),
    )


def decimal_loop() -> list[tuple[Decimal, Decimal, Decimal]]:
    """Repay in `Decimal` as textbooks do, the monthly rate rounded to 28 digits; no dates."""
    rate, balance, cent = Decimal("0.18") / 12, Decimal("48000.00"), Decimal("0.01")
    instalment = (balance * rate / (1 - (1 + rate) ** -_MONTHS)).quantize(cent, ROUND_HALF_UP)
    rows = []
    for k in range(_MONTHS):
        interest = (balance * rate).quantize(cent, ROUND_HALF_UP)
        principal = balance if k == _MONTHS - 1 else instalment - interest
        balance -= principal
        rows.append((principal + interest, interest, principal))
    return rows
