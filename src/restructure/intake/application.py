"""Application: what a lender knows about a borrower in difficulty, and reading it from a file."""

import re
import sys
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from restructure.calculator.amortisation.terms import Repayment
from restructure.calculator.conventions.currency_scale import spell
from restructure.calculator.conventions.money import LARGEST, Currency, Money, to_minor
from restructure.calculator.servicing.account import position_of
from restructure.calculator.servicing.contract import (
    STANDARD_ORDER,
    Allocation,
    Contract,
    Payment,
    payment_problems,
)
from restructure.calculator.servicing.position import Buckets, Position
from restructure.document import read_model
from restructure.errors import InvalidInput, Issue, Refused
from restructure.inputs import Source, document_of, with_values
from restructure.intake.declared_facts import GivenFacts
from restructure.intake.past_events import PastEvent, event_problems
from restructure.record import Record, trusted

__all__ = [
    "Application",
    "Borrower",
    "Cause",
    "Conduct",
    "ContractLoan",
    "Cost",
    "CostCategory",
    "Evidence",
    "EvidenceKind",
    "Finances",
    "Hardship",
    "Income",
    "IncomeSource",
    "Loan",
    "OtherDebt",
    "PreviousRestructuring",
    "Product",
    "StatedLoan",
    "position_on",
    "problems",
    "read_application",
]


class Product(StrEnum):
    """What was lent."""

    CONSUMER_LOAN = "consumer_loan"
    CREDIT_CARD = "credit_card"
    VEHICLE_LOAN = "vehicle_loan"
    MORTGAGE = "mortgage"


class IncomeSource(StrEnum):
    """Where income comes from."""

    WAGE = "wage"
    SELF_EMPLOYMENT = "self_employment"
    PENSION = "pension"
    BENEFIT = "benefit"
    RENT = "rent"
    FAMILY = "family"
    OTHER = "other"


class CostCategory(StrEnum):
    """Essential living costs by kind."""

    HOUSING = "housing"
    FOOD = "food"
    UTILITIES = "utilities"
    TRANSPORT = "transport"
    HEALTH = "health"
    EDUCATION = "education"
    CARE = "care"
    OTHER = "other"


class Cause(StrEnum):
    """Why the borrower is in difficulty."""

    ILLNESS = "illness"
    UNEMPLOYMENT = "unemployment"
    INCOME_FALL = "income_fall"
    DISASTER = "disaster"
    FAMILY_EVENT = "family_event"
    BUSINESS_FAILURE = "business_failure"
    OVER_SPENDING = "over_spending"
    OTHER = "other"


class EvidenceKind(StrEnum):
    """Documents that a lender asks for."""

    IDENTITY = "identity"
    INCOME_PROOF = "income_proof"
    HARDSHIP_PROOF = "hardship_proof"
    REPAYMENT_PROPOSAL = "repayment_proposal"


class Borrower(Record):
    """The person who owes."""

    reference: str = Field(min_length=1, max_length=200)
    """The lender's own key; no name is needed to decide."""
    name: str | None = Field(default=None, max_length=200)
    """How the borrower is addressed, if letters are wanted."""


class StatedLoan(Record):
    """A loan given by its balances on the day of the application."""

    basis: Literal["stated"]
    """Balances are stated, not derived."""
    reference: str = Field(min_length=1, max_length=200)
    """The lender's own key of the loan."""
    product: Product = Product.CONSUMER_LOAN
    """What was lent."""
    currency: Currency
    """ISO 4217 code of every amount of the application."""
    originated: date | None = None
    """Day the loan was paid out."""
    balances: Buckets
    """What is owed on `as_of`, in seven buckets."""
    repayment: Repayment
    """How the principal not yet due was to be repaid."""
    oldest_unpaid_due: date | None = None
    """Due date of the oldest instalment not paid in full."""
    missed_instalments: int = Field(default=0, ge=0)
    """Instalments past due and not paid in full."""
    allocation: Allocation = STANDARD_ORDER
    """What a payment goes to first, as the contract says."""


