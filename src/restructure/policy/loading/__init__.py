"""Loading: YAML to records, every finding with its file, line and column."""
