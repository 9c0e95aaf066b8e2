"""Negotiation: counter-offers within the limits, the frontier, and replay of a decision."""
