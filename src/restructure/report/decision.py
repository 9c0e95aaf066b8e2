"""The view of a decision, in the order in which a caseworker reads it."""

from collections.abc import Sequence
from decimal import Decimal

from restructure.blocks import Block, Heading, Lines, Table, say
from restructure.calculator.amortisation.rows import Instalment
from restructure.calculator.conventions.money import write_money
from restructure.casework.decisions.decision import Decision
from restructure.casework.decisions.outcome import GateResult, Offer, Outcome
from restructure.intake.facts import facts, show
from restructure.policy.case_facts import Concluded
from restructure.report.tables import BUCKET_LABELS, row_cells, steps_table, tasks_table, tiers_table
from restructure.report.wording import Wording
from restructure.texts import languages_in
from restructure.views import view_of

__all__ = ["decision_view"]


@view_of(Decision)
def decision_view(decision: Decision, wording: Wording) -> list[Block]:
    """Put a decision into headings, sentences and tables, in the order in which a caseworker reads it.

    The texts of the policy are in `language`, a text without it in English, else in the first language that it has;
    everything else is in English. Raises `InvalidInput` for a language in which the decision has no text.
    """
    wording.check(_languages(decision))
    language = wording.language
    blocks = [*_opening(decision), *_concluded(decision)]
    if decision.actions:
        blocks += [Heading("What to do now"), tasks_table(decision.actions, language)]
    if decision.offers:
        blocks += _offers(decision, language)
    blocks += [*_gates(decision, language), *_missing(decision), *_refusals(decision)]
    stance = "Enforcement is barred" if decision.enforcement_barred else "Enforcement is not barred"
    return [
        *blocks,
        Heading("Enforcement"),
        Lines((f"{stance}: {decision.enforcement_reason}.",)),
        Lines((f"Decision {decision.id[:16]}, by {' and '.join(decision.engines)}.",)),
    ]


def _languages(decision: Decision) -> frozenset[str]:
    """Give the languages of the texts that a decision has from the policy."""
    offers = [offer.model_copy(update={"plan": None, "prospect": None}) for offer in decision.offers]
    return languages_in(*decision.gates, *offers, *decision.refusals, *decision.actions)


def _opening(decision: Decision) -> list[Block]:
    assessment, currency = decision.assessment, decision.assessment.currency
    loan, buckets = decision.application.loan, decision.assessment.position.buckets
    owed = [(label, getattr(buckets, bucket.value)) for bucket, label in BUCKET_LABELS.items()]
    return [
        Heading(f"{decision.outcome.value.replace('_', ' ').upper()}: {_headline(decision)}", 1),
        Lines(
            (
                f"Application {decision.application.reference}, loan {loan.reference} ({loan.product.value}), "
                f"decided on {decision.on} under {decision.policy.name} {decision.policy.version}.",
                _lateness(decision),
                *_ability(decision),
            )
        ),
        Heading("What is owed"),
        Table(
            ("", currency),
            (
                *((label, write_money(amount, currency)) for label, amount in owed if amount),
                ("total", write_money(assessment.claim, currency)),
            ),
        ),
    ]


def _concluded(decision: Decision) -> list[Block]:
    """Give the policy's facts: those that the application states, those that the policy concludes, the unknown."""
    blocks: list[Block] = []
    stated, concluded, unknown = list[Concluded](), list[Concluded](), list[Concluded]()
    for result in decision.concluded:
        if result.value == "unknown":
            unknown.append(result)
        elif result.derivation == f"{result.fact} = {result.value} (from facts.{result.fact})":
            stated.append(result)
        else:
            concluded.append(result)
    if stated:
        rows = tuple((result.fact, result.value) for result in stated)
        blocks += [Heading("Facts given by the application"), Table(("fact", "value"), rows, figures=False)]
    if concluded:
        reasons = tuple(
            # The first column has the name of the fact already.
            (
                result.fact,
                result.value,
                ", ".join(result.by) or result.derivation.removeprefix(f"{result.fact} = "),
            )
            for result in concluded
        )
        heading = Heading("What the policy concludes")
        blocks += [heading, Table(("fact", "value", "because of"), reasons, figures=False)]
    if unknown:
        blocks += [
            *([] if blocks else [Heading("What the policy concludes")]),
            Lines((f"Not known: {', '.join(result.fact for result in unknown)}.",)),
        ]
    return blocks


def _missing(decision: Decision) -> list[Block]:
    if not decision.missing or decision.outcome is Outcome.NO_ACTION_NEEDED:
        return []
    rows = tuple(
        (missing.place, ", ".join(missing.needed_by) or "a complete file") for missing in decision.missing
    )
    return [
        Heading("Information that is missing"),
        Table(("place in the application", "needed by"), rows, figures=False),
    ]


def _refusals(decision: Decision) -> list[Block]:
    if not decision.refusals:
        return []
    rows = tuple((refusal.rule, refusal.message) for refusal in decision.refusals)
    blocks: list[Block] = [Heading("Not offered"), Table(("rule", "reason"), rows, figures=False)]
    for refusal in decision.refusals:
        if refusal.steps:
            blocks += [
                Heading(f"Search of {refusal.rule}"),
                *tiers_table(refusal.tiers),
                *steps_table(refusal.steps),
            ]
    return blocks


