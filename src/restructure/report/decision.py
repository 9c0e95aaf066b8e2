"""The view of a decision, in the order in which a caseworker reads it."""

from collections.abc import Iterator

from restructure.blocks import Block, Heading, Lines, Table
from restructure.casework.decisions.decision import Decision
from restructure.casework.decisions.outcome import GateResult, Outcome, Refusal
from restructure.policy.case_facts import Concluded
from restructure.report.comparison import compared_offers, each_offer
from restructure.report.conditions import failures, values
from restructure.report.tables import steps_table, tasks_table, tiers_table
from restructure.report.wording import Wording
from restructure.texts import languages_in
from restructure.views import view_of

__all__ = ["decision_view"]


@view_of(Decision)
def decision_view(decision: Decision, wording: Wording) -> list[Block]:
    """Put a decision into headings, sentences and tables, in the order in which a caseworker reads it.

    A text of the policy that is not in the language is in English, else in the first language that it has. Raises
    `InvalidInput` for a language in which neither the phrases nor the decision have a text.
    """
    wording.check(_languages(decision))
    return [
        *_opening(decision, wording),
        *_missing(decision, wording),
        *_actions(decision, wording),
        *(compared_offers(decision, wording) if decision.offers else ()),
        *each_offer(decision.offers, wording),
        *_owed(decision, wording),
        *_ability(decision, wording),
        *_concluded(decision, wording),
        *_gates(decision, wording),
        *_refusals(decision, wording),
        *_closing(decision, wording),
    ]


def _languages(decision: Decision) -> frozenset[str]:
    """Give the languages of the texts that a decision has from the policy."""
    offers = [offer.model_copy(update={"plan": None, "prospect": None}) for offer in decision.offers]
    return languages_in(*decision.gates, *offers, *decision.refusals, *decision.actions)


def _opening(decision: Decision, wording: Wording) -> Iterator[Block]:
    loan, policy, outcome = decision.application.loan, decision.policy, decision.outcome
    if outcome is Outcome.OFFER:
        headline = wording.counted("decision.offer", len(decision.offers))
    else:
        headline = wording(f"decision.{outcome.value}")
    yield Heading(
        wording("decision.title", outcome=wording.name("outcome", outcome.value), headline=headline), 1
    )
    closed = wording("join.semicolon").join(wording.text(gate.title) for gate in decision.failed_gates)
    case = wording(
        "decision.case",
        application=decision.application.reference,
        loan=loan.reference,
        product=wording.name("product", loan.product.value),
        on=decision.on,
        policy=policy.name,
        version=policy.version,
    )
    yield Lines(
        (
            case,
            _lateness(decision, wording),
            *((wording("decision.gates_open", gates=closed),) if closed else ()),
        )
    )


def _lateness(decision: Decision, wording: Wording) -> str:
    assessment = decision.assessment
    if not assessment.days_past_due:
        return wording("decision.not_late")
    return wording(
        "decision.late",
        days=wording.counted("unit.day", assessment.days_past_due),
        stage=wording.name("delinquency_stage", assessment.delinquency_stage.value),
        missed=wording.counted("decision.missed", assessment.missed_instalments),
    )


def _missing(decision: Decision, wording: Wording) -> Iterator[Block]:
    if not decision.missing or decision.outcome is Outcome.NO_ACTION_NEEDED:
        return
    titles = {
        **{gate.id: wording.text(gate.title) for gate in decision.gates},
        **{action.id: wording.text(action.title) for action in decision.actions},
        **{offer.rule: wording.text(offer.title) for offer in decision.offers},
        **{refusal.rule: wording.text(refusal.title) for refusal in decision.refusals},
    }
    rows = tuple(
        (
            wording.named("place", missing.place),
            wording("join.semicolon").join(titles.get(name, name) for name in missing.needed_by)
            or wording("decision.missing_complete"),
        )
        for missing in decision.missing
    )
    yield Heading(wording("decision.missing"))
    yield Table(
        (wording("decision.missing_place"), wording("decision.missing_needed_by")), rows, figures=False
    )


def _actions(decision: Decision, wording: Wording) -> Iterator[Block]:
    if decision.actions:
        yield Heading(wording("decision.actions"))
        yield tasks_table(decision.actions, wording)


def _owed(decision: Decision, wording: Wording) -> Iterator[Block]:
    assessment, currency = decision.assessment, decision.assessment.currency
    buckets = type(assessment.position.buckets).model_fields
    owed = [(name, getattr(assessment.position.buckets, name)) for name in buckets]
    yield Heading(wording("decision.owed"))
    yield Table(
        (wording("decision.bucket"), currency),
        (
            *(
                (wording.name("bucket", name), wording.money(amount, currency))
                for name, amount in owed
                if amount
            ),
            (wording("decision.total"), wording.money(assessment.claim, currency)),
        ),
    )


