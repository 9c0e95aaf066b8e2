"""The house keeps its rules: layers, purity, the error catalogue, and what an import costs."""

import ast
import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import get_args

import pytest

import restructure
from restructure.errors import CATALOGUE
from restructure.policy.engine.durable import engine_version
from restructure.record import Record

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
FILES = sorted(SOURCE.rglob("*.py"))
NAMES = [path.relative_to(SOURCE).with_suffix("").as_posix().replace("/", ".") for path in FILES]
TREES = {
    name.removesuffix(".__init__"): ast.parse(path.read_text(encoding="utf-8"))
    for name, path in zip(NAMES, FILES, strict=True)
}
EDGE = "restructure.cli"
"""The one package that may print and ask what day it is."""

OPTIONAL = (
    "rich",
    "matplotlib",
    "altair",
    "numpy",
    "IPython",
    "pytest",
    "hypothesis",
    "fastapi",
    "sqlmodel",
    "uvicorn",
    "pandas",
    "polars",
    "pyarrow",
)


def _fresh(code: str) -> str:
    """Run code in an interpreter of its own, since this one has loaded everything."""
    script = f"import sys; sys.path.insert(0, {str(SOURCE)!r})\n{code}"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _found(judge: Callable[[ast.AST], str | None], *, outside: tuple[str, ...] = ()) -> list[str]:
    return [
        f"{module}:{node.lineno}: {what}"
        for module, tree in TREES.items()
        if not module.startswith(outside)
        for node in ast.walk(tree)
        if (what := judge(node)) and isinstance(node, ast.expr | ast.stmt)
    ]


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


# --- layers


