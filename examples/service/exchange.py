"""Exchange: bodies read as the library reads files, and what is wrong with them as problem JSON (RFC 9457)."""

from collections.abc import Callable, Coroutine, Iterable
from dataclasses import asdict
from datetime import date
from hashlib import sha256
from typing import Annotated, Any, TypeVar

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.routing import APIRoute
from pydantic import BeforeValidator, GetCoreSchemaHandler, TypeAdapter, WithJsonSchema
from pydantic_core import CoreSchema, core_schema
from starlette.exceptions import HTTPException as StarletteHTTPException

from restructure import EngineError, InvalidInput, Issue, RestructureError
from restructure.document import Document, json_document, read_model

__all__ = ["PROBLEMS", "Conflict", "Day", "Exact", "Exactly", "JsonLines", "Unknown", "explain_errors"]


class Unknown(InvalidInput):
    """Refuse a request about something that is not stored."""


class Conflict(InvalidInput):
    """Refuse a request that does not fit what is stored."""


# What is refused because of what happened before, not because of how it is written.
_CONFLICTS = {"balances-moved", "documents-missing", "event-order", "offer-expired", "policy-differs"}

_PROBLEM = {
    "type": "object",
    "required": ["title", "status", "issues"],
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "issues": {"type": "array", "items": TypeAdapter(Issue).json_schema()},
    },
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": sentence, "content": {"application/problem+json": {"schema": _PROBLEM}}}
    for status, sentence in {
        404: "It is not known here.",
        409: "It does not fit what happened before.",
        422: "It cannot be read, or contradicts itself.",
    }.items()
}


class JsonLines(PlainTextResponse):
    """A record a line."""

    media_type = "application/jsonl"


# --- reading


class Exact(APIRoute):
    """Refuse a body with a key twice, half a character or endless nesting before anything reads it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def exact(request: Request) -> Response:
            body = await request.body()
            if body:
                json_document(body)
            asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
            request.state.digest = sha256(asked + body).hexdigest()
            return await handle(request)

        return exact


class _Strictly:
    @classmethod
    def __get_pydantic_core_schema__(cls, model: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def read(value: Any, _: Any) -> Any:
            if isinstance(value, bytes):
                raise InvalidInput(Issue("json-broken", "send JSON, as Content-Type: application/json"))
            return read_model(model, Document(value, file=None, places={}))

        return core_schema.no_info_wrap_validator_function(read, handler(model))


T = TypeVar("T")
Exactly = Annotated[T, _Strictly]
"""A body that is read strictly, with every finding at its place, and described by its model."""


def _day(text: object) -> date:
    try:
        day = date.fromisoformat(str(text))
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise ValueError("write year-month-day, such as 2026-03-18")
    return day


Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
"""A day in a query."""


# --- refusing


def explain_errors(app: FastAPI) -> None:
    """Answer every error with its issues: code, place and message."""

    @app.exception_handler(RestructureError)
    def refused(_: Request, error: RestructureError) -> Response:
        match error:
            case Unknown():
                status = 404
            case EngineError():
                status = 500
            case _:
                conflict = isinstance(error, Conflict) or any(one.code in _CONFLICTS for one in error.issues)
                status = 409 if conflict else 422
        return _problem(status, error.issues)

    @app.exception_handler(RequestValidationError)
    def unreadable(_: Request, error: RequestValidationError) -> Response:
        return _problem(422, map(_issue, error.errors()))

    @app.exception_handler(StarletteHTTPException)
    def refused_by_http(_: Request, error: HTTPException) -> Response:
        answer = _problem(error.status_code, [Issue(f"http-{error.status_code}", str(error.detail))])
        answer.headers.update(error.headers or {})
        return answer


def _issue(fault: dict[str, Any]) -> Issue:
    kind, place = fault["type"], ".".join(map(str, fault["loc"]))
    return Issue("field-missing" if kind == "missing" else "value-invalid", fault["msg"], place)


def _problem(status: int, issues: Iterable[Issue]) -> Response:
    found = [{name: value for name, value in asdict(one).items() if value is not None} for one in issues]
    content = {"title": found[0]["message"], "status": status, "issues": found}
    return JSONResponse(content, status, media_type="application/problem+json")
