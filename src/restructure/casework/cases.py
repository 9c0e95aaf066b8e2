"""Cases: the tests of a policy, written beside it in YAML, run on facts alone or on whole applications.

A file `*_test.yaml` names cases by sentences; each says what is given and what is expected, and takes what it
leaves out from a base case.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from restructure.casework.coverage import Coverage
from restructure.casework.decision import Decision, decide
from restructure.casework.firing import Firing, fire, known_from
from restructure.document import Document, Place, field_names, issues_of, read_document
from restructure.errors import InvalidInput, Issue, RestructureError, did_you_mean
from restructure.intake.application import Application
from restructure.intake.facts import Fact, show
from restructure.policy.constants import constant
from restructure.policy.in_force import InForce
from restructure.policy.language import Policy
from restructure.policy.loading import load_policy
from restructure.record import Record

__all__ = ["Case", "CaseResult", "Cases", "check", "read_cases"]

_TOP = ("policy", "on", "base", "cases")
_CASE = ("name", "on", "given", "expect")
_GIVEN = ("base", "facts", "application", "parameters")
_EXPECT = (
    "outcome",
    "gates",
    "rules",
    "facts",
    "limits",
    "flags",
    "offers",
    "figures",
    "refusals",
    "steps",
    "missing",
)


class Case(Record):
    """One case of a policy: what is given on a day, and what is expected."""

    name: str
    """A sentence."""
    file: str
    """Where it stands."""
    line: int
    """The line."""
    on: date
    """The day it is decided on."""
    facts: dict[str, Any]
    """Facts by name; alone they make a fast case without an offer's plan."""
    application: dict[str, Any] | None
    """A whole application, decided from end to end."""
    parameters: dict[str, Any]
    """Parameters set to other values for this case."""
    expect: dict[str, Any]
    """What has to come out."""


class CaseResult(Record):
    """How one case came out."""

    case: Case
    """The case."""
    failures: tuple[Issue, ...]
    """What came out otherwise than expected."""

    @property
    def passed(self) -> bool:
        """Whether everything came out as expected."""
        return not self.failures


class Cases:
    """The cases of one file, and the policy they are about."""

    def __init__(self, document: Document, policy: Policy, cases: Sequence[Case]) -> None:
        self.document, self.policy, self.cases = document, policy, tuple(cases)


def read_cases(path: str | Path) -> Cases:
    """Read a file of cases; the policy is the one beside it unless the file names another.

    Raises `InvalidInput` or `InvalidPolicy` with every finding located.
    """
    path = Path(path)
    document = read_document(path, exact_numbers=True)
    return _Reader(document, path.parent).read()


