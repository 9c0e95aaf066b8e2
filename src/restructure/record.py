"""`Record`: the frozen model that every noun of the library is."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

__all__ = ["Record", "refuse", "trusted"]


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


_Model = TypeVar("_Model", bound=Record)

# What a model consists of. A frozen one refuses assignment, and its slots' own setters are quickest.
_new = object.__new__
_set_values, _set_fields, _set_extra, _set_private = (
    vars(BaseModel)[slot].__set__
    for slot in ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
)


@cache
def _field_names(model: type[BaseModel]) -> set[str]:
    return set(model.model_fields)


def trusted(model: type[_Model], every: Iterable[dict[str, Any]]) -> list[_Model]:
    """Make many records, each of a value for every field in order, right by construction.

    What `model_construct` makes of the same values, without its search for aliases and defaults. Each
    dictionary becomes the record's own; the names of the fields that are set, which are all, they share.
    """
    fields = _field_names(model)
    made = []
    for values in every:
        record = _new(model)
        _set_values(record, values)
        _set_fields(record, fields)
        _set_extra(record, None)
        _set_private(record, None)
        made.append(record)
    return made


def refuse(found: Sequence[tuple[str, ...]]) -> None:
    """Refuse a model for every contradiction at once: each a code, a sentence, and the field it is about.

    Pydantic lets a validator raise only one error, so the others travel in its context.
    """
    if found:
        text = "; ".join(message for _, message, *_ in found)
        raise PydanticCustomError(found[0][0], "{text}", {"text": text, "issues": list(found)})
