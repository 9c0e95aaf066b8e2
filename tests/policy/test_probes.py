"""What the raw engine does wrong, kept as tests, so that an engine that has changed is noticed.

The adapter (`policy/durable.py`) is built around every one of these. If one fails, the engine that is installed is
not the one that was measured: run the slow tests, read what became of the behaviour, and either keep the fence
as it is or take that part of it down. Nothing here is a fault of this library.
"""

import json
import subprocess
import sys
from typing import Any

import pytest

from restructure.policy.engine.durable import engine_version

if engine_version() is None:
    pytest.skip(
        "NOT CHECKED: probes of the raw rule engine, which this interpreter cannot import (CPython 3.13+)",
        allow_module_level=True,
    )

import durable_rules_engine

CHANGED = (
    "the rule engine no longer does what it did wrong in version 2.0.28. That may be good news: see the docstring of "
    "this file, and run `pytest -m slow tests/policy` before it decides anything"
)


class Raw:
    """The engine's extension without any fence, one session."""

    def __init__(self, rules: dict[str, Any]) -> None:
        self.handle = durable_rules_engine.create_ruleset("probe", json.dumps(rules))

    def ask(self, fact: dict[str, Any] | str) -> list[str]:
        text = fact if isinstance(fact, str) else json.dumps(fact)
        code, state = durable_rules_engine.assert_fact(self.handle, text)
        names = []
        if code == 0:
            action = durable_rules_engine.start_action_for_state(self.handle, state)
            message = action[1] if action else None
            while message:
                names.append(next(iter(json.loads(message))))
                message = durable_rules_engine.complete_and_start_action(self.handle, state)
        durable_rules_engine.retract_fact(self.handle, text)
        return names


def when(*conditions: dict[str, Any]) -> dict[str, Any]:
    return {f"r{k}": {"all": [{"m": condition}], "pri": k} for k, condition in enumerate(conditions)}


# --- silent wrong answers, safe to ask here


@pytest.mark.parametrize(
    ("rule", "fact", "wrong"),
    [
        pytest.param({"a": 10**20}, {"a": 10**21}, ["r0"], id="integers beyond 64 bits are all equal"),
        pytest.param({"a": 2**53}, {"a": float(2**53)}, ["r0"], id="a float equals an integer"),
        pytest.param({"$lt": {"a": "10"}}, {"a": 9}, [], id="9 is not below '10'"),
        pytest.param({"a": "1"}, {"a": 1}, ["r0"], id="the number 1 equals the text '1'"),
        pytest.param({"a": 1}, {"a": True}, ["r0"], id="true equals 1"),
        pytest.param({"$neq": {"a": 5}}, {"a": None}, [], id="null differs from nothing"),
        pytest.param({"$neq": {"a": 5}}, {}, [], id="an absent field differs from nothing"),
        pytest.param({"a": 1, "b": 2}, {"a": 1, "b": 3}, ["r0"], id="the second key of a condition is ignored"),
        pytest.param({"$lt": {"a": "abc d"}}, {"a": "abc"}, [], id="'abc' is not below 'abc d'"),
        pytest.param({"a": ""}, {"a": "z" * 65536}, ["r0"], id="65,536 letters equal no letter"),
        pytest.param({"$gt": {"a": {"$add": {"$l": 1, "$r": 2}}}}, {"a": 9}, [], id="1 + 2 is no number"),
        pytest.param({"a": {"$div": {"$l": {"$m": "b"}, "$r": 2}}}, {"a": 3, "b": 7}, ["r0"], id="7 / 2 is 3"),
        pytest.param({"$gt": {"liquid": 5}}, {"costarring": 9}, ["r0"], id="two names of one hash are one field"),
    ],
)  # fmt: skip
def test_the_raw_engine_still_answers_wrongly(rule, fact, wrong):
    fact = {"other": 1, **fact}  # an empty message would be another probe
    assert Raw(when(rule)).ask(fact) == wrong, CHANGED


def test_the_raw_engine_still_fires_a_rule_once_for_every_true_alternative():
    some = {"$or": [{"a": 1}, {"$gt": {"a": 0}}, {"$lt": {"a": 2}}]}
    assert Raw(when({"$and": [some, some]})).ask({"a": 1}) == ["r0"] * 9, CHANGED


def test_the_raw_engine_still_joins_what_an_earlier_borrower_left_behind():
    raw = Raw({"r": {"all": [{"one": {"loan": 1}}, {"two": {"income": 1}}]}})
    assert durable_rules_engine.assert_fact(raw.handle, '{"loan":1,"borrower":1}')[0] == 0
    code, state = durable_rules_engine.assert_fact(raw.handle, '{"income":1,"borrower":2}')
    assert (code, "borrower" in durable_rules_engine.start_action_for_state(raw.handle, state)[1]) == (
        0,
        True,
    ), CHANGED


def test_the_raw_engine_still_takes_one_content_for_a_message_it_has_seen():
    raw = Raw(when({"a": True}))
    texts = ('{"a":true}', '{"a":"true"}', '{"a":1}', '{"a":1}')
    codes = [durable_rules_engine.assert_fact(raw.handle, text)[0] for text in texts]
    assert codes == [0, 2, 0, 2], CHANGED


def test_the_raw_engine_still_answers_nothing_in_a_session_that_was_interrupted():
    raw = Raw(when({"a": 1}))
    _, state = durable_rules_engine.assert_fact(raw.handle, '{"a":1}')
    assert durable_rules_engine.start_action_for_state(raw.handle, state)
    durable_rules_engine.retract_fact(raw.handle, '{"a":1}')  # interrupted: the action was never completed
    code, state = durable_rules_engine.assert_fact(raw.handle, '{"a":1,"b":2}')
    assert code == 0
    assert durable_rules_engine.start_action_for_state(raw.handle, state) is None, CHANGED


