"""`restructure watch`: say what a loan shows before any offer."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from restructure.casework.agreements.early_warning import watch
from restructure.casework.agreements.history_file import read_history
from restructure.cli.case_options import add_case, located, read_case
from restructure.cli.display_options import add_language, check_language_of, write_record
from restructure.cli.output import write_lines

__all__ = ["add_options", "run"]


def add_options(parser: ArgumentParser) -> None:
    """Add the case, its history, and how the signs are shown."""
    add_case(parser)
    parser.add_argument("--history", metavar="FILE", help="what was decided and agreed so far, as JSON Lines")
    parser.add_argument(
        "--format",
        choices=("table", "json"),
        default="table",
        help="how it is printed (default: %(default)s)",
    )
    add_language(parser, ", or another of the policy's texts")


def run(options: Namespace) -> int:
    """Print the signs of the loan and the steps that the policy takes."""
    application, policy, on = read_case(options)
    check_language_of(options, policy)
    # A path, never the text itself, whatever the name of the file looks like.
    history = None if options.history is None else read_history(Path(options.history))
    with located(options):
        seen = watch(application, policy, on=on, history=history)
    if options.format == "json":
        write_lines([seen.model_dump_json(indent=2)])
    else:
        write_record(options, seen, *seen.steps, *seen.withheld)
    return 0
