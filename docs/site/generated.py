"""The generated pages: what repeats the code is written from it at every build, so that it cannot differ from it.

`pages` gives each page's text by its path in docs/, `NAVIGATION` where it goes, `filled` what stands for a mark in a
committed page. Nothing here depends on MkDocs.
"""

import contextlib
import importlib
import io
import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import restructure
from restructure.cli.exit_status import MEANINGS
from restructure.errors import CATALOGUE

__all__ = ["NAVIGATION", "filled", "pages"]

_GENERATED = "<!-- written by docs/site/generated.py at every build -->\n\n"
_CONFIDENCE = ("high", "medium", "low", "own")


def pages(root: Path) -> dict[str, str]:
    """Write every generated page of the repository at `root`."""
    written = {
        "reference/language.md": _language(root),
        "reference/facts.md": _facts(),
        "reference/tables.md": _tables(),
        "reference/errors.md": _errors(),
        "reference/command-line.md": _command_line(),
        **_formats(),
        **_python(),
        **{f"programmes/{name}.md": _pack(name) for name in restructure.packaged_policies()},
    }
    return {path: _GENERATED + text for path, text in written.items()}


def filled(markdown: str, root: Path) -> str:
    """Put the generated parts where a committed page has their marks."""
    if "<!-- packs -->" in markdown:
        markdown = markdown.replace("<!-- packs -->", _packs(root))
    return markdown


# --- navigation


def _reference(written: Mapping[str, str]) -> list[Any]:
    python = [
        {_title(path, written).removeprefix("restructure."): path}
        for path in written
        if path.startswith("reference/python/")
    ]
    formats = [{_title(path, written): path} for path in written if path.startswith("reference/formats/")]
    return [
        {"Policy language": "reference/language.md"},
        {"Facts": "reference/facts.md"},
        {"Tables": "reference/tables.md"},
        {"Python": python},
        {"Command line": "reference/command-line.md"},
        {"File formats": formats},
        {"Errors": "reference/errors.md"},
    ]


def _programmes(written: Mapping[str, str]) -> list[Any]:
    return [
        {path.removeprefix("programmes/").removesuffix(".md"): path}
        for path in written
        if path.startswith("programmes/")
    ]


def _title(path: str, written: Mapping[str, str]) -> str:
    return next(line[2:] for line in written[path].splitlines() if line.startswith("# ")).replace("`", "")


NAVIGATION: dict[str, Callable[[Mapping[str, str]], list[Any]]] = {
    "Reference": _reference,
    "Programmes": _programmes,
}
"""What is appended to the sections of mkdocs.yml."""


# --- the policy language, facts, errors


def _language(root: Path) -> str:
    return (root / "rules" / "LANGUAGE.md").read_text("utf-8")


def _facts() -> str:
    lines = [
        "# Facts",
        "",
        "What a rule may read: the output of `restructure facts` as tables. Every policy may add facts of its own; "
        "`restructure facts POLICY` lists them. A fact that the file does not give is *unknown*.",
    ]
    for heading, of_plan in (("Facts of the case", False), ("Figures of a proposed plan", True)):
        lines += ["", f"## {heading}", "", "| fact | kind | meaning | formula |", "|---|---|---|---|"]
        for fact in restructure.facts().values():
            if fact.of_plan is of_plan:
                kind = fact.kind.value
                if fact.choices:
                    kind += ": " + ", ".join(f"`{choice}`" for choice in fact.choices)
                formula = _code(fact.formula) if fact.formula else ""
                lines.append(f"| `{fact.name}` | {kind} | {_cell(fact.doc)} | {formula} |")
    return "\n".join(lines) + "\n"


def _tables() -> str:
    from restructure.report import frames

    holds = {
        "money": "decimal of the currency's scale",
        "count": "whole number",
        "day": "date",
        "word": "text",
        "flag": "true or false",
    }
    lines = [
        "# Tables",
        "",
        "The columns of `to_arrow()`, `to_pandas()` and `to_polars()` (extra `frames`). They depend on the class of "
        "the record and on its currency alone. Money is `decimal128(18, scale)`, the scale being 0 for JPY, 2 for CNY "
        "and 3 for KWD; what is unknown is null.",
    ]
    for record, columns in frames.TABLES.items():
        lines += ["", f"## {record}", "", "| column | holds | meaning |", "|---|---|---|"]
        for column in columns:
            kind = holds.get(column.holds.value, f"decimal with {column.scale} decimals")
            lines.append(f"| `{column.name}` | {kind} | {_cell(column.doc)} |")
    return "\n".join(lines) + "\n"


