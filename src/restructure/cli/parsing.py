"""Parsing: the parser of a command line, which loads only the commands that it names.

What is wrong with the arguments is an error like any other, so that it can be had as JSON too.
"""

import argparse
import re
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from itertools import pairwise
from textwrap import fill, wrap
from typing import Any, NoReturn

import restructure
from restructure.cli.command_table import COMMANDS
from restructure.cli.exit_status import MEANINGS
from restructure.cli.output import write
from restructure.errors import InvalidInput, Issue, did_you_mean, quoted

__all__ = ["ArgumentsInvalid", "command_parser", "parsed", "wants_json"]


class ArgumentsInvalid(InvalidInput):
    """Arguments that no command takes."""

    def __init__(self, messages: Iterable[str], program: str, place: str = "") -> None:
        super().__init__(Issue("arguments-invalid", message, place) for message in messages)
        self.program = program
        """The command whose help says more, such as `restructure offer`."""


class _Parser(argparse.ArgumentParser):
    def __init__(self, **given: Any) -> None:
        super().__init__(formatter_class=_HelpFormatter, allow_abbrev=False, **given)
        self._positionals.title = "arguments"

    def error(self, message: str) -> NoReturn:
        of_one = re.match(r"argument (\S+): ", message)
        message = message[of_one.end() :] if of_one else message
        raise ArgumentsInvalid([message], self.prog, of_one[1] if of_one else "")

    def _print_message(self, message: str, file: Any = None) -> None:
        write(message)  # only the help and the version come here; argparse would hide that the disk is full

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            known = did_you_mean(value, map(str, action.choices))
            raise argparse.ArgumentError(action, f"{quoted(value)} is none of its words{known}")


def wants_json(arguments: Sequence[str]) -> bool:
    """Tell whether the arguments ask for JSON, even if nothing else about them can be read."""
    return "--format=json" in arguments or ("--format", "json") in pairwise(arguments)


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the arguments; raises `ArgumentsInvalid`, and `SystemExit` after the help or the version."""
    names = [command.name for command in COMMANDS]
    parser = command_parser(arguments)
    if not arguments:
        parser.error(f"name a command: {', '.join(names)}")
    if not arguments[0].startswith("-") and arguments[0] not in names:
        parser.error(f"no command is called {quoted(arguments[0])}{did_you_mean(arguments[0], names)}")
    options, surplus = parser.parse_known_args(arguments)
    if surplus:
        raise ArgumentsInvalid(_surplus(surplus, options.options), f"restructure {options.command}")
    return options


def _surplus(surplus: Sequence[str], known: Sequence[str]) -> list[str]:
    """Say of each surplus argument what is wrong: words behind an unknown option are likely its values."""
    unknown = [word.partition("=")[0] for word in surplus if word.startswith("-")]
    if unknown:
        return [f"no option is called {quoted(word)}{did_you_mean(word, known)}" for word in unknown]
    return [f"{quoted(word)} is one argument too many" for word in surplus]


def command_parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Make the parser of a command line; only a command that it names loads what its own options need."""
    statuses = "\n".join(f"  {status:>3}  {meaning}" for status, meaning in MEANINGS.items())
    parser = _Parser(
        prog="restructure",
        description="Repayment restructuring offers from a borrower's file.",
        epilog=f"exit status:\n{statuses}\n\n`restructure COMMAND --help` has the options and an example.",
    )
    parser.add_argument("--version", action="version", version=_version())
    subparsers = parser.add_subparsers(required=True, title="commands", metavar="COMMAND", dest="command")
    for command in COMMANDS:
        subparser = subparsers.add_parser(
            command.name,
            help=command.summary,
            description=f"{command.summary[0].upper()}{command.summary[1:]}.",
            epilog="\n".join(["example:", *(f"  {example}" for example in command.examples)]),
        )
        if command.name in arguments:
            module = command.load()
            module.add_options(subparser)
            flags = sorted(subparser._option_string_actions)
            subparser.set_defaults(run=module.run, options=flags)
    return parser


class _HelpFormatter(argparse.HelpFormatter):
    """Break no name at its hyphens, and keep the lines of an epilog, of which examples are never folded."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrap(" ".join(text.split()), width, break_on_hyphens=False)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if text.startswith("example:"):
            return text
        folded = [
            fill(line, width, subsequent_indent=" " * _HANGING if line.startswith(" ") else "")
            for line in text.split("\n")
        ]
        return "\n".join(folded)


_HANGING = len("  130  ")


def _version() -> str:
    """Give the version, and the rule engines that are installed for this interpreter."""
    engines = "reference and durable" if find_spec("durable_rules_engine") else "reference"
    return f"restructure {restructure.__version__} (rule engines: {engines})"
