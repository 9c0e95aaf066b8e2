"""Facts: those that a policy adds, read and checked; what they hold, what they are made of, no circles."""

from collections.abc import Iterator, Mapping
from typing import Any

from restructure.calculator.conventions.quantity import Kind
from restructure.intake.facts import Fact, facts
from restructure.policy.constants import UNITS
from restructure.policy.language.content import PolicyContent
from restructure.policy.language.hit_policies import Hit
from restructure.policy.language.reads import read_by
from restructure.policy.loading.findings import Spot
from restructure.policy.loading.reading import Reading

__all__ = ["check_facts", "declare_facts", "read_fact_values"]

_LONGEST_CHAIN = 60
_CONCLUDED_FIELDS = ("hit", "gather", "otherwise")


def declare_facts(reading: Reading) -> None:
    """Read what the facts that the policy adds hold, so that conditions and amounts can name them."""
    declared = reading.data.get("facts")
    if not isinstance(declared, Mapping):
        return
    report = reading.findings.report
    read: dict[str, Any] = {}
    of_plan = _names_of_plan(declared)
    for name, own in declared.items():
        place: Spot = ("facts", name)
        if not isinstance(own, Mapping):
            report("value-invalid", "a fact is a group of named fields", place)
            continue
        if name in facts() or not name.isidentifier():
            why = "is a fact of every case" if name in facts() else "is not a name: letters, digits and _"
            report("fact-repeated", f'"{name}" {why}; choose another name', place)
        own = reading.cited(own, "reference", place)
        kind, choices = _kind_and_choices(reading, own, place)
        _report_given(reading, own, place)
        scale = 6 if kind is Kind.RATIO else 0
        fact = Fact(name, kind, scale, "", "", "", choices, of_plan=name in of_plan)
        reading.scope.own_facts[name] = fact
        read[name] = {**own, "unit": kind, "choices": choices}
    reading.data["facts"] = read


def _kind_and_choices(reading: Reading, own: Mapping[str, Any], place: Spot) -> tuple[Kind, tuple[str, ...]]:
    """Read the unit of a fact, and the words of one that is a choice."""
    unit = own.get("unit")
    if unit is not None and not (isinstance(unit, str) and unit in UNITS):
        reading.unknown_unit(unit, list(UNITS), (*place, "unit"))
    kind = UNITS.get(unit, Kind.COUNT) if isinstance(unit, str) else Kind.COUNT
    choices = own.get("choices")
    words = tuple(map(str, choices)) if isinstance(choices, list) else ()
    if (kind is Kind.CHOICE) != bool(words):
        why = (
            "a choice lists its words, the one of the highest priority first: choices: [first, second]"
            if kind is Kind.CHOICE
            else f'"choices" goes with unit: choice, and the unit is {unit}; remove one or change the other'
        )
        reading.findings.report("fact-shape", why, place)
    return kind, words


def _report_given(reading: Reading, own: Mapping[str, Any], place: Spot) -> None:
    """Report what does not go with a fact that the application supplies."""
    if own.get("given") is not True:
        return
    for key in ("value", *_CONCLUDED_FIELDS):
        if key in own:
            reading.findings.report(
                "fact-shape",
                f'a fact that is given has no "{key}"; define another fact for the value to use without it',
                (*place, key),
            )


def read_fact_values(reading: Reading) -> None:
    """Read what the facts that the policy adds are made of, once facts, parameters and lookups are declared."""
    for name, own in reading.group("facts").items():
        place: Spot = ("facts", name)
        fact = reading.scope.own_facts[name]
        if "value" in own and fact.kind in (Kind.FLAG, Kind.CHOICE):
            reading.findings.report(
                "fact-shape",
                f'"{name}" is {fact.kind}, which cannot be worked out; conclude it',
                (*place, "value"),
            )
            own["value"] = None
        elif "value" in own:
            at = (*place, "value")
            own["value"] = reading.amounts.amount(own["value"], at, of_plan=True, kind=fact.kind)
        _check_hit(reading, fact, own, place)
        if own.get("otherwise") is not None:
            own["otherwise"] = reading.scope.constant(fact, own["otherwise"], (*place, "otherwise"))