def test_the_import_contracts_hold():
    """`lint-imports`, the contracts of pyproject.toml."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as main; main()",
            "--no-cache",
        ],
        cwd=ROOT,
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout, done.stdout


def _environment() -> dict[str, str]:
    inherited = os.environ.get("PYTHONPATH")
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(SOURCE), *([inherited] if inherited else [])])}


# --- what an import costs


def test_import_loads_no_optional_package():
    loaded = _fresh("from restructure import *; import sys; print(*sys.modules)").split()
    assert "restructure.casework.decisions.decision" in loaded
    assert [name for name in OPTIONAL if name in loaded] == []


def test_import_alone_loads_neither_pydantic_nor_the_storeys():
    loaded = _fresh("import restructure; print(*sys.modules)").split()
    # By `views` and `frames` the package says who shows its records; they load nothing themselves.
    assert [name for name in loaded if name.startswith(("pydantic", "restructure."))] == [
        "restructure.frames",
        "restructure.lazy",
        "restructure.views",
    ]


_ADDED = 0.25
"""Seconds of processor time that the library may take beyond what `import pydantic` takes."""


@pytest.fixture(scope="module")
def seconds(tmp_path_factory) -> Callable[..., float]:
    """Processor time of a fresh interpreter, the best of five: a busy machine makes some slow and none quicker.

    The compiled files lie in a folder of their own, so that the first run compiles and the others do not, whatever
    the environment says of compiled files.
    """
    compiled = {"PYTHONPYCACHEPREFIX": str(tmp_path_factory.mktemp("compiled"))}
    environment = {name: value for name, value in _environment().items() if name != "PYTHONDONTWRITEBYTECODE"}

    def best(*arguments: str) -> float:
        taken = []
        for _ in range(5):
            before = getrusage(RUSAGE_CHILDREN)
            subprocess.run(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=environment | compiled,
                stdout=subprocess.DEVNULL,
                timeout=120,
                check=True,
            )
            after = getrusage(RUSAGE_CHILDREN)
            taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        print(f"{' '.join(arguments)}: {min(taken):.3f} s of processor time")
        return min(taken)

    return best


@pytest.mark.parametrize(
    "arguments",
    [("-c", "import restructure"), ("-m", "restructure", "--help"), ("-m", "restructure", "--version")],
    ids=" ".join,
)
def test_import_and_help_are_quick(seconds, arguments):
    assert seconds(*arguments) - seconds("-c", "import pydantic") <= _ADDED


def test_loading_what_decides_costs_at_most_four_times_what_pydantic_costs(seconds):
    """About three times, and more than six while every record was built and its docs were read at once.

    A ratio, since this takes long enough for the load of the machine to show. `import pydantic` alone loads hardly
    any of it, so the measure is a program that has models.
    """
    models = "from pydantic import BaseModel, Field, TypeAdapter, model_validator"
    library = "from restructure import decide, load_policy, read_application"
    assert seconds("-c", library) <= 4 * seconds("-c", models)


# --- the public names are loaded when first asked for


FACES = ["restructure", *(f"restructure.{name}" for name in restructure._FOLDERS if name != "errors")]
"""The packages that public names are imported from."""


def _declared_homes(package: str) -> dict[str, str]:
    """Names that type checkers see, from the imports of an `__init__.py` that only they run."""
    return {
        alias.name: node.module
        for block in TREES[package].body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("restructure.")
        for alias in node.names
    }


@pytest.mark.parametrize("package", FACES)
def test_type_checkers_and_the_interpreter_find_every_public_name_in_the_same_module(package):
    face, declared = importlib.import_module(package), _declared_homes(package)
    assert declared == {
        name: f"{package}.{module}" for module, names in face._HOMES.items() for name in names.split()
    }
    eager = {
        alias.name
        for node in TREES[package].body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name in face.__all__
    }
    assert set(face.__all__) == declared.keys() | eager


@pytest.mark.parametrize("package", FACES)
def test_a_public_name_is_what_its_module_says(package):
    face = importlib.import_module(package)
    for name, module in _declared_homes(package).items():
        assert getattr(face, name) is getattr(importlib.import_module(module), name)
    assert set(face.__all__) <= set(dir(face))
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        face.nothing  # noqa: B018


@pytest.mark.parametrize("package", FACES[1:])
def test_what_a_public_record_is_made_of_can_be_imported_beside_it(package):
    """A caller who builds or reads a record finds the types of its fields without knowing the rooms."""
    face = importlib.import_module(package)
    lacking = {
        f"{made.__name__} of {name}.{field}"
        for name in face.__all__
        if isinstance(model := getattr(face, name), type) and issubclass(model, Record)
        for field, info in model.model_fields.items()
        for made in _types_in(info.annotation)
        if made.__module__.startswith(f"{package}.") and not hasattr(face, made.__name__)
    }
    assert lacking == set()


def _types_in(annotation: object) -> Iterator[type]:
    if isinstance(annotation, type) and (issubclass(annotation, Record | Enum)):
        yield annotation
    for part in get_args(annotation):
        yield from _types_in(part)


@pytest.mark.parametrize("package", FACES)
def test_no_public_name_is_the_name_of_a_module_of_the_package(package):
    depth = package.count(".") + 1
    inside = {name.split(".")[depth] for name in NAMES if name.startswith(f"{package}.")}
    assert inside & set(importlib.import_module(package).__all__) == set()


def test_a_star_import_gives_every_public_name():
    assert _fresh(
        "from restructure import *\nimport restructure\nprint(set(restructure.__all__) <= set(dir()))"
    ) == ("True\n")


def test_a_name_that_is_not_public_is_refused():
    with pytest.raises(AttributeError, match="module 'restructure' has no attribute 'deicde'"):
        restructure.deicde  # noqa: B018
    with pytest.raises(ImportError):
        from restructure import deicde  # noqa: F401


def test_a_storey_needs_no_import_of_its_own():
    assert _fresh("import restructure; print(restructure.errors.InvalidInput.__name__)") == "InvalidInput\n"


def test_eight_threads_load_the_public_names_at_once():
    code = """
import threading, restructure
start, seen = threading.Barrier(8), []
def load():
    start.wait()
    seen.append([id(getattr(restructure, name)) for name in restructure.__all__])