def _ability(decision: Decision, wording: Wording) -> Iterator[Block]:
    assessment, currency = decision.assessment, decision.assessment.currency

    def value(name: str) -> str:
        return wording.value(name, assessment.value(name), currency)

    yield Heading(wording("decision.ability"))
    yield Lines(
        (
            wording(
                "decision.budget",
                income=value("monthly_income"),
                costs=value("essential_costs"),
                debts=value("other_debt_payments"),
                left=value("disposable_income"),
            ),
            wording(
                "decision.instalment",
                instalment=value("instalment_before"),
                shortfall=value("shortfall"),
                drop=value("income_drop"),
            ),
        )
    )


def _concluded(decision: Decision, wording: Wording) -> Iterator[Block]:
    """Give the policy's facts: those that the application states, those that the policy concludes, the unknown."""
    stated, concluded, unknown = list[Concluded](), list[Concluded](), list[Concluded]()
    for result in decision.concluded:
        if result.value == "unknown":
            unknown.append(result)
        elif result.derivation == f"{result.fact} = {result.value} (from facts.{result.fact})":
            stated.append(result)
        else:
            concluded.append(result)
    fact, value = wording("decision.fact"), wording("decision.value")
    if stated:
        rows = tuple((result.fact, wording.written(result.value)) for result in stated)
        yield Heading(wording("decision.stated"))
        yield Table((fact, value), rows, figures=False)
    if concluded or unknown:
        yield Heading(wording("decision.concluded"))
    if concluded:
        reasons = tuple(
            (
                result.fact,
                wording.written(result.value),
                # The first column has the name of the fact already.
                ", ".join(result.by) or result.derivation.removeprefix(f"{result.fact} = "),
            )
            for result in concluded
        )
        yield Table((fact, value, wording("decision.because_of")), reasons, figures=False)
    if unknown:
        names = wording.listed(result.fact for result in unknown)
        yield Lines((wording("decision.not_known", facts=names),))


def _gates(decision: Decision, wording: Wording) -> Iterator[Block]:
    closed = decision.failed_gates
    if not closed:
        return
    columns = ("gate", "verdict", "values", "then")
    yield Heading(wording("decision.gates"))
    yield Table(
        tuple(wording(f"decision.{column}") for column in columns),
        tuple(_gate(gate, wording) for gate in closed),
        figures=False,
    )
    # Only a failed gate is a reason for the borrower; for an unknown one the missing information is requested.
    reasons = [wording.text(gate.reason) for gate in closed if gate.verdict == "failed"]
    yield Lines(
        tuple(wording("decision.to_borrower", reason=reason) for reason in reasons)
        or (wording("decision.to_borrower_missing"),)
    )


def _gate(gate: GateResult, wording: Wording) -> tuple[str, ...]:
    return (
        wording.text(gate.title),
        wording.name("verdict", gate.verdict),
        values(wording, gate.conditions),
        wording.name("otherwise", gate.otherwise.value),
    )


def _refusals(decision: Decision, wording: Wording) -> Iterator[Block]:
    if not decision.refusals:
        return
    rows = tuple(
        (
            wording("join.named", label=wording.text(refusal.title), name=refusal.rule),
            _reason(refusal, decision, wording),
        )
        for refusal in decision.refusals
    )
    yield Heading(wording("decision.refusals"))
    yield Table((wording("decision.rule"), wording("decision.reason")), rows, figures=False)
    for refusal in decision.refusals:
        if refusal.steps:
            yield Heading(wording("decision.search_of", rule=refusal.rule), 3)
            yield from tiers_table(refusal.tiers, wording)
            yield from steps_table(refusal.steps, wording)


def _reason(refusal: Refusal, decision: Decision, wording: Wording) -> str:
    """Write why a rule made no offer: from its conditions if it records them, else as its message has it."""
    failed = failures(wording, refusal.conditions)
    if failed and refusal.stage in ("condition", "limit"):
        return wording(f"decision.refused_{refusal.stage}", conditions=failed)
    if failed and refusal.code == "target-missed":
        return wording("sentences.refusal.missed", conditions=failed)
    if failed and refusal.code == "target-not-accepted":
        return wording("sentences.refusal.not_accepted", conditions=failed)
    names = {gate.id: wording.text(gate.title) for gate in decision.gates}
    return wording.sentence("refusal", refusal.message, names)


def _closing(decision: Decision, wording: Wording) -> Iterator[Block]:
    form = "decision.barred" if decision.enforcement_barred else "decision.not_barred"
    reason = wording.sentence("enforcement", decision.enforcement_reason)
    engines = wording("join.and").join(decision.engines)
    yield Heading(wording("decision.enforcement"))
    yield Lines((wording(form, reason=reason),))
    yield Lines((wording("decision.id", id=decision.id[:16], engines=engines),))
