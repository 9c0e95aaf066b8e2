"""Declaring: the facts that a policy adds, read and checked: what they hold, what they are made of, no circles."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from restructure.calculator.quantity import Kind
from restructure.document import Document
from restructure.errors import did_you_mean, quoted
from restructure.intake.facts import Fact, facts
from restructure.intake.history import OUTCOMES, RESTRUCTURING, is_word
from restructure.policy.amounts import ParameterAmount
from restructure.policy.classification import Supplied
from restructure.policy.constants import UNITS
from restructure.policy.follow_up import AMOUNTS
from restructure.policy.hits import Hit
from restructure.policy.in_force import read_by
from restructure.policy.language import Policy, source_key
from restructure.policy.reading import Reader, Spot

__all__ = ["FactReader"]

_PLACEHOLDER = "-"
_LONGEST_CHAIN = 60


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
            name = source_key(reference)
            if name not in sources:
                self.report(
                    "source-unknown",
                    f'"{name}" is not one of the sources{did_you_mean(name, sources)}',
                    (*place, key),
                )
        return item

    def no_unit(self, unit: Any, known: Sequence[str], place: Spot) -> None:
        """Report a word that is no unit."""
        self.report("unit-unknown", f"{quoted(unit)} is not a unit{did_you_mean(unit, known)}", place)

    def declared(self) -> None:
        """Read the facts that the policy adds."""
        declared = self.data.get("facts")
        if not isinstance(declared, Mapping):
            return
        read: dict[str, Any] = {}
        of_plan = _of_plan(declared)
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
            if unit is not None and not (isinstance(unit, str) and unit in UNITS):
                self.no_unit(unit, list(UNITS), (*place, "unit"))
            kind = UNITS.get(unit, Kind.COUNT) if isinstance(unit, str) else Kind.COUNT
            choices = own.get("choices")
            words = tuple(map(str, choices)) if isinstance(choices, list) else ()
            if (kind is Kind.CHOICE) != bool(words):
                why = (
                    "a choice lists its words, the one of the highest priority first: choices: [first, second]"
                    if kind is Kind.CHOICE
                    else f'"choices" goes with unit: choice, and the unit is {unit}; remove one or change the other'
                )
                self.report("fact-shape", why, place)
            scale = 6 if kind is Kind.RATIO else 0
            self._given(own, place)
            self.own[name] = Fact(name, kind, scale, "", "", "", words, of_plan=name in of_plan)
            read[name] = {**own, "unit": kind, "choices": words}
        self.data["facts"] = read

    def valued(self) -> None:
        """Read what the facts that the policy adds are made of, once facts, parameters and lookups are declared."""
        declared = self.data.get("facts")
        if not isinstance(declared, Mapping):
            return
        for name, own in declared.items():
            place: Spot = ("facts", name)
            fact = self.own[name]
            if "value" in own and fact.kind in (Kind.FLAG, Kind.CHOICE):
                self.report(
                    "fact-shape",
                    f'"{name}" is {fact.kind}, which cannot be worked out; conclude it',
                    (*place, "value"),
                )
                own["value"] = None
            elif "value" in own:
                own["value"] = self.amount(own["value"], (*place, "value"), of_plan=True, kind=fact.kind)
            for key in ("hit", "gather", "otherwise"):
                if key in own and "value" in own and not own.get("given"):
                    self.report("fact-shape", f'"{key}" is for facts that are concluded', (*place, key))
            if own.get("hit") == Hit.PRIORITY and fact.kind not in (Kind.CHOICE, Kind.FLAG):
                self.report(
                    "hit-priority",
                    "only a choice or a flag has an order of priority; use first, unique or collect",
                    (*place, "hit"),
                )
            if (own.get("hit") == Hit.COLLECT) != ("gather" in own):
                self.report(
                    "fact-shape",
                    "hit: collect goes with gather: sum, least, greatest or count, and neither without the other",
                    place,
                )
            elif (
                own.get("hit") == Hit.COLLECT and fact.kind is Kind.DATE and own["gather"] in ("sum", "count")
            ):
                self.report(
                    "fact-shape",
                    f'"{name}" is a date, of which the least or the greatest can be gathered',
                    (*place, "gather"),
                )
            elif own.get("hit") == Hit.COLLECT and fact.kind in (Kind.FLAG, Kind.CHOICE):
                self.report(
                    "fact-shape",
                    f'"{name}" is {fact.kind}, which cannot be gathered; collect a number, such as a count',
                    (*place, "hit"),
                )
            if own.get("otherwise") is not None:
                own["otherwise"] = self.constant(fact, own["otherwise"], (*place, "otherwise"))

    def _given(self, own: Mapping[str, Any], place: Spot) -> None:
        """Report what does not go with a fact that the file supplies."""
        if own.get("given") is not True:
            return
        for key in ("value", "hit", "gather", "otherwise"):
            if key in own:
                self.report(
                    "fact-shape",
                    f'a fact that is given has no "{key}"; another fact may say what holds without it',
                    (*place, key),
                )

    def events_declared(self) -> None:
        """Read the kinds of events that the policy reads from the history."""
        declared = self.data.get("events")
        if not isinstance(declared, Mapping):
            return
        read: dict[str, Any] = {}
        for name, kind in declared.items():
            place: Spot = ("events", name)
            if not is_word(name):
                self.report(
                    "event-shape",
                    f'"{name}" is no word for an event; write lower-case letters, digits and _, such as re_age',
                    place,
                )
                continue
            if not isinstance(kind, Mapping):
                self.report(
                    "event-shape", "a kind of event is a group of fields: title, reference, outcomes", place
                )
                continue
            read[name] = self.cited(kind, "reference", place)
            listed = kind.get("outcomes", [])
            words = [one for one in listed if is_word(one)] if isinstance(listed, list) else []
            if not isinstance(listed, list) or len(set(words)) < len(listed):
                self.report(
                    "event-shape",
                    "outcomes is a list of different words of lower-case letters, digits and _",
                    (*place, "outcomes"),
                )
                read[name] = {**read[name], "outcomes": ()}
            elif name == RESTRUCTURING and listed and not set(OUTCOMES) <= set(words):
                self.report(
                    "event-shape",
                    f"earlier restructurings come out {', '.join(OUTCOMES)}; list these too",
                    (*place, "outcomes"),
                )
            self.kinds[name] = tuple(words)
        self.data["events"] = read

    def followed_up(self) -> None:
        """Check what the policy asks of agreements: its numbers, its sources, and which clock follows which."""
        raw = self.data.get("follow_up")
        if not isinstance(raw, Mapping):
            return
        place: Spot = ("follow_up",)
        self.data["follow_up"] = raw = dict(self.cited(raw, "reference", place))
        for name in AMOUNTS:
            if raw.get(name) is not None:
                kind = Kind.MONEY if name == "tolerance" else Kind.COUNT
                read = self.amount(raw[name], (*place, name), of_plan=False, kind=kind)
                raw[name] = Decimal(0) if read is None else read
        clocks = raw.get("clocks")
        above: list[str] = []
        for k, clock in enumerate(clocks if isinstance(clocks, list) else ()):
            if not isinstance(clock, Mapping):
                continue
            here: Spot = (*place, "clocks", k)
            self.cited(clock, "reference", here)
            known = {"follows": above, "restarts": [*above, str(clock.get("id"))]}
            for word, names in known.items():
                if word in clock and clock[word] not in names:
                    self.report(
                        "clock-unknown",
                        f"no clock above is called {quoted(clock[word])}{did_you_mean(clock[word], names)}",
                        (*here, word),
                    )
            if clock.get("id") in above:
                self.report("rule-repeated", f'"{clock["id"]}" stands twice; each clock has its own id', here)
            above.append(str(clock.get("id")))

    def classified(self) -> None:
        """Check which conclusion is a loan's class, and that an agreement tells it what it can hold."""
        raw = self.data.get("classification")
        if not isinstance(raw, Mapping):
            return
        place: Spot = ("classification",)
        self.data["classification"] = raw = self.cited(raw, "reference", place)
        if "fact" in raw:
            self._own_of_case(raw["fact"], (*place, "fact"))
        missed = raw.get("missed")
        if missed is not None and missed not in self.kinds:
            self.report(
                "event-unknown",
                f"no kind of event is called {quoted(missed)}{did_you_mean(missed, self.kinds)}; events declares them",
                (*place, "missed"),
            )
        supplies = raw.get("supplies")
        for name, said in supplies.items() if isinstance(supplies, Mapping) else ():
            spot: Spot = (*place, "supplies", name)
            fact = self._own_of_case(name, spot)
            if fact is None:
                continue
            if not self.data["facts"][name].get("given"):
                sentence = f'"{name}" is no fact that is given, so nothing can supply it'
                self.report("fact-shape", sentence, spot)
            kinds = self._supplied_kinds(said, spot)
            if kinds and fact.kind not in kinds:
                self.report("value-kind", f"{name} is {fact.kind} and cannot hold this", spot)

    def _own_of_case(self, name: Any, spot: Spot) -> Fact | None:
        """Find a fact of the policy that needs no plan."""
        fact = self.own.get(name) if isinstance(name, str) else None
        if fact is None:
            hint = did_you_mean(name, self.own)
            self.report("fact-unknown", f"no fact of the policy is called {quoted(name)}{hint}", spot)
        elif fact.of_plan:
            self.report("fact-shape", f'"{name}" is about a proposed plan, and a class is of the loan', spot)
            return None
        return fact

    def _supplied_kinds(self, said: Any, spot: Spot) -> tuple[Kind, ...]:
        """Give the kinds of fact that can hold what an agreement says; what is no such word is left to the model."""
        if isinstance(said, Mapping) and "before" in said:
            fact = self._own_of_case(said["before"], (*spot, "before"))
            return () if fact is None else (fact.kind,)
        if said == Supplied.PERIOD_MONTHS:
            return (Kind.MONTHS, Kind.COUNT)
        return (Kind.DATE,) if said in list(Supplied) else ()

    def circles(self, policy: Policy) -> None:
        """Report facts that could never be known, once the whole policy is read."""
        needs = {name: reads & policy.facts.keys() for name, reads in read_by(policy).items()}
        concluded = {name for one in policy.conclusions for name in one.conclude}
        for name, own in policy.facts.items():
            if own.given and name in concluded:
                self.report(
                    "fact-shape",
                    f'"{name}" is given and concluded too; keep one of the two',
                    ("facts", name),
                )
            if own.value is None and name not in concluded and not own.given:
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
        levels, waiting = _levels(needs)
        if waiting:
            path = _circle(waiting)
            self.report(
                "fact-cycle",
                f"{' needs '.join(path)}, so none could be known first; break the circle",
                ("facts", path[0]),
            )
        elif levels > _LONGEST_CHAIN:
            self.report(
                "fact-shape",
                f"{levels} facts rest on each other in a row and {_LONGEST_CHAIN} are the most; join some",
                ("facts",),
            )

    def concluded(self, raw: Mapping[str, Any], spot: Spot) -> dict[str, Any]:
        """Read what is concluded about facts of the policy."""
        read: dict[str, Any] = {}
        for name, value in raw.items():
            at = (*spot, name)
            fact = self.own.get(name)
            if fact is None:
                self.report(
                    "fact-unknown",
                    f"no fact of the policy is called {quoted(name)}{did_you_mean(name, self.own)}",
                    at,
                )
                read[str(name)] = _PLACEHOLDER
            elif isinstance(value, Mapping):
                read[name] = self._worked_out(fact, value, at)
            else:
                constant = self.constant(fact, value, at)
                read[name] = _PLACEHOLDER if constant is None else constant
        return read

    def _worked_out(self, fact: Fact, raw: Mapping[str, Any], spot: Spot) -> Any:
        """Read an amount that is concluded about a fact."""
        if fact.kind in (Kind.FLAG, Kind.CHOICE):
            self.report(
                "amount-shape",
                f"{fact.name} is {fact.kind}, so what is concluded about it is a constant",
                spot,
            )
            return _PLACEHOLDER
        before = len(self.issues)
        amount = self.amount(raw, spot, of_plan=False, kind=fact.kind)
        if isinstance(amount, ParameterAmount) and len(self.issues) == before:
            unit = self.parameter(amount.parameter, (*spot, "parameter"))
            if unit is not None and unit.kind is not fact.kind:
                self.report(
                    "value-kind",
                    f'{fact.name} is {fact.kind} but the parameter "{amount.parameter}" is {unit.kind}',
                    spot,
                )
        return _PLACEHOLDER if amount is None or len(self.issues) > before else amount


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


def _of_plan(declared: Mapping[str, Any]) -> set[str]:
    """Name the facts of the policy that need a plan, while their amounts are still plain data."""
    amounts = {name: own.get("value") for name, own in declared.items() if isinstance(own, Mapping)}
    reads = {name: set(_fact_names(amount)) for name, amount in amounts.items()}
    found = {name for name, amount in amounts.items() if _reads_plan(amount)}
    while True:
        more = {
            name
            for name, names in reads.items()
            if name not in found
            and any(one in found or (one in facts() and facts()[one].of_plan) for one in names)
        }
        if not more:
            return found
        found |= more


def _levels(needs: Mapping[str, set[str]]) -> tuple[int, dict[str, set[str]]]:
    """Count how many facts rest on each other in a row, and give those that need each other in a circle."""
    waiting, levels = dict(needs), 0
    while True:
        ready = [name for name, reads in waiting.items() if not reads & waiting.keys()]
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
