"""Decisions: gates, offers and refusals of one borrower, with their explanation."""
