"""Progress: a line on a terminal that says how far a long command is, and is gone when it ends."""

import sys
from contextlib import suppress
from shutil import get_terminal_size
from time import monotonic
from types import TracebackType

from restructure.folding import fold

__all__ = ["Progress"]

_SECONDS = 0.1  # between two lines; more would flicker and cost time


class Progress:
    """A line on standard error, written in place; none where standard error is not a terminal or `shown` is false."""

    def __init__(self, *, shown: bool = True) -> None:
        self._shown = shown and sys.stderr.isatty()
        self._next = 0.0
        self._wide = 0

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._write("")

    def __call__(self, done: int, total: int, policy: str) -> None:
        """Say how many cases of how many were run, and of which policy the next is."""
        if self._shown and (monotonic() >= self._next or done == total):
            self._next = monotonic() + _SECONDS
            self._write(f"{done:,} of {total:,} cases run: {policy}")

    def _write(self, line: str) -> None:
        """Write over the line that is there; blanks and no control sequences, which not every console knows."""
        if not self._shown:
            return
        room = get_terminal_size((80, 24)).columns - 1
        line = fold(line, room)[0]
        with suppress(OSError, ValueError):
            sys.stderr.write(f"\r{' ' * min(self._wide, room)}\r{line}")
            sys.stderr.flush()
        self._wide = 2 * len(line)  # a Chinese character takes two cells
