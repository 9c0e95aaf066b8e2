"""Blocks: headings, sentences and tables, rendered as plain text or HTML without any package."""

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from restructure.folding import HELD, cells, fold, widest_word
from restructure.texts import Text

__all__ = ["Block", "Heading", "Lines", "Span", "Table", "lay_out", "say", "to_html", "to_text"]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1, 2 or 3."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Lines:
    """Sentences, one a line."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text; the first column is a label, the columns of figures are aligned to the right."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    figures: bool = True


Block = Heading | Lines | Table

_Style = Literal["", "title", "heading", "rule", "label"]


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a line with its style, which a terminal shows and plain text leaves out."""

    text: str
    style: _Style = ""


_Line = tuple[Span, ...]
_PROSE = 110
"""Longer lines of prose are hard to read, however wide the window is."""
_GAP = 2
_NARROW = 22
"""A column of words that is narrower than this is not shrunk to make room for another."""


def say(text: Text, language: str) -> str:
    """Pick a text in a language, English or the first there is if it lacks that one."""
    return text.get(language) or text.get("en") or next(iter(text.values()))


def to_text(blocks: Sequence[Block], *, width: int = 100) -> str:
    """Render as plain text no wider than `width` cells, Chinese counted double; nothing is cut."""
    lines = ("".join(span.text for span in line).rstrip() for line in lay_out(blocks, width=width))
    return "\n".join(lines) + "\n"


def lay_out(blocks: Sequence[Block], *, width: int) -> Iterator[tuple[Span, ...]]:
    """Give the lines of a view, the same for plain text and for a terminal, which shows the styles of their parts."""
    before: Block | None = None
    for block in blocks:
        if before is not None and not isinstance(before, Heading):
            yield ()
        match block:
            case Heading(text, level):
                style: _Style = "title" if level == 1 else "heading"
                folded = fold(text, width)
                yield from ((Span(line, style),) for line in folded)
                sign = {1: "=", 2: "-"}.get(level)
                if sign:
                    yield (Span(sign * max(map(cells, folded)), "rule"),)
            case Lines(lines):
                yield from ((Span(part),) for line in lines for part in fold(line, min(width, _PROSE)))
            case Table():
                yield from _table(block, width)
        before = block


def _table(table: Table, width: int) -> Iterator[_Line]:
    gap = _GAP
    widths = _widths(table, width, gap)
    if widths is None and table.figures:  # closer columns of figures are still easier to compare than lines
        gap = 1
        widths = _widths(table, width, gap)
    if widths is None:
        yield from _stacked(table, width)
        return
    for number, row in enumerate([table.head, *table.rows]):
        columns = [fold(cell, widths[k]) for k, cell in enumerate(row)]
        for parts in zip_longest(*columns, fillvalue=""):
            spaces = [" " * (widths[k] - cells(part)) for k, part in enumerate(parts)]
            line = (" " * gap).join(
                space + part if table.figures and k else part + space
                for k, (part, space) in enumerate(zip(parts, spaces, strict=True))
            )
            yield (Span(line, "" if number else "label"),)
        if number == 0:
            yield (Span((" " * gap).join("-" * width for width in widths), "rule"),)


