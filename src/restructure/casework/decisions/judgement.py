"""Judgement: the results of every gate and rule of a policy on one case."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from restructure.casework.decisions.outcome import GateResult, Missing, Offer, Refusal, Task
from restructure.policy.language.sections import Otherwise

__all__ = ["GateVerdict", "Judgement", "RefusalStage"]

GateVerdict = Literal["passed", "failed", "unknown"]
RefusalStage = Literal["condition", "gate", "measure", "search", "limit", "choice"]


class Judgement(NamedTuple):
    """Results of every gate and rule of a policy on one case."""

    verdicts: tuple[tuple[GateVerdict, Otherwise], ...]
    """Verdict of every gate, and what happens to a case that does not pass it."""
    gates: Sequence[GateResult]
    """Results of the gates with the conditions that decided them."""
    offers: tuple[Offer, ...]
    refusals: Sequence[Refusal]
    missing: tuple[Missing, ...]
    actions: tuple[Task, ...]
    """Tasks of the lender on the case."""
    undecided: bool
    """Whether a rule made no offer only because a fact is unknown."""
