"""Case facts: the facts of one case, with those that the policy concludes from them (forward chaining)."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from restructure.calculator.conventions.money import from_minor, minor_digits, round_div
from restructure.calculator.conventions.quantity import Kind
from restructure.calculator.plans.plan import Plan
from restructure.errors import InvalidPolicy, Issue
from restructure.intake.assessment import Assessment
from restructure.intake.facts import Fact, facts, show, wanting
from restructure.intake.prospect import AT_ONCE, Prospect, project
from restructure.policy.amounts.expression import PLAN, Amount, binding, facts_in, worth, write_amount
from restructure.policy.constants import constant
from restructure.policy.engine.evaluation import Engines, evaluator
from restructure.policy.given_facts import given_values
from restructure.policy.in_force import FactStage, InForce
from restructure.policy.language.follow_up import FollowUp, asked
from restructure.policy.language.hit_policies import Hit, RowMatch, settle
from restructure.policy.language.sections import Conclusion, Gather, PolicyFact
from restructure.record import Record

__all__ = ["CaseFacts", "Concluded", "facts_of"]


_FIGURES = frozenset(name for name, fact in facts().items() if fact.of_plan)


class Concluded(Record):
    """A fact that the policy adds to a case, and what it follows from."""

    fact: str
    """Name of the fact."""
    value: str
    """Its value as shown to people, such as `31 %`; `unknown` if it is not known."""
    by: tuple[str, ...] = ()
    """Ids of the conclusions that set it."""
    derivation: str = ""
    """How it follows from other facts, with their values, such as `room = margin × 0.5 = 500.00 (margin 1000.00)`."""

    def _summary(self) -> str:
        return f"{self.fact} = {self.value}"


class CaseFacts:
    """The facts of one case under one policy, and of a proposed plan once there is one."""

    __slots__ = ("_prospect", "assessment", "concluded", "in_force", "own", "plan")

    def __init__(
        self,
        in_force: InForce,
        assessment: Assessment,
        own: dict[str, Any],
        concluded: tuple[Concluded, ...] = (),
        prospect: Prospect | None = None,
        plan: Plan | None = None,
    ) -> None:
        self.in_force, self.assessment, self.plan, self._prospect = in_force, assessment, plan, prospect
        self.own = own
        """The values of the policy's own facts; those of a plan once they were read."""
        self.concluded = concluded
        """The policy's own facts of the case, with what they follow from."""

    @property
    def prospect(self) -> Prospect | None:
        """The figures of a proposed plan, worked out when they are first read; none where there is no plan."""
        if self._prospect is None and self.plan is not None:
            self._prospect = project(self.assessment, self.plan)
        return self._prospect

    def with_plan(self, prospect: Prospect | None, plan: Plan | None = None) -> "CaseFacts":
        """Add a proposed plan and its figures; either of the two is enough."""
        own = {name: value for name, value in self.own.items() if not self.in_force.fact(name).of_plan}
        return CaseFacts(self.in_force, self.assessment, own, self.concluded, prospect, plan)

    def value(self, name: str) -> Any:
        """Give the value of a fact, `None` if it is unknown."""
        if name in _FIGURES:
            if self._prospect is None and self.plan is not None and name in AT_ONCE:
                return AT_ONCE[name](self.assessment, self.plan)
            return getattr(self.prospect, name, None)
        own = self.in_force.policy.facts
        if name not in own:
            return self.plan if name == PLAN else self.assessment.value(name)
        if name not in self.own:
            self.own[name] = _derived(self, name, own[name])
        return self.own[name]

    @property
    def follow_up(self) -> FollowUp:
        """What the policy asks of an agreement about this case."""
        policy, read = self.in_force.policy, self.in_force.read
        return asked(
            policy.follow_up, self.assessment.currency, lambda amount: worth(amount, read, self.value)
        )

    def of_plan(self) -> list[Concluded]:
        """List the policy's own figures of the plan, with what they follow from."""
        return [
            Concluded(fact=name, value=self.shown(name), derivation=_derivation(self, name))
            for name in self.in_force.figures
        ]

    def encoded(self, names: Iterable[str]) -> dict[str, int | None]:
        """Give facts as the integers that rules compare; `None` is unknown."""
        value, values = self.value, dict[str, int | None]()
        for name, encode in self.in_force.encoders(tuple(names)):
            held = value(name)
            values[name] = None if held is None else encode(held)
        return values

    def wanting(self, name: str) -> tuple[str, ...]:
        """Name the places in the application that would make an unknown fact of a file known."""
        if name not in self.in_force.policy.facts:
            return wanting(self.assessment, name)
        return () if self.value(name) is not None else (self.in_force.fact(name).supplied,)

    def shown(self, name: str) -> str:
        """Give the value of a fact as shown to people."""
        return show(self.in_force.fact(name), self.value(name), self.assessment.currency)


