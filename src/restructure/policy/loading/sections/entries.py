"""Entries: sections that are lists of entries with an id, a source and a condition, such as gates and rules."""

from collections.abc import Callable, Mapping
from typing import Any

from restructure.calculator.conventions.quantity import Kind
from restructure.errors import did_you_mean, quoted
from restructure.intake.facts import Fact
from restructure.policy.amounts.expression import ParameterAmount
from restructure.policy.fallback_order import circle_of, waits_for
from restructure.policy.language.content import PolicyContent
from restructure.policy.language.section_table import Evaluated, Section
from restructure.policy.loading.findings import Spot
from restructure.policy.loading.reading import PLACEHOLDER, Reading

__all__ = ["check_rule_names", "read_concluded", "read_conclusion", "read_entries", "read_rule"]

ReadEntry = Callable[[Reading, Mapping[str, Any], Spot], Mapping[str, Any]]
"""Reads what an entry has beside its condition, and gives the entry with it read."""


def read_entries(reading: Reading, section: Section, read_rest: ReadEntry | None = None) -> None:
    """Read a section whose entries have an id, a reference and perhaps a condition; `read_rest` reads what else."""
    items = reading.data.get(section.name)
    if not isinstance(items, list):
        return
    of_plan, key = section.evaluated is Evaluated.PLAN, section.condition
    read: list[Any] = []
    for k, item in enumerate(items):
        if not isinstance(item, Mapping):
            read.append(item)
            continue
        place: Spot = (section.name, k)
        reading.name(item.get("id"), (*place, "id"))
        item = reading.cited(item, "reference", place)
        for word in ("table", "priority") if section.from_tables else ():
            if word in item:
                reading.findings.report(
                    "field-unknown", f'"{word}" is set by decision tables alone', (*place, word)
                )
        if key in item:
            condition = reading.conditions.condition(item[key], (*place, key), of_plan=of_plan)
            item = {**item, key: condition}
            reading.check_width(condition, (*place, key), negated=section.asked_negated)
        read.append(item if read_rest is None else read_rest(reading, item, place))
    reading.data[section.name] = read


def read_rule(reading: Reading, item: Mapping[str, Any], place: Spot) -> Mapping[str, Any]:
    """Read the offer of a rule."""
    if not isinstance(item.get("offer"), list):
        return item
    return {**item, "offer": reading.offer(item["offer"], (*place, "offer"))}


def read_conclusion(reading: Reading, item: Mapping[str, Any], place: Spot) -> Mapping[str, Any]:
    """Read the facts that a conclusion concludes."""
    if not isinstance(item.get("conclude"), Mapping):
        return item
    return {**item, "conclude": read_concluded(reading, item["conclude"], (*place, "conclude"))}


def read_concluded(reading: Reading, raw: Mapping[str, Any], spot: Spot) -> dict[str, Any]:
    """Read what is concluded about facts of the policy: for each a constant or an amount."""
    own_facts = reading.scope.own_facts
    read: dict[str, Any] = {}
    for name, value in raw.items():
        at = (*spot, name)
        fact = own_facts.get(name)
        if fact is None:
            sentence = f"no fact of the policy is called {quoted(name)}{did_you_mean(name, own_facts)}"
            reading.findings.report("fact-unknown", sentence, at)
            read[str(name)] = PLACEHOLDER
        elif isinstance(value, Mapping):
            read[name] = _concluded_amount(reading, fact, value, at)
        else:
            constant = reading.scope.constant(fact, value, at)
            read[name] = PLACEHOLDER if constant is None else constant
    return read


def _concluded_amount(reading: Reading, fact: Fact, raw: Mapping[str, Any], spot: Spot) -> Any:
    """Read an amount that is concluded about a fact."""
    if fact.kind in (Kind.FLAG, Kind.CHOICE):
        sentence = f"{fact.name} is {fact.kind}, so what is concluded about it is a constant"
        reading.findings.report("amount-shape", sentence, spot)
        return PLACEHOLDER
    before = reading.findings.count
    amount = reading.amounts.amount(raw, spot, of_plan=False, kind=fact.kind)
    if isinstance(amount, ParameterAmount) and reading.findings.count == before:
        unit = reading.scope.parameter(amount.parameter, (*spot, "parameter"))
        if unit is not None and unit.kind is not fact.kind:
            reading.findings.report(
                "value-kind",
                f'{fact.name} is {fact.kind} but the parameter "{amount.parameter}" is {unit.kind}',
                spot,
            )
    return PLACEHOLDER if amount is None or reading.findings.count > before else amount


def check_rule_names(reading: Reading, policy: PolicyContent) -> None:
    """Report what names a rule that makes no offer, and rules that are fallbacks of each other in a circle."""
    for entry in policy.of_offers:
        spot = (*reading.named[entry.id][:-1], "offers_of")
        _check_names(reading, policy, entry.offers_of, spot)
    checked: set[Spot] = set()
    for rule in policy.rules:
        spot = (*reading.named[rule.table or rule.id][:-1], "unless_offered")
        if spot not in checked:  # the rows of a table have the same
            checked.add(spot)
            _check_names(reading, policy, rule.unless_offered, spot)
    circle = circle_of(waits_for(policy))
    if circle:
        written = {rule.id: rule.table or rule.id for rule in policy.rules}
        reading.findings.report(
            "fallback-cycle",
            f"{' waits for '.join(circle)}, so none could be tried first; break the circle",
            (*reading.named[written[circle[0]]][:-1], "unless_offered"),
        )


def _check_names(reading: Reading, policy: PolicyContent, names: tuple[str, ...], spot: Spot) -> None:
    """Report names of rules, tables or rows with an offer that there are not."""
    written = [rule.id for rule in policy.rules if not rule.table]
    rows = {rule.id for rule in policy.rules if rule.table}
    known = [*written, *dict.fromkeys(rule.table for rule in policy.rules if rule.table)]
    for k, name in enumerate(names):
        if name not in known and name not in rows:
            reading.findings.report(
                "rule-unknown",
                f"no rule and no table with an offer is called {quoted(name)}{did_you_mean(name, known)}",
                (*spot, k),
            )
