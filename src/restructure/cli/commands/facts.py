"""`restructure facts`: list the facts that a rule may read."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

from restructure.cli.output import write_lines
from restructure.intake.facts import facts
from restructure.policy.loading.listing import own_facts_lines
from restructure.policy.loading.loading import load_policy

__all__ = ["add_options", "run"]


def add_options(parser: ArgumentParser) -> None:
    """Add the policy whose own facts are listed."""
    parser.add_argument(
        "policy",
        nargs="?",
        metavar="NAME|PATH",
        help="a policy whose own facts, and the events it reads, are listed instead",
    )


def run(options: Namespace) -> int:
    """Print each fact with its kind, meaning and formula."""
    if options.policy is not None:
        write_lines(own_facts_lines(load_policy(options.policy)))
    else:
        write_lines(_lines())
    return 0


def _lines() -> Iterator[str]:
    for fact in facts().values():
        when = " (of a plan)" if fact.of_plan else ""
        yield f"{fact.name}: {fact.kind.value}{when}. {fact.doc}"
        if fact.formula:
            yield f"    = {fact.formula}"
