"""Output: what a command prints, as UTF-8 whatever the locale, and what it says of its errors.

Standard output has the result and nothing else; standard error has errors and, on a terminal, the progress.
"""

import errno
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TextIO

from restructure.errors import CATALOGUE, Issue

if TYPE_CHECKING:  # the help of the command need not wait for what draws
    from restructure.blocks import Block

__all__ = [
    "OutputFailed",
    "discard",
    "flush",
    "prepare_streams",
    "write",
    "write_blocks",
    "write_errors",
    "write_json",
    "write_lines",
    "write_note",
]


class OutputFailed(Exception):
    """Standard output is closed, or the disk behind it is full."""


def prepare_streams() -> None:
    """Make both streams write UTF-8; raises `OutputFailed` where standard output is closed.

    What is no character, such as half of one in the name of a file, is written as its escape.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            with suppress(ValueError, OSError):  # one that is closed or detached
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    if sys.stderr is None:  # closed; `print` would fall back to standard output
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stdout is None:
        raise OutputFailed("it is closed")


@contextmanager
def _written() -> Iterator[None]:
    """Turn what the system says of a stream into `BrokenPipeError` or `OutputFailed`."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if os.name == "nt" and error.errno == errno.EINVAL:  # what Windows says of a closed pipe
            raise BrokenPipeError from None
        raise OutputFailed(error.strerror or str(error)) from None
    except ValueError as error:
        if isinstance(error, UnicodeError):
            raise
        raise OutputFailed("it is closed") from None


def write(text: str) -> None:
    """Write text to standard output."""
    with _written():
        sys.stdout.write(_writable(text, sys.stdout))


def _writable(text: str, stream: TextIO) -> str:
    """Give a text as a stream can write it, which may keep its own encoding, such as one of a program that calls us.

    Where the locale is not UTF-8 an argument holds each byte beyond ASCII as a surrogate; together they are characters.
    """
    with suppress(UnicodeEncodeError):
        text = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def write_lines(lines: Iterable[str]) -> None:
    """Write lines to standard output."""
    write("".join(f"{line}\n" for line in lines))


def write_json(data: Any) -> None:
    """Write plain data to standard output as JSON."""
    write_lines([json.dumps(data, indent=2, ensure_ascii=False)])


def write_blocks(blocks: "Sequence[Block]") -> None:
    """Write headings, sentences and tables to standard output: through rich on a terminal, else as plain text."""
    from shutil import get_terminal_size

    from restructure.blocks import to_text

    if sys.stdout.isatty():
        try:
            from restructure.report.terminal import render
        except ImportError:
            pass
        else:
            with _written():
                render(blocks)
            return
    write(to_text(blocks, width=max(get_terminal_size((100, 24)).columns, 40)))


def flush() -> None:
    """Write out what is held back, so that a full disk shows now and not when the interpreter ends."""
    with _written():
        sys.stdout.flush()


def discard(stream: TextIO | None) -> None:
    """Throw away what a stream still holds, which the interpreter would try to write at its end."""
    with suppress(AttributeError, OSError, ValueError):  # closed, or no file of the system
        number = stream.fileno()  # type: ignore[union-attr]
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)


def write_errors(issues: Sequence[Issue], more: str, *, as_json: bool) -> None:
    """Write errors to standard error: a line each and the command that says more, or one JSON object."""
    if as_json:
        errors = [{**asdict(issue), "mend": CATALOGUE[issue.code]} for issue in issues]
        text = json.dumps({"errors": errors}, indent=2, ensure_ascii=False) + "\n"
    else:
        lines = [_one_line(str(issue)) for issue in issues]
        text = "\n".join([*lines, *([f"More: {more}"] if more else [])]) + "\n"
    _write_to_errors(text)


def write_note(sentence: str) -> None:
    """Write a sentence to standard error that is no error of the input."""
    _write_to_errors(f"{sentence}\n")


def _write_to_errors(text: str) -> None:
    try:
        sys.stderr.write(_writable(text, sys.stderr))
        sys.stderr.flush()
    except (OSError, ValueError):  # the exit status is what is left to say it
        discard(sys.stderr)


def _one_line(text: str) -> str:
    """Escape what would break the line or command the terminal, such as a line break in the name of a file."""
    return "".join(
        char if char.isprintable() or char == " " or ord(char) > 0xFF else f"\\x{ord(char):02x}"
        for char in text
    )
