"""Days of decisions."""

from datetime import date, timedelta

from hypothesis import strategies as st

from restructure.errors import InvalidPolicy
from restructure.policy.policy import Policy
from restructure.testing.strategies.drawing import first_of

__all__ = ["USUAL_DAY", "days"]

USUAL_DAY = date(2026, 3, 18)
"""The day to which examples shrink."""
_FIRST, _LAST = date(2026, 1, 1), date(2029, 12, 31)


def days(policy: Policy | None = None) -> st.SearchStrategy[date]:
    """Draw days of decisions: 2026 to 2029, or days on which a policy is in force and every parameter has a value.

    >>> from hypothesis import find
    >>> find(days(), lambda day: True)
    datetime.date(2026, 3, 18)
    """
    first, last = _FIRST, _LAST
    if policy is not None:
        began = [parameter.values[0].since for parameter in policy.parameters.values()]
        first = max([*began, *([policy.effective_from] if policy.effective_from else [])], default=_FIRST)
        last = max(_LAST, first + timedelta(days=1460))
        if policy.effective_until is not None:
            last = policy.effective_until - timedelta(days=1)
    drawn = st.dates(first, last)
    usual = first_of(USUAL_DAY, drawn) if first <= USUAL_DAY <= last else drawn
    return usual if policy is None else usual.filter(lambda day: _in_force(policy, day))


def _in_force(policy: Policy, day: date) -> bool:
    try:
        policy.at(day)
    except InvalidPolicy:
        return False
    return True
