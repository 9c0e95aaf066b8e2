"""Findings: the faults of a policy, collected while it is read, each with the place it was found at."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from restructure.document import Document, Place, issues_of
from restructure.errors import Issue, did_you_mean
from restructure.policy.amounts.unit_check import Spot

__all__ = ["CELL", "Findings", "Spot"]

CELL = object()
"""Marks the end of a cell's path, so that findings inside a cell are reported at the cell."""


class Findings:
    """Collect findings about one document and the files beside it."""

    def __init__(self, document: Document, issues: Sequence[Issue] = ()) -> None:
        self.document = document
        self.issues: list[Issue] = [*issues]

    @property
    def count(self) -> int:
        """How many findings there are so far."""
        return len(self.issues)

    def report(self, code: str, message: str, spot: Spot) -> None:
        """Add a finding at a place."""
        document, place = self.place_of(spot)
        self.issues.append(document.issue(code, message, place))

    def report_invalid(
        self, error: ValidationError, spot: Spot, names: Sequence[str] | frozenset[str] = ()
    ) -> None:
        """Add what pydantic refuses in the data at a place, each finding once; `names` are the fields to suggest."""
        document, place = self.place_of(spot)
        for issue in issues_of(error, document, names=names, root=place):
            if issue not in self.issues:
                self.issues.append(issue)

    def report_unknown_fields(
        self, raw: Mapping[str, Any], known: Sequence[str], what: str, spot: Spot
    ) -> None:
        """Report every field of a group that it does not take."""
        for key in raw:
            if key not in known:
                self.report("field-unknown", f'{what} has no "{key}"{did_you_mean(key, known)}', (*spot, key))

    def place_of(self, spot: Spot) -> tuple[Document, Place]:
        """Give the document of a spot and the place in it."""
        document, place = (
            (spot[0], spot[1:]) if spot and isinstance(spot[0], Document) else (self.document, spot)
        )
        return document, place[: place.index(CELL)] if CELL in place else place