def _headline(decision: Decision) -> str:
    match decision.outcome:
        case Outcome.OFFER:
            count = len(decision.offers)
            return f"{count} offers can be made" if count > 1 else "one offer can be made"
        case Outcome.REFER:
            return "a person decides, no offer is made yet"
        case Outcome.DECLINE:
            return "no offer fits"
        case Outcome.NO_ACTION_NEEDED:
            return "the borrower is not in difficulty"


def _lateness(decision: Decision) -> str:
    assessment = decision.assessment
    late, missed = assessment.days_past_due, assessment.missed_instalments
    if not late:
        return "Nothing is past due."
    return (
        f"{late} day{'s' if late != 1 else ''} past due ({assessment.delinquency_stage.value}), "
        f"{missed} instalment{'s' if missed != 1 else ''} missed."
    )


def _ability(decision: Decision) -> list[str]:
    assessment, currency = decision.assessment, decision.assessment.currency
    known = facts()

    def value(name: str) -> str:
        return show(known[name], assessment.value(name), currency)

    return [
        f"Income {value('monthly_income')} − essential costs {value('essential_costs')} − other debts "
        f"{value('other_debt_payments')} = {value('disposable_income')} a month to repay with.",
        f"Agreed instalment {value('instalment_before')}; shortfall {value('shortfall')}; "
        f"fall of income {value('income_drop')}.",
    ]


def _offers(decision: Decision, language: str) -> list[Block]:
    currency = decision.assessment.currency
    before = decision.offers[0].plan.before
    agreed = decision.assessment

    def money(amount: Decimal) -> str:
        return write_money(amount, currency)

    def percent(value: Decimal | None) -> str:
        if value is None:
            return "unknown"
        return f"{round(value * 100, 2) + 0:.2f} %"  # + 0: no minus before a rounded zero

    columns: list[list[str]] = [
        [
            money(agreed.instalment_before),
            money(max(row.total for row in before.rows)) if before else "–",
            str(agreed.remaining_term),
            str(before.last_due) if before else "–",
            money(before.total) if before else "–",
            "",
            "",
            percent(agreed.contract_rate),
            "",
        ]
    ]
    for offer in decision.offers:
        figures = offer.prospect
        columns.append(
            [
                money(figures.instalment_after),
                money(figures.highest_payment_after),
                str(figures.term_after),
                str(figures.last_due_after),
                money(figures.total_after),
                "unknown" if figures.extra_cost is None else f"{figures.extra_cost:+,f}",
                money(figures.relief),
                percent(figures.apr_after),
                percent(figures.npv_loss),
            ]
        )
    labels = (
        "regular instalment",
        "highest payment",
        "instalments",
        "last due",
        "total to pay",
        "against paying as agreed",
        "given up by the lender",
        "cost a year",
        "loss of present value",
    )
    head = ("", "as agreed", *(f"{offer.rank} {offer.rule}" for offer in decision.offers))
    blocks: list[Block] = [
        Heading("Offers"),
        Table(head, tuple((label, *cells) for label, *cells in zip(labels, *columns, strict=True))),
    ]
    for offer in decision.offers:
        blocks += _offer(offer, currency, language)
    return blocks


def _figures(concluded: Sequence[Concluded]) -> Table:
    """Show the policy's own figures of a plan; the record holds their derivation."""
    return Table(("figure", "value"), tuple((figure.fact, figure.value) for figure in concluded))


def _offer(offer: Offer, currency: str, language: str) -> list[Block]:
    rows = offer.plan.schedule.rows
    shown: list[Instalment | None] = [*rows[:3], None, *rows[-2:]] if len(rows) > 6 else list(rows)
    because = "; ".join(
        f"{result.fact} {result.actual} ({result.op} {result.threshold})" for result in offer.because
    )
    return [
        Heading(f"Offer {offer.rank}: {say(offer.title, language)}"),
        Lines(
            (
                say(offer.reason, language),
                f"Because {because}.",
                *((f"Flags: {', '.join(offer.flags)}.",) if offer.flags else ()),
            )
        ),
        *((_figures(offer.concluded),) if offer.concluded else ()),
        *((tasks_table(offer.duties, language),) if offer.duties else ()),
        *tiers_table(offer.tiers),
        *(steps_table(offer.steps) if offer.steps else ()),
        Table(
            ("due", "payment", "principal", "interest", "other", "balance"),
            tuple(row_cells(row, currency) if row else ("…",) * 6 for row in shown),
        ),
        Lines(
            (
                "Ledger: "
                + ", ".join(
                    f"{move.kind.value} {write_money(move.amount, currency)} of {move.bucket.value}"
                    for move in offer.plan.ledger
                )
                + ".",
                f"Every cent accounted for: {'yes' if offer.plan.identities.hold else 'NO'}.",
            )
        ),
    ]


def _gates(decision: Decision, language: str) -> list[Block]:
    closed = decision.failed_gates
    if not closed:
        return []

    def values(gate: GateResult) -> str:
        return "; ".join(f"{result.fact} is {result.actual}" for result in gate.conditions)

    return [
        Heading("Gates not passed"),
        Table(
            ("gate", "verdict", "values", "then"),
            tuple((say(g.title, language), g.verdict, values(g), g.otherwise.value) for g in closed),
            figures=False,
        ),
        # Only a failed gate is a reason for the borrower; for an unknown one the missing information is requested.
        Lines(
            tuple(
                f"To the borrower: {say(gate.reason, language)}"
                for gate in closed
                if gate.verdict == "failed"
            )
            or ("To the borrower: we still need the information below.",)
        ),
    ]
