"""`restructure facts`: list the facts that a rule may read."""

from argparse import ArgumentParser, Namespace

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
        for line in own_facts_lines(load_policy(options.policy)):
            print(line)
        return 0
    for fact in facts().values():
        when = " (of a plan)" if fact.of_plan else ""
        print(f"{fact.name}: {fact.kind.value}{when}. {fact.doc}")
        if fact.formula:
            print(f"    = {fact.formula}")
    return 0
