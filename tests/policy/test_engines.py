"""The engine's adapter and the pair of evaluators: sizes, threads, forks, errors, one engine a content, disagreement."""

import os
import random
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from decimal import Decimal

import pytest

from cases import ROOT, example, gate, policy_of, rule, small
from policy import oracle
from policy.drawn import LARGEST, Draw, encoded, problem_of
from restructure.casework.decisions.decision import decide
from restructure.errors import EngineDisagreement, EngineError
from restructure.intake.application import Application
from restructure.policy.engine import durable, evaluation
from restructure.policy.engine import normal_form as normal
from restructure.policy.engine import rule_sets as conjunctions
from restructure.policy.engine.durable import DurableEngine, engine_version, hash_of
from restructure.policy.engine.evaluation import Engines, Evaluator, engines_here, evaluator
from restructure.policy.engine.normal_form import Alternative, Leaf, Operator, Problem, Together
from restructure.policy.engine.rule_sets import SLOTS_OF_A_PAGE, paged

HERE = engine_version() is not None
needs_engine = pytest.mark.skipif(
    not HERE, reason="durable_rules cannot be imported by this interpreter (CPython 3.13+ as released)"
)


# --- what it is given


@needs_engine
def test_a_rule_with_many_true_alternatives_fires_once():
    wide = Alternative(tuple(Leaf("a", Operator.MORE, -k) for k in range(48)))
    problem = Problem([("one", wide), ("two", Leaf("a", Operator.EQUAL, 5)), ("three", wide)])
    assert DurableEngine(problem).fired({"a": 5}) == ["one", "two", "three"]


@needs_engine
@pytest.mark.parametrize("count", [126, 127, 300])
def test_any_number_of_different_comparisons_is_evaluated(count):
    # A fact of the engine holds some 250 properties, and each comparison of two facts needs two of its own.
    pairs = Problem([(f"r{k}", Leaf("a", Operator.MORE, other="b", left=1, right=k)) for k in range(count)])
    assert DurableEngine(pairs).fired({"a": 50, "b": 1}) == [f"r{k}" for k in range(50)]


@needs_engine
def test_names_may_hold_anything():
    names = ['a"b', "c.1", "中文", "0.0", "$state", "x:y z", "\\"]
    problem = Problem([(name, Leaf("a", Operator.EQUAL, 1)) for name in names])
    assert DurableEngine(problem).fired({"a": 1}) == names


@needs_engine
@pytest.mark.parametrize("value", [LARGEST + 1, -LARGEST - 1, 10**30])
def test_a_number_beyond_sixty_four_bits_is_refused_and_the_next_one_is_answered(value):
    engine = DurableEngine(Problem([("r", Leaf("salary", Operator.MORE, 5))]))
    with pytest.raises(EngineError) as caught:
        engine.fired({"salary": value})
    assert [issue.code for issue in caught.value.issues] == ["engine-overflow"]
    assert str(value) not in str(caught.value)
    assert engine.fired({"salary": 6}) == ["r"]
    with pytest.raises(EngineError, match="engine-overflow"):
        DurableEngine(Problem([("r", Leaf("salary", Operator.MORE, value))]))


@needs_engine
def test_the_number_that_stands_for_unknown_is_refused_as_a_value():
    engine = DurableEngine(Problem([("r", Leaf("salary", Operator.UNKNOWN))]))
    with pytest.raises(EngineError, match="engine-overflow: salary"):
        engine.fired({"salary": -(2**63)})
    assert engine.fired({"salary": None}) == ["r"]


@needs_engine
@pytest.mark.parametrize("value", [4800.5, "4800", Decimal("4800.5")])
@pytest.mark.parametrize("other", [None, "debt"])
def test_what_is_no_integer_is_refused_by_the_name_of_the_fact(value, other):
    engine = DurableEngine(Problem([("r", Leaf("salary", Operator.MORE, other=other))]))
    with pytest.raises(TypeError) as caught:
        engine.fired({"salary": value, "debt": 1})
    assert "salary" in str(caught.value) or (other and isinstance(value, str))
    assert "4800" not in str(caught.value)
    assert engine.fired({"salary": 6, "debt": 1}) == ["r"]


