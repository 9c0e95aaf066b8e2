"""`restructure offer`: decide an application."""

from argparse import ArgumentParser, Namespace

from restructure.casework.decisions.decision import Decision, decide
from restructure.casework.decisions.explanation import Explanation, explain
from restructure.casework.decisions.outcome import Detail
from restructure.cli.case_options import add_case, located, read_case
from restructure.cli.display_options import add_language, add_rows, check_language_of, write_record
from restructure.cli.output import write_lines
from restructure.policy.engine.evaluation import Engines

__all__ = ["add_options", "run"]


def add_options(parser: ArgumentParser) -> None:
    """Add the case, and what is shown of its decision."""
    add_case(parser)
    parser.add_argument(
        "--format",
        choices=("table", "json"),
        default="table",
        help="how it is printed (default: %(default)s)",
    )
    add_language(parser, ", or another of the policy's texts")
    add_rows(parser)
    parser.add_argument(
        "--engines",
        choices=[engines.value for engines in Engines],
        default="both",
        metavar="WHICH",
        help=f"which evaluators decide: {', '.join(engines.value for engines in Engines)} (default: both)",
    )
    parser.add_argument(
        "--detail",
        choices=[detail.value for detail in Detail],
        default="decisive",
        help="how much of its reasons the decision records (default: decisive)",
    )
    parser.add_argument(
        "--why",
        metavar="RULE",
        help="explain one rule instead: every condition, near misses, what would have made the offer",
    )


def run(options: Namespace) -> int:
    """Print the decision, or the explanation of one of its rules."""
    application, policy, on = read_case(options)
    check_language_of(options, policy)
    with located(options):
        decision = decide(
            application, policy, on=on, engines=Engines(options.engines), detail=Detail(options.detail)
        )
    shown: Decision | Explanation = decision
    if options.why is not None:
        shown = explain(decision, policy, rule=options.why)
    if options.format == "json":
        write_lines([shown.model_dump_json(indent=2)])
    else:
        write_record(options, shown)
    return 0