class ContractLoan(Record):
    """A loan given by its contract and the payments received; what is owed is derived."""

    basis: Literal["contract"]
    """Balances are derived from contract and payments."""
    reference: str = Field(min_length=1, max_length=200)
    """The lender's own key of the loan."""
    product: Product = Product.CONSUMER_LOAN
    """What was lent."""
    contract: Contract
    """The agreement, with what lateness costs and the allocation order."""
    payments: tuple[Payment, ...] = ()
    """Every payment received, in any order."""

    @property
    def currency(self) -> str:
        """The contract's currency."""
        return self.contract.currency

    @property
    def originated(self) -> date:
        """Day the loan was paid out."""
        return self.contract.start


Loan = Annotated[StatedLoan | ContractLoan, Field(discriminator="basis")]
"""A loan, by stated balances or by contract and payments; `basis` says which."""


class Income(Record):
    """One source of income."""

    source: IncomeSource
    """Where it comes from."""
    monthly: Money
    """Net amount a month."""
    verified: bool | None = None
    """Whether somebody has seen proof of it."""


class Cost(Record):
    """One kind of essential cost."""

    category: CostCategory
    """What it is for."""
    monthly: Money
    """Amount a month."""


class OtherDebt(Record):
    """A debt to somebody else that is being repaid."""

    creditor: str = Field(min_length=1, max_length=200)
    """To whom."""
    monthly: Money
    """Instalment a month."""
    balance: Money | None = None
    """What is still owed."""


class Finances(Record):
    """Income, costs, debts and reserves; what is not known stays absent, what is known to be none is an empty list."""

    currency: Currency | None = None
    """The loan's currency if absent; another one is an error."""
    income: tuple[Income, ...] | None = None
    """Current net income by source; an empty list means none."""
    income_before: Money | None = None
    """Net income a month before the hardship."""
    essential_costs: tuple[Cost, ...] | None = None
    """Essential living costs by kind, a month."""
    other_debts: tuple[OtherDebt, ...] | None = None
    """Other debts being repaid; an empty list means none."""
    liquid_reserves: Money | None = None
    """Money at hand: cash, deposits, what can be sold within days."""
    dependants: int | None = Field(default=None, ge=0, le=50)
    """People who live on this income besides the borrower."""


class Evidence(Record):
    """A document held."""

    kind: EvidenceKind
    """What it proves."""
    on: date
    """Its date."""


class Hardship(Record):
    """What happened, since when, for how long, and how it is known."""

    cause: Cause | None = None
    """Why the borrower is in difficulty."""
    onset: date | None = None
    """When it began."""
    expected_months: int | None = Field(default=None, ge=0, le=600)
    """How long from the onset it is expected to last, if it will pass."""
    lasting: bool | None = None
    """True if it is not expected to pass."""
    resolved_on: date | None = None
    """When it was over, if it is."""
    evidence: tuple[Evidence, ...] = ()
    """Documents held."""


class Conduct(Record):
    """How the borrower and the lender get on; what is not known stays absent."""

    willing_to_repay: bool | None = None
    """The borrower says and shows that they want to repay."""
    reachable: bool | None = None
    """The borrower can be reached and answers."""
    disputed: bool | None = None
    """The debt or its amount is in dispute."""
    vulnerable: bool | None = None
    """The borrower needs particular care (health, age, bereavement)."""


class PreviousRestructuring(Record):
    """An earlier change of this loan in the borrower's favour."""

    on: date
    """When it took effect."""
    outcome: Literal["completed", "active", "broken"]
    """What became of it."""


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
            {"name": repr(name)},
        )
    if isinstance(value, float | bool) or not isinstance(value, str | int | Decimal):
        raise PydanticCustomError(
            "value-invalid",
            'the score {name} must be exact: write it in quotes, such as "0.35"',
            {"name": repr(name)},
        )
    if not _SCORE.fullmatch(format(value, "f") if isinstance(value, Decimal) else str(value)[:60]):
        raise PydanticCustomError(
            "value-invalid",
            "the score {name} keeps twelve digits before the point and six after it; round it",
            {"name": repr(name)},
        )
    return Decimal(value)


