"""Pictures: what each chart shows, as exact amounts, days and words; the renderers only draw it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from statistics import median

from restructure.report.wording import Wording

__all__ = [
    "BalancePicture",
    "Curve",
    "FrontierPicture",
    "InstalmentsPicture",
    "LedgerPicture",
    "Mark",
    "Part",
    "Payments",
    "Step",
    "StepPart",
    "cells",
]


@dataclass(frozen=True, slots=True)
class Part:
    """One component of the payments of a schedule."""

    key: str
    """Key of its style, such as `interest`."""
    name: str
    """Its name in the language of the chart."""
    amounts: tuple[Decimal, ...]
    """Amount on each day of the payments, in major units; they add up to the totals of the days."""


@dataclass(frozen=True, slots=True)
class Payments:
    """What falls due on each day by one schedule."""

    key: str
    """`agreed` or `plan`."""
    name: str
    """Its name in the language of the chart."""
    days: tuple[date, ...]
    """The days on which something could fall due, in order; those with nothing to pay are among them."""
    totals: tuple[Decimal, ...]
    """Payment on each day, in major units."""
    parts: tuple[Part, ...]
    """The components that are not zero throughout, in the order in which they are stacked."""


@dataclass(frozen=True, slots=True)
class InstalmentsPicture:
    """The payments of a plan against those as agreed."""

    wording: Wording
    currency: str
    plan: Payments
    agreed: Payments | None
    """None where the agreement cannot be carried out."""
    affordable: Decimal | None
    """What the borrower can afford for each payment."""


@dataclass(frozen=True, slots=True)
class Curve:
    """What is owed after each day, by one schedule."""

    key: str
    """`agreed` or `plan`."""
    name: str
    days: tuple[date, ...]
    """The effective date, and every due date; the effective date twice where a payment is made on it."""
    amounts: tuple[Decimal, ...]
    """What is owed from that day on until the next, in major units."""


@dataclass(frozen=True, slots=True)
class BalancePicture:
    """What is still owed under a plan against paying as agreed."""

    wording: Wording
    currency: str
    curves: tuple[Curve, ...]
    """As agreed, if that can be carried out, and under the plan."""
    up_front: Decimal
    """What is paid on the effective date, 0.00 if nothing is."""


@dataclass(frozen=True, slots=True)
class StepPart:
    """Part of a step of the ledger."""

    key: str
    name: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the waterfall."""

    kind: str
    """`bucket`, `total`, `less` or `more`."""
    name: str
    start: Decimal
    """Where its parts begin, in major units; they follow each other upwards."""
    shares: tuple[StepPart, ...]

    @property
    def amount(self) -> Decimal:
        """Sum of its parts."""
        return sum((share.amount for share in self.shares), Decimal(0))


@dataclass(frozen=True, slots=True)
class LedgerPicture:
    """What is owed by bucket, what becomes of it, and what the new schedule repays."""

    wording: Wording
    currency: str
    steps: tuple[Step, ...]
    """From what is owed to what is repaid; each begins where the one before it ends."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A plan on the frontier, or an offer."""

    name: str
    """Words for it, such as `offer 1`; empty for an ordinary plan."""
    title: str
    """Title of the rule that offers it."""
    instalment: Decimal
    total: Decimal
    cost: Decimal | None
    """Cost to the lender in percent; None: it is not known."""
    rows: int
    """Number of instalments."""
    redefault: Decimal | None = None
    """Probability of re-default in percent."""


@dataclass(frozen=True, slots=True)
class FrontierPicture:
    """Plans by instalment, total paid and cost to the lender."""

    wording: Wording
    currency: str
    plans: tuple[Mark, ...]
    first: Mark | None
    """The plan that the policy ranks first."""
    offered: tuple[Mark, ...]
    """The offers of the decision, in the order of their rank."""
    expected: bool
    """Whether the cost is an expected value over re-default."""


def cells(days: Sequence[date]) -> list[tuple[float, float]]:
    """Give the stretch of time that stands for each day, as ordinals of days.

    It reaches half-way to the neighbours, unless they are more than half as far again as is usual; then it is as wide
    as is usual, so that a time without due dates stays empty.

    >>> weeks = [date(2026, 3, 1), date(2026, 3, 8), date(2026, 3, 15), date(2026, 6, 1)]
    >>> [end - start for start, end in cells(weeks)]
    [7.0, 7.0, 7.0, 7.0]
    """
    if not days:
        return []
    at = [day.toordinal() for day in days]
    gaps = [later - earlier for earlier, later in pairwise(at)]
    usual = median(gaps) if gaps else 30
    halves = [gap / 2 if gap <= 1.5 * usual else usual / 2 for gap in gaps]
    before, after = [usual / 2, *halves], [*halves, usual / 2]
    return [(day - left, day + right) for day, left, right in zip(at, before, after, strict=True)]
