"""Conditions evaluated by durable_rules; no other module imports the engine.

The engine is used only in the way that gave no wrong answer when it was measured: through its C extension and not
its `Host` (whose timer threads post into sessions), with integers and plain conjunctions only, in sets of at most 60,
with one session and one lock per compiled problem. Every fact is retracted, and everything is rebuilt after any
error and after a fork.
"""

import importlib.metadata
import json
import os
import struct
import threading
import weakref
from collections.abc import Sequence
from functools import cache
from types import ModuleType
from typing import Any

from restructure.errors import EngineError, Issue
from restructure.policy.engine.normal_form import (
    Alternative,
    FactRow,
    Leaf,
    Operator,
    Problem,
    Together,
    Values,
)
from restructure.policy.engine.rule_sets import SLOTS_OF_A_PAGE, UNKNOWN, WIDEST, Conjunction, Page, paged

__all__ = ["WIDEST", "DurableEngine", "engine_version", "hash_of"]

_LARGEST = 2**63 - 1
# Every message has the same identity, so that a short text retracts it, and a message that was left behind makes
# the next an error (`_OBSERVED`) instead of joining it with the facts of another borrower.
_RETRACTED = '{"id":1}'
_END = '{"id":1,"end":1}'
_MATCHED, _NOTHING = 0, 1

_WORDS = {
    Operator.NOT_EQUAL: "$neq",
    Operator.LESS: "$lt",
    Operator.AT_MOST: "$lte",
    Operator.MORE: "$gt",
    Operator.AT_LEAST: "$gte",
}


def _extension() -> ModuleType | None:
    try:
        import durable_rules_engine
    except ImportError:
        return None
    return durable_rules_engine  # type: ignore[no-any-return]


@cache
def engine_version() -> str | None:
    """Give the engine's version as a decision records it, `None` where it cannot be imported."""
    return f"durable_rules {importlib.metadata.version('durable_rules')}" if _extension() else None


class _RuleSet:
    """Up to 60 conjunctions inside the engine, and which condition each belongs to."""

    def __init__(self, handle: int, places: dict[str, int]) -> None:
        self.handle, self.places = handle, places

    def ask(self, extension: ModuleType, text: str, places: list[int]) -> None:
        """Add the places of the conditions that a message fulfils; the session is empty before and after."""
        handle = self.handle
        code, state = extension.assert_fact(handle, text)
        if code == _MATCHED:
            action = extension.start_action_for_state(handle, state)
            if action is None:
                raise EngineError(
                    Issue("engine-failed", "the engine's session was locked by an interrupted evaluation")
                )
            following = extension.complete_and_start_action
            message = action[1]
            while message:
                places.append(self.places[message[2:4]])  # {"07":{"m":{…}}}
                message = following(handle, state)
        elif code != _NOTHING:
            raise EngineError(Issue("engine-failed", f"the engine answered a message with code {code}"))
        extension.retract_fact(handle, _RETRACTED)

    def free(self, extension: ModuleType) -> None:
        """Give it back to the engine.

        A session may be deleted only after an action ran in it, so its last rule is asked first.
        """
        places: list[int] = []
        self.ask(extension, _END, places)
        if places:
            extension.delete_state(self.handle, "0")
            extension.delete_ruleset(self.handle)


