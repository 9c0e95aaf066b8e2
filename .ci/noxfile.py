"""The checks that a change has to pass, a session each; `.ci/run` calls all of them.

`nox -f .ci/noxfile.py --list` names them, `nox -f .ci/noxfile.py -s lint` runs one. Words after `--` go to pytest:
`nox -f .ci/noxfile.py -s tests -- tests/casework`. The sessions work on the tree as it is; those that need what a new
clone holds make a copy of their own.
"""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import nox
from nox.command import CommandFailed

ROOT = Path(__file__).resolve().parents[1]
CHECKS = ROOT / ".ci" / "checks.py"
VERSIONS = ["3.11", "3.12", "3.13", "3.14"]
DURABLE_RULES = "durable_rules==2.0.28"
ENGINES = "from restructure.policy.engine.evaluation import engines_here; print('engines:', *engines_here())"
PATCHED_COMPILER = "gcc -O2 -DPyEval_CallObject=PyObject_CallObject"
"""What docs/how-to/install.md says that builds the engine on CPython 3.13."""
OPTIONAL = [
    "rich",
    "matplotlib",
    "altair",
    "numpy",
    "ipython",
    "pytest",
    "hypothesis",
    "jinja2",
    "babel",
    "fastapi",
    "starlette",
    "sqlmodel",
    "sqlalchemy",
    "uvicorn",
    "psycopg",
    "httpx",
    "scikit-learn",
    "skl2onnx",
    "onnx",
    "onnxruntime",
    "mkdocs",
    "mkdocs-material",
    "mkdocstrings",
    "jieba",
    "marimo",
    "playwright",
]
"""Packages of extras, none of which may come with the plain installation."""

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "venv"
nox.options.envdir = str(ROOT / ".nox")
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "tests"]

for _name in ("PYTHONPATH", "PYTHONHOME", "PYTEST_ADDOPTS", "COVERAGE_FILE"):
    os.environ.pop(_name, None)


def _constraints() -> str:
    """Give the path of the pinned releases; pip splits its variable at blanks, which a checkout's path may hold."""
    path = ROOT / ".ci" / "constraints.txt"
    if not re.search(r"\s", str(path)):
        return str(path)
    return shutil.copy(path, tempfile.mkdtemp(prefix="restructure-constraints-"))


# The second name is what newer releases of pip read when they build a package.
if "PIP_CONSTRAINT" not in os.environ:
    os.environ["PIP_CONSTRAINT"] = os.environ["PIP_BUILD_CONSTRAINT"] = _constraints()
os.environ.update(PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1")


def _limited(limit: str, *command: str) -> list[str]:
    """Give a command that ends after the limit (`20m`), on systems that have `timeout`."""
    return ["timeout", limit, *command] if shutil.which("timeout") else list(command)


def _timed(session: nox.Session, limit: str, *command: str) -> None:
    session.run(*_limited(limit, *command), external=True)


def _pytest(session: nox.Session, limit: str, *arguments: str) -> None:
    # `-v` cancels the project's `-q`, so that the output ends in pytest's line of totals.
    _timed(session, limit, "python", "-m", "pytest", "-v", *arguments, *session.posargs)


def _working_tree(session: nox.Session, *extras: str, editable: bool = True) -> None:
    session.chdir(ROOT)
    session.install("-qq", *(["-e"] if editable else []), f".[{','.join(extras)}]")


def _fresh_copy(session: nox.Session, name: str) -> Path:
    """Copy what a new clone would hold, with the changes that are not committed, into a folder of the session."""
    folder = Path(session.create_tmp()).resolve() / name
    shutil.rmtree(folder, ignore_errors=True)
    listed = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if (ROOT / ".git").exists() and shutil.which("git"):
        files = subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split("\0")
        for file in sorted(file for file in files if file and (ROOT / file).exists()):
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, folder / file)
    else:
        session.log("not a git checkout: the tree is copied as it is")
        left_out = shutil.ignore_patterns(
            ".venv*", ".nox", "__pycache__", ".*_cache", ".hypothesis", ".coverage*", "build", "dist"
        )
        shutil.copytree(ROOT, folder, ignore=left_out)
    return folder