@needs_engine
def test_what_the_engine_cannot_take_is_refused_before_it_is_given():
    empty = Problem([("good", Leaf("a", Operator.MORE, 0)), ("bad", Together(()))])
    with pytest.raises(EngineError, match="condition-empty: bad"):
        DurableEngine(empty)
    either = Alternative((Leaf("a", Operator.MORE, 0), Leaf("b", Operator.MORE, 0)))
    with pytest.raises(EngineError, match="condition-too-wide: bad"):
        DurableEngine(Problem([("bad", Together((either,) * 100))]))  # 2 to the 100 alternatives
    many = Together(tuple(Leaf(f"a{k}", Operator.MORE, 0) for k in range(SLOTS_OF_A_PAGE + 1)))
    with pytest.raises(EngineError, match="condition-too-wide: bad"):
        DurableEngine(Problem([("bad", many)]))
    just = Problem([("good", Together(many.parts[1:]))])
    assert DurableEngine(just).fired(dict.fromkeys(just.facts, 1)) == ["good"]


def test_the_engines_hash_tells_all_slots_apart():
    # FNV-1a as published: the empty text, "a" and "foobar".
    assert [hash_of(text) for text in ("", "a", "foobar")] == [0x811C9DC5, 0xE40C292C, 0xBF9CF968]
    names = [f"f{k}" for k in range(SLOTS_OF_A_PAGE)] + ["id", "sid", "end", "$s"]
    assert len({hash_of(name) for name in names}) == len(names)
    assert hash_of("costarring") == hash_of("liquid"), "two words that the engine takes for one"


@needs_engine
def test_slots_that_the_engine_could_not_tell_apart_are_noticed(monkeypatch):
    monkeypatch.setattr(durable, "hash_of", lambda name: 0 if name in ("f3", "f4") else hash(name))
    durable._hashes_differ.cache_clear()
    try:
        with pytest.raises(EngineError, match="engine-self-test"):
            DurableEngine(Problem([("r", Leaf("a", Operator.MORE, 0))])).fired({"a": 1})
    finally:
        durable._hashes_differ.cache_clear()


def test_no_set_holds_more_than_sixty_conjunctions_and_no_message_more_facts_than_the_engine_takes():
    draw = Draw(random.Random(60))
    rules = draw.rules(400)
    problem = problem_of(rules)
    pages = paged(problem)
    assert max(len(one) for page in pages for one in page.sets) == 60
    assert all(len(page.slots) <= SLOTS_OF_A_PAGE for page in pages)
    spelled = sum(conjunctions.width(node) for _, node in problem.entries)
    assert sum(len(one) for page in pages for one in page.sets) == spelled
    assert all(row for page in pages for one in page.sets for _, row in one)


def test_what_is_compared_first_is_what_many_conjunctions_begin_with():
    same = [
        (f"r{k}", Together((Leaf("b", Operator.MORE, k), Leaf("a", Operator.EQUAL, k % 2)))) for k in range(4)
    ]
    [page] = paged(Problem(same))
    a, b = (next(k for slot, k in page.slots.items() if slot.fact == name) for name in "ab")
    assert page.sets == [[(k, [(a, Operator.EQUAL, k % 2), (b, Operator.MORE, k)]) for k in (0, 2, 1, 3)]]


# --- one engine, many users


def engine_and_cases(seed: int = 7, count: int = 70):
    """An engine of more than one set, and what it must answer."""
    draw = Draw(random.Random(seed))
    rules = draw.rules(count)
    drawn = [draw.borrower() for _ in range(40)]
    cases = [(encoded(borrower), oracle.fired(rules, borrower)) for borrower in drawn]
    return DurableEngine(problem_of(rules)), cases


