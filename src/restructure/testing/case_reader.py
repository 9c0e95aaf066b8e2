"""Reader of case files: a `*_test.yaml` checked against its policy, with every finding located."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from restructure.document import Document, Place, field_names, issues_of, read_document
from restructure.errors import InvalidInput, InvalidPolicy, RestructureError, did_you_mean
from restructure.intake.application import Application
from restructure.intake.past_events import RESTRUCTURING, PastEvent, event_problems
from restructure.policy.in_force import InForce
from restructure.policy.loading.loading import load_located
from restructure.policy.loading.origins import Located
from restructure.policy.policy import Policy
from restructure.record import TypeReader
from restructure.testing.cases import Case, Cases, find_cases
from restructure.testing.expectations import ExpectationReader

__all__ = ["read_cases"]

_FILE = ("policy", "on", "base", "reuse", "except", "cases")
_CASE = ("name", "on", "given", "expect")
_GIVEN = ("base", "facts", "application", "parameters", "history")
_EVENTS: TypeReader[tuple[PastEvent, ...]] = TypeReader(tuple[PastEvent, ...])


class _CaseLayer(NamedTuple):
    """The values that one base or case gives, and their place."""

    document: Document
    place: Place
    data: Any


class _CaseInput(NamedTuple):
    """The given values of a case and its bases: the layers of each part, the case's own last."""

    facts: tuple[_CaseLayer, ...] = ()
    application: tuple[_CaseLayer, ...] = ()
    parameters: tuple[_CaseLayer, ...] = ()
    history: tuple[_CaseLayer, ...] = ()


def read_cases(path: str | Path, *, load: Callable[[str | Path], Located] = load_located) -> Cases:
    """Read a file of cases; the policy is the one beside it unless the file names another.

    To read many files, pass a cached `load`, so that each policy is loaded once. Raises `InvalidInput` or
    `InvalidPolicy` with every finding located.
    """
    path = Path(path)
    return _CaseReader(read_document(path, exact_numbers=True), path, load=load).read()


