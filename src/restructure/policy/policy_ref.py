"""The name, version and digest by which a record says which policy decided."""

from restructure.record import Record

__all__ = ["PolicyRef"]


class PolicyRef(Record):
    """Which policy decided."""

    name: str
    """Name of the policy."""
    version: str
    """Its version."""
    digest: str
    """SHA-256 over its resolved content; a comment does not change it."""