@needs_engine
def test_eight_threads_may_share_one_engine_for_a_thousand_evaluations_each():
    engine, cases = engine_and_cases()
    wrong: list[object] = []
    start = threading.Barrier(8)

    def work(seed: int) -> None:
        order = random.Random(seed).sample(cases * 25, 1000)
        start.wait()
        for values, expected in order:
            try:
                if (found := engine.fired(values)) != expected:
                    wrong.append((found, expected))
            except Exception as error:
                wrong.append(error)

    old = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(old)
    assert wrong == []


@needs_engine
def test_eight_threads_may_ask_for_the_first_evaluation_at_once():
    problem = Problem([("first", Leaf("a", Operator.MORE, 0))])
    start, found, used = threading.Barrier(8), [], set()

    def work() -> None:
        start.wait()
        one = evaluator(problem)
        found.append(one.fired({"a": 1}))
        used.add(one.durable)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [["first"]] * 8
    assert len(used) == 1


FORKED = """
import os, sys, threading
sys.path[:0] = [{tests!r}, {policy!r}]
from test_engines import engine_and_cases
from restructure.policy.engine import durable, evaluation
engine, cases = engine_and_cases()
right = lambda: all(engine.fired(values) == expected for values, expected in cases * 3)
assert right()
children = []
engine._lock.acquire()  # as if another thread were evaluating
evaluation._keeping.acquire()
durable._disowning.acquire()
for _ in range(3):
    pid = os.fork()
    if pid == 0:
        found = []
        threads = [threading.Thread(target=lambda: found.append(right())) for _ in range(4)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        again = evaluation.evaluator(engine._problem).fired(cases[0][0]) == cases[0][1]
        os._exit(0 if found == [True] * 4 and again else 1)
    children.append(pid)
engine._lock.release()
evaluation._keeping.release()
durable._disowning.release()
assert right()
codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
assert codes == [0, 0, 0], codes
"""


@needs_engine
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_after_a_fork_parent_and_children_answer_right():
    tests = ROOT / "tests"
    code = FORKED.format(tests=str(tests), policy=str(tests / "policy"))
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@needs_engine
def test_another_process_builds_its_own_engine(monkeypatch):
    engine = DurableEngine(Problem([("r", Leaf("a", Operator.MORE, 0))]))
    built = []
    real = engine._built
    monkeypatch.setattr(engine, "_built", lambda: (built.append(os.getpid()), real())[1])
    assert engine.fired({"a": 1}) == engine.fired({"a": 1}) == ["r"]
    here = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: here + 1)
    assert engine.fired({"a": 1}) == engine.fired({"a": 1}) == ["r"]
    assert built == [here, here + 1]
    engine._abandon()  # nothing is freed that another process seems to own


# --- one engine a content


def of_content(name: str = "r", threshold: int = 0) -> Problem:
    return Problem([(name, Alternative((Leaf("a", Operator.MORE, threshold), Leaf("b", Operator.UNKNOWN))))])


def test_two_problems_of_one_content_share_one_evaluator_and_others_do_not():
    one = evaluator(of_content())
    assert evaluator(of_content()) is one
    others = [
        of_content("s"),
        of_content(threshold=1),
        Problem([*of_content().entries, ("t", Leaf("a", Operator.KNOWN))]),
        Problem([("r", Together(of_content().entries[0][1].parts))]),
        Problem([("r", Leaf("a", Operator.MORE, other="b"))]),
        Problem([("r", Leaf("a", Operator.MORE, other="b", right=2))]),
        Problem([("r", Leaf("a", Operator.MORE, other="b", left=2))]),
    ]
    assert len({one, *map(evaluator, others)}) == 1 + len(others)


def test_names_cannot_be_written_so_that_two_contents_look_alike():
    leaf = Leaf("a", Operator.KNOWN)
    two = Problem([("x", leaf), ("y", leaf)])
    for quote in ("", "'", '"'):
        spelled = f"x{quote}:{normal._spelled(leaf)}\n{quote}y"
        assert two.digest != Problem([(spelled, leaf)]).digest
    assert Problem([("r", Leaf("a' == 0x5 None", Operator.KNOWN))]).digest != Problem([("r", leaf)]).digest


