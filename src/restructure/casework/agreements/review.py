"""Review of an agreement: its status from the payments received, and the consequences of default."""

from collections.abc import Iterable, Sequence
from datetime import date

from restructure.calculator.conventions.money import Money, from_minor
from restructure.calculator.measures.books import MovementKind, booked
from restructure.calculator.plans.continuation import position_after
from restructure.calculator.plans.plan import reschedule
from restructure.calculator.servicing.contract import Payment, ServicingTerms, received_problems
from restructure.calculator.servicing.position import Bucket, Position
from restructure.casework.agreements.agreement import Agreement
from restructure.casework.agreements.clocks import ClockState, clock_states
from restructure.casework.agreements.loan_class import Classification, classify
from restructure.casework.agreements.performance import AgreementStatus, InstalmentState, Performance, Trial
from restructure.errors import InvalidInput, Issue
from restructure.inputs import Day, Source, day_of, record_of
from restructure.intake.application import Application, ContractLoan, Loan, position_on, read_application
from restructure.policy.language.follow_up import Reversal
from restructure.policy.policy import Policy
from restructure.policy.source import policy_of
from restructure.record import Record
from restructure.short_form import counted

__all__ = [
    "AgreementStatus",
    "Classification",
    "ClockState",
    "InstalmentState",
    "Reinstated",
    "Review",
    "Trial",
    "received",
    "review",
    "take_effect",
]


class Reinstated(Record):
    """An amount waived or forgiven on condition of performance that is owed again after default."""

    on: date
    """The day from which the agreement counts as broken."""
    bucket: Bucket
    """Bucket that it was waived or forgiven from; principal is reinstated as overdue."""
    kind: Reversal
    """Whether it had been waived (interest, fees) or forgiven (principal)."""
    amount: Money
    """Amount reinstated, in the loan's currency, such as "1200.00"."""


class Review(Record):
    """Status of an agreement on a day, with what is paid, overdue and owed."""

    agreement: str
    """Id of the agreement (SHA-256)."""
    on: date
    """The day of the review, such as 2026-09-01."""
    standing: AgreementStatus
    """Status of the agreement, such as `on_track`."""
    reason: str
    """Reason of the status, such as "instalment 3 of 2026-06-18 is not paid"."""
    instalments: tuple[InstalmentState, ...]
    """Every instalment with the amount received for it, the up-front payment first."""
    received: Money
    """Total received under the agreement, such as "5472.69"."""
    overdue: Money
    """Amount due before the day and unpaid, such as "1824.23"."""
    days_past_due: int
    """Days past due, counted from the oldest unpaid instalment, such as 15."""
    broken_on: date | None
    """The day from which the agreement counts as broken; absent: it is not broken."""
    completed_on: date | None
    """The day on which everything owed was paid; absent: something is owed."""
    trial: Trial | None
    """State of the trial period; absent: there is none, or the change has taken effect."""
    reinstated: tuple[Reinstated, ...]
    """Amounts owed again because the agreement is broken."""
    owed: Position | None
    """What is owed on the day, reinstated amounts included: under the agreement, or during a trial under the original
    terms; absent for a settlement."""
    clocks: tuple[ClockState, ...]
    """Regulatory periods of good conduct, such as probation."""
    classification: Classification | None = None
    """The loan class that the policy suggests; absent: no policy was given or it has no classification, the agreement
    is a settlement, or nothing is owed."""

    def _summary(self) -> str:
        late = f"{self.overdue:,f} overdue, {counted(self.days_past_due, 'day')} past due"
        sums = f"{self.received:,f} received, {late}"
        return f"{self.standing.value} on {self.on}, {sums}; agreement {self.agreement[:8]}"


def review(
    agreement: Agreement,
    payments: Sequence[Payment] = (),
    *,
    on: Day,
    loan: Loan | None = None,
    application: Application | Source | None = None,
    policy: Policy | Source | None = None,
) -> Review:
    """Review an agreement on a day from the payments received since it was made.

    Payments may be given in any order, and two with the same id count once. They are allocated to the oldest
    instalment first. `loan` gives the default interest and fees, if it is given by its contract. With `application`,
    which includes the loan, `policy` suggests the loan's class on the day. Raises `InvalidInput` with every finding: a
    payment in another currency, before the agreement, after `on`, or two different ones with one id; and for a policy
    without an application, or the application of another borrower.

    >>> from restructure.casework.agreements.agreement import accept, evidence_digest
    >>> from restructure.casework.decisions.decision import decide
    >>> from restructure.intake.application import read_application
    >>> from restructure.policy.loading.loading import load_policy
    >>> case = read_application("examples/illness.json")
    >>> decision = decide(case, load_policy("cn-consumer-finance"), on=case.as_of)
    >>> agreed = accept(decision, rule="illness-relief", on=case.as_of, by=case.borrower.reference,
    ...                 channel="written", evidence=evidence_digest("the letter"))
    >>> first = agreed.plan.schedule.rows[0]
    >>> review(agreed, [Payment(on=first.due, amount=first.total, id="p1")], on=first.due).standing.value
    'on_track'
    """
    record_of(Agreement, agreement, "agreement")
    on = day_of(on)
    application = None if application is None else read_application(application)
    policy = None if policy is None else policy_of(policy)
    if policy is not None and application is None:
        sentence = "a class needs the borrower's application beside the policy; give it as application"
        raise InvalidInput(Issue("field-missing", sentence, "application"))
    if loan is None and application is not None:
        loan = application.loan
    counted = received(agreement, payments, on=on)
    performance = Performance(agreement, counted, on)
    unclassified = _reviewed(agreement, performance, counted, loan)
    owed, broken = unclassified.owed, unclassified.broken_on
    if policy is None or application is None or owed is None or not owed.buckets.claim:
        return unclassified
    if unclassified.completed_on:
        return unclassified
    suggested = classify(agreement, performance, owed, application, policy, broken=broken is not None)
    return unclassified.model_copy(update={"classification": suggested})


