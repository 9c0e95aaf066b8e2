"""The parts of a decision, each a record that includes its reasons: gates, refusals, offers, tasks."""

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
    """Outcome of a decision."""

    OFFER = "offer"
    """At least one offer is made."""
    REFER = "refer"
    """A person has to decide, or information is missing."""
    DECLINE = "decline"
    """Everything is known, and no offer is possible."""
    NO_ACTION_NEEDED = "no_action_needed"
    """The borrower is not in difficulty."""


class Detail(StrEnum):
    """How much of its reasons a decision records."""

    NAMES = "names"
    """Which rules made an offer and at which stage the others were refused, without conditions: the fastest."""
    DECISIVE = "decisive"
    """The conditions that decided each rule and gate."""
    FULL = "full"
    """Every condition of every rule and gate, including those that decided nothing."""


def _as_called_now(field: str) -> str:
    """Give a measure's field in an older record with the word that the measure is called by now."""
    measure, dot, name = field.partition(".")
    return f"{current_word(measure)}{dot}{name}"


class StepResult(Record):
    """Result of one step of a search, readable without the policy."""

    id: str
    """Id of the step in the policy, such as `lower-rate`."""
    outcome: Literal["applied", "exhausted", "skipped", "not-needed", "no-room", "refused"]
    """`applied`: the target was reached; `exhausted`: taken to its end without reaching it; `skipped`: its guard
    does not hold; `not-needed`: the target was reached before; `no-room`: start and end are the same; `refused`: the
    calculator refuses the measure."""
    field: Annotated[str, AfterValidator(_as_called_now)]
    """The number that the step varies, such as `rate.annual_rate`."""
    start: str = ""
    """Value at the start, such as "18 %"."""
    end: str = ""
    """Last value that the step allows, such as "6 %"."""
    value: str = ""
    """Value chosen, such as "9.5 %"."""
    bound: str = ""
    """Name of the cap that set the end, where the end is the least or greatest of several."""
    figure_before: str = ""
    """Target figure before the step, such as "2,310.40"."""
    figure_after: str = ""
    """Target figure after the step."""
    target: str = ""
    """Target condition, such as "instalment_after <= 1,800.00"."""
    gap: str = ""
    """Distance of the figure from the target, such as "120.00"; empty once it is reached."""
    because: str = ""
    """Why the guard does not hold, or why the calculator refuses the measure."""
    tried: int = 0
    """Number of plans calculated, such as 12."""


class TierResult(Record):
    """Result of one tier of a search's targets, readable without the policy."""

    number: int
    """Number of the tier, from 1."""
    target: str
    """Target condition of the tier, such as "payment_to_income_after <= 31 %"."""
    figure: str
    """Target figure of the plan found, such as "30.9 %"."""
    met: bool
    """Whether the target was reached."""
    accepted: bool
    """Whether the plan was accepted; if not, the next tier was tried."""
    because: str = ""
    """Why the plan was not accepted; empty if it was."""
    steps: tuple[StepResult, ...]
    """The steps of the search for this tier, which starts from the rule's terms."""


class GateResult(Record):
    """Result of one gate."""

    id: str
    """Id of the gate in the policy, such as `file-complete`."""
    title: Text
    """Display title of the gate, per language."""
    reason: Text
    """Reason given to the borrower if the gate fails, per language."""
    reference: str
    """Key of the policy's sources, with the paragraph after a colon if there is one."""
    verdict: Literal["passed", "failed", "unknown"]
    """`passed`, `failed`, or `unknown` if information is missing."""
    otherwise: Otherwise
    """What happens to the case if the gate is not passed, such as `decline`."""
    conditions: Listed[ConditionResult]
    """The conditions that decided the verdict, each with value and threshold."""

    def _summary(self) -> str:
        return f"{self.id} {self.verdict}, else {self.otherwise.value}"