def _sh_blocks(text: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def _readme_block(session: nox.Session, heading: str) -> str:
    """Give the `sh` block under a heading of README.md."""
    sections = re.split(r"^(?=## )", (ROOT / "README.md").read_text("utf-8"), flags=re.MULTILINE)
    blocks = [
        block for section in sections if section.startswith(f"{heading}\n") for block in _sh_blocks(section)
    ]
    if not blocks or not blocks[0].strip():
        session.error(f'README.md has no ```sh block under the heading "{heading}"')
    return blocks[0]


def _script(session: nox.Session, folder: Path, block: str) -> str:
    """Write a block of commands beside the copy in which it runs."""
    script = folder.with_suffix(".sh")
    script.write_text(block, "utf-8")
    session.chdir(folder)
    print(block, end="", flush=True)
    return str(script)


def _illness_relief(session: nox.Session, output: str | bool | None) -> None:
    print(output, flush=True)
    if "illness-relief" not in str(output):
        session.error("the command does not print illness-relief")


# --- the two commands of README.md, as a reader runs them


@nox.session(venv_backend="none")
def readme_test(session: nox.Session) -> None:
    """README.md, second command: the tests, in a fresh copy and environment."""
    script = _script(session, _fresh_copy(session, "copy"), _readme_block(session, "## Test it"))
    _timed(session, "30m", "sh", "-e", script)


@nox.session(venv_backend="none")
def readme_try(session: nox.Session) -> None:
    """README.md, first command: an offer, in a fresh copy and environment."""
    script = _script(session, _fresh_copy(session, "copy"), _readme_block(session, "## Try it"))
    _illness_relief(session, session.run(*_limited("20m", "sh", "-e", script), external=True, silent=True))


# --- tests


@nox.session
def tests(session: nox.Session) -> None:
    """The fast tests."""
    _working_tree(session, "test")
    _pytest(session, "30m")


@nox.session
def slow(session: nox.Session) -> None:
    """The slow tests, and every law on all its examples, of which the fast run draws a part."""
    _working_tree(session, "test", "browser")
    session.run("python", "-c", "import marimo, playwright")  # here nothing may be left unchecked
    _pytest(session, "45m", "-m", "slow or hypothesis", "--hypothesis-profile=thorough", "--durations=5")


@nox.session
def coverage(session: nox.Session) -> None:
    """Branch coverage of the fast tests, at least 95 %."""
    _working_tree(session, "test")
    report = ["--cov", "--cov-branch", "--cov-report=term-missing:skip-covered", "--cov-fail-under=95"]
    _pytest(session, "30m", *report)


@nox.session
def benchmarks(session: nox.Session) -> None:
    """The benchmarks, once."""
    _working_tree(session, "test")
    try:
        session.install("-qq", "-e", ".[bench]")
    except CommandFailed:
        session.warn("without the libraries to compare with: they show as absent")
    timing = ["-m", "bench", "-n", "0", "--benchmark-enable", "--benchmark-columns=median,iqr,rounds"]
    _pytest(session, "15m", "tests/bench", *timing)
    for table in ("table", "rules_table", "cases"):
        _timed(session, "15m", "python", f"tests/bench/{table}.py")


@nox.session
def redefault(session: nox.Session) -> None:
    """The re-default model on scikit-learn and ONNX."""
    _working_tree(session, "test", "redefault")
    session.run("python", "-c", "import onnxruntime, skl2onnx, sklearn")  # here nothing may be left unchecked
    _pytest(session, "15m", "tests/test_redefault.py")


# --- checks of the text


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff, mypy and the import layers; all four run, whichever fails."""
    _working_tree(session, "lint")
    failed = []
    for command in (
        ["ruff", "check", "--no-cache"],
        ["ruff", "format", "--check", "--no-cache"],
        ["mypy", "--no-incremental"],
        ["lint-imports", "--no-cache"],
    ):
        try:
            _timed(session, "15m", *command)
        except CommandFailed:
            failed.append(" ".join(command))
    if failed:
        session.error(f"failed: {', '.join(failed)}")


@nox.session
def typing(session: nox.Session) -> None:
    """The code of README.md and of the documentation under mypy --strict and pyright."""
    _working_tree(session, "lint")
    session.install("-qq", "pyright[nodejs]")
    session.run("python", "-c", "import mypy, pyright")  # here nothing may be left unchecked
    _pytest(session, "15m", "tests/test_typing.py", "-m", "slow or not slow", "-n", "0")


@nox.session
def documentation(session: nox.Session) -> None:
    """The documentation: built without a warning, every link found, every block executed."""
    _working_tree(session, "docs", "test")
    session.env["NO_MKDOCS_2_WARNING"] = "1"
    site = Path(session.create_tmp()).resolve() / "site"
    _timed(session, "15m", "mkdocs", "build", "--strict", "-f", "docs/site/mkdocs.yml", "-d", str(site))
    _pytest(session, "15m", "README.md", "docs", "tests/test_docs.py", "-m", "slow or not slow")


# --- installing


@nox.session
def wheel(session: nox.Session) -> None:
    """The wheel, what it holds and declares, and its command in an empty environment."""
    copy = _fresh_copy(session, "copy")
    folder = copy.parent
    for name in ("dist", "dist-by-sdist", "empty", "elsewhere"):
        shutil.rmtree(folder / name, ignore_errors=True)
    session.install("-qq", "build")
    session.chdir(copy)
    session.run("python", "-m", "build", "--wheel", "--outdir", str(folder / "dist"), ".", silent=True)
    # By way of the source distribution, which must hold all that a wheel is made of.
    session.run("python", "-m", "build", "--outdir", str(folder / "dist-by-sdist"), ".", silent=True)
    (direct,) = (folder / "dist").glob("restructure_offers-*.whl")
    (by_sdist,) = (folder / "dist-by-sdist").glob("restructure_offers-*.whl")
    session.run("python", str(CHECKS), "wheel", str(direct), str(by_sdist))

    session.run("python", "-m", "venv", str(folder / "empty"))
    scripts = folder / "empty" / "bin"
    python, command = str(scripts / "python"), str(scripts / "restructure")
    session.run(python, "-m", "pip", "install", "-qq", str(direct), external=True)
    session.run(python, "-m", "pip", "check", external=True)
    session.run(python, str(CHECKS), "dependencies", str(copy / "pyproject.toml"), *OPTIONAL, external=True)

    # From another folder, with no locale and next to nothing in the environment.
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    session.chdir(elsewhere)
    bare = ["env", "-i", "PATH=/usr/bin:/bin", f"HOME={elsewhere}", "LC_ALL=C", command]
    examples = copy / "examples"
    as_json = ["--policy", "cn-consumer-finance", "--format", "json"]
    for name, arguments in {
        "illness.out": [str(examples / "illness.json"), *as_json],
        "overspending.out": [str(examples / "overspending.json"), *as_json],
        "table.out": [str(examples / "illness.json")],
    }.items():
        with Path(elsewhere, name).open("w", encoding="utf-8") as out:
            session.run(*bare, "offer", *arguments, external=True, stdout=out, stderr=None)
    session.run(python, str(CHECKS), "decisions", external=True)
    # What a new user types, who has nothing but the wheel.
    for line in (
        "new application --force",
        "offer application.yaml",
        "new policy ours --force",
        "new cases --policy ours --force",
        "examples --copy examples --force",
        "test ours examples/lender us-hamp",
    ):
        session.run(*bare, *line.split(), external=True, silent=True)
    session.run(python, str(CHECKS), "missing-file", command, external=True)


@nox.session(python=VERSIONS)
def tests_on(session: nox.Session) -> None:
    """Install as a user does, without -e, and run the fast tests on all their examples."""
    _working_tree(session, "test", editable=False)
    session.chdir(session.create_tmp())
    session.run(
        "python", "-c", "import restructure; print(restructure.load_policy('cn-consumer-finance').version)"
    )
    session.chdir(ROOT)
    _pytest(session, "30m", "--hypothesis-profile=thorough")


@nox.session(python="3.13")
def built_engine(session: nox.Session) -> None:
    """The tests of policy and casework on 3.13 with durable_rules built by the one variable of README.md."""
    _working_tree(session, "test", editable=False)
    source = ["--no-cache-dir", "--no-binary", "durable_rules", DURABLE_RULES]
    session.install("-qq", *source, env={"CC": PATCHED_COMPILER})
    session.chdir(session.create_tmp())
    both = "assert len(engines_here()) == 2, 'durable_rules was built but cannot be imported'"
    session.run("python", "-c", f"{ENGINES}\n{both}")
    session.chdir(ROOT)
    _pytest(session, "30m", "--hypothesis-profile=thorough", "tests/policy", "tests/casework")


@nox.session(python=["3.11", "3.13"])
def without_engine(session: nox.Session) -> None:
    """An offer where no C compiler can build the engine, installed by the documented line."""
    no_compiler = {"CC": "no-c-compiler", "PIP_NO_CACHE_DIR": "1"}
    control = ["--no-deps", "--no-binary", "durable_rules", "-t", session.create_tmp(), DURABLE_RULES]
    # First that it is so: without this failure the rest would prove nothing.
    session.run(
        "python",
        "-m",
        "pip",
        "install",
        "-qq",
        *control,
        env=no_compiler,
        silent=True,
        success_codes=range(1, 126),
    )
    documented = [
        block for block in _sh_blocks((ROOT / "README.md").read_text("utf-8")) if "--no-deps" in block
    ]
    if not documented:
        session.error("README.md has no ```sh block with --no-deps")
    folder = _fresh_copy(session, "copy")
    script = _script(session, folder, documented[0])
    session.run(*_limited("20m", "sh", "-e", script), external=True, env=no_compiler)
    (installed,) = folder.glob(".venv*/bin/restructure")
    python = str(installed.with_name("python"))
    alone = "assert engines_here() == ('reference',), 'more than the reference evaluator is installed'"
    session.run(python, "-c", f"{ENGINES}\n{alone}", external=True)
    session.run(str(installed), "--version", external=True)
    _illness_relief(
        session, session.run(str(installed), "offer", "examples/illness.json", external=True, silent=True)
    )
