"""`restructure offer`: decide an application."""

from argparse import ArgumentParser, Namespace

from restructure.casework.decisions.decision import Decision, decide
from restructure.casework.decisions.explanation import Explanation, explain
from restructure.casework.decisions.outcome import Detail
from restructure.cli.case_options import add_case, check_language_of, language_shown, located, read_case
from restructure.cli.output import write_blocks
from restructure.policy.engine.evaluation import Engines
from restructure.views import summarise

__all__ = ["add_options", "run"]


def add_options(parser: ArgumentParser) -> None:
    """Add the case, and what is shown of its decision."""
    add_case(parser)
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: %(default)s")
    parser.add_argument("--language", default="en", help="of the policy's texts (default: en)")
    parser.add_argument(
        "--engines",
        choices=[engines.value for engines in Engines],
        default="both",
        help="which evaluators decide",
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
        print(shown.model_dump_json(indent=2))
    elif isinstance(shown, Explanation):
        write_blocks(summarise(shown, language=language_shown(options, shown)))
    else:
        write_blocks(summarise(decision, language=options.language))
    return 0