class Application(Record):
    """Everything known on a day about a borrower, the loan and the difficulty."""

    reference: str = Field(min_length=1, max_length=200)
    """The lender's own key of the application."""
    as_of: date
    """The day this describes."""
    borrower: Borrower
    """Who owes."""
    loan: Loan
    """What is owed, stated or derived."""
    finances: Finances = Finances()
    """Income, costs, debts and reserves, as far as known."""
    hardship: Hardship = Hardship()
    """What happened, as far as known."""
    conduct: Conduct = Conduct()
    """How the borrower and the lender get on, as far as known."""
    previous_restructurings: tuple[PreviousRestructuring, ...] | None = None
    """Earlier changes of this loan; an empty list means none, absent means unknown."""
    scores: Annotated[dict[str, Decimal], BeforeValidator(_scores)] = Field(default_factory=dict)
    """Figures from elsewhere that a policy may read as `scores.NAME`."""
    facts: GivenFacts = Field(default_factory=dict)
    """Facts that a policy declares as given, by name; one that is absent is unknown."""
    history: tuple[PastEvent, ...] | None = None
    """What happened before; an empty list means nothing did, absent means unknown."""

    @model_validator(mode="after")
    def _spell(self) -> Self:
        spell(self, self.loan.currency)
        return self

    def with_values(self, values: Mapping[str, Any]) -> "Application":
        """Give the application with some values replaced, each named by its place; a list takes one more at its end.

        Everything is checked as when it is read. Raises `InvalidInput` with every finding.

        >>> case = read_application("examples/illness.json")
        >>> str(case.with_values({"finances.income.0.monthly": "5000"}).finances.income[0].monthly)
        '5000.00'
        """
        data = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return read_application(with_values(data, values))


def problems(application: Application) -> list[Issue]:
    """List everything in an application that contradicts itself, each with its place."""
    found: list[Issue] = []
    loan, finances, as_of = application.loan, application.finances, application.as_of

    def no_later(day: date | None, place: str, limit: date = as_of, what: str = "as_of") -> None:
        if day is not None and day > limit:
            found.append(
                Issue("date-after-decision", f"{day} is after {what} {limit}; correct one of them", place)
            )

    if finances.currency not in (None, loan.currency):
        found.append(
            Issue(
                "currency-mixed",
                f"the finances are in {finances.currency} but the loan in {loan.currency}; convert the amounts first",
                "finances.currency",
            )
        )
    for name, every in (
        ("income", finances.income),
        ("essential_costs", finances.essential_costs),
        ("other_debts", finances.other_debts),
    ):
        if every and sum(one.monthly for one in every) >= LARGEST:
            sentence = "together the amounts have more than 14 digits before the point; correct them"
            found.append(Issue("money-too-large", sentence, f"finances.{name}"))
    if loan.originated is not None and as_of < loan.originated:
        found.append(
            Issue(
                "date-before-origination",
                f"as_of {as_of} is before the loan began on {loan.originated}; correct one of them",
                "as_of",
            )
        )
    match loan:
        case ContractLoan():
            found += _contract_problems(loan, as_of)
        case StatedLoan():
            found += _stated_problems(loan, as_of)
    hardship = application.hardship
    no_later(hardship.onset, "hardship.onset")
    no_later(hardship.resolved_on, "hardship.resolved_on")
    if hardship.onset and hardship.resolved_on and hardship.resolved_on < hardship.onset:
        found.append(
            Issue(
                "date-order",
                f"the hardship ended on {hardship.resolved_on}, before it began on {hardship.onset}; "
                "correct one of them",
                "hardship.resolved_on",
            )
        )
    if hardship.lasting and (hardship.resolved_on or hardship.expected_months is not None):
        found.append(
            Issue(
                "value-invalid",
                "a lasting hardship has neither an expected end nor a day it was over; remove one",
                "hardship.lasting",
            )
        )
    for k, evidence in enumerate(hardship.evidence):
        no_later(evidence.on, f"hardship.evidence.{k}.on")
    for k, previous in enumerate(application.previous_restructurings or ()):
        place = f"previous_restructurings.{k}.on"
        no_later(previous.on, place)
        if loan.originated is not None and previous.on < loan.originated:
            found.append(
                Issue(
                    "date-before-origination",
                    f"{previous.on} is before the loan began on {loan.originated}; correct one of them",
                    place,
                )
            )
    found += event_problems(application.history or (), as_of, loan.originated, loan.currency)
    found += _scale_problems(application)
    return found