def _errors() -> str:
    lines = [
        "# Errors",
        "",
        "Every finding has a code of this catalogue; `restructure explain CODE` prints the same sentences. Wrong input "
        "raises `InvalidInput`, a wrong policy `InvalidPolicy`, and a request that the calculator cannot carry out "
        "`Refused`; each lists all findings at once, with file, line and column where there is a file.",
    ]
    for code, sentence in CATALOGUE.items():
        lines += ["", f"## `{code}` {{ #{code} }}", "", sentence]
    return "\n".join(lines) + "\n"


# --- the command line


def _command_line() -> str:
    lines = [
        "# Command line",
        "",
        "`restructure`, or `python -m restructure`. Every problem of the arguments and of the files is reported in one "
        "run, with its location and how to fix it.",
        "",
        "## Exit status",
        "",
        "| status | meaning |",
        "|---:|---|",
        *(f"| {int(status)} | {_cell(meaning)} |" for status, meaning in MEANINGS.items()),
        "",
        "A refusal and a referral are decisions: their status is 0. So is a reader that stops early, such as `head`.",
        "",
        "## Output and errors",
        "",
        "Standard output has the result and nothing else: if the status is 2, it is empty. Both streams and all files "
        "are UTF-8 whatever the locale. Standard error has one line for each error, and last a command that says more.",
        "",
        "With `--format json`, standard error is empty or has one JSON object, also where the arguments themselves are "
        'wrong: `{"errors": [...]}`, of which each error has `code` (see [Errors](errors.md)), `message`, `place` (the '
        "dotted path of the value, or the option), `file`, `line`, `column` (null where there is none) and `mend`.",
        "",
        "`RESTRUCTURE_LANGUAGE` is the language of what is shown where `--language` is not given, such as `zh`.",
        "",
        "## Commands",
        "",
        "```text",
        _help(),
        "```",
    ]
    for command in re.findall(r"^    ([a-z]+)(?: |$)", _help(), re.MULTILINE):
        lines += ["", f"### `restructure {command}`", "", "```text", _help(command), "```"]
    return "\n".join(lines) + "\n"


def _help(*command: str) -> str:
    from restructure.cli import main

    printed, before = io.StringIO(), os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "84"  # fits the page
    try:
        with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
            main([*command, "--help"])
    finally:
        os.environ.pop("COLUMNS")
        if before is not None:
            os.environ["COLUMNS"] = before
    return printed.getvalue().rstrip()


# --- file formats


def _formats() -> dict[str, str]:
    from restructure.calculator.request import CalculationRequest
    from restructure.policy.loading.schema import policy_schema
    from restructure.testing.case_schema import cases_schema

    schemas = {
        "application": ("Application", restructure.Application.model_json_schema(), "a borrower's file"),
        "request": (
            "Calculator request",
            CalculationRequest.model_json_schema(),
            "what `reschedule` answers",
        ),
        "policy": ("Policy", policy_schema(), "what stands in `policy.yaml`"),
        "cases": ("Cases of a policy", cases_schema(), "what stands in `*_test.yaml`"),
    }
    written = {}
    for name, (title, schema, what) in schemas.items():
        written[f"reference/formats/{name}.md"] = _format(name, title, schema, what)
    return written


