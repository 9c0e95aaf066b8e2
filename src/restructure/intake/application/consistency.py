"""Consistency of an application: every contradiction between its dates, currencies, amounts and balances."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from pydantic import ValidationError

from restructure.calculator.conventions.money import LARGEST, to_minor
from restructure.calculator.servicing.contract import payment_problems
from restructure.calculator.servicing.position import Position
from restructure.errors import Issue
from restructure.intake.application.content import ApplicationContent
from restructure.intake.application.finances import Finances
from restructure.intake.application.hardship import Hardship
from restructure.intake.application.loans import ContractLoan, StatedLoan, stated_fields
from restructure.intake.past_events import event_problems

__all__ = ["problems"]


def problems(application: ApplicationContent) -> list[Issue]:
    """List every contradiction in an application, each with its place."""
    loan, finances, as_of = application.loan, application.finances, application.as_of
    issues = list(_total_problems(finances, loan.currency))
    if loan.originated is not None and as_of < loan.originated:
        issues.append(_before_origination(f"as_of {as_of}", loan.originated, "as_of"))
    match loan:
        case ContractLoan():
            issues += _contract_problems(loan, as_of)
        case StatedLoan():
            issues += _stated_problems(loan)
            issues += _position_problems(loan, as_of)
    issues += _hardship_problems(application.hardship, as_of)
    for k, previous in enumerate(application.previous_restructurings or ()):
        place = f"previous_restructurings.{k}.on"
        issues += _no_later(previous.on, as_of, place)
        if loan.originated is not None and previous.on < loan.originated:
            issues.append(_before_origination(str(previous.on), loan.originated, place))
    issues += event_problems(application.history or (), as_of, loan.originated, loan.currency)
    issues += _scale_problems(finances, loan.currency)
    return issues


def _no_later(day: date | None, as_of: date, place: str) -> Iterator[Issue]:
    if day is not None and day > as_of:
        yield Issue("date-after-decision", f"{day} is after as_of {as_of}; correct one of them", place)


def _before_origination(what: str, originated: date, place: str) -> Issue:
    sentence = f"{what} is before the loan began on {originated}; correct one of them"
    return Issue("date-before-origination", sentence, place)


def _total_problems(finances: Finances, currency: str) -> Iterator[Issue]:
    if finances.currency not in (None, currency):
        yield Issue(
            "currency-mixed",
            f"the finances are in {finances.currency} but the loan in {currency}; convert the amounts first",
            "finances.currency",
        )
    for name, entries in (
        ("income", finances.income),
        ("essential_costs", finances.essential_costs),
        ("other_debts", finances.other_debts),
    ):
        if entries and sum(entry.monthly for entry in entries) >= LARGEST:
            sentence = "together the amounts have more than 14 digits before the point; correct them"
            yield Issue("money-too-large", sentence, f"finances.{name}")


def _contract_problems(loan: ContractLoan, as_of: date) -> list[Issue]:
    issues = payment_problems(loan.contract, loan.payments, prefix="loan.payments")
    for k, payment in enumerate(loan.payments):
        issues += _no_later(payment.on, as_of, f"loan.payments.{k}.on")
    return issues


def _stated_problems(loan: StatedLoan) -> Iterator[Issue]:
    oldest = loan.oldest_unpaid_due
    if loan.originated is not None and oldest is not None and oldest < loan.originated:
        yield _before_origination(str(oldest), loan.originated, "loan.oldest_unpaid_due")


def _position_problems(loan: StatedLoan, as_of: date) -> Iterator[Issue]:
    try:
        Position(**stated_fields(loan, as_of))
    except ValidationError as error:
        faults = [issue for fault in error.errors() for issue in fault["ctx"]["issues"]]
        for code, message, *place in faults:
            inside = ["balances" if part == "buckets" else part for part in place]
            yield Issue(code, message, ".".join(["loan", *inside]))


def _hardship_problems(hardship: Hardship, as_of: date) -> Iterator[Issue]:
    onset, resolved = hardship.onset, hardship.resolved_on
    yield from _no_later(onset, as_of, "hardship.onset")
    yield from _no_later(resolved, as_of, "hardship.resolved_on")
    if onset and resolved and resolved < onset:
        yield Issue(
            "date-order",
            f"the hardship ended on {resolved}, before it began on {onset}; correct one of them",
            "hardship.resolved_on",
        )
    if hardship.lasting and (resolved or hardship.expected_months is not None):
        yield Issue(
            "value-invalid",
            "a lasting hardship has neither an expected end nor a day it was over; remove one",
            "hardship.lasting",
        )
    for k, evidence in enumerate(hardship.evidence):
        yield from _no_later(evidence.on, as_of, f"hardship.evidence.{k}.on")


def _scale_problems(finances: Finances, currency: str) -> Iterator[Issue]:
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
            yield Issue("money-scale", str(error), f"finances.{place}")