@pytest.mark.parametrize(
    ("rules", "fact", "code"),
    [
        (when(*({"$gt": {"a": k}} for k in range(65))), {"a": 99}, 303),
        (when({"a": 1}), {f"x{k}": 1 for k in range(260)} | {"a": 1}, 302),
    ],
)
def test_the_raw_engine_still_stops_at_its_limits(rules, fact, code):
    with pytest.raises(Exception, match=f"error code: {code}"):
        Raw(rules).ask(fact)
    fewer = dict(list(rules.items())[:60])
    assert Raw(fewer).ask(dict(list(fact.items())[-200:])) == list(fewer), CHANGED


def test_what_the_adapter_relies_on_is_right():
    rules = when({"f0": -(2**63)}, {"$gt": {"f0": -(2**63)}}, {"$gte": {"f0": 2**63 - 1}}, {"end": 1})
    raw = Raw(rules)
    for value, expected in ((-(2**63), ["r0"]), (1 - 2**63, ["r1"]), (0, ["r1"]), (2**63 - 1, ["r1", "r2"])):
        code, state = durable_rules_engine.assert_fact(raw.handle, f'{{"id":1,"f0":{value}}}')
        message = durable_rules_engine.start_action_for_state(raw.handle, state)[1]
        names = []
        while message:
            assert message.startswith('{"r')
            names.append(message[2:4])
            message = durable_rules_engine.complete_and_start_action(raw.handle, state)
        assert (code, names) == (0, expected)
        # One that was not retracted is noticed by its identity, whatever it holds.
        assert durable_rules_engine.assert_fact(raw.handle, '{"id":1,"f0":5}')[0] == 2
        durable_rules_engine.retract_fact(raw.handle, '{"id":1}')
        assert durable_rules_engine.get_facts(raw.handle, "0") in ("[]", b"[]")


# --- what kills or hangs the process, asked in another one

IN_A_PROCESS = """
import json, sys
import durable_rules_engine as engine
def ruleset(rules, name="probe"):
    return engine.create_ruleset(name, json.dumps(rules))
def when(*conditions):
    return {f"r{k}": {"all": [{"m": c}], "pri": k} for k, c in enumerate(conditions)}
print("begun", flush=True)
"""


def ended(code: str, *, seconds: float = 20) -> tuple[str, str]:
    """How a process ended: "hangs", a signal's name, or its exit status; and its last line."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", IN_A_PROCESS + code],
            capture_output=True, text=True, timeout=seconds, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as late:
        assert late.stdout, "the process did not even begin"
        return "hangs", ""
    how = {-11: "SIGSEGV", -8: "SIGFPE", -6: "SIGABRT"}.get(done.returncode, str(done.returncode))
    return how, (done.stdout.splitlines() or [""])[-1]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param(
            'h = ruleset(when({"a": {"$div": {"$l": {"$m": "b"}, "$r": {"$m": "c"}}}}))\n'
            """engine.assert_fact(h, '{"a":1,"b":1,"c":0}')""",
            ["SIGFPE"],
            id="a division by a field that is 0",
        ),
        pytest.param(
            "engine.assert_facts(ruleset(when({'a': 1})), '[{}]')",
            ["SIGSEGV", "SIGABRT"],
            id="an empty message in a batch",
        ),
        pytest.param(
            """engine.assert_fact(ruleset(when({"a": 1})), '{"a":1,"sid":"' + "s" * 10**7 + '"}')""",
            ["SIGSEGV"],
            id="a session with a name of 10 MB",
        ),
    ],
)
def test_the_raw_engine_still_dies(code, expected):
    how, last = ended(code)
    assert (how in expected, last) == (True, "begun"), f"ended with {how}: {CHANGED}"


@pytest.mark.slow  # four seconds of a hanging process; the probes above die at once
def test_the_raw_engine_still_hangs_when_it_compiles_513_different_first_conditions():
    how, _ = ended("ruleset(when(*({'$gt': {f'a{k}': 1}} for k in range(513))))", seconds=4)
    assert how == "hangs", f"ended with {how}: {CHANGED}"


def test_the_raw_engine_still_answers_an_empty_condition_with_a_message_of_its_own():
    raw = Raw(when({"$and": []}))
    _, state = durable_rules_engine.assert_fact(raw.handle, '{"a":1}')
    message = json.loads(durable_rules_engine.start_action_for_state(raw.handle, state)[1])
    assert message["r0"]["m"] == {"sid": "0", "id": "sid-0", "$s": 1}, CHANGED


HOST = """
import threading
before = threading.active_count()
from durable.engine import Host
host = Host()
print(threading.active_count() - before, flush=True)
import os; os._exit(0)
"""


def test_the_host_still_starts_threads_that_nobody_can_stop():
    how, last = ended(HOST)
    assert (how, last) == ("0", "2"), CHANGED


SWALLOWED = """
from durable.engine import Host
def action(c):
    raise KeyboardInterrupt
host = Host({"p": {"r": {"all": [{"m": {"a": 1}}], "run": action}}})
state = host.assert_fact("p", {"a": 1})
print("swallowed", flush=True)
import os; os._exit(0)
"""


def test_the_host_still_swallows_what_an_action_raises():
    assert ended(SWALLOWED) == ("0", "swallowed"), CHANGED
