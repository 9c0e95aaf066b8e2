"""Casework: what happens with one borrower."""