def _reviewed(
    agreement: Agreement, performance: Performance, counted: Sequence[Payment], loan: Loan | None
) -> Review:
    on = performance.on
    broken, completed = _ends(agreement, counted, loan, performance)
    # A trial that failed has waived nothing, so nothing is reinstated.
    reinstated = _reinstated(agreement, broken) if broken and not agreement.on_trial else ()
    position = _owed(agreement, counted, on, loan)
    if position is not None and reinstated:
        position = _with_reinstated(position, reinstated, broken)
    status, reason = _status(performance, broken, completed, position)
    currency = agreement.plan.position.currency
    return Review(
        agreement=agreement.id,
        on=on,
        standing=status,
        reason=reason,
        instalments=performance.instalments(),
        received=from_minor(performance.received, currency),
        overdue=from_minor(0 if completed else performance.overdue, currency),
        days_past_due=0 if completed else performance.days_past_due,
        broken_on=broken,
        completed_on=None if broken else completed,
        trial=performance.trial(),
        reinstated=reinstated,
        owed=position,
        clocks=clock_states(agreement.follow_up, performance, on),
    )


_RUNNING = (AgreementStatus.ON_TRACK, AgreementStatus.CURED)


def _status(
    performance: Performance, broken: date | None, completed: date | None, position: Position | None
) -> tuple[AgreementStatus, str]:
    status, reason = performance.status(broken, completed)
    if performance.completed_on and status in _RUNNING and position is not None:
        left = f"{position.buckets.claim:,} {position.currency}"
        reason = f"every instalment is paid; {left} of interest or fees for late payment is still owed"
    return status, reason


def _ends(
    agreement: Agreement, counted: Sequence[Payment], loan: Loan | None, performance: Performance
) -> tuple[date | None, date | None]:
    """Give the days on which the agreement was broken and on which everything owed was paid."""
    if agreement.plan.repayment is None:
        completed = performance.completed_on
    else:
        completed = None if agreement.on_trial else _repaid(agreement, counted, loan)
    broken = performance.broken
    if completed and not (broken and broken < completed):
        broken = None
    return broken, completed


def take_effect(agreement: Agreement, payments: Sequence[Payment], *, loan: Loan | None = None) -> Agreement:
    """Apply the agreed measures after a completed trial period to what is then owed.

    The plan is recalculated on the day of the last trial payment, from the original terms less the payments; the
    consent stays valid. Raises `InvalidInput` if there is no trial or it is not completed, and `Refused` if the
    measures no longer fit what is owed.
    """
    days = [payment.on for payment in payments]
    trial = None
    if agreement.on_trial and days:
        trial = Performance(agreement, received(agreement, payments, on=max(days)), max(days)).trial()
    if trial is None or trial.passed_on is None:
        sentence = (
            "no trial period is completed, so no change can take effect; review after the last trial payment"
        )
        raise InvalidInput(Issue("trial-not-passed", sentence, "agreement"))
    on = trial.passed_on
    paid = [payment for payment in payments if payment.on <= on]
    owed = _owed(agreement, received(agreement, paid, on=on), on, loan)
    assert owed is not None, "a settlement has no trial period"
    plan = reschedule(owed, agreement.plan.measures)
    return agreement.model_copy(update={"plan": plan, "effective_on": on})


