"""Texts: what people read, in one language or several."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

__all__ = ["Text"]


def _text(value: Any) -> Any:
    return {"en": value} if isinstance(value, str) else value


Text = Annotated[dict[str, str], BeforeValidator(_text), Field(min_length=1)]
"""Text by language code; plain text is English."""
