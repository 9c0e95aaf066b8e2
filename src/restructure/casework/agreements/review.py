"""Review: how an agreement is kept, from the payments received, and what follows if it is not."""

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
from restructure.casework.agreements.performance import AgreementStatus, InstalmentState, Keeping, Trial
from restructure.errors import InvalidInput, Issue
from restructure.inputs import Day, Source, day_of
from restructure.intake.application import Application, ContractLoan, Loan, position_on, read_application
from restructure.policy.language.follow_up import Reversal
from restructure.policy.policy import Policy
from restructure.policy.source import policy_of
from restructure.record import Record

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
    """What was given up on condition of performance and is owed again."""

    on: date
    """The day on which the agreement was broken."""
    bucket: Bucket
    """What it was before; principal comes back as overdue."""
    kind: Reversal
    """Whether it had been waived or forgiven."""
    amount: Money
    """How much."""


class Review(Record):
    """How an agreement stands on a day."""

    agreement: str
    """The agreement's id."""
    on: date
    """The day of the review."""
    standing: AgreementStatus
    """How it stands."""
    reason: str
    """Why, in one sentence."""
    instalments: tuple[InstalmentState, ...]
    """Every instalment, the up-front payment first."""
    received: Money
    """Everything received under the agreement."""
    overdue: Money
    """What is due and not paid."""
    days_past_due: int
    """Days since the oldest instalment that is not paid fell due."""
    broken_on: date | None
    """The day from which it counts as broken."""
    completed_on: date | None
    """The day on which everything was paid."""
    trial: Trial | None
    """How the trial period went, while the change has not taken effect."""
    reinstated: tuple[Reinstated, ...]
    """What comes back because the agreement is broken."""
    owed: Position | None
    """What is owed on the day under the agreement, what came back included, and on trial under the loan as it was;
    none for a settlement."""
    clocks: tuple[ClockState, ...]
    """The periods of good conduct."""
    classification: Classification | None = None
    """The class that a policy suggests, if it was asked and names one; none of a settlement or once nothing is owed."""


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

    Payments may come in any order, and one that is sent twice under one id counts once. They go to the oldest
    instalment first. `loan` tells what lateness costs, if the loan was given by its contract. With the borrower's
    file as `application`, which holds the loan too, `policy` suggests the loan's class on the day. Raises
    `InvalidInput` with every finding: a payment in another currency, before the agreement, after `on`, or two
    different ones under one id; and for a policy without a file, or the file of another borrower.

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
    on = day_of(on)
    application = None if application is None else read_application(application)
    policy = None if policy is None else policy_of(policy)
    if policy is not None and application is None:
        sentence = "a class needs the borrower's file beside the policy; give it as application"
        raise InvalidInput(Issue("field-missing", sentence, "application"))
    if loan is None and application is not None:
        loan = application.loan
    counted = received(agreement, payments, on=on)
    kept = Keeping(agreement, counted, on)
    position = _owed(agreement, counted, on, loan)
    if agreement.plan.repayment is None:
        completed = kept.completed_on
    else:
        completed = None if agreement.on_trial else _repaid(agreement, counted, loan)
    broken = None if completed and not (kept.broken and kept.broken < completed) else kept.broken
    # What a trial would have given up was never given up before it was passed.
    back = _reinstated(agreement, broken) if broken and not agreement.on_trial else ()
    if position is not None and back:
        position = _with_reinstated(position, back, broken)
    standing, reason = kept.standing(broken, completed)
    if (
        kept.completed_on
        and standing in (AgreementStatus.ON_TRACK, AgreementStatus.CURED)
        and position is not None
    ):
        left = f"{position.buckets.claim:,} {position.currency}"
        reason = f"every instalment is paid; {left} that late payment cost is still owed"
    classification = None
    owing = position if broken or not completed else None
    if policy is not None and application is not None and owing is not None and owing.buckets.claim:
        classification = classify(agreement, kept, owing, application, policy, broken=broken is not None)
    currency = agreement.plan.position.currency
    return Review(
        agreement=agreement.id,
        on=on,
        standing=standing,
        reason=reason,
        instalments=kept.instalments(),
        received=from_minor(kept.received, currency),
        overdue=from_minor(0 if completed else kept.overdue, currency),
        days_past_due=0 if completed else kept.days_past_due,
        broken_on=broken,
        completed_on=None if broken else completed,
        trial=kept.trial(),
        reinstated=back,
        owed=position,
        clocks=clock_states(agreement.follow_up, kept, on),
        classification=classification,
    )


