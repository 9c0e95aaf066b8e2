"""Servicing: a contract and its payments, billed and allocated, as a position on a day."""
