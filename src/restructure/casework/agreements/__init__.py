"""Agreements: acceptance, performance, review, loan class, early warning and the history of a case."""
