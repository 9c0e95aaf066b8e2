"""The command line, `restructure` or `python -m restructure`: it reads files, calls the library and prints.

`exit_status.py` says how it ends, `command_table.py` what it can do.
"""

from restructure.cli.running import main

__all__ = ["main"]
