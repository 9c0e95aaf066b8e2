"""Loan class: the class that a policy suggests for a loan under an agreement, and the rules that conclude it."""

from datetime import date
from typing import Any

from restructure.calculator.conventions.dates import step_of
from restructure.calculator.servicing.position import Position
from restructure.casework.agreements.agreement import Agreement
from restructure.casework.agreements.performance import Performance
from restructure.errors import InvalidInput, Issue
from restructure.intake.application import Application, ContractLoan, PreviousRestructuring
from restructure.intake.assessment import assess
from restructure.intake.past_events import RESTRUCTURING, PastEvent
from restructure.policy.case_facts import CaseFacts, facts_of
from restructure.policy.in_force import InForce
from restructure.policy.language.loan_class import Before, ClassificationRule, Supplied
from restructure.policy.language.sections import source_key
from restructure.policy.policy import Policy
from restructure.policy.policy_ref import PolicyRef
from restructure.record import Record

__all__ = ["Classification", "Ground", "classify"]


class Ground(Record):
    """A rule of the policy that led to the class."""

    id: str
    """Id of the conclusion, or of the row of a decision table, such as `npl-90-days`."""
    title: dict[str, str]
    """Display title of the rule, per language."""
    reference: str
    """Key of the policy's sources, with the paragraph after a colon if there is one."""
    source: str
    """Title of the source, such as the name of a regulation."""


class Classification(Record):
    """The class that a policy suggests for a loan."""

    policy: PolicyRef
    """Name, version and digest of the policy that suggests the class."""
    fact: str
    """Name of the concluded fact that holds the class, such as `asset_class`."""
    title: dict[str, str]
    """Display title of that fact, per language."""
    value: str
    """The class, such as `substandard`; `unknown` if facts are missing."""
    grounds: tuple[Ground, ...]
    """The rules that led to the class; empty where none applies and the policy's default does."""
    missing: tuple[str, ...]
    """Names of the unknown facts that keep the class unknown."""


def classify(
    agreement: Agreement,
    performance: Performance,
    owed: Position,
    application: Application,
    policy: Policy,
    *,
    broken: bool,
) -> Classification | None:
    """Classify a loan under an agreement on the day of `owed`; none if the policy has no classification.

    The application is updated first: the position and the days past due, the agreement as a restructuring, the missed
    instalments as events. During a trial only the position has changed. Raises `InvalidInput` for the application of
    another borrower, and as `assess` does.
    """
    policy = policy.in_currency(application.loan.currency)
    in_force, rule = policy.at(owed.on), policy.classification
    if rule is None:
        return None
    if application.borrower.reference != agreement.consent.by:
        sentence = (
            "the application is of another borrower than the agreement; give the one that belongs to it"
        )
        raise InvalidInput(Issue("borrower-differs", sentence, "application.borrower.reference"))
    supplied: dict[str, Any] = {}
    file = application.model_copy(update={"as_of": max(application.as_of, owed.on)})
    if not agreement.on_trial:
        supplied = _supplied(rule, agreement, performance, application, policy)
        file = _changed(file, rule, performance, broken=broken)
        late = performance.days_past_due
        oldest = date.fromordinal(owed.on.toordinal() - late) if late else None
        owed = owed.model_copy(update={"oldest_unpaid_due": oldest})
    known = facts_of(in_force, assess(file, on=owed.on, position=owed), given=supplied)
    return _classification(in_force, rule, known)


def _changed(
    file: Application, rule: ClassificationRule, performance: Performance, *, broken: bool
) -> Application:
    """Add the agreement and its missed instalments to an application; what was unknown before stays unknown."""
    earlier, history = file.previous_restructurings, file.history
    this = PreviousRestructuring(on=performance.granted, outcome="broken" if broken else "active")
    if earlier is not None and all(other.on != this.on for other in earlier):
        earlier = (*earlier, this)
    if history is not None:
        days = [] if rule.missed is None else [(rule.missed, day, None) for day in performance.misses(0)]
        listed = {(event.kind, event.on) for event in history}
        new = [event for event in ((RESTRUCTURING, this.on, this.outcome), *days) if event[:2] not in listed]
        history = (*history, *(PastEvent(kind=kind, on=on, outcome=outcome) for kind, on, outcome in new))
    return file.model_copy(update={"previous_restructurings": earlier, "history": history})


def _supplied(
    rule: ClassificationRule,
    agreement: Agreement,
    performance: Performance,
    application: Application,
    policy: Policy,
) -> dict[str, Any]:
    """Give the facts that follow from the agreement, in place of those that the application gives."""
    before: CaseFacts | None = None
    supplied: dict[str, Any] = {}
    for name, source in rule.supplies.items():
        if isinstance(source, Before):
            before = before or _facts_when_granted(application, performance.granted, policy)
            supplied[name] = before.value(source.before)
        else:
            supplied[name] = _from_agreement(source, agreement, performance)
    return supplied


def _facts_when_granted(application: Application, on: date, policy: Policy) -> CaseFacts:
    """Give the facts and conclusions of the day on which the change was granted."""
    day = max(on, application.as_of) if isinstance(application.loan, ContractLoan) else application.as_of
    return facts_of(policy.at(day), assess(application, on=day))


def _from_agreement(source: Supplied, agreement: Agreement, performance: Performance) -> Any:
    rows = [(due, total) for number, due, total in performance.dues if number]
    match source:
        case Supplied.FIRST_DUE:
            return rows[0][0] if rows else None
        case Supplied.PAYMENTS_RESUME:
            return next((due for due, total in rows if total), None)
        case Supplied.PERIOD_MONTHS:
            repayment = agreement.plan.repayment
            step = None if repayment is None else step_of(repayment.every)
            return step.size if step is not None and step.unit == "month" else None
        case Supplied.PAID_SINCE:
            return performance.paid_since


def _classification(in_force: InForce, rule: ClassificationRule, known: CaseFacts) -> Classification:
    policy = in_force.policy
    by = next((result.by for result in known.concluded if result.fact == rule.fact), ())
    conclusions = {conclusion.id: conclusion for conclusion in policy.conclusions}
    grounds = []
    for name in by:
        title, reference = conclusions[name].title, conclusions[name].reference
        source = policy.sources[source_key(reference)]
        grounds.append(Ground(id=name, title=title, reference=reference, source=source.title))
    absent = [name for name in in_force.rests_on(rule.fact) if known.value(name) is None]
    return Classification(
        policy=in_force.ref,
        fact=rule.fact,
        title=policy.facts[rule.fact].title,
        value=known.shown(rule.fact),
        grounds=tuple(grounds),
        missing=() if known.value(rule.fact) is not None else tuple(absent),
    )
