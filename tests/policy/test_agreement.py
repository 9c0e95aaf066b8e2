"""Three evaluators that must never differ: durable_rules, generated Python, and an oracle that knows neither.

A case is one rule for one borrower. The oracle reads raw values; the two others read what the policy language
and the facts make of them, so that the lowering is compared as well.
"""

import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laws import examples
from policy import oracle
from policy.drawn import FACTS, LARGEST, OPTIONAL, Draw, encoded, lowered, problem_of
from policy.oracle import Condition
from restructure.policy.engine import reference
from restructure.policy.engine.durable import DurableEngine, engine_version
from restructure.policy.engine.generated import Generated
from restructure.policy.engine.normal_form import (
    Alternative,
    Leaf,
    Operator,
    Problem,
    Together,
    disjuncts,
    width,
)

HERE = engine_version() is not None
needs_engine = pytest.mark.skipif(
    not HERE, reason="NOT CHECKED against durable_rules: this interpreter cannot import it (CPython 3.13+)"
)
WORDS = {True: "true", False: "false", None: "unknown"}


class Trio:
    """One policy three ways."""

    def __init__(self, rules: Sequence[tuple[str, Condition]]) -> None:
        self.rules, self.problem = rules, problem_of(rules)
        self.generated = Generated(self.problem)
        self.engine = DurableEngine(self.problem) if HERE else None

    def check(self, borrower: dict[str, Any]) -> list[str]:
        """What fires, once all three have said it."""
        expected = oracle.fired(self.rules, borrower)
        values = encoded(borrower)
        row = self.problem.row(values)
        assert [self.problem.names[place] for place in self.generated.fired(row)] == expected
        if self.engine is not None:
            assert self.engine.fired(values) == expected
        return expected

    def check_verdicts(self, borrower: dict[str, Any]) -> None:
        """True, false and unknown, by the oracle, by generated Python and by the tree."""
        values = encoded(borrower)
        expected = [oracle.holds(condition, borrower) for _, condition in self.rules]
        found = self.generated.verdicts(self.problem.row(values))
        assert [WORDS[verdict] for verdict in found] == expected
        assert tuple(reference.verdict(node, values) for _, node in self.problem.entries) == found


def cases(rng: random.Random, wanted: int, *, borrowers: int = 20) -> int:
    """Check so many cases, some policies at the edges of the integers; how many fired."""
    done = fired = 0
    while done < wanted:
        draw = Draw(rng, edges=rng.random() < 0.25)
        trio = Trio(draw.rules(rng.choice([1, 5, 25, 60])))
        drawn = [draw.borrower() for _ in range(borrowers)]
        first = [trio.check(borrower) for borrower in drawn]
        for borrower in drawn[:3]:
            trio.check_verdicts(borrower)
        assert [trio.check(borrower) for borrower in drawn[:2]] == first[:2]  # again, after the others
        done += borrowers * len(trio.rules)
        fired += sum(map(len, first))
    return fired


def test_three_evaluators_agree_in_twenty_thousand_cases():
    fired = cases(random.Random(20260318), 20_000)
    assert fired > 4_000, "too little fires for the cases to mean much"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_three_evaluators_agree_in_a_million_cases(seed):
    assert cases(random.Random(seed), 250_000, borrowers=40) > 50_000


# --- of any size, in any order


@pytest.mark.parametrize("count", [0, 1, 60, 61, 64, 65, 511, 513, 1000])
def test_policies_of_any_size_are_evaluated_in_order(count):
    draw = Draw(random.Random(count))
    trio = Trio(draw.rules(count))
    for _ in range(8):
        trio.check(draw.borrower())
    trio.check_verdicts(draw.borrower())


@pytest.mark.parametrize("count", [60, 61, 64, 65, 511, 513, 1000])
def test_all_of_very_many_rules_fire_at_once_and_none_does(count):
    problem = Problem([(f"r{k}", Leaf("a", Operator.MORE, k)) for k in range(count)])
    generated, values = Generated(problem), {"a": count}
    assert generated.fired(problem.row(values)) == [*range(count)]
    assert generated.fired((0,)) == generated.fired((None,)) == []
    if HERE:
        engine = DurableEngine(problem)
        assert engine.fired(values) == [f"r{k}" for k in range(count)]
        assert engine.fired({"a": 0}) == engine.fired({"a": None}) == []