class _Message:
    """How a page's message is written: one integer a slot, `UNKNOWN` for what is not known."""

    def __init__(self, page: Page, problem: Problem) -> None:
        number = {fact: k for k, fact in enumerate(problem.facts)}
        facts = [slot for slot in page.slots if slot.other is None]
        differences = [slot for slot in page.slots if slot.other is not None]
        self._names = problem.facts
        self._facts = [number[slot.fact] for slot in facts]
        self._differences = [
            (number[slot.fact], number[slot.other or ""], slot.left, slot.right) for slot in differences
        ]
        self._is_row = self._facts == list(range(len(problem.facts)))
        self._pack = struct.Struct(f"{len(page.slots)}q").pack
        written = ",".join(f'"f{page.slots[slot]}":%d' for slot in (*facts, *differences))
        self._template = f'{{"id":1,{written}}}'

    def text(self, row: FactRow) -> str:
        """Write the message for one row of facts."""
        numbers = row if self._is_row else tuple([row[k] for k in self._facts])
        if self._differences:
            numbers += tuple(
                [_difference(row[mine], row[theirs], *by) for mine, theirs, *by in self._differences]
            )
        try:
            self._pack(*numbers)  # the quickest test that all are integers of 64 bits
            known = numbers
        except struct.error:
            known = tuple([UNKNOWN if number is None else number for number in numbers])
            try:
                self._pack(*known)
            except struct.error:
                raise self._refused(row) from None
        if UNKNOWN in numbers:  # a fact that would be taken for unknown
            raise self._refused(row)
        return self._template % known

    def _refused(self, row: FactRow) -> Exception:
        """Say which fact the engine cannot hold, and not its value."""
        for k, number in enumerate(row):
            if number is not None and not isinstance(number, int):
                return TypeError(f"{self._names[k]} is no integer but {type(number).__name__}")
        name = next(self._names[k] for k in self._facts if not -_LARGEST <= (row[k] or 0) <= _LARGEST)
        return EngineError(Issue("engine-overflow", f"{name} does not fit the engine's 64-bit integers"))


def _difference(mine: int | None, theirs: int | None, left: int, right: int) -> int | None:
    """Subtract two facts; only the sign is asked for, so what the engine cannot hold becomes what it can."""
    if mine is None or theirs is None:
        return None
    return max(-_LARGEST, min(_LARGEST, left * mine - right * theirs))


class DurableEngine:
    """One problem compiled to rule sets of the engine, when it is first asked."""

    def __init__(self, problem: Problem) -> None:
        extension = _extension()
        if extension is None:
            raise EngineError(Issue("engine-absent", "durable-rules cannot be imported by this interpreter"))
        self._extension = extension
        self._problem = problem
        self._pages = paged(problem)
        self._messages = [_Message(page, problem) for page in self._pages]
        self._sets: list[list[_RuleSet]] | None = None
        self._lock, self._owner = threading.Lock(), os.getpid()
        self._freeing: Any = None

    def fired(self, values: Values) -> list[str]:
        """List the names of the conditions that are definitely true, in order."""
        names = self._problem.names
        return [names[place] for place in self.places(self._problem.row(values))]

    def places(self, row: FactRow) -> list[int]:
        """List the places of the conditions that are definitely true, in order.

        Raises `EngineError` if a fact is beyond 64 bits or the engine fails; the next call starts afresh.
        """
        texts = [message.text(row) for message in self._messages]
        if self._owner != os.getpid():
            self._disown()
        with self._lock:
            try:
                sets = self._sets
                if sets is None:
                    sets = self._sets = self._built()
                places = self._asked(sets, texts)
            except BaseException:
                # A set interrupted half-way stays locked for a minute; it is neither used nor freed again.
                self._abandon()
                raise
        # Several conjunctions of one condition may match.
        return sorted(set(places))

    def _asked(self, sets: Sequence[Sequence[_RuleSet]], texts: Sequence[str]) -> list[int]:
        extension, places = self._extension, list[int]()
        try:
            for text, page in zip(texts, sets, strict=True):
                for rule_set in page:
                    rule_set.ask(extension, text, places)
        except EngineError:
            raise
        except Exception as error:
            # The engine's own messages can hold the whole fact, so only their kind is passed on.
            raise EngineError(Issue("engine-failed", f"the engine raised {type(error).__name__}")) from None
        return places

    # --- building and letting go

    def _built(self) -> list[list[_RuleSet]]:
        self._test_itself()
        sets = self._created(self._pages)
        self._freeing = weakref.finalize(self, _free, self._extension, sets, os.getpid())
        self._freeing.atexit = False  # the process gives everything back
        return sets

    def _created(self, pages: Sequence[Page]) -> list[list[_RuleSet]]:
        return [[self._create(rows) for rows in page.sets] for page in pages]

    def _create(self, rows: Sequence[Conjunction]) -> _RuleSet:
        rules: dict[str, Any] = {}
        for k, (_, comparisons) in enumerate(rows):
            parts = [_condition(*comparison) for comparison in comparisons]
            rules[f"{k:02}"] = {"all": [{"m": parts[0] if len(parts) == 1 else {"$and": parts}}], "pri": k}
        rules["end"] = {"all": [{"m": {"end": 1}}], "pri": len(rows)}  # see `_RuleSet.free`
        places = {f"{k:02}": place for k, (place, _) in enumerate(rows)} | {"en": -1}
        try:
            handle = int(self._extension.create_ruleset("p", json.dumps(rules)))
        except Exception as error:
            raise EngineError(
                Issue("engine-failed", f"a rule set could not be compiled ({type(error).__name__})")
            ) from None
        return _RuleSet(handle, places)

    def _test_itself(self) -> None:
        """Ask rules with known answers, so that a changed engine is noticed before it decides."""
        pages = paged(_KNOWN_PROBLEM)
        sets = self._created(pages)
        messages = [_Message(page, _KNOWN_PROBLEM) for page in pages]
        for row, expected in _KNOWN_ANSWERS:
            for _ in range(2):
                places = self._asked(sets, [message.text(row) for message in messages])
                if sorted(places) != expected or not _hashes_differ():
                    raise EngineError(
                        Issue("engine-self-test", "the rule engine gave a wrong answer to a known question")
                    )
        _free(self._extension, sets, os.getpid())

    def _abandon(self) -> None:
        self._sets = None
        if self._freeing is not None:
            self._freeing.detach()
            self._freeing = None

    def _disown(self) -> None:
        """Begin afresh in a process that was forked: what the parent built, and who held its lock, stays there."""
        with _disowning:
            if self._owner != os.getpid():
                self._lock = threading.Lock()
                self._abandon()
                self._owner = os.getpid()