def test_two_policies_of_one_content_share_one_engine_and_a_changed_one_is_evaluated_as_changed():
    text = small(gates=gate("g", "{fact: monthly_income, op: '>', value: 4711}", "refer"))
    on = Application.model_validate(example("illness")).as_of
    first, second = (policy_of(text).at(on).case_problem for _ in range(2))
    assert first is not second
    assert evaluator(first) is evaluator(second)
    changed = policy_of(text.replace("4711", "4712")).at(on).case_problem
    income = 471150
    values = dict.fromkeys(changed.facts, income)
    assert "passed:g" in evaluator(first).fired(values)
    assert "failed:g" in evaluator(changed).fired(values)


def test_the_evaluators_used_last_are_kept(monkeypatch):
    monkeypatch.setattr(evaluation, "_kept", OrderedDict())
    hot = of_content("hot")
    first = evaluator(hot)
    for k in range(200):
        evaluator(of_content(threshold=k))
        assert evaluator(hot) is first
    assert len(evaluation._kept) == 64
    again = evaluator(of_content(threshold=0))
    assert again.fired({"a": 1, "b": 0}) == ["r"]


# --- errors


class Breaking:
    """The engine's extension, with one call that raises once."""

    def __init__(self, extension, call: str, error: BaseException) -> None:
        self.extension, self.call, self.error = extension, call, error

    def __getattr__(self, name: str):
        real = getattr(self.extension, name)
        if name != self.call or self.error is None:
            return real

        def broken(*args):
            error, self.error = self.error, None
            raise error

        return broken


@needs_engine
@pytest.mark.parametrize(
    "call", ["assert_fact", "start_action_for_state", "complete_and_start_action", "retract_fact"]
)
@pytest.mark.parametrize(
    "error", [RuntimeError("secret 4800"), KeyboardInterrupt(), SystemExit(3), MemoryError("secret 4800")]
)
def test_an_exception_in_the_middle_is_passed_on_without_values_and_the_next_answer_is_right(
    call, error, monkeypatch
):
    engine, cases = engine_and_cases()
    values, expected = next((values, expected) for values, expected in cases if len(expected) > 3)
    assert engine.fired(values) == expected
    monkeypatch.setattr(engine, "_extension", Breaking(engine._extension, call, error))
    kind = EngineError if isinstance(error, Exception) else type(error)
    with pytest.raises(kind) as caught:
        engine.fired(values)
    if kind is EngineError:
        assert [issue.code for issue in caught.value.issues] == ["engine-failed"]
        assert "secret" not in str(caught.value)
        assert caught.value.__suppress_context__
    assert engine._sets is None
    for values, expected in cases:
        assert engine.fired(values) == expected
    assert len(sets_freed(engine)) == len(engine._sets), "what was interrupted is not freed, what is used is"


def sets_freed(engine):
    """The pages that are given back when the engine is forgotten."""
    _, _, (_, sets, _), _ = engine._freeing.peek()
    assert sets is engine._sets
    return sets


@needs_engine
def test_an_engine_that_answers_a_known_question_wrongly_is_not_used(monkeypatch):
    engine = DurableEngine(Problem([("r", Leaf("a", Operator.MORE, 0))]))

    class Lying(Breaking):
        def __getattr__(self, name):
            if name == "assert_fact":
                return lambda handle, text: (1, None)  # nothing ever matches
            return getattr(self.extension, name)

    monkeypatch.setattr(engine, "_extension", Lying(engine._extension, "", None))
    with pytest.raises(EngineError, match="engine-self-test"):
        engine.fired({"a": 1})


