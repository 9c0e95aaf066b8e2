"""Summary: a decision as headings, sentences and tables, rendered as plain text or HTML without any package."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

from restructure.calculator.money import write_money
from restructure.calculator.plan import Plan
from restructure.calculator.position import Bucket
from restructure.calculator.rows import Instalment
from restructure.calculator.schedule import Schedule
from restructure.casework.outcome import GateResult, Offer, Outcome
from restructure.intake.facts import facts, show
from restructure.policy.language import Text

if TYPE_CHECKING:  # a decision shows itself through this room, so it cannot be imported here
    from restructure.casework.decision import Decision

__all__ = ["Block", "Heading", "Lines", "Table", "summarise", "summarise_answer", "to_html", "to_text"]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 or 2."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Lines:
    """Sentences, one a line."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text; the first column is a label, the columns of figures are aligned to the right."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    figures: bool = True


Block = Heading | Lines | Table

_BUCKETS = {
    Bucket.PRINCIPAL: "principal not yet due",
    Bucket.PRINCIPAL_ARREARS: "principal overdue",
    Bucket.INTEREST_ARREARS: "interest overdue",
    Bucket.ACCRUED: "interest since the last due date",
    Bucket.PENALTY: "penalty interest",
    Bucket.FEES: "fees",
    Bucket.PARKED: "set aside earlier",
}


def say(text: Text, language: str) -> str:
    """Pick a text in a language, English or the first there is if it lacks that one."""
    return text.get(language) or text.get("en") or next(iter(text.values()))


def summarise(decision: "Decision", *, language: str = "en") -> list[Block]:
    """Put a decision into headings, sentences and tables, in the order a caseworker reads."""
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


# --- renderings


def _cells(text: str) -> int:
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _wrap(text: str, width: int) -> list[str]:
    lines, line = [], ""
    for word in text.split(" "):
        while _cells(word) > width:  # text without spaces, such as Chinese
            room = width - _cells(line) - (1 if line else 0)
            cut = 0
            while cut < len(word) and _cells(word[: cut + 1]) <= max(room, 2):
                cut += 1
            lines.append(f"{line} {word[:cut]}".strip())
            line, word = "", word[cut:]
        if line and _cells(line) + 1 + _cells(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line] if line or not lines else lines


def to_text(blocks: Sequence[Block], *, width: int = 100) -> str:
    """Render as plain text no wider than `width` cells, Chinese counted double."""
    parts: list[str] = []
    for block in blocks:
        match block:
            case Heading(text, level):
                underline = ("=" if level == 1 else "-") * min(_cells(text), width)
                parts.append("\n".join([*_wrap(text, width), underline]))
            case Lines(lines):
                parts.append("\n".join(part for line in lines for part in _wrap(line, width)))
            case Table():
                parts.append(_text_table(block, width))
    return "\n\n".join(parts) + "\n"


def _text_table(table: Table, width: int) -> str:
    grid = [table.head, *table.rows]
    widths = [max(_cells(row[k]) for row in grid) for k in range(len(table.head))]
    spare = width - 2 * (len(widths) - 1)
    while sum(widths) > spare:  # the widest column gives way
        widest = max(range(len(widths)), key=widths.__getitem__)
        widths[widest] -= min(sum(widths) - spare, max(widths[widest] - 12, 1))
    lines: list[str] = []
    for number, row in enumerate(grid):
        wrapped = [_wrap(cell, widths[k]) for k, cell in enumerate(row)]
        for parts in zip_longest(*wrapped, fillvalue=""):
            cells = []
            for k, part in enumerate(parts):
                padding = " " * (widths[k] - _cells(part))
                cells.append(padding + part if table.figures and k else part + padding)
            lines.append("  ".join(cells).rstrip())
        if number == 0:
            lines.append("  ".join("-" * one for one in widths))
    return "\n".join(lines)


def to_html(blocks: Sequence[Block]) -> str:
    """Render as an HTML fragment, everything escaped."""
    parts = ['<div style="max-width: 60em">']
    for block in blocks:
        match block:
            case Heading(text, level):
                parts.append(f"<h{level + 2}>{html.escape(text)}</h{level + 2}>")
            case Lines(lines):
                parts += [f"<p>{'<br>'.join(html.escape(line) for line in lines)}</p>"]
            case Table(head, rows, figures):
                aligned = [
                    ' style="text-align: right"' if figures and k else ' style="text-align: left"'
                    for k in range(len(head))
                ]
                cells = "".join(f"<th{a}>{html.escape(c)}</th>" for a, c in zip(aligned, head, strict=True))
                parts.append(f"<table><thead><tr>{cells}</tr></thead><tbody>")
                for row in rows:
                    cells = "".join(
                        f"<td{a}>{html.escape(c)}</td>" for a, c in zip(aligned, row, strict=True)
                    )
                    parts.append(f"<tr>{cells}</tr>")
                parts.append("</tbody></table>")
    return "".join([*parts, "</div>"])