def facts_of(
    in_force: InForce,
    assessment: Assessment,
    engines: Engines = Engines.BOTH,
    *,
    given: Mapping[str, Any] = MappingProxyType({}),
) -> CaseFacts:
    """Work out what a policy concludes from an assessment, stage by stage.

    Facts of the policy that are `given` keep these values and are not concluded. Raises `InvalidPolicy` if two
    conclusions apply that exclude each other, `InvalidInput` if the application supplies a fact as another kind
    than the policy declares, and `EngineDisagreement` if the two evaluators differ.
    """
    known = CaseFacts(in_force, assessment, {**given_values(in_force, assessment), **given})
    if not in_force.policy.facts:
        return known
    concluded = [
        Concluded(fact=name, value=shown, derivation=f"{name} = {shown} (from facts.{name})")
        for name, shown in ((name, known.shown(name)) for name in in_force.policy.given)
    ]
    for stage in in_force.stages:
        concluded += [
            Concluded(fact=name, value=known.shown(name), derivation=_derivation(known, name))
            for name in stage.derived
            if name not in given
        ]
        concluded += _conclude(known, stage, engines)
    known.concluded = tuple(concluded)
    return known


def _derived(known: CaseFacts, name: str, own: PolicyFact) -> Any:
    assert own.value is not None, "a fact that is concluded is known before it is read"
    exact = worth(own.value, known.in_force.read, known.value)
    return None if exact is None else _scaled(exact, known.in_force.fact(name), known.assessment.currency)


def _scaled(exact: Fraction, fact: Fact, currency: str) -> Any:
    """Round an amount half-up, once, to the scale of the fact; the value compared is the value shown."""
    digits = minor_digits(currency) if fact.kind is Kind.MONEY else fact.scale
    scaled = exact * 10**digits
    number = round_div(scaled.numerator, scaled.denominator)
    if fact.kind is Kind.DATE:
        return date.fromordinal(number)
    if fact.kind is Kind.MONEY:
        return from_minor(number, currency)
    return Decimal(number).scaleb(-digits) if fact.kind is Kind.RATIO else number


def _derivation(known: CaseFacts, name: str) -> str:
    own = known.in_force.policy.facts[name]
    assert own.value is not None, "only what is worked out has a formula"
    read = ", ".join(f"{fact} {known.shown(fact)}" for fact in dict.fromkeys(facts_in(own.value)))
    decided = binding(own.value, known.in_force.read, known.value)
    notes = "; ".join(part for part in (read, f"{decided} decides" if decided else "") if part)
    return f"{name} = {known.in_force.fact(name).formula} = {known.shown(name)}" + (
        f" ({notes})" if notes else ""
    )