@needs_engine
def test_a_locked_session_is_an_error_and_not_an_empty_answer(monkeypatch):
    engine = DurableEngine(Problem([("r", Leaf("a", Operator.MORE, 0))]))
    assert engine.fired({"a": 1}) == ["r"]

    class Locked(Breaking):
        def __getattr__(self, name):
            if name == "start_action_for_state":
                return lambda handle, state: None
            return getattr(self.extension, name)

    real = engine._extension
    engine._extension = Locked(real, "", None)
    with pytest.raises(EngineError, match="engine-failed"):
        engine.fired({"a": 1})
    engine._extension = real
    assert engine.fired({"a": 1}) == ["r"]


@needs_engine
def test_a_message_that_was_left_behind_is_an_error_and_not_a_neighbour():
    engine = DurableEngine(Problem([("r", Leaf("a", Operator.MORE, 0))]))
    assert engine.fired({"a": 1}) == ["r"]
    [[one]] = engine._sets
    assert engine._extension.assert_fact(one.handle, '{"id":1,"f0":7}')[0] == 0
    with pytest.raises(EngineError, match="engine-failed: the engine answered a message with code 2"):
        engine.fired({"a": 1})
    assert engine.fired({"a": 1}) == ["r"]


def test_what_another_process_built_is_not_freed_here():
    class Untouched:
        def free(self, extension) -> None:
            raise AssertionError("freed in another process")

    durable._free(None, [[Untouched()]], os.getpid() + 1)
    with pytest.raises(AssertionError):
        durable._free(None, [[Untouched()]], os.getpid())


def test_of_several_threads_that_ask_first_one_lays_the_engine_out(monkeypatch):
    made = []

    class Slow:
        def __init__(self, problem) -> None:
            made.append(self)
            time.sleep(0.05)

    monkeypatch.setattr(evaluation, "DurableEngine", Slow)
    both = Evaluator(of_content())
    threads = [threading.Thread(target=lambda: both.durable) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [both.durable]


@needs_engine
def test_no_thread_is_started_and_the_host_is_never_imported():
    before = threading.active_count()
    engine, cases = engine_and_cases()
    for values, expected in cases:
        assert engine.fired(values) == expected
    assert threading.active_count() == before
    code = "import sys, restructure; p = restructure.load_policy('cn-consumer-finance'); sys.exit('durable.lang' in sys.modules or 'durable.engine' in sys.modules)"
    assert (
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            check=False,
        ).returncode
        == 0
    )


@needs_engine
def test_nothing_is_left_in_a_session_after_an_evaluation():
    engine, cases = engine_and_cases()
    for values, _ in cases:
        engine.fired(values)
    assert [len(page) for page in engine._sets] == [len(page.sets) for page in paged(engine._problem)]
    for page in engine._sets:
        for one in page:
            assert engine._extension.get_facts(one.handle, "0") in ("[]", b"[]")


