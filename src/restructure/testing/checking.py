"""Run cases under their policy and compare the results with the expectations, each difference with its reason."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

from restructure.casework.decisions.condition_text import condition_results
from restructure.casework.decisions.decision import Decision, decide
from restructure.casework.decisions.outcome import Offer, Refusal, StepResult
from restructure.errors import Issue, RestructureError
from restructure.intake.facts import derivation, facts, show
from restructure.policy.case_facts import CaseFacts, facts_of
from restructure.policy.engine.evaluation import Engines
from restructure.policy.engine.normal_form import facts_read
from restructure.policy.engine.reference import ConditionResult
from restructure.policy.language.section_table import JUDGED_BY_KIND
from restructure.testing.cases import Case, Cases, Expected
from restructure.testing.coverage import Coverage
from restructure.testing.verdicts import Verdicts, known_from, node_of, verdicts_of

__all__ = ["CaseResult", "check", "check_case"]


class CaseResult(NamedTuple):
    """Result of one case."""

    case: Case
    """The case."""
    failures: tuple[Issue, ...]
    """Every result that differs from its expectation, located at the line of the expectation."""

    @property
    def passed(self) -> bool:
        """Whether every result is as expected."""
        return not self.failures


def check(cases: Cases, *, coverage: Coverage | None = None) -> Iterator[CaseResult]:
    """Run the cases of a file in order, counting in `coverage` what they exercise."""
    for case in cases.cases:
        yield check_case(case, coverage=coverage)


def check_case(case: Case, *, coverage: Coverage | None = None) -> CaseResult:
    """Run one case; an application that cannot be decided is a failure, not an exception."""
    try:
        run = _OfFacts(case, coverage) if case.application is None else _OfApplication(case, coverage)
        return CaseResult(case, tuple(run.failures()))
    except RestructureError as error:
        return CaseResult(
            case,
            tuple(
                Issue(
                    "case-failed",
                    f"expected a verdict, got {issue.code}: {issue.message}",
                    "",
                    case.file,
                    case.line,
                )
                for issue in error.issues
            ),
        )


class _CaseRun:
    """A run of a case: what runs on facts and on applications share."""

    known: CaseFacts

    def __init__(self, case: Case) -> None:
        self.case = case

    def failures(self) -> Iterator[Issue]:
        """Compare every expectation with the result."""
        for expected in self.case.expected:
            actual, why = self.result(expected)
            wanted = self.shown(expected)
            if actual != wanted:
                subject = " ".join(
                    part for part in (_SUBJECTS.get(expected.what, expected.what), expected.name) if part
                )
                if expected.detail:
                    subject = f"{expected.detail.replace('.', ' ')} of {expected.name}"
                message = f"expected {subject} {wanted}, got {actual}" + (f"; {why}" if why else "")
                yield Issue("case-failed", message, "", self.case.file, expected.line)

    def shown(self, expected: Expected) -> str:
        """Write an expected value in the form of the result."""
        match expected.what:
            case "fact":
                return self.value(expected.name, expected.wanted)
            case "figure" if expected.detail != "rows":
                return self.value(expected.detail, expected.wanted)
            case "enforcement_barred":
                return "yes" if expected.wanted else "no"
        return (
            (", ".join(expected.wanted) or "none")
            if isinstance(expected.wanted, tuple)
            else str(expected.wanted)
        )

    def value(self, name: str, value: Any) -> str:
        """Write the value of a fact."""
        return show(self.case.in_force.fact(name), value, self.case.policy.currency)

    def result(self, expected: Expected) -> tuple[str, str]:
        """Give the result, and its reason."""
        raise NotImplementedError

    def judged(self, verdicts: Verdicts, what: str, name: str) -> tuple[str, str]:
        """Give the verdict of a gate, rule, limit or flag, and the comparisons that decide it."""
        section = JUDGED_BY_KIND[what]
        verdict = verdicts.verdicts[section.name][name]
        word = {"true": section.holds, "false": section.fails}.get(verdict, verdict)
        if name in verdicts.beaten:
            return word, f"{what} {name} {word} because {verdicts.beaten[name]} comes first in its table"
        node = node_of(self.case.in_force, what, name)
        text = self.because(condition_results(node, verdicts.known.encoded(facts_read(node)), verdicts.known))
        return word, f"{what} {name} {word} because {text}"

    def actions(self, verdicts: Verdicts, expected: Expected) -> tuple[str, str]:
        """Give the actions to be taken, and the reason of those that differ from the expectation."""
        taken = {name for name, verdict in verdicts.verdicts["actions"].items() if verdict == "true"}
        why = [self.judged(verdicts, "action", name)[1] for name in sorted(taken ^ set(expected.wanted))]
        return ", ".join(sorted(taken)) or "none", "; ".join(why)

    def fact(self, name: str) -> tuple[str, str]:
        """Give the value of a fact, and its derivation."""
        concluded = next((result for result in self.known.concluded if result.fact == name), None)
        if concluded is None:
            return self.known.shown(name), self.supplied(name)
        rests = "; ".join(self.concluded(each) for each in concluded.by) or "it rests on no conclusion"
        return self.known.shown(name), (concluded.derivation or rests) + self.wanting(name)

    def concluded(self, name: str) -> str:
        """Give the reason of a conclusion."""
        when = next(each.when for each in self.case.policy.conclusions if each.id == name)
        node = self.case.in_force.node(when)
        text = self.because(condition_results(node, self.known.encoded(facts_read(node)), self.known))
        return f"it rests on {name}" + (f" because {text}" if text else "")

    def supplied(self, name: str) -> str:
        """Give the derivation of a fact that the policy does not conclude."""
        raise NotImplementedError

    def because(self, results: Iterable[ConditionResult]) -> str:
        """Write comparisons with value and threshold, and for unknown facts what they depend on."""
        return ", ".join(
            _worded(result) + (self.wanting(result.fact) if result.actual == "unknown" else "")
            for result in results
        )

    def wanting(self, name: str) -> str:
        """Name the unknown facts that keep a policy fact unknown; empty if it is known."""
        if name not in self.case.policy.facts or self.known.value(name) is not None:
            return ""
        absent = [fact for fact in self.case.in_force.rests_on(name) if self.known.value(fact) is None]
        return f" (for want of {', '.join(absent)})" if absent else ""


class _OfFacts(_CaseRun):
    """A run of a case on facts alone."""

    def __init__(self, case: Case, coverage: Coverage | None) -> None:
        super().__init__(case)
        self.known = known_from(case.in_force, case.facts, on=case.on, history=case.history)
        self.verdicts = verdicts_of(self.known)
        if coverage is not None:
            coverage.note_verdicts(self.verdicts)

    def result(self, expected: Expected) -> tuple[str, str]:
        if expected.what == "actions":
            return self.actions(self.verdicts, expected)
        return (
            self.fact(expected.name)
            if expected.what == "fact"
            else self.judged(self.verdicts, expected.what, expected.name)
        )

    def supplied(self, name: str) -> str:
        return f"the case {'gives' if self.case.facts.get(name) is not None else 'does not give'} it"


class _OfApplication(_CaseRun):
    """A run of a case on a whole application."""

    def __init__(self, case: Case, coverage: Coverage | None) -> None:
        super().__init__(case)
        assert case.application is not None, "the case gives an application"
        self.decision: Decision = decide(case.application, case.policy, on=case.on)
        self.known = facts_of(case.in_force, self.decision.assessment, Engines.REFERENCE)
        self.offers: dict[str, Offer] = {offer.rule: offer for offer in self.decision.offers}
        self.refusals: dict[str, Refusal] = {refusal.rule: refusal for refusal in self.decision.refusals}
        if coverage is not None:
            coverage.note_decision(self.decision, self.known)

    @cached_property
    def verdicts(self) -> Verdicts:
        return verdicts_of(self.known, Engines.REFERENCE)

    def result(self, expected: Expected) -> tuple[str, str]:
        decision = self.decision
        match expected.what:
            case "fact":
                return self.fact(expected.name)
            case "actions":
                return self.actions(self.verdicts, expected)
            case "gate" | "rule" | "action":
                return self.judged(self.verdicts, expected.what, expected.name)
            case "outcome":
                why = "; ".join(self.offered(self.offers) or self.gates()) or self.refused(self.refusals)
                return decision.outcome.value, why
            case "offers":
                unwanted = self.offered(name for name in self.offers if name not in expected.wanted)
                refused = self.refused(set(expected.wanted) - self.offers.keys())
                return ", ".join(self.offers) or "none", "; ".join(
                    [*([refused] if refused else []), *unwanted]
                )
            case "enforcement_barred":
                return "yes" if decision.enforcement_barred else "no", decision.enforcement_reason
            case "missing":
                return ", ".join(sorted(place.place for place in decision.missing)) or "none", ""
            case "refusal":
                return self.refusal(expected)
            case "step":
                return self.step(expected)
            case "tier":
                made = self.offers.get(expected.name) or self.refusals.get(expected.name)
                return str(len(made.tiers)) if made and made.tiers else "none", self.refused([expected.name])
        return self.of_offer(expected)

    def of_offer(self, expected: Expected) -> tuple[str, str]:
        """Give a part of the offer of a rule, and its reason."""
        offer = self.offers.get(expected.name)
        if offer is None:
            return "no offer", self.refused([expected.name])
        if expected.what == "duties":
            return ", ".join(sorted(duty.id for duty in offer.duties)) or "none", ""
        if expected.what == "flags":
            return ", ".join(sorted(offer.flags)) or "none", ""
        if expected.detail == "rows":
            return str(len(offer.plan.schedule.rows)), ""
        known = self.known.with_plan(offer.prospect, offer.plan)
        return known.shown(expected.detail), _worked_out(known, expected.detail)

    def supplied(self, name: str) -> str:
        return derivation(self.decision.assessment, name)

    def gates(self) -> list[str]:
        """Give each gate that is not passed with its reason."""
        return [
            f"gate {gate.id} {gate.verdict}: {self.because(gate.conditions)}"
            for gate in self.decision.failed_gates
        ]

    def offered(self, rules: Iterable[str]) -> list[str]:
        """Give the reason of each offer that these rules make."""
        whys = ((name, self.because(self.offers[name].because)) for name in rules)
        return [f"rule {name} offers" + (f" because {why}" if why else "") for name, why in whys]

    def because(self, results: Iterable[ConditionResult]) -> str:
        text = super().because(listed := list(results))
        absent = self.decision.assessment.missing
        if absent and {"file_complete", "completeness"} & {
            result.fact for result in listed if result.verdict == "false"
        }:
            return f"{text} (missing: {', '.join(absent)})"
        return text

    def refused(self, rules: Iterable[str]) -> str:
        return "; ".join(
            f"rule {name} refused because {self.why(refusal)}"
            for name, refusal in self.refusals.items()
            if name in rules
        )

    def why(self, refusal: Refusal) -> str:
        """Give the reason of a refusal: its stage, and the comparisons there."""
        text = self.because(refusal.conditions)
        match refusal.stage:
            case "condition" if text:
                return text
            case "gate":
                return "; ".join(self.gates())
            case "limit" if text:
                return f"{text} (limit {refusal.code})"
            case "search" if text:
                return f"{text} after its last step ({'; '.join(map(_step_text, refusal.steps))})"
        return refusal.message

    def refusal(self, expected: Expected) -> tuple[str, str]:
        refusal = self.refusals.get(expected.name)
        if refusal is None:
            return "an offer", "; ".join(self.offered([expected.name]))
        if expected.wanted in (refusal.stage, *refusal.code.split(", ")):
            return str(expected.wanted), ""
        return f"{refusal.stage} {refusal.code}", self.refused([expected.name])

    def step(self, expected: Expected) -> tuple[str, str]:
        name, _, field = expected.detail.rpartition(".")
        made = self.offers.get(expected.name) or self.refusals.get(expected.name)
        taken = next((step for step in (made.steps if made else ()) if step.id == name), None)
        if taken is None:
            return "no search", self.refused([expected.name])
        return str(getattr(taken, field)), f"step {_step_text(taken)}"


def _worded(result: ConditionResult) -> str:
    """Write a comparison with value and threshold."""
    if result.verdict == "unknown":
        # The fact itself, or the one that it is compared with, which is written with its name.
        return f"{result.fact if result.actual == 'unknown' else result.threshold.removesuffix(' unknown')} is unknown"
    holds = "" if result.verdict == "true" else "not "
    return f"{result.fact} {result.actual} is {holds}{result.op} {result.threshold}".strip()


def _worked_out(known: CaseFacts, name: str) -> str:
    """Write how a figure is derived from others, with their values; empty if the plan gives it."""
    fact = known.in_force.fact(name)
    read = [word.strip("(),") for word in fact.formula.split(" ")]
    values = [
        f"{name} {known.shown(name)}" for name in dict.fromkeys(read) if name in facts() or name in known.own
    ]
    return f"{name} = {fact.formula} ({', '.join(values)})" if values else ""


def _step_text(step: StepResult) -> str:
    """Write the result of a search step: its range, the cap that set the end, and the change of the figure."""
    text = f"{step.id} {step.outcome}"
    if step.outcome in ("applied", "exhausted"):
        bound = f" by {step.bound}" if step.bound else ""
        text += f" from {step.start} to {step.value}{bound}: {step.figure_before} became {step.figure_after}"
    return f"{text}: {step.because}" if step.because else text


_SUBJECTS = {
    "refusal": "refusal of",
    "tier": "tier of",
    "flags": "flags of",
    "duties": "duties of",
    "enforcement_barred": "enforcement to be barred:",
}
