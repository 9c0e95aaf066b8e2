"""Display: decisions in a terminal through rich (extra `tables`); importing this needs rich."""

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from restructure.blocks import Block, Heading, Lines, Table

__all__ = ["render"]


def render(blocks: Sequence[Block], console: Console | None = None) -> None:
    """Write a summary to a rich console, the terminal if none is given."""
    console = console or Console(highlight=False)
    for block in blocks:
        match block:
            case Heading(text, 1):
                console.print(Text(text, style="bold reverse" if text.startswith("OFFER") else "bold"))
            case Heading(text):
                console.print()
                console.print(Text(text, style="bold"))
            case Lines(lines):
                for line in lines:
                    console.print(Padding(Text(line), (0, 0, 0, 2)))
            case Table():
                console.print(Padding(_table(block), (0, 0, 0, 2)))


def _table(block: Table) -> RichTable:
    table = RichTable(box=None, pad_edge=False, header_style="dim")
    for k, title in enumerate(block.head):
        right = block.figures and k > 0
        table.add_column(Text(title), justify="right" if right else "left", no_wrap=right)
    for row in block.rows:
        table.add_row(*(Text(cell) for cell in row))
    return table
