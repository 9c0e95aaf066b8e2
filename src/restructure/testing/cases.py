"""Cases: the tests of a policy, written beside it in YAML, each a sentence with what is given and expected."""

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

__all__ = ["Case", "Cases", "Expected", "Subject", "find_cases"]

Subject = Literal[
    "outcome", "gate", "rule", "fact", "limit", "flag", "offers", "figure", "flags", "refusal", "step", "tier",
    "action", "duty", "actions", "duties",
    "missing", "enforcement_barred",
]  # fmt: skip


class Expected(NamedTuple):
    """One thing that has to come out."""

    what: Subject
    """What it is about."""
    name: str
    """The gate, rule, fact, limit or flag; empty for what there is one of."""
    detail: str
    """The figure of a rule's offer, or the step of its search and the field of the step, as `step.field`."""
    wanted: Any
    """What it has to be."""
    line: int
    """Where it stands."""


class Case(NamedTuple):
    """One case of a policy."""

    name: str
    """A sentence."""
    file: str
    """Where it stands."""
    line: int
    """The line."""
    on: date
    """The day it is decided on."""
    policy: Policy
    """The policy, with the case's own values of parameters."""
    in_force: InForce
    """The same on the day."""
    facts: Mapping[str, Any]
    """Facts by name; alone they make a fast case, without an offer's plan."""
    application: Application | None
    """A whole application, decided from end to end."""
    expected: tuple[Expected, ...]
    """What has to come out, at least one thing."""
    history: tuple[PastEvent, ...] | None = None
    """What happened before, beside facts alone; absent: unknown."""


class Cases(NamedTuple):
    """The cases of one file, and the policy they are about."""

    file: str
    """The file."""
    located: Located
    """The policy, and where its parts stand."""
    cases: tuple[Case, ...]
    """In the order of the file."""


def find_cases(sources: Iterable[str | Path]) -> list[Path]:
    """List the files of cases that are meant: files, folders searched for `*_test.yaml`, packaged policies' names.

    Raises `InvalidInput` for a source that is none of these or has no such file.

    >>> "end_to_end_test.yaml" in [path.name for path in find_cases(["cn-consumer-finance"])]
    True
    """
    found: dict[Path, Path] = {}
    issues: list[Issue] = []
    packaged = packaged_policies()
    for source in sources:
        path = Path(source)
        if not path.exists() and str(source) in packaged:
            path = packaged[str(source)].parent
        files = [path] if path.is_file() else sorted(path.rglob("*_test.yaml")) if path.is_dir() else []
        if not files:
            issues.append(
                Issue(
                    "file-missing",
                    "the folder holds no file of cases, *_test.yaml"
                    if path.is_dir()
                    else f"this is no file, no folder and no packaged policy{did_you_mean(source, packaged)}",
                    file=str(source),
                )
            )
        found |= {one.resolve(): one for one in files if one.resolve() not in found}
    if issues:
        raise InvalidInput(issues)
    return list(found.values())
