"""Amortisation: the terms of a loan, its scheme of repayment, its rows, and the one solve."""
