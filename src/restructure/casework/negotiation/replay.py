"""Replay: decide a recorded case again, including its negotiation, and list the differences."""

from collections.abc import Iterable, Mapping
from typing import Any

from restructure.casework.decisions.decision import Decision, decide, decision_id
from restructure.casework.negotiation.counter import counter, round_id
from restructure.errors import InvalidInput, Issue
from restructure.inputs import Source, record_of
from restructure.policy.engine.evaluation import Engines
from restructure.policy.policy import Policy
from restructure.policy.source import policy_of
from restructure.record import Record

__all__ = ["Replay", "replay"]


class Replay(Record):
    """Comparison of a recorded decision with the decision of the installed version."""

    same: bool
    """Whether the two decisions are equal."""
    differences: tuple[str, ...]
    """Dotted paths in the record that differ, such as `offers.0.plan.instalment`."""


def replay(decision: Decision, policy: Policy | Source, *, engines: Engines | str = Engines.BOTH) -> Replay:
    """Decide a recorded case again and list where the result differs.

    Raises `InvalidInput` if the record's id does not match the application and day it contains.
    """
    record_of(Decision, decision, "decision")
    policy = policy_of(policy)
    in_force = policy.in_currency(decision.application.loan.currency).at(decision.on)
    identity = decision_id(decision.application, in_force, decision.on)
    for answered in decision.rounds:
        identity = round_id(identity, answered)
    if in_force.ref == decision.policy and decision.id != identity:
        raise InvalidInput(
            Issue(
                "record-altered",
                "the id does not match the application and day in the record; restore it from a copy",
                "id",
            )
        )
    again = decide(decision.application, policy, on=decision.on, engines=engines, detail=decision.detail)
    for answered in decision.rounds:
        again = counter(again, answered.request, policy, rule=answered.rule)
    # Both are written and read again, since a decision from a file has no more than that.
    old, new = (
        Decision.model_validate_json(each.model_dump_json()).model_dump(mode="json")
        for each in (decision, again)
    )
    for record in (old, new):
        record.pop("engines")  # the decision does not depend on which evaluators ran
    differences = tuple(_differences(old, new))
    return Replay(same=not differences, differences=differences)


def _differences(old: Any, new: Any, path: str = "") -> Iterable[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*old, *new]):
            yield from _differences(old.get(key), new.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for k, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _differences(before, after, f"{path}.{k}")
    elif old != new:
        yield path
