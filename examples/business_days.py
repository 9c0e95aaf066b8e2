"""Instalments that move off weekends and public holidays, with the `holidays` package as the calendar.

Run it with `python examples/business_days.py` after `pip install holidays`.
"""

from datetime import date

import holidays

from restructure import Terms, amortise, weekend

china = holidays.country_holidays("CN", years=[2026, 2027])


def closed(day: date) -> bool:
    """Tell whether banks are shut: any weekend or public holiday."""
    return weekend(day) or day in china


loan = Terms(
    currency="CNY",
    principal="12000",
    annual_rate="18%",
    instalments=12,
    start="2026-01-01",
    first_due="2026-02-01",
    day_count="ACT/365F",
    roll="following",
)
agreed = amortise(loan, closed=lambda day: False)
rolled = amortise(loan, closed=closed)
accrued = amortise(loan.model_copy(update={"roll_accrues": True}), closed=closed)

for old, new in zip(agreed.rows, rolled.rows, strict=True):
    print(f"{old.number:>2}  {old.due:%a %d %b %Y} -> {new.due:%a %d %b %Y}  {new.total:>9,}")
print(f"interest where only the payment moves: {rolled.interest:,}")
print(f"interest where the period moves too:   {accrued.interest:,}")
