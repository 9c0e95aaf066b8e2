"""Checking: cases run under their policy, and what came out otherwise than expected, with the reason."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

from restructure.casework.cases import Case, Cases, Expected
from restructure.casework.coverage import Coverage
from restructure.casework.decision import Decision, decide
from restructure.casework.firing import Firing, fire, known_from, node_of
from restructure.casework.outcome import Offer, Refusal, StepResult
from restructure.casework.told import condition_results
from restructure.errors import Issue, RestructureError
from restructure.intake.facts import derivation, facts, show
from restructure.policy.case_facts import CaseFacts, facts_of
from restructure.policy.evaluation import Engines
from restructure.policy.normal import facts_read
from restructure.policy.reference import ConditionResult

__all__ = ["CaseResult", "check", "check_case"]

_WORDS = {
    "gate": {"true": "passed", "false": "failed"},
    "rule": {"true": "fired", "false": "refused"},
    "limit": {"true": "passed", "false": "failed"},
    "flag": {"true": "set", "false": "unset"},
    "action": {"true": "set", "false": "unset"},
    "duty": {"true": "set", "false": "unset"},
}


class CaseResult(NamedTuple):
    """How one case came out."""

    case: Case
    """The case."""
    failures: tuple[Issue, ...]
    """What came out otherwise than expected, each at the line that expected it."""

    @property
    def passed(self) -> bool:
        """Whether everything came out as expected."""
        return not self.failures


def check(cases: Cases, *, coverage: Coverage | None = None) -> Iterator[CaseResult]:
    """Run the cases of a file one after the other, noting in `coverage` what of the policy they reach."""
    for case in cases.cases:
        yield check_case(case, coverage=coverage)


def check_case(case: Case, *, coverage: Coverage | None = None) -> CaseResult:
    """Run one case; an application that cannot be decided is a failure, not an exception."""
    try:
        came_out = _OfFacts(case, coverage) if case.application is None else _OfApplication(case, coverage)
        return CaseResult(case, tuple(came_out.failures()))
    except RestructureError as error:
        return CaseResult(
            case,
            tuple(
                Issue(
                    "case-failed",
                    f"expected a verdict, got {one.code}: {one.message}",
                    "",
                    case.file,
                    case.line,
                )
                for one in error.issues
            ),
        )


class _CameOut:
    """How a case came out, as far as facts alone tell."""

    known: CaseFacts

    def __init__(self, case: Case) -> None:
        self.case = case

    def failures(self) -> Iterator[Issue]:
        """Compare everything expected with what came out."""
        for one in self.case.expected:
            found, why = self.found(one)
            wanted = self.shown(one)
            if found != wanted:
                subject = " ".join(part for part in (_SUBJECTS.get(one.what, one.what), one.name) if part)
                if one.detail:
                    subject = f"{one.detail.replace('.', ' ')} of {one.name}"
                message = f"expected {subject} {wanted}, got {found}" + (f"; {why}" if why else "")
                yield Issue("case-failed", message, "", self.case.file, one.line)

    def shown(self, one: Expected) -> str:
        """Write what is expected like what came out."""
        match one.what:
            case "fact":
                return self.value(one.name, one.wanted)
            case "figure" if one.detail != "rows":
                return self.value(one.detail, one.wanted)
            case "enforcement_barred":
                return "yes" if one.wanted else "no"
        return (", ".join(one.wanted) or "none") if isinstance(one.wanted, tuple) else str(one.wanted)

    def value(self, name: str, value: Any) -> str:
        """Write the value of a fact."""
        return show(self.case.in_force.fact(name), value, self.case.policy.currency)

    def found(self, one: Expected) -> tuple[str, str]:
        """Give what came out, and why."""
        raise NotImplementedError

    def judged(self, firing: Firing, what: str, name: str) -> tuple[str, str]:
        """Give how a gate, rule, limit or flag came out, and the comparisons that made it so."""
        verdict = getattr(firing, "duties" if what == "duty" else f"{what}s")[name]
        word = _WORDS[what].get(verdict, verdict)
        if name in firing.beaten:
            return word, f"{what} {name} {word} because {firing.beaten[name]} comes first in its table"
        node = node_of(self.case.in_force, what, name)
        told = self.because(condition_results(node, firing.known.encoded(facts_read(node)), firing.known))
        return word, f"{what} {name} {word} because {told}"

    def actions(self, firing: Firing, one: Expected) -> tuple[str, str]:
        """Give the actions that are to be taken, and why those come out so that are expected otherwise."""
        found = {name for name, verdict in firing.actions.items() if verdict == "true"}
        why = [self.judged(firing, "action", name)[1] for name in sorted(found ^ set(one.wanted))]
        return ", ".join(sorted(found)) or "none", "; ".join(why)

    def fact(self, name: str) -> tuple[str, str]:
        """Give the value of a fact, and how it came about."""
        told = next((one for one in self.known.concluded if one.fact == name), None)
        if told is None:
            return self.known.shown(name), self.supplied(name)
        rests = "; ".join(self.concluded(one) for one in told.by) or "it rests on no conclusion"
        return self.known.shown(name), (told.derivation or rests) + self.wanting(name)

    def concluded(self, name: str) -> str:
        """Say why a conclusion holds."""
        when = next(one.when for one in self.case.policy.conclusions if one.id == name)
        node = self.case.in_force.node(when)
        told = self.because(condition_results(node, self.known.encoded(facts_read(node)), self.known))
        return f"it rests on {name}" + (f" because {told}" if told else "")

    def supplied(self, name: str) -> str:
        """Say how a fact that the policy does not conclude came about."""
        raise NotImplementedError

    def because(self, results: Iterable[ConditionResult]) -> str:
        """Put comparisons into words, with both values, and for what is unknown what it would take to know it."""
        return ", ".join(
            _worded(one) + (self.wanting(one.fact) if one.actual == "unknown" else "") for one in results
        )

    def wanting(self, name: str) -> str:
        """Say for want of which facts a fact of the policy is unknown, nothing if it is known."""
        if name not in self.case.policy.facts or self.known.value(name) is not None:
            return ""
        absent = [one for one in self.case.in_force.rests_on(name) if self.known.value(one) is None]
        return f" (for want of {', '.join(absent)})" if absent else ""


class _OfFacts(_CameOut):
    """A case on facts alone."""

    def __init__(self, case: Case, coverage: Coverage | None) -> None:
        super().__init__(case)
        self.known = known_from(case.in_force, case.facts, on=case.on, history=case.history)
        self.firing = fire(self.known)
        if coverage is not None:
            coverage.note_firing(self.firing)

    def found(self, one: Expected) -> tuple[str, str]:
        if one.what == "actions":
            return self.actions(self.firing, one)
        return self.fact(one.name) if one.what == "fact" else self.judged(self.firing, one.what, one.name)

    def supplied(self, name: str) -> str:
        return f"the case {'gives' if self.case.facts.get(name) is not None else 'does not give'} it"


class _OfApplication(_CameOut):
    """A case decided from end to end."""

    def __init__(self, case: Case, coverage: Coverage | None) -> None:
        super().__init__(case)
        assert case.application is not None, "the case gives an application"
        self.decision: Decision = decide(case.application, case.policy, on=case.on)
        self.known = facts_of(case.in_force, self.decision.assessment, Engines.REFERENCE)
        self.offers: dict[str, Offer] = {one.rule: one for one in self.decision.offers}
        self.refusals: dict[str, Refusal] = {one.rule: one for one in self.decision.refusals}
        if coverage is not None:
            coverage.note_decision(self.decision, self.known)

    @cached_property
    def firing(self) -> Firing:
        return fire(self.known, Engines.REFERENCE)

    def found(self, one: Expected) -> tuple[str, str]:
        decision = self.decision
        match one.what:
            case "fact":
                return self.fact(one.name)
            case "actions":
                return self.actions(self.firing, one)
            case "gate" | "rule" | "action":
                return self.judged(self.firing, one.what, one.name)
            case "outcome":
                why = "; ".join(self.offered(self.offers) or self.gates()) or self.refused(self.refusals)
                return decision.outcome.value, why
            case "offers":
                unwanted = self.offered(name for name in self.offers if name not in one.wanted)
                refused = self.refused(set(one.wanted) - self.offers.keys())
                return ", ".join(self.offers) or "none", "; ".join(
                    [*([refused] if refused else []), *unwanted]
                )
            case "enforcement_barred":
                return "yes" if decision.enforcement_barred else "no", decision.enforcement_reason
            case "missing":
                return ", ".join(sorted(place.place for place in decision.missing)) or "none", ""
            case "refusal":
                return self.refusal(one)
            case "step":
                return self.step(one)
            case "rung":
                made = self.offers.get(one.name) or self.refusals.get(one.name)
                return str(len(made.rungs)) if made and made.rungs else "none", self.refused([one.name])
        offer = self.offers.get(one.name)
        if offer is None:
            return "no offer", self.refused([one.name])
        if one.what == "duties":
            return ", ".join(sorted(duty.id for duty in offer.duties)) or "none", ""
        if one.what == "flags":
            return ", ".join(sorted(offer.flags)) or "none", ""
        if one.detail == "rows":
            return str(len(offer.plan.schedule.rows)), ""
        known = self.known.with_plan(offer.prospect, offer.plan)
        return known.shown(one.detail), _worked_out(known, one.detail)

    def supplied(self, name: str) -> str:
        return derivation(self.decision.assessment, name)

    def gates(self) -> list[str]:
        """Say of each gate that is not passed why not."""
        return [
            f"gate {gate.id} {gate.verdict}: {self.because(gate.conditions)}"
            for gate in self.decision.failed_gates
        ]

    def offered(self, rules: Iterable[str]) -> list[str]:
        """Say of each rule that makes an offer why it does."""
        whys = ((name, self.because(self.offers[name].because)) for name in rules)
        return [f"rule {name} offers" + (f" because {why}" if why else "") for name, why in whys]

    def because(self, results: Iterable[ConditionResult]) -> str:
        told = super().because(listed := list(results))
        absent = self.decision.assessment.missing
        if absent and {"file_complete", "completeness"} & {
            one.fact for one in listed if one.verdict == "false"
        }:
            return f"{told} (missing: {', '.join(absent)})"
        return told

    def refused(self, rules: Iterable[str]) -> str:
        return "; ".join(
            f"rule {name} refused because {self.why(one)}"
            for name, one in self.refusals.items()
            if name in rules
        )

    def why(self, refusal: Refusal) -> str:
        """Say why a rule led to no offer: where it stopped, and what was compared there."""
        told = self.because(refusal.conditions)
        match refusal.stage:
            case "condition" if told:
                return told
            case "gate":
                return "; ".join(self.gates())
            case "limit" if told:
                return f"{told} (limit {refusal.code})"
            case "search" if told:
                return f"{told} after its last step ({'; '.join(map(_went, refusal.steps))})"
        return refusal.message

    def refusal(self, one: Expected) -> tuple[str, str]:
        found = self.refusals.get(one.name)
        if found is None:
            return "an offer", "; ".join(self.offered([one.name]))
        if one.wanted in (found.stage, *found.code.split(", ")):
            return str(one.wanted), ""
        return f"{found.stage} {found.code}", self.refused([one.name])

    def step(self, one: Expected) -> tuple[str, str]:
        name, _, field = one.detail.rpartition(".")
        made = self.offers.get(one.name) or self.refusals.get(one.name)
        taken = next((step for step in (made.steps if made else ()) if step.id == name), None)
        if taken is None:
            return "no search", self.refused([one.name])
        return str(getattr(taken, field)), f"step {_went(taken)}"


def _worded(one: ConditionResult) -> str:
    """Put a comparison into words, with both values."""
    if one.verdict == "unknown":
        # The fact itself, or the one that it is compared with, which is written with its name.
        return f"{one.fact if one.actual == 'unknown' else one.threshold.removesuffix(' unknown')} is unknown"
    return f"{one.fact} {one.actual} is {'' if one.verdict == 'true' else 'not '}{one.op} {one.threshold}".strip()


def _worked_out(known: CaseFacts, name: str) -> str:
    """Say how a figure follows from others, with their values; nothing if it comes from the plan itself."""
    fact = known.in_force.fact(name)
    read = [word.strip("(),") for word in fact.formula.split(" ")]
    values = [
        f"{one} {known.shown(one)}" for one in dict.fromkeys(read) if one in facts() or one in known.own
    ]
    return f"{name} = {fact.formula} ({', '.join(values)})" if values else ""


def _went(step: StepResult) -> str:
    """Say what a search made of a step: how far it went, what bound, what the figure became."""
    told = f"{step.id} {step.outcome}"
    if step.outcome in ("applied", "exhausted"):
        bound = f" by {step.bound}" if step.bound else ""
        told += f" from {step.start} to {step.value}{bound}: {step.figure_before} became {step.figure_after}"
    return f"{told}: {step.because}" if step.because else told


_SUBJECTS = {
    "refusal": "refusal of",
    "rung": "rung of",
    "flags": "flags of",
    "duties": "duties of",
    "enforcement_barred": "enforcement to be barred:",
}