class Missing(Record):
    """Missing information that a gate or rule needs."""

    place: str
    """Place in the application, such as `finances.income`."""
    needed_by: tuple[str, ...]
    """Ids of the gates, rules and actions that are undetermined without it; empty: only a complete file needs it."""


class Refusal(Record):
    """A rule that made no offer, and the reason."""

    rule: str
    """Id of the rule in the policy, such as `job-loss-holiday`."""
    title: Text
    """Display title of the rule, per language."""
    stage: Literal["condition", "gate", "measure", "search", "limit", "choice"]
    """Stage of the refusal: the rule's condition, a gate, a measure that cannot be applied, a search that missed its
    target, a limit, or the choice of another rule."""
    code: str
    """`not-met`, `unknown`, `not-first`, `not-tried`, the ids of the gates or limits that failed, or the code of the
    calculator's refusal, such as `term-too-long`."""
    message: str
    """Reason for the lender, in one sentence."""
    reason: Text
    """Reason given to the borrower, per language."""
    conditions: Listed[ConditionResult] = ()
    """The conditions that failed or are unknown, each with value and threshold."""
    steps: tuple[StepResult, ...] = ()
    """Steps of its search; of a search with several tiers, those of the last."""
    tiers: tuple[TierResult, ...] = ()
    """Every tier that was tried, if the search has several."""

    def _summary(self) -> str:
        return f"{self.rule} at {self.stage} ({self.code}), {self.message}"


class Task(Record):
    """A task of the lender: an action on the case, or a duty that comes with an offer."""

    id: str
    """Id of the action or duty in the policy, such as `call-borrower`."""
    title: Text
    """Display title of the task, per language."""
    text: Text
    """What has to be done, in full, per language."""
    kind: str
    """Category for sorting tasks, such as `contact`; those that begin with `enforce` are steps of enforcement."""
    reference: str
    """Key of the policy's sources, with the paragraph after a colon if there is one."""
    because: Listed[ConditionResult] = ()
    """The conditions that require it, each with value and threshold."""

    def _summary(self) -> str:
        return f"{self.id} ({self.kind}), {self.title.get('en') or next(iter(self.title.values()), '')}"

    @property
    def enforces(self) -> bool:
        """Whether it is a step of enforcement: of the kind `enforce`, or a kind that begins so."""
        return self.kind == "enforce" or self.kind.startswith(("enforce_", "enforce-"))


class Offer(Record):
    """A plan that is affordable and inside policy."""

    rule: str
    """Id of the rule that makes the offer, such as `illness-relief`."""
    rank: int
    """Rank among the offers, from 1 for the best."""
    title: Text
    """Display title of the offer, per language."""
    reason: Text
    """Reason given to the borrower, per language."""
    reference: str
    """Key of the policy's sources, with the paragraph after a colon if there is one."""
    because: Listed[ConditionResult]
    """The conditions that make the rule apply, each with value and threshold."""
    limits: Listed[ConditionResult]
    """The limits that the plan keeps, each with value and threshold."""
    flags: tuple[str, ...]
    """Ids of the flags that the policy sets on the offer, such as `needs-approval`."""
    duties: tuple[Task, ...] = ()
    """Tasks of the lender if the offer is accepted."""
    prospect: Prospect
    """Figures of the plan and their effect on the borrower's income."""
    concluded: Listed[Concluded] = ()
    """The policy's own figures of the plan, with their derivation."""
    steps: tuple[StepResult, ...] = ()
    """Steps by which its search found the amounts; of a search with several tiers, those of the last."""
    tiers: tuple[TierResult, ...] = ()
    """Every tier that was tried, if the search has several."""
    plan: Plan
    """The new schedule, the ledger of what is owed, and the identities that prove it."""

    def _summary(self) -> str:
        rank = f"number {self.rank}, " if self.rank else ""  # a plan of a frontier has none
        return f"{rank}{self.rule}, {self.plan._summary()}"