def _format(name: str, title: str, schema: dict[str, Any], what: str) -> str:
    lines = [
        f"# {title}",
        "",
        f"JSON or YAML: {what}. `restructure schema {name}` prints the whole JSON Schema, with patterns and limits; an "
        'editor that reads it completes and checks the file. Money is text such as `"1250.00"`, a rate is text such as '
        '`"18%"` or a fraction of one, a day is `2026-03-18`.',
    ]
    definitions = schema.get("$defs", {})
    for heading, part in [(title, schema), *sorted(definitions.items())]:
        lines += ["", f"## {heading} {{ #{_anchor(heading)} }}", ""]
        if part.get("description"):
            lines += [_cell(part["description"]), ""]
        if part.get("enum"):
            lines.append("One of " + ", ".join(f"`{value}`" for value in part["enum"]) + ".")
        elif part.get("properties"):
            required = set(part.get("required", ()))
            lines += ["| field | type | meaning |", "|---|---|---|"]
            for field, about in part["properties"].items():
                needed = " (required)" if field in required else ""
                meaning = _cell(about.get("description", ""))
                lines.append(f"| `{field}` | {_type(about)}{needed} | {meaning} |")
        else:
            lines.append(f"{_type(part)}.")
    return "\n".join(lines) + "\n"


def _type(schema: Any) -> str:
    """Say what a value may be, with a link to each definition."""
    if not isinstance(schema, dict):
        return "anything"
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{_anchor(name)})"
    if "const" in schema:
        return f"`{json.dumps(schema['const'], ensure_ascii=False)}`"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            kinds = dict.fromkeys(_type(part) for part in schema[several])
            return " or ".join(kind for kind in kinds if kind) or "nothing"
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"mapping to {_type(schema['additionalProperties'])}"
    if kind == "string" and schema.get("format") == "date":
        return "day"
    names = {"string": "text", "object": "mapping", "boolean": "yes or no", "integer": "whole number"}
    each_kind: list[str] = kind if isinstance(kind, list) else [str(kind)]
    return " or ".join(names.get(each, each) for each in each_kind if each != "null")


# --- Python


_FACES = (
    "restructure",
    "restructure.calculator",
    "restructure.intake",
    "restructure.policy",
    "restructure.casework",
    "restructure.report",
    "restructure.report.letters",
    "restructure.report.plots",
    "restructure.testing",
    "restructure.testing.strategies",
)
"""The packages that public names are imported from."""

_ALSO_PUBLIC = ("restructure.calculator.cost_of_credit.apr",)
"""Modules that are imported by their own name."""


def _python() -> dict[str, str]:
    """Write a page for each package that public names are imported from, and one for each that they are defined in."""
    rooms: dict[str, set[str]] = {}
    faces: dict[str, dict[str, str]] = {}
    for face in _FACES:
        module = importlib.import_module(face)
        faces[face] = {public: _path(module, public) for public in getattr(module, "__all__", ())}
    for name in _ALSO_PUBLIC:
        with contextlib.suppress(ImportError):  # an extra is not installed
            module = importlib.import_module(name)
            faces.setdefault(_room(name), {}).update(
                {public: f"{name}.{public}" for public in module.__all__}
            )
    for names in faces.values():
        for path in names.values():
            rooms.setdefault(_room(path.rpartition(".")[0]), set()).add(path)
    pages_of = sorted({*rooms, *faces}, key=lambda name: (name != "restructure", name))
    return {
        f"reference/python/{name}.md": _python_page(name, faces.get(name, {}), rooms) for name in pages_of
    }


def _python_page(name: str, names: Mapping[str, str], rooms: Mapping[str, set[str]]) -> str:
    """Write the page of a package: what it has from elsewhere as links, what it defines in full."""
    own = rooms.get(name, set())
    lines = [f"# `{name}`", "", (importlib.import_module(name).__doc__ or "").strip(), ""]
    elsewhere = {public: path for public, path in names.items() if path not in own}
    if elsewhere:
        lines += [f"| from {name} import … | defined in |", "|---|---|"]
        for public, path in sorted(elsewhere.items()):
            room = _room(path.rpartition(".")[0])
            lines.append(f"| [`{public}`][{path}] | [`{room}`]({room}.md) |")
        lines.append("")
    by_kind = sorted(own, key=lambda path: (path.rpartition(".")[2][0].islower(), path.rpartition(".")[2]))
    lines += [f"::: {path}\n" for path in by_kind]
    return "\n".join(lines)


