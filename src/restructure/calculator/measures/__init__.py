"""Measures: one room a measure, with what it says and what it does to the books."""
