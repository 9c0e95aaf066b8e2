"""Summary: a decision, an explanation or the calculator's answer as headings, sentences and tables."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from restructure.calculator.money import write_money
from restructure.calculator.plan import Plan
from restructure.calculator.position import Bucket
from restructure.calculator.rows import Instalment
from restructure.calculator.schedule import Schedule
from restructure.casework.blocks import Block, Heading, Lines, Table, say
from restructure.casework.outcome import GateResult, Offer, Outcome, RungResult, StepResult, Task
from restructure.intake.facts import facts, show
from restructure.policy.case_facts import Concluded
from restructure.policy.texts import check_language, languages_in

if TYPE_CHECKING:  # a decision shows itself through this room, and an explanation reads decisions
    from restructure.casework.decision import Decision
    from restructure.casework.early_warning import EarlyWarning
    from restructure.casework.explanation import Branch, Explanation

__all__ = ["summarise", "summarise_answer", "summarise_explanation", "summarise_warning"]

_BUCKETS = {
    Bucket.PRINCIPAL: "principal not yet due",
    Bucket.PRINCIPAL_ARREARS: "principal overdue",
    Bucket.INTEREST_ARREARS: "interest overdue",
    Bucket.ACCRUED: "interest since the last due date",
    Bucket.PENALTY: "penalty interest",
    Bucket.FEES: "fees",
    Bucket.PARKED: "set aside earlier",
}


def summarise(decision: "Decision", *, language: str = "en") -> list[Block]:
    """Put a decision into headings, sentences and tables, in the order a caseworker reads.

    The texts of the policy stand in `language`, one that lacks it in English, else in the first language there is;
    everything else is English. Raises `InvalidInput` for a language in which the decision has no text.
    """
    check_language(language, _spoken(decision))
    assessment, currency = decision.assessment, decision.assessment.currency
    loan = decision.application.loan
    blocks: list[Block] = [
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
                *(
                    (label, write_money(getattr(assessment.position.buckets, bucket.value), currency))
                    for bucket, label in _BUCKETS.items()
                    if getattr(assessment.position.buckets, bucket.value)
                ),
                ("everything", write_money(assessment.claim, currency)),
            ),
        ),
    ]
    given = {f"{one.fact} = {one.value} (from facts.{one.fact})" for one in decision.concluded}
    known = [one for one in decision.concluded if one.value != "unknown"]
    for heading, of_file in (("What the file adds", True), ("What the policy concludes", False)):
        chosen = [one for one in known if (one.derivation in given) is of_file]
        if chosen and of_file:
            rows = tuple((one.fact, one.value) for one in chosen)
            blocks += [Heading(heading), Table(("fact", "value"), rows, figures=False)]
        elif chosen:
            told = tuple(
                # The name stands beside it already.
                (one.fact, one.value, ", ".join(one.by) or one.derivation.removeprefix(f"{one.fact} = "))
                for one in chosen
            )
            blocks += [Heading(heading), Table(("fact", "value", "because of"), told, figures=False)]
    unknown = [one.fact for one in decision.concluded if one.value == "unknown"]
    if unknown:
        blocks += [
            *([] if known else [Heading("What the policy concludes")]),
            Lines((f"Not known: {', '.join(unknown)}.",)),
        ]
    if decision.actions:
        blocks += [Heading("What to do now"), _tasks(decision.actions, language)]
    if decision.offers:
        blocks += _offers(decision, language)
    blocks += _gates(decision, language)
    if decision.missing and decision.outcome is not Outcome.NO_ACTION_NEEDED:
        blocks += [
            Heading("Information that is missing"),
            Table(
                ("where it belongs", "needed by"),
                tuple((one.place, ", ".join(one.needed_by) or "a complete file") for one in decision.missing),
                figures=False,
            ),
        ]
    if decision.refusals:
        blocks += [
            Heading("Not offered"),
            Table(
                ("rule", "why not"),
                tuple((one.rule, one.message) for one in decision.refusals),
                figures=False,
            ),
        ]
        for refusal in decision.refusals:
            if refusal.steps:
                blocks += [
                    Heading(f"What was looked for: {refusal.rule}"),
                    *_rungs(refusal.rungs),
                    *_steps(refusal.steps),
                ]
    stance = "Enforcement is barred" if decision.enforcement_barred else "Enforcement is not barred"
    return [
        *blocks,
        Heading("Enforcement"),
        Lines((f"{stance}: {decision.enforcement_reason}.",)),
        Lines((f"Decision {decision.id[:16]}, by {' and '.join(decision.engines)}.",)),
    ]


def _headline(decision: "Decision") -> str:
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


def _lateness(decision: "Decision") -> str:
    assessment = decision.assessment
    late, missed = assessment.days_past_due, assessment.missed_instalments
    if not late:
        return "Nothing is past due."
    return (
        f"{late} day{'s' if late != 1 else ''} past due ({assessment.delinquency_stage.value}), "
        f"{missed} instalment{'s' if missed != 1 else ''} missed."
    )


def _ability(decision: "Decision") -> list[str]:
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


def _offers(decision: "Decision", language: str) -> list[Block]:
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
    """Show the policy's own figures of a plan; the record tells how they came about."""
    return Table(("figure", "value"), tuple((one.fact, one.value) for one in concluded))


