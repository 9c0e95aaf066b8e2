"""The loan of an application, by stated balances or by contract and payments, and what is owed on it."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.conventions.money import Currency
from restructure.calculator.servicing.account import position_of
from restructure.calculator.servicing.contract import STANDARD_ORDER, Allocation, Contract, Payment
from restructure.calculator.servicing.position import Buckets, Position
from restructure.errors import InvalidInput, Issue, Refused
from restructure.record import Record, trusted

__all__ = ["ContractLoan", "Loan", "Product", "StatedLoan", "position_on", "stated_fields"]


class Product(StrEnum):
    """Kind of credit product."""

    CONSUMER_LOAN = "consumer_loan"
    CREDIT_CARD = "credit_card"
    VEHICLE_LOAN = "vehicle_loan"
    MORTGAGE = "mortgage"


class StatedLoan(Record):
    """A loan given by its balances on the day of the application."""

    basis: Literal["stated"]
    """`stated`: the balances are given, not derived."""
    reference: str = Field(min_length=1, max_length=200)
    """The lender's own key of the loan, such as "L-2024-0193"."""
    product: Product = Product.CONSUMER_LOAN
    """Kind of credit product, such as `consumer_loan`."""
    currency: Currency
    """ISO 4217 code of every amount of the application, such as CNY."""
    originated: date | None = None
    """The day the loan was paid out, such as 2024-06-15; absent: unknown."""
    balances: Buckets
    """What is owed on the day of the application (`as_of`), split into seven buckets."""
    repayment: Repayment
    """Agreed terms by which the principal not yet due is repaid: rate, instalments, next due date."""
    oldest_unpaid_due: date | None = None
    """Due date of the oldest instalment not paid in full, such as 2026-01-20; absent: nothing is past due."""
    missed_instalments: int = Field(default=0, ge=0)
    """Number of instalments past due and not paid in full, such as 2."""
    allocation: Allocation = STANDARD_ORDER
    """Order in which a payment is allocated to what is owed, as the contract says."""


class ContractLoan(Record):
    """A loan given by its contract and the payments received; what is owed is derived."""

    basis: Literal["contract"]
    """`contract`: the balances are derived from contract and payments."""
    reference: str = Field(min_length=1, max_length=200)
    """The lender's own key of the loan, such as "L-2024-0193"."""
    product: Product = Product.CONSUMER_LOAN
    """Kind of credit product, such as `consumer_loan`."""
    contract: Contract
    """Agreed terms, with default interest, fees and the order of allocation."""
    payments: tuple[Payment, ...] = ()
    """Every payment received since the loan was paid out, in any order."""

    @property
    def currency(self) -> str:
        """The contract's currency."""
        return self.contract.currency

    @property
    def originated(self) -> date:
        """Day the loan was paid out."""
        return self.contract.start


Loan = Annotated[StatedLoan | ContractLoan, Field(discriminator="basis")]
"""A loan, by stated balances or by contract and payments; `basis` names which."""


_DEFAULTS = {name: field.default for name, field in Position.model_fields.items()}


def stated_fields(loan: StatedLoan, on: date) -> dict[str, Any]:
    """Give the fields of the position that a loan states."""
    return {
        "on": on,
        "currency": loan.currency,
        "buckets": loan.balances,
        "repayment": loan.repayment,
        "oldest_unpaid_due": loan.oldest_unpaid_due,
        "missed_instalments": loan.missed_instalments,
        "allocation": loan.allocation,
    }


def position_on(loan: StatedLoan | ContractLoan, on: date) -> Position:
    """Give what is owed on a loan on a day, as stated or as derived.

    Stated balances are not checked again: `problems` has to have found no contradiction in them. Raises
    `InvalidInput` for a contract whose instalment does not cover its interest.
    """
    if isinstance(loan, StatedLoan):
        return trusted(Position, [_DEFAULTS | stated_fields(loan, on)])[0]
    try:
        return position_of(loan.contract, loan.payments, on=on)
    except Refused as refused:
        raise InvalidInput(
            Issue(issue.code, issue.message, "loan.contract") for issue in refused.issues
        ) from None
