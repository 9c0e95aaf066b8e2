"""`restructure reschedule`: answer a calculator request."""

from argparse import ArgumentParser, Namespace

from restructure.calculator.request import answer, read_request
from restructure.cli.display_options import add_language, add_rows, check_language_of, write_record
from restructure.cli.output import write_lines
from restructure.errors import Issue, Refused

__all__ = ["add_options", "run"]


def add_options(parser: ArgumentParser) -> None:
    """Add the request, and how its answer is shown."""
    parser.add_argument("request", metavar="REQUEST", help="a JSON or YAML file")
    parser.add_argument(
        "--format", choices=("json", "table"), default="json", help="how it is printed (default: %(default)s)"
    )
    add_language(parser)
    add_rows(parser)


def run(options: Namespace) -> int:
    """Print the schedule or the plan that was requested."""
    check_language_of(options)
    request = read_request(options.request)
    try:
        given = answer(request)
    except Refused as refused:
        raise Refused(
            Issue(issue.code, issue.message, issue.place, options.request) for issue in refused.issues
        ) from None
    if options.format == "table":
        write_record(options, given)
    else:
        write_lines([given.model_dump_json(indent=2)])
    return 0
