"""Three-valued truth: true, false, or unknown where a fact is missing."""

__all__ = ["all_of"]


def all_of(*values: bool | None) -> bool | None:
    """Tell whether all values are true; unknown (`None`) if none is false and at least one is unknown.

    >>> all_of(True, None), all_of(False, None), all_of(True, True)
    (None, False, True)
    """
    if any(value is False for value in values):
        return False
    return None if any(value is None for value in values) else True
