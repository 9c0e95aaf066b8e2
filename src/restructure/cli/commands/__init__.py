"""One module a command: `add_options` and `run`."""