def take_effect(agreement: Agreement, payments: Sequence[Payment], *, loan: Loan | None = None) -> Agreement:
    """Let the change take effect once its trial is passed: the same measures on what is then owed.

    The plan is made anew on the day of the last trial payment, from the loan as it was less what was paid; that the
    borrower agreed stays as it is. Raises `InvalidInput` if there is no trial or it is not passed, and `Refused` if the
    measures no longer fit what is owed.
    """
    days = [one.on for one in payments]
    passed = None
    if agreement.on_trial and days:
        passed = Keeping(agreement, received(agreement, payments, on=max(days)), max(days)).trial()
    if passed is None or passed.passed_on is None:
        sentence = "no trial period is passed, so there is no change to take effect"
        raise InvalidInput(Issue("trial-not-passed", sentence, "agreement"))
    on = passed.passed_on
    trial = [one for one in payments if one.on <= on]
    owed = _owed(agreement, received(agreement, trial, on=on), on, loan)
    assert owed is not None, "a settlement has no instalments to try"
    plan = reschedule(owed, agreement.plan.measures)
    return agreement.model_copy(update={"plan": plan, "effective_on": on})


def received(agreement: Agreement, payments: Sequence[Payment], *, on: date) -> tuple[Payment, ...]:
    """Sort the payments of an agreement by day, each counted once; raises `InvalidInput` for what cannot be one."""
    seen: dict[str, Payment] = {}
    counted: list[Payment] = []
    found: list[Issue] = []
    for k, payment in enumerate(payments):
        earlier = seen.get(payment.id) if payment.id is not None else None
        if earlier is not None:
            if earlier != payment:
                found.append(
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
            found.append(Issue("date-after-decision", sentence, f"payments.{k}.on"))
        if payment.on < agreement.on:
            sentence = (
                f"the payment on {payment.on} is before the agreement of {agreement.on}; "
                "it belongs to the loan as it was"
            )
            found.append(Issue("payment-before-agreement", sentence, f"payments.{k}.on"))
        counted.append(payment)
    # What is earlier than the agreement has been said; only currency and scale are left to find.
    found += received_problems(agreement.plan.position.currency, date.min, counted)
    if on < agreement.on:
        found.append(
            Issue("date-order", f"the review on {on} is before the agreement of {agreement.on}", "on")
        )
    if found:
        raise InvalidInput(found)
    if agreement.effective_on is not None:  # what came before paid for the trial
        counted = [one for one in counted if one.on > agreement.effective_on]
    return tuple(sorted(counted, key=lambda one: (one.on, one.id or "", one.amount)))


# --- what is owed


def _handling(loan: Loan | None) -> ServicingTerms:
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
        known = (*loan.payments, *(one.model_copy(update={"id": None}) for one in payments))
        return position_on(loan.model_copy(update={"payments": known}), on)
    if agreement.on_trial and plan.before is not None:
        plan = reschedule(plan.position)  # the loan as it was, as far as balances tell
    if plan.repayment is None:
        return None
    # The plan has booked the up-front payment, so what was received towards it is no payment under the schedule.
    left, rest = plan.up_front, list[Payment]()
    for payment in payments:
        taken = min(left, payment.amount)
        left -= taken
        if payment.amount > taken:
            rest.append(payment.model_copy(update={"amount": payment.amount - taken, "prepayment": None}))
    return position_after(plan, rest, on=on, handling=_handling(loan))


def _repaid(agreement: Agreement, payments: Sequence[Payment], loan: Loan | None) -> date | None:
    """Give the day on which everything owed was paid, what lateness cost included, a tolerated rest apart."""
    plan, tolerance = agreement.plan, agreement.follow_up.tolerance
    first = plan.schedule.rows[0]
    principal = first.balance + first.principal - first.capitalised
    so_far, days = plan.up_front * 0, dict[date, None]()
    for payment in payments:
        so_far += payment.amount
        if so_far + tolerance >= plan.up_front + principal:
            days[payment.on] = None
    for day in days:
        owed = _owed(agreement, [one for one in payments if one.on <= day], day, loan)
        if owed is not None and owed.buckets.claim <= tolerance:
            return day
    return None


def _reinstated(agreement: Agreement, broken: date) -> tuple[Reinstated, ...]:
    plan, kinds = agreement.plan, set(agreement.follow_up.reversed_when_broken)
    currency, back = plan.position.currency, dict[tuple[Bucket, Reversal], int]()
    for on, kind, bucket, amount in booked(plan.ledger, currency):
        if kind not in (MovementKind.WAIVED, MovementKind.FORGIVEN) or on > broken:
            continue
        reversal = Reversal(kind.value)
        if reversal in kinds and amount:
            back[bucket, reversal] = back.get((bucket, reversal), 0) + amount
    return tuple(
        Reinstated(on=broken, bucket=bucket, kind=kind, amount=from_minor(amount, currency))
        for (bucket, kind), amount in back.items()
    )


def _with_reinstated(position: Position, back: Sequence[Reinstated], since: date | None) -> Position:
    buckets = position.buckets
    for one in back:
        # Principal that was given up had its place in no instalment, so it comes back as due.
        name = "principal_arrears" if one.bucket in (Bucket.PRINCIPAL, Bucket.PARKED) else one.bucket.value
        name = "interest_arrears" if one.bucket is Bucket.ACCRUED else name
        buckets = buckets.model_copy(update={name: getattr(buckets, name) + one.amount})
    oldest = position.oldest_unpaid_due
    if buckets.principal_arrears and oldest is None:
        oldest = since
    return position.model_copy(update={"buckets": buckets, "oldest_unpaid_due": oldest})
