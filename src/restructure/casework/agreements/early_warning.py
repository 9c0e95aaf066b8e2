"""Early warning: signs of difficulty before and after the first missed payment, and the policy's next steps."""

from datetime import date

from restructure.casework.agreements.case_history import History, Stage
from restructure.casework.agreements.history_file import read_history
from restructure.casework.agreements.performance import AgreementStatus
from restructure.casework.decisions.judge import actions_of
from restructure.casework.decisions.outcome import Detail, Outcome, Task
from restructure.errors import InvalidInput, Issue
from restructure.inputs import Day, Source, day_of, record_of, word_of
from restructure.intake.application import Application, read_application
from restructure.intake.assessment import Assessment, DelinquencyStage, assess
from restructure.policy.case_facts import Concluded, facts_of
from restructure.policy.engine.evaluation import Engines
from restructure.policy.policy import Policy
from restructure.policy.policy_ref import PolicyRef
from restructure.policy.source import policy_of
from restructure.record import Record
from restructure.short_form import counted

__all__ = ["EarlyWarning", "may_enforce", "watch"]


class EarlyWarning(Record):
    """Signs of difficulty of a loan on a day, and the steps that the policy asks for, each with its evidence."""

    on: date
    """The day of the check, such as 2026-03-18."""
    policy: PolicyRef
    """Name, version and digest of the policy that names the steps."""
    stage: DelinquencyStage
    """Band of days past due, such as `31-60 days`."""
    steps: tuple[Task, ...]
    """Steps to take now, in the policy's order; `because` holds the evidence, each figure with its threshold."""
    withheld: tuple[Task, ...]
    """Enforcement steps of the policy that may not be taken yet."""
    enforcement: str
    """Reason why enforcement may or may not begin, such as "an offer is open"."""
    concluded: tuple[Concluded, ...] = ()
    """Facts that the policy concluded, such as a classification."""
    assessment: Assessment
    """The facts on which the steps are based."""

    def _summary(self) -> str:
        steps = f"{counted(len(self.steps), 'step')} now, {len(self.withheld)} withheld"
        return f"{self.stage.value} on {self.on}, {steps}, {self.policy.name} {self.policy.version}"


def watch(
    application: Application | Source,
    policy: Policy | Source,
    *,
    on: Day,
    history: History | Source | None = None,
    engines: Engines | str = Engines.BOTH,
) -> EarlyWarning:
    """Check a loan for signs of difficulty, and list the steps that the policy asks for.

    Signals and steps are the policy's `actions`: a condition, what to do, and its source. Steps of the kind `enforce`
    are withheld unless `history` shows a completed assessment that ended in an expired offer, a broken agreement or a
    reasoned refusal. Raises `InvalidInput` as `decide` does, and for the history of another loan.

    >>> from restructure.intake.application import read_application
    >>> from restructure.policy.loading.loading import load_policy
    >>> case = read_application("examples/illness.json")
    >>> warning = watch(case, load_policy("cn-consumer-finance"), on=case.as_of)
    >>> warning.stage.value, warning.enforcement
    ('31-60 days', 'no assessment has been made')
    """
    application, on = read_application(application), day_of(on)
    history = None if history is None else read_history(history)
    engines = word_of(Engines, engines, "engines")
    policy = policy_of(policy).in_currency(application.loan.currency)
    in_force = policy.at(on)
    decision = None if history is None else history.decision
    if decision is not None and decision.application.loan.reference != application.loan.reference:
        sentence = "the history is about another loan than the application; give the one that belongs to it"
        raise InvalidInput(Issue("loan-differs", sentence, "loan.reference"))
    known = facts_of(in_force, assess(application, on=on), engines)
    tasks = actions_of(known, engines=engines, detail=Detail.DECISIVE)
    allowed, why = may_enforce(history, on=on)
    return EarlyWarning(
        on=on,
        policy=in_force.ref,
        stage=known.assessment.delinquency_stage,
        steps=tuple(task for task in tasks if allowed or not task.enforces),
        withheld=tuple(task for task in tasks if task.enforces and not allowed),
        enforcement=why,
        concluded=known.concluded,
        assessment=known.assessment,
    )


def may_enforce(history: History | None, *, on: Day) -> tuple[bool, str]:
    """Tell whether enforcement may begin, and why: never before a completed assessment and its result.

    The result is an offer that expired, an agreement that was broken, or a refusal with reasons.
    """
    if history is not None:
        record_of(History, history, "history")
    on = day_of(on)
    decision = None if history is None else history.decision
    if history is None or decision is None:
        return False, "no assessment has been made"
    if not decision.assessment.file_complete:
        return False, "the assessment is not complete"
    if decision.outcome is Outcome.DECLINE:
        return (
            True,
            f"the assessment of {decision.on} is complete, and every offer was refused with its reason",
        )
    if decision.outcome is not Outcome.OFFER:
        return False, decision.enforcement_reason
    if history.stage is Stage.COMPLETED:
        return False, "everything is paid"
    if history.agreement is not None:
        state = history.review(on)
        if state.standing is AgreementStatus.BROKEN:
            return True, f"the agreement of {history.agreement.on} is broken: {state.reason}"
        return False, f"an agreement is in force: {state.reason}"
    if decision.open_until is not None and on > decision.open_until:
        return True, f"the offers of {decision.on} expired on {decision.open_until}"
    return False, "an offer is open"