def _path(module: ModuleType, public: str) -> str:
    """Give the module and name under which something public is defined."""
    for home, names in getattr(module, "_HOMES", {}).items():
        if public in names.split():
            return f"{module.__name__}.{home}.{public}"
    value = getattr(module, public)
    return f"{getattr(value, '__module__', None) or module.__name__}.{public}"


def _room(module: str) -> str:
    """Give the package of a module: `restructure.calculator.measures` for the module of `Waive`."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        if hasattr(importlib.import_module(name), "__path__") or length == 2:
            return name
    return module


# --- programmes


def _packs(root: Path) -> str:
    lines = [
        "| pack | programme | in force from | rules, gates, limits | sources by confidence | cases |",
        "|---|---|---|---|---|---:|",
    ]
    for name, path in restructure.packaged_policies().items():
        policy = restructure.load_policy(name)
        until = f" to before {policy.effective_until}" if policy.effective_until else ""
        levels = [source.confidence for source in policy.sources.values()]
        confidence = ", ".join(f"{levels.count(level)} {level}" for level in _CONFIDENCE if level in levels)
        cases = sum(
            len(re.findall(r"^ *- name:", file.read_text("utf-8"), re.MULTILINE))
            for file in Path(path).parent.glob("*_test.yaml")
        )
        lines.append(
            f"| [`{name}`]({name}.md) | {policy.title['en']} | {policy.effective_from or '–'}{until} "
            f"| {len(policy.rules)}, {len(policy.gates)}, {len(policy.limits)} | {confidence} | {cases} |"
        )
    return "\n".join(lines)


def _pack(name: str) -> str:
    path = Path(restructure.packaged_policies()[name])
    policy = restructure.load_policy(name)
    lines = [f"# `{name}`", "", f"**{policy.title['en']}**, version {policy.version}."]
    if policy.title.get("zh"):
        lines[-1] = f"**{policy.title['en']}** ({policy.title['zh']}), version {policy.version}."
    lines += ["", *_header(path), "", "## Sources", "", "| key | source | confidence |", "|---|---|---|"]
    for key, source in policy.sources.items():
        title = _cell(source.title)
        shown = f"[{title}]({source.url})" if source.url else title
        lines.append(f"| `{key}` | {shown} | {source.confidence} |")
    if policy.parameters:
        lines += ["", "## Parameters", "", "| parameter | meaning | values | source |", "|---|---|---|---|"]
        for key, parameter in policy.parameters.items():
            values = "; ".join(
                f"{dated.value} from {dated.since}" if dated.value is not None else f"none from {dated.since}"
                for dated in parameter.values
            )
            lines.append(
                f"| `{key}` | {_cell(parameter.title['en'])} | {_cell(values)} | {_cell(str(parameter.source))} |"
            )
    for heading, entries in (
        ("Gates", policy.gates),
        ("Rules", policy.rules),
        ("Limits", policy.limits),
        ("Flags", policy.flags),
    ):
        if entries:
            lines += ["", f"## {heading}", "", "| id | meaning | source |", "|---|---|---|"]
            lines += [
                f"| `{entry.id}` | {_cell(entry.title['en'])} | {_cell(str(entry.reference))} |"
                for entry in entries
            ]
    return "\n".join(lines) + "\n"


def _header(path: Path) -> list[str]:
    """Give the comment that a policy file begins with: state, readings, and what is left out."""
    lines: list[str] = []
    for line in path.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            break
        if "yaml-language-server" not in line:
            text = line[1:].removeprefix(" ")
            if text.startswith(("- ", "  - ")):
                if lines and not lines[-1].lstrip().startswith("- "):
                    lines.append("")
                text = text.strip()
            elif text.startswith(" "):
                text = "  " + text.strip()
            elif lines and lines[-1].startswith(("- ", "  ")):
                lines.append("")
            lines.append(text)
    return lines


# --- texts


def _anchor(name: str) -> str:
    return "def-" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _cell(text: str) -> str:
    """Make a text fit a cell: on one line, its bars and brackets no marks of a table or of a link."""
    text = " ".join(text.split()).replace("|", "\\|")
    return re.sub(r"(`[^`]*`)|\[", lambda found: found.group(1) or "\\[", text)


def _code(text: str) -> str:
    return "`" + " ".join(text.split()).replace("|", "\\|") + "`"
