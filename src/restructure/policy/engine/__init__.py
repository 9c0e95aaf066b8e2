"""Engine: conditions in normal form, evaluated by durable_rules and in plain Python, with a trace."""
