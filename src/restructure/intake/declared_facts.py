"""Raw values of policy-declared facts, as supplied in the application, before conversion to the declared type."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

__all__ = ["DeclaredValue", "GivenFacts", "as_given"]

_MAX_TEXT, _MAX_NUMBER = 200, 10**15


def _name(value: Any) -> str:
    if not (isinstance(value, str) and value.isidentifier() and value.isascii()):
        raise PydanticCustomError(
            "value-invalid",
            "{name} cannot name a fact; use letters, digits and underscores",
            {"name": repr(value)[:60]},
        )
    return value


def as_given(value: Any) -> bool | int | str:
    """Convert a value to how a file writes it: exact numbers and dates as text."""
    if isinstance(value, float):
        raise PydanticCustomError(
            "number-float", 'a number with a point must be exact: write it in quotes, such as "0.35"'
        )
    if isinstance(value, Decimal) and value.is_finite():
        value = f"{value:f}"
    elif isinstance(value, date):
        value = value.isoformat()
    if isinstance(value, str) and len(value) <= _MAX_TEXT:
        return value
    if isinstance(value, bool) or (isinstance(value, int) and abs(value) < _MAX_NUMBER):
        return value
    raise PydanticCustomError(
        "value-invalid",
        "a fact is a number below 10^15, a text of at most {most} characters, a date, or true or false",
        {"most": _MAX_TEXT},
    )


def _sorted(value: Any) -> Any:
    # A null fact is unknown like an absent one, and the order of a file has no meaning.
    if not isinstance(value, Mapping):
        return value
    return {name: value[name] for name in sorted(value, key=str) if value[name] is not None}


DeclaredValue = Annotated[
    bool | int | str,
    BeforeValidator(as_given),
    WithJsonSchema({"type": ["boolean", "integer", "string", "null"]}),
]
"""A whole number, a text (an exact number or a date among them), or true or false."""
GivenFacts = Annotated[dict[Annotated[str, BeforeValidator(_name)], DeclaredValue], BeforeValidator(_sorted)]
"""Raw values of policy-declared facts by name."""
