"""Classification: the class that a policy suggests for a loan under an agreement, and the rules that conclude it."""

from datetime import date
from typing import Any

from restructure.calculator.conventions.dates import step_of
from restructure.calculator.servicing.position import Position
from restructure.casework.agreements.agreement import Agreement
from restructure.casework.agreements.performance import Keeping
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
    """A rule of the policy by which a class was concluded."""

    id: str
    """The conclusion, or the row of a table."""
    title: dict[str, str]
    """What it says."""
    reference: str
    """Key of the policy's sources, with the paragraph after a colon if there is one."""
    source: str
    """Title of that source."""


class Classification(Record):
    """The class that a policy suggests for a loan."""

    policy: PolicyRef
    """Whose class it is."""
    fact: str
    """The fact that the policy concluded."""
    title: dict[str, str]
    """What it is."""
    value: str
    """The class; `unknown` if it cannot be told."""
    grounds: tuple[Ground, ...]
    """The rules by which it was concluded; none where no rule holds and the policy says what then holds."""
    missing: tuple[str, ...]
    """Facts that are not known, if the class is not."""


def classify(
    agreement: Agreement,
    kept: Keeping,
    owed: Position,
    application: Application,
    policy: Policy,
    *,
    broken: bool,
) -> Classification | None:
    """Let a policy classify a loan under an agreement on the day of what is owed; none if it names no class.

    The file is brought up to date first: what is owed and how late it is, the agreement among the earlier
    restructurings, the instalments that were missed among the events. During a trial nothing has changed but what is
    owed. Raises `InvalidInput` for the file of another borrower, and as `assess` does.
    """
    policy = policy.in_currency(application.loan.currency)
    in_force, rule = policy.at(owed.on), policy.classification
    if rule is None:
        return None
    if application.borrower.reference != agreement.consent.by:
        sentence = "the file is about another borrower than the agreement; give the one that belongs to it"
        raise InvalidInput(Issue("borrower-differs", sentence, "application.borrower.reference"))
    supplied: dict[str, Any] = {}
    file = application.model_copy(update={"as_of": max(application.as_of, owed.on)})
    if not agreement.on_trial:
        supplied = _supplied(rule, agreement, kept, application, policy)
        file = _changed(file, rule, kept, broken=broken)
        late = kept.days_past_due
        oldest = date.fromordinal(owed.on.toordinal() - late) if late else None
        owed = owed.model_copy(update={"oldest_unpaid_due": oldest})
    known = facts_of(in_force, assess(file, on=owed.on, position=owed), given=supplied)
    return _told(in_force, rule, known)


def _changed(file: Application, rule: ClassificationRule, kept: Keeping, *, broken: bool) -> Application:
    """Add to a file what happened under the agreement; what is unknown of the time before it stays unknown."""
    earlier, history = file.previous_restructurings, file.history
    this = PreviousRestructuring(on=kept.granted, outcome="broken" if broken else "active")
    if earlier is not None and all(one.on != this.on for one in earlier):
        earlier = (*earlier, this)
    if history is not None:
        days = [] if rule.missed is None else [(rule.missed, day, None) for day in kept.misses(0)]
        told = {(one.kind, one.on) for one in history}
        new = [one for one in ((RESTRUCTURING, this.on, this.outcome), *days) if one[:2] not in told]
        history = (*history, *(PastEvent(kind=kind, on=on, outcome=outcome) for kind, on, outcome in new))
    return file.model_copy(update={"previous_restructurings": earlier, "history": history})


def _supplied(
    rule: ClassificationRule, agreement: Agreement, kept: Keeping, application: Application, policy: Policy
) -> dict[str, Any]:
    """Give what the agreement says of facts that a file gives otherwise, those the file has of before left aside."""
    before: CaseFacts | None = None
    supplied: dict[str, Any] = {}
    for name, said in rule.supplies.items():
        if isinstance(said, Before):
            before = before or _then(application, kept.granted, policy)
            supplied[name] = before.value(said.before)
        else:
            supplied[name] = _said(said, agreement, kept)
    return supplied


def _then(application: Application, on: date, policy: Policy) -> CaseFacts:
    """Give what was known, and concluded of it, when the change was made."""
    day = max(on, application.as_of) if isinstance(application.loan, ContractLoan) else application.as_of
    return facts_of(policy.at(day), assess(application, on=day))


def _said(what: Supplied, agreement: Agreement, kept: Keeping) -> Any:
    rows = [(due, total) for number, due, total in kept.dues if number]
    match what:
        case Supplied.FIRST_DUE:
            return rows[0][0] if rows else None
        case Supplied.PAYMENTS_RESUME:
            return next((due for due, total in rows if total), None)
        case Supplied.PERIOD_MONTHS:
            repayment = agreement.plan.repayment
            step = None if repayment is None else step_of(repayment.every)
            return step.size if step is not None and step.unit == "month" else None
        case Supplied.PAID_SINCE:
            return kept.paid_since


def _told(in_force: InForce, rule: ClassificationRule, known: CaseFacts) -> Classification:
    policy = in_force.policy
    by = next((one.by for one in known.concluded if one.fact == rule.fact), ())
    conclusions = {one.id: one for one in policy.conclusions}
    grounds = []
    for name in by:
        one = conclusions[name]
        source = policy.sources[source_key(one.reference)]
        grounds.append(Ground(id=name, title=one.title, reference=one.reference, source=source.title))
    absent = [one for one in in_force.rests_on(rule.fact) if known.value(one) is None]
    return Classification(
        policy=in_force.ref,
        fact=rule.fact,
        title=policy.facts[rule.fact].title,
        value=known.shown(rule.fact),
        grounds=tuple(grounds),
        missing=() if known.value(rule.fact) is not None else tuple(absent),
    )
