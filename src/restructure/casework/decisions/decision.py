"""Decision: the offers to a borrower, the refusals and their reasons, in one record."""

import hashlib
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from pydantic import computed_field, model_validator

from restructure.casework.decisions.judge import judge
from restructure.casework.decisions.outcome import Detail, GateResult, Missing, Offer, Outcome, Refusal, Task
from restructure.casework.decisions.rounds import Round
from restructure.errors import InvalidInput, Issue, did_you_mean
from restructure.frames import Tabular
from restructure.inputs import Day, Source, day_of, word_of
from restructure.intake.application import Application, read_application
from restructure.intake.assessment import Assessment, assess
from restructure.intake.facts import derivation, facts
from restructure.policy.case_facts import Concluded, facts_of
from restructure.policy.engine.evaluation import Engines, engines_here
from restructure.policy.in_force import InForce
from restructure.policy.language.follow_up import FollowUp
from restructure.policy.language.sections import Otherwise
from restructure.policy.policy import Policy
from restructure.policy.policy_ref import PolicyRef
from restructure.policy.source import policy_of
from restructure.record import Listed, Record
from restructure.short_form import counted

__all__ = [
    "Decision",
    "Detail",
    "GateResult",
    "Missing",
    "Offer",
    "Outcome",
    "Refusal",
    "Task",
    "decide",
    "decision_id",
]


class Decision(Tabular, Record):
    """The decision on one application under one policy on one day, complete for an audit."""

    id: str
    """SHA-256 of application, policy and day, so that the same three give the same id."""
    on: date
    """The day of the decision, such as 2026-03-18."""
    policy: PolicyRef
    """Name, version and digest of the policy."""
    engines: tuple[str, ...]
    """Names of the rule evaluators that ran, such as `reference`."""
    detail: Detail = Detail.DECISIVE
    """How much of the reasons is recorded."""
    outcome: Outcome
    """Outcome of the case, such as `offer`."""
    offers: tuple[Offer, ...]
    """The offers, the best first."""
    refusals: Listed[Refusal]
    """The rules that made no offer, each with its reason."""
    gates: Listed[GateResult]
    """Every gate of the policy, passed or not."""
    actions: tuple[Task, ...] = ()
    """Tasks of the lender on the case, whatever the outcome."""
    concluded: tuple[Concluded, ...] = ()
    """Facts that the policy concluded, each after those that it depends on."""
    missing: tuple[Missing, ...]
    """Missing information, each place with the gates and rules that need it."""
    enforcement_barred: bool
    """Whether enforcement is barred: true unless a complete assessment ended in a reasoned refusal."""
    enforcement_reason: str
    """Why enforcement is or is not barred, in one sentence."""
    follow_up: FollowUp = FollowUp()
    """Terms for an agreement on one of the offers, such as its documents, days of grace and trial payments."""
    rounds: tuple[Round, ...] = ()
    """The rounds of the negotiation since, each a request and its answer."""
    assessment: Assessment
    """The facts on which the decision is based."""
    application: Application
    """The application from which the facts were derived."""

    @computed_field(description="Derivation of every fact from the application, in one line each.")  # type: ignore[prop-decorator]
    @property
    def derivations(self) -> dict[str, str]:
        """Derivation of every fact from the application, in one line each."""
        return {name: derivation(self.assessment, name) for name, fact in facts().items() if not fact.of_plan}

    @model_validator(mode="before")
    @classmethod
    def _drop_derivations(cls, data: Any) -> Any:
        # They are derived from the record, so they are written and ignored on reading.
        return {k: v for k, v in data.items() if k != "derivations"} if isinstance(data, dict) else data

    @property
    def failed_gates(self) -> tuple[GateResult, ...]:
        """Every gate that is not passed, failed ones before unknown ones."""
        open_gates = [gate for gate in self.gates if gate.verdict != "passed"]
        return tuple(sorted(open_gates, key=lambda gate: gate.verdict != "failed"))

    @property
    def open_until(self) -> date | None:
        """Last day on which an offer can be accepted; none if the offers do not expire."""
        valid = self.follow_up.valid_days
        return None if valid is None else self.on + timedelta(days=valid)

    def offer_by(self, rule: str) -> Offer:
        """Give the offer that a rule made; raises `InvalidInput` if it made none."""
        offered = {offer.rule: offer for offer in self.offers}
        if not isinstance(rule, str) or rule not in offered:
            hint = did_you_mean(rule, offered) if offered else "; the decision made none"
            raise InvalidInput(
                Issue("offer-unknown", f'no offer was made by the rule "{rule}"{hint}', "rule")
            )
        return offered[rule]

    def under(self, policy: Policy) -> InForce:
        """Give the policy in force on the day of the decision; raises `InvalidInput` for another policy or version."""
        in_force = policy.in_currency(self.application.loan.currency).at(self.on)
        if in_force.ref != self.policy:
            raise InvalidInput(
                Issue(
                    "policy-differs",
                    f"the decision was made under {self.policy.name} {self.policy.version}, digest "
                    f"{self.policy.digest[:12]}, and this policy's is {in_force.digest[:12]}; load the one that "
                    "decided",
                    "policy",
                )
            )
        return in_force

    def derivation(self, fact: str) -> str:
        """Write the derivation of a fact, with the values of this case; raises `InvalidInput` for an unknown fact."""
        known = [name for name, each in facts().items() if not each.of_plan]
        if fact not in known:
            raise InvalidInput(
                Issue("fact-unknown", f'no fact is called "{fact}"{did_you_mean(fact, known)}', "fact")
            )
        return derivation(self.assessment, fact)

    def _summary(self) -> str:
        result = self.outcome.value
        if self.offers:
            result += f", {counted(len(self.offers), 'offer')}, best {self.offers[0].rule}"
        elif self.missing:
            result += f", {counted(len(self.missing), 'item')} missing"
        case = f"{self.application.reference} on {self.on}"
        return f"{result}; {case}, {self.policy.name} {self.policy.version}, id {self.id[:8]}"


