"""Cases: the tests of a policy, in YAML files beside it, each a sentence with given facts and expectations."""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal, NamedTuple

from restructure.errors import InvalidInput, Issue, did_you_mean
from restructure.intake.application import Application
from restructure.intake.past_events import PastEvent
from restructure.policy.in_force import InForce
from restructure.policy.loading.locating import packaged_policies
from restructure.policy.loading.origins import Located
from restructure.policy.policy import Policy
from restructure.text_file import is_file, is_folder

__all__ = ["Case", "Cases", "Expected", "Subject", "find_cases"]

Subject = Literal[
    "outcome", "gate", "rule", "fact", "limit", "flag", "offers", "figure", "flags", "refusal", "step", "tier",
    "action", "duty", "actions", "duties",
    "missing", "enforcement_barred",
]  # fmt: skip


class Expected(NamedTuple):
    """One expectation of a case."""

    what: Subject
    """Kind of result that it is about, such as `gate`."""
    name: str
    """Name of the gate, rule, fact, limit or flag; empty for results that occur once, such as the outcome."""
    detail: str
    """The figure of a rule's offer, or the step of its search and the field of the step, as `step.field`."""
    wanted: Any
    """The expected value."""
    line: int
    """Line of the expectation in the file, from 1."""


class Case(NamedTuple):
    """One case of a policy."""

    name: str
    """The sentence that names the case."""
    file: str
    """Path of the file of the case."""
    line: int
    """Line of the case in the file, from 1."""
    on: date
    """The day on which it is decided, such as 2026-03-18."""
    policy: Policy
    """The policy, with the case's own values of parameters."""
    in_force: InForce
    """The policy in force on that day."""
    facts: Mapping[str, Any]
    """Facts by name; a case on facts alone builds no plan and is fast."""
    application: Application | None
    """A whole application to be decided; absent for a case on facts."""
    expected: tuple[Expected, ...]
    """The expectations, at least one."""
    history: tuple[PastEvent, ...] | None = None
    """Earlier events, for a case on facts; absent: unknown."""


class Cases(NamedTuple):
    """The cases of one file and their policy."""

    file: str
    """Path of the file."""
    located: Located
    """The policy with the file and line of each part."""
    cases: tuple[Case, ...]
    """The cases in the order of the file."""


def find_cases(sources: Iterable[str | Path]) -> list[Path]:
    """List the files of cases of the sources: files, folders searched for `*_test.yaml`, packaged policies' names.

    Raises `InvalidInput` for a source that is none of these or has no such file.

    >>> "end_to_end_test.yaml" in [path.name for path in find_cases(["cn-consumer-finance"])]
    True
    """
    paths: dict[Path, Path] = {}
    issues: list[Issue] = []
    packaged = packaged_policies()
    for source in sources:
        path = Path(source)
        if not (is_file(path) or is_folder(path)) and str(source) in packaged:
            path = packaged[str(source)].parent
        files = [path] if is_file(path) else sorted(path.rglob("*_test.yaml")) if is_folder(path) else []
        if not files:
            issues.append(
                Issue(
                    "file-missing",
                    "the folder has no file of cases; name one *_test.yaml"
                    if is_folder(path)
                    else f"this is not a file, a folder or a packaged policy{did_you_mean(source, packaged)}",
                    file=str(source),
                )
            )
        paths |= {file.resolve(): file for file in files if file.resolve() not in paths}
    if issues:
        raise InvalidInput(issues)
    return list(paths.values())
