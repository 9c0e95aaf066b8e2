"""The view of one offer: what it is, why it is made, what changes, and its instalments."""

from collections.abc import Iterator

from restructure.blocks import Block, Heading, Lines, Table
from restructure.casework.decisions.outcome import Offer
from restructure.report.conditions import reasons, wanted
from restructure.report.measures import measure_text
from restructure.report.wording import Wording
from restructure.texts import languages_in
from restructure.views import summarise, view_of

__all__ = ["offer_view"]


@view_of(Offer)
def offer_view(offer: Offer, wording: Wording) -> list[Block]:
    """Put an offer into sentences and tables: reason, measures, figures beside the original ones, instalments."""
    own = offer.model_copy(update={"plan": None, "prospect": None})
    wording.check(languages_in(own))
    form = "offer.headline" if offer.rank else "offer.unranked"  # a plan of a frontier has no rank
    plan, currency = offer.plan, offer.plan.position.currency
    because = reasons(wording, offer.because)
    measures = tuple(measure_text(measure, currency, wording) for measure in plan.measures)
    return [
        Heading(wording(form, rank=offer.rank, title=wording.text(offer.title)), 1),
        Lines(
            (
                wording.text(offer.reason),
                wording("offer.made_by", rule=offer.rule, reference=offer.reference),
                *((wording("offer.because", conditions=because),) if because else ()),
            )
        ),
        Heading(wording("offer.measures")),
        Lines(measures or (wording("word.none"),)),
        Heading(wording("offer.figures")),
        _figures(offer, currency, wording),
        *_limits(offer, wording),
        *_duties(offer, wording),
        Heading(wording("offer.schedule")),
        # The first block of the view of a schedule is its headline.
        *summarise(plan.schedule, language=wording.language, rows=wording.rows)[1:],
        *(() if plan.identities.hold else (Lines((wording("offer.wrong"),)),)),
    ]


def _figures(offer: Offer, currency: str, wording: Wording) -> Table:
    before, after = offer.plan.before, offer.prospect
    none = "–"

    def money(amount: object) -> str:
        return wording.money(amount, currency)  # type: ignore[arg-type]

    agreed = offer.plan.position
    rows = (
        ("instalment", money(agreed.regular_instalment), money(after.instalment_after)),
        (
            "highest",
            money(max(r.total for r in before.rows)) if before else none,
            money(after.highest_payment_after),
        ),
        ("term", str(agreed.repayment.instalments), str(after.term_after)),
        ("last_due", str(before.last_due) if before else none, str(after.last_due_after)),
        ("total", money(before.total) if before else none, money(after.total_after)),
        ("relief", "", money(after.relief)),
        ("apr", "", wording.percent(after.apr_after)),
        ("loss", "", wording.percent(after.npv_loss)),
    )
    head = (currency, wording("offer.as_agreed"), wording("offer.offered"))
    return Table(head, tuple((wording(f"offer.figure.{name}"), *cells) for name, *cells in rows))


def _limits(offer: Offer, wording: Wording) -> Iterator[Block]:
    if offer.limits:
        yield Heading(wording("offer.limits"))
        head = (wording("offer.limit"), wording("offer.actual"), wording("offer.wanted"))
        rows = tuple(
            (wording.name("fact", r.fact), wording.written(r.actual, r.fact), wanted(wording, r))
            for r in offer.limits
        )
        yield Table(head, rows, figures=False)


def _duties(offer: Offer, wording: Wording) -> Iterator[Block]:
    if offer.duties:
        yield Heading(wording("offer.duties"))
        rows = tuple((wording.text(duty.title), wording.text(duty.text)) for duty in offer.duties)
        yield Table(("", ""), rows, figures=False)
