"""Search: an offer whose terms are found step by step, until a figure of the plan reaches a target."""

from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import AliasChoices, Field

from restructure.policy.amounts.expression import Amount, facts_in
from restructure.policy.engine.normal_form import Operator
from restructure.policy.language.conditions import Comparison, Condition
from restructure.record import Record

__all__ = ["MONOTONE", "Search", "SearchStep", "Stop", "TargetTier", "Vary", "WhenMissed", "varied"]


class Stop(StrEnum):
    """Where a search stops; the same loan gets different terms under each."""

    AT_OR_BELOW = "at_or_below"
    """At the first value at which the figure is at the target or below it."""
    STRICTLY_BELOW = "strictly_below"
    """At the first value at which the figure is below the target."""
    AT_OR_ABOVE = "at_or_above"
    """At the first value at which the figure is at the target or above it."""
    STRICTLY_ABOVE = "strictly_above"
    """At the first value at which the figure is above the target."""
    CLOSEST_NOT_CROSSING = "closest_not_crossing"
    """At the last value at which the figure has not passed the target; reaching it exactly is not passing."""
    EXACT = "exact"
    """At the value at which the figure is nearest to the target; of two equally near, the one that has reached it."""
    TEST_ONLY = "test_only"
    """At its end, whatever the figure; the figure is tested after the last step."""

    @property
    def compares(self) -> tuple[Operator, ...]:
        """How the figure may compare with the target once it is reached, the usual way first."""
        return {
            Stop.AT_OR_BELOW: (Operator.AT_MOST,),
            Stop.STRICTLY_BELOW: (Operator.LESS,),
            Stop.AT_OR_ABOVE: (Operator.AT_LEAST,),
            Stop.STRICTLY_ABOVE: (Operator.MORE,),
            Stop.TEST_ONLY: (Operator.AT_MOST, Operator.AT_LEAST, Operator.LESS, Operator.MORE),
        }.get(self, (Operator.AT_MOST, Operator.AT_LEAST))


class Vary(Record):
    """The number of a step that the search varies."""

    start: Amount = Field(default=Decimal(0), validation_alias=AliasChoices("from", "start"))
    """The value it starts from, at which the step has no effect; 0 if absent."""
    up_to: Amount | None = None
    """The highest value; if it is the least of several named caps, the record names the one that was binding."""
    down_to: Amount | None = None
    """The lowest value; if it is the greatest of several named floors, the record names the one that was binding."""
    by: Amount | None = None
    """The increment, such as 0.125% of a rate; if absent, the finest unit: a cent, an instalment or a millionth."""
    land_on_end: bool = True
    """Whether a last, smaller increment may land on the end; otherwise only whole increments are taken."""

    @property
    def end(self) -> Amount:
        """The last value: the highest if it rises, the lowest if it falls."""
        end = self.down_to if self.up_to is None else self.up_to
        assert end is not None, "one of the two is given"
        return end


class SearchStep(Record):
    """One measure of a search, with the number that the search varies."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=80)
    """The id in the trace, such as `lower-rate`: lower-case words joined by hyphens."""
    measure: dict[str, Any]
    """The measure; one of its fields is `{vary: {from, up_to or down_to, by}}`, the others are fixed."""
    when: Condition | None = None
    """The condition, on the plan after the earlier steps, under which the step is taken; absent: always."""
    reference: str = ""
    """The source of the step, if it is not that of the rule."""


class WhenMissed(StrEnum):
    """What happens to an offer whose search has not reached its target."""

    REFUSE = "refuse"
    """It is not made."""
    OFFER = "offer"
    """The plan of the last step is offered; limits still apply."""


class TargetTier(Comparison):
    """One target of a search: a figure and the value it must reach, and perhaps a condition for accepting the plan."""

    amount: Amount | None = None
    """The value it must reach, if that is an amount worked out for each plan."""
    accept_if: Condition | None = None
    """The condition the plan must also meet to be accepted; absent: the target alone."""

    @property
    def against(self) -> tuple[str, ...]:
        """The facts that the value it must reach depends on."""
        names = () if self.amount is None else tuple(facts_in(self.amount))
        return names if self.other is None else (*names, self.other)


class Search(Record):
    """Ordered steps, each taken as far as needed, until a figure of the plan reaches a target."""

    target: TargetTier
    """The figure, the value it must reach and the operator between them, which follows from `stop` if it is absent."""
    further: tuple[TargetTier, ...] = ()
    """The further tiers of a target ladder, each tried from the start if no plan of an earlier tier is accepted."""
    stop: Stop
    """At which value a step stops."""
    steps: tuple[SearchStep, ...] = Field(min_length=1)
    """The steps, in the order in which they are applied."""
    if_missed: WhenMissed = WhenMissed.REFUSE
    """What happens to the offer if no step reaches the target."""

    @property
    def tiers(self) -> tuple[TargetTier, ...]:
        """All tiers in order; without a target ladder, the target alone."""
        return (self.target, *self.further)


_REGULAR = ("instalment_after", "payment_reduction", "payment_to_income_after")

MONOTONE: dict[tuple[str, str], frozenset[str]] = {
    (measure, field): frozenset(figures)
    for measure, field, figures in (
        ("rate", "annual_rate", _REGULAR),
        ("extend", "instalments", (*_REGULAR, "term_after", "term_added")),
        ("defer", "amount", (*_REGULAR, "balance_after", "parked_after")),
        ("defer", "share", (*_REGULAR, "balance_after", "parked_after")),
        ("forgive", "amount", (*_REGULAR, "relief", "balance_after", "parked_after")),
        ("forgive", "share", (*_REGULAR, "relief", "balance_after", "parked_after")),
        ("waive", "amount", ("relief",)),
        ("waive", "share", ("relief",)),
        ("pay", "amount", _REGULAR),
    )
}
"""Figures that a measure's number moves in one direction only, so that bisection finds the first value.

A regular instalment is one rounding of an amount that falls strictly with rate and principal; other figures,
such as the highest payment with its residue in the last row, may move to and fro by cents. An instalment that was
agreed and does not repay the loan is an exception: it is kept while the balance that is amortised is unchanged (at the
start, or while a payment up front goes to arrears), and solved anew, perhaps higher, at all other values. Where a loan
ends in an extra row and something is spread over the instalments, their parts move to and fro by a cent. Where
suspensions give up their interest, principal that is forgiven lowers what they give up, each by its own rounding:
relief may then fall by a cent for each of them. Where the last row is equalised, the instalment moves by its share of
what rounding left over, to and fro by a cent; a loan of a few cents an instalment may then end many rows earlier.
"""


def varied(measure: dict[str, Any]) -> str | None:
    """Name the field of a measure that a step varies, `None` unless there is exactly one."""
    fields = [name for name, value in measure.items() if isinstance(value, dict) and set(value) == {"vary"}]
    return fields[0] if len(fields) == 1 else None
