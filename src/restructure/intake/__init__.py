"""Intake: who is asking, and what it means."""
