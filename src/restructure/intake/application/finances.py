"""The borrower's finances: income, essential costs, other debts and reserves a month."""

from enum import StrEnum

from pydantic import Field

from restructure.calculator.conventions.money import Currency, Money
from restructure.record import Record

__all__ = ["Cost", "CostCategory", "Finances", "Income", "IncomeSource", "OtherDebt"]


class IncomeSource(StrEnum):
    """What income is paid for."""

    WAGE = "wage"
    SELF_EMPLOYMENT = "self_employment"
    PENSION = "pension"
    BENEFIT = "benefit"
    RENT = "rent"
    FAMILY = "family"
    OTHER = "other"


class CostCategory(StrEnum):
    """Essential living costs by category."""

    HOUSING = "housing"
    FOOD = "food"
    UTILITIES = "utilities"
    TRANSPORT = "transport"
    HEALTH = "health"
    EDUCATION = "education"
    CARE = "care"
    OTHER = "other"


class Income(Record):
    """Income from one source."""

    source: IncomeSource
    """What the income is paid for, such as `wage`."""
    monthly: Money
    """Net amount a month after tax, in the loan's currency, such as "8500.00"."""
    verified: bool | None = None
    """Whether the lender has seen proof of it, such as a payslip; absent: unknown."""


class Cost(Record):
    """Essential living costs of one category."""

    category: CostCategory
    """What the money is spent on, such as `housing`."""
    monthly: Money
    """Amount a month, in the loan's currency, such as "2200.00"."""


class OtherDebt(Record):
    """A debt to another creditor that is being repaid."""

    creditor: str = Field(min_length=1, max_length=200)
    """Name of the creditor, such as "City Bank"."""
    monthly: Money
    """Instalment a month, in the loan's currency, such as "650.00"."""
    balance: Money | None = None
    """Outstanding balance, in the loan's currency, such as "7800.00"; absent: unknown."""


class Finances(Record):
    """Income, costs, debts and reserves; a field that is absent is unknown, an empty list means there are none."""

    currency: Currency | None = None
    """ISO 4217 code of the amounts, such as CNY; absent: the loan's. Another currency than the loan's is refused."""
    income: tuple[Income, ...] | None = None
    """Current net income by source, such as wage and rent."""
    income_before: Money | None = None
    """Net income a month before the hardship began, from all sources, such as "12000.00"."""
    essential_costs: tuple[Cost, ...] | None = None
    """Essential living costs a month by category, such as housing and food."""
    other_debts: tuple[OtherDebt, ...] | None = None
    """Debts to other creditors that are being repaid."""
    liquid_reserves: Money | None = None
    """Cash, deposits and what can be sold within days, such as "3000.00"."""
    dependants: int | None = Field(default=None, ge=0, le=50)
    """People who live on this income besides the borrower, such as 2."""
