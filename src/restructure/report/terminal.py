"""Display: views in a terminal through rich (extra `tables`), line for line as in plain text; importing needs rich."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from restructure.blocks import Block, lay_out

__all__ = ["render"]

_STYLES = {"": "", "title": "bold reverse", "heading": "bold", "rule": "dim", "label": "dim"}


def render(blocks: Sequence[Block], console: Console | None = None) -> None:
    """Write a view to a rich console, the terminal if none is given."""
    console = console or Console(highlight=False)
    for line in lay_out(blocks, width=max(console.width, 40)):
        styled = Text.assemble(*((span.text, _STYLES[span.style]) for span in line))
        styled.rstrip()
        console.print(styled, no_wrap=True, overflow="ignore", crop=False, soft_wrap=True)
