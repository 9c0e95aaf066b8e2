"""The trace and the generated code: every leaf, in order, only when asked for, and no text of a policy in code."""

import json
import os
import random
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy import oracle
from policy.drawn import Draw, encoded, lowered, problem_of
from restructure.policy.engine import generated, reference
from restructure.policy.engine.evaluation import Engines, Evaluator, evaluator
from restructure.policy.engine.generated import Generated
from restructure.policy.engine.normal_form import Alternative, Leaf, Operator, Problem, Together, depth
from restructure.policy.engine.trace import trace

WORDS = {True: "true", False: "false", None: "unknown"}


def test_a_trace_has_every_condition_and_every_leaf_as_the_tree_has_them():
    rng = random.Random(9)
    for _ in range(40):
        draw = Draw(rng, edges=rng.random() < 0.2)
        rules = draw.rules(15)
        problem, borrower = problem_of(rules), draw.borrower()
        values = encoded(borrower)
        found = trace(problem, values)
        assert [WORDS[verdict] for verdict in found.verdicts] == [oracle.holds(c, borrower) for _, c in rules]
        assert found.fired == oracle.fired(rules, borrower) == reference.fired(problem, values)
        entries = list(found.entries())
        assert [entry.name for entry in entries] == [name for name, _ in rules]
        for entry, (_, node) in zip(entries, problem.entries, strict=True):
            leaves = list(node.leaves())
            assert [one.leaf for one in entry.leaves] == leaves
            assert [one.verdict for one in entry.leaves] == [leaf.verdict(values) for leaf in leaves]
            assert [one.value for one in entry.leaves] == [values[leaf.fact] for leaf in leaves]
            assert entry.verdict is reference.verdict(node, values)


def test_a_leaf_of_a_trace_agrees_with_the_oracle_on_its_own():
    draw = Draw(random.Random(10))
    conditions = [draw.comparison() for _ in range(200)]
    problem = problem_of([(str(k), condition) for k, condition in enumerate(conditions)])
    borrower = draw.borrower(unknown=0.3)
    for entry, condition in zip(trace(problem, encoded(borrower)).entries(), conditions, strict=True):
        [leaf] = entry.leaves
        assert WORDS[leaf.verdict] == WORDS[entry.verdict] == oracle.holds(condition, borrower)


def test_fired_refused_and_unknown_are_everything_and_nothing_twice():
    draw = Draw(random.Random(11))
    problem = problem_of(draw.rules(50))
    found = trace(problem, encoded(draw.borrower(unknown=0.5)))
    assert found.unknown
    assert sorted([*found.fired, *found.refused, *found.unknown]) == sorted(problem.names)


ordered = st.sampled_from([op for op in Operator if op.orders])


@given(ordered, st.integers(-40, 40), st.integers(-40, 40), st.integers(1, 7), st.integers(-3, 7))
def test_a_gap_is_the_least_change_with_which_a_leaf_holds(op, value, other, left, right):
    for leaf in (Leaf("a", op, other), Leaf("a", op, other="b", left=left, right=right)):
        gap = leaf.gap({"a": value, "b": other})
        assert gap is not None
        assert leaf.verdict({"a": value + gap, "b": other}) is True
        if gap:
            nearer = value + gap - (1 if gap > 0 else -1)
            assert leaf.verdict({"a": nearer, "b": other}) is False


@pytest.mark.parametrize("op", [op for op in Operator if not op.orders])
def test_what_has_no_order_has_no_gap_and_neither_has_what_is_unknown(op):
    assert Leaf("a", op, 5).gap({"a": 3}) is None
    assert Leaf("a", Operator.MORE, 5).gap({"a": None}) is None
    assert Leaf("a", Operator.MORE, other="b").gap({"a": 5, "b": None}) is None


def test_a_trace_keeps_the_values_it_was_made_of():
    problem = Problem([("r", Leaf("a", Operator.MORE, 5))])
    values: dict[str, int | None] = {"a": 9}
    found = trace(problem, values)
    values["a"] = None
    assert found.fired == ["r"]
    assert found.plain()["conditions"][0]["leaves"][0]["value"] == 9


def test_names_alone_compile_and_evaluate_no_leaf():
    problem = Problem([("only here", Leaf("a", Operator.MORE, 5))])
    made = evaluator(problem).generated
    found = trace(problem, {"a": 9})
    assert made.__dict__.keys().isdisjoint({"fired", "verdicts", "leaves"})
    assert found.plain(full=False)["conditions"] == [{"name": "only here", "verdict": "true"}]
    assert "leaves" not in made.__dict__
    assert found.plain()["conditions"][0]["leaves"]
    assert "leaves" in made.__dict__


def test_a_full_trace_shows_both_sides_of_every_kind_of_leaf():
    problem = Problem(
        [
            (
                "rule",
                Together(
                    (
                        Leaf("a", Operator.LESS, 5),
                        Alternative((Leaf("b", Operator.KNOWN), Leaf("c", Operator.UNKNOWN))),
                        Leaf("a", Operator.AT_LEAST, other="b", left=2, right=3),
                    )
                ),
            )
        ]
    )
    assert trace(problem, {"a": 7, "b": 6, "c": None}).plain() == {
        "format": 1,
        "conditions": [
            {
                "name": "rule",
                "verdict": "false",
                "leaves": [
                    {"fact": "a", "op": "<", "value": 7, "threshold": 5, "verdict": "false", "gap": -3},
                    {"fact": "b", "op": "known", "value": 6, "verdict": "true", "gap": None},
                    {"fact": "c", "op": "unknown", "value": None, "verdict": "true", "gap": None},
                    {
                        "fact": "a", "op": ">=", "value": 7, "other": "b", "left": 2, "right": 3,
                        "threshold": 6, "verdict": "false", "gap": 2,
                    },
                ],
            }
        ],
    }  # fmt: skip


