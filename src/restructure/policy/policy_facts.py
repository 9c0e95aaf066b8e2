"""Policy facts: the facts that a policy adds to the catalogue, and in which order they can be known."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

from restructure.calculator.conventions.quantity import Kind
from restructure.intake.facts import Fact, fact_named
from restructure.policy.amounts.expression import facts_in, reads_plan, write_amount
from restructure.policy.language.content import PolicyContent
from restructure.policy.language.reads import read_by

__all__ = ["PolicyFacts", "StageFacts"]

_RATIO_DECIMALS = 6


class StageFacts(NamedTuple):
    """Facts of a policy that need only facts of a case and of earlier stages."""

    derived: tuple[str, ...]
    """Those that are worked out by an amount."""
    concluded: tuple[str, ...]
    """Those that conclusions set."""


class PolicyFacts:
    """The facts that a policy adds, described like those of the catalogue."""

    def __init__(self, policy: PolicyContent) -> None:
        self._policy = policy
        self._encoders: dict[tuple[str, ...], list[tuple[str, Callable[[Any], int]]]] = {}
        self._plans: dict[str, bool] = {}
        self._rests_on: dict[str, tuple[str, ...]] = {}

    @cached_property
    def own(self) -> dict[str, Fact]:
        """The facts that the policy adds, by name."""
        return {
            name: Fact(
                name,
                own.unit,
                _RATIO_DECIMALS if own.unit is Kind.RATIO else 0,
                own.title.get("en") or next(iter(own.title.values())),
                write_amount(own.value) if own.value is not None else "",
                f"facts.{name}" if own.given else "",
                own.choices,
                of_plan=self.of_plan(name),
            )
            for name, own in self._policy.facts.items()
        }

    def fact(self, name: str) -> Fact:
        """Give a fact of the policy or of the catalogue; raises `KeyError` for a name that is neither."""
        own = self.own.get(name)
        return fact_named(name) if own is None else own

    def encoders(self, names: tuple[str, ...]) -> list[tuple[str, Callable[[Any], int]]]:
        """Give, for facts by name, what turns each into the integer that rules compare."""
        encoders = self._encoders.get(names)
        if encoders is None:
            currency = self._policy.currency
            encoders = self._encoders[names] = [(name, self.fact(name).encoder(currency)) for name in names]
        return encoders

    @cached_property
    def figures(self) -> tuple[str, ...]:
        """The facts of the policy that a plan has."""
        return tuple(name for name, fact in self.own.items() if fact.of_plan)

    def of_plan(self, name: str) -> bool:
        """Tell whether a fact exists only once there is a plan."""
        own = self._policy.facts.get(name)
        if own is None:
            return fact_named(name).of_plan
        if name not in self._plans:
            self._plans[name] = own.value is not None and (
                reads_plan(own.value) or any(map(self.of_plan, facts_in(own.value)))
            )
        return self._plans[name]

    def rests_on(self, name: str) -> tuple[str, ...]:
        """Name the facts of an application from which a fact of the policy follows in the end."""
        own = self._policy.facts.get(name)
        if own is None or own.given:
            return (name,)
        if name not in self._rests_on:
            names: dict[str, None] = {}
            for inner in sorted(self._needs[name]):
                names.update(dict.fromkeys(self.rests_on(inner)))
            self._rests_on[name] = tuple(names)
        return self._rests_on[name]

    @cached_property
    def _needs(self) -> dict[str, set[str]]:
        return read_by(self._policy)

    @cached_property
    def stages(self) -> tuple[StageFacts, ...]:
        """The facts of a case in the order in which they can be known (forward chaining)."""
        facts = self._policy.facts
        waiting = {
            name: needs
            for name, needs in self._needs.items()
            if not self.of_plan(name) and not facts[name].given
        }
        stages: list[StageFacts] = []
        while waiting:
            ready = [name for name, needs in waiting.items() if not needs & waiting.keys()]
            assert ready, "a cycle of facts is refused when a policy is read"
            derived = tuple(name for name in ready if facts[name].value is not None)
            stages.append(StageFacts(derived, tuple(name for name in ready if name not in derived)))
            waiting = {name: needs for name, needs in waiting.items() if name not in ready}
        return tuple(stages)
