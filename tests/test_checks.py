"""CI runs every session of the noxfile, and CONTRIBUTING names the same ones."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUN = (ROOT / ".ci" / "run").read_text("utf-8")
CONTRIBUTING = (ROOT / ".github" / "CONTRIBUTING.md").read_text("utf-8")


def _sessions() -> dict[str, bool]:
    """The sessions by name, and whether each has a version of Python behind its name."""
    functions = ast.parse((ROOT / ".ci" / "noxfile.py").read_text("utf-8")).body
    decorators = {
        function.name: ast.unparse(decorator)
        for function in functions
        if isinstance(function, ast.FunctionDef)
        for decorator in function.decorator_list
    }
    assert all(decorator.startswith("nox.session") for decorator in decorators.values())
    return {name: "python=[" in text or "python=VERSIONS" in text for name, text in decorators.items()}


def test_ci_calls_every_session_but_the_tests_that_the_readme_command_runs():
    called = set(re.findall(r'^ *session ".*?" "?([\w$-]+)"?(?: "\$folder")?$', RUN, re.MULTILINE))
    assert called == {
        f"{name}-$version" if versions else name for name, versions in _sessions().items() if name != "tests"
    }


def test_contributing_names_every_session_and_no_other():
    (section,) = re.findall(r"^## Run the checks\n(.*?)(?=^## )", CONTRIBUTING, re.MULTILINE | re.DOTALL)
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", section, re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(named) == sorted(_sessions())
