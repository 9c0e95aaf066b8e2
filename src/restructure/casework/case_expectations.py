"""Expectations of cases: what `expect` may say of facts and of whole applications, every word of it checked."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from restructure.casework.cases import Expected, Subject
from restructure.casework.judging import Stage
from restructure.casework.outcome import Outcome, StepResult
from restructure.document import Place
from restructure.errors import CATALOGUE, did_you_mean, quoted
from restructure.policy.language import Policy
from restructure.policy.reading import Reader
from restructure.policy.search import Search

__all__ = ["JUDGED", "ExpectationReader"]

_OF_FACTS = ("gates", "rules", "facts", "actions", "limits", "flags", "duties")
_OF_APPLICATIONS = (
    "outcome", "gates", "rules", "facts", "offers", "figures", "flags", "refusals", "steps", "rungs", "missing",
    "actions", "duties", "enforcement_barred",
)  # fmt: skip
JUDGED: dict[str, tuple[Subject, tuple[str, ...]]] = {
    "gates": ("gate", ("passed", "failed", "unknown")),
    "rules": ("rule", ("fired", "refused", "unknown")),
    "limits": ("limit", ("passed", "failed", "unknown")),
    "flags": ("flag", ("set", "unset", "unknown")),
    "actions": ("action", ("set", "unset", "unknown")),
    "duties": ("duty", ("set", "unset", "unknown")),
}
"""What is judged on facts alone, and the words for how it comes out."""


class ExpectationReader(Reader):
    """Reads what cases of one policy expect."""

    policy: Policy
    """The policy that the cases are about."""

    def expectations(
        self, raw: Mapping[str, Any], place: Place, *, whole: bool, of_plan: bool
    ) -> tuple[Expected, ...]:
        """Read what a case expects of a whole application, or of facts, those of a plan included or not."""
        known, before = _OF_APPLICATIONS if whole else _OF_FACTS, len(self.issues)
        found: list[Expected] = []
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
            if key in ("limits", "flags", "duties") and not whole and not of_plan:
                why = f"{key} are judged on figures of a plan; give some, such as instalment_after"
                self.report("field-missing", why, at)
                continue
            found += self._about(key, value, at, whole=whole)
        if not found and len(self.issues) == before:
            self.report("field-missing", "the case expects nothing, so it could not fail", place)
        return tuple(found)

    def _about(self, key: str, raw: Any, at: Place, *, whole: bool) -> Iterator[Expected]:
        match key:
            case "outcome":
                yield from self._word("outcome", "", raw, tuple(Outcome), at)
            case "enforcement_barred":
                if isinstance(raw, bool):
                    yield self._expected("enforcement_barred", "", raw, at)
                else:
                    self.report("value-invalid", "write true or false", at)
            case "offers":
                if self._ids(raw, self._rules, "rule", at):
                    yield self._expected("offers", "", tuple(raw), at)
            case "missing":
                if self._words(raw, at):
                    yield self._expected("missing", "", tuple(sorted(raw)), at)
            case "flags" | "duties" if whole:
                about: Subject = "flags" if key == "flags" else "duties"
                marks = [one.id for one in getattr(self.policy, key)]
                for rule, names in self._of_rules(raw, at):
                    if self._ids(names, marks, JUDGED[key][0], (*at, rule)):
                        yield self._expected(about, rule, tuple(sorted(names)), (*at, rule))
            case "actions" if isinstance(raw, list):
                if self._ids(raw, [one.id for one in self.policy.actions], "action", at):
                    yield self._expected("actions", "", tuple(sorted(raw)), at)
            case "refusals":
                words = (*get_args(Stage), *CATALOGUE, "not-met", "unknown", "not-first", "not-tried")
                ids = [one.id for one in (*self.policy.gates, *self.policy.limits)]
                for rule, code in self._of_rules(raw, at):
                    yield from self._word("refusal", rule, code, (*words, *ids), (*at, rule))
            case "figures":
                for rule, figures in self._of_rules(raw, at):
                    yield from self._figures(rule, figures, (*at, rule))
            case "rungs":
                for rule, number in self._of_rules(raw, at):
                    if isinstance(number, int) and not isinstance(number, bool):
                        yield self._expected("rung", rule, number, (*at, rule))
                    else:
                        self.report("value-invalid", "write the number of the rung, from 1", (*at, rule))
            case "steps":
                for rule, steps in self._of_rules(raw, at):
                    yield from self._steps(rule, steps, (*at, rule))
            case "facts":
                for name, value in self._group(raw, "facts", at).items():
                    yield from self._fact("fact", name, "", name, value, (*at, name))
            case _:
                what, words = JUDGED[key]
                ids = [one.id for one in getattr(self.policy, key)]
                for name, word in self._group(raw, key, at).items():
                    if self._id(name, ids, what, (*at, name)):
                        yield from self._word(what, name, word, words, (*at, name))

    # --- what belongs to a rule

    @property
    def _rules(self) -> list[str]:
        return [one.id for one in self.policy.rules]

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
            fact = self.fact(name, (*at, name), of_plan=True)
            if fact is not None and not fact.of_plan:
                self.report(
                    "value-invalid", f"{name} is no figure of a plan; expect it under facts", (*at, name)
                )
            elif fact is not None:
                yield from self._fact("figure", rule, name, name, value, (*at, name))

    def _steps(self, rule: str, raw: Any, at: Place) -> Iterator[Expected]:
        searches = [one for made in self.policy.rules if made.id == rule for one in made.offer]
        known = [step.id for one in searches if isinstance(one, Search) for step in one.steps]
        fields = [name for name in StepResult.model_fields if name != "id"]
        outcomes = get_args(StepResult.model_fields["outcome"].annotation)
        for step, said in self._group(raw, "steps", at).items():
            here = (*at, step)
            if not self._id(step, known, "step", here):
                continue
            wanted = said if isinstance(said, Mapping) else {"outcome": said}
            self.only(wanted, fields, "a step", here)
            for field, value in wanted.items():
                place = (*here, field) if isinstance(said, Mapping) else here
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
        read = self.fact(fact, at, of_plan=True)
        if read is not None:
            value = None if raw in (None, "unknown") else self.constant(read, raw, at)
            yield self._expected(what, name, value, at, detail)

    def _word(
        self, what: Subject, name: str, raw: Any, words: Sequence[str], at: Place, detail: str = ""
    ) -> Iterator[Expected]:
        if isinstance(raw, str) and raw in words:
            yield self._expected(what, name, str(raw), at, detail)
        else:
            self.report(
                "choice-unknown", f"{quoted(raw)} says nothing of a {what}{did_you_mean(raw, words)}", at
            )

    def _id(self, name: str, known: Sequence[str], what: str, at: Place) -> bool:
        if name in known:
            return True
        self.report("rule-unknown", f"the policy has no {what} {quoted(name)}{did_you_mean(name, known)}", at)
        return False

    def _ids(self, raw: Any, known: Sequence[str], what: str, at: Place) -> bool:
        # Every name is looked at, so that all mistakes are told at once.
        return self._words(raw, at) and False not in [
            self._id(name, known, what, (*at, k)) for k, name in enumerate(raw)
        ]

    def _words(self, raw: Any, at: Place) -> bool:
        if isinstance(raw, list) and all(isinstance(one, str) for one in raw):
            return True
        self.report("value-invalid", "write a list of names, [] for none", at)
        return False

    def _group(self, raw: Any, what: str, at: Place) -> Mapping[str, Any]:
        if isinstance(raw, Mapping) and raw:
            return raw
        self.report("value-invalid", f"{what} is a group of names, each with what is expected of it", at)
        return {}
