"""Folding: text broken into lines of so many cells, never inside a date, an amount or an identifier."""

import re
from collections.abc import Iterator
from unicodedata import category, east_asian_width

__all__ = ["cells", "fold", "widest_word"]

_NOT_FIRST = "，。、；：？！）】》」』”’％·…—"
_NOT_LAST = "（【《「『“‘"
_SIGN = re.compile(r"[%‰]\W*")


def cells(text: str) -> int:
    """Count the cells of a terminal that a text takes: Chinese counts double, a combining mark nothing.

    >>> cells("逾期 3 days")
    11
    """
    return sum(_cells(char) for char in text)


def _cells(char: str) -> int:
    if char.isascii():
        return 1
    return 0 if category(char) in ("Mn", "Me", "Cf") else 2 if east_asian_width(char) in "WF" else 1


def fold(text: str, width: int) -> list[str]:
    """Break a text into lines of at most `width` cells.

    A line ends at a blank or between two Chinese characters. A word that is wider than a line is broken, behind a
    hyphen, a stroke or an underscore if there is one.

    >>> fold("due 2026-03-18 at 12.5 %", 10)
    ['due', '2026-03-18', 'at 12.5 %']
    """
    lines = [line for paragraph in text.split("\n") for line in _folded(paragraph, max(width, 1))]
    return lines or [""]


def widest_word(text: str) -> int:
    """Give the cells of the widest part of a text that is not to be broken."""
    return max((cells(word) for _, word in _words(text)), default=0)


def _folded(text: str, width: int) -> Iterator[str]:
    line, taken = "", 0
    for blank, word in _words(text):
        gap = " " if blank and line else ""
        if line and taken + len(gap) + cells(word) > width:
            yield line
            line, taken, gap = "", 0, ""
        while cells(word) > width:
            cut = _cut(word, width)
            yield word[:cut]
            word = word[cut:]
        line += gap + word
        taken += len(gap) + cells(word)
    if line or not text.strip():
        yield line


def _cut(word: str, width: int) -> int:
    """Say behind how many characters a word that is too wide is broken."""
    room = taken = 0
    for char in word:
        taken += _cells(char)
        if taken > width and room:
            break
        room += 1
    soft = max(word.rfind(sign, 0, room) for sign in "-_/.,=") + 1
    return soft if soft > room // 2 else room


def _words(text: str) -> Iterator[tuple[bool, str]]:
    """Split a text where it may be broken, each part with whether a blank goes before it."""
    held, blank = "", False
    for part in text.split(" "):
        if not part:
            continue
        if held[-1:].isdigit() and _SIGN.fullmatch(part):
            held = f"{held} {part}"
            continue
        if held:
            yield from _parts(blank, held)
            blank = True
        held = part
    if held:
        yield from _parts(blank, held)


def _parts(blank: bool, word: str) -> Iterator[tuple[bool, str]]:
    """Split a word between Chinese characters, closing marks kept behind and opening marks before what they mark."""
    if word.isascii():
        yield blank, word
        return
    part = ""
    for char in word:
        if part and _opens(part[-1], char):
            yield blank, part
            part, blank = "", False
        part += char
    yield blank, part


def _opens(before: str, after: str) -> bool:
    if before in _NOT_LAST or after in _NOT_FIRST or _cells(after) == 0:
        return False
    return bool(_cells(before) == 2 or _cells(after) == 2)


HELD = re.compile(r"[^\W_]+(?:[-_.,:/][^\W_]+)+(?: ?%)?", re.ASCII)
"""A date, an amount or an identifier: words that a page is not to break at the marks between them."""
