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
_LARGEST = 2**63 - 1
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


class DurableEngine:
    """One problem compiled to rule sets of the engine."""

    def __init__(self, problem: Problem) -> None:
        extension = _extension()
        if extension is None:
            raise EngineError(Issue("engine-absent", "durable-rules cannot be imported by this interpreter"))
        self._extension = extension
        self._lock = threading.Lock()
        self._slots: dict[tuple[str, str | None, int, int], int] = {}
        self._names = [name for name, _ in problem.entries]
        self._sets = self._definitions(problem)
        self._template = self._fact_template()
        self._handles: list[int] = []
        self._owner = -1

    def fired(self, values: Values) -> list[str]:
        """List the names of the conditions that are definitely true, in order."""
        text = self._encode(values)
        with self._lock:
            try:
                if self._owner != os.getpid():
                    self._build()
                matches = [match for handle in self._handles for match in self._matches(handle, text)]
            except BaseException:
                # A set interrupted half-way stays locked for a minute; it is never used again.
                self._handles, self._owner = [], -1
                raise
        # A rule set is named "position.alternative": several alternatives of one condition may match.
        return [self._names[k] for k in sorted({int(match.partition(".")[0]) for match in matches})]

    # --- compiling

    def _slot(self, leaf: Leaf) -> int:
        key = (leaf.fact, leaf.other, leaf.left if leaf.other else 1, leaf.right if leaf.other else 1)
        return self._slots.setdefault(key, len(self._slots))

    def _conjunct(self, leaf: Leaf) -> list[dict[str, Any]]:
        slot = self._slot(leaf)
        known = {f"k{slot}": int(leaf.op is not Operator.UNKNOWN)}
        if leaf.op in (Operator.KNOWN, Operator.UNKNOWN):
            return [known]
        threshold = leaf.threshold if leaf.other is None else 0
        _check_range(threshold, leaf.fact)
        compared = {f"f{slot}": threshold}
        return [known, compared if leaf.op is Operator.EQUAL else {_WORDS[leaf.op]: compared}]

    def _definitions(self, problem: Problem) -> list[str]:
        rules: list[tuple[str, dict[str, Any]]] = []
        for position, (_, node) in enumerate(problem.entries):
            for k, row in enumerate(disjuncts(node)):
                wanted: list[dict[str, Any]] = []
                for leaf in row:
                    wanted += [part for part in self._conjunct(leaf) if part not in wanted]
                condition = wanted[0] if len(wanted) == 1 else {"$and": wanted}
                rules.append((f"{position}.{k}", {"all": [{"m": condition}], "pri": len(rules) % _SET_SIZE}))
        return [
            json.dumps(dict(rules[start : start + _SET_SIZE])) for start in range(0, len(rules), _SET_SIZE)
        ]

    def _fact_template(self) -> str:
        slots = ",".join(f'"f{slot}":%d,"k{slot}":%d' for slot in self._slots.values())
        return "{" + slots + "}"

    def _encode(self, values: Values) -> str:
        numbers: list[int] = []
        for fact, other, left, right in self._slots:
            mine = values[fact]
            if other is not None:
                theirs = values[other]
                mine = None if mine is None or theirs is None else left * mine - right * theirs
            if mine is not None:
                _check_range(mine, fact)
            numbers += (0, 0) if mine is None else (mine, 1)
        return self._template % tuple(numbers)

    # --- running

    def _build(self) -> None:
        self._handles = [self._create(k, text) for k, text in enumerate(self._sets)]
        self._self_test()
        self._owner = os.getpid()

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
