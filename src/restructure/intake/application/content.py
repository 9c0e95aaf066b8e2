"""Content of an application: everything known on a day about a borrower, the loan and the difficulty."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from restructure.calculator.conventions.currency_scale import set_scale
from restructure.errors import quoted
from restructure.intake.application.borrower import Borrower, Conduct, PreviousRestructuring
from restructure.intake.application.finances import Finances
from restructure.intake.application.hardship import Hardship
from restructure.intake.application.loans import Loan
from restructure.intake.declared_facts import GivenFacts
from restructure.intake.past_events import PastEvent
from restructure.record import Record

__all__ = ["ApplicationContent"]

_SCORE = re.compile(r"-?\d{1,12}(\.\d{1,6}0*)?")


def _scores(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {name: _score(name, value[name]) for name in sorted(value, key=str)}


def _score(name: Any, value: Any) -> Decimal:
    if not (isinstance(name, str) and name.isidentifier() and name.isascii()):
        raise PydanticCustomError(
            "value-invalid",
            "{name} cannot name a score; use letters, digits and underscores",
            {"name": quoted(name)},
        )
    if isinstance(value, float | bool) or not isinstance(value, str | int | Decimal):
        raise PydanticCustomError(
            "value-invalid",
            'the score {name} must be exact: write it in quotes, such as "0.35"',
            {"name": quoted(name)},
        )
    if not _SCORE.fullmatch(format(value, "f") if isinstance(value, Decimal) else str(value)[:60]):
        raise PydanticCustomError(
            "value-invalid",
            "the score {name} keeps twelve digits before the point and six after it; round it",
            {"name": quoted(name)},
        )
    return Decimal(value)


# One schema for reading and writing, as for money: two would be two models in a generated client.
_Score = Annotated[Decimal, WithJsonSchema({"type": ["string", "number"], "examples": ["0.35"]})]


class ApplicationContent(Record):
    """The fields of an application."""

    reference: str = Field(min_length=1, max_length=200)
    """The lender's own key of the application, such as "A-2026-0317"."""
    as_of: date
    """The day that the application describes, such as 2026-03-18; nothing in it is dated later."""
    borrower: Borrower
    """The person who owes the loan."""
    loan: Loan
    """The loan, by stated balances or by contract and payments."""
    finances: Finances = Finances()
    """Income, costs, debts and reserves a month, as far as known."""
    hardship: Hardship = Hardship()
    """Cause, duration and proof of the difficulty, as far as known."""
    conduct: Conduct = Conduct()
    """How the borrower cooperates, as far as known."""
    previous_restructurings: tuple[PreviousRestructuring, ...] | None = None
    """Earlier restructurings of this loan; an empty list means none, absent means unknown."""
    scores: Annotated[dict[str, _Score], BeforeValidator(_scores)] = Field(default_factory=dict)
    """Scores of other systems by name, such as {"pd": "0.35"}; a policy reads them as `scores.NAME`."""
    facts: GivenFacts = Field(default_factory=dict)
    """Facts that a policy declares as given, by name, such as {"region": "north"}; an absent one is unknown."""
    history: tuple[PastEvent, ...] | None = None
    """Earlier events, such as broken promises and trial plans; an empty list means none, absent means unknown."""

    @model_validator(mode="after")
    def _spell(self) -> Self:
        set_scale(self, self.loan.currency)
        return self

    def _summary(self) -> str:
        loan = self.loan
        return f"{self.reference} as of {self.as_of}, loan {loan.reference} ({loan.product.value}, {loan.currency})"