SEEDED = """
import sys; sys.path[:0] = [{tests!r}]
import json, random
from policy.drawn import Draw, encoded, problem_of
from restructure.policy.engine.trace import trace
from restructure.policy.engine.evaluation import evaluator
draw = Draw(random.Random(5))
problem, values = problem_of(draw.rules(30)), encoded(draw.borrower())
print(json.dumps([trace(problem, values).plain(), problem.digest, evaluator(problem).fired(values)]))
"""


def test_a_trace_reads_the_same_in_every_process():
    code = SEEDED.format(tests=os.path.dirname(os.path.dirname(__file__)))
    found = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60,
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        ).stdout
        for seed in ("0", "1", "2")
    }  # fmt: skip
    assert len(found) == 1
    assert json.loads(found.pop())[0]["format"] == 1


# --- generated code

HOSTILE = ["__import__('os')", "f0", "row", "places", 'a"b', "a\nb", "失业", "0x1", "None", "class"]
WRITTEN = re.compile(
    r"\s*(def evaluate\(row\):|(f\d+, )+= row|places = \[\]|add = places\.append|add\(0x[0-9a-f]+\)"
    r"|return places|return \(|\)"
    r"|(if )?(f\d+|-?0x[0-9a-f]+|[()<>,*:]|[<>=!]=|\b(and|or|is|not|if|else|None|True|False)\b|\s)+)"
)
"""All that a line of generated code may be."""


def test_nothing_that_a_policy_says_stands_in_generated_code(monkeypatch):
    sources: list[str] = []
    monkeypatch.setattr(
        generated, "exec", lambda text, made: (sources.append(text), exec(text, made)), raising=False
    )
    leaves = [
        Leaf(name, op, 2**70, other, -3, 5)
        for name in HOSTILE
        for op in Operator
        for other in ((None,) if op in (Operator.KNOWN, Operator.UNKNOWN) else (None, "f1; x"))
    ]
    entries = [
        (name, Alternative((Together(tuple(leaves)), leaf)))
        for name, leaf in zip(HOSTILE, leaves, strict=False)
    ]
    made = Generated(Problem(entries))
    row = (1,) * len(made.problem.facts)
    for evaluate in (made.fired, made.verdicts, made.leaves):
        evaluate(row)
    assert len(sources) == 3
    strange = [line for source in sources for line in source.splitlines() if not WRITTEN.fullmatch(line)]
    assert strange == []


@pytest.mark.parametrize("number", ["0", "__import__('os').abort()", 1.5, None])
@pytest.mark.parametrize("place", ["threshold", "left", "right"])
def test_a_constant_that_is_no_integer_is_never_written(number, place):
    other = None if place == "threshold" else "b"
    leaf = Leaf("a", Operator.MORE, **{"other": other, place: number})
    with pytest.raises((ValueError, TypeError)):
        Generated(Problem([("r", leaf)])).fired((1, 1))


def test_generated_code_can_reach_no_builtin():
    made = Generated(Problem([("r", Leaf("a", Operator.MORE, 5))]))
    assert made.fired.__globals__["__builtins__"] == {}


@pytest.mark.parametrize("levels", [59, 60, 61, 400])
def test_conditions_deeper_than_the_compiler_goes_come_out_the_same(levels):
    node = Leaf("a", Operator.MORE, 5)
    for k in range(levels):
        leaf = Leaf("b", Operator.EQUAL, k)
        node = (
            Alternative((node, leaf))
            if k % 2
            else Together((node, Alternative((leaf, Leaf("b", Operator.KNOWN)))))
        )
    problem = Problem([("r", node), ("s", Leaf("a", Operator.AT_MOST, 5))])
    assert depth(node) > levels
    both = Evaluator(problem)
    for values in (
        {"a": 6, "b": 0},
        {"a": 5, "b": 0},
        {"a": 6, "b": None},
        {"a": None, "b": 3},
        {"a": 5, "b": levels - 1},
    ):
        expected = reference.fired(problem, values)
        assert both.fired(values, Engines.REFERENCE) == expected
        assert list(both.generated.verdicts(problem.row(values))) == [
            reference.verdict(part, values) for _, part in problem.entries
        ]
        assert trace(problem, values).fired == expected


@pytest.mark.parametrize(
    ("entries", "expected"),
    [([], []), ([("always", Together(())), ("never", Alternative(()))], ["always"])],
)
def test_what_reads_no_fact_is_evaluated(entries, expected):
    problem = Problem(entries)
    assert Evaluator(problem).fired({}, Engines.REFERENCE) == expected
    assert trace(problem, {}).fired == expected
    assert trace(problem, {}).plain()["conditions"] == [
        {"name": name, "verdict": "true" if name in expected else "false", "leaves": []}
        for name, _ in entries
    ]


def test_lowering_negates_in_the_leaves_only():
    node = lowered(("not", ("all", [("compare", "count", "<", 5), ("not", ("known", "months"))])))
    assert node == Alternative((Leaf("count", Operator.AT_LEAST, 5), Leaf("months", Operator.KNOWN)))
