"""Evaluate gates, rules, actions and (given plan figures) limits, flags and duties on facts only."""

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
from restructure.policy.language.section_table import JUDGED, JUDGED_BY_KIND, Evaluated
from restructure.record import trusted

__all__ = ["VerdictWord", "Verdicts", "known_from", "node_of", "verdicts_of"]

VerdictWord = Literal["true", "false", "unknown"]
_VERDICTS: dict[bool | None, VerdictWord] = {True: "true", False: "false", None: "unknown"}


class Verdicts(NamedTuple):
    """Verdicts of every gate, rule, action, limit, flag and duty of a policy."""

    known: CaseFacts
    """The facts, with the figures of a plan if there are any."""
    verdicts: dict[str, dict[str, VerdictWord]]
    """Verdicts by section and id. A matching row of a table that another row takes precedence over is false; limits,
    flags and duties are absent unless figures of a plan are known."""
    beaten: dict[str, str]
    """Matching rows of tables that another row takes precedence over, each with that row."""


def known_from(
    in_force: InForce,
    values: Mapping[str, Any],
    engines: Engines = Engines.BOTH,
    *,
    on: date | None = None,
    history: Sequence[PastEvent] | None = None,
) -> CaseFacts:
    """Build the facts of a case, and the figures of its plan, from values by name; the others are unknown.

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


def verdicts_of(known: CaseFacts, engines: Engines = Engines.BOTH) -> Verdicts:
    """Evaluate gates, rules and actions, and limits, flags and duties if the figures of a plan are known.

    Raises `EngineDisagreement` if the two evaluators differ, and `InvalidPolicy` if rows of a table match
    together that exclude each other by the policy.
    """
    policy = known.in_force.policy
    case = _judged(known, known.in_force.case_problem, engines)
    rules = {entry.id: case[f"rule:{entry.id}"] for entry in policy.rules}
    beaten: dict[str, str] = {}
    for table in policy.tables:
        rows = [rule for rule in policy.rules if rule.table == table.id]
        settled = settle(table.hit, [RowMatch(row.id, rules[row.id], row.priority) for row in rows])
        if settled.clash:
            raise InvalidPolicy(
                Issue(
                    "hit-not-unique",
                    f"the table {table.id} has the hit policy unique, yet {', '.join(settled.clash)} all match; "
                    "make their conditions exclude each other",
                )
            )
        rules.update((row, "false") for row in (*settled.beaten, *settled.moot))
        rules.update((row, "unknown") for row in settled.open)
        beaten |= settled.beaten
    plan = {} if known.prospect is None else _judged(known, known.in_force.plan_problem, engines)
    verdicts: dict[str, dict[str, VerdictWord]] = {}
    for section in JUDGED:
        results = plan if section.evaluated is Evaluated.PLAN else case
        if results and section.evaluated is not Evaluated.BEFORE_RULES:
            ids = [entry.id for entry in section.entries(policy)]
            verdicts[section.name] = {name: results[section.result_key(name)] for name in ids}
    return Verdicts(known, {**verdicts, "rules": rules}, beaten)


def node_of(in_force: InForce, what: str, name: str) -> Node:
    """Give the condition of a gate, rule, action, limit, flag or duty in normal form."""
    section = JUDGED_BY_KIND[what]
    on_plan = section.evaluated is Evaluated.PLAN
    problem = in_force.plan_problem if on_plan else in_force.case_problem
    return problem.nodes[section.result_key(name)]


def _judged(known: CaseFacts, problem: Problem, engines: Engines) -> dict[str, VerdictWord]:
    values = known.encoded(problem.facts)
    fired = set(evaluator(problem).fired(values, engines))
    return dict(_verdicts(problem.entries, fired, values))


def _verdicts(
    entries: Iterable[tuple[str, Node]], fired: set[str], values: Mapping[str, int | None]
) -> Iterable[tuple[str, VerdictWord]]:
    for name, node in entries:
        yield name, "true" if name in fired else _VERDICTS[verdict(node, values)]
