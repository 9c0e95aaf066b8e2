"""The view of a history: the stage of a restructuring, and its events in the order in which they became known."""

from restructure.blocks import Block, Heading, Lines, Table
from restructure.calculator.conventions.money import write_money
from restructure.casework.agreements.case_history import (
    Accepted,
    Broken,
    Completed,
    Countered,
    Cured,
    Event,
    History,
    Missed,
    Paid,
    Proposed,
    TookEffect,
    Withdrawn,
)
from restructure.report.wording import Wording
from restructure.views import view_of

__all__ = ["history_view"]

_ROWS = 40


@view_of(History)
def history_view(history: History, wording: Wording) -> list[Block]:
    """Put the events of a restructuring into a table."""
    wording.check(())
    if not history.events:
        return [Heading(wording("history.empty"), 1)]
    stage = wording.name("stage", history.stage)
    currency, rows = "", list[tuple[str, str, str]]()
    for event in history.events:
        if isinstance(event, Proposed):
            currency = event.decision.application.loan.currency
        rows.append((str(event.on), wording.name("event", event.kind), _details(event, currency, wording)))
    latest = next(event.decision for event in reversed(history.events) if isinstance(event, Proposed))
    case = latest.application
    shown = tuple(rows[len(rows) - wording.limit(_ROWS, len(rows)) :])
    blocks: list[Block] = [
        Heading(wording("history.headline", stage=stage), 1),
        Lines((wording("history.case", application=case.reference, loan=case.loan.reference),)),
    ]
    if shown:
        head = tuple(wording(f"history.column.{column}") for column in ("on", "event", "details"))
        blocks.append(Table(head, shown, figures=False))
    if len(shown) < len(rows):
        blocks.append(Lines((wording("history.shown", shown=len(shown), count=len(rows)),)))
    return blocks


def _details(event: Event, currency: str, wording: Wording) -> str:
    match event:
        case Proposed():
            decision = event.decision
            rules = wording.listed(offer.rule for offer in decision.offers)
            outcome = wording.name("outcome", decision.outcome)
            return wording("history.offers", outcome=outcome, rules=rules) if rules else outcome
        case Countered():
            answer = wording.name("answer", event.round.answer)
            return wording("history.countered", rule=event.round.rule, answer=answer)
        case Accepted():
            channel = wording.name("channel", event.consent.channel)
            return wording("history.accepted", rule=event.rule, channel=channel)
        case Paid():
            return f"{write_money(event.payment.amount, currency)} {currency}"
        case Missed():
            return wording("history.missed", number=event.number, due=event.due)
        case TookEffect() | Broken():
            return wording("history.since", since=event.since)
        case Completed():
            return wording("history.completed", on=event.paid_on)
        case Cured() | Withdrawn():
            return ""
