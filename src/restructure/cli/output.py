"""Output: blocks written to a terminal through rich where it is installed, elsewhere as plain text."""

import sys
from collections.abc import Sequence
from shutil import get_terminal_size

from restructure.blocks import Block, to_text

__all__ = ["write_blocks"]


def write_blocks(blocks: Sequence[Block]) -> None:
    """Write headings, sentences and tables to standard output."""
    if sys.stdout.isatty():
        try:
            from restructure.report.terminal import render
        except ImportError:
            pass
        else:
            render(blocks)
            return
    print(to_text(blocks, width=min(get_terminal_size((100, 24)).columns, 120)), end="")
