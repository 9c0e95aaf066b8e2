"""Given facts: what a file says about facts that a policy declares, exact and as plain as it was written."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from restructure.errors import quoted

__all__ = ["Given", "GivenFacts", "as_given"]

_LONGEST, _MOST = 200, 10**15


def _name(value: Any) -> str:
    if not (isinstance(value, str) and value.isidentifier() and value.isascii()):
        raise PydanticCustomError(
            "value-invalid",
            "{name} cannot name a fact; use letters, digits and underscores",
            {"name": quoted(value)[:60]},
        )
    return value


def as_given(value: Any) -> bool | int | str:
    """Write a fact as a file would: exact numbers and dates as text."""
    if isinstance(value, float):
        raise PydanticCustomError(
            "number-float", 'a number with a point must be exact: write it in quotes, such as "0.35"'
        )
    if isinstance(value, Decimal) and value.is_finite():
        value = f"{value:f}"
    elif isinstance(value, date):
        value = value.isoformat()
    if isinstance(value, str) and len(value) <= _LONGEST:
        return value
    if isinstance(value, bool) or (isinstance(value, int) and abs(value) < _MOST):
        return value
    raise PydanticCustomError(
        "value-invalid",
        "a fact is a number below 10^15, a text of at most {most} characters, a date, or true or false",
        {"most": _LONGEST},
    )


def _sorted(value: Any) -> Any:
    # What is null is unknown, which is what an absent fact is; the order of a file means nothing.
    if not isinstance(value, Mapping):
        return value
    return {name: value[name] for name in sorted(value, key=str) if value[name] is not None}


Given = Annotated[
    bool | int | str,
    BeforeValidator(as_given),
    WithJsonSchema({"type": ["boolean", "integer", "string", "null"]}),
]
"""A whole number, a text (an exact number or a date among them), or true or false."""
GivenFacts = Annotated[dict[Annotated[str, BeforeValidator(_name)], Given], BeforeValidator(_sorted)]
"""Facts by name."""
