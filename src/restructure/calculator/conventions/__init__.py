"""Conventions: money, rates, dates, day counts, accrual and rounding."""
