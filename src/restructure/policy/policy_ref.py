"""The name, version and digest by which a record says which policy decided."""

from restructure.record import Record

__all__ = ["PolicyRef"]


class PolicyRef(Record):
    """The policy by which a decision was made."""

    name: str
    """Name of the policy, such as `cn-consumer-finance`."""
    version: str
    """Version of the policy as its file says."""
    digest: str
    """SHA-256 over what decides on the day, in hexadecimal; comments do not change it."""