class _CaseReader(ExpectationReader):
    """Reads one file of cases."""

    def __init__(
        self,
        document: Document,
        path: Path,
        above: "_CaseReader | None" = None,
        *,
        load: Callable[[str | Path], Located] = load_located,
    ) -> None:
        super().__init__(document)
        self.load = load
        self.folder, self.above = path.parent, above
        """Folder of the file, and the reader of the file that reuses its cases."""
        self.read_before: set[Path] = {path.resolve()} if above is None else above.read_before
        self.about_it: Located
        self.without: dict[str, bool] = {}
        """Names of reused cases that are left out, and whether there is such a case."""
        self.bases: Mapping[str, Any] = {}
        self.held: dict[tuple[tuple[tuple[str, Any], ...], date], tuple[Policy, InForce]] = {}

    def read(self) -> Cases:
        data = self.document.data
        if not isinstance(data, Mapping):
            self.report("value-invalid", "a file of cases is a group of named fields; write one", ())
            raise InvalidInput(self.issues)
        self.only(data, _FILE, "a file of cases", ())
        located = self.about(str(data.get("policy", ".")))
        self.policy = located.policy
        self.scope.currency, self.scope.scores = self.policy.currency, set(self.policy.scores)
        self.scope.own_facts = InForce(self.policy, {}).own_facts
        self.bases = self.group(data.get("base") or {}, "base", ("base",))
        for name in self.bases:
            self.given(self.bases[name], ("base", name), (name,))
        listed = data.get("cases", [] if "reuse" in data else None)
        if not isinstance(listed, list) or not (listed or "reuse" in data):
            self.report("field-missing", '"cases" is required: a list of cases', ("cases",))
            listed = []
        read = [
            self.case(raw, ("cases", k), data.get("on"))
            for k, raw in enumerate(listed)
            if not self.is_left_out(raw)
        ]
        seen: dict[str, int] = {}
        for k, case in enumerate(read):
            if case is not None and case.name in seen:
                self.report(
                    "case-repeated",
                    f"the case on line {seen[case.name]} has the same name; rename one",
                    ("cases", k, "name"),
                )
            elif case is not None:
                seen[case.name] = case.line
        read += self.reused(data, located)
        if self.issues:
            issues = dict.fromkeys(self.issues)
            raise InvalidInput(
                sorted(issues, key=lambda issue: (issue.file or "", issue.line or 0, issue.column or 0))
            )
        return Cases(self.document.file or "", located, tuple(case for case in read if case is not None))

    def about(self, source: str) -> Located:
        """Load the policy of the cases; reused cases are run under the policy of the file that reuses them."""
        if self.above is not None:
            return self.above.about_it
        beside = self.folder / source
        self.about_it = self.load(beside if beside.exists() else source)
        return self.about_it

    # --- cases of base policies

    def reused(self, data: Mapping[str, Any], located: Located) -> list[Case | None]:
        """Read the cases of the policies that this one extends, to run them under this policy."""
        sources, left_out = (self.listed(data.get(key, []), key) for key in ("reuse", "except"))
        self.without = dict.fromkeys(left_out, False)
        read: list[Case | None] = []
        for k, source in enumerate(sources):
            beside = self.folder / source
            try:
                paths = find_cases([beside if beside.exists() else source])
            except RestructureError as error:
                self.report("file-missing", error.issues[0].message, ("reuse", k))
                continue
            for path in paths:
                if path.resolve() in self.read_before:
                    continue
                self.read_before.add(path.resolve())
                try:
                    below = _CaseReader(read_document(path, exact_numbers=True), path, self)
                    below.about_it = located
                    read += below.read().cases
                except RestructureError as error:
                    self.issues += (issue for issue in error.issues if issue not in self.issues)
        for k, (name, exists) in enumerate(self.without.items()):
            if not exists:
                self.report(
                    "case-unknown", f'no reused case is called "{name}"; correct the name', ("except", k)
                )
        return read

    def listed(self, raw: Any, key: str) -> list[str]:
        names = [raw] if isinstance(raw, str) else raw
        if isinstance(names, list) and all(isinstance(word, str) for word in names):
            return list(dict.fromkeys(names))
        self.report("value-invalid", "write a list of names, or one", (key,))
        return []

    def is_left_out(self, raw: Any) -> bool:
        """Tell whether a file that reuses this one leaves a case out, and note that the case exists."""
        name, above = raw.get("name") if isinstance(raw, Mapping) else None, self.above
        while above is not None:
            if name in above.without:
                above.without[name] = True
                return True
            above = above.above
        return False

    def group(self, raw: Any, what: str, place: Place) -> Mapping[str, Any]:
        """Give a group of named fields; anything else is reported and read as an empty group."""
        if isinstance(raw, Mapping):
            return raw
        self.report("value-invalid", f"{what} is a group of named fields", place)
        return {}

    def case(self, raw: Any, place: Place, usual_day: Any) -> Case | None:
        if not isinstance(raw, Mapping):
            self.report("value-invalid", "a case is a group of fields: name, on, given, expect", place)
            return None
        self.only(raw, _CASE, "a case", place)
        name, expect = raw.get("name"), raw.get("expect")
        if not isinstance(name, str) or not name.strip():
            self.report("field-missing", "a case has a sentence as its name; write it", place)
            return None
        if not isinstance(expect, Mapping) or not expect:
            self.report(
                "field-missing", "the case expects nothing, so it could not fail; state an expectation", place
            )
            return None
        before = len(self.issues)
        given = self.given(raw.get("given") or {}, (*place, "given"), ())
        if (given.facts or given.history) and given.application:
            self.report(
                "value-invalid",
                "a case gives facts and history, or a whole application, not both",
                (*place, "given"),
            )
        application = self.application(given.application) if given.application else None
        at = (*place, "on") if "on" in raw else ("on",) if usual_day is not None else place
        facts = self.facts_of(given.facts)
        of_plan = any(self.scope.fact_names[fact].of_plan for fact in facts if "." not in fact)
        expected = self.expectations(
            expect, (*place, "expect"), whole=bool(given.application), of_plan=of_plan
        )
        at = (*place, "on") if "on" in raw else ("on",) if usual_day is not None else place
        day = raw.get("on", usual_day)
        if day is None and application is not None:
            day = application.as_of
        elif day is None and given.application:
            return None  # the application that would give the day is not valid and reported
        on = self.day(day, at)
        held = None if on is None else self.in_force(given.parameters, on, at)
        history = None if on is None or not given.history else self.history(given.history[-1], on)
        if on is None or held is None or len(self.issues) > before:
            return None
        policy, in_force = held
        line, _ = self.document.locate(place)
        return Case(
            name.strip(),
            self.document.file or "",
            line or 0,
            on,
            policy,
            in_force,
            facts,
            application,
            expected,
            history,
        )

    # --- what is given

    def given(self, raw: Any, place: Place, path: tuple[str, ...]) -> _CaseInput:
        """Merge the values that a case or base gives over those of the base it names."""
        if not isinstance(raw, Mapping):
            self.report(
                "value-invalid",
                "given is a group of fields: base, facts, history, application, parameters",
                place,
            )
            return _CaseInput()
        self.only(raw, _GIVEN, "given", place)
        under, name = _CaseInput(), raw.get("base")
        if name is not None and not (isinstance(name, str) and name in self.bases):
            hint = did_you_mean(name, self.bases)
            self.report("base-unknown", f'no base is called "{name}"{hint}', (*place, "base"))
        elif name in path:
            circle = " refers to ".join([*path[path.index(name) :], name])
            self.report("base-unknown", f"{circle}: break the circle", (*place, "base"))
        elif name is not None:
            under = self.given(self.bases[name], ("base", name), (*path, name))
        layers = {key: self.layer(raw[key], key, (*place, key)) for key in _GIVEN[1:] if key in raw}
        return _CaseInput(*(getattr(under, key) + layers.get(key, ()) for key in _CaseInput._fields))

    def layer(self, raw: Any, key: str, place: Place) -> tuple[_CaseLayer, ...]:
        if key == "application" and isinstance(raw, str):
            try:
                read = read_document(self.folder / raw)
            except RestructureError as error:
                self.issues += error.issues
                return ()
            return (_CaseLayer(read, (), read.data),)
        if key == "history" and isinstance(raw, list):
            return (_CaseLayer(self.document, place, raw),)
        if key == "history":
            self.report("value-invalid", "a history is a list of events", place)
            return ()
        if not self.group(raw, key, place) and raw != {}:
            return ()
        return (_CaseLayer(self.document, place, raw),)

    def facts_of(self, layers: Sequence[_CaseLayer]) -> dict[str, Any]:
        facts: dict[str, Any] = {}
        for layer in layers:
            for name, raw in layer.data.items():
                fact = self.scope.fact(name, (*layer.place, name), of_plan=True)
                if fact is not None:
                    value = (
                        None
                        if raw in (None, "unknown")
                        else self.scope.constant(fact, raw, (*layer.place, name))
                    )
                    facts[name] = value
        return facts

    def history(self, layer: _CaseLayer, on: date) -> tuple[PastEvent, ...] | None:
        """Read the events that a case gives, those of the topmost layer."""
        try:
            events = _EVENTS.validate_json(json.dumps(layer.data, default=str), strict=True)
        except ValidationError as error:
            self.issues += issues_of(error, layer.document, names=field_names(PastEvent), root=layer.place)
            return None
        for issue in event_problems(events, on, None, self.scope.currency):
            _, k, field = issue.place.split(".")
            self.issues.append(layer.document.issue(issue.code, issue.message, (*layer.place, int(k), field)))
        for at, field, message in self.unread(events):
            self.issues.append(layer.document.issue("event-unknown", message, (*layer.place, at, field)))
        return events

    def unread(self, events: Sequence[PastEvent]) -> Iterator[tuple[int, str, str]]:
        """Give kinds and outcomes of events that the policy does not declare and would ignore."""
        declared = self.policy.events
        for k, event in enumerate(events):
            outcomes: Sequence[str] = ()
            if event.kind in declared:
                outcomes = declared[event.kind].outcomes
            elif event.kind != RESTRUCTURING:
                hint = did_you_mean(event.kind, declared) if declared else "; it reads none"
                yield k, "kind", f'the policy reads no events of the kind "{event.kind}"{hint}'
            if outcomes and event.outcome is not None and event.outcome not in outcomes:
                hint = did_you_mean(event.outcome, outcomes)
                yield k, "outcome", f'"{event.outcome}" is not an outcome of {event.kind}{hint}'

    def in_force(self, layers: Sequence[_CaseLayer], day: date, at: Place) -> tuple[Policy, InForce] | None:
        """Give the policy with the case's own values of parameters, built once for all cases with the same values."""
        values: dict[str, Any] = {}
        for layer in layers:
            values |= layer.data
        key = tuple(sorted((name, str(value)) for name, value in values.items())), day
        if key not in self.held:
            try:
                policy = self.policy.with_values(**values) if values else self.policy
                self.held[key] = policy, policy.at(day)
            except InvalidPolicy as error:
                place = layers[-1].place if layers else at
                for issue in error.issues:
                    wrong = at if issue.code == "policy-not-effective" else place
                    self.report(issue.code, issue.message, wrong)
                return None
        return self.held[key]

    def day(self, raw: Any, place: Place) -> date | None:
        try:
            return raw if isinstance(raw, date) else date.fromisoformat(str(raw))
        except ValueError:
            fault = "the case has no day" if raw is None else f'"{raw}" is not a day'
            self.report("date-invalid", f"{fault} to decide on; write on: 2026-03-18", place)
            return None

    def application(self, layers: Sequence[_CaseLayer]) -> Application | None:
        """Read the application merged from the layers; a finding is located in the topmost layer that has its place."""
        merged: Any = {}
        for layer in layers:
            merged = _merged(merged, layer.data)

        def placed(code: str, message: str, steps: Place) -> None:
            layer = max(reversed(layers), key=lambda each: _depth(each.data, steps))
            self.issues.append(layer.document.issue(code, message, (*layer.place, *steps)))

        try:
            application = Application.model_validate_json(json.dumps(merged, default=str), strict=True)
        except ValidationError as error:
            whole = Document(merged, file=None, places={})
            for issue in issues_of(error, whole, names=field_names(Application)):
                steps = tuple(int(part) if part.isdecimal() else part for part in issue.place.split("."))
                placed(issue.code, issue.message, steps)
            return None
        for k, field, message in self.unread(application.history or ()):
            placed("event-unknown", message, ("history", k, field))
        return application


def _merged(under: Any, over: Any) -> Any:
    """Merge one group of fields over another; lists and values replace, groups are merged."""
    if isinstance(under, Mapping) and isinstance(over, Mapping):
        return {
            key: _merged(under.get(key), over[key]) if key in over else deepcopy(under[key])
            for key in {**under, **over}
        }
    return deepcopy(over)


def _depth(data: Any, steps: Place) -> int:
    """Count how far a place can be followed into data."""
    for depth, step in enumerate(steps):
        inside = isinstance(data, Mapping) and step in data
        if not inside and not (isinstance(data, list) and isinstance(step, int) and step < len(data)):
            return depth
        data = data[step]
    return len(steps)
