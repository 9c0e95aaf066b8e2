"""Blocks: headings, sentences and tables, rendered as plain text or HTML without any package."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from unicodedata import east_asian_width

from restructure.texts import Text

__all__ = ["Block", "Heading", "Lines", "Table", "say", "to_html", "to_text"]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 or 2."""

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


def say(text: Text, language: str) -> str:
    """Pick a text in a language, English or the first there is if it lacks that one."""
    return text.get(language) or text.get("en") or next(iter(text.values()))


def _cells(text: str) -> int:
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _wrap(text: str, width: int) -> list[str]:
    lines, line = [], ""
    for word in text.split(" "):
        while _cells(word) > width:  # text without spaces, such as Chinese
            room = width - _cells(line) - (1 if line else 0)
            cut = 0
            while cut < len(word) and _cells(word[: cut + 1]) <= max(room, 2):
                cut += 1
            lines.append(f"{line} {word[:cut]}".strip())
            line, word = "", word[cut:]
        if line and _cells(line) + 1 + _cells(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line] if line or not lines else lines


def to_text(blocks: Sequence[Block], *, width: int = 100) -> str:
    """Render as plain text no wider than `width` cells, Chinese counted double."""
    parts: list[str] = []
    for block in blocks:
        match block:
            case Heading(text, level):
                underline = ("=" if level == 1 else "-") * min(_cells(text), width)
                parts.append("\n".join([*_wrap(text, width), underline]))
            case Lines(lines):
                parts.append("\n".join(part for line in lines for part in _wrap(line, width)))
            case Table():
                parts.append(_text_table(block, width))
    return "\n\n".join(parts) + "\n"


def _text_table(table: Table, width: int) -> str:
    grid = [table.head, *table.rows]
    widths = [max(_cells(row[k]) for row in grid) for k in range(len(table.head))]
    spare = width - 2 * (len(widths) - 1)
    while sum(widths) > spare:  # the widest column gives way
        widest = max(range(len(widths)), key=widths.__getitem__)
        widths[widest] -= min(sum(widths) - spare, max(widths[widest] - 12, 1))
    lines: list[str] = []
    for number, row in enumerate(grid):
        wrapped = [_wrap(cell, widths[k]) for k, cell in enumerate(row)]
        for parts in zip_longest(*wrapped, fillvalue=""):
            cells = []
            for k, part in enumerate(parts):
                padding = " " * (widths[k] - _cells(part))
                cells.append(padding + part if table.figures and k else part + padding)
            lines.append("  ".join(cells).rstrip())
        if number == 0:
            lines.append("  ".join("-" * width for width in widths))
    return "\n".join(lines)


def to_html(blocks: Sequence[Block]) -> str:
    """Render as an HTML fragment, everything escaped."""
    parts = ['<div style="max-width: 60em">']
    for block in blocks:
        match block:
            case Heading(text, level):
                parts.append(f"<h{level + 2}>{html.escape(text)}</h{level + 2}>")
            case Lines(lines):
                parts += [f"<p>{'<br>'.join(html.escape(line) for line in lines)}</p>"]
            case Table(head, rows, figures):
                aligned = [
                    ' style="text-align: right"' if figures and k else ' style="text-align: left"'
                    for k in range(len(head))
                ]
                cells = "".join(f"<th{a}>{html.escape(c)}</th>" for a, c in zip(aligned, head, strict=True))
                parts.append(f"<table><thead><tr>{cells}</tr></thead><tbody>")
                for row in rows:
                    cells = "".join(
                        f"<td{a}>{html.escape(c)}</td>" for a, c in zip(aligned, row, strict=True)
                    )
                    parts.append(f"<tr>{cells}</tr>")
                parts.append("</tbody></table>")
    return "".join([*parts, "</div>"])
