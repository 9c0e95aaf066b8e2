"""Agreement: an offer that the borrower has accepted, with the proof of consent."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from restructure.calculator.plans.plan import Plan
from restructure.calculator.servicing.position import Bucket, Position
from restructure.casework.decisions.decision import Decision
from restructure.casework.decisions.outcome import Offer
from restructure.errors import InvalidInput, Issue
from restructure.inputs import Day, day_of, record_of
from restructure.intake.application import ContractLoan, Evidence, position_on
from restructure.policy.language.follow_up import FollowUp
from restructure.policy.policy_ref import PolicyRef
from restructure.record import Record

__all__ = ["Agreement", "Channel", "Consent", "accept", "evidence_digest"]

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 in lower-case hexadecimal."""


class Channel(StrEnum):
    """Channel through which consent was given."""

    PHONE = "phone"
    FACE_TO_FACE = "face_to_face"
    WRITTEN = "written"
    ELECTRONIC = "electronic"


class Consent(Record):
    """Proof of the borrower's consent: who, when, through which channel, and to which text."""

    on: date
    """The day of acceptance, such as 2026-03-20."""
    by: str = Field(min_length=1, max_length=200)
    """The borrower's reference, as in the application, such as "B-1001"."""
    channel: Channel
    """Channel through which it was given, such as `phone`."""
    evidence: Digest
    """SHA-256 of the text that was shown or read out, from `evidence_digest`; archive the text or recording under
    it."""


class Agreement(Record):
    """An accepted offer: the agreed plan, the consent and the terms of its follow-up."""

    id: Digest
    """SHA-256 of decision, rule and consent, so that the same acceptance sent twice gives the same id."""
    decision: Digest
    """Id of the decision that made the offer. One decision leads to at most one agreement: a store of agreements
    declares this unique."""
    policy: PolicyRef
    """Name, version and digest of the policy that the offer was made under."""
    rule: str
    """Id of the rule that made the offer, such as `illness-relief`."""
    plan: Plan
    """The agreed plan: the new schedule, and what was owed when it was calculated."""
    consent: Consent
    """Proof of the borrower's consent."""
    follow_up: FollowUp
    """The policy's terms for the time of the agreement, such as days of grace and a trial period."""
    effective_on: date | None = None
    """The day on which the change took effect after a completed trial period; absent: with the agreement, or not
    yet."""

    @property
    def on_trial(self) -> bool:
        """Whether trial payments are still due before the change takes effect."""
        return self.effective_on is None and self.follow_up.trial_payments > 0

    @property
    def on(self) -> date:
        """The day of acceptance."""
        return self.consent.on

    @property
    def withdrawable_until(self) -> date:
        """Last day on which the borrower may withdraw; the day of acceptance if the policy has no cooling-off
        period.
        """
        return self.consent.on + timedelta(days=self.follow_up.cooling_off_days)

    def _summary(self) -> str:
        return f"{self.rule}, agreed on {self.on}, {self.plan._summary()}, id {self.id[:8]}"

    @model_validator(mode="after")
    def _same(self) -> Self:
        if self.id != _agreement_id(self.decision, self.rule, self.consent):
            raise ValueError("the id does not match decision, rule and consent in the record; it was edited")
        return self


def evidence_digest(text: str | bytes) -> str:
    """Give the SHA-256 digest of the text that the borrower saw or heard, as evidence of consent.

    >>> evidence_digest("24 instalments of 1,824.23")[:12]
    '222945a099f6'
    """
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def accept(
    decision: Decision,
    *,
    rule: str,
    on: Day,
    by: str,
    channel: Channel | str,
    evidence: str,
    owed: Position | None = None,
    documents: Sequence[Evidence] = (),
) -> Agreement:
    """Record that a borrower accepts one offer of a decision.

    `owed` is the position by the servicing system on a day since the decision; except for interest accrued since, it
    must equal the position of the offer. `documents` are those received since the application. Raises `InvalidInput`
    with every reason at once: an offer that was not made or has expired, another borrower, a day before the decision,
    balances that changed, missing documents.

    >>> from restructure.casework.decisions.decision import decide
    >>> from restructure.intake.application import read_application
    >>> from restructure.policy.loading.loading import load_policy
    >>> case = read_application("examples/illness.json")
    >>> decision = decide(case, load_policy("cn-consumer-finance"), on=case.as_of)
    >>> agreement = accept(decision, rule="illness-relief", on=case.as_of, by=case.borrower.reference,
    ...                    channel="phone", evidence=evidence_digest("what was read out"))
    >>> str(agreement.plan.instalment)
    '2046.14'
    """
    record_of(Decision, decision, "decision")
    record_of(str, rule, "rule")
    if owed is not None:
        record_of(Position, owed, "owed")
    for k, document in enumerate(record_of(Sequence, documents, "documents")):  # type: ignore[type-abstract]
        record_of(Evidence, document, f"documents.{k}")
    on = day_of(on)
    try:
        consent = Consent(on=on, by=by, channel=Channel(channel), evidence=evidence)
    except ValueError as error:
        raise InvalidInput(Issue("consent-invalid", _first_line(error), "consent")) from None
    offer: Offer | None = None
    issues = _consent_problems(decision, consent)
    try:
        offer = decision.offer_by(rule)
    except InvalidInput as unknown:
        issues += unknown.issues
    if offer is not None and owed is not None:
        issues += _moved(decision, offer, owed)
    issues += _follow_up_problems(decision, documents, on)
    if issues:
        raise InvalidInput(issues)
    assert offer is not None, "an offer that was not made was refused above"
    return Agreement(
        id=_agreement_id(decision.id, rule, consent),
        decision=decision.id,
        policy=decision.policy,
        rule=rule,
        plan=offer.plan,
        consent=consent,
        follow_up=decision.follow_up,
    )


