"""The documentation: its commands and files do what the pages show, both languages; it is built without a warning.

`>>>` blocks run as doctests (`--doctest-glob`). Of the others:

- ```` ```console ```` runs line by line: `$ ` begins a command, what follows is its output; `…` stands for anything.
- ```` ```yaml title="…" ```` and ```` ```json title="…" ```` of a file of the repository are an excerpt of it, others are written and used.
- ```` ```sh ```` installs or starts something; it is not run here, and stands only where it is listed.
"""

import contextlib
import enum
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

import restructure
from restructure import intake
from restructure.calculator.measures.presets import PRESETS
from restructure.cli import main

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if DOCS / "site" not in path.parents)
BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LISTED_SH = {
    "how-to/install.md",
    "how-to/embed-in-a-service.md",
    "how-to/explore-in-a-notebook.md",
    "explanation/layout.md",
}


def _name(page: Path) -> str:
    return page.relative_to(DOCS).as_posix()


def _blocks(page: Path) -> list[tuple[str, str, str]]:
    """Give language, title and text of each block of a page."""
    blocks = []
    for head, text in BLOCK.findall(page.read_text("utf-8")):
        title = re.search(r'title="([^"]+)"', head)
        blocks.append((head.split(" ")[0], title.group(1) if title else "", text))
    return blocks


def _is_excerpt(text: str, whole: str) -> bool:
    """Tell whether all lines of a text stand one after the other in another, whatever the indentation."""
    lines = [line.strip() for line in text.strip().splitlines()]
    others = [line.strip() for line in whole.splitlines()]
    return any(others[k : k + len(lines)] == lines for k in range(len(others)))


def _run(command: str, folder: Path) -> str:
    """Run a line as a shell in a folder would; the program itself runs in this process, which is quicker."""
    arguments = shlex.split(command)
    if arguments[0] != "restructure":
        done = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True, check=True)
        return done.stdout
    printed = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        main(arguments[1:])
    return printed.getvalue()


