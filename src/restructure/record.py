"""`Record`: the frozen model that every noun of the library is."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, Self, TypeVar, get_args, overload

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from restructure.views import html_of

__all__ = ["Later", "Listed", "Record", "refuse", "trusted"]


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

    def _repr_html_(self) -> str | None:
        """Show the record in a notebook, where its class has a view."""
        return html_of(self)

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


_Item = TypeVar("_Item")


class Later(Sequence[_Item]):
    """Hold records that are made when somebody first looks: services that only count never pay for them.

    >>> many = Later(lambda: (1, 2))
    >>> many == (1, 2), len(many), many[-1]
    (True, 2, 2)
    """

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], Iterable[_Item]]) -> None:
        self._make: Callable[[], Iterable[_Item]] | None = make
        self._made: tuple[_Item, ...] = ()

    @property
    def items(self) -> tuple[_Item, ...]:
        """The records."""
        make = self._make
        if make is not None:
            # Two threads may both make them; what they make is equal, and either may stay.
            self._made = tuple(make())
            self._make = None
        return self._made

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> _Item: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[_Item, ...]: ...
    def __getitem__(self, index: int | slice) -> _Item | tuple[_Item, ...]:
        return self.items[index]

    def __iter__(self) -> Iterator[_Item]:
        return iter(self.items)

    def __eq__(self, other: object) -> bool:
        return self.items == (other.items if isinstance(other, Later) else other)

    def __hash__(self) -> int:
        return hash(self.items)

    def __repr__(self) -> str:
        return repr(self.items)

    def __reduce__(self) -> tuple[type[tuple[_Item, ...]], tuple[tuple[_Item, ...]]]:
        return tuple, (self.items,)


class _ReadAsTuple:
    """Let a field hold a tuple or what is made later; JSON knows only the list."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        listed = handler(tuple[get_args(source)[0], ...])  # type: ignore[misc]
        return core_schema.no_info_wrap_validator_function(
            lambda value, read: value if isinstance(value, Later) else read(value),
            listed,
            serialization=core_schema.plain_serializer_function_ser_schema(tuple, return_schema=listed),
        )


Listed = Annotated[Sequence[_Item], _ReadAsTuple]
"""A list of records that may be made later."""


def refuse(found: Sequence[tuple[str, ...]]) -> None:
    """Refuse a model for every contradiction at once: each a code, a sentence, and the field it is about.

    Pydantic lets a validator raise only one error, so the others travel in its context.
    """
    if found:
        text = "; ".join(message for _, message, *_ in found)
        raise PydanticCustomError(found[0][0], "{text}", {"text": text, "issues": list(found)})
