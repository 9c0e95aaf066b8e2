"""`restructure test`: run the cases of a policy."""

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from fractions import Fraction

from restructure.cli.output import write_json, write_lines, write_note
from restructure.cli.progress import Progress
from restructure.errors import quoted
from restructure.testing.report import run_cases

__all__ = ["add_options", "run"]

_FAILED = 1
_PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,6})?%?")


def add_options(parser: ArgumentParser) -> None:
    """Add the files of cases, and what of their coverage is shown or required."""
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="a file of cases, a folder searched for *_test.yaml, or the name of a packaged policy",
    )
    parser.add_argument("--coverage", action="store_true", help="say what of the policy the cases reach")
    parser.add_argument(
        "--min-coverage", type=_percent, metavar="PERCENT", help="fail if they reach less of any policy"
    )
    parser.add_argument(
        "--format",
        choices=("table", "json"),
        default="table",
        help="how it is printed (default: %(default)s)",
    )
    parser.add_argument("--quiet", action="store_true", help="print failures only, and no progress")


def _percent(text: str) -> Fraction:
    share = Fraction(text.removesuffix("%")) if _PERCENT.fullmatch(text) else None
    if share is None or share > 100:
        raise ArgumentTypeError(
            f"{quoted(text)} is not a percentage; write a number from 0 to 100, such as 95.5"
        )
    return share


def run(options: Namespace) -> int:
    """Print the failures, the totals and the coverage."""
    least = options.min_coverage
    with Progress(shown=options.format == "table" and not options.quiet) as progress:
        report = run_cases(options.paths, progress=progress)
    enough = least is None or report.covers(least)
    if options.format == "json":
        required = (
            {} if least is None else {"min_coverage": {"percent": f"{float(least):g}", "reached": enough}}
        )
        write_json({**report.plain(), **required})
    else:
        coverage = options.coverage or (least is not None and not options.quiet)
        write_lines(report.lines(coverage=coverage, totals=not options.quiet))
        if not enough:
            write_note(f"the cases cover less than {float(least):g} %")
    return 0 if enough and not report.failed else _FAILED
