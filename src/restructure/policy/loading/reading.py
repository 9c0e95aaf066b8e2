"""Reading: what the readers of the sections of one policy share."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from restructure.document import Document, Place
from restructure.errors import Issue, did_you_mean, quoted
from restructure.policy.engine.rule_sets import WIDEST
from restructure.policy.language.conditions import Condition, spelled_out
from restructure.policy.language.sections import source_key
from restructure.policy.loading.extending import Resolved
from restructure.policy.loading.findings import Findings, Spot
from restructure.policy.loading.origins import Origin
from restructure.policy.loading.parts.amounts import AmountReader
from restructure.policy.loading.parts.conditions import ConditionReader
from restructure.policy.loading.parts.measures import MeasureReader
from restructure.policy.loading.parts.offers import read_offer
from restructure.policy.loading.parts.rows import csv_beside
from restructure.policy.loading.parts.scope import Scope
from restructure.policy.loading.parts.searches import SearchReader

__all__ = ["PLACEHOLDER", "Reading"]

PLACEHOLDER = "-"
"""Replaces a text that is missing or could not be read, so that reading goes on."""


class Reading:
    """Hold one policy while its sections are read: its data, its findings, and the readers of what sections hold."""

    def __init__(self, document: Resolved, issues: Sequence[Issue]) -> None:
        self.document = document
        self.data: dict[str, Any] = {}
        """The sections, each as written until it is read and then as the record takes it."""
        self.findings = Findings(document, issues)
        self.scope = Scope(self.findings)
        self.conditions = ConditionReader(self.scope)
        self.amounts = AmountReader(self.scope)
        self.measures = MeasureReader(self.amounts)
        self.searches = SearchReader(self.conditions, self.measures)
        self.named: dict[str, Spot] = {}
        """Where each id is written."""

    def group(self, section: str) -> Mapping[str, Any]:
        """Give a section that is a group of fields, an empty group if it is anything else."""
        raw = self.data.get(section)
        return raw if isinstance(raw, Mapping) else {}

    def offer(self, raw: Sequence[Any], spot: Spot, *, at: Spot | None = None) -> list[Any]:
        """Read the measures and the search of an offer; `at` is the table row whose cells fill them."""
        return read_offer(self.measures, self.searches, raw, spot, at=at)

    def cited(self, item: Mapping[str, Any], key: str, place: Spot) -> Mapping[str, Any]:
        """Check that an entry cites a source; an entry that cites none gets a placeholder, so that reading goes on."""
        if key not in item:
            self.findings.report(
                "source-missing",
                f'"{key}" is missing; name one of the sources, or the lender\'s own decision',
                place,
            )
            return {**item, key: PLACEHOLDER}
        sources = self.data.get("sources")
        reference = item[key]
        if isinstance(reference, str) and isinstance(sources, Mapping):
            name = source_key(reference)
            if name not in sources:
                self.findings.report(
                    "source-unknown",
                    f"{quoted(name)} is not one of the sources{did_you_mean(name, sources)}",
                    (*place, key),
                )
        return item

    def unknown_unit(self, unit: Any, known: Sequence[str], place: Spot) -> None:
        """Report a word that is no unit."""
        self.findings.report(
            "unit-unknown", f"{quoted(unit)} is not a unit{did_you_mean(unit, known)}", place
        )

    def name(self, name: Any, spot: Spot) -> None:
        """Note where an id is written; records name entries of all sections side by side, so an id is used once."""
        if isinstance(name, str) and name in self.named:
            self.findings.report(
                "rule-repeated", f"a second entry has the id {quoted(name)}; rename one", spot
            )
        self.named[str(name)] = spot

    def check_width(self, condition: Condition, spot: Spot, *, negated: bool) -> None:
        """Report a condition of too many alternatives; `negated` if its negation is evaluated too."""
        width = max(spelled_out(condition), spelled_out(condition, negated=True) if negated else 0)
        if width > WIDEST:
            self.findings.report(
                "condition-too-wide",
                f"in disjunctive normal form this has {width} alternatives, and {WIDEST} is the most; split it",
                spot,
            )

    # --- files

    def csv_of(self, name: str, spot: Spot) -> Document | None:
        """Read a CSV file beside the file in which it is named, `None` if that is reported."""
        folder = Path(self._home(spot)[0].file or "").parent
        return csv_beside(self.findings, folder, name, spot)

    def origin(self, spot: Spot) -> Origin:
        """Give the file and line of a spot."""
        document, place = self._home(spot)
        return Origin(document.file or "", document.locate(place)[0] or 0)

    def _home(self, spot: Spot) -> tuple[Document, Place]:
        """Give the file in which something was written, and its place there."""
        document, place = self.findings.place_of(spot)
        return document.home(place) if isinstance(document, Resolved) else (document, place)