def resident() -> float:
    """Memory of this process in MB."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


@needs_engine
@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="no /proc on this system")
def test_memory_is_flat_over_two_hundred_thousand_evaluations(capsys):
    draw = Draw(random.Random(11))
    both = Evaluator(problem_of(draw.rules(50)))
    values = [encoded(draw.borrower()) for _ in range(1000)]
    figures = []
    for k in range(201):
        for one in values:
            both.fired(one)
        if k % 50 == 0:
            figures.append(resident())
    with capsys.disabled():
        print("\nresident MB after 1,000 / 50,000 / 100,000 / 150,000 / 200,000 evaluations:",
              *(f"{figure:.1f}" for figure in figures))  # fmt: skip
    assert max(figures[1:]) - figures[1] < 2


@needs_engine
@pytest.mark.slow
def test_policies_that_come_and_go_do_not_fill_the_memory():
    application = Application.model_validate(example("illness"))

    def use(number: int) -> None:
        text = small(gates=gate("g", f"{{fact: monthly_income, op: '>', value: {number}}}", "refer"))
        decide(application, policy_of(text), on=application.as_of)

    for k in range(80):  # more than `evaluator` keeps
        use(k)
    before = resident()
    for k in range(80, 280):
        use(k)
    assert resident() - before < 20


# --- disagreement


def lying_case():
    policy = policy_of(
        small(
            gates=gate("open", "{fact: monthly_income, op: '>', value: 4711}", "refer"),
            rules=rule("six") + rule("other"),
        )
    )
    return policy, Application.model_validate(example("illness"))


@needs_engine
@pytest.mark.parametrize(
    "lie",
    [
        lambda places: places[1:],
        lambda places: [*places, 1],
        lambda places: places[::-1],
        lambda places: [places[0], *places],
    ],
)
def test_a_lying_engine_stops_the_decision_naming_rules_and_no_values(lie, monkeypatch):
    policy, application = lying_case()
    real = DurableEngine.places
    monkeypatch.setattr(DurableEngine, "places", lambda self, row: lie(real(self, row)))
    with pytest.raises(EngineDisagreement) as caught:
        decide(application, policy, on=application.as_of)
    message = str(caught.value)
    assert "engine-disagreement" in message
    for number in ("7000", "7,000", "700000", "4711", "王女士"):
        assert number not in message


@needs_engine
def test_a_lying_reference_stops_the_decision_too(monkeypatch):
    policy, application = lying_case()
    problem = policy.at(application.as_of).case_problem
    six = problem.names.index("rule:six")
    monkeypatch.setitem(evaluator(problem).generated.__dict__, "fired", lambda row: [six])
    with pytest.raises(EngineDisagreement) as caught:
        decide(application, policy, on=application.as_of)
    assert "passed:open" in str(caught.value)
    assert "rule:other" in str(caught.value)


@needs_engine
def test_a_difference_of_order_alone_is_told_as_such(monkeypatch):
    policy, application = lying_case()
    real = DurableEngine.places
    monkeypatch.setattr(DurableEngine, "places", lambda self, row: real(self, row)[::-1])
    with pytest.raises(EngineDisagreement) as caught:
        decide(application, policy, on=application.as_of)
    assert "order" in str(caught.value)


# --- which evaluators ran


def test_a_decision_says_which_evaluators_ran():
    policy, application = lying_case()
    both = decide(application, policy, on=application.as_of)
    assert both.engines == (("durable_rules 2.0.28", "reference") if HERE else ("reference",))
    alone = decide(application, policy, on=application.as_of, engines=Engines.REFERENCE)
    assert alone.engines == ("reference",)
    assert alone.offers == both.offers


def test_where_the_engine_is_absent_both_means_the_reference_alone(monkeypatch):
    monkeypatch.setattr(durable, "_extension", lambda: None)
    monkeypatch.setattr(durable, "engine_version", lambda: None)
    monkeypatch.setattr(evaluation, "engine_version", lambda: None)
    monkeypatch.setattr(evaluation, "_kept", OrderedDict())
    assert engines_here() == ("reference",)
    policy, application = lying_case()
    decision = decide(application, policy, on=application.as_of, engines=Engines.BOTH)
    assert decision.engines == ("reference",)
    assert decision.offers
    with pytest.raises(EngineError, match="engine-absent"):
        decide(application, policy, on=application.as_of, engines=Engines.DURABLE)


@needs_engine
def test_the_engine_alone_decides_the_same():
    policy, application = lying_case()
    alone = decide(application, policy, on=application.as_of, engines=Engines.DURABLE)
    assert alone.engines == ("durable_rules 2.0.28",)
    assert alone.offers == decide(application, policy, on=application.as_of).offers


@needs_engine
def test_a_rule_set_is_cut_where_its_facts_would_not_fit_into_one_message():
    # 60 rules of three comparisons each read 180 different slots; the engine's message holds half of that.
    problem = Problem(
        [
            (
                f"r{k}",
                Together(
                    tuple(
                        Leaf("a", Operator.AT_LEAST, other="b", left=1, right=3 * k + n + 1) for n in range(3)
                    )
                ),
            )
            for k in range(60)
        ]
    )
    values = {"a": 90, "b": 1}
    assert DurableEngine(problem).fired(values) == [f"r{k}" for k in range(60) if 3 * k + 3 <= 90]
