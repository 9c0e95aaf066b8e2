"""`restructure explain`: say what error codes mean, or list a policy."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

from restructure.cli.output import write_lines
from restructure.errors import CATALOGUE, InvalidInput, Issue, did_you_mean, quoted
from restructure.text_file import is_file, is_folder

__all__ = ["add_options", "run"]


def add_options(parser: ArgumentParser) -> None:
    """Add the codes and the policies."""
    parser.add_argument(
        "subjects",
        nargs="+",
        metavar="CODE|POLICY",
        help="codes of errors, and policies by name or path",
    )


def run(options: Namespace) -> int:
    """Print each entry of the catalogue, and each policy with all that it extends."""
    if any(subject not in CATALOGUE for subject in options.subjects):
        _check(options.subjects)
    write_lines([line for subject in options.subjects for line in _lines(subject)])
    return 0


def _lines(subject: str) -> Iterator[str]:
    if subject in CATALOGUE:
        yield f"{subject}: {CATALOGUE[subject]}"
        return
    from restructure.policy.loading.listing import listed
    from restructure.policy.loading.loading import load_located

    yield from listed(load_located(subject))


def _check(subjects: list[str]) -> None:
    """Raise `InvalidInput` for everything that is neither a code nor a policy."""
    from restructure.policy.loading.locating import packaged_policies

    known = [*CATALOGUE, *packaged_policies()]
    issues = [
        Issue(
            "choice-unknown",
            f"no error has the code {quoted(subject)}, nor is it a policy{did_you_mean(subject, known)}",
        )
        for subject in subjects
        if subject not in known and not is_file(subject) and not is_folder(subject)
    ]
    if issues:
        raise InvalidInput(issues)
