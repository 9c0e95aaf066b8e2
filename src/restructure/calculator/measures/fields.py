"""Fields that several measures share, and their checks."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from restructure.calculator.servicing.position import Bucket

__all__ = ["AnyBucketNames", "BucketNames", "require_amount_or_share", "require_buckets"]


def _listed(value: Any) -> Any:
    """Take one bucket for a list of one, and names for buckets, in strict reading too."""
    if isinstance(value, str):
        value = (value,)
    if isinstance(value, list | tuple):
        return tuple(Bucket(one) if isinstance(one, str) and one in _BUCKET_NAMES else one for one in value)
    return value


_BUCKET_NAMES = {bucket.value for bucket in Bucket}

# The bound comes first, so that the schema puts it on the list and not on the text of a single bucket.
BucketNames = Annotated[tuple[Bucket, ...], Field(min_length=1), BeforeValidator(_listed)]
AnyBucketNames = Annotated[tuple[Bucket, ...], BeforeValidator(_listed)]


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