def decide(
    application: Application | Source,
    policy: Policy | Source,
    *,
    on: Day,
    engines: Engines | str = Engines.BOTH,
    detail: Detail | str = Detail.DECISIVE,
) -> Decision:
    """Decide an application under a policy on a day.

    Application and policy are records, paths, texts or plain data; a packaged policy is given by its name.
    A refusal is a result like an offer, never an exception. Raises `InvalidInput`
    for an application that contradicts itself, `InvalidPolicy` if the policy is not in force, and
    `EngineDisagreement` if the two evaluators differ.

    >>> decision = decide("examples/illness.json", "cn-consumer-finance", on="2026-03-18")
    >>> decision.outcome.value, decision.offers[0].rule
    ('offer', 'illness-relief')
    """
    application, on = read_application(application), day_of(on)
    engines, detail = word_of(Engines, engines, "engines"), word_of(Detail, detail, "detail")
    policy = policy_of(policy).in_currency(application.loan.currency)
    in_force = policy.at(on)
    if policy.currency != application.loan.currency:
        raise InvalidInput(
            Issue(
                "policy-currency",
                f"the loan is in {application.loan.currency} but the policy {policy.name} in {policy.currency}; "
                "choose a policy in the currency of the loan",
                "loan.currency",
            )
        )
    known = facts_of(in_force, assess(application, on=on), engines)
    judged = judge(known, engines=engines, detail=detail)
    # A policy without rules refuses nothing, so such a case is referred.
    untried = not judged.offers and not judged.refusals
    outcome = _outcome(judged.verdicts, offers=bool(judged.offers), undecided=judged.undecided or untried)
    barred, why = _enforcement(outcome, known.assessment)
    return Decision.model_construct(
        id=decision_id(application, in_force, on),
        on=on,
        policy=in_force.ref,
        engines=engines_here(engines),
        detail=detail,
        outcome=outcome,
        offers=judged.offers,
        refusals=judged.refusals,
        gates=judged.gates,
        # No enforcement before a complete assessment, even if the policy asks for it.
        actions=tuple(task for task in judged.actions if not (barred and task.enforces)),
        concluded=known.concluded,
        missing=judged.missing,
        enforcement_barred=barred,
        enforcement_reason=why,
        follow_up=known.follow_up,
        assessment=known.assessment,
        application=application,
    )


def _outcome(verdicts: Sequence[tuple[str, Otherwise]], *, offers: bool, undecided: bool) -> Outcome:
    """Give the outcome: no action needed first, then a referral, then a refusal, then an offer.

    A case that fails a declining gate and also needs a person or a document is referred, since no borrower is
    declined on an unfinished assessment.
    """
    failed = {otherwise for verdict, otherwise in verdicts if verdict == "failed"}
    if Otherwise.NO_ACTION_NEEDED in failed:
        return Outcome.NO_ACTION_NEEDED
    if failed & {Otherwise.REFER, Otherwise.ASK} or any(verdict == "unknown" for verdict, _ in verdicts):
        return Outcome.REFER
    if failed:
        return Outcome.DECLINE
    if offers:
        return Outcome.OFFER
    return Outcome.REFER if undecided else Outcome.DECLINE


def _enforcement(outcome: Outcome, assessment: Assessment) -> tuple[bool, str]:
    """Bar enforcement unless a complete assessment ended in a reasoned refusal, the main rule of this library."""
    if outcome is Outcome.DECLINE and assessment.file_complete:
        return False, "the assessment is complete and every offer was refused with its reason"
    if not assessment.file_complete:
        return (
            True,
            "the assessment is incomplete: no enforcement before the missing information is in and assessed",
        )
    return True, {
        Outcome.OFFER: "an offer is open",
        Outcome.REFER: "a person has not decided yet",
        Outcome.DECLINE: "the assessment is incomplete",
        Outcome.NO_ACTION_NEEDED: "the borrower is not in difficulty",
    }[outcome]


def decision_id(application: Application, in_force: InForce, on: date) -> str:
    """Give the digest of an application, a policy on a day and that day."""
    # Without defaults, so that a field that a later version adds does not change the id of an old application.
    text = f"{application.model_dump_json(exclude_defaults=True)}\n{in_force.digest}\n{on.isoformat()}"
    return hashlib.sha256(text.encode()).hexdigest()