def _contract_problems(loan: ContractLoan, as_of: date) -> list[Issue]:
    found = payment_problems(loan.contract, loan.payments, prefix="loan.payments")
    found += [
        Issue(
            "date-after-decision",
            f"{payment.on} is after as_of {as_of}; correct one of them",
            f"loan.payments.{k}.on",
        )
        for k, payment in enumerate(loan.payments)
        if payment.on > as_of
    ]
    return found


def _stated_problems(loan: StatedLoan, as_of: date) -> list[Issue]:
    found: list[Issue] = []
    if (
        loan.originated is not None
        and loan.oldest_unpaid_due is not None
        and loan.oldest_unpaid_due < loan.originated
    ):
        found.append(
            Issue(
                "date-before-origination",
                f"{loan.oldest_unpaid_due} is before the loan began on {loan.originated}; correct one of them",
                "loan.oldest_unpaid_due",
            )
        )
    try:
        Position(**_stated(loan, as_of))
    except ValidationError as error:
        for code, message, *place in (one for fault in error.errors() for one in fault["ctx"]["issues"]):
            inside = ["balances" if part == "buckets" else part for part in place]
            found.append(Issue(code, message, ".".join(["loan", *inside])))
    return found


def _scale_problems(application: Application) -> list[Issue]:
    found: list[Issue] = []
    finances, currency = application.finances, application.loan.currency
    amounts: list[tuple[str, Decimal | None]] = [
        ("income_before", finances.income_before),
        ("liquid_reserves", finances.liquid_reserves),
        *((f"income.{k}.monthly", income.monthly) for k, income in enumerate(finances.income or ())),
        *(
            (f"essential_costs.{k}.monthly", cost.monthly)
            for k, cost in enumerate(finances.essential_costs or ())
        ),
        *((f"other_debts.{k}.monthly", debt.monthly) for k, debt in enumerate(finances.other_debts or ())),
        *((f"other_debts.{k}.balance", debt.balance) for k, debt in enumerate(finances.other_debts or ())),
    ]
    for place, amount in amounts:
        try:
            if amount is not None:
                to_minor(amount, currency)
        except ValueError as error:
            found.append(Issue("money-scale", str(error), f"finances.{place}"))
    return found


_POSITION = {name: field.default for name, field in Position.model_fields.items()}


def _stated(loan: StatedLoan, on: date) -> dict[str, Any]:
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

    What is stated is taken as `problems` found it, without a fault; what is left out has its default. Raises
    `InvalidInput` for a contract whose instalment does not cover its interest.
    """
    if isinstance(loan, StatedLoan):
        return trusted(Position, [_POSITION | _stated(loan, on)])[0]
    try:
        return position_of(loan.contract, loan.payments, on=on)
    except Refused as refused:
        raise InvalidInput(
            Issue(issue.code, issue.message, "loan.contract") for issue in refused.issues
        ) from None


def read_application(source: "Application | Source") -> Application:
    """Read an application from a path (JSON or YAML), a text, or plain data; an application is given back as it is.

    Raises `InvalidInput` with every finding at once, each as `file:line:column: code: place: sentence`.
    """
    if isinstance(source, Application):
        return source
    document = document_of(source, "an application")
    application = read_model(Application, document)
    found = problems(application)
    try:
        if not found:
            position_on(application.loan, application.as_of)
    except InvalidInput as error:
        found += error.issues
    if found:
        raise InvalidInput(document.located(found))
    return application


# Hypothesis loads its plugins when it is imported. Where that was before this module, the plugin registers now; it is
# asked for among what is loaded, since the library itself has no use for it.
if "restructure_hypothesis" in sys.modules:
    sys.modules["restructure_hypothesis"].register()
