"""The examples that come with the library: borrowers' files, lenders' policies, and scripts."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from restructure.errors import InvalidInput, Issue, did_you_mean, quoted

__all__ = ["Example", "example_named", "examples", "examples_folder"]


class Example(NamedTuple):
    """A file or a folder that comes with the library."""

    name: str
    """Its name on the command line, such as `illness`."""
    path: Path
    """Where it is."""
    title: Mapping[str, str]
    """What it shows, by language."""
    try_it: str
    """The command that uses a copy of it, such as `restructure offer illness.json`; empty for a script."""

    @property
    def is_case(self) -> bool:
        """Whether it is a borrower's file."""
        return self.try_it.startswith("restructure offer") and self.path.suffix == ".json"


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


def example_named(name: str) -> Example:
    """Give an example by its name or by that of its file. Raises `InvalidInput` if there is none."""
    known = examples()
    for example in known.values():
        if name in (example.name, example.path.name):
            return example
    sentence = f"no example is called {quoted(name)}{did_you_mean(name, known)}; restructure examples lists them"
    raise InvalidInput(Issue("choice-unknown", sentence))