@examples(40)
@given(st.integers(0, 10**6), st.randoms(use_true_random=False))
def test_shuffling_the_rules_changes_nothing_but_their_order(seed, shuffling):
    draw = Draw(random.Random(seed))
    rules = draw.rules(20)
    shuffled = shuffling.sample(rules, len(rules))
    borrower = draw.borrower()
    names = Trio(rules).check(borrower)
    assert Trio(shuffled).check(borrower) == [name for name, _ in shuffled if name in names]


def test_the_same_input_gives_the_same_answer_twice_and_after_a_hundred_others():
    draw = Draw(random.Random(100))
    trio = Trio(draw.rules(70))
    borrower = draw.borrower(unknown=0.1)
    first = trio.check(borrower)
    assert first
    assert trio.check(borrower) == first
    for _ in range(100):
        trio.check(draw.borrower())
    assert trio.check(borrower) == first


# --- the third value


@pytest.mark.parametrize("unknown", OPTIONAL)
def test_every_fact_that_may_be_unknown_is(unknown):
    draw = Draw(random.Random(unknown))
    trio = Trio(draw.rules(60))
    for _ in range(20):
        borrower = draw.borrower(unknown=0) | {unknown: None}
        trio.check(borrower)
        trio.check_verdicts(borrower)


def test_a_borrower_of_whom_nothing_is_known_is_evaluated():
    draw = Draw(random.Random(0))
    trio = Trio(draw.rules(200))
    values = dict.fromkeys(FACTS)
    expected = oracle.fired(trio.rules, values)
    assert expected, "some rule asks for what is unknown"
    trio.check(values)
    trio.check_verdicts(values)


def test_the_oracle_knows_kleenes_tables():
    facts = {"count": 1, "months": None}
    true, false, unknown = (
        ("compare", "count", "==", 1),
        ("compare", "count", "==", 0),
        ("compare", "months", "==", 1),
    )
    table = {"true": true, "false": false, "unknown": unknown}
    both = {(a, b): oracle.holds(("all", [table[a], table[b]]), facts) for a in table for b in table}
    either = {(a, b): oracle.holds(("any", [table[a], table[b]]), facts) for a in table for b in table}
    assert both == {
        ("true", "true"): "true", ("true", "false"): "false", ("true", "unknown"): "unknown",
        ("false", "true"): "false", ("false", "false"): "false", ("false", "unknown"): "false",
        ("unknown", "true"): "unknown", ("unknown", "false"): "false", ("unknown", "unknown"): "unknown",
    }  # fmt: skip
    assert either == {
        ("true", "true"): "true", ("true", "false"): "true", ("true", "unknown"): "true",
        ("false", "true"): "true", ("false", "false"): "false", ("false", "unknown"): "unknown",
        ("unknown", "true"): "true", ("unknown", "false"): "unknown", ("unknown", "unknown"): "unknown",
    }  # fmt: skip
    assert [oracle.holds(("not", table[a]), facts) for a in table] == ["false", "true", "unknown"]


@pytest.mark.parametrize("op", ["==", "!=", "<", "<=", ">", ">="])
@pytest.mark.parametrize("negated", [False, True])
def test_a_comparison_with_what_is_unknown_fires_neither_as_it_is_nor_negated(op, negated):
    compared = ("compare", "months", op, 6)
    trio = Trio([("rule", ("not", compared) if negated else compared)])
    borrower = dict.fromkeys(FACTS)
    assert trio.check(borrower) == []
    assert oracle.holds(trio.rules[0][1], borrower) == "unknown"
    trio.check_verdicts(borrower)
    for months in (5, 6, 7):
        trio.check(borrower | {"months": months})


# --- at the edges


@pytest.mark.parametrize("value", [LARGEST, -LARGEST, LARGEST - 1, 1 - LARGEST, 0, 2**53 + 1, 2**32])
@pytest.mark.parametrize("op", ["==", "!=", "<", "<=", ">", ">="])
def test_integers_are_compared_exactly_to_the_last_one(value, op):
    near = [number for number in (value - 1, value, value + 1) if -LARGEST <= number <= LARGEST]
    trio = Trio([(str(number), ("compare", "count", op, number)) for number in near])
    for number in near:
        trio.check(dict.fromkeys(FACTS) | {"count": number})


