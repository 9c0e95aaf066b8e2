"""The views of an agreement and of its review: what was agreed, what was paid, what is due next and what to do."""

import re
from collections.abc import Iterator
from decimal import Decimal

from restructure.blocks import Block, Heading, Lines, Table
from restructure.casework.agreements.agreement import Agreement
from restructure.casework.agreements.performance import AgreementStatus, InstalmentState
from restructure.casework.agreements.review import Review
from restructure.policy.language.follow_up import AMOUNTS, FollowUp
from restructure.report.measures import measure_text
from restructure.report.position import buckets_table
from restructure.report.wording import Wording
from restructure.texts import languages_in
from restructure.views import summarise, view_of

__all__ = ["agreement_view", "review_view"]

_ROWS = 12
_SHORT = 12
"""Characters of a digest that a person compares."""


@view_of(Agreement)
def agreement_view(agreement: Agreement, wording: Wording) -> list[Block]:
    """Put an agreement into sentences and tables: consent, measures, terms of its follow-up, instalments."""
    plan, currency = agreement.plan, agreement.plan.position.currency
    wording.check(languages_in(agreement.follow_up))
    headline = wording.counted(
        "agreement.headline",
        len(plan.schedule.rows),
        instalment=wording.money(plan.instalment, currency),
        currency=currency,
    )
    return [
        Heading(headline, 1),
        Lines(tuple(_opening(agreement, wording))),
        Heading(wording("agreement.measures")),
        Lines(
            tuple(measure_text(measure, currency, wording) for measure in plan.measures)
            or (wording("word.none"),)
        ),
        *_terms(agreement.follow_up, currency, wording),
        *_instalments(agreement, wording),
        Lines((wording("agreement.ids", id=agreement.id[:_SHORT], decision=agreement.decision[:_SHORT]),)),
    ]


def _opening(agreement: Agreement, wording: Wording) -> Iterator[str]:
    consent = agreement.consent
    yield wording(
        "agreement.consent",
        on=consent.on,
        by=consent.by,
        channel=wording.name("channel", consent.channel),
        evidence=consent.evidence[:_SHORT],
    )
    policy = agreement.policy
    yield wording("agreement.rule", rule=agreement.rule, policy=policy.name, version=policy.version)
    if agreement.follow_up.cooling_off_days:
        yield wording("agreement.withdraw", until=agreement.withdrawable_until)
    if agreement.on_trial:
        yield wording.counted("agreement.trial", agreement.follow_up.trial_payments)
    elif agreement.effective_on is not None:
        yield wording("agreement.effective", on=agreement.effective_on)
    if agreement.plan.up_front:
        amount = wording.money(agreement.plan.up_front, agreement.plan.position.currency)
        yield wording("agreement.up_front", amount=amount)


def _terms(follow_up: FollowUp, currency: str, wording: Wording) -> Iterator[Block]:
    rows = [
        (wording.name("follow_up", name), _number(name, getattr(follow_up, name), currency, wording))
        for name in AMOUNTS
        if getattr(follow_up, name)
    ]
    if follow_up.documents:
        documents = wording.listed(wording.name("document", kind) for kind in follow_up.documents)
        rows.append((wording.name("follow_up", "documents"), documents))
    if follow_up.reversed_when_broken:
        reversed_ = wording.listed(wording.name("reversal", kind) for kind in follow_up.reversed_when_broken)
        rows.append((wording.name("follow_up", "reversed_when_broken"), reversed_))
    if rows:
        yield Heading(wording("agreement.terms"))
        yield Table(("", wording("agreement.value")), tuple(rows), figures=False)


def _number(name: str, value: Decimal | int, currency: str, wording: Wording) -> str:
    if name == "tolerance":
        return f"{wording.money(Decimal(value), currency)} {currency}"
    return wording.counted("unit.day", int(value)) if name.endswith("_days") else str(value)


def _instalments(agreement: Agreement, wording: Wording) -> Iterator[Block]:
    yield Heading(wording("agreement.instalments"))
    # The first block of the view of a schedule is its headline.
    yield from summarise(agreement.plan.schedule, language=wording.language, rows=wording.rows)[1:]


# --- the review


@view_of(Review)
def review_view(review: Review, wording: Wording) -> list[Block]:
    """Put the state of an agreement into sentences and tables: standing, what to do, what is due, what was paid."""
    wording.check(languages_in(*review.clocks))
    standing = wording.name("standing", review.standing)
    return [
        Heading(wording("review.headline", standing=standing, on=review.on), 1),
        Lines(tuple(_state(review, wording))),
        Heading(wording("review.paid")),
        *_paid(review, wording),
        *_owed(review, wording),
        *_clocks(review, wording),
        Lines((wording("review.agreement", id=review.agreement[:_SHORT]),)),
    ]


