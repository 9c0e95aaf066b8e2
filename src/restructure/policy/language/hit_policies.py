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
    """All that match."""


class RowMatch(NamedTuple):
    """The verdict on one row."""

    id: str
    verdict: Literal["true", "false", "unknown"]
    priority: tuple[int, ...] = ()
    """Lower comes first; rows of equal priority keep their order."""


class Settled(NamedTuple):
    """Which rows count, and why the others do not."""

    chosen: tuple[str, ...]
    """The rows that count."""
    beaten: dict[str, str]
    """Rows that match and do not count, each with the row that comes before it."""
    open: dict[str, str]
    """Rows that match but are undetermined, each with the undetermined row before it."""
    clash: tuple[str, ...] = ()
    """Rows that match although at most one may."""
    moot: frozenset[str] = frozenset()
    """Undetermined rows that would not count if they matched."""


def settle(hit: Hit, matches: Sequence[RowMatch]) -> Settled:
    """Choose among matching rows; an undetermined row leaves all later rows undetermined.

    >>> rows = [RowMatch("a", "false"), RowMatch("b", "true"), RowMatch("c", "true")]
    >>> settle(Hit.FIRST, rows).chosen, settle(Hit.COLLECT, rows).chosen, settle(Hit.UNIQUE, rows).clash
    (('b',), ('b', 'c'), ('b', 'c'))
    """
    matching = tuple(match.id for match in matches if match.verdict == "true")
    if hit is Hit.COLLECT:
        return Settled(matching, {}, {})
    if hit is Hit.UNIQUE:
        return Settled(matching, {}, {}) if len(matching) < 2 else Settled((), {}, {}, matching)
    ordered = sorted(matches, key=lambda match: match.priority) if hit is Hit.PRIORITY else matches
    chosen: tuple[str, ...] = ()
    beaten: dict[str, str] = {}
    undecided: dict[str, str] = {}
    unknown, moot = "", set()
    for row in ordered:
        if row.verdict == "unknown":
            unknown = unknown or row.id
            if chosen:
                moot.add(row.id)
        elif row.verdict == "true":
            if chosen:
                beaten[row.id] = chosen[0]
            elif unknown:
                undecided[row.id] = unknown
            else:
                chosen = (row.id,)
    return Settled(chosen, beaten, undecided, moot=frozenset(moot))
