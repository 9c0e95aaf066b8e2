"""`Record`: the frozen model that every noun of the library is."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Generic,
    Literal,
    Self,
    TypeVar,
    cast,
    get_args,
    overload,
)

from pydantic import (
    VERSION,
    AliasChoices,
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    TypeAdapter,
)
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from restructure.field_docs import field_docs
from restructure.short_form import Waiting, changed_fields, short_form, short_list, short_value
from restructure.views import html_of

__all__ = ["Later", "Listed", "Record", "TypeReader", "refuse", "trusted"]

# Before 2.14 a model that is not built yet can be built by two threads at once (pull request 13438 of pydantic) and
# cannot be written where its type is only known from the value ("'MockValSer' object cannot be converted").
#
# Only records wait: pydantic defers a `TypeAdapter` of a record too where this *is* `True`, which 1 is not. FastAPI
# makes one for every request body, silences pydantic's warning of its alias while it does, and would let the threads
# of the first requests build it.
_DEFERRED = cast("bool", int(tuple(int(part) for part in VERSION.split(".")[:2]) >= (2, 14)))

# The lock of pydantic itself does not survive a fork that happens while another thread builds.
_building = threading.RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_building.acquire, after_in_parent=_building.release, after_in_child=_building.release
    )


if TYPE_CHECKING:
    # A checker that sees a pydantic model wants an amount as `Decimal` and a day as `date`, and cannot know that a
    # record also reads their texts. So it sees a class whose constructor takes any value of a named field; that the
    # library itself names only fields that exist is a test (`tests/test_typing.py`).
    class _Kind(type):
        def __hash__(cls) -> int: ...

    class Record(metaclass=_Kind):
        """The frozen model that every noun of the library is."""

        model_config: ClassVar[ConfigDict]
        model_fields: ClassVar[dict[str, FieldInfo]]
        __pydantic_core_schema__: ClassVar[CoreSchema]

        def __init__(self, **values: Any) -> None: ...
        @property
        def model_fields_set(self) -> set[str]: ...
        @classmethod
        def model_construct(cls, _fields_set: set[str] | None = None, **values: Any) -> Self: ...
        @classmethod
        def model_validate(
            cls,
            obj: Any,
            *,
            strict: bool | None = None,
            from_attributes: bool | None = None,
            context: Any = None,
        ) -> Self: ...
        @classmethod
        def model_validate_json(
            cls, json_data: str | bytes | bytearray, *, strict: bool | None = None, context: Any = None
        ) -> Self: ...
        @classmethod
        def model_json_schema(
            cls, by_alias: bool = True, mode: Literal["validation", "serialization"] = "validation"
        ) -> dict[str, Any]: ...
        @classmethod
        def model_rebuild(
            cls, *, force: bool = False, _types_namespace: Mapping[str, Any] | None = None
        ) -> bool | None: ...
        def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self: ...
        def model_dump(
            self,
            *,
            mode: Literal["json", "python"] | str = "python",
            include: Any = None,
            exclude: Any = None,
            by_alias: bool | None = None,
            exclude_unset: bool = False,
            exclude_defaults: bool = False,
            exclude_none: bool = False,
        ) -> dict[str, Any]: ...
        def model_dump_json(
            self,
            *,
            indent: int | None = None,
            include: Any = None,
            exclude: Any = None,
            by_alias: bool | None = None,
            exclude_unset: bool = False,
            exclude_defaults: bool = False,
            exclude_none: bool = False,
        ) -> str: ...
        def _repr_html_(self) -> str | None: ...
        def _summary(self) -> str | None: ...

else:

    class Record(BaseModel):
        """Freeze the fields, refuse unknown ones, and take field docs from attribute docstrings.

        Half of what importing the library cost was building models that a caller never uses and reading docs that only
        a JSON Schema shows, so both wait: a record is built when first used (from pydantic 2.14 on), and its docs are
        read when a schema is asked for (`field_docs`; `model_fields` has only what `Field(description=…)` says).
        """

        model_config = ConfigDict(
            frozen=True,
            extra="forbid",
            defer_build=_DEFERRED,
            allow_inf_nan=False,
            validate_default=False,
            ser_json_inf_nan="strings",
        )

        @classmethod
        def model_rebuild(
            cls,
            *,
            force: bool = False,
            raise_errors: bool = True,
            _parent_namespace_depth: int = 2,
            _types_namespace: Mapping[str, Any] | None = None,
        ) -> bool | None:
            """Build the model, one thread at a time; pydantic calls this when a record is first used."""
            with _building:
                return super().model_rebuild(
                    force=force,
                    raise_errors=raise_errors,
                    # The names of the caller's frame count, and this is one frame more.
                    _parent_namespace_depth=_parent_namespace_depth and _parent_namespace_depth + 1,
                    _types_namespace=_types_namespace,
                )

        @classmethod
        def __get_pydantic_json_schema__(
            cls, schema: CoreSchema, handler: GetJsonSchemaHandler
        ) -> JsonSchemaValue:
            """Describe each property by the doc of its field."""
            described = handler(schema)
            properties: dict[str, JsonSchemaValue] = handler.resolve_ref_schema(described).get(
                "properties", {}
            )
            for name, text in field_docs(cls).items():
                info = cls.model_fields[name]
                aliases = (_first_name(info.validation_alias), info.serialization_alias, name)
                shown = next((properties[alias] for alias in aliases if alias in properties), None)
                # As pydantic does it, what a definition says already is not said again beside the reference to it.
                if shown is not None and _definition(shown, handler).get("description") != text:
                    shown["description"] = text
            return described

        def _repr_html_(self) -> str | None:
            """Show the record in a notebook, where its class has a view."""
            return html_of(self)

        def __repr__(self) -> str:
            return short_form(self)

        __str__ = __repr__

        def __repr_args__(self) -> Iterator[tuple[str, Any]]:
            # What rich and devtools print, who would write every row out.
            for name, value in changed_fields(self):
                yield name, _Written(short_value(value))

        def _summary(self) -> str | None:
            """Say what a person wants to know of the record, in about a hundred characters; `None`: its fields do."""
            return None

        def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
            """Copy with some fields replaced, forgetting what was worked out from the old ones."""
            copied = super().model_copy(update=update, deep=deep)
            for name in copied.__dict__.keys() - type(self).model_fields.keys():
                del copied.__dict__[name]
            return copied


class _Written(str):
    """A text that is its own repr."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _first_name(alias: Any) -> str | None:
    first = alias.choices[0] if isinstance(alias, AliasChoices) else alias
    return first if isinstance(first, str) else None


