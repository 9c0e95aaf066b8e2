"""Requests that leave a counter-offer much to look for: what each asks of which policy, and how many plans it makes.

`PYTHONPATH=tests python -m bench.counters` prints the plans of each, the most last.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cases import SMALL, limit, packaged, policy_of, rule
from casework.agreed import illness
from restructure.calculator.measures.catalogue import Measure
from restructure.calculator.measures.deferral import Defer
from restructure.calculator.measures.holiday import Holiday
from restructure.calculator.measures.rate import ChangeRate
from restructure.calculator.measures.relief import Forgive, Waive
from restructure.calculator.measures.timing import Extend
from restructure.casework.decisions.decision import Decision, decide
from restructure.casework.decisions.rounds import CounterRequest
from restructure.casework.negotiation.counter import counter
from restructure.policy.policy import Policy

MOST_PLANS = 600
"""No answer makes more plans: 500 to answer, and for each step of a search those that say how far it may go."""

ARREARS = "[principal_arrears, interest_arrears, accrued, penalty]"
LONGER = "[{measure: extend, instalments: 6}]"
TWO_STEPS = (
    f"[{{measure: capitalise, of: {ARREARS}}}, {{search: {{target: {{fact: instalment_after, value: 3000}}, "
    "stop: at_or_below, if_missed: offer, steps: ["
    "{id: lower, measure: {measure: rate, annual_rate: {vary: {from: {fact: contract_rate}, down_to: 12%}}}}, "
    "{id: aside, measure: {measure: park, of: principal, amount: {vary: {up_to: 9000}}}}]}}]"
)
LIMITS = {
    "relief": limit("relief", "{fact: relief, op: '<=', value: 300}"),
    "share": limit("share", "{fact: relief_share, op: '<=', value: 0.01}"),
    "loss": limit("loss", "{fact: npv_loss, op: '<=', value: 0.03}"),
    "term": limit("term", "{fact: term_after, op: '<=', value: 40}"),
    "level": limit("level", "{fact: npv_loss, op: '<=', value: 0}"),
    "odd": limit("odd", "{fact: term_after, op: '!=', value: 41}")
    + limit("one-of", "{any: [{fact: npv_loss, op: '<=', value: 0}, {fact: relief, op: '==', value: 1.23}]}"),
}


@dataclass(frozen=True)
class Subject:
    """One request."""

    name: str
    offer: str = ""
    limits: tuple[str, ...] = ()
    added: tuple[Measure, ...] = ()
    without: type[Measure] | None = None
    asks: dict[str, Any] = field(default_factory=dict)

    def run(self) -> Decision:
        policy, first, chosen = _decided(self.offer, self.limits)
        asks = dict(self.asks)
        if self.added:
            kept = [
                one for one in first.offer_by(chosen).plan.measures if not isinstance(one, self.without or ())
            ]
            asks["measures"] = (*kept, *self.added)
        return counter(first, CounterRequest(**asks), policy, rule=chosen)


@cache
def _decided(offer: str, limits: tuple[str, ...]) -> tuple[Policy, Decision, str]:
    policy = packaged("cn-consumer-finance")
    if offer:
        written = "".join(LIMITS[name] for name in limits)
        policy = policy_of(f"{SMALL}rules:\n{rule(offer=offer)}" + (f"limits:\n{written}" if written else ""))
    first = decide(illness(), policy, on=illness().as_of)
    return policy, first, first.offers[0].rule if offer else "illness-relief"


def _subjects() -> list[Subject]:
    rate, forgive, waive = (
        ChangeRate(annual_rate="1%"),
        Forgive(amount="800"),
        Waive(of="interest_arrears", share=1),
    )
    park, pause = Defer(of="principal", amount="9000"), Holiday(instalments=40)
    shipped = [
        Subject("shipped, rate", added=(rate,)),
        Subject("shipped, waiver", added=(waive,), without=Waive),
        Subject("shipped, parked", added=(park,)),
        Subject("shipped, holiday", added=(pause,)),
        Subject("shipped, lowest", asks={"max_monthly_payment": "1"}),
    ]
    edited = [
        Subject(
            f"{name}, {' and '.join(one.measure for one in added)}{', a month' * bool(asks)}",
            LONGER,
            (name,),
            added,
            asks=asks,
        )
        for name in LIMITS
        for added in ((rate,), (forgive,), (pause,), (Forgive(amount="20000"), Holiday(instalments=3)))
        for asks in ({}, {"max_monthly_payment": "900"})
    ]
    stepped = [
        Subject(
            f"steps, {'+'.join(limits) or 'no limit'}, at most {most}",
            TWO_STEPS,
            limits,
            asks={"max_monthly_payment": most},
        )
        for limits in ((), ("relief",), ("loss",), ("term",), ("loss", "term"), ("level",), ("odd",))
        for most in ("1", "500", "1700", "2300")
    ]
    return [
        *shipped,
        *edited,
        *stepped,
        Subject("steps, far too long", TWO_STEPS, ("term",), (Extend(instalments=1000),)),
    ]


SUBJECTS = _subjects()


def plans_made(run: Callable[[], Decision], patch: Any) -> int:
    """Count the plans that are made while something runs; `patch` replaces an attribute of a module for the while."""
    from restructure.casework.decisions import plan_search

    made, make = 0, plan_search.reschedule

    def counted(*args: Any, **named: Any) -> Any:
        nonlocal made
        made += 1
        return make(*args, **named)

    patch(plan_search, "reschedule", counted)
    try:
        run()
    finally:
        patch(plan_search, "reschedule", make)
    return made


HARDEST = (
    "shipped, rate",
    "shipped, parked",
    "relief, forgive",
    "relief, forgive and holiday",
    "share, holiday",
    "steps, no limit, at most 1",
    "steps, loss, at most 500",
    "steps, odd, at most 1700",
)
"""Those that the fast tests run."""

if __name__ == "__main__":
    for plans, name in sorted((plans_made(one.run, setattr), one.name) for one in SUBJECTS):
        print(f"{plans:6} {name}")