class _Reader:
    """Reads one file of cases."""

    def __init__(self, document: Document, folder: Path) -> None:
        self.document, self.folder = document, folder
        self.issues: list[Issue] = []

    def read(self) -> Cases:
        data = self.document.data
        if not isinstance(data, Mapping):
            raise InvalidInput(
                self.document.issue("value-invalid", "a file of cases is a group of named fields")
            )
        self.only(data, _TOP, ())
        source = data.get("policy", ".")
        beside = self.folder / str(source)
        policy = load_policy(beside if beside.exists() else str(source))
        bases = data.get("base") or {}
        read: list[Case] = []
        for k, raw in enumerate(data.get("cases") or ()):
            case = self.case(raw, ("cases", k), bases if isinstance(bases, Mapping) else {}, data.get("on"))
            if case is not None:
                read.append(case)
        if not read and not self.issues:
            self.report("field-missing", '"cases" is required: a list of cases', ())
        if self.issues:
            raise InvalidInput(self.issues)
        return Cases(self.document, policy, read)

    def report(self, code: str, message: str, place: Place) -> None:
        self.issues.append(self.document.issue(code, message, place))

    def only(self, raw: Mapping[str, Any], known: Sequence[str], place: Place) -> None:
        for key in raw:
            if key not in known:
                self.report(
                    "field-unknown",
                    f'no field is called "{key}" here{did_you_mean(key, known)}',
                    (*place, key),
                )

    def case(self, raw: Any, place: Place, bases: Mapping[str, Any], on: Any) -> Case | None:
        if not isinstance(raw, Mapping):
            self.report("value-invalid", "a case is a group of fields: name, on, given, expect", place)
            return None
        self.only(raw, _CASE, place)
        given, expect = raw.get("given") or {}, raw.get("expect")
        if not isinstance(raw.get("name"), str) or not isinstance(expect, Mapping) or not expect:
            self.report(
                "field-missing", "a case needs a name, a sentence, and expect, what has to come out", place
            )
            return None
        self.only(expect, _EXPECT, (*place, "expect"))
        merged = self.given(given, (*place, "given"), bases, ())
        day = raw.get("on", on)
        application = merged.get("application")
        if day is None and application:
            day = application.get("as_of")
        try:
            day = day if isinstance(day, date) else date.fromisoformat(str(day))
        except ValueError:
            self.report("date-invalid", f'"{day}" is no day to decide on; write on: 2026-03-18', place)
            return None
        line, _ = self.document.locate(place)
        return Case(
            name=raw["name"],
            file=self.document.file or "",
            line=line or 0,
            on=day,
            facts=dict(merged.get("facts") or {}),
            application=application,
            parameters=dict(merged.get("parameters") or {}),
            expect=dict(expect),
        )

    def given(
        self, raw: Any, place: Place, bases: Mapping[str, Any], path: tuple[str, ...]
    ) -> dict[str, Any]:
        """Lay what a case gives over its base, and that over its own."""
        if not isinstance(raw, Mapping):
            self.report(
                "value-invalid", "given is a group of fields: base, facts, application, parameters", place
            )
            return {}
        self.only(raw, _GIVEN, place)
        under: dict[str, Any] = {}
        name = raw.get("base")
        if name is not None:
            if name not in bases:
                self.report(
                    "base-unknown", f'no base is called "{name}"{did_you_mean(name, bases)}', (*place, "base")
                )
            elif name in path:
                self.report(
                    "base-unknown", f"{' rests on '.join([*path, str(name)])}: break the circle", place
                )
            else:
                under = self.given(bases[name], ("base", str(name)), bases, (*path, str(name)))
        over = {key: raw[key] for key in ("facts", "parameters") if key in raw}
        application = raw.get("application")
        if isinstance(application, str):
            application = self.file(application, (*place, "application"))
        if application is not None:
            over["application"] = application
        return _laid_over(under, over)

    def file(self, name: str, place: Place) -> dict[str, Any] | None:
        try:
            read = read_document(self.folder / name)
        except RestructureError as error:
            self.report(error.issues[0].code, f'"{name}": {error.issues[0].message}', place)
            return None
        return dict(read.data) if isinstance(read.data, Mapping) else None


def _laid_over(under: Any, over: Any) -> Any:
    """Lay one group of fields over another; lists and values replace, groups go on inside."""
    if isinstance(under, Mapping) and isinstance(over, Mapping):
        return {
            key: _laid_over(under.get(key), over[key]) if key in over else deepcopy(under[key])
            for key in {**under, **over}
        }
    return deepcopy(over)


# --- checking


def check(cases: Cases, *, coverage: Coverage | None = None) -> Iterator[CaseResult]:
    """Run cases one after the other, noting in `coverage` what of the policy they reached."""
    for case in cases.cases:
        try:
            failures = tuple(_Checker(cases, case, coverage).failures())
        except RestructureError as error:
            failures = tuple(
                Issue(one.code, one.message, one.place, case.file, case.line) for one in error.issues
            )
        yield CaseResult(case=case, failures=failures)


