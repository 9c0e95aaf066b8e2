"""`restructure explain`: say what an error code means, or list a policy."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from restructure.errors import CATALOGUE, InvalidInput, Issue, did_you_mean

__all__ = ["add_options", "run"]


def add_options(parser: ArgumentParser) -> None:
    """Add the code or the policy."""
    parser.add_argument("code", metavar="CODE|POLICY", help="a code, or a policy by name or path")


def run(options: Namespace) -> int:
    """Print the entry of the catalogue, or the policy with all that it extends."""
    if options.code in CATALOGUE:
        print(f"{options.code}: {CATALOGUE[options.code]}")
        return 0
    from restructure.policy.loading.listing import listed
    from restructure.policy.loading.loading import load_located
    from restructure.policy.loading.locating import packaged_policies

    packaged = packaged_policies()
    if options.code not in packaged and not Path(options.code).exists():
        raise InvalidInput(
            Issue(
                "choice-unknown",
                f'no error has the code "{options.code}", nor is it a policy'
                f"{did_you_mean(options.code, [*CATALOGUE, *packaged])}",
            )
        )
    for line in listed(load_located(options.code)):
        print(line)
    return 0
