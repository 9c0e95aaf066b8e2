"""Evaluation: which conditions are true, by two evaluators that have to agree."""

import os
import threading
from collections import OrderedDict
from collections.abc import Iterable
from enum import StrEnum

from restructure.errors import EngineDisagreement, Issue
from restructure.policy.engine.durable import DurableEngine, engine_version
from restructure.policy.engine.generated import Generated
from restructure.policy.engine.normal_form import Problem, Values

__all__ = ["Engines", "Evaluator", "engines_here", "evaluator"]

REFERENCE = "reference"


class Engines(StrEnum):
    """Which evaluators decide."""

    BOTH = "both"
    """Both where durable_rules can be imported, the reference evaluator alone elsewhere."""
    REFERENCE = "reference"
    """Only the reference evaluator."""
    DURABLE = "durable"
    """Only durable_rules."""


def engines_here(engines: Engines = Engines.BOTH) -> tuple[str, ...]:
    """Name the evaluators that will run, as a decision records them."""
    version = engine_version()
    named = {
        Engines.BOTH: (version, REFERENCE),
        Engines.REFERENCE: (REFERENCE,),
        Engines.DURABLE: (version or "durable_rules",),
    }[engines]
    return tuple(name for name in named if name)


class Evaluator:
    """One problem, ready for both evaluators; each is compiled when it is first needed."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.generated = Generated(problem)
        self._durable: DurableEngine | None = None
        self._making = threading.Lock()

    @property
    def durable(self) -> DurableEngine:
        """The engine; raises `EngineError` where durable_rules cannot be imported."""
        if self._durable is None:
            with self._making:  # several threads may ask for it first
                if self._durable is None:
                    self._durable = DurableEngine(self.problem)
        return self._durable

    def fired(self, values: Values, engines: Engines = Engines.BOTH) -> list[str]:
        """List what is definitely true, in order.

        Raises `EngineDisagreement` if the two evaluators differ, and `EngineError` if the engine is
        asked for alone where it cannot be imported.
        """
        problem = self.problem
        if not problem.entries:
            return []
        row, names = problem.row(values), problem.names
        if engines is Engines.DURABLE:
            return [names[place] for place in self.durable.places(row)]
        expected = self.generated.fired(row)
        if engines is Engines.BOTH and engine_version() is not None:
            engine = self.durable.places(row)
            if engine != expected:
                agree([names[place] for place in engine], [names[place] for place in expected])
        return [names[place] for place in expected]


_MOST_KEPT = 64
_kept: OrderedDict[str, Evaluator] = OrderedDict()
_keeping = threading.Lock()


def evaluator(problem: Problem) -> Evaluator:
    """Give the one evaluator of a problem's content in this process; the 64 used last are kept.

    Two policies of one content share it. A changed policy is another content and gets another evaluator.
    """
    digest = problem.digest
    with _keeping:
        held = _kept.get(digest)
        if held is None:
            held = _kept[digest] = Evaluator(problem)
            if len(_kept) > _MOST_KEPT:
                _kept.popitem(last=False)
        else:
            _kept.move_to_end(digest)
    return held


def _after_fork() -> None:
    """Begin afresh in a forked child: another thread of the parent may have held any of the locks."""
    global _keeping  # noqa: PLW0603
    _keeping = threading.Lock()
    _kept.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def agree(engine: Iterable[str], reference: Iterable[str]) -> None:
    """Refuse to decide if the two lists differ, naming rules and never a borrower's values."""
    engine, reference = list(engine), list(reference)
    if engine != reference:
        if sorted(engine) == sorted(reference):
            raise EngineDisagreement(
                Issue(
                    "engine-disagreement", f"both fired {reference} but in another order; nothing was decided"
                )
            )
        only_engine = [name for name in engine if name not in reference]
        only_reference = [name for name in reference if name not in engine]
        raise EngineDisagreement(
            Issue(
                "engine-disagreement",
                f"only durable_rules fired {only_engine or 'nothing'}, only the reference evaluator "
                f"fired {only_reference or 'nothing'}; nothing was decided",
            )
        )
