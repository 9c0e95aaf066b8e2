"""The pytest plugin, as a project that holds cases meets it."""

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]

# What other plugins load takes longer than the project's tests.
WITHOUT = ("anyio", "benchmark", "cacheprovider", "hypothesispytest", "pytest_cov", "schemathesis")
BARE = tuple(word for name in WITHOUT for word in ("-p", f"no:{name}"))

GOOD = """\
policy: cn-consumer-finance
on: 2026-03-18
cases:
  - name: A borrower who can be reached passes
    given: {facts: {reachable: true}}
    expect: {gates: {reachable: passed}}
  - name: 债务有争议
    given: {facts: {disputed: true}}
    expect: {gates: {undisputed: failed}}
"""


@pytest.fixture
def project(pytester, monkeypatch):
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)

    def run(text, *arguments, name="gates_test.yaml", how="inprocess"):
        pytester.path.joinpath(name).write_text(text, encoding="utf-8")
        return getattr(pytester, f"runpytest_{how}")(*BARE, *arguments)

    return run


def test_every_case_is_an_item(project):
    project(GOOD).assert_outcomes(passed=2)


def test_a_failure_is_a_sentence_without_a_traceback(project):
    result = project(GOOD.replace("reachable: passed", "reachable: failed"))
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*gates_test.yaml:6: expected gate reachable failed, got passed; gate reachable passed because *"]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")


def test_a_mistake_in_the_file_is_an_error_with_its_place(project):
    result = project(GOOD.replace("undisputed", "undisputd"))
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(['*gates_test.yaml:9:*rule-unknown: *(did you mean "undisputed"?)'])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_cases_are_selected_by_words_of_their_names(project):
    project(GOOD, "-k", "borrower").assert_outcomes(passed=1, deselected=1)


def test_cases_run_under_xdist_and_importlib(project):
    result = project(GOOD, "-n", "2", "--import-mode=importlib", how="subprocess")
    result.assert_outcomes(passed=2)


def test_files_of_other_tools_are_left_alone(project):
    result = project("suite: a chart\ntests:\n  - it: renders\n", name="chart_test.yaml")
    result.assert_outcomes()
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_project_without_cases_does_not_load_the_library(pytester):
    pytester.makepyfile(
        "import sys\n\ndef test_nothing_is_loaded():\n    assert 'restructure' not in sys.modules\n"
    )
    pytester.runpytest_subprocess(*BARE).assert_outcomes(passed=1)


def test_the_core_loads_no_pytest():
    code = "import sys, restructure.testing.report; assert 'pytest' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_two_records_that_should_be_equal_are_compared_place_by_place(project):
    differ = """\
from restructure import Extend

def test_records():
    assert Extend(instalments=6) == Extend(instalments=12)
"""
    result = project(differ, name="test_records.py")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*They differ at:", "*instalments: 6 != 12"])
