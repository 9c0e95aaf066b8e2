"""The readers of the sections of a policy file: parameters, facts, events, lookups, tables, follow-up and entries."""
