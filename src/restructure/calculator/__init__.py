"""The calculator: knows money and time, nothing of rules or people."""