def _offer(offer: Offer, currency: str, language: str) -> list[Block]:
    rows = offer.plan.schedule.rows
    shown: list[Instalment | None] = [*rows[:3], None, *rows[-2:]] if len(rows) > 6 else list(rows)
    because = "; ".join(f"{one.fact} {one.actual} ({one.op} {one.threshold})" for one in offer.because)
    return [
        Heading(f"Offer {offer.rank}: {say(offer.title, language)}"),
        Lines(
            (
                say(offer.reason, language),
                f"Because {because}.",
                *((f"Marked: {', '.join(offer.flags)}.",) if offer.flags else ()),
            )
        ),
        *((_figures(offer.concluded),) if offer.concluded else ()),
        *((_tasks(offer.duties, language),) if offer.duties else ()),
        *_rungs(offer.rungs),
        *(_steps(offer.steps) if offer.steps else ()),
        Table(
            ("due", "payment", "principal", "interest", "other", "balance"),
            tuple(_row(row, currency) if row else ("…",) * 6 for row in shown),
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


_STEP_OUTCOMES = {
    "applied": "applied, target reached",
    "exhausted": "taken to its end",
    "skipped": "skipped",
    "not-needed": "not needed",
    "no-room": "no room",
    "refused": "cannot be applied",
}


def _tasks(tasks: Sequence[Task], language: str) -> Table:
    return Table(
        ("to do", "", "kind"),
        tuple((say(one.title, language), say(one.text, language), one.kind) for one in tasks),
        figures=False,
    )


def _rungs(rungs: Sequence[RungResult]) -> list[Block]:
    if not rungs:
        return []
    return [
        Table(
            ("rung", "wanted", "figure", "accepted", "why not"),
            tuple(
                (str(one.number), one.target, one.figure, "yes" if one.accepted else "no", one.because)
                for one in rungs
            ),
            figures=False,
        )
    ]


def _steps(steps: Sequence[StepResult]) -> list[Block]:
    def what(step: StepResult) -> str:
        return f"{step.start} → {step.value}" if step.value and step.value != step.start else ""

    def bound(step: StepResult) -> str:
        if step.bound and step.outcome in ("exhausted", "no-room", "applied"):
            return f"{step.bound} ({step.end})"
        return step.because or (step.end if step.outcome in ("exhausted", "no-room") else "")

    return [
        Lines((f"Wanted: {steps[0].target}.",)),
        Table(
            ("step", "outcome", "change", "figure before", "after", "still off by", "bound by"),
            tuple(
                (
                    step.id,
                    _STEP_OUTCOMES[step.outcome],
                    what(step),
                    step.figure_before,
                    step.figure_after,
                    step.gap,
                    bound(step),
                )
                for step in steps
            ),
            figures=False,
        ),
    ]


def summarise_warning(seen: "EarlyWarning", *, language: str = "en") -> list[Block]:
    """Put what a loan shows, and what to do next, into headings, sentences and tables.

    The steps stand in `language` as in `summarise`, with the same refusal.
    """
    check_language(language, languages_in(*seen.steps, *seen.withheld))
    facts_, currency = seen.assessment, seen.assessment.currency
    blocks: list[Block] = [
        Heading(f"WATCH: {facts_.days_past_due} days past due ({seen.stage.value})", 1),
        Lines((f"Seen on {seen.on} under {seen.policy.name} {seen.policy.version}.",)),
        Heading("What it shows"),
        Table(
            ("", "value"),
            tuple(
                (_short(facts()[name].doc), show(facts()[name], facts_.value(name), currency))
                for name in _SIGNS
            ),
        ),
        Heading("What to do now"),
        _tasks(seen.steps, language) if seen.steps else Lines(("The policy names no step.",)),
    ]
    for one in seen.steps:
        evidence = "; ".join(
            f"{part.fact} is {part.actual} ({part.op} {part.threshold})" for part in one.because
        )
        blocks.append(Lines((f"{one.id}: {evidence}",)))
    withheld = ", ".join(one.id for one in seen.withheld)
    blocks += [
        Heading("Enforcement"),
        Lines((f"{seen.enforcement}{f'; withheld: {withheld}' if withheld else ''}.",)),
    ]
    return blocks


def _short(doc: str) -> str:
    """Cut a fact's description to its first clause."""
    return doc.rstrip(".").split(";")[0].split(",")[0]


_SIGNS = (
    "days_past_due", "delay_before", "delay_lately", "paid_late", "paid_in_part", "margin", "next_rate_change",
    "rate_change",
)  # fmt: skip


def summarise_explanation(why: "Explanation", *, language: str = "en") -> list[Block]:
    """Put an explanation into headings, sentences and tables: every condition, what was near, what would help.

    The rule's title stands in `language` as in `summarise`, with the same refusal.
    """
    check_language(language, why.title)
    blocks: list[Block] = [
        Heading(f"{why.rule}: {why.verdict}", 1),
        Lines(
            (f"{say(why.title, language)} ({why.reference}).", f"{why.message[:1].upper()}{why.message[1:]}.")
        ),
    ]
    for judged in why.conditions:
        verdict = {"true": "holds", "false": "does not hold", "unknown": "cannot be judged"}[
            judged.condition.verdict
        ]
        blocks += [
            Heading(f"The {judged.what} {judged.id} {verdict}"),
            Table(
                ("condition", "value", "has to be", "verdict", "off by"),
                tuple(_branches(judged.condition)),
                figures=False,
            ),
        ]
    if why.steps:
        blocks += [Heading("What was looked for"), *_rungs(why.rungs), *_steps(why.steps)]
    if why.near_misses:
        blocks += [Heading("Near misses"), Lines(tuple(f"{one.sentence}." for one in why.near_misses))]
    if why.counterfactuals:
        blocks += [
            Heading("What would have made the offer, all else as it is"),
            Lines(tuple(f"{one.sentence}." for one in why.counterfactuals)),
        ]
    elif why.verdict != "offered":
        blocks += [Lines(("No change of one fact alone would have made the offer.",))]
    return blocks


def _branches(branch: "Branch", depth: int = 0) -> list[tuple[str, ...]]:
    # A no-break space keeps the indent when a cell is wrapped.
    indent = "\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}" * depth
    if branch.result is not None:
        one = branch.result
        return [
            (
                f"{indent}{one.fact}",
                one.actual,
                f"{one.op} {one.threshold}".strip(),
                one.verdict,
                one.distance,
            )
        ]
    word = {"all": "all of", "any": "any of", "not": "not"}[branch.word]
    head = (f"{indent}{word}", "", "", branch.verdict, "")
    return [head, *(row for part in branch.parts for row in _branches(part, depth + 1))]


def _row(row: Instalment, currency: str) -> tuple[str, ...]:
    other = row.total - row.principal - row.interest
    amounts = (row.total, row.principal, row.interest, other, row.balance)
    return (str(row.due), *(write_money(amount, currency) for amount in amounts))


def summarise_answer(given: Plan | Schedule) -> list[Block]:
    """Put what the calculator answered into tables: a schedule, or what a plan changes row by row."""
    if isinstance(given, Schedule):
        total = write_money(given.total, given.currency)
        return [Heading(f"{len(given.rows)} instalments, {total} in all", 1), _rows(given)]
    currency = given.position.currency
    up_front = f"{write_money(given.up_front, currency)} now, then " if given.up_front else ""
    return [
        Heading(
            f"{up_front}{len(given.schedule.rows)} instalments, {write_money(given.schedule.total, currency)} in all",
            1,
        ),
        Heading("What becomes of what is owed"),
        Table(
            ("", "bucket", currency),
            tuple(
                (move.kind.value, _BUCKETS[move.bucket], write_money(move.amount, currency))
                for move in given.ledger
            ),
        ),
        *(_new_rows(given.schedule) if given.before is None else _row_by_row(given)),
        Lines(
            (
                "The five identities are zero: no cent is lost."
                if given.identities.hold
                else "The identities are not zero: this plan is wrong, please report it.",
            )
        ),
    ]


def _rows(schedule: Schedule) -> Table:
    return Table(
        ("due", "payment", "principal", "interest", "other", "balance"),
        tuple(_row(row, schedule.currency) for row in schedule.rows),
    )


def _row_by_row(plan: Plan) -> list[Block]:
    def money(amount: Decimal) -> str:
        return write_money(amount, plan.position.currency)

    return [
        Heading("Row by row"),
        Table(
            ("", "as agreed", "payment", "now", "payment", "difference", "balance"),
            tuple(
                (
                    str(row.number),
                    str(row.due_before or "–"),
                    money(row.total_before),
                    str(row.due_after or "–"),
                    money(row.total_after),
                    money(row.difference),
                    money(row.balance_after),
                )
                for row in plan.changes
            ),
        ),
    ]


def _new_rows(schedule: Schedule) -> list[Block]:
    return [
        Heading("The instalments"),
        Lines(("Paying as agreed cannot be carried out, so there is nothing to compare them with.",)),
        _rows(schedule),
    ]


def _spoken(decision: "Decision") -> frozenset[str]:
    """Give the languages of what a decision says of the policy."""
    offers = [one.model_copy(update={"plan": None, "prospect": None}) for one in decision.offers]
    return languages_in(*decision.gates, *offers, *decision.refusals, *decision.actions)


def _gates(decision: "Decision", language: str) -> list[Block]:
    closed = decision.failed_gates
    if not closed:
        return []

    def found(gate: GateResult) -> str:
        return "; ".join(f"{one.fact} is {one.actual}" for one in gate.conditions)

    return [
        Heading("Gates not passed"),
        Table(
            ("gate", "verdict", "found", "then"),
            tuple((say(g.title, language), g.verdict, found(g), g.otherwise.value) for g in closed),
            figures=False,
        ),
        # Only what is known to have failed is told to the borrower as a reason; the unknown is asked for.
        Lines(
            tuple(
                f"To the borrower: {say(gate.reason, language)}"
                for gate in closed
                if gate.verdict == "failed"
            )
            or ("To the borrower: we still need the information below.",)
        ),
    ]
