"""Fields that several measures share, and their checks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from restructure.calculator.servicing.position import Bucket
from restructure.document import FORMER_WORDS

__all__ = [
    "LONGEST_TERM",
    "AnyBucketNames",
    "BucketNames",
    "FormerWords",
    "current_word",
    "require_amount_or_share",
    "require_buckets",
]

LONGEST_TERM = 1200
"""The most instalments that a restructured loan may have."""


def current_word(word: Any) -> Any:
    """Give the word for a measure as it is written now; anything else unchanged.

    >>> current_word("park"), current_word("waive")
    ('defer', 'waive')
    """
    return FORMER_WORDS.get(word, word) if isinstance(word, str) else word


@dataclass(frozen=True)
class FormerWords:
    """Let the field `measure` read the former words for its measure too, and hold the present one."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        expected = handler(source)["expected"]
        former = [word for word, now in FORMER_WORDS.items() if now in expected]
        return core_schema.no_info_after_validator_function(
            current_word, core_schema.literal_schema([*expected, *former])
        )


def _as_buckets(value: Any) -> Any:
    """Read one bucket as a list of one, and names as buckets, in strict reading too."""
    if isinstance(value, str):
        value = (value,)
    if isinstance(value, list | tuple):
        return tuple(
            Bucket(name) if isinstance(name, str) and name in _BUCKET_NAMES else name for name in value
        )
    return value


_BUCKET_NAMES = {bucket.value for bucket in Bucket}

# The bound comes first, so that the schema puts it on the list and not on the text of a single bucket.
BucketNames = Annotated[tuple[Bucket, ...], Field(min_length=1), BeforeValidator(_as_buckets)]
"""Buckets of what is owed, each named once; a single name needs no list: `"fees"`, `["fees", "penalty"]`."""

AnyBucketNames = Annotated[tuple[Bucket, ...], BeforeValidator(_as_buckets)]
"""Buckets of what is owed, possibly none."""


def require_amount_or_share(amount: object, share: object) -> None:
    """Refuse a measure that gives both an amount and a share, or neither."""
    if (amount is None) == (share is None):
        raise PydanticCustomError("amount-or-share", "give either an amount or a share")


def require_buckets(buckets: Sequence[Bucket], allowed: Sequence[Bucket], what: str) -> None:
    """Refuse buckets that a measure does not apply to, and a bucket that is named twice."""
    wrong = [bucket.value for bucket in buckets if bucket not in allowed]
    if wrong:
        raise PydanticCustomError(
            "bucket-not-allowed",
            "{what} does not apply to {wrong}; it takes {allowed}",
            {"what": what, "wrong": ", ".join(wrong), "allowed": ", ".join(b.value for b in allowed)},
        )
    if len(set(buckets)) != len(buckets):
        raise PydanticCustomError("bucket-claimed-twice", "{what} names a bucket twice", {"what": what})
