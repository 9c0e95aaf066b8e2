"""Running: one command from its arguments to its exit status."""

import os
import sys
from collections.abc import Sequence

from restructure.cli.parsing import command_parser
from restructure.errors import RestructureError

__all__ = ["main"]

_WRONG_INPUT = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = command_parser(arguments).parse_args(arguments)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except RestructureError as error:
        from restructure.starts.examples import with_hint

        for issue in with_hint(error.issues):
            print(issue, file=sys.stderr)
        codes = dict.fromkeys(issue.code for issue in error.issues)
        print(f"(restructure explain {' | '.join(codes)} says more)", file=sys.stderr)
        return _WRONG_INPUT
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status