def received(agreement: Agreement, payments: Sequence[Payment], *, on: date) -> tuple[Payment, ...]:
    """Sort the payments of an agreement by day, each counted once; raises `InvalidInput` with every invalid payment."""
    seen: dict[str, Payment] = {}
    counted: list[Payment] = []
    issues: list[Issue] = []
    for k, payment in enumerate(payments):
        earlier = seen.get(payment.id) if payment.id is not None else None
        if earlier is not None:
            if earlier != payment:
                issues.append(
                    Issue(
                        "payment-repeated",
                        f'two different payments carry the id "{payment.id}"; correct one of them',
                        f"payments.{k}.id",
                    )
                )
            continue
        if payment.id is not None:
            seen[payment.id] = payment
        if payment.on > on:
            sentence = (
                f"the payment on {payment.on} is after the day of the review {on}; review on a later day"
            )
            issues.append(Issue("date-after-decision", sentence, f"payments.{k}.on"))
        if payment.on < agreement.on:
            sentence = (
                f"the payment on {payment.on} is before the agreement of {agreement.on}; "
                "give it with the payments of the original loan"
            )
            issues.append(Issue("payment-before-agreement", sentence, f"payments.{k}.on"))
        counted.append(payment)
    # Payments before the agreement are reported above, so only currency and scale are checked here.
    issues += received_problems(agreement.plan.position.currency, date.min, counted)
    if on < agreement.on:
        issues.append(
            Issue(
                "date-order",
                f"the review on {on} is before the agreement of {agreement.on}; correct the day",
                "on",
            )
        )
    if issues:
        raise InvalidInput(issues)
    if agreement.effective_on is not None:  # earlier payments paid the trial instalments
        counted = [payment for payment in counted if payment.on > agreement.effective_on]
    return tuple(sorted(counted, key=lambda payment: (payment.on, payment.id or "", payment.amount)))


# --- what is owed


def _servicing_terms(loan: Loan | None) -> ServicingTerms:
    if not isinstance(loan, ContractLoan):
        return ServicingTerms()
    contract = loan.contract
    return ServicingTerms(
        penalty=contract.penalty,
        compound=contract.compound,
        allocation=contract.allocation,
        allocate_by=contract.allocate_by,
    )


def _owed(agreement: Agreement, payments: Iterable[Payment], on: date, loan: Loan | None) -> Position | None:
    plan = agreement.plan
    if agreement.on_trial and isinstance(loan, ContractLoan):
        known = (*loan.payments, *(payment.model_copy(update={"id": None}) for payment in payments))
        return position_on(loan.model_copy(update={"payments": known}), on)
    if agreement.on_trial and plan.before is not None:
        plan = reschedule(plan.position)  # the original terms, on the stated balances
    if plan.repayment is None:
        return None
    # The plan has booked the up-front payment, so the amount received for it is not paid under the schedule.
    left, rest = plan.up_front, list[Payment]()
    for payment in payments:
        taken = min(left, payment.amount)
        left -= taken
        if payment.amount > taken:
            rest.append(payment.model_copy(update={"amount": payment.amount - taken, "prepayment": None}))
    return position_after(plan, rest, on=on, handling=_servicing_terms(loan))


def _repaid(agreement: Agreement, payments: Sequence[Payment], loan: Loan | None) -> date | None:
    """Give the day on which everything owed was paid, default interest included, up to the tolerated shortfall."""
    plan, tolerance = agreement.plan, agreement.follow_up.tolerance
    first = plan.schedule.rows[0]
    principal = first.balance + first.principal - first.capitalised
    so_far, days = plan.up_front * 0, dict[date, None]()
    for payment in payments:
        so_far += payment.amount
        if so_far + tolerance >= plan.up_front + principal:
            days[payment.on] = None
    for day in days:
        owed = _owed(agreement, [payment for payment in payments if payment.on <= day], day, loan)
        if owed is not None and owed.buckets.claim <= tolerance:
            return day
    return None


def _reinstated(agreement: Agreement, broken: date) -> tuple[Reinstated, ...]:
    plan, kinds = agreement.plan, set(agreement.follow_up.reversed_when_broken)
    currency, amounts = plan.position.currency, dict[tuple[Bucket, Reversal], int]()
    for on, kind, bucket, amount in booked(plan.ledger, currency):
        if kind not in (MovementKind.WAIVED, MovementKind.FORGIVEN) or on > broken:
            continue
        reversal = Reversal(kind.value)
        if reversal in kinds and amount:
            amounts[bucket, reversal] = amounts.get((bucket, reversal), 0) + amount
    return tuple(
        Reinstated(on=broken, bucket=bucket, kind=kind, amount=from_minor(amount, currency))
        for (bucket, kind), amount in amounts.items()
    )


def _with_reinstated(position: Position, reinstated: Sequence[Reinstated], since: date | None) -> Position:
    buckets = position.buckets
    for entry in reinstated:
        # Forgiven principal is part of no instalment, so it is reinstated as overdue.
        name = entry.bucket.value
        if entry.bucket in (Bucket.PRINCIPAL, Bucket.PARKED):
            name = "principal_arrears"
        elif entry.bucket is Bucket.ACCRUED:
            name = "interest_arrears"
        buckets = buckets.model_copy(update={name: getattr(buckets, name) + entry.amount})
    oldest = position.oldest_unpaid_due
    if buckets.principal_arrears and oldest is None:
        oldest = since
    return position.model_copy(update={"buckets": buckets, "oldest_unpaid_due": oldest})
