"""Writing: a letter about an offer or about a refusal, every number of it from the decision's record."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from restructure.calculator.servicing.position import Bucket
from restructure.casework.decisions.decision import Decision
from restructure.casework.decisions.outcome import Offer, Outcome
from restructure.policy.language.letter_texts import LetterTexts
from restructure.policy.policy import Policy
from restructure.record import Record
from restructure.report.letters.changes import sentences
from restructure.report.letters.words import Words

__all__ = ["Letter", "letter"]


class Letter(Record):
    """A letter to a borrower, in one language and two forms."""

    language: str
    """The language it is written in."""
    subject: str
    """Its first line."""
    text: str
    """The letter as plain text."""
    html: str
    """The same letter as a page."""


@dataclass(frozen=True)
class _LetterTable:
    head: list[str]
    rows: list[list[str]]
    summed: bool = False


@dataclass(frozen=True)
class _Section:
    heading: str
    lines: list[str] = field(default_factory=list)
    table: _LetterTable | None = None

    @property
    def width(self) -> int:
        return _width(self.heading)


@dataclass(frozen=True)
class _Content:
    language: str
    subject: str
    greeting: str
    opening: str
    sections: list[_Section]
    closing: str
    sender: str


def letter(
    decision: Decision,
    policy: Policy,
    *,
    rule: str | None = None,
    language: str = "zh",
    sender: str = "",
    languages: Path | None = None,
) -> Letter:
    """Write the letter about one offer of a decision, or about its refusal.

    `rule` names the offer (default: the best); a decision without offers gives the letter of refusal. `languages` is
    a folder with language files of one's own. A text that the policy does not have in the language is shown in
    English, else in the first language that it has. Raises `InvalidInput` for an offer that was not made, a language
    without a file, and a policy that is not the one that decided.

    >>> from restructure.casework.decisions.decision import decide
    >>> from restructure.intake.application import read_application
    >>> from restructure.policy.loading.loading import load_policy
    >>> case, policy = read_application("examples/illness.json"), load_policy("cn-consumer-finance")
    >>> written = letter(decide(case, policy, on=case.as_of), policy, language="en")
    >>> written.subject
    'Our offer: Illness: longer term, part of the interest waived'
    """
    decision.under(policy)
    words = Words.of(language, languages)
    offer = next(iter(decision.offers), None) if rule is None else decision.offer_by(rule)
    writer = _Writer(decision, policy.letters or LetterTexts(), words)
    content = writer.refusal(sender) if offer is None else writer.offer(offer, sender)
    pages = _pages()
    return Letter(
        language=language,
        subject=content.subject,
        text=pages.get_template("letter.txt.j2").render(content=content),
        html=pages.get_template("letter.html.j2").render(content=content),
    )


class _Writer:
    """One letter in the making."""

    def __init__(self, decision: Decision, wording: LetterTexts, words: Words) -> None:
        self.decision, self.wording, self.words = decision, wording, words
        self.currency = decision.assessment.currency

    def money(self, amount: Decimal) -> str:
        return self.words.money(amount, self.currency)

    # --- the two letters

    def offer(self, offer: Offer, sender: str) -> _Content:
        words = self.words
        sections = [
            _Section(words.say("changes"), list(self.changes(offer))),
            self.compared(offer),
            self.owed(offer),
            self.schedule(offer),
            _Section(words.say("conditions"), list(self.conditions(offer))),
        ]
        if offer.duties:
            texts = [words.text(duty.text or duty.title) for duty in offer.duties]
            sections.append(_Section(words.say("duties"), texts))
        return self.content(
            words.say("offer", title=words.text(offer.title)),
            words.say(
                "about",
                loan=self.decision.application.loan.reference,
                on=words.day(self.decision.on),
                reason=words.text(offer.reason),
            ),
            [
                *sections,
                *self.said("missed_payment", "charges", "promises", "credit_record", "advice", "complaint"),
            ],
            sender,
        )

    def refusal(self, sender: str) -> _Content:
        words, decision = self.words, self.decision
        sections = []
        # A gate that could not be judged has no reason to tell: what it lacks is asked for below.
        reasons = [words.text(gate.reason) for gate in decision.failed_gates if gate.verdict == "failed"]
        if not reasons and decision.failed_gates:
            reasons = [words.say("why_open")]
        if not reasons:
            reasons = [
                f"{words.text(refusal.title)}: {words.text(refusal.reason)}"
                for refusal in decision.refusals
                if refusal.stage != "condition"
            ] or [words.text(refusal.reason) for refusal in list(decision.refusals)[:1]]
        sections.append(_Section(words.say("why"), list(dict.fromkeys(reasons))))
        if decision.missing:
            places = [words.named("places", missing.place) for missing in decision.missing]
            sections.append(
                _Section(words.say("missing"), list(dict.fromkeys(f"• {place}" for place in places)))
            )
        lines = [words.named("outcome", decision.outcome.value)]
        if decision.outcome is Outcome.DECLINE and not decision.enforcement_barred:
            lines.append(words.say("enforcement_open"))
        sections.append(_Section(words.say("conditions"), lines))
        return self.content(
            words.say("refusal"),
            words.say("about_refusal", loan=decision.application.loan.reference, on=words.day(decision.on)),
            [*sections, *self.said("advice", "complaint")],
            sender,
        )

    def content(self, subject: str, opening: str, sections: list[_Section], sender: str) -> _Content:
        words, name = self.words, self.decision.application.borrower.name
        education = self.wording.education.get(self.decision.application.hardship.cause)  # type: ignore[arg-type]
        if education:
            sections.append(_Section(words.say("education"), [words.text(education)]))
        greeting = words.say("dear", name=name) if name else words.say("dear_nobody")
        return _Content(words.language, subject, greeting, opening, sections, words.say("regards"), sender)

    def said(self, *names: str) -> Iterator[_Section]:
        """Give the policy's own paragraphs, as far as it has them."""
        for name in names:
            texts = getattr(self.wording, name)
            if texts:
                yield _Section(self.words.say(name), [self.words.text(texts)])

    # --- the parts of an offer

    def changes(self, offer: Offer) -> Iterator[str]:
        """Describe what happens to what is owed, and what changes in the terms."""
        return sentences(
            self.words,
            offer.plan,
            contract_rate=self.decision.assessment.contract_rate,
            term_added=offer.prospect.term_added,
            money=self.money,
        )

    def compared(self, offer: Offer) -> _Section:
        """Put the new terms beside the old."""
        words, plan, figures = self.words, offer.plan, offer.prospect
        before = plan.before
        old: dict[str, str] = {
            "instalment": self.money(self.decision.assessment.instalment_before),
            "count": words.number(self.decision.assessment.remaining_term),
            "ends": words.day(before.rows[-1].due) if before and before.rows else "–",
            "total": self.money(before.total) if before else "–",
        }
        new = {
            "instalment": self.money(plan.instalment),
            "count": words.number(figures.term_after),
            "ends": words.day(figures.last_due_after),
            "total": self.money(figures.total_after),
        }
        rows = [[words.say(name), old[name], new[name]] for name in old]
        lines = []
        if figures.extra_cost is not None:
            how = "equal" if not figures.extra_cost else "more" if figures.extra_cost > 0 else "less"
            lines.append(words.say(how, amount=self.money(abs(figures.extra_cost))))
        given = figures.relief
        lines.append(words.say("given_up", amount=self.money(given)) if given else words.say("given_up_none"))
        return _Section(words.say("compared"), lines, _LetterTable(list(words.phrases["head"]), rows))

    def owed(self, offer: Offer) -> _Section:
        """List what is owed by what it is."""
        words, position = self.words, offer.plan.position
        held = {bucket: getattr(position.buckets, bucket.value) for bucket in Bucket}
        rows = [
            [words.named("buckets", bucket.value), self.money(amount)]
            for bucket, amount in held.items()
            if amount
        ]
        rows.append([words.say("owed_total"), self.money(position.buckets.claim)])
        head = [cell.format_map({"currency": self.currency}) for cell in words.phrases["owed_head"]]
        return _Section(
            words.say("owed", on=words.day(position.on)), [], _LetterTable(head, rows, summed=True)
        )

    def schedule(self, offer: Offer) -> _Section:
        """List every payment with its day."""
        words = self.words
        rows = [
            [words.number(row.number), words.day(row.due), self.money(row.total), self.money(row.balance)]
            for row in offer.plan.schedule.rows
        ]
        return _Section(words.say("schedule"), [], _LetterTable(list(words.phrases["schedule_head"]), rows))

    def conditions(self, offer: Offer) -> Iterator[str]:
        """Say until when the offer holds and what has to happen before it takes effect."""
        words, asked, decision = self.words, self.decision.follow_up, self.decision
        if decision.open_until is None:
            yield words.say("valid_open")
        else:
            yield words.say("valid", until=words.day(decision.open_until))
        if asked.cooling_off_days:
            yield words.counted("cooling", asked.cooling_off_days)
        if asked.trial_payments:
            yield words.counted("trial", asked.trial_payments)
        held = {document.kind for document in decision.application.hardship.evidence}
        lacking = [words.named("evidence", kind.value) for kind in asked.documents if kind not in held]
        if lacking:
            yield words.say("documents", list=words.say("joined").join(lacking))


# --- forms


def _width(text: str) -> int:
    """Count the columns a text takes on a terminal, where Chinese characters take two."""
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def _as_text(table: _LetterTable) -> str:
    rows = [table.head, *table.rows]
    widths = [max(_width(row[k]) for row in rows) for k in range(len(table.head))]
    lines = []
    for row in rows:
        cells = [
            cell + " " * (widths[k] - _width(cell)) if not k else " " * (widths[k] - _width(cell)) + cell
            for k, cell in enumerate(row)
        ]
        lines.append("  ".join(cells).rstrip())
    if table.summed:
        lines.insert(-1, "-" * (sum(widths) + 2 * (len(widths) - 1)))
    return "\n".join(lines)


@cache
def _pages() -> Environment:
    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters: dict[str, Any] = pages.filters
    filters["as_text"] = _as_text
    return pages
