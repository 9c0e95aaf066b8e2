"""The borrower: who owes, how they cooperate, and earlier restructurings of the loan."""

from datetime import date
from typing import Literal

from pydantic import Field

from restructure.record import Record

__all__ = ["Borrower", "Conduct", "PreviousRestructuring"]


class Borrower(Record):
    """The person who owes the loan."""

    reference: str = Field(min_length=1, max_length=200)
    """The lender's own key of the borrower, such as "B-1001"; consent is given under it, and no name is needed."""
    name: str | None = Field(default=None, max_length=200, repr=False)
    """How a letter addresses the borrower, such as "Ms Li Na"; absent: the letter has a general greeting."""


class Conduct(Record):
    """How the borrower cooperates with the lender; a field that is absent is unknown."""

    willing_to_repay: bool | None = None
    """Whether the borrower states and shows the will to repay, such as by a repayment proposal."""
    reachable: bool | None = None
    """Whether the borrower answers calls, messages or letters of the lender."""
    disputed: bool | None = None
    """Whether the borrower disputes the debt or its amount, such as after a fraud report."""
    vulnerable: bool | None = None
    """Whether the borrower needs particular care, such as for age, illness or bereavement."""


class PreviousRestructuring(Record):
    """An earlier change of this loan's terms in the borrower's favour."""

    on: date
    """The day it took effect, such as 2025-04-01; not before the loan was paid out."""
    outcome: Literal["completed", "active", "broken"]
    """How it ended: paid as agreed (`completed`), still running (`active`) or defaulted on (`broken`)."""
