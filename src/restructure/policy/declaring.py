"""Declaring: the facts that a policy adds, read and checked: what they hold, what they are made of, no circles."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from restructure.calculator.quantity import Kind
from restructure.document import Document
from restructure.errors import did_you_mean
from restructure.intake.facts import Fact, facts
from restructure.policy.constants import UNITS
from restructure.policy.hits import Hit
from restructure.policy.in_force import read_by
from restructure.policy.language import Policy
from restructure.policy.reading import Reader, Spot

__all__ = ["FactReader"]

_PLACEHOLDER = "-"


class FactReader(Reader):
    """Reads the facts of a policy and what concludes them."""

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self.data: dict[str, Any] = {}
        """The policy as far as it is read."""

    def cited(self, item: Mapping[str, Any], key: str, place: Spot) -> Mapping[str, Any]:
        """Check a reference to a source; where there is none, the item gets a placeholder so that reading goes on."""
        if key not in item:
            self.report(
                "source-missing",
                f'"{key}" is missing; name one of the sources, or the lender\'s own decision',
                place,
            )
            return {**item, key: _PLACEHOLDER}
        sources = self.data.get("sources")
        reference = item[key]
        if isinstance(reference, str) and isinstance(sources, Mapping):
            name = reference.partition(":")[0].strip()
            if name not in sources:
                self.report(
                    "source-unknown",
                    f'"{name}" is not one of the sources{did_you_mean(name, sources)}',
                    (*place, key),
                )
        return item

    def no_unit(self, unit: Any, known: Sequence[str], place: Spot) -> None:
        """Report a word that is no unit."""
        self.report("unit-unknown", f'"{unit}" is not a unit{did_you_mean(unit, known)}', place)

    def declared(self) -> None:
        """Read the facts that the policy adds."""
        declared = self.data.get("facts")
        if not isinstance(declared, Mapping):
            return
        read: dict[str, Any] = {}
        for name, own in declared.items():
            place: Spot = ("facts", name)
            if not isinstance(own, Mapping):
                self.report("value-invalid", "a fact is a group of named fields", place)
                continue
            if name in facts() or not name.isidentifier():
                why = "is a fact of every case" if name in facts() else "is not a name: letters, digits and _"
                self.report("fact-repeated", f'"{name}" {why}; choose another name', place)
            own = self.cited(own, "reference", place)
            unit = own.get("unit")
            if unit is not None and unit not in UNITS:
                self.no_unit(unit, list(UNITS), (*place, "unit"))
            kind = UNITS.get(unit, Kind.COUNT) if isinstance(unit, str) else Kind.COUNT
            choices = own.get("choices")
            words = tuple(map(str, choices)) if isinstance(choices, list) else ()
            if (kind is Kind.CHOICE) != bool(words):
                self.report(
                    "fact-shape", "a choice lists its words under choices, and nothing else does", place
                )
            scale = 6 if kind is Kind.RATIO else 0
            of_plan = self._reads_plan(name, declared, set())
            self.own[name] = Fact(name, kind, scale, "", "", "", words, of_plan=of_plan)
            read[name] = {**own, "unit": kind, "choices": words}
        for name, own in read.items():
            place = ("facts", name)
            fact = self.own[name]
            if "value" in own:
                if fact.kind in (Kind.FLAG, Kind.CHOICE):
                    self.report(
                        "fact-shape", f"{fact.kind} cannot be worked out; conclude it", (*place, "value")
                    )
                own["value"] = self.amount(own["value"], (*place, "value"), of_plan=True, kind=fact.kind)
            for key in ("hit", "gather", "otherwise"):
                if key in own and "value" in own:
                    self.report("fact-shape", f'"{key}" is for facts that are concluded', (*place, key))
            if own.get("hit") == Hit.PRIORITY and fact.kind not in (Kind.CHOICE, Kind.FLAG):
                self.report(
                    "hit-priority", "only a choice or a flag has an order of priority", (*place, "hit")
                )
            if (own.get("hit") == Hit.COLLECT) != ("gather" in own):
                self.report(
                    "fact-shape",
                    "the hit policy collect goes with gather: sum, least, greatest or count",
                    place,
                )
            if own.get("otherwise") is not None:
                own["otherwise"] = self.constant(fact, own["otherwise"], (*place, "otherwise"))
        self.data["facts"] = read

    def _reads_plan(self, name: str, declared: Mapping[str, Any], seen: set[str]) -> bool:
        """Tell whether a fact of the policy needs a plan, before its amount is checked."""
        own = declared.get(name)
        if name in seen:
            return False  # a cycle, reported once all is read
        if own is None:
            fact = facts().get(name)
            return fact is not None and fact.of_plan
        value = own.get("value") if isinstance(own, Mapping) else None
        return any(self._reads_plan(one, declared, {*seen, name}) for one in _fact_names(value))

    def circles(self, policy: Policy) -> None:
        """Report facts that could never be known, once the whole policy is read."""
        needs = {name: reads & policy.facts.keys() for name, reads in read_by(policy).items()}
        concluded = {name for one in policy.conclusions for name in one.conclude}
        for name, own in policy.facts.items():
            if own.value is None and name not in concluded:
                self.report(
                    "fact-shape",
                    f'"{name}" has neither a value nor a conclusion about it, so it could never be known',
                    ("facts", name),
                )
            if own.value is not None and name in concluded:
                self.report(
                    "fact-shape",
                    f'"{name}" is worked out and concluded too; keep one of the two',
                    ("facts", name),
                )
        path = _cycle(needs)
        if path:
            self.report("fact-cycle", f"{' needs '.join(path)}: break the circle", ("facts", path[0]))

    def concluded(self, raw: Mapping[str, Any], spot: Spot) -> dict[str, Any]:
        """Read what is concluded about facts of the policy."""
        read: dict[str, Any] = {}
        for name, value in raw.items():
            at = (*spot, name)
            fact = self.own.get(name)
            if fact is None:
                self.report(
                    "fact-unknown",
                    f'no fact of the policy is called "{name}"{did_you_mean(name, self.own)}',
                    at,
                )
                continue
            if isinstance(value, Mapping):
                self._parameter_for(fact, value, at)
                read[name] = value
            else:
                read[name] = self.constant(fact, value, at)
        return read

    def _parameter_for(self, fact: Fact, raw: Mapping[str, Any], spot: Spot) -> None:
        """Check that a parameter can be the value of a fact."""
        if set(raw) != {"parameter"}:
            self.report("amount-shape", "a conclusion is a constant or {parameter: name}", spot)
            return
        unit = self.parameter(raw["parameter"], (*spot, "parameter"))
        if unit is not None and unit.kind is not fact.kind:
            self.report(
                "value-kind",
                f'{fact.name} is {fact.kind} but the parameter "{raw["parameter"]}" is {unit.kind}',
                spot,
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


def _cycle(needs: Mapping[str, set[str]]) -> list[str]:
    """Find a circle of facts that need each other, as a path that ends where it began."""
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        for other in sorted(needs.get(name, ())):
            found = walk(other, [*path, name])
            if found:
                return found
        done.add(name)
        return []

    for name in needs:
        found = walk(name, [])
        if found:
            return found
    return []
