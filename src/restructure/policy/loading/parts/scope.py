"""Scope: what the conditions and amounts of a policy may name, and the constants they are compared with."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from restructure.calculator.conventions.money import to_minor
from restructure.calculator.conventions.quantity import Kind
from restructure.errors import did_you_mean, quoted
from restructure.intake.facts import Fact, facts, score_fact
from restructure.policy.amounts.unit_check import shortened
from restructure.policy.constants import constant
from restructure.policy.loading.findings import Findings, Spot

__all__ = ["Scope"]


class Scope:
    """Hold the names that a policy declares, and look them up; what does not exist or fit is reported."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.parameter_units: dict[str, Fact] = {}
        """Parameters of a known unit, described like facts of that unit."""
        self.parameter_values: dict[str, dict[date, Any]] = {}
        """The values of each parameter by the day they hold from."""
        self.own_facts: dict[str, Fact] = {}
        """The facts that the policy adds."""
        self.event_kinds: dict[str, tuple[str, ...]] = {}
        """The kinds of events that the policy declares, each with its outcomes."""
        self.lookups: dict[str, Mapping[str, Any] | None] = {}
        """Lookups as they were read, `None` for one that could not be."""
        self.scores: set[str] = set()
        self.currency = ""
        self.money: list[Spot] = []
        """Where an amount of money other than 0 is written, which would change meaning in another currency."""

    @property
    def fact_names(self) -> dict[str, Fact]:
        """The facts of the catalogue and of the policy by name."""
        return {**facts(), **self.own_facts}

    def fact_if_known(self, name: Any) -> Fact | None:
        """Give a fact of the policy or of the catalogue, `None` if there is none of the name."""
        return (self.own_facts.get(name) or facts().get(name)) if isinstance(name, str) else None

    def fact(self, name: Any, spot: Spot, *, of_plan: bool) -> Fact | None:
        """Give a fact of the policy, of the catalogue or a score; one that does not exist here is reported."""
        report = self.findings.report
        if isinstance(name, str) and name.startswith("scores."):
            if name[7:] in self.scores:
                return score_fact(name)
            report("score-unknown", f'"{name[7:]}" is not declared under scores; add it there', spot)
            return None
        fact = self.fact_if_known(name)
        if fact is None:
            report(
                "fact-unknown", f"no fact is called {quoted(name)}{did_you_mean(name, self.fact_names)}", spot
            )
            return None
        if fact.of_plan and not of_plan:
            report(
                "fact-not-yet",
                f"{name} exists only once a plan exists; limits, flags, ranking and searches may read it",
                spot,
            )
            return None
        return fact

    def parameter(self, name: Any, spot: Spot) -> Fact | None:
        """Give a parameter's unit, described like a fact; a parameter that does not exist is reported."""
        if not (isinstance(name, str) and name in self.parameter_values):
            self.findings.report(
                "parameter-unknown",
                f"there is no parameter {quoted(name)}{did_you_mean(name, self.parameter_values)}",
                spot,
            )
            return None
        return self.parameter_units.get(name)

    def constant(self, fact: Fact, raw: Any, spot: Spot) -> Any:
        """Read a constant of a fact's kind and scale; what does not fit is reported."""
        report = self.findings.report
        try:
            value = constant(fact, raw)
        except ValueError as error:
            report(
                "value-kind",
                f"{shortened(raw)} does not fit {fact.name}, which is {fact.kind}: {error}",
                spot,
            )
            return None
        if fact.kind is Kind.RATIO and value != round(value, fact.scale):
            report(
                "value-scale", f"{raw} has more decimals than the {fact.scale} that {fact.name} keeps", spot
            )
        if fact.kind is Kind.MONEY:
            if value:  # 0 is the same in every currency
                self.money.append(spot)
            try:
                to_minor(value, self.currency)
            except ValueError as error:
                report("value-scale", str(error), spot)
        return value
