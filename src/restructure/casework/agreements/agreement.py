"""Agreement: an offer that the borrower has accepted, with the proof of consent."""

import hashlib
import json
from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from restructure.calculator.plans.plan import Plan
from restructure.calculator.servicing.position import Bucket, Position
from restructure.casework.decisions.decision import Decision
from restructure.casework.decisions.outcome import Offer
from restructure.errors import InvalidInput, Issue
from restructure.inputs import Day, day_of
from restructure.intake.application import ContractLoan, Evidence, position_on
from restructure.policy.language.follow_up import FollowUp
from restructure.policy.policy_ref import PolicyRef
from restructure.record import Record

__all__ = ["Agreement", "Channel", "Consent", "accept", "evidence_digest"]

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 in lower-case hexadecimal."""


class Channel(StrEnum):
    """How consent was given."""

    PHONE = "phone"
    FACE_TO_FACE = "face_to_face"
    WRITTEN = "written"
    ELECTRONIC = "electronic"


class Consent(Record):
    """That the borrower agreed: who, when, how, and to what exactly."""

    on: date
    """The day of acceptance."""
    by: str = Field(min_length=1, max_length=200)
    """The borrower's reference, as in the application."""
    channel: Channel
    """How it was given."""
    evidence: Digest
    """SHA-256 of what was shown or read out, as `evidence_digest` makes it; keep the text or recording under it."""


class Agreement(Record):
    """An accepted offer: what was agreed, with whom, and how it is followed up."""

    id: Digest
    """SHA-256 over decision, rule and consent: the same acceptance twice is one agreement."""
    decision: Digest
    """The decision that made the offer. Only one offer of a decision can be agreed on; whoever stores
    agreements keeps this unique."""
    policy: PolicyRef
    """The policy it was made under."""
    rule: str
    """The rule that made the offer."""
    plan: Plan
    """What was agreed: the new schedule, and what was owed when it was made."""
    consent: Consent
    """That the borrower agreed."""
    follow_up: FollowUp
    """What the policy asks for from here on."""
    effective_on: date | None = None
    """The day on which a passed trial let the change take effect; absent: it did with the agreement, or not yet."""

    @property
    def on_trial(self) -> bool:
        """Whether instalments have still to be paid in time before the change takes effect."""
        return self.effective_on is None and self.follow_up.trial_payments > 0

    @property
    def on(self) -> date:
        """The day of acceptance."""
        return self.consent.on

    @property
    def withdrawable_until(self) -> date:
        """The last day on which the borrower may withdraw; the day of acceptance itself if there is no such time."""
        return self.consent.on + timedelta(days=self.follow_up.cooling_off_days)

    @model_validator(mode="after")
    def _same(self) -> Self:
        if self.id != _agreement_id(self.decision, self.rule, self.consent):
            raise ValueError("the id does not match decision, rule and consent in the record; it was edited")
        return self


def evidence_digest(text: str | bytes) -> str:
    """Give the digest of what the borrower was shown or told, as evidence of consent.

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

    `owed` is what the servicing system says is owed on a day since the decision; but for interest that went on
    accruing it must be what the offer was made from. `documents` are those that arrived since the application. Raises
    `InvalidInput` with every reason at once: an offer that was not made or has expired, another borrower, a day
    before the decision, balances that moved, documents that are not yet held.

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
    on = day_of(on)
    try:
        consent = Consent(on=on, by=by, channel=Channel(channel), evidence=evidence)
    except ValueError as error:
        raise InvalidInput(Issue("consent-invalid", _first_line(error), "consent")) from None
    offer: Offer | None = None
    follow_up = decision.follow_up
    found = _consent_problems(decision, consent)
    try:
        offer = decision.offer_by(rule)
    except InvalidInput as unknown:
        found += unknown.issues
    if offer is not None and owed is not None:
        found += _moved(decision, offer, owed)
    if follow_up.unknown:
        found.append(
            Issue(
                "follow-up-unknown",
                f"{', '.join(follow_up.unknown)} cannot be worked out from the file, so nothing can be agreed on yet",
                "decision.follow_up",
            )
        )
    held = {one.kind for one in (*decision.application.hardship.evidence, *documents) if one.on <= on}
    lacking = [kind.value for kind in follow_up.documents if kind not in held]
    if lacking:
        found.append(
            Issue(
                "documents-missing",
                f"the agreement needs {', '.join(lacking)}, which is not yet held; record it with its date",
                "documents",
            )
        )
    if found:
        raise InvalidInput(found)
    assert offer is not None, "an offer that was not made was refused above"
    return Agreement(
        id=_agreement_id(decision.id, rule, consent),
        decision=decision.id,
        policy=decision.policy,
        rule=rule,
        plan=offer.plan,
        consent=consent,
        follow_up=follow_up,
    )


def _consent_problems(decision: Decision, consent: Consent) -> list[Issue]:
    found = []
    borrower = decision.application.borrower.reference
    if consent.by != borrower:
        found.append(
            Issue(
                "borrower-differs",
                "who accepts is not the borrower of the decision; accept under the reference of its application",
                "by",
            )
        )
    if consent.on < decision.on:
        found.append(
            Issue(
                "date-order", f"the acceptance on {consent.on} is before the decision on {decision.on}", "on"
            )
        )
    elif decision.open_until is not None and consent.on > decision.open_until:
        found.append(
            Issue(
                "offer-expired",
                f"the offer could be accepted until {decision.open_until}, not on {consent.on}; decide anew",
                "on",
            )
        )
    return found


# What grows from day to day without anybody moving it.
_ACCRUING = frozenset({Bucket.INTEREST_ARREARS, Bucket.ACCRUED, Bucket.PENALTY})


def _moved(decision: Decision, offer: Offer, owed: Position) -> list[Issue]:
    """Find what changed since the offer was made, interest that only went on accruing apart."""
    loan, then = decision.application.loan, offer.plan.position
    if owed.currency != then.currency:
        sentence = f"what is owed is in {owed.currency} but the offer in {then.currency}"
        return [Issue("currency-mixed", sentence, "owed.currency")]
    if owed.on < then.on:
        sentence = f"what is owed on {owed.on} is older than the offer of {then.on}"
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
            f"{', '.join(moved)} changed since the offer was made on {then.on}; decide anew on what is owed now",
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
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in faults())
