"""Types: the code that readers copy passes strict checkers without plugins, and the library names only fields there are."""

import ast
import doctest
import importlib
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from restructure.record import Record

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def _code(page: Path) -> str:
    """Give the examples of a page as one module, without what they print."""
    examples = doctest.DocTestParser().get_examples(page.read_text("utf-8"), str(page))
    return "".join(example.source for example in examples if not example.exc_msg)


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    for page in PAGES:
        code = _code(page)
        if code:
            name = "_".join(page.relative_to(ROOT).with_suffix("").parts).replace("-", "_").lower()
            (folder / f"{name}.py").write_text(code, "utf-8")
    assert (folder / "readme.py").exists(), "the README has no example, or the search itself is broken"
    return folder


@pytest.mark.slow
def test_the_code_of_readme_and_documentation_passes_mypy_strict_without_plugins(pages):
    pytest.importorskip("mypy")
    # What a user sees: the installed library's own code is read for its types and not judged.
    settings = f"[mypy]\nstrict = true\nmypy_path = {SOURCE}\n[mypy-restructure.*]\nfollow_imports = silent\n"
    (pages / "mypy.ini").write_text(settings, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", "mypy.ini", "--no-incremental", *_modules(pages)],
        cwd=pages,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_the_code_of_readme_and_documentation_passes_pyright(pages):
    if find_spec("pyright") is None:
        pytest.skip("pyright is not installed")
    (pages / "pyrightconfig.json").write_text(
        f'{{"extraPaths": ["{SOURCE.as_posix()}"], "typeCheckingMode": "standard"}}', "utf-8"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, *_modules(pages)],
        cwd=pages,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _modules(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.py"))


def test_every_constructor_call_of_the_library_names_fields_that_there_are():
    """A checker cannot tell, since it is shown constructors that take any name."""
    wrong, calls = [], 0
    for path in sorted((SOURCE / "restructure").rglob("*.py")):
        module = importlib.import_module(
            path.relative_to(SOURCE).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
        )
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            model = getattr(module, node.func.id, None)
            if not (isinstance(model, type) and issubclass(model, Record)):
                continue
            calls += 1
            names = set(model.model_fields)
            for field in model.model_fields.values():
                alias = field.validation_alias
                names |= {alias} if isinstance(alias, str) else set(getattr(alias, "choices", ()))
            wrong += [
                f"{path.relative_to(ROOT)}:{node.lineno}: {node.func.id} has no field {word.arg}"
                for word in node.keywords
                if word.arg is not None and word.arg not in names
            ]
            if node.args:
                wrong.append(
                    f"{path.relative_to(ROOT)}:{node.lineno}: {node.func.id} takes no positional value"
                )
    assert calls > 100, "the search itself is broken"
    assert wrong == []
