"""Outcome: the parts of a decision, each a record that explains itself: gates, refusals, offers."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator

from restructure.calculator.measures.fields import current_word
from restructure.calculator.plans.plan import Plan
from restructure.intake.prospect import Prospect
from restructure.policy.case_facts import Concluded
from restructure.policy.engine.reference import ConditionResult
from restructure.policy.language.sections import Otherwise
from restructure.record import Listed, Record
from restructure.texts import Text

__all__ = [
    "Detail",
    "GateResult",
    "Missing",
    "Offer",
    "Outcome",
    "Refusal",
    "StepResult",
    "Task",
    "TierResult",
]


class Outcome(StrEnum):
    """How a case came out."""

    OFFER = "offer"
    """At least one offer is made."""
    REFER = "refer"
    """A person has to look at it, or information is missing."""
    DECLINE = "decline"
    """Everything is known and nothing can be offered."""
    NO_ACTION_NEEDED = "no_action_needed"
    """The borrower is not in difficulty."""


class Detail(StrEnum):
    """How much of its reasons a decision records."""

    NAMES = "names"
    """Which rules fired and which were refused at which stage, without conditions: the cheapest."""
    DECISIVE = "decisive"
    """The conditions that made each rule and gate come out as it did."""
    FULL = "full"
    """Every condition of every rule and gate, those that did not matter included."""


def _as_called_now(field: str) -> str:
    """Give a measure's field in an older record with the word that the measure is called by now."""
    measure, dot, name = field.partition(".")
    return f"{current_word(measure)}{dot}{name}"


class StepResult(Record):
    """What a search made of one step, readable without the policy."""

    id: str
    """The step."""
    outcome: Literal["applied", "exhausted", "skipped", "not-needed", "no-room", "refused"]
    """Applied and the target reached; taken to its end in vain; skipped by its guard; no longer needed;
    nothing to vary; or refused by the calculator."""
    field: Annotated[str, AfterValidator(_as_called_now)]
    """Measure and field whose number is looked for: `rate.annual_rate`."""
    start: str = ""
    """Where it started."""
    end: str = ""
    """How far it could have gone."""
    value: str = ""
    """Where it stopped."""
    bound: str = ""
    """The cap that set the end, if it is the least or greatest of several."""
    figure_before: str = ""
    """The figure before the step."""
    figure_after: str = ""
    """The figure after it."""
    target: str = ""
    """The figure and what it has to reach."""
    gap: str = ""
    """How far the figure still is from it; empty once it is reached."""
    because: str = ""
    """What the guard found, or what the calculator refused."""
    tried: int = 0
    """How many plans were tried."""


class TierResult(Record):
    """What came of one tier of a search's target ladder, readable without the policy."""

    number: int
    """Its place in the ladder, from 1."""
    target: str
    """The figure and what it has to reach."""
    figure: str
    """What the figure came to."""
    met: bool
    """Whether the target was reached."""
    accepted: bool
    """Whether the plan was taken; otherwise the next tier was tried."""
    because: str = ""
    """Why it was not."""
    steps: tuple[StepResult, ...]
    """How the amounts were looked for, each tier from the start."""


class GateResult(Record):
    """How one gate came out."""

    id: str
    """The gate."""
    title: Text
    """What it asks."""
    reason: Text
    """What the borrower is told if it fails."""
    reference: str
    """Where it comes from."""
    verdict: Literal["passed", "failed", "unknown"]
    """Unknown if information is missing."""
    otherwise: Otherwise
    """Where the case goes if it is not passed."""
    conditions: Listed[ConditionResult]
    """What made it come out so."""


class Missing(Record):
    """Information that is not in the file and would matter."""

    place: str
    """Where it belongs in the application."""
    needed_by: tuple[str, ...]
    """The gates and rules that cannot be judged without it."""


class Refusal(Record):
    """A rule that led to no offer, and why."""

    rule: str
    """The rule."""
    title: Text
    """What it would have offered."""
    stage: Literal["condition", "gate", "measure", "search", "limit", "choice"]
    """Where it stopped: its condition, a gate, a measure that cannot be applied, a search that missed its
    target, a limit, the choice of another."""
    code: str
    """`not-met`, `unknown`, `not-first`, `not-tried`, the gates or limits that failed, the calculator's reason."""
    message: str
    """One sentence."""
    reason: Text
    """What the borrower is told."""
    conditions: Listed[ConditionResult] = ()
    """The conditions that failed or are unknown, with both values."""
    steps: tuple[StepResult, ...] = ()
    """What its search tried, step by step; of a target ladder the last tier."""
    tiers: tuple[TierResult, ...] = ()
    """Every tier that was tried, if the target is a ladder."""


class Task(Record):
    """What the lender has to do: an action on the case, or a duty that comes with an offer."""

    id: str
    """The action or duty."""
    title: Text
    """What it is."""
    text: Text
    """What has to be done, in full."""
    kind: str
    """A word by which a service sorts them."""
    reference: str
    """Where it comes from."""
    because: Listed[ConditionResult] = ()
    """The conditions that made it so."""

    @property
    def enforces(self) -> bool:
        """Whether it is a step of enforcement: of the kind `enforce`, or a kind that begins so."""
        return self.kind == "enforce" or self.kind.startswith(("enforce_", "enforce-"))


class Offer(Record):
    """A plan that is affordable and inside policy."""

    rule: str
    """The rule that makes it."""
    rank: int
    """Its place among the offers, from 1."""
    title: Text
    """What it is."""
    reason: Text
    """What the borrower is told."""
    reference: str
    """Where the rule comes from."""
    because: Listed[ConditionResult]
    """The conditions that made the rule fire."""
    limits: Listed[ConditionResult]
    """The limits it keeps, with both values."""
    flags: tuple[str, ...]
    """Marks the policy sets on it."""
    duties: tuple[Task, ...] = ()
    """What the lender has to do if it is taken."""
    prospect: Prospect
    """What it would mean to the borrower."""
    concluded: Listed[Concluded] = ()
    """The policy's own figures of the plan and how they came about."""
    steps: tuple[StepResult, ...] = ()
    """How its search found the amounts, step by step; of a target ladder the last tier."""
    tiers: tuple[TierResult, ...] = ()
    """Every tier that was tried, if the target is a ladder."""
    plan: Plan
    """The new schedule, the ledger and its identities."""
