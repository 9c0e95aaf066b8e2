"""History file: a case history as JSON Lines, in which every line has a digest that shows any later edit.

>>> history = read_history(write_history(History()))
>>> history.stage.value, len(history.events)
('proposed', 0)
"""

import hashlib
import json
from collections.abc import Mapping
from os import PathLike
from typing import Any

from pydantic import ValidationError

from restructure.casework.agreements.case_history import History
from restructure.casework.agreements.events import Event
from restructure.document import Document, issues_of
from restructure.errors import InvalidInput, Issue
from restructure.inputs import Source, document_of, record_of
from restructure.record import TypeReader
from restructure.text_file import decoded, read_text

__all__ = ["read_history", "write_history"]

_EVENT: TypeReader[Event] = TypeReader(Event)
_BEGIN = "0" * 64


def _digest(previous: str, content: str) -> str:
    return hashlib.sha256(f"{previous}\n{content}".encode()).hexdigest()


def _plain(event: Event) -> str:
    return json.dumps(event.model_dump(mode="json"), ensure_ascii=False, separators=(",", ":"))


def write_history(history: History) -> str:
    """Write a history as JSON Lines: one event a line, each with a digest over all before it, and a seal.

    To add to a file, write a new one beside it and rename it, so that no reader sees half of it.
    """
    record_of(History, history, "history")
    lines, previous = [], _BEGIN
    for event in history.events:
        content = _plain(event)
        previous = _digest(previous, content)
        lines.append(f'{{"digest":"{previous}","event":{content}}}')
    lines.append(json.dumps({"seal": previous, "events": len(history.events)}, separators=(",", ":")))
    return "\n".join(lines) + "\n"


def read_history(source: History | Source, *, file: str | None = None) -> History:
    """Read a history from a path or a text of JSON Lines, or from plain data (`events`), checking every event.

    Raises `InvalidInput` with the line for a line that is not an event, an event that was edited, left out or moved, a
    file that ends too early, and an event that is impossible at its place.
    """
    if isinstance(source, History):
        return source
    if isinstance(source, Mapping):
        return _history_of(document_of(source, "a history"))
    text, file = _lines_of(source, file)
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
    except (ValueError, RecursionError):
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


def _history_of(document: Document) -> History:
    """Build a history from plain data, which has no digests."""
    events = document.data.get("events", [])
    history = History()
    for k, entry in enumerate(events if isinstance(events, list) else []):
        try:
            event = _EVENT.validate_json(json.dumps(entry, default=str))
        except ValidationError as error:
            raise InvalidInput(issues_of(error, document, root=("events", k))) from None
        history = history.extended([event])
    unknown = [
        Issue("field-unknown", f'no field is called "{name}" here', name)
        for name in document.data
        if name != "events"
    ]
    if unknown or not isinstance(events, list):
        raise InvalidInput(unknown or [Issue("value-invalid", "events is a list; write one", "events")])
    return history


def _lines_of(source: Source, file: str | None) -> tuple[str, str | None]:
    """Give the text of a history and its file; an empty text, one of several lines or one in braces is no path."""
    if isinstance(source, bytes | bytearray):
        return decoded(bytes(source), what="the history", file=file), file
    # A caller that names the file has read its text.
    if isinstance(source, str) and (file or not source or "\n" in source or source.lstrip().startswith("{")):
        return source, file
    if not isinstance(source, str | PathLike):
        sentence = f"{type(source).__name__} is not a history; give the record, a path, a text or a mapping"
        raise InvalidInput(Issue("input-kind", sentence))
    return read_text(source), file or str(source)
