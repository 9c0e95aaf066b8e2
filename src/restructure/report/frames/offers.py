"""The tables of a decision, a row for each offer, and of a frontier, a row for each of its plans."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from restructure.calculator.measures.catalogue import Measure
from restructure.calculator.measures.rate import ChangeRate
from restructure.casework.decisions.decision import Decision
from restructure.casework.decisions.outcome import Offer
from restructure.casework.negotiation.frontier import Frontier
from restructure.frames import frame_of
from restructure.intake.prospect import Prospect
from restructure.report.frames.columns import (
    CURRENCY,
    RATE_SCALE,
    Column,
    Holds,
    columns_of,
    rate,
    table_with,
)

if TYPE_CHECKING:
    import pyarrow

__all__ = ["DECISION", "FRONTIER", "decision_table", "frontier_table"]

_CASE = (
    Column("decision", Holds.WORD, "Id of the decision."),
    Column("application", Holds.WORD, "Reference of the application."),
    Column("on", Holds.DAY, "Day of the decision."),
    Column("policy", Holds.WORD, "Name of the policy."),
    Column("version", Holds.WORD, "Version of the policy."),
    Column("rank", Holds.COUNT, "Rank among the offers of the decision, from 1 for the best."),
)
_RULE = Column("rule", Holds.WORD, "Id of the rule in the policy.")
_PROSPECT = tuple(columns_of(Prospect))
_OFFER = (
    *_PROSPECT,
    Column(
        "new_rate",
        Holds.SHARE,
        f"Yearly rate that a change of rate sets, the last of several, rounded to {RATE_SCALE} decimals; unknown "
        "where no measure changes the rate. The exact one is in `measures`.",
        RATE_SCALE,
    ),
    Column("measures", Holds.WORD, "The measures of the plan, a list in JSON."),
    Column(
        "flags", Holds.WORD, "Ids of the flags that the policy sets on the offer, with blanks between them."
    ),
    CURRENCY,
)
_POINT = (
    Column("point", Holds.COUNT, "Index of the plan in `points`, from 0."),
    Column("chosen", Holds.FLAG, "Whether it is the plan that the policy ranks first."),
    Column(
        "lender_loss",
        Holds.SHARE,
        "Cost to the lender as a share of the present value of the original schedule.",
        6,
    ),
    Column("redefault", Holds.SHARE, "Probability of re-default; unknown where no model gave one.", 6),
)
DECISION = (*_CASE, _RULE, *_OFFER)
"""The columns of a decision: one row for each offer, the best first, and none where it makes no offer."""
FRONTIER = (*_POINT, _RULE, *_OFFER)
"""The columns of a frontier: one row for each plan, from the lowest instalment to the highest."""


@frame_of(Decision)
def decision_table(decision: Decision) -> "pyarrow.Table":
    """Give one row for each offer, with the figures of its plan."""
    policy = decision.policy
    case = (decision.id, decision.application.reference, decision.on, policy.name, policy.version)
    rows = [(*case, offer.rank, offer.rule, *_cells(offer)) for offer in decision.offers]
    return _table(DECISION, rows, decision.application.loan.currency)


@frame_of(Frontier)
def frontier_table(frontier: Frontier) -> "pyarrow.Table":
    """Give one row for each plan, with its figures."""
    rows = [
        (k, k == frontier.chosen, point.lender_loss, point.redefault, point.offer.rule, *_cells(point.offer))
        for k, point in enumerate(frontier.points)
    ]
    return _table(FRONTIER, rows, frontier.currency or "")


def _table(columns: tuple[Column, ...], rows: Sequence[tuple[Any, ...]], currency: str) -> "pyarrow.Table":
    values = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    return table_with(columns, values, currency=currency)


def _cells(offer: Offer) -> tuple[Any, ...]:
    prospect, measures = offer.prospect, offer.plan.measures
    return (
        *(getattr(prospect, column.name) for column in _PROSPECT),
        rate(next((m.annual_rate for m in reversed(measures) if isinstance(m, ChangeRate)), None)),
        _json(measures),
        " ".join(offer.flags),
        prospect.currency,
    )


def _json(measures: Sequence[Measure]) -> str:
    return f"[{','.join(measure.model_dump_json(exclude_none=True) for measure in measures)}]"