threads = [threading.Thread(target=load, daemon=True) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join(60)
print(len(seen), len(set(map(tuple, seen))))
"""
    assert _fresh(code).split() == ["8", "1"]


def test_the_version_is_that_of_the_distribution_and_the_command_prints_it():
    done = subprocess.run(
        [sys.executable, "-m", "restructure", "--version"],
        cwd=ROOT,
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", restructure.__version__)
    assert done.stdout.startswith(f"restructure {restructure.__version__} (rule engines: reference")
    assert ("durable" in done.stdout) == (engine_version() is not None)


def test_import_and_decide_start_no_thread():
    code = """
import json, threading
before = threading.active_count()
import restructure
imported = threading.active_count()
case = restructure.read_application("examples/illness.json")
decision = restructure.decide(case, restructure.load_policy("cn-consumer-finance"), on=case.as_of)
print(json.dumps([before, imported, threading.active_count(), decision.outcome.value]))
"""
    assert json.loads(_fresh(code)) == [1, 1, 1, "offer"]


# --- nothing prints, logs, reads the clock or draws lots


def test_nothing_prints():
    def judge(node: ast.AST) -> str | None:
        if isinstance(node, ast.Call) and _dotted(node.func) in (
            "print",
            "sys.stdout.write",
            "sys.stderr.write",
        ):
            return f"{_dotted(node.func)}("
        return None

    assert _found(judge, outside=(EDGE,)) == []


_CLOCK = {
    "now": ("datetime",),
    "utcnow": ("datetime",),
    "today": ("date", "datetime"),
    "time": ("time",),
    "time_ns": ("time",),
    "monotonic": ("time",),
    "perf_counter": ("time",),
    "localtime": ("time",),
}
_IMPURE = {"random", "secrets", "uuid", "time", "logging"}


def test_nothing_reads_the_clock_draws_lots_or_logs():
    def judge(node: ast.AST) -> str | None:
        match node:
            case ast.Call(func=ast.Attribute(attr=name, value=owner)):
                if _dotted(owner).rpartition(".")[2] in _CLOCK.get(name, ()):
                    return f"{_dotted(node.func)}("
            case ast.Import(names=names):
                return next((f"import {n.name}" for n in names if n.name.partition(".")[0] in _IMPURE), None)
            case ast.ImportFrom(module=str(module), level=0):
                if module.partition(".")[0] in _IMPURE:
                    return f"from {module} import"
        return None

    assert _found(judge, outside=(EDGE,)) == []


# --- programmes are policies, never code

_PROGRAMMES = re.compile(
    r"\b(?:HAMP|Flex[ -]?Mod(?:ification)?s?|Fannie|Freddie|FNMA|FHLMC|FHA|FDIC|FFIEC|NFCC|USDA|IDRP|DCRS|CCMA|RBI"
    r"|Breathing Space|Art(?:\.|icle) ?(?:17|20|70|92))(?![0-9A-Za-z])"
    r"|第?七十条|第?九十二条|金规|信用修复|银监会令|风险分类办法",
    re.IGNORECASE,
)
"""Programmes and the rules that make them. The calculator may cite the formula of a law, such as Regulation Z."""


def test_no_module_names_a_programme():
    texts = [path for path in SOURCE.rglob("*") if path.suffix in (".py", ".yaml", ".j2")]
    assert len(texts) > len(FILES), "the search itself is broken"
    named = [
        f"{path.relative_to(SOURCE)}:{number}: {found[0]}"
        for path in sorted(texts)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (found := _PROGRAMMES.search(line))
    ]
    assert named == [], f"that belongs into rules/: {named}"


def test_the_search_for_programmes_finds_one():
    for said in (
        "under HAMP, the",
        "a flex modification",
        "FDIC's",
        "Art. 70 of",
        "第七十条",
        "an NFCC plan",
        "Article 92)",
    ):
        assert _PROGRAMMES.search(said), said
    for said in ("alpha", "shampoo", "Art. 561", "Article 701", "artefact", "flexible"):
        assert not _PROGRAMMES.search(said), said


# --- every module says what it is


@pytest.mark.parametrize("module", TREES)
def test_module_has_a_docstring_and_says_what_it_exports(module):
    tree = TREES[module]
    assert ast.get_docstring(tree), f"{module} has no docstring"
    if any(part.startswith("_") for part in module.split(".")) or len(tree.body) == 1:
        return  # private, `__main__`, or a folder's `__init__` that holds nothing
    loaded = importlib.import_module(module)
    exported = getattr(loaded, "__all__", None)
    assert exported, f"{module} has no __all__"
    assert [name for name in exported if not hasattr(loaded, name)] == []
    assert len(exported) == len(set(exported))


# --- every finding is in the catalogue, and the catalogue holds nothing else

_REPORTERS = {"Issue": 0, "PydanticCustomError": 0, "_report": 0, "issue": 0, "fault": 1}
"""What makes a finding, and at which place among its arguments the code stands."""


def _literals(node: ast.AST) -> Iterator[ast.Constant]:
    match node:
        case ast.Constant(value=str()):
            yield node
        case ast.IfExp(body=one, orelse=other):
            yield from _literals(one)
            yield from _literals(other)


def _raised() -> dict[str, list[str]]:
    codes: dict[str, list[str]] = {}
    for module, tree in TREES.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            place = _REPORTERS.get(_dotted(node.func).rpartition(".")[2])
            named = [word.value for word in node.keywords if word.arg == "code"]
            positional = [] if place is None else node.args[place : place + 1]
            for literal in (found for given in [*positional, *named] for found in _literals(given)):
                if place is not None:
                    codes.setdefault(literal.value, []).append(f"{module}:{literal.lineno}")
    return codes


def test_every_code_raised_is_in_the_catalogue():
    raised = _raised()
    assert len(raised) > 20, "the search itself is broken"
    unknown = {code: places for code, places in raised.items() if code not in CATALOGUE}
    assert unknown == {}, f"raised, but not in restructure.errors.CATALOGUE: {unknown}"


def test_every_entry_of_the_catalogue_is_used():
    words = {
        node.value
        for module, tree in TREES.items()
        if module != "restructure.errors"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    unused = sorted(set(CATALOGUE) - words)
    assert unused == [], f"in restructure.errors.CATALOGUE, but nothing in src says it: {unused}"


@pytest.mark.parametrize("code", CATALOGUE)
def test_an_entry_is_a_sentence_that_helps(code):
    assert code == code.lower().replace("_", "-")
    assert CATALOGUE[code].endswith(".")


# --- rooms that one can live in

LONGEST_FILE, LONGEST_FUNCTION = 450, 60


def test_no_file_is_longer_than_a_room_should_be():
    long = {
        str(path.relative_to(SOURCE)): lines
        for path in FILES
        if (lines := len(path.read_text("utf-8").splitlines())) > LONGEST_FILE
    }
    assert long == {}, f"split along their nouns; {LONGEST_FILE} lines are the most"


def test_no_function_is_longer_than_a_screen():
    """Count the lines of code from the name on, the docstring and its example left out."""
    long = {
        f"{module}.{node.name}": lines
        for module, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and (lines := _lines_of_code(node)) > LONGEST_FUNCTION
    }
    assert long == {}, f"split along their steps; {LONGEST_FUNCTION} lines are the most"


def _lines_of_code(function: ast.FunctionDef) -> int:
    first = function.body[0]
    doc = (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )
    docstring = (first.end_lineno or 0) - first.lineno + 1 if doc else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def test_no_variable_is_called_by_a_word_that_says_nothing():
    empty = {"one", "found", "told"}
    used = [
        f"{module}:{node.lineno}: {name}"
        for module, tree in TREES.items()
        for node in ast.walk(tree)
        for name in [
            node.id
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            else node.arg
            if isinstance(node, ast.arg)
            else ""
        ]
        if name in empty
    ]
    assert used == [], "call it by the noun that it is"
