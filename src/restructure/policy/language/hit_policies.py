"""Hit policies: which of several matching rows counts, by the names that DMN gives them."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Literal, NamedTuple

__all__ = ["Hit", "RowMatch", "Settled", "settle"]


class Hit(StrEnum):
    """Which row counts if several match."""

    UNIQUE = "unique"
    """At most one may match; two are an error of the policy."""
    FIRST = "first"
    """The first that matches, in the order of the rows."""
    PRIORITY = "priority"
    """The one whose output comes first among the declared values."""
    COLLECT = "collect"
    """All of them."""


class RowMatch(NamedTuple):
    """How one row came out."""

    id: str
    verdict: Literal["true", "false", "unknown"]
    priority: tuple[int, ...] = ()
    """Smaller comes first; rows of one priority stay in their order."""


class Settled(NamedTuple):
    """Which rows count, and what stood in the way of the others."""

    chosen: tuple[str, ...]
    """The rows that count."""
    beaten: dict[str, str]
    """Rows that match and do not count, each with the row that comes before it."""
    open: dict[str, str]
    """Rows that match but may not count, each with the row before it that nobody can judge."""
    clash: tuple[str, ...] = ()
    """Rows that match though only one may."""
    moot: frozenset[str] = frozenset()
    """Rows that nobody can judge and that would not count if they matched."""


def settle(hit: Hit, matches: Sequence[RowMatch]) -> Settled:
    """Choose among matching rows; a row that nobody can judge keeps later ones open.

    >>> rows = [RowMatch("a", "false"), RowMatch("b", "true"), RowMatch("c", "true")]
    >>> settle(Hit.FIRST, rows).chosen, settle(Hit.COLLECT, rows).chosen, settle(Hit.UNIQUE, rows).clash
    (('b',), ('b', 'c'), ('b', 'c'))
    """
    matching = tuple(one.id for one in matches if one.verdict == "true")
    if hit is Hit.COLLECT:
        return Settled(matching, {}, {})
    if hit is Hit.UNIQUE:
        return Settled(matching, {}, {}) if len(matching) < 2 else Settled((), {}, {}, matching)
    ordered = sorted(matches, key=lambda one: one.priority) if hit is Hit.PRIORITY else matches
    chosen: tuple[str, ...] = ()
    beaten: dict[str, str] = {}
    undecided: dict[str, str] = {}
    unknown, moot = "", set()
    for one in ordered:
        if one.verdict == "unknown":
            unknown = unknown or one.id
            if chosen:
                moot.add(one.id)
        elif one.verdict == "true":
            if chosen:
                beaten[one.id] = chosen[0]
            elif unknown:
                undecided[one.id] = unknown
            else:
                chosen = (one.id,)
    return Settled(chosen, beaten, undecided, moot=frozenset(moot))