def _state(review: Review, wording: Wording) -> Iterator[str]:
    yield _reason(review, wording)
    unpaid = [row for row in review.instalments if row.paid_on is None and row.total]
    coming = next((row for row in unpaid if row.due >= review.on), None)
    yield wording(f"review.todo.{review.standing.value}")
    if review.overdue:
        late = wording.counted("unit.day", review.days_past_due)
        yield wording("review.overdue", amount=_of(review.overdue, review, wording), late=late)
    if coming is not None:
        amount = _of(coming.total - coming.paid, review, wording)
        yield wording("review.next", amount=amount, due=coming.due)
    if review.broken_on is not None:
        yield wording("review.broken", on=review.broken_on)
    if review.completed_on is not None:
        yield wording("review.completed", on=review.completed_on)
    if review.trial is not None:
        yield wording("review.trial", paid=review.trial.paid, payments=review.trial.payments)
    if review.classification is not None:
        suggested = review.classification
        value = wording.written(wording.name("loan_class", suggested.value))
        if suggested.missing:
            needed = wording.listed(wording.name("fact", name) for name in suggested.missing)
            value = wording("join.named", label=value, name=wording("review.needed", facts=needed))
        yield wording("review.class", title=wording.text(suggested.title), value=value)


def _reason(review: Review, wording: Wording) -> str:
    """Say why the agreement has its status, from the instalments; why it is broken is only in the record's reason."""
    missed = [row for row in review.instalments if row.missed]
    unpaid = [row for row in missed if row.paid_on is None]
    match review.standing:
        case AgreementStatus.LATE if unpaid:
            return wording.counted("review.because.late", len(unpaid), due=unpaid[0].due)
        case AgreementStatus.CURED:
            return wording.counted("review.because.cured", len(missed))
        case AgreementStatus.BROKEN:
            for name, pattern in _BROKEN.items():
                trigger = pattern.search(review.reason)
                if trigger is not None:
                    return wording(f"review.because.{name}", **trigger.groupdict())
            return wording("review.reason", reason=review.reason)
        case AgreementStatus.COMPLETED:
            return wording("review.because.completed")
        case _:
            return wording("review.because.on_track")


_BROKEN = {
    "trial": re.compile("an instalment of the trial period was missed"),
    "delay": re.compile(r"an instalment was more than (?P<days>\d+) days late"),
    "missed": re.compile(r"(?P<number>\d+) instalments were missed at one time"),
}


def _of(amount: Decimal, review: Review, wording: Wording) -> str:
    if review.owed is None:
        return f"{amount:,f}"
    return f"{wording.money(amount, review.owed.currency)} {review.owed.currency}"


def _paid(review: Review, wording: Wording) -> Iterator[Block]:
    rows = review.instalments
    limit = wording.limit(_ROWS, len(rows))
    started = sum(1 for row in rows if row.paid or row.due <= review.on)
    # Those that are due now are of interest, not those of next year; the last that fell due are among the shown.
    first = max(0, min(started - limit + 2, len(rows) - limit))
    shown = rows[first : first + limit]
    if shown:
        columns = ("number", "due", "total", "received", "state")
        head = tuple(wording(f"review.column.{column}") for column in columns)
        yield Table(head, tuple(_row(row, review, wording) for row in shown))
    notes = [wording("review.received", amount=_of(review.received, review, wording))]
    if len(shown) < len(rows):
        notes.append(wording("review.shown", shown=len(shown), count=len(rows)))
    yield Lines(tuple(notes))


def _row(row: InstalmentState, review: Review, wording: Wording) -> tuple[str, ...]:
    number = str(row.number) if row.number else wording("review.up_front")
    return number, str(row.due), f"{row.total:,f}", f"{row.paid:,f}", _row_state(row, review, wording)


def _row_state(row: InstalmentState, review: Review, wording: Wording) -> str:
    if row.paid_on is not None:
        return wording("review.row.late" if row.missed else "review.row.paid", on=row.paid_on)
    if row.missed:
        return wording("review.row.missed")
    return wording("review.row.due" if row.due <= review.on else "review.row.coming")


def _owed(review: Review, wording: Wording) -> Iterator[Block]:
    if review.owed is not None:
        yield Heading(wording("review.owed"))
        yield buckets_table(review.owed, wording)
    if review.reinstated:
        yield Lines(
            tuple(
                wording(
                    "review.reinstated",
                    amount=_of(part.amount, review, wording),
                    bucket=wording.name("bucket", part.bucket),
                    on=part.on,
                )
                for part in review.reinstated
            )
        )


def _clocks(review: Review, wording: Wording) -> Iterator[Block]:
    if not review.clocks:
        return
    yield Heading(wording("review.clocks"))
    head = tuple(
        wording(f"review.clock.{column}") for column in ("title", "since", "ends", "restarts", "state")
    )
    rows = tuple(
        (
            wording.text(clock.title),
            str(clock.since),
            str(clock.ends),
            str(clock.restarts),
            wording("review.clock.over" if clock.over else "review.clock.running"),
        )
        for clock in review.clocks
    )
    yield Table(head, rows, figures=False)
