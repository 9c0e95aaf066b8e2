"""`restructure reschedule`: answer a calculator request."""

from argparse import ArgumentParser, Namespace

from restructure.calculator.request import answer, read_request
from restructure.cli.output import write_blocks
from restructure.errors import Issue, Refused
from restructure.views import summarise

__all__ = ["add_options", "run"]


def add_options(parser: ArgumentParser) -> None:
    """Add the request, and how its answer is shown."""
    parser.add_argument("request", metavar="REQUEST", help="a JSON or YAML file")
    parser.add_argument(
        "--format", choices=("json", "table"), default="json", help="JSON (default) or tables to read"
    )


def run(options: Namespace) -> int:
    """Print the schedule or the plan that was requested."""
    request = read_request(options.request)
    try:
        given = answer(request)
    except Refused as refused:
        raise Refused(
            Issue(issue.code, issue.message, issue.place, options.request) for issue in refused.issues
        ) from None
    if options.format == "table":
        write_blocks(summarise(given))
        return 0
    print(given.model_dump_json(indent=2))
    return 0
