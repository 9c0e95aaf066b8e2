"""A change of the contract rate, for good, for a while or in steps: the model, and the rates it results in."""

from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.amortisation.scheme import Repricing
from restructure.calculator.conventions.accrual import RatePath
from restructure.calculator.conventions.money import Rate
from restructure.calculator.measures.phases import Phase
from restructure.errors import Issue, Refused
from restructure.record import Record

__all__ = ["ChangeRate", "rates_after", "repricing_of"]


class ChangeRate(Record):
    """Set a new contract rate, for good or between two dates (phase 7); an interest pause is rate 0 between dates.

    >>> ChangeRate(annual_rate="4.5%", starts="2026-05-01", ends="2026-11-01").annual_rate
    Fraction(9, 200)
    """

    phase: ClassVar[Phase] = Phase.RATE
    measure: Literal["rate"] = "rate"
    annual_rate: Rate
    """New rate a year: `"4.5%"`, `"0.045"`; 0 is a rate."""
    starts: date | None = None
    """First night that it prices: `2026-05-01`; absent: the effective date."""
    ends: date | None = None
    """First night that it no longer prices, when the contract rate returns; absent: it holds for good, or until
    another change that is for good too starts."""
    rises_by: Rate | None = None
    """Rise of the rate at each step: `"1%"` is one percentage point; the first follows `rises_after` instalments."""
    rises_after: int | None = Field(default=None, ge=1, le=1200)
    """Instalments from the effective date that the new rate prices before its first rise: 60."""
    rises_every: int | None = Field(default=None, ge=1, le=1200)
    """Instalments from one rise to the next; absent: 12."""
    rises_to: Rate | None = None
    """Rate a year at which it stops rising: `"4%"`; the last rise may be smaller than the others."""
    repricing: Repricing | None = None
    """Effect of every later change of the rate on the instalment: keep or recalculate; absent: as agreed."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.starts and self.ends and self.ends <= self.starts:
            raise PydanticCustomError("rate-segment-empty", "ends is not after starts")
        rises = (self.rises_by, self.rises_after, self.rises_to)
        if any(part is None for part in rises) and (
            any(part is not None for part in rises) or self.rises_every is not None
        ):
            raise PydanticCustomError(
                "value-invalid", "a rate that rises says rises_by, rises_after and rises_to; give all three"
            )
        if self.rises_by is not None and (self.starts or self.ends):
            raise PydanticCustomError(
                "value-invalid",
                "a rate that rises holds for good from the effective date; leave starts and ends out",
            )
        if self.rises_by == 0:
            raise PydanticCustomError("value-invalid", "a rise of 0 never arrives at rises_to")
        return self

    def risen(self, dues: Sequence[date]) -> list["ChangeRate"]:
        """Give each rise as a change of its own; `dues` are the due dates from the effective date on."""
        if self.rises_by is None or self.rises_after is None or self.rises_to is None:
            return [self]
        rate, every = self.annual_rate, self.rises_every or 12
        changes = [ChangeRate(annual_rate=rate)]
        for due in dues[self.rises_after - 1 :: every]:
            if rate >= self.rises_to:
                break
            rate = min(rate + self.rises_by, self.rises_to)
            changes.append(ChangeRate(annual_rate=rate, starts=due))
        return changes


def repricing_of(changes: Iterable[ChangeRate]) -> Repricing | None:
    """Give the repricing that changes of the rate set, none where none does; two different ones are refused."""
    repricings = {change.repricing for change in changes if change.repricing is not None}
    if len(repricings) > 1:
        sentence = (
            "one change of the rate keeps the instalment and another solves it anew; say the same in both"
        )
        raise Refused(Issue("value-invalid", sentence))
    return repricings.pop() if repricings else None


def rates_after(terms: Repayment, changes: Sequence[ChangeRate], on: date) -> RatePath:
    """Give the rates from the effective date on, changed ones over the agreed ones (phase 7).

    Changes that rise have been spelled out by `risen`. Two changes for one night are refused.
    """
    path = terms.rate_path(on)
    if not changes:
        return path
    for start, end, rate in _stretches(changes, on):
        after = [stretch for stretch in path if stretch[0] <= end][-1][1]
        path = [
            *(stretch for stretch in path if stretch[0] < start),
            (start, rate),
            *([(end, after)] if end < date.max else []),
            *(stretch for stretch in path if stretch[0] > end),
        ]
    # An agreed day of repricing stays one, whatever the rate is from then on and whichever measure prices that night.
    kept = {agreed.starts for agreed in terms.rates} if terms.repricing is Repricing.RECALCULATE else set()
    days = sorted({start for start, _ in path[1:]} | {day for day in kept if day > path[0][0]})
    merged = path[:1]
    for day in days:
        rate = [stretch for stretch in path if stretch[0] <= day][-1][1]
        if rate != merged[-1][1] or day in kept:
            merged.append((day, rate))
    return merged


def _stretches(changes: Sequence[ChangeRate], on: date) -> list[tuple[date, date, Fraction]]:
    """Give the nights that each change prices, from its first to the one after its last, in order."""
    starts = [max(change.starts or on, on) for change in changes]
    # A rate for good holds until the next one for good: together they are steps.
    good = sorted(start for start, change in zip(starts, changes, strict=True) if change.ends is None)
    wanted = sorted(
        (
            (
                start,
                change.ends or next((later for later in good if later > start), date.max),
                change.annual_rate,
            )
            for start, change in zip(starts, changes, strict=True)
        ),
        key=lambda stretch: stretch[:2],
    )
    stretches: list[tuple[date, date, Fraction]] = []
    busy_until = on
    for start, end, rate in wanted:
        if end <= start:
            raise Refused(
                Issue(
                    "rate-segment-empty",
                    f"a rate change ends on {end}, so that it prices no night from {start} on, where it could start",
                )
            )
        if start < busy_until:
            if stretches[-1:] == [(start, end, rate)]:
                continue  # the same change listed twice
            raise Refused(Issue("rate-segments-overlap", f"two rate changes both claim the night of {start}"))
        stretches.append((start, end, rate))
        busy_until = end
    return stretches