def _widths(table: Table, width: int, gap: int) -> list[int] | None:
    """Give the widths of the columns, none if they cannot stand beside each other in a readable way."""
    columns = list(zip(table.head, *table.rows, strict=True))
    wished = [max(1, *(cells(line) for cell in column for line in cell.split("\n"))) for column in columns]
    room = width - gap * (len(columns) - 1)
    if sum(wished) <= room:
        return wished
    least = [
        max(1, *(widest_word(cell) for cell in column), min(wish, 0 if table.figures else _NARROW))
        for column, wish in zip(columns, wished, strict=True)
    ]
    if sum(least) > room:
        return None
    widths = list(wished)
    while sum(widths) > room:  # the widest column that may give way does, down to the next
        wide = sorted({widths[k] for k in range(len(widths)) if widths[k] > least[k]}, reverse=True)
        widest = [k for k in range(len(widths)) if widths[k] == wide[0] and widths[k] > least[k]]
        floor = max([*wide[1:2], *(least[k] for k in widest)])
        share = -(-(sum(widths) - room) // len(widest))
        for k in widest:
            widths[k] -= min(share, widths[k] - floor, max(sum(widths) - room, 0))
    return widths


def _stacked(table: Table, width: int) -> Iterator[_Line]:
    """Give each row as a block of lines: its first cell, then every other cell behind its heading."""
    indent = "  "
    labels = max((cells(title) for title in table.head[1:]), default=0)
    labels = min(labels, max(width // 3, 8))
    values = width - len(indent) - labels - _GAP
    beside = values >= max(12, max((widest_word(cell) for row in table.rows for cell in row[1:]), default=0))
    widest = max((cells(cell) for row in table.rows for cell in row[1:]), default=0)
    for number, (first, *rest) in enumerate(table.rows):
        if number:
            yield ()
        title = f"{table.head[0]} {first}" if table.head[0] and table.figures else first
        yield from ((Span(line, "heading"),) for line in fold(title, width))
        for label, cell in zip(table.head[1:], rest, strict=True):
            if not cell:
                continue
            if not beside or not label:
                above = fold(f"{label}:", width - len(indent)) if label else []
                yield from ((Span(indent + line, "label"),) for line in above)
                inner = indent * (2 if label else 1)
                yield from ((Span(inner + line),) for line in fold(cell, width - len(inner)))
                continue
            names, parts = fold(label, labels), fold(cell, values)
            for name, part in zip_longest(names, parts, fillvalue=""):
                space = " " * (labels - cells(name) + _GAP)
                if table.figures:
                    space += " " * (min(widest, values) - cells(part))
                yield Span(indent + name, "label"), Span(space + part)


_CSS = """
.restructure{max-width:64em;line-height:1.45}
.restructure h3,.restructure h4,.restructure h5{margin:1.1em 0 .3em;line-height:1.25}
.restructure h3{font-size:1.3em;margin-top:.2em}
.restructure h4{font-size:1.08em}
.restructure h5{font-size:1em}
.restructure p{margin:.3em 0 .7em}
.restructure .wide{overflow-x:auto;margin:.3em 0 .8em}
.restructure table{border-collapse:collapse;font-size:.95em;font-variant-numeric:tabular-nums;color:inherit;margin:0}
.restructure th,.restructure td{background:none;color:inherit;
border:0;border-bottom:1px solid rgba(128,128,128,.28);white-space:normal;max-width:36em}
.restructure tr,.restructure thead,.restructure tbody{background:none}
.restructure th{font-weight:600;border-bottom:2px solid rgba(128,128,128,.5);vertical-align:bottom}
.restructure .n{white-space:nowrap}
.restructure th.n{white-space:normal;min-width:4.5em}
.restructure .k{white-space:nowrap}
""".replace("\n", "")


def to_html(blocks: Sequence[Block], *, language: str = "en") -> str:
    """Render as an HTML fragment with the few lines of CSS that it needs, everything escaped.

    The colours are those of the page around it, light or dark; a reader of mail that drops the CSS still aligns the
    tables.
    """
    parts = [f'<div class="restructure" lang="{html.escape(language)}"><style>{_CSS}</style>']
    for block in blocks:
        match block:
            case Heading(text, level):
                parts.append(f"<h{level + 2}>{html.escape(text)}</h{level + 2}>")
            case Lines(lines):
                parts.append(f"<p>{'<br>'.join(_held(line) for line in lines)}</p>")
            case Table(head, rows, figures):
                parts.append('<div class="wide"><table><thead>')
                parts.append(_html_row("th", head, figures=figures))
                parts.append("</thead><tbody>")
                parts += (_html_row("td", row, figures=figures) for row in rows)
                parts.append("</tbody></table></div>")
    return "".join([*parts, "</div>"])


def _html_row(tag: str, row: Sequence[str], *, figures: bool) -> str:
    written = []
    for k, cell in enumerate(row):
        right = figures and k > 0
        # What a reader of mail keeps; the padding is on the side where the next column of words would touch.
        sides, padding = ("right", "2px 0 2px 14px") if right else ("left", "2px 14px 2px 0")
        style = f' style="text-align:{sides};padding:{padding};vertical-align:top"'
        style = f' class="n"{style}' if right else style
        written.append(f"<{tag}{style}>{_held(cell)}</{tag}>")
    return f"<tr>{''.join(written)}</tr>"


def _held(text: str) -> str:
    """Escape a text, and keep a page from breaking a date, an amount or an identifier inside."""
    parts, at = [], 0
    for match in HELD.finditer(text):
        if match.end() - match.start() <= 40:
            parts += [
                html.escape(text[at : match.start()]),
                f'<span class="k">{html.escape(match[0])}</span>',
            ]
            at = match.end()
    return "".join([*parts, html.escape(text[at:])]).replace("\n", "<br>")
