"""Search: an offer whose amounts are looked for, step by step, until a target holds."""

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
    """At the value at which the figure is nearest to the target, the one that has reached it if two are as near."""
    TEST_ONLY = "test_only"
    """Nowhere: every step goes as far as it may, and the figure is tested at the end."""

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
    """The one number of a step that is looked for."""

    start: Amount = Field(default=Decimal(0), validation_alias=AliasChoices("from", "start"))
    """Where it starts; there the step does nothing yet."""
    up_to: Amount | None = None
    """How far it may rise; the least of several caps names the one that bound."""
    down_to: Amount | None = None
    """How far it may fall; the greatest of several floors names the one that bound."""
    by: Amount | None = None
    """How far it goes at a time; absent: the finest unit, so that the target is met as exactly as can be."""
    land_on_end: bool = True
    """Whether a last part step may land on the end; otherwise only whole steps are taken."""

    @property
    def end(self) -> Amount:
        """How far it may go."""
        end = self.down_to if self.up_to is None else self.up_to
        assert end is not None, "one of the two is given"
        return end


class SearchStep(Record):
    """One measure of a search, with the number that is looked for."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=80)
    """Names it in the trace."""
    measure: dict[str, Any]
    """The measure; one of its fields is `{vary: {from, up_to or down_to, by}}`, the others are fixed."""
    when: Condition | None = None
    """Whether the step is taken, judged on the state after the earlier steps; absent: always."""
    reference: str = ""
    """Where it comes from, if not from where the rule does."""


class WhenMissed(StrEnum):
    """What becomes of an offer whose search has not reached its target."""

    REFUSE = "refuse"
    """It is not made."""
    OFFER = "offer"
    """It is made all the same, as far as the steps went; limits still judge it."""


class TargetTier(Comparison):
    """What a search aims at; the value may be an amount, and the plan may have to please."""

    amount: Amount | None = None
    """The value it has to reach, if it is worked out for every plan anew."""
    accept_if: Condition | None = None
    """What the plan has to hold for the search to end here; absent: nothing but the target."""

    @property
    def against(self) -> tuple[str, ...]:
        """The facts that the value it has to reach is made of."""
        found = () if self.amount is None else tuple(facts_in(self.amount))
        return found if self.other is None else (*found, self.other)


class Search(Record):
    """Ordered steps, each taken as far as needed, until a figure of the plan reaches a target."""

    target: TargetTier
    """The figure, the value it has to reach and how they then compare, which `stop` says where it can."""
    further: tuple[TargetTier, ...] = ()
    """The other tiers of a target ladder, each tried from the start if the plan of the one before is not accepted."""
    stop: Stop
    """Where to stop."""
    steps: tuple[SearchStep, ...] = Field(min_length=1)
    """What is tried, in order."""
    if_missed: WhenMissed = WhenMissed.REFUSE
    """What becomes of the offer if no step reaches the target."""

    @property
    def tiers(self) -> tuple[TargetTier, ...]:
        """The target, or all tiers of a target ladder in order."""
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
agreed and does not repay the loan stands apart: it is kept while the balance that is amortised is what it was (at the
start, or while a payment up front goes to arrears), and solved anew, perhaps higher, at all other values. Where a loan
ends in an extra row and something is spread over the instalments, their parts move to and fro by a cent. Where
suspensions give up their interest, principal that is forgiven lowers what they give up, each by its own rounding:
relief may then fall by a cent for each of them. Where the last row is equalised, the instalment moves by its share of
what rounding left over, to and fro by a cent; a loan of a few cents an instalment may then end many rows earlier.
"""


def varied(measure: dict[str, Any]) -> str | None:
    """Name the field of a measure that a step looks for, `None` unless it is exactly one."""
    fields = [name for name, value in measure.items() if isinstance(value, dict) and set(value) == {"vary"}]
    return fields[0] if len(fields) == 1 else None
