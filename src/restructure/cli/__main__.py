"""`python -m restructure.cli`: the same command."""

import sys

from restructure.cli.running import main

if __name__ == "__main__":
    sys.exit(main())
