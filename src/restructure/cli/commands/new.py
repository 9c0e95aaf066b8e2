"""`restructure new`: write a first application, policy or file of cases, with comments."""

import os
import shlex
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from restructure.cli.case_options import read_day
from restructure.cli.output import write, write_lines
from restructure.errors import InvalidInput, Issue, did_you_mean, quoted
from restructure.policy.loading.loading import load_policy
from restructure.policy.loading.locating import find_policy, packaged_policies
from restructure.starts.application import new_application
from restructure.starts.cases import new_cases
from restructure.starts.commented import LANGUAGES, check_language
from restructure.starts.copying import copy_out
from restructure.starts.formats import Format, schema_line
from restructure.starts.policy import new_extending_policy, new_policy
from restructure.starts.writing import refuse_existing, write_file, write_schema
from restructure.views import display_language

__all__ = ["add_options", "run"]

_MESSAGES = {
    "en": {
        "written": "{path} is written, and beside it {schema}, by which an editor completes and checks it.",
        "plain": "{path} is written.",
        "copied": "Copied into {path}: {count} files.",
        "next": "Next: {command}",
    },
    "zh": {
        "written": "已写入 {path}，并在旁边写入供编辑器补全和检查用的 {schema}。",
        "plain": "已写入 {path}。",
        "copied": "已复制到 {path}：{count} 个文件。",
        "next": "下一步：{command}",
    },
}

_BELONGS = {
    "kind": "application",
    "format": "application",
    "extends": "policy",
    "copy": "policy",
    "policy": "cases",
}
"""Options that only one kind of file has."""


def add_options(parser: ArgumentParser) -> None:
    """Add the kind of file, its path, and what is to be in it."""
    parser.add_argument(
        "what",
        choices=("application", "policy", "cases"),
        metavar="application|policy|cases",
        help="what to write",
    )
    parser.add_argument(
        "path",
        nargs="?",
        metavar="FILE",
        help="a file, a folder, or - for standard output (default: application.yaml, policy.yaml, policy_test.yaml)",
    )
    parser.add_argument(
        "--kind",
        choices=("contract", "stated"),
        help="an application's loan by its contract and payments (default), or by its balances",
    )
    parser.add_argument("--format", choices=("yaml", "json"), help="of an application (default: yaml)")
    parser.add_argument("--extends", metavar="NAME|PATH", help="a policy that the new policy extends")
    parser.add_argument(
        "--copy", metavar="POLICY", help="a packaged policy that is copied with its cases instead"
    )
    parser.add_argument(
        "--policy",
        metavar="NAME|PATH",
        help="the policy of the cases (default: policy.yaml if it is here, else cn-consumer-finance)",
    )
    parser.add_argument(
        "--language",
        metavar="CODE",
        help="of the comments: en, zh (default: RESTRUCTURE_LANGUAGE, else en)",
    )
    parser.add_argument("--on", metavar="DATE", help="the day that the example describes (default: today)")
    parser.add_argument("--force", action="store_true", help="replace files that exist")


class _Start(NamedTuple):
    """A file to be written."""

    format: Format
    path: Path
    text: str
    command: str
    """What to type next."""


def run(options: Namespace) -> int:
    """Write the file, or the copy of a policy, and say what to type next."""
    for name, what in _BELONGS.items():
        if getattr(options, name) is not None and options.what != what:
            sentence = f"this is an option of `restructure new {what}`"
            raise InvalidInput(Issue("arguments-invalid", sentence, f"--{name}"))
    options.language = options.language or (display_language() if display_language() in LANGUAGES else "en")
    check_language(options.language)
    if options.copy is not None:
        return _copy(options)
    on = read_day(options.on) if options.on is not None else datetime.now().astimezone().date()
    start = {"application": _application, "policy": _policy, "cases": _cases}[options.what](options, on)
    if options.path == "-":
        write(start.text)
        return 0
    refuse_existing([start.path], force=options.force)
    if start.path.suffix == ".json":
        write_file(start.path, start.text)
        _say(options, "plain", path=start.path)
    else:
        # The schema first: if it cannot be written, neither is the file that names it.
        schema = write_schema(start.format, start.path.parent)
        write_file(start.path, f"{schema_line(start.format)}\n{start.text}")
        _say(options, "written", path=start.path, schema=schema.name)
    _say(options, "next", command=start.command)
    return 0


def _say(options: Namespace, message: str, **values: object) -> None:
    write_lines([_MESSAGES[options.language][message].format(**values)])


def _path(options: Namespace, default: str) -> Path:
    """Give the path of the file to be written; a path without a suffix is a folder for the default name."""
    if options.path in (None, "-"):
        return Path(default)
    path = Path(options.path)
    return path / Path(default).name if not path.suffix or path.is_dir() else path


def _typed(*words: Path | str) -> str:
    return shlex.join(map(str, words))


def _application(options: Namespace, on: date) -> _Start:
    plain = options.format == "json" or (options.format is None and str(options.path).endswith(".json"))
    path = _path(options, "application.json" if plain else "application.yaml")
    text = new_application(on=on, kind=options.kind or "contract", language=options.language, plain=plain)
    return _Start("application", path, text, _typed("restructure", "offer", path))


def _policy(options: Namespace, on: date) -> _Start:
    path = _path(options, "policy.yaml")
    if options.extends is None:
        text = new_policy(on=on, language=options.language)
    else:
        base = load_policy(options.extends)
        named = _named(options.extends, path)
        text = new_extending_policy(base, named, on=on, language=options.language)
    return _Start("policy", path, text, _typed("restructure", "new", "cases", "--policy", path))


def _cases(options: Namespace, on: date) -> _Start:
    source = options.policy or ("policy.yaml" if Path("policy.yaml").is_file() else "cn-consumer-finance")
    policy = load_policy(source)
    packaged = source in packaged_policies() and not Path(source).exists()
    beside = Path(f"{source}_test.yaml") if packaged else find_policy(source).parent / "policy_test.yaml"
    path = _path(options, str(beside))
    text = new_cases(policy, _named(source, path), on=on, language=options.language)
    return _Start("cases", path, text, _typed("restructure", "test", path))


def _named(source: str, path: Path) -> str:
    """Give what a file says of a policy: the name of a packaged one, or the path from the file's folder."""
    if source in packaged_policies() and not Path(source).exists():
        return source
    policy = find_policy(source)
    target = policy.parent if policy.name == "policy.yaml" else policy
    try:
        return Path(os.path.relpath(target.resolve(), path.parent.resolve())).as_posix()
    except ValueError:  # on another drive
        return target.resolve().as_posix()


def _copy(options: Namespace) -> int:
    packaged = packaged_policies()
    if options.extends is not None or options.path == "-":
        sentence = "--copy writes a folder of its own; leave out --extends and -"
        raise InvalidInput(Issue("arguments-invalid", sentence, "--copy"))
    if options.copy not in packaged:
        sentence = f"{quoted(options.copy)} is not a packaged policy{did_you_mean(options.copy, packaged)}"
        raise InvalidInput(Issue("policy-missing", sentence, "--copy"))
    target = Path(options.path or options.copy)
    written: Sequence[Path] = copy_out(packaged[options.copy].parent, ["."], target, force=options.force)
    _say(options, "copied", path=target, count=len(written))
    _say(options, "next", command=_typed("restructure", "test", target))
    return 0
