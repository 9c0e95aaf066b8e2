"""The same conditions on durable_rules; the only importer of the engine.

What the engine does when it is asked differently is measured in the project's notes; this adapter asks
in the one way that was never wrong: its C extension and not its `Host` (whose timer threads post into
sessions), integers and plain conjunctions only, sets of at most 60, one session and one lock per
compiled problem, every fact retracted, and everything rebuilt after any error and after a fork.
"""

import importlib.metadata
import json
import os
import threading
import weakref
from collections.abc import Sequence
from functools import cache
from types import ModuleType
from typing import Any

from restructure.errors import EngineError, Issue
from restructure.policy.normal import Leaf, Operator, Problem, Values, disjuncts

__all__ = ["WIDEST", "DurableEngine", "engine_version"]

WIDEST = 48
"""The most alternatives one condition may spell out to."""

# 64 matches may be open at once in one rule set (the engine's error 303).
_SET_SIZE = 60
# A fact holds 251 properties (error 302); a slot takes two.
_MOST_SLOTS = 120
_LARGEST = 2**63 - 1
_END = '{"end":1}'
_Slot = tuple[str, str | None, int, int]
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
    """Up to 60 alternatives and the slots they read, as the engine takes them."""

    def __init__(self) -> None:
        self.rules: list[tuple[str, dict[str, Any]]] = []
        self.slots: dict[_Slot, int] = {}
        self._template = ""

    def fits(self, row: Sequence[Leaf]) -> bool:
        """Tell whether another alternative has room."""
        slots = self.slots.keys() | {_slot_of(leaf) for leaf in row}
        return len(self.rules) < _SET_SIZE and len(slots) <= _MOST_SLOTS

    def add(self, name: str, row: Sequence[Leaf]) -> None:
        """Add one alternative."""
        wanted: list[dict[str, Any]] = []
        for leaf in row:
            wanted += [part for part in self._conjunct(leaf) if part not in wanted]
        condition = wanted[0] if len(wanted) == 1 else {"$and": wanted}
        self.rules.append((name, {"all": [{"m": condition}], "pri": len(self.rules)}))

    def _conjunct(self, leaf: Leaf) -> list[dict[str, Any]]:
        slot = self.slots.setdefault(_slot_of(leaf), len(self.slots))
        known = {f"k{slot}": int(leaf.op is not Operator.UNKNOWN)}
        if leaf.op in (Operator.KNOWN, Operator.UNKNOWN):
            return [known]
        threshold = leaf.threshold if leaf.other is None else 0
        _check_range(threshold, leaf.fact)
        compared = {f"f{slot}": threshold}
        return [known, compared if leaf.op is Operator.EQUAL else {_WORDS[leaf.op]: compared}]

    def definition(self) -> str:
        """Write the set; its last rule matches only the fact that ends it (see `_free`)."""
        end = ("end", {"all": [{"m": {"end": 1}}], "pri": len(self.rules)})
        return json.dumps(dict([*self.rules, end]))

    def encode(self, values: Values) -> str:
        """Write the facts as integers, each with a flag that says whether it is known."""
        if not self._template:
            self._template = "{" + ",".join(f'"f{k}":%d,"k{k}":%d' for k in self.slots.values()) + "}"
        numbers: list[int] = []
        for fact, other, left, right in self.slots:
            mine = values[fact]
            if other is not None:
                theirs = values[other]
                mine = None if mine is None or theirs is None else left * mine - right * theirs
            if mine is not None:
                _check_range(mine, fact)
            numbers += (0, 0) if mine is None else (mine, 1)
        return self._template % tuple(numbers)


def _slot_of(leaf: Leaf) -> _Slot:
    return (leaf.fact, None, 1, 1) if leaf.other is None else (leaf.fact, leaf.other, leaf.left, leaf.right)


def _cut(problem: Problem) -> list[_RuleSet]:
    """Spell the conditions out and cut them into sets that the engine can hold."""
    sets: list[_RuleSet] = []
    for position, (name, node) in enumerate(problem.entries):
        for k, row in enumerate(disjuncts(node)):
            if not sets or not sets[-1].fits(row):
                sets.append(_RuleSet())
                if not sets[-1].fits(row):
                    raise EngineError(
                        Issue(
                            "condition-too-wide",
                            f"{name} compares more than {_MOST_SLOTS} facts at once; split it",
                        )
                    )
            sets[-1].add(f"{position}.{k}", row)
    return sets


def _free(extension: ModuleType, handles: Sequence[int], owner: int) -> None:
    """Give a problem's rule sets back to the engine, in the process that made them.

    A session may be deleted only after an action ran in it, so each set is asked its last rule first.
    """
    if owner != os.getpid():
        return
    for handle in handles:
        code, state = extension.assert_fact(handle, _END)
        if code == _MATCHED and extension.start_action_for_state(handle, state):
            while extension.complete_and_start_action(handle, state):
                pass
            extension.retract_fact(handle, _END)
            extension.delete_state(handle, "0")
            extension.delete_ruleset(handle)


