"""Running: one command from its arguments to its exit status; whatever happens, no traceback for what a user did."""

import sys
from collections.abc import Sequence

from restructure.cli.exit_status import ExitStatus
from restructure.cli.output import OutputFailed, discard, flush, prepare_streams, write_errors
from restructure.cli.parsing import ArgumentsInvalid, parsed, wants_json
from restructure.errors import Issue, RestructureError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit status, one of `ExitStatus`."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    as_json = wants_json(arguments)
    try:
        prepare_streams()
        status = _run(arguments)
        flush()
    except RestructureError as error:
        from restructure.starts.examples import with_hint

        codes = dict.fromkeys(issue.code for issue in error.issues)
        more = f"restructure explain {' '.join(codes)}"
        if isinstance(error, ArgumentsInvalid):
            more = f"{error.program} --help"
        write_errors(with_hint(error.issues), more, as_json=as_json)
        return ExitStatus.WRONG_INPUT
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        discard(sys.stdout)
        return ExitStatus.DONE
    except OutputFailed as failure:
        discard(sys.stdout)
        issue = Issue("output-failed", f"standard output cannot be written: {failure}")
        write_errors([issue], "", as_json=as_json)
        return ExitStatus.NO_OUTPUT
    except KeyboardInterrupt:
        discard(sys.stdout)
        return ExitStatus.INTERRUPTED
    return status


def _run(arguments: Sequence[str]) -> int:
    try:
        options = parsed(arguments)
    except SystemExit as end:  # the help and the version are printed while the arguments are read
        return int(end.code or 0)
    status: int = options.run(options)
    return status