def _follow_up_problems(decision: Decision, documents: Sequence[Evidence], on: date) -> Iterator[Issue]:
    follow_up = decision.follow_up
    if follow_up.unknown:
        sentence = (
            f"{', '.join(follow_up.unknown)} cannot be derived from the application, so no agreement is possible yet; "
            "supply what is missing and decide again"
        )
        yield Issue("follow-up-unknown", sentence, "decision.follow_up")
    evidence = (*decision.application.hardship.evidence, *documents)
    held = {document.kind for document in evidence if document.on <= on}
    lacking = [kind.value for kind in follow_up.documents if kind not in held]
    if lacking:
        sentence = f"the agreement needs {', '.join(lacking)}, which is not yet held; record it with its date"
        yield Issue("documents-missing", sentence, "documents")


def _consent_problems(decision: Decision, consent: Consent) -> list[Issue]:
    issues = []
    borrower = decision.application.borrower.reference
    if consent.by != borrower:
        issues.append(
            Issue(
                "borrower-differs",
                "the acceptance is by another borrower than the decision; accept under the reference of "
                "its application",
                "by",
            )
        )
    if consent.on < decision.on:
        issues.append(
            Issue(
                "date-order",
                f"the acceptance on {consent.on} is before the decision on {decision.on}; correct the day",
                "on",
            )
        )
    elif decision.open_until is not None and consent.on > decision.open_until:
        issues.append(
            Issue(
                "offer-expired",
                f"the offer could be accepted until {decision.open_until}, not on {consent.on}; decide again",
                "on",
            )
        )
    return issues


# Buckets that grow from day to day by accrual alone.
_ACCRUING = frozenset({Bucket.INTEREST_ARREARS, Bucket.ACCRUED, Bucket.PENALTY})


def _moved(decision: Decision, offer: Offer, owed: Position) -> list[Issue]:
    """List the buckets that changed since the offer was made, apart from interest accrued since."""
    loan, then = decision.application.loan, offer.plan.position
    if owed.currency != then.currency:
        sentence = (
            f"what is owed is in {owed.currency} but the offer in {then.currency}; give it in the loan's "
            "currency"
        )
        return [Issue("currency-mixed", sentence, "owed.currency")]
    if owed.on < then.on:
        sentence = f"what is owed on {owed.on} is older than the offer of {then.on}; give it for a later day"
        return [Issue("date-order", sentence, "owed.on")]
    exact = isinstance(loan, ContractLoan) or owed.on == then.on
    expected = position_on(loan, owed.on) if isinstance(loan, ContractLoan) else then
    moved = [
        bucket.value
        for bucket, amount in expected.minor.items()
        if owed.minor[bucket] != amount and (exact or bucket not in _ACCRUING or owed.minor[bucket] < amount)
    ]
    if not moved:
        return []
    return [
        Issue(
            "balances-moved",
            f"{', '.join(moved)} changed since the offer was made on {then.on}; decide again on what is owed now",
            f"owed.buckets.{moved[0]}",
        )
    ]


def _agreement_id(decision: str, rule: str, consent: Consent) -> str:
    content = [decision, rule, consent.model_dump(mode="json")]
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _first_line(error: ValueError) -> str:
    faults = getattr(error, "errors", None)
    if faults is None:
        return str(error)
    return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults())
