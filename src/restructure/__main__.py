"""`python -m restructure`: the command, also where the folder of scripts is not on the path."""

import sys

from restructure.cli import main

if __name__ == "__main__":
    sys.exit(main())
