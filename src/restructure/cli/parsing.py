"""Parsing: the parser of a command line, which loads only the commands that it names."""

import argparse
from collections.abc import Sequence
from importlib.util import find_spec

import restructure
from restructure.cli.command_table import COMMANDS

__all__ = ["command_parser"]


def command_parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """Make the parser of a command line; only a command that it names loads what its own options need."""
    parser = argparse.ArgumentParser(
        prog="restructure", description="Repayment restructuring offers from a borrower's file."
    )
    parser.add_argument("--version", action="version", version=_version())
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        subparser = subparsers.add_parser(command.name, help=command.summary)
        if command.name in arguments:
            module = command.load()
            module.add_options(subparser)
            subparser.set_defaults(run=module.run)
    return parser


def _version() -> str:
    """Give the version, and the rule engines that are installed for this interpreter."""
    engines = "reference and durable" if find_spec("durable_rules_engine") else "reference"
    return f"restructure {restructure.__version__} (rule engines: {engines})"
