"""The offers of a decision: their figures beside the agreed ones, then each with its reason and its instalments."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from restructure.blocks import Block, Heading, Lines, Table
from restructure.casework.decisions.decision import Decision
from restructure.casework.decisions.outcome import Offer
from restructure.report.conditions import reasons
from restructure.report.measures import measure_text
from restructure.report.tables import rows_table, steps_table, tasks_table, tiers_table
from restructure.report.wording import Wording

__all__ = ["compared_offers", "each_offer"]

_FIGURES = ("instalment", "highest", "number", "last_due", "total", "extra_cost", "relief", "apr", "npv_loss")


def compared_offers(decision: Decision, wording: Wording) -> Iterator[Block]:
    """Name the offers, and put their figures beside what was agreed."""
    currency, agreed = decision.assessment.currency, decision.assessment
    before, nothing = decision.offers[0].plan.before, wording("word.nothing")

    def money(amount: Decimal) -> str:
        return wording.money(amount, currency)

    def column(offer: Offer) -> tuple[str, ...]:
        after = offer.prospect
        unknown = after.extra_cost is None
        return (
            money(after.instalment_after),
            money(after.highest_payment_after),
            str(after.term_after),
            str(after.last_due_after),
            money(after.total_after),
            wording("word.unknown") if unknown else f"{after.extra_cost:+,f}",
            money(after.relief),
            wording.percent(after.apr_after),
            wording.percent(after.npv_loss),
        )

    original = (
        money(agreed.instalment_before),
        money(max(row.total for row in before.rows)) if before else nothing,
        str(agreed.remaining_term),
        str(before.last_due) if before else nothing,
        money(before.total) if before else nothing,
        "",
        "",
        wording.percent(agreed.contract_rate),
        "",
    )
    head = (
        currency,
        wording("offers.as_agreed"),
        *(wording("offers.column", rank=offer.rank) for offer in decision.offers),
    )
    rows = zip(_FIGURES, original, *(column(offer) for offer in decision.offers), strict=True)
    yield Heading(wording("offers.heading"))
    yield Lines(
        tuple(
            wording("offers.named", rank=offer.rank, title=wording.text(offer.title), rule=offer.rule)
            for offer in decision.offers
        )
    )
    yield Table(head, tuple((wording(f"offers.{name}"), *cells) for name, *cells in rows))


def each_offer(offers: Sequence[Offer], wording: Wording) -> Iterator[Block]:
    """Put every offer into sentences and tables, what the borrower hears first."""
    for offer in offers:
        yield from _offer(offer, wording)


def _offer(offer: Offer, wording: Wording) -> Iterator[Block]:
    plan, currency = offer.plan, offer.plan.position.currency
    because = reasons(wording, offer.because)
    measures = wording("join.semicolon").join(
        measure_text(measure, currency, wording) for measure in plan.measures
    )
    yield Heading(wording("offers.line", rank=offer.rank, title=wording.text(offer.title)))
    yield Lines(
        (
            wording.text(offer.reason),
            *((wording("offers.because", conditions=because),) if because else ()),
            *((wording("offers.measures", measures=measures),) if measures else ()),
            *((wording("offers.flags", flags=wording.listed(offer.flags)),) if offer.flags else ()),
        )
    )
    yield from rows_table(plan.schedule, wording, first=3, last=2, whole=6)
    moves = wording.listed(
        wording(
            "offers.move",
            treatment=wording.name("treatment", move.kind.value),
            amount=wording.money(move.amount, currency),
            bucket=wording.name("bucket", move.bucket.value),
        )
        for move in plan.ledger
    )
    yield Lines(
        (
            wording("offers.ledger", moves=moves),
            wording("offers.exact" if plan.identities.hold else "offers.wrong"),
        )
    )
    if offer.duties:
        yield Heading(wording("offers.duties"), 3)
        yield tasks_table(offer.duties, wording)
    if offer.concluded:
        yield Heading(wording("offers.figures"), 3)
        yield Table(
            (wording("offers.figure"), wording("offers.value")),
            tuple((figure.fact, wording.written(figure.value)) for figure in offer.concluded),
        )
    if offer.steps or offer.tiers:
        yield Heading(wording("offers.search"), 3)
        yield from tiers_table(offer.tiers, wording)
        if offer.steps:
            yield from steps_table(offer.steps, wording)
