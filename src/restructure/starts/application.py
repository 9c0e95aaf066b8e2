"""The start of an application: a borrower who fell ill, two instalments behind on any day that it is written."""

import json
from datetime import date, timedelta
from typing import Literal

from restructure.calculator.conventions.dates import add_months
from restructure.document import text_document
from restructure.starts.commented import commented
from restructure.starts.formats import schema_of

__all__ = ["LoanKind", "new_application"]

LoanKind = Literal["contract", "stated"]
"""How the loan is given: by its contract and payments, or by its balances."""

_NAMES = {"en": "Ms Li Na", "zh": "李女士"}


def new_application(
    *, on: date, kind: LoanKind = "contract", language: str = "en", currency: str = "CNY", plain: bool = False
) -> str:
    """Give the text of an application on a day, as commented YAML, or with `plain` as JSON without comments.

    >>> "as_of: 2026-03-18" in new_application(on=date(2026, 3, 18))
    True
    """
    values = _dates(on) | {"name": _NAMES.get(language, ""), "currency": currency}
    schema = schema_of("application")
    values["rest"] = commented("borrower", values, schema, language).rstrip()
    text = commented(kind, values, schema, language)
    if plain:
        return json.dumps(text_document(text).data, indent=2, ensure_ascii=False, default=str) + "\n"
    return text


def _dates(on: date) -> dict[str, str]:
    """Give the days of the example: 45 to 48 days past due, and half a month from the next due date.

    Due dates are on the 28th at the latest, so that every month has one.
    """
    due = on - timedelta(days=45)
    oldest = due.replace(day=min(due.day, 28))
    days = {
        "today": on,
        "start": add_months(oldest, -4),
        "first_due": add_months(oldest, -3),
        "paid_1": add_months(oldest, -3),
        "paid_2": add_months(oldest, -2),
        "paid_3": add_months(oldest, -1),
        "oldest_unpaid": oldest,
        "next_due": add_months(oldest, 2),
        "onset": oldest - timedelta(days=12),
        "seen": on - timedelta(days=3),
    }
    return {name: day.isoformat() for name, day in days.items()}
