"""Given facts: what a file says about facts that the policy declares, read as what they hold."""

from datetime import date
from typing import Any

from restructure.calculator.conventions.money import to_minor
from restructure.calculator.conventions.quantity import Kind
from restructure.errors import InvalidInput, Issue, did_you_mean, quoted
from restructure.intake.assessment import Assessment
from restructure.intake.facts import Fact
from restructure.policy.constants import constant
from restructure.policy.in_force import InForce

__all__ = ["given_values"]


def given_values(in_force: InForce, assessment: Assessment) -> dict[str, Any]:
    """Read the given facts of a policy from a file; what the file leaves out is `None`, unknown.

    What the policy does not declare is left alone. Raises `InvalidInput` with every value that is not of the
    kind its fact holds, at `facts.NAME`, and every event whose outcome the policy does not know.
    """
    values: dict[str, Any] = {}
    found: list[Issue] = []
    for name in in_force.policy.given:
        values[name] = None
        if name in assessment.given:
            try:
                values[name] = _read(in_force.fact(name), assessment.given[name], assessment.currency)
            except ValueError as error:
                found.append(
                    Issue(
                        "value-kind",
                        f"{quoted(assessment.given[name])} does not fit {name}, which is "
                        f"{in_force.fact(name).kind}: {error}",
                        f"facts.{name}",
                    )
                )
    found += _outcomes(in_force, assessment)
    if found:
        raise InvalidInput(found)
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
    found: list[Issue] = []
    for k, event in enumerate(assessment.history):
        kind = in_force.policy.events.get(event.kind)
        known = kind.outcomes if kind is not None else ()
        if known and event.outcome is not None and event.outcome not in known:
            # Those of earlier restructurings are always known, so that it stands in the history, which comes first.
            found.append(
                Issue(
                    "choice-unknown",
                    f'"{event.outcome}" is no outcome that the policy knows of {event.kind}'
                    f"{did_you_mean(event.outcome, known)}",
                    f"history.{k}.outcome",
                )
            )
    return found
