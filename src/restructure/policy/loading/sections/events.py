"""Events: the kinds of events that a policy reads from the history of a case."""

from collections.abc import Mapping
from typing import Any

from restructure.intake.past_events import OUTCOMES, RESTRUCTURING, is_word
from restructure.policy.loading.findings import Spot
from restructure.policy.loading.reading import Reading

__all__ = ["read_events"]


def read_events(reading: Reading) -> None:
    """Read the kinds of events and their outcomes, so that amounts can take something of them."""
    declared = reading.data.get("events")
    if not isinstance(declared, Mapping):
        return
    report = reading.findings.report
    read: dict[str, Any] = {}
    for name, kind in declared.items():
        place: Spot = ("events", name)
        if not is_word(name):
            report(
                "event-shape",
                f'"{name}" is no word for an event; write lower-case letters, digits and _, such as re_age',
                place,
            )
            continue
        if not isinstance(kind, Mapping):
            report("event-shape", "a kind of event is a group of fields: title, reference, outcomes", place)
            continue
        read[name] = reading.cited(kind, "reference", place)
        listed = kind.get("outcomes", [])
        words = [word for word in listed if is_word(word)] if isinstance(listed, list) else []
        if not isinstance(listed, list) or len(set(words)) < len(listed):
            report(
                "event-shape",
                "outcomes is a list of different words of lower-case letters, digits and _",
                (*place, "outcomes"),
            )
            read[name] = {**read[name], "outcomes": ()}
        elif name == RESTRUCTURING and listed and not set(OUTCOMES) <= set(words):
            report(
                "event-shape",
                f"the outcomes of earlier restructurings are {', '.join(OUTCOMES)}; list these too",
                (*place, "outcomes"),
            )
        reading.scope.event_kinds[name] = tuple(words)
    reading.data["events"] = read
