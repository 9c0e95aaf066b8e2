"""What this library and other rule engines make of the random policies of `bench.rules`.

A subject builds one policy and gives a function from facts to the names that fire, in the order of the policy.
A peer is imported when it is built, because none of them is needed for anything else.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from bench.rules import FACTS, Condition, alternatives, text_of
from restructure.policy.engine import reference
from restructure.policy.engine.durable import DurableEngine, engine_version
from restructure.policy.engine.evaluation import Engines, Evaluator
from restructure.policy.engine.normal_form import Alternative, Leaf, Node, Operator, Problem, Together
from restructure.policy.engine.trace import Trace

__all__ = ["SUBJECTS", "Subject", "problem_of"]

Rules = Sequence[tuple[str, Condition]]
Facts = Mapping[str, int]
Run = Callable[[Facts], list[str]]


@dataclass(frozen=True)
class Subject:
    """One way to evaluate a policy."""

    name: str
    build: Callable[[Rules], Run]
    needs: str = ""
    """The module without which it is absent."""

    @property
    def absent(self) -> bool:
        return bool(self.needs) and find_spec(self.needs) is None


# --- this library


def problem_of(rules: Rules) -> Problem:
    """The rules in the form that both evaluators take."""

    def node(condition: Condition) -> Node:
        match condition:
            case ("all", parts):
                return Together(tuple(map(node, parts)))
            case ("any", parts):
                return Alternative(tuple(map(node, parts)))
            case ("not", part):
                return node(part).negated()
            case (op, fact, value):
                return Leaf(fact, Operator(op), value)
        raise AssertionError(condition)

    return Problem([(name, node(condition)) for name, condition in rules])


def tree(rules: Rules) -> Run:
    problem = problem_of(rules)
    return lambda facts: reference.fired(problem, facts)


def generated(rules: Rules) -> Run:
    both = Evaluator(problem_of(rules))
    both.generated.fired  # noqa: B018
    return lambda facts: both.fired(facts, Engines.REFERENCE)


def durable(rules: Rules) -> Run:
    engine = DurableEngine(problem_of(rules))
    engine.fired(dict.fromkeys(FACTS, 0))
    return engine.fired


def both_engines(rules: Rules) -> Run:
    both = Evaluator(problem_of(rules))
    both.fired(dict.fromkeys(FACTS, 0))
    return both.fired


def both_with_every_leaf(rules: Rules) -> Run:
    both = Evaluator(problem_of(rules))
    both.fired(dict.fromkeys(FACTS, 0))

    def run(facts: Facts) -> list[str]:
        names = both.fired(facts)
        trace = Trace(both.problem, both.generated, both.problem.row(facts))
        assert trace.verdicts
        assert trace.leaf_verdicts
        return names

    run(dict.fromkeys(FACTS, 0))
    return run


def both_with_every_record(rules: Rules) -> Run:
    both = Evaluator(problem_of(rules))

    def run(facts: Facts) -> list[str]:
        names = both.fired(facts)
        trace = Trace(both.problem, both.generated, both.problem.row(facts))
        assert list(trace.entries())
        return names

    run(dict.fromkeys(FACTS, 0))
    return run


# --- the floor


def plain_ifs(rules: Rules) -> Run:
    """Bare `if`s over local variables: no unknown facts, no check, no record."""
    lines = ["def fired(facts):", " found = []"]
    lines += [f" {fact} = facts[{fact!r}]" for fact in FACTS]
    for name, condition in rules:
        lines += [f" if {text_of(condition)}: found.append({name!r})"]
    made: dict[str, Any] = {}
    exec("\n".join([*lines, " return found"]), made)
    return made["fired"]


# --- peers


def _zen(inputs: list[str], rows: list[dict[str, str]], *, traced: bool) -> Run:
    """One decision table that collects, compiled beforehand: the quickest way its documentation has."""
    import zen

    place = {"position": {"x": 0, "y": 0}}
    table = {
        "hitPolicy": "collect",
        "inputs": [{"id": one, "name": one, "field": one if one != "whole" else ""} for one in inputs],
        "outputs": [{"id": "o", "name": "rule", "field": "rule"}],
        "rules": rows,
    }
    nodes = [
        {"id": "in", "type": "inputNode", "name": "in", **place, "content": {}},
        {"id": "table", "type": "decisionTableNode", "name": "table", **place, "content": table},
        {"id": "out", "type": "outputNode", "name": "out", **place, "content": {}},
    ]
    edges = [
        {"id": "1", "sourceId": "in", "targetId": "table", "type": "edge"},
        {"id": "2", "sourceId": "table", "targetId": "out", "type": "edge"},
    ]
    kind = "application/vnd.gorules.decision"
    content = zen.ZenDecisionContent(json.dumps({"contentType": kind, "nodes": nodes, "edges": edges}))
    engine = zen.ZenEngine({"loader": lambda key: content})
    options = [{"trace": True}] if traced else []

    def run(facts: Facts) -> list[str]:
        result = engine.evaluate("policy", facts, *options)["result"]
        return list(dict.fromkeys([row["rule"] for row in result]))  # several rows may be of one rule

    return run


def zen_expressions(*, traced: bool) -> Callable[[Rules], Run]:
    """One row a rule, whose one cell is the whole condition."""

    def build(rules: Rules) -> Run:
        rows = [{"_id": name, "whole": text_of(condition), "o": f"'{name}'"} for name, condition in rules]
        return _zen(["whole"], rows, traced=traced)

    return build


def zen_columns(*, traced: bool) -> Callable[[Rules], Run]:
    """One column a fact, one row an alternative, as a table is drawn by hand."""

    def cell(leaves: list[Condition]) -> str:
        if len(leaves) == 1 and leaves[0][0] != "!=":
            op, _, value = leaves[0]
            return str(value) if op == "==" else f"{op} {value}"
        return " and ".join(f"$ {op} {value}" for op, _, value in leaves)

    def build(rules: Rules) -> Run:
        rows = []
        for name, condition in rules:
            for k, row in enumerate(alternatives(condition)):
                cells = {fact: cell([leaf for leaf in row if leaf[1] == fact]) for fact in FACTS}
                rows.append({"_id": f"{name}.{k}", "o": f"'{name}'", **cells})
        used = [fact for fact in FACTS if any(row[fact] for row in rows)]
        return _zen(used, rows, traced=traced)

    return build


def rule_engine(rules: Rules) -> Run:
    import rule_engine as package

    compiled = [(name, package.Rule(text_of(condition)).matches) for name, condition in rules]
    return lambda facts: [name for name, matches in compiled if matches(facts)]


def clips(rules: Rules) -> Run:
    """One template with a slot a fact; conditions that stand alone are constraints of their slot, others are tests."""
    import clips as package

    environment = package.Environment()
    slots = " ".join(f"(slot {fact})" for fact in FACTS)
    environment.build(f"(deftemplate borrower {slots})")
    found: list[int] = []
    environment.define_function(found.append, "fired")

    def lisp(condition: Condition) -> str:
        match condition:
            case ("all", parts):
                return f"(and {' '.join(map(lisp, parts))})" if len(parts) > 1 else lisp(parts[0])
            case ("any", parts):
                return f"(or {' '.join(map(lisp, parts))})" if len(parts) > 1 else lisp(parts[0])
            case ("not", part):
                return f"(not {lisp(part)})"
            case (op, fact, value):
                return f"({'=' if op == '==' else op} ?{fact} {value})"
        raise AssertionError(condition)

    def read(condition: Condition) -> set[str]:
        if condition[0] == "not":
            return read(condition[1])
        if condition[0] in ("all", "any"):
            return set().union(*map(read, condition[1]))
        return {condition[1]}

    for k, (_, condition) in enumerate(rules):
        parts = condition[1] if condition[0] == "all" else [condition]
        alone = [part for part in parts if part[0] not in ("all", "any", "not")]
        others = [part for part in parts if part not in alone]
        pattern = []
        for fact in sorted(read(condition), key=list(FACTS).index):
            held = [lisp(part) for part in alone if part[1] == fact]
            pattern.append(f"({fact} ?{fact}{''.join(f'&:{one}' for one in held)})")
        tests = "".join(f"(test {lisp(part)})" for part in others)
        environment.build(f"(defrule r{k} (borrower {' '.join(pattern)}) {tests} => (fired {k}))")
    template = environment.find_template("borrower")
    names = [name for name, _ in rules]

    def run(facts: Facts) -> list[str]:
        found.clear()
        environment.reset()
        template.assert_fact(**facts)
        environment.run()
        return [names[k] for k in sorted(found)]

    return run


ENGINE = "durable_rules_engine" if engine_version() is None else ""
"""What is missing where durable_rules cannot be imported."""

SUBJECTS = (
    Subject("bare `if`s (the floor)", plain_ifs),
    Subject("**generated Python alone**", generated),
    Subject("the tree, recursively", tree),
    Subject("**durable_rules alone**", durable, ENGINE),
    Subject("**both and the check, names only**", both_engines, ENGINE),
    Subject("**both, the check, every leaf's verdict**", both_with_every_leaf, ENGINE),
    Subject("both, the check, every leaf as a record", both_with_every_record, ENGINE),
    Subject("zen-engine, an expression a row", zen_expressions(traced=False), "zen"),
    Subject("zen-engine, an expression a row, trace on", zen_expressions(traced=True), "zen"),
    Subject("zen-engine, a column a fact", zen_columns(traced=False), "zen"),
    Subject("zen-engine, a column a fact, trace on", zen_columns(traced=True), "zen"),
    Subject("clipspy", clips, "clips"),
    Subject("rule-engine", rule_engine, "rule_engine"),
)
