"""`Record`: the frozen model that every noun of the library is."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

__all__ = ["Record", "refuse"]


class Record(BaseModel):
    """Freeze the fields, refuse unknown ones, and take field docs from attribute docstrings."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        allow_inf_nan=False,
        validate_default=False,
        ser_json_inf_nan="strings",
    )

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy with some fields replaced, forgetting what was worked out from the old ones."""
        copied = super().model_copy(update=update, deep=deep)
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied


def refuse(found: Sequence[tuple[str, ...]]) -> None:
    """Refuse a model for every contradiction at once: each a code, a sentence, and the field it is about.

    Pydantic lets a validator raise only one error, so the others travel in its context.
    """
    if found:
        text = "; ".join(message for _, message, *_ in found)
        raise PydanticCustomError(found[0][0], "{text}", {"text": text, "issues": list(found)})