def _check_hit(reading: Reading, fact: Fact, own: Mapping[str, Any], place: Spot) -> None:
    """Check the hit policy of a fact that is concluded."""
    report = reading.findings.report
    for key in _CONCLUDED_FIELDS:
        if key in own and "value" in own and not own.get("given"):
            report("fact-shape", f'"{key}" is for facts that are concluded', (*place, key))
    collected = own.get("hit") == Hit.COLLECT
    if own.get("hit") == Hit.PRIORITY and fact.kind not in (Kind.CHOICE, Kind.FLAG):
        report(
            "hit-priority",
            "only a choice or a flag has an order of priority; use first, unique or collect",
            (*place, "hit"),
        )
    if collected != ("gather" in own):
        report(
            "fact-shape",
            "hit: collect goes with gather: sum, least, greatest or count, and neither without the other",
            place,
        )
    elif collected and fact.kind is Kind.DATE and own["gather"] in ("sum", "count"):
        report(
            "fact-shape",
            f'"{fact.name}" is a date, of which the least or the greatest can be gathered',
            (*place, "gather"),
        )
    elif collected and fact.kind in (Kind.FLAG, Kind.CHOICE):
        report(
            "fact-shape",
            f'"{fact.name}" is {fact.kind}, which cannot be gathered; collect a number, such as a count',
            (*place, "hit"),
        )


def check_facts(reading: Reading, policy: PolicyContent) -> None:
    """Report facts that could never be known, once the whole policy is read."""
    report = reading.findings.report
    concluded = {name for conclusion in policy.conclusions for name in conclusion.conclude}
    for name, own in policy.facts.items():
        spot: Spot = ("facts", name)
        if own.given and name in concluded:
            report("fact-shape", f'"{name}" is given and concluded too; keep one of the two', spot)
        if own.value is None and name not in concluded and not own.given:
            sentence = f'"{name}" has neither a value nor a conclusion about it, so it could never be known'
            report("fact-shape", sentence, spot)
        if own.value is not None and name in concluded:
            report("fact-shape", f'"{name}" is worked out and concluded too; keep one of the two', spot)
    levels, waiting = _levels(
        {name: needed & policy.facts.keys() for name, needed in read_by(policy).items()}
    )
    if waiting:
        path = _circle(waiting)
        sentence = f"{' needs '.join(path)}, so none could be known first; break the circle"
        report("fact-cycle", sentence, ("facts", path[0]))
    elif levels > _LONGEST_CHAIN:
        report(
            "fact-shape",
            f"{levels} facts depend on each other in a chain, and {_LONGEST_CHAIN} is the most; combine some",
            ("facts",),
        )


def _fact_names(value: Any) -> Iterator[str]:
    """Name every fact inside an amount that is still plain data."""
    if isinstance(value, Mapping):
        if isinstance(value.get("fact"), str):
            yield value["fact"]
        for part in value.values():
            yield from _fact_names(part)
    elif isinstance(value, list):
        for part in value:
            yield from _fact_names(part)


def _reads_plan(value: Any) -> bool:
    """Tell whether an amount that is still plain data reads the plan itself."""
    if isinstance(value, Mapping):
        return "present_value" in value or any(map(_reads_plan, value.values()))
    return isinstance(value, list) and any(map(_reads_plan, value))


def _names_of_plan(declared: Mapping[str, Any]) -> set[str]:
    """Name the facts of the policy that need a plan, while their amounts are still plain data."""
    amounts = {name: own.get("value") for name, own in declared.items() if isinstance(own, Mapping)}
    reads = {name: set(_fact_names(amount)) for name, amount in amounts.items()}
    catalogue = {name for name, fact in facts().items() if fact.of_plan}
    of_plan = {name for name, amount in amounts.items() if _reads_plan(amount)}
    while True:
        more = {
            name for name, names in reads.items() if name not in of_plan and names & (of_plan | catalogue)
        }
        if not more:
            return of_plan
        of_plan |= more


def _levels(needs: Mapping[str, set[str]]) -> tuple[int, dict[str, set[str]]]:
    """Count how many facts rest on each other in a row, and give those that need each other in a circle."""
    waiting, levels = dict(needs), 0
    while True:
        ready = [name for name, needed in waiting.items() if not needed & waiting.keys()]
        if not ready:
            return levels, waiting
        levels += 1
        for name in ready:
            del waiting[name]


def _circle(waiting: Mapping[str, set[str]]) -> list[str]:
    """Find a circle among facts that each need another of them, as a path that ends where it began."""
    path = [next(iter(waiting))]
    while True:
        following = min(waiting[path[-1]] & waiting.keys())
        if following in path:
            return [*path[path.index(following) :], following]
        path.append(following)
