"""Evaluation: the conditions that are true, found by both evaluators and required to agree."""

from collections.abc import Iterable
from enum import StrEnum
from functools import cached_property, lru_cache

from restructure.errors import EngineDisagreement, Issue
from restructure.policy.durable import DurableEngine, engine_version
from restructure.policy.normal import Problem, Values
from restructure.policy.reference import fired as reference_fired

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
    """One problem, ready for both evaluators; the engine is compiled when first needed."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem

    @cached_property
    def _durable(self) -> DurableEngine:
        return DurableEngine(self.problem)

    def fired(self, values: Values, engines: Engines = Engines.BOTH) -> list[str]:
        """List what is definitely true, in order.

        Raises `EngineDisagreement` if the two evaluators differ, and `EngineError` if the engine is
        asked for alone where it cannot be imported.
        """
        if not self.problem.entries:
            return []
        if engines is Engines.DURABLE:
            return self._durable.fired(values)
        expected = reference_fired(self.problem, values)
        if engines is Engines.BOTH and engine_version() is not None:
            agree(self._durable.fired(values), expected)
        return expected


@lru_cache(maxsize=64)
def evaluator(problem: Problem) -> Evaluator:
    """Give the one evaluator of a problem; a policy's problems live as long as the policy."""
    return Evaluator(problem)


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
