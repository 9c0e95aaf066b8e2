"""The view of a frontier: its plans by instalment, with the one that the policy takes first."""

from collections.abc import Sequence

from restructure.blocks import Block, Heading, Lines, Table
from restructure.casework.negotiation.frontier import Frontier, Point
from restructure.report.wording import Wording
from restructure.views import view_of

__all__ = ["frontier_view"]

_ROWS = 12


@view_of(Frontier)
def frontier_view(frontier: Frontier, wording: Wording) -> list[Block]:
    """Put the plans of a frontier into a table; `wording.rows` of them, spread evenly, if there are more.

    The first, the last and the plan that the policy puts first are among them.
    """
    wording.check(())
    points = frontier.points
    counts = wording("frontier.counts", tried=f"{frontier.tried:,}", inside=f"{frontier.inside:,}")
    blocks: list[Block] = [
        Heading(wording.counted("frontier.headline", len(points)), 1),
        Lines((wording("frontier.meaning"), counts)),
    ]
    if not points:
        return blocks
    shown = _spread(len(points), frontier.chosen, wording)
    if shown:
        blocks.append(_points(frontier, shown, wording))
    notes = []
    if frontier.chosen is not None and frontier.chosen in shown:
        notes.append(wording("frontier.first"))
    if len(shown) < len(points):
        notes.append(wording("frontier.shown", shown=len(shown), count=f"{len(points):,}"))
    return [*blocks, *([Lines(tuple(notes))] if notes else [])]


def _spread(count: int, chosen: int | None, wording: Wording) -> list[int]:
    """Choose so many of `count` plans, spread evenly from the first to the last."""
    limit = wording.limit(_ROWS, count)
    if limit >= count:
        return list(range(count))
    if limit == 0:
        return []
    spread = {round(k * (count - 1) / max(limit - 1, 1)) for k in range(limit)}
    if chosen is not None and chosen not in spread:
        inner = spread - {0, count - 1} or spread
        spread.remove(min(inner, key=lambda k: abs(k - chosen)))
        spread.add(chosen)
    return sorted(spread)


def _points(frontier: Frontier, shown: Sequence[int], wording: Wording) -> Table:
    currency = frontier.points[0].offer.plan.position.currency
    modelled = any(point.redefault is not None for point in frontier.points)
    columns = (
        "number",
        "instalment",
        "term",
        "last_due",
        "total",
        "loss",
        *(("redefault",) if modelled else ()),
    )
    head = tuple(wording(f"frontier.{column}", currency=currency) for column in columns)

    def cells(k: int, point: Point) -> tuple[str, ...]:
        figures = point.offer.prospect
        return (
            f"{k + 1} {wording('frontier.mark')}" if k == frontier.chosen else str(k + 1),
            wording.money(figures.instalment_after, currency),
            str(figures.term_after),
            str(figures.last_due_after),
            wording.money(figures.total_after, currency),
            wording.percent(point.lender_loss),
            *((wording.percent(point.redefault),) if modelled else ()),
        )

    return Table(head, tuple(cells(k, frontier.points[k]) for k in shown))
