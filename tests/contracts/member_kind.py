"""What a kind is of which a newcomer adds members, and how its gaps are listed."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
LANGUAGE = (ROOT / "rules" / "LANGUAGE.md").read_text("utf-8")
CALCULATOR = "src/restructure/calculator"
LETTERS = "src/restructure/report/letters"

Check = Callable[[Any], str | list[str] | None]
"""Says what a member lacks at a place; None or an empty list if nothing."""


class MemberKind(NamedTuple):
    """A kind of which a newcomer adds members: those that there are, and what each has to bring, in order."""

    members: Mapping[str, Any]
    checks: Mapping[str, Check]
    """By the file where it belongs, as CONTRIBUTING.md names it; NAME is the member's."""

    def gaps(self, name: str) -> list[str]:
        """List what a member lacks, each with the file where it belongs."""
        return [
            f"{path.replace('NAME', name)}: {gap}"
            for path, check in self.checks.items()
            for gap in gaps_of(check, self.members[name])
        ]


def gaps_of(check: Check, member: Any) -> list[str]:
    """List what a check says is missing; one that cannot be carried out says why."""
    try:
        missing = check(member)
    except (
        Exception
    ) as error:  # of the member, of whatever kind: the other checks are to be made all the same
        return [f"{type(error).__name__}: {error}".partition("\n")[0]]
    return [missing] if isinstance(missing, str) else list(missing or ())


def lacking(wanted: Any, what: str) -> str | None:
    return None if wanted else what


@cache
def yaml_of(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text("utf-8"))


def says_little(text: str, words: int = 4) -> bool:
    return len(text.split()) < words
