"""Exit statuses of the command, each with its meaning."""

from enum import IntEnum

__all__ = ["MEANINGS", "ExitStatus"]


class ExitStatus(IntEnum):
    """What the command tells the program that started it."""

    DONE = 0
    FAILED = 1
    WRONG_INPUT = 2
    NO_OUTPUT = 3
    INTERRUPTED = 130


MEANINGS = {
    ExitStatus.DONE: "done: a decision was made, whatever it is, or every case passed",
    ExitStatus.FAILED: "a case failed, or the cases cover too little",
    ExitStatus.WRONG_INPUT: "the arguments or a file are wrong; standard error says what, all at once",
    ExitStatus.NO_OUTPUT: "the output could not be written: closed, or the disk is full",
    ExitStatus.INTERRUPTED: "interrupted by Ctrl-C",
}
"""Every status in one sentence, for the help and the documentation."""