class _Checker:
    """Runs one case."""

    def __init__(self, cases: Cases, case: Case, coverage: Coverage | None) -> None:
        self.case, self.coverage = case, coverage
        policy = cases.policy.with_values(**case.parameters) if case.parameters else cases.policy
        self.in_force: InForce = policy.at(case.on)
        self.policy = policy

    def failures(self) -> Iterator[Issue]:
        if self.case.application is None:
            yield from self.of_facts()
        else:
            yield from self.of_application(self.case.application)

    def failed(self, code: str, message: str) -> Issue:
        return Issue(code, message, "", self.case.file, self.case.line)

    def unlike(self, what: str, wanted: Any, found: Any, why: str = "") -> Issue:
        return self.failed(
            "case-failed", f"{what}: expected {wanted}, got {found}" + (f"; {why}" if why else "")
        )

    # --- facts alone

    def of_facts(self) -> Iterator[Issue]:
        values = {}
        for name, raw in self.case.facts.items():
            fact = self.fact(name)
            if fact is not None:
                values[name] = None if raw is None else self.constant(fact, raw)
        firing = fire(known_from(self.in_force, values))
        if self.coverage is not None:
            self.coverage.of_firing(firing)
        expect = self.case.expect
        for what in expect:
            if what not in ("gates", "rules", "facts", "limits", "flags"):
                yield self.failed(
                    "case-failed",
                    f'"{what}" needs a whole application; facts alone make no plan and no decision',
                )
        yield from self.verdicts("gate", expect.get("gates"), firing.gates, _GATES)
        yield from self.verdicts("rule", expect.get("rules"), firing.rules, _RULES)
        yield from self.verdicts("limit", expect.get("limits"), firing.limits, _GATES)
        yield from self.verdicts("flag", expect.get("flags"), firing.flags, _FLAGS)
        yield from self.facts(expect.get("facts"), firing)

    def fact(self, name: str) -> Fact | None:
        try:
            return self.in_force.fact(name)
        except KeyError:
            raise InvalidInput(self.failed("fact-unknown", f'no fact is called "{name}"')) from None

    def constant(self, fact: Fact, raw: Any) -> Any:
        try:
            return constant(fact, raw)
        except ValueError as error:
            raise InvalidInput(
                self.failed("value-kind", f"{raw} does not fit {fact.name}, which is {fact.kind}: {error}")
            ) from None

    def verdicts(
        self, what: str, wanted: Any, found: Mapping[str, str], words: Mapping[str, str]
    ) -> Iterator[Issue]:
        for name, word in (wanted or {}).items():
            if name not in found:
                yield self.failed(
                    "rule-unknown", f'the policy has no {what} "{name}"{did_you_mean(name, found)}'
                )
            elif word not in words:
                yield self.failed(
                    "choice-unknown", f'"{word}" says nothing of a {what}{did_you_mean(word, words)}'
                )
            elif words[word] != found[name]:
                got = next(key for key, value in words.items() if value == found[name])
                yield self.unlike(f"{what} {name}", word, got)

    def facts(self, wanted: Any, firing: Firing) -> Iterator[Issue]:
        known = firing.known
        for name, raw in (wanted or {}).items():
            fact = self.fact(name)
            if fact is None:
                continue
            value = None if raw in (None, "unknown") else self.constant(fact, raw)
            if known.value(name) != value:
                yield self.unlike(name, show(fact, value, known.assessment.currency), known.shown(name))

    # --- whole applications

    def of_application(self, raw: Mapping[str, Any]) -> Iterator[Issue]:
        try:
            text = json.dumps(raw, default=str)
            application = Application.model_validate_json(text, strict=True)
        except ValidationError as error:
            document = Document(raw, file=self.case.file, places={(): (self.case.line, 1)})
            raise InvalidInput(issues_of(error, document, names=field_names(Application))) from None
        decision = decide(application, self.policy, on=self.case.on)
        if self.coverage is not None:
            self.coverage.of_decision(decision, self.in_force)
        yield from self.of_decision(decision)

    def of_decision(self, decision: Decision) -> Iterator[Issue]:
        expect = self.case.expect
        if expect.get("outcome", decision.outcome.value) != decision.outcome.value:
            why = "; ".join(f"gate {gate.id} is {gate.verdict}" for gate in decision.failed_gates)
            yield self.unlike("outcome", expect["outcome"], decision.outcome.value, why)
        gates = {gate.id: gate.verdict for gate in decision.gates}
        yield from self.verdicts(
            "gate", expect.get("gates"), gates, {word: word for word in ("passed", "failed", "unknown")}
        )
        refusals = {one.rule: one for one in decision.refusals}
        offers = {one.rule: one for one in decision.offers}
        if "offers" in expect and list(expect["offers"] or ()) != list(offers):
            missing = [name for name in expect["offers"] or () if name in refusals]
            why = "; ".join(f"rule {name} refused because {refusals[name].message}" for name in missing)
            yield self.unlike(
                "offers", ", ".join(expect["offers"] or ()) or "none", ", ".join(offers) or "none", why
            )
        for name, word in (expect.get("rules") or {}).items():
            got = (
                "offered"
                if name in offers
                else ("unknown" if name in refusals and refusals[name].code == "unknown" else "refused")
            )
            if name not in offers and name not in refusals:
                yield self.failed(
                    "rule-unknown",
                    f'the policy has no rule "{name}"{did_you_mean(name, [*offers, *refusals])}',
                )
            elif word != got:
                why = f"refused because {refusals[name].message}" if name in refusals else ""
                yield self.unlike(f"rule {name}", word, got, why)
        for name, code in (expect.get("refusals") or {}).items():
            found = refusals[name] if name in refusals else None
            if found is None or code not in (found.stage, found.code):
                got = f"{found.stage} ({found.code}): {found.message}" if found else "an offer"
                yield self.unlike(f"refusal of {name}", code, got)
        concluded = {one.fact: one.value for one in decision.concluded}
        for name, raw in (expect.get("facts") or {}).items():
            fact = self.fact(name)
            if fact is None:
                continue
            currency = decision.assessment.currency
            value = "unknown" if raw in (None, "unknown") else show(fact, self.constant(fact, raw), currency)
            got = (
                concluded[name]
                if name in concluded
                else show(fact, decision.assessment.value(name), currency)
            )
            if got != value:
                yield self.unlike(name, value, got)
        for rule, figures in (expect.get("figures") or {}).items():
            yield from self.figures(rule, figures, offers, refusals)
        for rule, steps in (expect.get("steps") or {}).items():
            yield from self.steps(rule, steps, offers, refusals)
        for rule, flags in (expect.get("flags") or {}).items():
            if rule in offers and sorted(offers[rule].flags) != sorted(flags or ()):
                yield self.unlike(
                    f"flags of {rule}",
                    ", ".join(flags or ()) or "none",
                    ", ".join(offers[rule].flags) or "none",
                )
        if "missing" in expect:
            places = [one.place for one in decision.missing]
            absent = [place for place in expect["missing"] if place not in places]
            if absent:
                yield self.unlike("missing", ", ".join(absent), ", ".join(places) or "nothing")

    def figures(
        self, rule: str, figures: Mapping[str, Any], offers: Mapping[str, Any], refusals: Mapping[str, Any]
    ) -> Iterator[Issue]:
        if rule not in offers:
            why = f"refused because {refusals[rule].message}" if rule in refusals else "no such rule"
            yield self.unlike(f"figures of {rule}", "an offer", "none", why)
            return
        offer = offers[rule]
        for name, raw in figures.items():
            if name == "rows":
                found, wanted = str(len(offer.plan.schedule.rows)), str(raw)
            else:
                fact = self.fact(name)
                if fact is None:
                    continue
                currency = self.policy.currency
                found = show(fact, getattr(offer.prospect, name), currency)
                wanted = show(fact, self.constant(fact, raw), currency)
            if found != wanted:
                yield self.unlike(f"{name} of {rule}", wanted, found)

    def steps(
        self, rule: str, steps: Mapping[str, Any], offers: Mapping[str, Any], refusals: Mapping[str, Any]
    ) -> Iterator[Issue]:
        made = offers.get(rule) or refusals.get(rule)
        taken = {one.id: one for one in made.steps} if made else {}
        for name, wanted in steps.items():
            if name not in taken:
                yield self.failed("rule-unknown", f'{rule} took no step "{name}"{did_you_mean(name, taken)}')
                continue
            for field, value in ({"outcome": wanted} if isinstance(wanted, str) else wanted).items():
                found = getattr(taken[name], field, None)
                if found != str(value):
                    yield self.unlike(f"{field} of step {name} of {rule}", value, found)


_GATES = {"passed": "true", "failed": "false", "unknown": "unknown"}
_RULES = {"fired": "true", "refused": "false", "unknown": "unknown"}
_FLAGS = {"set": "true", "unset": "false", "unknown": "unknown"}
