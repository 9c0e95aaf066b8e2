"""Firing: what a policy makes of facts alone, without a plan: what a case can ask for in microseconds."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Literal, NamedTuple

from restructure.errors import InvalidPolicy, Issue
from restructure.intake.assessment import Assessment
from restructure.intake.past_events import PastEvent
from restructure.intake.prospect import Prospect
from restructure.policy.case_facts import CaseFacts, facts_of
from restructure.policy.engine.evaluation import Engines, evaluator
from restructure.policy.engine.normal_form import Node, Problem
from restructure.policy.engine.reference import verdict
from restructure.policy.in_force import InForce
from restructure.policy.language.hit_policies import RowMatch, settle
from restructure.record import trusted

__all__ = ["Firing", "FiringWord", "fire", "known_from", "node_of"]

FiringWord = Literal["true", "false", "unknown"]
_VERDICTS: dict[bool | None, FiringWord] = {True: "true", False: "false", None: "unknown"}


class Firing(NamedTuple):
    """How every gate, rule, action, limit, flag and duty came out."""

    known: CaseFacts
    """The facts, with the figures of a plan if there are any."""
    gates: dict[str, FiringWord]
    rules: dict[str, FiringWord]
    """A row of a table that matches and does not count is false."""
    limits: dict[str, FiringWord]
    """Empty unless figures of a plan are known."""
    flags: dict[str, FiringWord]
    """Empty unless figures of a plan are known."""
    actions: dict[str, FiringWord]
    duties: dict[str, FiringWord]
    """Empty unless figures of a plan are known."""
    beaten: dict[str, str]
    """Rows of tables that match and do not count, each with the row that comes before it."""


def known_from(
    in_force: InForce,
    values: Mapping[str, Any],
    engines: Engines = Engines.BOTH,
    *,
    on: date | None = None,
    history: Sequence[PastEvent] | None = None,
) -> CaseFacts:
    """Make the facts of a case, and the figures of its plan, from values by name; what is not given is unknown.

    `on` is the day of the decision unless the values have another `as_of`.
    """
    fields: dict[str, Any] = {name: values.get(name) for name in Assessment.model_fields}
    scores = {name[7:]: value for name, value in values.items() if name.startswith("scores.")}
    fields |= {"currency": in_force.policy.currency, "missing": (), "scores": scores}
    fields |= {"on": values.get("as_of", on), "given": {}}
    fields |= {"history": tuple(history or ()), "history_known": history is not None}
    assessment = trusted(Assessment, [fields])[0]
    own = {name: value for name, value in values.items() if name in in_force.own_facts}
    known = facts_of(in_force, assessment, engines, given=own)
    if not any(in_force.fact(name).of_plan for name in values):
        return known
    figures: dict[str, Any] = {name: values.get(name) for name in Prospect.model_fields}
    known = known.with_plan(trusted(Prospect, [figures])[0])
    known.own.update(own)
    return known


def fire(known: CaseFacts, engines: Engines = Engines.BOTH) -> Firing:
    """Judge gates, rules and actions, and limits, flags and duties if the figures of a plan are known.

    Raises `EngineDisagreement` if the two evaluators differ, and `InvalidPolicy` if rows of a table match
    together that the policy says exclude each other.
    """
    policy = known.in_force.policy
    case = _judged(known, known.in_force.case_problem, engines)
    rules = {one.id: case[f"rule:{one.id}"] for one in policy.rules}
    beaten: dict[str, str] = {}
    for table in policy.tables:
        rows = [one for one in policy.rules if one.table == table.id]
        settled = settle(table.hit, [RowMatch(one.id, rules[one.id], one.priority) for one in rows])
        if settled.clash:
            raise InvalidPolicy(
                Issue(
                    "hit-not-unique",
                    f"the table {table.id} has the hit policy unique, yet {', '.join(settled.clash)} all match; "
                    "make them exclude each other",
                )
            )
        rules.update((row, "false") for row in (*settled.beaten, *settled.moot))
        rules.update((row, "unknown") for row in settled.open)
        beaten |= settled.beaten
    plan = {} if known.prospect is None else _judged(known, known.in_force.plan_problem, engines)
    return Firing(
        known,
        {one.id: case[f"passed:{one.id}"] for one in policy.gates},
        rules,
        {one.id: plan[f"passed:{one.id}"] for one in policy.limits} if plan else {},
        {one.id: plan[f"flag:{one.id}"] for one in policy.flags} if plan else {},
        {one.id: case[f"action:{one.id}"] for one in policy.actions},
        {one.id: plan[f"duty:{one.id}"] for one in policy.duties} if plan else {},
        beaten,
    )


def node_of(in_force: InForce, what: str, name: str) -> Node:
    """Give the condition of a gate, rule, action, limit, flag or duty in normal form."""
    problem = in_force.case_problem if what in ("gate", "rule", "action") else in_force.plan_problem
    return problem.nodes[f"{'passed' if what in ('gate', 'limit') else what}:{name}"]


def _judged(known: CaseFacts, problem: Problem, engines: Engines) -> dict[str, FiringWord]:
    values = known.encoded(problem.facts)
    fired = set(evaluator(problem).fired(values, engines))
    return dict(_verdicts(problem.entries, fired, values))


def _verdicts(
    entries: Iterable[tuple[str, Node]], fired: set[str], values: Mapping[str, int | None]
) -> Iterable[tuple[str, FiringWord]]:
    for name, node in entries:
        yield name, "true" if name in fired else _VERDICTS[verdict(node, values)]