def _conclude(known: CaseFacts, stage: FactStage, engines: Engines) -> list[Concluded]:
    if not stage.concluded:
        return []
    policy = known.in_force.policy
    fired = set(evaluator(stage.problem).fired(known.encoded(stage.problem.facts), engines))
    rows = [row for row in policy.conclusions if row.conclude.keys() & set(stage.concluded)]
    matches = {row.id: _match(row, fired) for row in rows}
    for table in policy.tables:
        inside = [row for row in rows if row.table == table.id]
        if inside:
            settled = settle(table.hit, [matches[row.id] for row in inside])
            _refuse_clash(settled.clash, f"the table {table.id} has the hit policy unique")
            for name in (*settled.beaten, *settled.moot):
                matches[name] = matches[name]._replace(verdict="false")
            for name in settled.open:
                matches[name] = matches[name]._replace(verdict="unknown")
    return [_settled(known, name, rows, matches) for name in stage.concluded if name not in known.own]


def _match(row: Conclusion, fired: set[str]) -> RowMatch:
    if f"true:{row.id}" in fired:
        return RowMatch(row.id, "true", row.priority)
    return RowMatch(row.id, "false" if f"false:{row.id}" in fired else "unknown", row.priority)


def _refuse_clash(clash: tuple[str, ...], why: str) -> None:
    if clash:
        raise InvalidPolicy(
            Issue("hit-not-unique", f"{why}, yet {', '.join(clash)} all match; make them exclude each other")
        )


def _settled(known: CaseFacts, name: str, rows: list[Conclusion], matches: dict[str, RowMatch]) -> Concluded:
    own, fact = known.in_force.policy.facts[name], known.in_force.fact(name)

    def value_by(row: Conclusion) -> Any:
        if name not in row.amounts:
            return constant(fact, row.conclude[name])
        exact = worth(row.amounts[name], known.in_force.read, known.value)
        return None if exact is None else _scaled(exact, fact, known.assessment.currency)

    about = [row for row in rows if name in row.conclude]
    values = {row.id: value_by(row) for row in about if matches[row.id].verdict == "true"}
    unknown = any(matches[row.id].verdict == "unknown" for row in about)
    value: Any = None
    by: tuple[str, ...] = ()
    if own.hit is Hit.COLLECT:
        by = tuple(values)
        value = None if unknown else _gathered(own, list(values.values()))
    elif own.hit is Hit.UNIQUE:
        by = tuple(values)
        different = set(values.values())
        if len(different - {None}) > 1:
            _refuse_clash(by, f"{name} takes one value")
        settled_on = None if unknown else own.otherwise
        value = settled_on if not by else None if None in different else different.pop()
    else:
        ranked = [
            # Of conclusions with the same value, a true one decides before an unknown one.
            match._replace(priority=(_priority(fact, row.conclude[name]), int(match.verdict == "unknown")))
            for row, match in ((row, matches[row.id]) for row in about)
        ]
        settled = settle(own.hit, ranked)
        by = settled.chosen
        if by:
            value = values[by[0]]
        elif not (unknown or settled.open):
            value = own.otherwise
    if value is not None:
        value = constant(fact, value)
    known.own[name] = value
    chosen = [row for row in about if row.id in by]
    amount = chosen[0].amounts.get(name) if len(chosen) == 1 else None
    derivation = "" if amount is None else _derivation_by(known, name, amount)
    return Concluded(fact=name, value=known.shown(name), by=by, derivation=derivation)


def _derivation_by(known: CaseFacts, name: str, amount: Amount) -> str:
    """Write how a fact follows from others by the amount of the conclusion that decides; empty if it reads none."""
    read = ", ".join(f"{fact} {known.shown(fact)}" for fact in dict.fromkeys(facts_in(amount)))
    return read and f"{name} = {write_amount(amount)} = {known.shown(name)} ({read})"


def _priority(fact: Fact, value: Any) -> int:
    if fact.kind is Kind.FLAG:
        return 0 if value else 1
    return fact.choices.index(value) if fact.choices else 0


def _gathered(own: PolicyFact, values: list[Any]) -> Any:
    match own.gather:
        case _ if not values and (own.otherwise is not None or own.gather is not Gather.COUNT):
            return own.otherwise
        case Gather.COUNT:
            return len(values)
        case _ if None in values:
            return None
        case Gather.LEAST:
            return min(values)
        case Gather.GREATEST:
            return max(values)
        case _:
            return sum(values)
