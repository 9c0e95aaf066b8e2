"""History file: a case history as JSON Lines, in which every line has a digest that shows any later edit.

>>> history = read_history(write_history(History()))
>>> history.stage.value, len(history.events)
('proposed', 0)
"""

import hashlib
import json
from typing import Any

from pydantic import ValidationError

from restructure.casework.agreements.case_history import History
from restructure.casework.agreements.events import Event
from restructure.errors import InvalidInput, Issue
from restructure.record import Reader

__all__ = ["read_history", "write_history"]

_EVENT: Reader[Event] = Reader(Event)
_BEGIN = "0" * 64


def _digest(previous: str, content: str) -> str:
    return hashlib.sha256(f"{previous}\n{content}".encode()).hexdigest()


def _plain(event: Event) -> str:
    return json.dumps(event.model_dump(mode="json"), ensure_ascii=False, separators=(",", ":"))


def write_history(history: History) -> str:
    """Write a history as JSON Lines: one event a line, each with a digest over all before it, and a seal.

    To add to a file, write a new one beside it and rename it, so that no reader sees half of it.
    """
    lines, previous = [], _BEGIN
    for event in history.events:
        content = _plain(event)
        previous = _digest(previous, content)
        lines.append(f'{{"digest":"{previous}","event":{content}}}')
    lines.append(json.dumps({"seal": previous, "events": len(history.events)}, separators=(",", ":")))
    return "\n".join(lines) + "\n"


def read_history(text: str, *, file: str | None = None) -> History:
    """Read a history from JSON Lines, checking every event against those before it.

    Raises `InvalidInput` with the line for a line that is not an event, an event that was edited, left out or moved, a
    file that ends too early, and an event that is impossible at its place.
    """
    # Not `splitlines`: a name may hold other line separators of Unicode, which JSON leaves as they are.
    lines = text.removesuffix("\n").split("\n") if text else []
    history, previous = History(), _BEGIN
    for number, line in enumerate(lines, 1):
        try:
            entry = _entry(line)
            if "seal" in entry:
                _check_seal(entry, previous, number, len(lines))
                return history
            event, previous = _sealed_event(entry, previous)
            history = history.extended([event])
        except InvalidInput as error:
            raise InvalidInput(
                Issue(issue.code, issue.message, issue.place, file=file, line=number)
                for issue in error.issues
            ) from None
    sentence = "the file ends without its seal, so its end is missing; restore it from a copy"
    raise InvalidInput(Issue("history-truncated", sentence, file=file, line=len(lines) + 1))


def _entry(line: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        entry = None
    if not isinstance(entry, dict):
        sentence = "the line is not a JSON object: the file was cut or edited; restore it from a copy"
        raise InvalidInput(Issue("history-broken", sentence))
    return entry


def _check_seal(entry: dict[str, Any], previous: str, number: int, count: int) -> None:
    if number != count:
        sentence = "a line follows the seal, which is the last line; restore the file from a copy"
        raise InvalidInput(Issue("history-broken", sentence))
    if entry != {"seal": previous, "events": number - 1}:
        sentence = (
            "the seal does not fit the events before it: one is missing or was added; restore the file from a "
            "copy"
        )
        raise InvalidInput(Issue("history-altered", sentence))


def _sealed_event(entry: dict[str, Any], previous: str) -> tuple[Event, str]:
    """Read the event of a line and check its digest, which it gives too."""
    try:
        event = _EVENT.validate_json(json.dumps(entry.get("event")))
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"]))
        sentence = f"the event cannot be read: {place}: {fault['msg']}"
        raise InvalidInput(Issue("history-broken", sentence)) from None
    content = json.dumps(entry["event"], ensure_ascii=False, separators=(",", ":"))
    digest = _digest(previous, content)
    if entry.get("digest") != digest:
        sentence = "the digest does not fit this event and those before it: one was edited, moved or left out"
        raise InvalidInput(Issue("history-altered", sentence))
    return event, digest
