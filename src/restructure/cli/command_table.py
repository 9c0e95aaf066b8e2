"""Table of the commands: a new command is a line here and a module of its own in `commands/`.

A module of a command has `add_options(parser)`, which adds its options, and `run(options)`, which carries it out and
gives the exit status. It is imported only when the command line names the command.
"""

from argparse import ArgumentParser, Namespace
from importlib import import_module
from typing import NamedTuple, Protocol, cast

__all__ = ["COMMANDS", "Command", "CommandModule"]


class CommandModule(Protocol):
    """What a module in `commands/` has."""

    def add_options(self, parser: ArgumentParser, /) -> None:
        """Add the options of the command."""

    def run(self, options: Namespace, /) -> int:
        """Carry the command out and give its exit status."""


class Command(NamedTuple):
    """One command."""

    name: str
    """The word on the command line, and the module in `commands/`."""
    summary: str
    """What the help says of it, in one line."""
    examples: tuple[str, ...] = ()
    """What somebody may type, in the folder of the repository."""

    def load(self) -> CommandModule:
        """Import the module of the command, with all that its options need."""
        return cast("CommandModule", import_module(f"restructure.cli.commands.{self.name}"))


COMMANDS = (
    Command(
        "new",
        "write a first application, policy or file of cases, with comments",
        ("restructure new application", "restructure new policy --extends cn-consumer-finance"),
    ),
    Command(
        "examples",
        "list, print or copy the examples that come with the library",
        ("restructure examples illness", "restructure examples --copy FOLDER"),
    ),
    Command(
        "offer",
        "decide an application and print offers, reasons and refusals",
        ("restructure offer examples/illness.json --on 2026-03-18",),
    ),
    Command(
        "letter",
        "write what the borrower is told about an offer or a refusal",
        ("restructure letter examples/illness.json --language en",),
    ),
    Command(
        "watch",
        "say what a loan shows and what to do next, before any offer",
        ("restructure watch examples/illness.json",),
    ),
    Command(
        "test",
        "run the cases of a policy and say what they do not cover",
        ("restructure test examples/waterfall --coverage",),
    ),
    Command(
        "reschedule",
        "answer a calculator request (terms, or a position and measures) with a record in JSON",
        ("restructure reschedule examples/requests/reschedule.json",),
    ),
    Command(
        "schema",
        "print the JSON Schema of an application, a request, a policy or its cases",
        ("restructure schema policy",),
    ),
    Command("facts", "list every fact that a rule may read", ("restructure facts ie-living-expenses",)),
    Command(
        "explain",
        "say what error codes mean and how to mend them, or list a policy with all that it extends",
        ("restructure explain money-float field-unknown", "restructure explain cn-consumer-finance"),
    ),
    Command(
        "completion",
        "print a script that completes commands, options and policies in a shell",
        ("restructure completion bash",),
    ),
)
"""Every command, in the order of the help."""
