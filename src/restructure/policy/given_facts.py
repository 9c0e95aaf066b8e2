"""Given facts: values that an application supplies for facts of the policy, converted to the declared kind."""

from datetime import date
from typing import Any

from restructure.calculator.conventions.money import to_minor
from restructure.calculator.conventions.quantity import Kind
from restructure.errors import InvalidInput, Issue, did_you_mean
from restructure.intake.assessment import Assessment
from restructure.intake.facts import Fact
from restructure.policy.constants import constant
from restructure.policy.in_force import InForce

__all__ = ["given_values"]


def given_values(in_force: InForce, assessment: Assessment) -> dict[str, Any]:
    """Convert the given facts of a policy; what the application leaves out is `None`, unknown.

    What the policy does not declare is ignored. Raises `InvalidInput` with every value that does not have the
    kind of its fact, at `facts.NAME`, and every event whose outcome the policy does not declare.
    """
    values: dict[str, Any] = {}
    issues: list[Issue] = []
    for name in in_force.policy.given:
        values[name] = None
        if name in assessment.given:
            try:
                values[name] = _read(in_force.fact(name), assessment.given[name], assessment.currency)
            except ValueError as error:
                issues.append(
                    Issue(
                        "value-kind",
                        f"{assessment.given[name]!r} does not fit {name}, which is "
                        f"{in_force.fact(name).kind}: {error}",
                        f"facts.{name}",
                    )
                )
    issues += _outcomes(in_force, assessment)
    if issues:
        raise InvalidInput(issues)
    return values


def _read(fact: Fact, raw: bool | int | str, currency: str) -> Any:
    value = constant(fact, _day(raw) if fact.kind is Kind.DATE else raw)
    if fact.kind is Kind.RATIO and value != round(value, fact.scale):
        raise ValueError(f"it has more decimals than the {fact.scale} that are kept; round it")
    if fact.kind is Kind.MONEY:
        to_minor(value, currency)
    return value


def _day(raw: bool | int | str) -> Any:
    """Read a date from its text; anything else stays as it is, to be refused."""
    try:
        return date.fromisoformat(raw) if isinstance(raw, str) else raw
    except ValueError:
        return raw


def _outcomes(in_force: InForce, assessment: Assessment) -> list[Issue]:
    """List the events of declared kinds whose outcome is none of the declared ones."""
    issues: list[Issue] = []
    for k, event in enumerate(assessment.history):
        kind = in_force.policy.events.get(event.kind)
        known = kind.outcomes if kind is not None else ()
        if known and event.outcome is not None and event.outcome not in known:
            # Outcomes of earlier restructurings are always declared, so the fault is in the history, which comes first.
            issues.append(
                Issue(
                    "choice-unknown",
                    f'"{event.outcome}" is no outcome that the policy knows of {event.kind}'
                    f"{did_you_mean(event.outcome, known)}",
                    f"history.{k}.outcome",
                )
            )
    return issues
