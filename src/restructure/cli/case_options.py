"""Options of a case: an application, a policy and a day, and how a command reads them."""

import re
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from restructure.document import read_document
from restructure.errors import InvalidInput, Issue, RestructureError, quoted
from restructure.inputs import day_of
from restructure.intake.application import Application, read_application
from restructure.policy.loading.loading import load_policy
from restructure.policy.loading.locating import packaged_policies
from restructure.policy.policy import Policy

__all__ = ["add_case", "located", "read_case", "read_day"]

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def add_case(parser: ArgumentParser) -> None:
    """Add what names one case: an application, a policy and a day."""
    parser.add_argument("application", metavar="APPLICATION", help="a JSON or YAML file")
    parser.add_argument(
        "--policy",
        default="cn-consumer-finance",
        metavar="NAME|PATH",
        help=f"a policy file, its folder, or one of: {', '.join(packaged_policies())} (default: %(default)s)",
    )
    parser.add_argument(
        "--on", metavar="DATE", help="day of the decision, year-month-day (default: the application's as_of)"
    )


def read_case(options: Namespace) -> tuple[Application, Policy, date]:
    """Read an application, a policy and a day; whatever is wrong with any of them is said at once."""
    issues: list[Issue] = []
    application = policy = on = None
    try:
        on = None if options.on is None else read_day(options.on)
    except InvalidInput as error:
        issues += error.issues
    try:
        application = read_application(options.application)
    except RestructureError as error:
        issues += error.issues
    try:
        policy = load_policy(options.policy)
    except RestructureError as error:
        issues += error.issues
    if issues or application is None or policy is None:
        raise InvalidInput(issues)
    return application, policy, on or application.as_of


def read_day(text: str) -> date:
    """Read the day of `--on`, year-month-day. Raises `InvalidInput`."""
    try:
        if _DAY.fullmatch(text):
            date.fromisoformat(text)  # that the calendar has it; `day_of` has the range of years
            return day_of(text, "--on")
    except ValueError:
        pass
    sentence = f"{quoted(text)} is not a date; write year-month-day, such as 2026-03-18"
    raise InvalidInput(Issue("date-invalid", sentence, "--on"))


@contextmanager
def located(options: Namespace) -> Iterator[None]:
    """Give what a decision finds wrong its place in the application's file."""
    try:
        yield
    except InvalidInput as error:
        try:
            document = read_document(options.application)
        except RestructureError:  # a pipe is read once
            raise error from None
        raise InvalidInput(document.located(error.issues)) from None
    except RestructureError as error:
        raise type(error)(
            Issue(i.code, i.message, i.place, i.file or options.application, i.line, i.column)
            for i in error.issues
        ) from None
