"""Options of a case: an application, a policy, a day and a language, and how a command reads them."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from restructure.document import read_document
from restructure.errors import InvalidInput, Issue, RestructureError
from restructure.intake.application import Application, read_application
from restructure.policy.loading.loading import load_policy
from restructure.policy.loading.locating import packaged_policies
from restructure.policy.policy import Policy
from restructure.texts import check_language, languages_in

__all__ = ["add_case", "check_language_of", "language_shown", "located", "read_case"]


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
        on = date.fromisoformat(options.on) if options.on else None
    except ValueError:
        issues.append(Issue("date-invalid", f'"{options.on}" is not a date; write year-month-day', "--on"))
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


@contextmanager
def located(options: Namespace) -> Iterator[None]:
    """Give what a decision finds wrong its place in the application's file."""
    try:
        yield
    except InvalidInput as error:
        raise InvalidInput(read_document(options.application).located(error.issues)) from None
    except RestructureError as error:
        raise type(error)(
            Issue(i.code, i.message, i.place, i.file or options.application, i.line, i.column)
            for i in error.issues
        ) from None


def check_language_of(options: Namespace, policy: Policy) -> None:
    """Raise `InvalidInput` for a language in which the policy has no text."""
    check_language(options.language, languages_in(policy))


def language_shown(options: Namespace, *shown: object) -> str:
    """Give the language of the command, and English where the records shown have no text in it."""
    return str(options.language) if options.language in languages_in(*shown) else "en"
