"""Amounts: numbers and dates that a policy works out exactly from facts, parameters and tables."""