_disowning = threading.Lock()


def _after_fork() -> None:
    global _disowning  # noqa: PLW0603
    _disowning = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _free(extension: ModuleType, sets: Sequence[Sequence[_RuleSet]], owner: int) -> None:
    if owner == os.getpid():
        for page in sets:
            for rule_set in page:
                rule_set.free(extension)


def _condition(slot: int, op: Operator, threshold: int) -> dict[str, Any]:
    compared = {f"f{slot}": threshold}
    return compared if op is Operator.EQUAL else {_WORDS[op]: compared}


# --- the self-test: questions with known answers

_KNOWN_PROBLEM = Problem(
    [
        ("more", Leaf("a", Operator.MORE, 5)),
        ("at most", Leaf("a", Operator.AT_MOST, 5)),
        ("equal", Leaf("a", Operator.EQUAL, 7)),
        ("not equal", Leaf("a", Operator.NOT_EQUAL, 7)),
        ("unknown", Leaf("a", Operator.UNKNOWN)),
        ("both", Together((Leaf("a", Operator.AT_LEAST, 5), Leaf("b", Operator.LESS, -3)))),
        ("either", Alternative((Leaf("a", Operator.EQUAL, 5), Leaf("b", Operator.EQUAL, -4)))),
        ("the other", Leaf("a", Operator.MORE, other="b", left=2, right=3)),
        ("largest", Leaf("a", Operator.AT_LEAST, _LARGEST)),
        ("smallest", Leaf("b", Operator.AT_MOST, -_LARGEST)),
    ]
)
_KNOWN_ANSWERS: tuple[tuple[FactRow, list[int]], ...] = (
    ((7, -4), [0, 2, 5, 6, 7]),
    ((5, 4), [1, 3, 6]),
    ((5, None), [1, 3, 6]),
    ((None, -4), [4, 6]),
    ((None, None), [4]),
    ((_LARGEST, -_LARGEST), [0, 3, 5, 7, 8, 9]),
    ((_LARGEST - 1, 1 - _LARGEST), [0, 3, 5, 7]),
    ((-3, -2), [1, 3]),
)


@cache
def _hashes_differ() -> bool:
    """The engine tells names apart by their hash alone."""
    names = ["id", "sid", "$s", "end", *(f"f{k}" for k in range(SLOTS_OF_A_PAGE))]
    return len({hash_of(name) for name in names}) == len(names)


def hash_of(name: str) -> int:
    """Give the engine's 32-bit hash of a name (FNV-1a)."""
    digest = 2166136261
    for byte in name.encode():
        digest = (digest ^ byte) * 16777619 % 2**32
    return digest
