"""Request: the calculator as one file in and one record out, for callers in other languages."""

import json
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from restructure.calculator.measures import Measure
from restructure.calculator.plan import Plan, reschedule
from restructure.calculator.position import Position
from restructure.calculator.presets import expanded
from restructure.calculator.schedule import Schedule, amortise
from restructure.calculator.terms import Terms
from restructure.document import field_names, issues_of, read_document
from restructure.errors import InvalidInput, Issue, Refused
from restructure.record import Record, refuse

__all__ = ["Request", "answer", "read_request"]


def _expand(measures: Any) -> Any:
    if not isinstance(measures, list):
        return measures
    try:
        return expanded(measures)
    except InvalidInput as error:
        (issue, *_) = error.issues
        raise PydanticCustomError(issue.code, "{text}", {"text": issue.message}) from None


class Request(Record):
    """What the calculator is asked: a loan to schedule, or a position and the measures to apply to it."""

    terms: Terms | None = None
    """A loan; the answer is its schedule."""
    position: Position | None = None
    """What is owed; the answer is a plan."""
    measures: Annotated[tuple[Measure, ...], BeforeValidator(_expand)] = ()
    """What is applied to the position, in any order; `{preset: NAME, …}` stands for the measures of a preset."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.terms is None) == (self.position is None):
            refuse([("value-invalid", "give either terms or a position")])
        if self.terms is not None and self.measures:
            refuse([("value-invalid", "measures apply to a position, not to terms", "measures")])
        return self


def read_request(path: str | Path) -> Request:
    """Read a request from a JSON or YAML file; raises `InvalidInput` with every finding located."""
    document = read_document(path)
    try:
        return Request.model_validate_json(json.dumps(document.data, default=str), strict=True)
    except ValidationError as error:
        raise InvalidInput(issues_of(error, document, names=field_names(Request))) from None


def answer(request: Request) -> Schedule | Plan:
    """Answer a request with a schedule or a plan.

    Raises `Refused` with the reason code of what cannot be done, and its place in the request.

    >>> loan = Terms(currency="CNY", principal="1200", annual_rate="0", instalments=12,
    ...              start="2026-01-15", first_due="2026-02-15")
    >>> str(answer(Request(terms=loan)).total)
    '1200.00'
    """
    place = "terms" if request.terms is not None else "measures"
    try:
        if request.terms is not None:
            return amortise(request.terms)
        assert request.position is not None, "a request holds one of the two"
        return reschedule(request.position, request.measures)
    except Refused as refused:
        raise Refused(Issue(issue.code, issue.message, place) for issue in refused.issues) from None
