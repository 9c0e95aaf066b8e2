"""Follow-up and classification: what a policy asks of agreements, and how it classes the loan under one."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from restructure.calculator.conventions.quantity import Kind
from restructure.errors import did_you_mean, quoted
from restructure.intake.facts import Fact
from restructure.policy.language.follow_up import AMOUNTS
from restructure.policy.language.loan_class import Supplied
from restructure.policy.loading.findings import Spot
from restructure.policy.loading.reading import Reading

__all__ = ["read_classification", "read_follow_up"]


def read_follow_up(reading: Reading) -> None:
    """Check what the policy asks of agreements: its numbers, its sources, and which clock follows which."""
    raw = reading.data.get("follow_up")
    if not isinstance(raw, Mapping):
        return
    place: Spot = ("follow_up",)
    reading.data["follow_up"] = read = dict(reading.cited(raw, "reference", place))
    for name in AMOUNTS:
        if read.get(name) is not None:
            kind = Kind.MONEY if name == "tolerance" else Kind.COUNT
            amount = reading.amounts.amount(read[name], (*place, name), of_plan=False, kind=kind)
            read[name] = Decimal(0) if amount is None else amount
    _check_clocks(reading, read.get("clocks"), (*place, "clocks"))


def _check_clocks(reading: Reading, clocks: Any, place: Spot) -> None:
    report = reading.findings.report
    above: list[str] = []
    for k, clock in enumerate(clocks if isinstance(clocks, list) else ()):
        if not isinstance(clock, Mapping):
            continue
        here: Spot = (*place, k)
        reading.cited(clock, "reference", here)
        known = {"follows": above, "restarts": [*above, str(clock.get("id"))]}
        for word, names in known.items():
            if word in clock and clock[word] not in names:
                report(
                    "clock-unknown",
                    f"no clock above is called {quoted(clock[word])}{did_you_mean(clock[word], names)}",
                    (*here, word),
                )
        if clock.get("id") in above:
            report("rule-repeated", f'"{clock["id"]}" is the id of two clocks; rename one', here)
        above.append(str(clock.get("id")))


def read_classification(reading: Reading) -> None:
    """Check which fact is a loan's class, and that what an agreement supplies fits the facts it supplies."""
    raw = reading.data.get("classification")
    if not isinstance(raw, Mapping):
        return
    place: Spot = ("classification",)
    report = reading.findings.report
    reading.data["classification"] = raw = reading.cited(raw, "reference", place)
    if "fact" in raw:
        _own_fact_of_case(reading, raw["fact"], (*place, "fact"))
    missed, kinds_of_events = raw.get("missed"), reading.scope.event_kinds
    if missed is not None and missed not in kinds_of_events:
        report(
            "event-unknown",
            f"no kind of event is called {quoted(missed)}{did_you_mean(missed, kinds_of_events)}; events declares them",
            (*place, "missed"),
        )
    supplies = raw.get("supplies")
    for name, supplied in supplies.items() if isinstance(supplies, Mapping) else ():
        spot: Spot = (*place, "supplies", name)
        fact = _own_fact_of_case(reading, name, spot)
        if fact is None:
            continue
        if not reading.data["facts"][name].get("given"):
            report("fact-shape", f'"{name}" is no fact that is given, so nothing can supply it', spot)
        kinds = _supplied_kinds(reading, supplied, spot)
        if kinds and fact.kind not in kinds:
            report("value-kind", f"{name} is {fact.kind} and cannot take this value", spot)


def _own_fact_of_case(reading: Reading, name: Any, spot: Spot) -> Fact | None:
    """Find a fact of the policy that needs no plan; anything else is reported."""
    own_facts = reading.scope.own_facts
    fact = own_facts.get(name) if isinstance(name, str) else None
    if fact is None:
        sentence = f"no fact of the policy is called {quoted(name)}{did_you_mean(name, own_facts)}"
        reading.findings.report("fact-unknown", sentence, spot)
    elif fact.of_plan:
        sentence = f'"{name}" is about a proposed plan, and the class is that of the loan'
        reading.findings.report("fact-shape", sentence, spot)
        return None
    return fact


def _supplied_kinds(reading: Reading, supplied: Any, spot: Spot) -> tuple[Kind, ...]:
    """Give the kinds of fact that can hold what an agreement supplies; what is no such word is left to the record."""
    if isinstance(supplied, Mapping) and "before" in supplied:
        fact = _own_fact_of_case(reading, supplied["before"], (*spot, "before"))
        return () if fact is None else (fact.kind,)
    if supplied == Supplied.PERIOD_MONTHS:
        return (Kind.MONTHS, Kind.COUNT)
    return (Kind.DATE,) if supplied in list(Supplied) else ()