class DurableEngine:
    """One problem compiled to rule sets of the engine."""

    def __init__(self, problem: Problem) -> None:
        extension = _extension()
        if extension is None:
            raise EngineError(Issue("engine-absent", "durable-rules cannot be imported by this interpreter"))
        self._extension = extension
        self._lock, self._lock_owner = threading.Lock(), os.getpid()
        self._names = [name for name, _ in problem.entries]
        self._sets = _cut(problem)
        self._handles: list[int] = []
        self._owner = -1

    def fired(self, values: Values) -> list[str]:
        """List the names of the conditions that are definitely true, in order."""
        texts = [one.encode(values) for one in self._sets]
        if self._lock_owner != os.getpid():  # another thread may have held it when this process was forked
            self._lock, self._lock_owner = threading.Lock(), os.getpid()
        with self._lock:
            try:
                if self._owner != os.getpid():
                    self._build()
                matches = [
                    match
                    for handle, text in zip(self._handles, texts, strict=True)
                    for match in self._matches(handle, text)
                ]
            except BaseException:
                # A set interrupted half-way stays locked for a minute; it is never used again.
                self._handles, self._owner = [], -1
                raise
        # A rule is named "position.alternative": several alternatives of one condition may match.
        return [self._names[k] for k in sorted({int(match.partition(".")[0]) for match in matches})]

    # --- running

    def _build(self) -> None:
        self._handles = [self._create(k, one.definition()) for k, one in enumerate(self._sets)]
        self._self_test()
        self._owner = os.getpid()
        weakref.finalize(self, _free, self._extension, self._handles, self._owner)

    def _create(self, number: int, text: str) -> int:
        try:
            return int(self._extension.create_ruleset(f"p{number}", text))
        except Exception as error:
            raise EngineError(
                Issue("engine-failed", f"a rule set could not be compiled ({type(error).__name__})")
            ) from None

    def _self_test(self) -> None:
        """Ask five rules with a known answer, so that a changed engine is noticed before it decides."""
        rules = {
            "0.0": {"all": [{"m": {"$and": [{"k0": 1}, {"$gt": {"f0": 5}}]}}], "pri": 0},
            "1.0": {"all": [{"m": {"$and": [{"k0": 1}, {"$lte": {"f0": 5}}]}}], "pri": 1},
            "2.0": {"all": [{"m": {"$and": [{"k0": 1}, {"f0": 7}]}}], "pri": 2},
            "3.0": {"all": [{"m": {"$and": [{"k0": 1}, {"$neq": {"f0": 7}}]}}], "pri": 3},
            "4.0": {"all": [{"m": {"k0": 0}}], "pri": 4},
        }
        handle = self._create(len(self._sets), json.dumps(rules))
        for text, expected in (
            ('{"f0":7,"k0":1}', ["0.0", "2.0"]),
            ('{"f0":5,"k0":1}', ["1.0", "3.0"]),
            ('{"f0":0,"k0":0}', ["4.0"]),
            (f'{{"f0":{_LARGEST},"k0":1}}', ["0.0", "3.0"]),
        ):
            if self._matches(handle, text) != expected:
                raise EngineError(
                    Issue("engine-self-test", "the rule engine gave a wrong answer to a known question")
                )
        self._extension.delete_state(handle, "0")
        self._extension.delete_ruleset(handle)

    def _matches(self, handle: int, text: str) -> Sequence[str]:
        extension = self._extension
        try:
            code, state = extension.assert_fact(handle, text)
            names: list[str] = []
            if code == _MATCHED:
                action = extension.start_action_for_state(handle, state)
                message = action[1] if action else None
                if message is None:
                    raise EngineError(
                        Issue("engine-failed", "the engine's session was locked by an interrupted evaluation")
                    )
                while message:
                    names.append(message[2 : message.index('"', 2)])
                    message = extension.complete_and_start_action(handle, state)
            elif code != _NOTHING:
                raise EngineError(Issue("engine-failed", f"the engine answered a fact with code {code}"))
            extension.retract_fact(handle, text)
        except EngineError:
            raise
        except Exception as error:
            # The engine's own messages can hold the whole fact, so only their kind is passed on.
            raise EngineError(Issue("engine-failed", f"the engine raised {type(error).__name__}")) from None
        return names


def _check_range(value: int, fact: str) -> None:
    if not -_LARGEST <= value <= _LARGEST:
        raise EngineError(Issue("engine-overflow", f"{fact} does not fit the engine's 64-bit integers"))
