"""`restructure examples`: list, print or copy the examples that come with the library."""

import shlex
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import NamedTuple

from restructure.blocks import Lines, Table
from restructure.cli.output import write, write_blocks, write_lines
from restructure.starts.commented import LANGUAGES, check_language
from restructure.starts.copying import copy_out
from restructure.starts.examples import Example, example_named, examples, examples_folder
from restructure.views import display_language

__all__ = ["add_options", "run"]


_FEW = 8
"""Files that are named one by one."""


class _Messages(NamedTuple):
    head: tuple[str, str]
    hint: tuple[str, str]
    copied: str
    copied_many: str
    following: str


_MESSAGES = {
    "en": _Messages(
        ("example", "what it shows"),
        (
            "Print one: restructure examples illness",
            "Copy one, or without a name all: restructure examples illness --copy FOLDER",
        ),
        "Copied: {paths}",
        "Copied into {path}: {count} files.",
        "Next: {command}",
    ),
    "zh": _Messages(
        ("示例", "内容"),
        (
            "打印一个：restructure examples illness",
            "复制一个（不写名称则复制全部）：restructure examples illness --copy 文件夹",
        ),
        "已复制：{paths}",
        "已复制到 {path}：{count} 个文件。",
        "下一步：{command}",
    ),
}


def add_options(parser: ArgumentParser) -> None:
    """Add the example, the folder for a copy, and the language."""
    parser.add_argument(
        "name", nargs="?", metavar="EXAMPLE", help="an example that is printed (default: list all)"
    )
    parser.add_argument("--copy", metavar="FOLDER", help="copy it, or all, into a folder instead")
    parser.add_argument(
        "--language",
        metavar="CODE",
        help="of the list: en, zh (default: RESTRUCTURE_LANGUAGE, else en)",
    )
    parser.add_argument("--force", action="store_true", help="replace files that exist")


def run(options: Namespace) -> int:
    """List the examples, print one, or copy one or all."""
    language = options.language or (display_language() if display_language() in LANGUAGES else "en")
    check_language(language)
    messages = _MESSAGES[language]
    example = None if options.name is None else example_named(options.name)
    if options.copy is not None:
        target = Path(options.copy)
        names = [held.within for held in ([example] if example else examples().values())]
        written = copy_out(examples_folder(), names, target, force=options.force)
        said = messages.copied if len(written) <= _FEW else messages.copied_many
        write_lines([said.format(paths=", ".join(map(str, written)), path=target, count=len(written))])
        command = (example or examples()["illness"]).command.format(
            shlex.quote(str(target / (example.within if example else "illness.json")))
        )
        write_lines([messages.following.format(command=command)])
    elif example is not None:
        write(_text(example))
    else:
        rows = tuple((held.name, held.title[language]) for held in examples().values())
        write_blocks([Table(messages.head, rows, figures=False), Lines(messages.hint)])
    return 0


def _text(example: Example) -> str:
    """Give the text of an example: of a folder, its policy."""
    path = example.path / "policy.yaml" if example.path.is_dir() else example.path
    return path.read_text("utf-8")
