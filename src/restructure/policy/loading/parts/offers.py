"""Offers: the measures of a rule and at most one search."""

from collections.abc import Mapping, Sequence
from typing import Any

from restructure.policy.loading.findings import Spot
from restructure.policy.loading.parts.measures import MeasureReader, as_called_now
from restructure.policy.loading.parts.searches import SearchReader

__all__ = ["read_offer"]


def read_offer(
    measures: MeasureReader, searches: SearchReader, raw: Sequence[Any], spot: Spot, *, at: Spot | None = None
) -> list[Any]:
    """Read what a rule offers; `at` is the table row whose cells fill the measures, reported in their place."""
    findings = measures.findings
    offer: list[Any] = []
    search_count = 0
    for k, item in enumerate(raw):
        here = (*spot, k)
        if isinstance(item, Mapping) and "search" in item:
            search_count += 1
            if search_count > 1:
                sentence = "an offer has one search; put its steps into the first"
                findings.report("search-repeated", sentence, here)
            search = searches.search(item, here)
            if search is not None:
                offer.append(search)
        elif isinstance(item, Mapping):
            measure = as_called_now(item)
            measures.check(measure, at or here, of_plan=False)
            offer.append(measure)
        else:
            findings.report("measure-invalid", "a measure is a group of fields with the key measure", here)
    return offer or [{}]
