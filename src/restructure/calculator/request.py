"""Request: the calculator as a file in and a record out, for callers in other languages."""

import json
from collections.abc import Mapping
from typing import Self

from pydantic import ValidationError, model_validator

from restructure.calculator.amortisation.schedule import Schedule, amortise
from restructure.calculator.amortisation.terms import Terms
from restructure.calculator.conventions.currency_scale import set_scale
from restructure.calculator.measures.catalogue import Measure
from restructure.calculator.measures.presets import expanded
from restructure.calculator.plans.plan import Plan, reschedule
from restructure.calculator.servicing.position import Position
from restructure.document import Document, field_names, issues_of
from restructure.errors import InvalidInput, Issue, Refused
from restructure.inputs import Source, document_of
from restructure.record import Record, refuse

__all__ = ["CalculationRequest", "answer", "read_request"]


class CalculationRequest(Record):
    """A calculation: a loan to schedule, or a position and the measures to apply to it."""

    terms: Terms | None = None
    """Terms of a loan whose schedule is wanted; exclusive with `position`."""
    position: Position | None = None
    """What is owed on a day, for a restructuring plan; exclusive with `terms`."""
    measures: tuple[Measure, ...] = ()
    """Measures applied to the position, in any order, e.g. a payment holiday of 3 instalments; in a file
    `{preset: NAME, …}` is replaced by the measures of a preset."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.terms is None) == (self.position is None):
            refuse([("value-invalid", "give either terms or a position")])
        if self.terms is not None and self.measures:
            refuse([("value-invalid", "measures apply to a position, not to terms", "measures")])
        if self.position is not None:
            set_scale(self, self.position.currency)
        return self


def read_request(source: CalculationRequest | Source) -> CalculationRequest:
    """Read a request from a path (JSON or YAML), a text or plain data; raises `InvalidInput`, every finding located."""
    if isinstance(source, CalculationRequest):
        return source
    document = document_of(source, "a request")
    data = document.data
    if isinstance(data, dict) and isinstance(data.get("measures"), list):
        data = data | {"measures": _expanded(data["measures"], document)}
    try:
        return CalculationRequest.model_validate_json(json.dumps(data, default=str), strict=True)
    except ValidationError as error:
        raise InvalidInput(issues_of(error, document, names=field_names(CalculationRequest))) from None


def _expanded(measures: list[object], document: Document) -> list[object]:
    issues: list[Issue] = []
    out, more = list(measures), list[object]()
    for k, entry in enumerate(measures):
        if not isinstance(entry, Mapping) or "preset" not in entry:
            continue
        try:
            # The order of measures does not matter, so the other measures keep their places.
            out[k], *rest = expanded(entry)
            more += rest
        except InvalidInput as error:
            for issue in error.issues:
                place = ("measures", k, *((issue.place,) if issue.place in entry.keys() - {"preset"} else ()))
                issues.append(document.issue(issue.code, issue.message, place))
    if issues:
        raise InvalidInput(issues)
    return out + more


def answer(request: CalculationRequest) -> Schedule | Plan:
    """Answer a request with a schedule or a plan.

    Raises `Refused` with the reason code of what cannot be carried out, and its place in the request.

    >>> loan = Terms(currency="CNY", principal="1200", annual_rate="0", instalments=12,
    ...              start="2026-01-15", first_due="2026-02-15")
    >>> str(answer(CalculationRequest(terms=loan)).total)
    '1200.00'
    """
    place = "terms" if request.terms is not None else "measures"
    try:
        if request.terms is not None:
            return amortise(request.terms)
        assert request.position is not None, "a request has either terms or a position"
        return reschedule(request.position, request.measures)
    except Refused as refused:
        raise Refused(Issue(issue.code, issue.message, place) for issue in refused.issues) from None
