"""Baseline F: the least work that repays a loan to the cent, which every other timing is a multiple of.

A bare loop over integer cents: real due dates stepped from an anchor day, ACT/365F day counts, one exact
half-up division per row, a level instalment solved in floats, the residue in the last row. No objects,
no checks, no other currency, method or day count.
"""

from datetime import date

__all__ = ["level_loan"]

_DAYS_IN = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def level_loan(
    cents: int, numerator: int, denominator: int, start: date, first_due: date, anchor: int, count: int
) -> list[tuple[date, int, int, int]]:
    """Repay `cents` at numerator/denominator a year; rows are (due, principal, interest, balance).

    >>> rows = level_loan(1_200_000, 18, 100, date(2026, 1, 31), date(2026, 2, 28), 31, 12)
    >>> rows[1], rows[-1][3]
    ((datetime.date(2026, 3, 31), 93023, 16918, 1013606), 0)
    """
    dues, days = [first_due], [(first_due - start).days]
    year, month, before = first_due.year, first_due.month, first_due
    for _ in range(count - 1):
        month += 1
        if month > 12:
            year, month = year + 1, 1
        day = min(anchor, _DAYS_IN[month - 1])
        if month == 2 and anchor > 28 and year % 4 == 0 and (year % 100 or year % 400 == 0):
            day = 29
        due = date(year, month, day)
        dues.append(due)
        days.append((due - before).days)
        before = due

    rate = numerator / denominator / 365
    growth, total = 1.0, 0.0
    for nights in reversed(days):
        total += growth
        growth *= 1 + rate * nights
    instalment = int(cents * growth / total + 0.5)

    rows = []
    year_units = denominator * 365
    half = year_units // 2
    balance, last = cents, count - 1
    for k in range(count):
        interest = (balance * numerator * days[k] + half) // year_units
        principal = balance if k == last else instalment - interest
        balance -= principal
        rows.append((dues[k], principal, interest, balance))
    return rows
