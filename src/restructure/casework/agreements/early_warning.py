"""Early warning: what a loan shows before and after the first missed payment, and the next step the policy names."""

from datetime import date

from restructure.casework.agreements.case_history import History, Stage, read_history
from restructure.casework.agreements.performance import AgreementStatus
from restructure.casework.decisions.judge import actions_of
from restructure.casework.decisions.outcome import Detail, Outcome, Task
from restructure.errors import InvalidInput, Issue
from restructure.inputs import Day, Source, day_of, word_of
from restructure.intake.application import Application, read_application
from restructure.intake.assessment import Assessment, DelinquencyStage, assess
from restructure.policy.case_facts import Concluded, facts_of
from restructure.policy.engine.evaluation import Engines
from restructure.policy.policy import Policy
from restructure.policy.policy_ref import PolicyRef
from restructure.policy.source import policy_of
from restructure.record import Record

__all__ = ["EarlyWarning", "may_enforce", "watch"]


class EarlyWarning(Record):
    """What has to be done about a loan on a day, each step with the evidence for it."""

    on: date
    """The day."""
    policy: PolicyRef
    """Whose steps they are."""
    stage: DelinquencyStage
    """How late the loan is."""
    steps: tuple[Task, ...]
    """What to do now, in the policy's order; `because` holds the evidence, every figure with its border."""
    withheld: tuple[Task, ...]
    """Steps of enforcement that the policy names and that may not be taken yet."""
    enforcement: str
    """Why enforcement may or may not begin."""
    concluded: tuple[Concluded, ...] = ()
    """What the policy concluded, such as a classification."""
    assessment: Assessment
    """The facts."""


def watch(
    application: Application | Source,
    policy: Policy | Source,
    *,
    on: Day,
    history: History | Source | None = None,
    engines: Engines | str = Engines.BOTH,
) -> EarlyWarning:
    """Judge a loan for signs of difficulty, and name the steps that the policy asks for.

    Signals and steps are the policy's `actions`: a condition, what to do, and its source. Steps of the kind `enforce`
    are withheld unless `history` shows a completed assessment that ended in an offer that ran out or was broken, or in
    a reasoned refusal. Raises `InvalidInput` as `decide` does, and for the history of another loan.

    >>> from restructure.intake.application import read_application
    >>> from restructure.policy.loading.loading import load_policy
    >>> case = read_application("examples/illness.json")
    >>> seen = watch(case, load_policy("cn-consumer-finance"), on=case.as_of)
    >>> seen.stage.value, seen.enforcement
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
        steps=tuple(one for one in tasks if allowed or not one.enforces),
        withheld=tuple(one for one in tasks if one.enforces and not allowed),
        enforcement=why,
        concluded=known.concluded,
        assessment=known.assessment,
    )


def may_enforce(history: History | None, *, on: Day) -> tuple[bool, str]:
    """Tell whether enforcement may begin, and why: never before a completed assessment and its answer.

    The answer is an offer that the borrower let run out, an agreement that was broken, or a refusal with reasons.
    """
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
        found = history.review(on)
        if found.standing is AgreementStatus.BROKEN:
            return True, f"the agreement of {history.agreement.on} is broken: {found.reason}"
        return False, f"an agreement runs: {found.reason}"
    if decision.open_until is not None and on > decision.open_until:
        return True, f"the offers of {decision.on} ran out on {decision.open_until}"
    return False, "an offer is open"
