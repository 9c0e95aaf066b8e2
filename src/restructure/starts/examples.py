"""The examples that come with the library: borrowers' files, lenders' policies, and scripts."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path, PurePath
from typing import NamedTuple

from restructure.errors import InvalidInput, Issue, did_you_mean, quoted

__all__ = ["Example", "example_named", "examples", "examples_folder", "with_hint"]


class Example(NamedTuple):
    """A file or a folder that comes with the library."""

    name: str
    """Its name on the command line, such as `illness`."""
    path: Path
    """Where it is."""
    title: Mapping[str, str]
    """What it shows, by language."""
    command: str
    """The command that uses it, with braces for its path, such as `restructure offer {}`."""

    @property
    def is_application(self) -> bool:
        """Whether it is a borrower's file."""
        return self.command.startswith("restructure offer ")

    @property
    def within(self) -> str:
        """Its path within the folder of the examples, such as `requests/reschedule.json`."""
        return self.path.relative_to(examples_folder()).as_posix()


def examples_folder() -> Path:
    """Give the folder of the examples, in an installed library and in a checkout."""
    package = Path(str(files("restructure")))
    inside = package / "examples"
    return inside if inside.is_dir() else package.parents[1] / "examples"


@cache
def examples() -> Mapping[str, Example]:
    """List the examples by name.

    >>> examples()["illness"].title["en"]
    'Ms Wang fell ill and is 47 days past due: a loan by its contract and payments'
    """
    text = (files("restructure.starts") / "examples.json").read_text("utf-8")
    folder = examples_folder()
    return {
        name: Example(name, folder / held["file"], held["title"], held["try"])
        for name, held in json.loads(text).items()
    }


def with_hint(issues: Iterable[Issue]) -> list[Issue]:
    """Say of a file that does not exist that it is an example, if its name is that of one.

    >>> [issue] = with_hint([Issue("file-missing", "no such file", file="illness")])
    >>> issue.message
    'no such file; an example has this name: restructure examples illness --copy .'
    """
    return [_hinted(issue) if issue.code == "file-missing" and issue.file else issue for issue in issues]


def _hinted(issue: Issue) -> Issue:
    name = PurePath(issue.file or "").name
    for example in examples().values():
        if name in (example.name, example.path.name):
            hint = f"an example has this name: restructure examples {example.name} --copy ."
            return replace(issue, message=f"{issue.message}; {hint}")
    return issue


def example_named(name: str) -> Example:
    """Give an example by its name or by that of its file. Raises `InvalidInput` if there is none."""
    known = examples()
    for example in known.values():
        if name in (example.name, example.path.name):
            return example
    sentence = (
        f"no example is called {quoted(name)}{did_you_mean(name, known)}; restructure examples lists them"
    )
    raise InvalidInput(Issue("choice-unknown", sentence))