@pytest.mark.parametrize("one", [LARGEST, -LARGEST, 0, 1])
@pytest.mark.parametrize("other", [LARGEST, -LARGEST, 0, -1])
@pytest.mark.parametrize("op", ["==", "!=", "<", "<=", ">", ">="])
def test_the_difference_of_two_facts_may_be_beyond_what_the_engine_holds(one, other, op):
    trio = Trio([(factor, ("times", "days_a", op, factor, "days_b")) for factor in ("1", "0.001", "2.9")])
    trio.check(dict.fromkeys(FACTS) | {"days_a": one, "days_b": other})


# --- shrinking to the smallest policy that is wrong


@st.composite
def conditions(draw, depth=3):
    shape = draw(st.sampled_from(["leaf", "leaf", "not", "all", "any"])) if depth else "leaf"
    if shape == "not":
        return ("not", draw(conditions(depth - 1)))
    if shape != "leaf":
        return (shape, draw(st.lists(conditions(depth - 1), min_size=1, max_size=3)))
    name = draw(st.sampled_from(["count", "months", "days_a"]))
    op = draw(st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "known", "unknown", "times"]))
    if op == "times":
        factor = draw(st.sampled_from(["1", "0.5", "1.5"]))
        return ("times", name, draw(st.sampled_from(["<", ">=", "=="])), factor, "days_b")
    return (op, name) if "known" in op else ("compare", name, op, draw(st.integers(-1, 2)))


borrowers = st.fixed_dictionaries(
    {name: st.sampled_from([None, -2, -1, 0, 1, 2, 3]) for name in ("count", "months", "days_a", "days_b")}
)


@given(st.lists(conditions(), min_size=1, max_size=4), st.lists(borrowers, min_size=1, max_size=4))
def test_three_evaluators_agree_on_small_policies(rules, some):
    named = [(str(k), condition) for k, condition in enumerate(rules) if width(lowered(condition)) <= 48]
    trio = Trio(named)
    for borrower in some:
        facts = dict.fromkeys(FACTS) | borrower
        trio.check(facts)
        trio.check_verdicts(facts)


@given(conditions(), borrowers)
def test_negation_turns_true_into_false_and_leaves_unknown_unknown(condition, borrower):
    node, values = lowered(condition), borrower
    verdict = reference.verdict(node, values)
    assert WORDS[verdict] == oracle.holds(condition, borrower)
    assert reference.verdict(node.negated(), values) is (None if verdict is None else not verdict)
    assert reference.verdict(node.negated().negated(), values) is verdict


@given(conditions(), borrowers)
def test_the_alternatives_of_a_condition_are_true_exactly_when_it_is(condition, borrower):
    node = lowered(condition)
    rows = disjuncts(node)
    assert len(rows) == width(node)
    spelled = any(all(leaf.verdict(borrower) is True for leaf in row) for row in rows)
    assert spelled is (oracle.holds(condition, borrower) == "true")


@given(conditions(), borrowers)
def test_the_decisive_leaves_alone_make_the_condition_come_out_as_it_did(condition, borrower):
    node = lowered(condition)
    outcome = reference.verdict(node, borrower)
    found = reference.decisive(node, borrower)
    assert found
    for leaf, verdict in found:
        assert leaf.verdict(borrower) is verdict
        # A true condition is explained by what is true, one that is not by what is not.
        assert (verdict is True) is (outcome is True)
        # What is known to fail decides; what is unknown beside it would not have helped.
        assert verdict is False or outcome is not False
    # Turn every leaf that was not named into its opposite: what was known to come out still does.
    if outcome is not None:
        named = {leaf for leaf, _ in found}

        def forced(part) -> bool:
            match part:
                case Leaf():
                    return part.verdict(borrower) is True if part in named else not outcome
                case Together():
                    return all(forced(inner) for inner in part.parts)
                case Alternative():
                    return any(forced(inner) for inner in part.parts)

        assert forced(node) is outcome
