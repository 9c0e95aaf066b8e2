"""Rule sets: conditions laid out for an engine that takes plain conjunctions of integers, in sets of at most 60.

A *slot* is one integer of the engine's message: a fact, or the difference of two. A *page* is one message and
the sets that read it. Unknown is a number that no fact may have, so that no slot is ever absent.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from restructure.errors import EngineError, Issue
from restructure.policy.engine.normal_form import Leaf, Operator, Problem, disjuncts, width

__all__ = ["SLOTS_OF_A_PAGE", "UNKNOWN", "WIDEST", "Conjunction", "Page", "Slot", "SlotComparison", "paged"]

WIDEST = 48
"""The most alternatives one condition may spell out to."""

UNKNOWN = -(2**63)
"""The number in a slot that is unknown: below every number that a fact may have."""

# 64 matches may be open at once in one rule set (the engine's error 303).
_SET_SIZE = 60

SLOTS_OF_A_PAGE = 120
"""The most slots of one message; the engine holds some 250 properties (its error 302)."""

_LARGEST = 2**63 - 1


class Slot(NamedTuple):
    """A fact, or `left`·fact - `right`·other, which is compared with 0."""

    fact: str
    other: str | None
    left: int
    right: int


SlotComparison = tuple[int, Operator, int]
"""Number of the slot, operator, constant."""

Conjunction = tuple[int, Sequence[SlotComparison]]
"""Place of the condition it belongs to, and what must hold together."""


@dataclass
class Page:
    """One message and the sets of conjunctions that read it."""

    slots: dict[Slot, int] = field(default_factory=dict)
    sets: list[list[Conjunction]] = field(default_factory=list)


def paged(problem: Problem) -> list[Page]:
    """Lay a problem out; raises `EngineError` for what the engine cannot take.

    Inside a page conjunctions are sorted by what they compare first: those of one set then begin alike, and
    the engine looks at the fewest of them. The places say to which condition each belongs.
    """
    return [_sorted(page) for page in _pages(problem)]


def _pages(problem: Problem) -> Iterator[tuple[dict[Slot, int], list[tuple[int, tuple[Leaf, ...]]]]]:
    slots: dict[Slot, int] = {}
    rows: list[tuple[int, tuple[Leaf, ...]]] = []
    for place, (name, node) in enumerate(problem.entries):
        if width(node) > WIDEST:
            raise _too_wide(name, f"spells out to more than {WIDEST} alternatives")
        for row in disjuncts(node):
            _check(name, row)
            new = dict.fromkeys(slot for slot in map(_slot_of, row) if slot not in slots)
            if len(slots) + len(new) > SLOTS_OF_A_PAGE and rows:
                yield slots, rows
                slots, rows, new = {}, [], dict.fromkeys(map(_slot_of, row))
            if len(new) > SLOTS_OF_A_PAGE:
                raise _too_wide(name, f"compares more than {SLOTS_OF_A_PAGE} facts at once")
            for slot in new:
                slots[slot] = len(slots)
            rows.append((place, row))
    if rows:
        yield slots, rows


def _sorted(page: tuple[dict[Slot, int], list[tuple[int, tuple[Leaf, ...]]]]) -> Page:
    slots, rows = page
    often = Counter(slots[_slot_of(leaf)] for _, row in rows for leaf in row)

    def first(comparison: SlotComparison) -> tuple[int, int, int, str, int]:
        # A comparison that seldom holds, or that many conjunctions share, comes first.
        slot, op, threshold = comparison
        seldom = 0 if op is Operator.EQUAL else 1 if op.orders and threshold != UNKNOWN else 2
        return seldom, -often[slot], slot, op.value, threshold

    conjunctions = [(place, sorted(_comparisons(row, slots), key=first)) for place, row in rows]
    conjunctions.sort(key=lambda conjunction: [first(comparison) for comparison in conjunction[1]])
    sets = [conjunctions[k : k + _SET_SIZE] for k in range(0, len(conjunctions), _SET_SIZE)]
    return Page(slots, [list(members) for members in sets])


def _comparisons(row: Sequence[Leaf], slots: dict[Slot, int]) -> Sequence[SlotComparison]:
    """Write the leaves over slots; `UNKNOWN` is below all, so only some have to ask whether the slot is known."""
    wanted: dict[SlotComparison, None] = {}
    known: dict[int, None] = {}
    for leaf in row:
        slot = slots[_slot_of(leaf)]
        match leaf.op:
            case Operator.KNOWN:
                known.setdefault(slot)
            case Operator.UNKNOWN:
                wanted.setdefault((slot, Operator.EQUAL, UNKNOWN))
            case _:
                if leaf.op not in _IMPLY_KNOWN:
                    known.setdefault(slot)
                wanted.setdefault((slot, leaf.op, 0 if leaf.other is not None else leaf.threshold))
    implied = {slot for slot, op, threshold in wanted if op in _IMPLY_KNOWN and threshold != UNKNOWN}
    return [*wanted, *((slot, Operator.MORE, UNKNOWN) for slot in known if slot not in implied)]


_IMPLY_KNOWN = (Operator.EQUAL, Operator.MORE, Operator.AT_LEAST)


def _slot_of(leaf: Leaf) -> Slot:
    if leaf.other is None:
        return Slot(leaf.fact, None, 1, 1)
    return Slot(leaf.fact, leaf.other, leaf.left, leaf.right)


def _check(name: str, row: Sequence[Leaf]) -> None:
    if not row:
        # The engine would match its own messages for ever.
        raise EngineError(Issue("condition-empty", f"{name} holds whatever is the case; give it a condition"))
    for leaf in row:
        if leaf.other is None and not -_LARGEST <= leaf.threshold <= _LARGEST:
            raise EngineError(
                Issue("engine-overflow", f"{leaf.fact} is compared with a number beyond 64-bit integers")
            )


def _too_wide(name: str, what: str) -> EngineError:
    return EngineError(Issue("condition-too-wide", f"{name} {what}; split it"))