def _definition(schema: JsonSchemaValue, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
    try:
        return handler.resolve_ref_schema(schema)
    except LookupError:  # of a model that holds this one, and is still being described
        return {}


_Read = TypeVar("_Read")


class TypeReader(Generic[_Read]):
    """Read and write values of a type that is no model, such as a union: a `TypeAdapter` built when first used.

    >>> TypeReader[int | None](int | None).validate_python("3")
    3
    """

    def __init__(self, kind: Any) -> None:
        self._kind = kind
        self._built: TypeAdapter[_Read] | None = None

    @property
    def adapter(self) -> TypeAdapter[_Read]:
        """What reads and writes."""
        if self._built is None:
            with _building:
                self._built = self._built or TypeAdapter(self._kind)
        return self._built

    def validate_python(self, value: Any, *, strict: bool | None = None) -> _Read:
        """Read plain data; raises pydantic's `ValidationError`."""
        return self.adapter.validate_python(value, strict=strict)

    def validate_json(self, text: str | bytes, *, strict: bool | None = None) -> _Read:
        """Read JSON; raises pydantic's `ValidationError`."""
        return self.adapter.validate_json(text, strict=strict)

    def dump_json(self, value: _Read) -> bytes:
        """Write JSON."""
        return self.adapter.dump_json(value)

    def json_schema(self, **options: Any) -> dict[str, Any]:
        """Give the JSON Schema; the options are those of `TypeAdapter.json_schema`."""
        return self.adapter.json_schema(**options)


_Model = TypeVar("_Model", bound=Record)

# What a model consists of. A frozen one refuses assignment, and its slots' own setters are quickest: an instalment
# of fourteen fields takes 0.6 µs, 0.8 µs by `object.__setattr__` and 6.1 µs by `model_construct`.
_new = object.__new__
_set_values, _set_fields, _set_extra, _set_private = (
    vars(BaseModel)[slot].__set__
    for slot in ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
)


@cache
def _field_names(model: type[Record]) -> set[str]:
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


class Later(Waiting, Sequence[_Item]):
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
        return short_list(self.items)

    def _short(self, room: int) -> str:
        return "(…)" if self._make is not None else short_list(self._made, room)

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


def refuse(contradictions: Sequence[tuple[str, ...]]) -> None:
    """Refuse a model for every contradiction at once: each a code, a sentence, and the field it is about.

    Pydantic lets a validator raise only one error, so the others travel in its context.
    """
    if contradictions:
        text = "; ".join(message for _, message, *_ in contradictions)
        raise PydanticCustomError(
            contradictions[0][0], "{text}", {"text": text, "issues": list(contradictions)}
        )