def _matches(shown: str, printed: str) -> bool:
    """Compare what a page shows with what was printed; a line `…` is any number of lines, `…` in a line any text."""
    pattern = ""
    for line in shown.strip().splitlines():
        if line.strip() == "…":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += (
                "".join(".*" if part == "…" else re.escape(part) for part in re.split("(…)", line.rstrip()))
                + r" *\n"
            )
    return re.fullmatch(pattern, printed.rstrip() + "\n") is not None


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder that has what the repository has."""
    for name in ("rules", "examples"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.ipynb"))
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


@pytest.mark.parametrize("page", [page for page in PAGES if _blocks(page)], ids=_name)
def test_commands_print_what_a_page_shows_and_its_files_are_accepted(page, folder):
    if "restructure letter" in page.read_text("utf-8") and not (find_spec("jinja2") and find_spec("babel")):
        pytest.skip("letters need jinja2 and babel (extra letters)")
    for language, title, text in _blocks(page):
        if language in ("yaml", "json"):
            assert title, f"a block of {language} needs the title of its file:\n{text}"
            target = folder / title
            if (ROOT / title).exists():
                assert _is_excerpt(text, (ROOT / title).read_text("utf-8")), f"not in {title}:\n{text}"
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")
            if title.endswith("policy.yaml"):
                restructure.load_policy(target)
        elif language == "console":
            for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, _, shown = part.partition("\n")
                printed = _run(command, folder)
                if shown.strip():
                    assert _matches(shown, printed), f"$ {command}\nshown:\n{shown}\nprinted:\n{printed}"


def test_a_command_that_prints_something_else_than_shown_is_noticed():
    assert _matches("a\n…\nb", "a\nx\ny\nb\n")
    assert _matches("a … c\n…", "a b c\n")
    assert not _matches("a\nb", "a\nx\nb\n")
    assert not _matches("a\n…\nc", "a\nb\n")
    assert not _is_excerpt("a\nc", "a\nb\nc")


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_block_of_a_page_is_one_that_is_executed(page):
    for language, _, text in _blocks(page):
        assert language in ("python", "console", "yaml", "json", "sh"), (
            f"{language!r} is not executed:\n{text}"
        )
        if language == "python":
            assert text.startswith(">>> "), f"only `>>>` is executed:\n{text}"
        if language == "sh":
            assert _name(page).removeprefix("zh/") in LISTED_SH, f"not executed, and not listed:\n{text}"


# --- both languages


@pytest.mark.parametrize("page", [page for page in PAGES if _name(page).startswith("zh/")], ids=_name)
def test_every_chinese_page_translates_an_english_one(page):
    assert (DOCS / _name(page).removeprefix("zh/")).exists()


def test_front_page_tutorial_guides_and_glossary_are_there_in_chinese():
    english = [
        "index.md",
        "tutorial.md",
        "glossary.md",
        *(_name(path) for path in (DOCS / "how-to").glob("*.md")),
    ]
    assert [name for name in english if not (DOCS / "zh" / name).exists()] == []


# --- the glossary


def _glossary(path: Path) -> list[list[str]]:
    rows = [line for line in path.read_text("utf-8").splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows if "---" not in row]


def _in_code(name: str) -> bool:
    """Tell whether a name of the glossary is a public name, its field or member, a fact, a preset, a pack, or an entry of one."""
    if "." in name:
        owner, member = name.split(".")
        model = getattr(restructure, owner)
        if issubclass(model, enum.Enum):
            return member in model.__members__
        return member in model.model_fields
    return name in _names()


@cache
def _names() -> set[str]:
    policy = restructure.load_policy("cn-consumer-finance")
    entries = {entry.id for entry in (*policy.rules, *policy.actions, *policy.duties, *policy.gates)}
    packs = restructure.packaged_policies()
    return {
        *restructure.__all__,
        *intake.__all__,
        *restructure.facts(),
        *PRESETS,
        *packs,
        *entries,
        *policy.facts,
    }


@pytest.mark.parametrize("page", ["glossary.md", "zh/glossary.md"])
def test_every_name_of_the_glossary_is_in_the_code(page):
    rows = [row for row in _glossary(DOCS / page) if row[3] not in ("in code", "代码")]
    assert len(rows) > 50
    names = [name for row in rows for name in re.findall(r"`([^`]+)`", row[3])]
    assert all(row[3] for row in rows)
    assert [name for name in names if not _in_code(name)] == []


def test_both_glossaries_have_the_same_terms():
    english = {(row[0], row[1], row[3]) for row in _glossary(DOCS / "glossary.md")}
    chinese = {(row[1], row[0], row[3]) for row in _glossary(DOCS / "zh" / "glossary.md")}
    assert {row for row in english ^ chinese if row[2] not in ("in code", "代码")} == set()


# --- the site


def test_the_readme_is_short_and_its_links_lead_somewhere():
    text = (ROOT / "README.md").read_text("utf-8")
    assert len(text.splitlines()) <= 150
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    assert len(links) > 10
    assert [link for link in links if not (ROOT / link).exists()] == []
    assert (DOCS / "images" / "decision.png").stat().st_size < 150_000


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_every_link_is_found(tmp_path):
    if find_spec("mkdocs") is None or find_spec("mkdocstrings") is None:
        pytest.skip("NOT CHECKED: the documentation is not built, for mkdocs is not installed (extra docs)")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "mkdocs",
            "build",
            "--strict",
            "-f",
            str(DOCS / "site" / "mkdocs.yml"),
            "-d",
            str(tmp_path),
        ],
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stderr
    for page in (
        "index.html",
        "zh/index.html",
        "reference/facts/index.html",
        "programmes/us-hamp/index.html",
    ):
        assert (tmp_path / page).exists()
    chinese, english = (
        (tmp_path / page).read_text("utf-8") for page in ("zh/tutorial/index.html", "tutorial/index.html")
    )
    assert '<html lang="zh"' in chinese
    assert '<html lang="en"' in english
    assert 'href="../zh/tutorial/"' in english
    faces = (
        tmp_path / "reference" / "python" / face / "index.html"
        for face in ("restructure", "restructure.intake")
    )
    reference = "".join(page.read_text("utf-8") for page in faces)
    named = set(re.findall(r'(?:id|href)="[^"]*\.([A-Za-z_]+)"', reference))
    assert {*restructure.__all__, *intake.__all__} - named == set()
