"""`restructure letter`: write a letter to the borrower."""

from argparse import ArgumentParser, Namespace

from restructure.casework.decisions.decision import decide
from restructure.cli.case_options import add_case, located, read_case
from restructure.cli.output import write
from restructure.errors import InvalidInput, Issue

__all__ = ["add_options", "run"]


def add_options(parser: ArgumentParser) -> None:
    """Add the case, and what the letter is like."""
    add_case(parser)
    parser.add_argument("--rule", metavar="RULE", help="which offer (default: the best)")
    parser.add_argument(
        "--language", default="zh", help="a language that letters are written in: en, zh (default)"
    )
    parser.add_argument(
        "--format", choices=("text", "html"), default="text", help="how it is printed (default: %(default)s)"
    )
    parser.add_argument("--sender", default="", help="who signs")


def run(options: Namespace) -> int:
    """Print the letter."""
    try:
        from restructure.report.letters.writing import letter
    except ImportError:
        sentence = "letters need babel and jinja2; install them with: pip install babel jinja2"
        raise InvalidInput(Issue("extra-absent", sentence)) from None
    application, policy, on = read_case(options)
    with located(options):
        decision = decide(application, policy, on=on)
    written = letter(decision, policy, rule=options.rule, language=options.language, sender=options.sender)
    write(written.html if options.format == "html" else written.text)
    return 0
