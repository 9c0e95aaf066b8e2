"""Expectations of cases: what `expect` may state of facts and of whole applications, with every word checked."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast, get_args

from restructure.casework.decisions.judgement import RefusalStage
from restructure.casework.decisions.outcome import Outcome, StepResult
from restructure.document import Document, Place
from restructure.errors import CATALOGUE, did_you_mean, quoted
from restructure.policy.language.search import Search
from restructure.policy.language.section_table import SECTIONS, Evaluated
from restructure.policy.loading.findings import Findings
from restructure.policy.loading.parts.scope import Scope
from restructure.policy.policy import Policy
from restructure.testing.cases import Expected, Subject

__all__ = ["JUDGED", "ExpectationReader"]

_OF_APPLICATIONS = (
    "outcome", "gates", "rules", "facts", "offers", "figures", "flags", "refusals", "steps", "tiers", "missing",
    "actions", "duties", "enforcement_barred",
)  # fmt: skip
JUDGED: dict[str, tuple[Subject, tuple[str, ...]]] = {
    section.name: (cast("Subject", section.singular), (section.holds, section.fails, "unknown"))
    for section in SECTIONS
    if section.evaluated in (Evaluated.CASE, Evaluated.PLAN)
}
"""The sections that are evaluated on facts alone, with the words for their verdicts."""
_OF_PLAN = tuple(section.name for section in SECTIONS if section.evaluated is Evaluated.PLAN)
_OF_FACTS = (*JUDGED, "facts")


class ExpectationReader:
    """Reads the expectations of the cases of one policy."""

    policy: Policy
    """The policy that the cases are about."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.findings = Findings(document)
        self.issues = self.findings.issues
        self.report = self.findings.report
        self.only = self.findings.report_unknown_fields
        self.scope = Scope(self.findings)

    def expectations(
        self, raw: Mapping[str, Any], place: Place, *, whole: bool, of_plan: bool
    ) -> tuple[Expected, ...]:
        """Read what a case expects of a whole application, or of facts, those of a plan included or not."""
        known, before = _OF_APPLICATIONS if whole else _OF_FACTS, len(self.issues)
        expected: list[Expected] = []
        for key, value in raw.items():
            at = (*place, key)
            if key not in known:
                if key in (*_OF_FACTS, *_OF_APPLICATIONS):
                    needs = (
                        "facts, not a whole application" if whole else "a whole application, not facts alone"
                    )
                    self.report("field-unknown", f'"{key}" can be expected of {needs}', at)
                else:
                    self.only({key: value}, known, "expect", place)
                continue
            if key in _OF_PLAN and not whole and not of_plan:
                why = f"{key} are evaluated on figures of a plan; give some, such as instalment_after"
                self.report("field-missing", why, at)
                continue
            expected += self._about(key, value, at, whole=whole)
        if not expected and len(self.issues) == before:
            self.report(
                "field-missing", "the case expects nothing, so it could not fail; state an expectation", place
            )
        return tuple(expected)

    def _about(self, key: str, raw: Any, at: Place, *, whole: bool) -> Iterator[Expected]:
        if key in ("flags", "duties") and whole:
            return self._marks(key, raw, at)
        if key == "actions" and isinstance(raw, list):
            return self._actions(raw, at)
        read = getattr(self, _READERS.get(key, ""), None)
        return self._verdicts(key, raw, at) if read is None else read(raw, at)

    def _outcome(self, raw: Any, at: Place) -> Iterator[Expected]:
        return self._word("outcome", "", raw, tuple(Outcome), at)

    def _enforcement(self, raw: Any, at: Place) -> Iterator[Expected]:
        if isinstance(raw, bool):
            yield self._expected("enforcement_barred", "", raw, at)
        else:
            self.report("value-invalid", "write true or false", at)

    def _offers(self, raw: Any, at: Place) -> Iterator[Expected]:
        if self._ids(raw, self._rules, "rule", at):
            yield self._expected("offers", "", tuple(raw), at)

    def _missing(self, raw: Any, at: Place) -> Iterator[Expected]:
        if self._words(raw, at):
            yield self._expected("missing", "", tuple(sorted(raw)), at)

    def _actions(self, raw: Any, at: Place) -> Iterator[Expected]:
        if self._ids(raw, [action.id for action in self.policy.actions], "action", at):
            yield self._expected("actions", "", tuple(sorted(raw)), at)

    def _facts(self, raw: Any, at: Place) -> Iterator[Expected]:
        for name, value in self._group(raw, "facts", at).items():
            yield from self._fact("fact", name, "", name, value, (*at, name))

    def _verdicts(self, key: str, raw: Any, at: Place) -> Iterator[Expected]:
        what, words = JUDGED[key]
        ids = [entry.id for entry in getattr(self.policy, key)]
        for name, word in self._group(raw, key, at).items():
            if self._id(name, ids, what, (*at, name)):
                yield from self._word(what, name, word, words, (*at, name))

    # --- what belongs to a rule

    def _marks(self, key: str, raw: Any, at: Place) -> Iterator[Expected]:
        about: Subject = "flags" if key == "flags" else "duties"
        marks = [entry.id for entry in getattr(self.policy, key)]
        for rule, names in self._of_rules(raw, at):
            if self._ids(names, marks, JUDGED[key][0], (*at, rule)):
                yield self._expected(about, rule, tuple(sorted(names)), (*at, rule))

    def _refusals(self, raw: Any, at: Place) -> Iterator[Expected]:
        words = (*get_args(RefusalStage), *CATALOGUE, "not-met", "unknown", "not-first", "not-tried")
        ids = [entry.id for entry in (*self.policy.gates, *self.policy.limits)]
        for rule, code in self._of_rules(raw, at):
            yield from self._word("refusal", rule, code, (*words, *ids), (*at, rule))

    def _figures_of_rules(self, raw: Any, at: Place) -> Iterator[Expected]:
        for rule, figures in self._of_rules(raw, at):
            yield from self._figures(rule, figures, (*at, rule))

    def _tiers(self, raw: Any, at: Place) -> Iterator[Expected]:
        for rule, number in self._of_rules(raw, at):
            if isinstance(number, int) and not isinstance(number, bool):
                yield self._expected("tier", rule, number, (*at, rule))
            else:
                self.report("value-invalid", "write the number of the tier, from 1", (*at, rule))

    def _steps_of_rules(self, raw: Any, at: Place) -> Iterator[Expected]:
        for rule, steps in self._of_rules(raw, at):
            yield from self._steps(rule, steps, (*at, rule))

    @property
    def _rules(self) -> list[str]:
        return [rule.id for rule in self.policy.rules]

    def _of_rules(self, raw: Any, at: Place) -> Iterator[tuple[str, Any]]:
        for rule, value in self._group(raw, str(at[-1]), at).items():
            if self._id(rule, self._rules, "rule", (*at, rule)):
                yield rule, value

    def _figures(self, rule: str, raw: Any, at: Place) -> Iterator[Expected]:
        for name, value in self._group(raw, "figures", at).items():
            if name == "rows":
                if isinstance(value, int) and not isinstance(value, bool):
                    yield self._expected("figure", rule, value, (*at, name), "rows")
                else:
                    self.report("value-invalid", "write how many rows the schedule has", (*at, name))
                continue
            fact = self.scope.fact(name, (*at, name), of_plan=True)
            if fact is not None and not fact.of_plan:
                self.report(
                    "value-invalid", f"{name} is not a figure of a plan; expect it under facts", (*at, name)
                )
            elif fact is not None:
                yield from self._fact("figure", rule, name, name, value, (*at, name))

    def _steps(self, rule: str, raw: Any, at: Place) -> Iterator[Expected]:
        offers = [offer for made in self.policy.rules if made.id == rule for offer in made.offer]
        known = [step.id for offer in offers if isinstance(offer, Search) for step in offer.steps]
        fields = [name for name in StepResult.model_fields if name != "id"]
        outcomes = get_args(StepResult.model_fields["outcome"].annotation)
        for step, expected in self._group(raw, "steps", at).items():
            here = (*at, step)
            if not self._id(step, known, "step", here):
                continue
            wanted = expected if isinstance(expected, Mapping) else {"outcome": expected}
            self.only(wanted, fields, "a step", here)
            for field, value in wanted.items():
                place = (*here, field) if isinstance(expected, Mapping) else here
                if field == "outcome":
                    yield from self._word("step", rule, value, outcomes, place, f"{step}.outcome")
                elif field in fields:
                    yield self._expected(
                        "step", rule, "" if value is None else str(value), place, f"{step}.{field}"
                    )

    # --- words, names, values

    def _expected(self, what: Subject, name: str, wanted: Any, at: Place, detail: str = "") -> Expected:
        return Expected(what, name, detail, wanted, self.document.locate(at)[0] or 0)

    def _fact(
        self, what: Subject, name: str, detail: str, fact: str, raw: Any, at: Place
    ) -> Iterator[Expected]:
        read = self.scope.fact(fact, at, of_plan=True)
        if read is not None:
            value = None if raw in (None, "unknown") else self.scope.constant(read, raw, at)
            yield self._expected(what, name, value, at, detail)

    def _word(
        self, what: Subject, name: str, raw: Any, words: Sequence[str], at: Place, detail: str = ""
    ) -> Iterator[Expected]:
        if isinstance(raw, str) and raw in words:
            yield self._expected(what, name, str(raw), at, detail)
        else:
            self.report(
                "choice-unknown",
                f"{quoted(raw)} cannot be expected of a {what}{did_you_mean(raw, words)}",
                at,
            )

    def _id(self, name: str, known: Sequence[str], what: str, at: Place) -> bool:
        if name in known:
            return True
        self.report("rule-unknown", f"the policy has no {what} {quoted(name)}{did_you_mean(name, known)}", at)
        return False

    def _ids(self, raw: Any, known: Sequence[str], what: str, at: Place) -> bool:
        # Every name is checked, so that all mistakes are reported at once.
        return self._words(raw, at) and False not in [
            self._id(name, known, what, (*at, k)) for k, name in enumerate(raw)
        ]

    def _words(self, raw: Any, at: Place) -> bool:
        if isinstance(raw, list) and all(isinstance(word, str) for word in raw):
            return True
        self.report("value-invalid", "write a list of names, [] for none", at)
        return False

    def _group(self, raw: Any, what: str, at: Place) -> Mapping[str, Any]:
        if isinstance(raw, Mapping) and raw:
            return raw
        self.report("value-invalid", f"{what} is a group of names, each with its expectation", at)
        return {}


_READERS = {
    "outcome": "_outcome",
    "enforcement_barred": "_enforcement",
    "offers": "_offers",
    "missing": "_missing",
    "facts": "_facts",
    "refusals": "_refusals",
    "figures": "_figures_of_rules",
    "tiers": "_tiers",
    "steps": "_steps_of_rules",
}
"""What reads each expectation; those of `JUDGED` are read by `_verdicts`."""
