"""The command line, `restructure` or `python -m restructure`: it reads files, calls the library and prints.

Exit status 0 means a decision was made, whatever it is, or that every case passed; 1 that a case failed or the
cases cover too little; 2 that the input was wrong.
"""

from restructure.cli.running import main

__all__ = ["main"]
