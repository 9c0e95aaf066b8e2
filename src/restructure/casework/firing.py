"""Firing: what a policy makes of facts alone, without a plan: what a case of a policy can ask for in microseconds."""

from typing import Any, Literal, NamedTuple

from restructure.intake.assessment import Assessment
from restructure.intake.prospect import Prospect
from restructure.policy.case_facts import CaseFacts, facts_of
from restructure.policy.evaluation import Engines, evaluator
from restructure.policy.in_force import InForce
from restructure.policy.normal import Node
from restructure.policy.reference import verdict

__all__ = ["Firing", "fire", "known_from"]

Verdict = Literal["true", "false", "unknown"]
_VERDICTS: dict[bool | None, Verdict] = {True: "true", False: "false", None: "unknown"}


class Firing(NamedTuple):
    """How every gate, rule, limit and flag came out on facts alone."""

    known: CaseFacts
    gates: dict[str, Verdict]
    rules: dict[str, Verdict]
    limits: dict[str, Verdict]
    """Empty unless figures of a plan are given."""
    flags: dict[str, Verdict]


def known_from(in_force: InForce, values: dict[str, Any], engines: Engines = Engines.BOTH) -> CaseFacts:
    """Make the facts of a case from values by name; what is not given is unknown."""
    names = Assessment.model_fields
    assessment = Assessment.model_construct(
        **{name: values.get(name) for name in names if name not in ("currency", "missing", "scores")},
        currency=in_force.policy.currency,
        missing=(),
        scores={name[7:]: value for name, value in values.items() if name.startswith("scores.")},
    )
    figures = {name: values[name] for name in Prospect.model_fields if name in values}
    own = {name: value for name, value in values.items() if name in in_force.own_facts}
    known = facts_of(in_force, assessment, engines, given=own)
    if figures:
        absent = dict.fromkeys(Prospect.model_fields.keys() - figures.keys())
        known = known.with_plan(Prospect.model_construct(**figures, **absent))
    return known


def fire(known: CaseFacts, engines: Engines = Engines.BOTH) -> Firing:
    """Judge gates and rules, and limits and flags if a plan's figures are known, by both evaluators."""
    in_force = known.in_force
    case, plan = in_force.case_problem, in_force.plan_problem
    values = known.encoded(case.facts)
    fired = set(evaluator(case).fired(values, engines))

    def came_out(node: Node, name: str, among: set[str], read: dict[str, int | None]) -> Verdict:
        return "true" if name in among else _VERDICTS[verdict(node, read)]

    gates = {
        one.id: came_out(case.nodes[f"passed:{one.id}"], f"passed:{one.id}", fired, values)
        for one in in_force.policy.gates
    }
    rules = {
        one.id: came_out(case.nodes[f"rule:{one.id}"], f"rule:{one.id}", fired, values)
        for one in in_force.policy.rules
    }
    if known.prospect is None:
        return Firing(known, gates, rules, {}, {})
    after = known.encoded(plan.facts)
    held = set(evaluator(plan).fired(after, engines))
    limits = {
        one.id: came_out(plan.nodes[f"passed:{one.id}"], f"passed:{one.id}", held, after)
        for one in in_force.policy.limits
    }
    flags = {
        one.id: came_out(plan.nodes[f"flag:{one.id}"], f"flag:{one.id}", held, after)
        for one in in_force.policy.flags
    }
    return Firing(known, gates, rules, limits, flags)
