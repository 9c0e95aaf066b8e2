"""`restructure test`: run the cases of a policy."""

import json
import sys
from argparse import ArgumentParser, Namespace
from fractions import Fraction

from restructure.testing.report import run_cases

__all__ = ["add_options", "run"]

_FAILED = 1


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
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: %(default)s")


def _percent(text: str) -> Fraction:
    share = Fraction(text.removesuffix("%"))
    if not 0 <= share <= 100:
        raise ValueError(text)
    return share


def run(options: Namespace) -> int:
    """Print the failures, the totals and the coverage."""
    report = run_cases(options.paths)
    least = options.min_coverage
    if options.format == "json":
        print(json.dumps(report.plain(), indent=2, ensure_ascii=False))
    else:
        for line in report.lines(coverage=options.coverage or least is not None):
            print(line)
    enough = least is None or report.covers(least)
    if not enough:
        print(f"the cases cover less than {float(least):g} %", file=sys.stderr)
    return 0 if enough and not report.failed else _FAILED
