"""Assessment: every fact a rule may read, each with how it follows from the others.

A fact that cannot be worked out from the file is absent (`None`): unknown, which is neither true nor false.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Self

from dateutil.relativedelta import relativedelta
from pydantic import Field, model_validator

from restructure.calculator.conventions.currency_scale import spell, spelled
from restructure.calculator.conventions.dates import whole_months
from restructure.calculator.conventions.money import Money, SignedMoney, to_minor
from restructure.calculator.conventions.quantity import Kind, Quantity, Ratio, ratio
from restructure.calculator.servicing.position import Position
from restructure.errors import InvalidInput, Issue
from restructure.inputs import Day, Source, day_of
from restructure.intake.application import (
    Application,
    Cause,
    EvidenceKind,
    Finances,
    Hardship,
    Product,
    StatedLoan,
    position_on,
    problems,
    read_application,
)
from restructure.intake.declared_facts import GivenFacts
from restructure.intake.past_events import RESTRUCTURING, PastEvent, with_restructurings
from restructure.intake.payment_behaviour import paying_facts
from restructure.record import Record, trusted

__all__ = ["Assessment", "DelinquencyStage", "HardshipOutlook", "assess"]


class DelinquencyStage(StrEnum):
    """How late the loan is, in the bands that reports use."""

    CURRENT = "current"
    DPD_1_30 = "1-30 days"
    DPD_31_60 = "31-60 days"
    DPD_61_90 = "61-90 days"
    DPD_91_180 = "91-180 days"
    DPD_OVER_180 = "over 180 days"


_STAGE_ENDS = (
    (0, DelinquencyStage.CURRENT),
    (30, DelinquencyStage.DPD_1_30),
    (60, DelinquencyStage.DPD_31_60),
    (90, DelinquencyStage.DPD_61_90),
    (180, DelinquencyStage.DPD_91_180),
)


class HardshipOutlook(StrEnum):
    """Whether the difficulty will pass."""

    TEMPORARY = "temporary"
    LASTING = "lasting"
    RESOLVED = "resolved"


class Assessment(Record):
    """Everything a rule may know about one borrower on one day."""

    on: date
    """The day of the assessment."""
    currency: str
    """ISO 4217 code of every amount."""
    position: Position
    """What is owed, from which the facts about the loan come."""
    missing: tuple[str, ...]
    """What a complete file would hold and this one does not, as places in the application."""
    scores: dict[str, Decimal] = Field(default_factory=dict)
    """Figures from elsewhere, read by rules as `scores.NAME`."""
    given: GivenFacts = Field(default_factory=dict)
    """What the file says about facts that policies declare, as it was written."""
    history: tuple[PastEvent, ...] = ()
    """What is known to have happened before, earlier restructurings last."""
    history_known: bool = False
    """Whether that is everything; otherwise at most the earlier restructurings are known."""

    # --- the loan
    product: Annotated[Product, Quantity(Kind.CHOICE, supplied="loan.product")]
    """What was lent."""
    claim: Annotated[
        Money,
        Quantity(
            Kind.MONEY,
            0,
            "principal + principal_arrears + interest_arrears + accrued + penalty + fees + parked",
        ),
    ]
    """Everything owed: the sum of the seven buckets."""
    principal: Annotated[Money, Quantity(Kind.MONEY)]
    """Principal not yet due."""
    principal_arrears: Annotated[Money, Quantity(Kind.MONEY)]
    """Principal due and unpaid."""
    interest_arrears: Annotated[Money, Quantity(Kind.MONEY)]
    """Interest due and unpaid, with the contract interest on overdue principal."""
    accrued: Annotated[Money, Quantity(Kind.MONEY)]
    """Interest since the last due date."""
    penalty: Annotated[Money, Quantity(Kind.MONEY)]
    """Penalty interest owed."""
    fees: Annotated[Money, Quantity(Kind.MONEY)]
    """Fees owed."""
    parked: Annotated[Money, Quantity(Kind.MONEY)]
    """Set aside by an earlier measure."""
    arrears: Annotated[Money, Quantity(Kind.MONEY, 0, "principal_arrears + interest_arrears")]
    """Instalments due and unpaid."""
    days_past_due: Annotated[
        int, Quantity(Kind.DAYS, 0, "on − due date of the oldest instalment not paid in full")
    ]
    """Days past due by the oldest-unpaid-instalment rule."""
    missed_instalments: Annotated[int, Quantity(Kind.COUNT)]
    """Instalments past due and not paid in full."""
    delinquency_stage: Annotated[DelinquencyStage, Quantity(Kind.CHOICE, 0, "band of days_past_due")]
    """How late the loan is, in the usual bands."""
    contract_rate: Annotated[Ratio, Quantity(Kind.RATIO, 6)]
    """Contract rate a year."""
    instalment_before: Annotated[Money, Quantity(Kind.MONEY)]
    """The agreed regular instalment, without arrears."""
    remaining_term: Annotated[int, Quantity(Kind.MONTHS)]
    """Monthly instalments still to fall due."""
    months_on_book: Annotated[
        int | None, Quantity(Kind.MONTHS, 0, "whole months from origination to on", "loan.originated")
    ]
    """Whole months since the loan was paid out."""
    originated: Annotated[date | None, Quantity(Kind.DATE, supplied="loan.originated")] = None
    """When the loan was paid out."""

    # --- what the borrower can pay
    monthly_income: Annotated[
        Money | None, Quantity(Kind.MONEY, 0, "sum of finances.income", "finances.income")
    ]
    """Net income a month from all sources."""
    income_verified: Annotated[
        bool | None,
        Quantity(Kind.FLAG, 0, "every source of income is verified", "finances.income[].verified"),
    ]
    """Whether proof of every source was seen."""
    income_before: Annotated[Money | None, Quantity(Kind.MONEY, supplied="finances.income_before")]
    """Net income a month before the hardship."""
    income_drop: Annotated[
        Ratio | None, Quantity(Kind.RATIO, 6, "(income_before − monthly_income) / income_before, at least 0")
    ]
    """How far income fell, as a share of what it was."""
    essential_costs: Annotated[
        Money | None, Quantity(Kind.MONEY, 0, "sum of finances.essential_costs", "finances.essential_costs")
    ]
    """Essential living costs a month."""
    other_debt_payments: Annotated[
        Money | None, Quantity(Kind.MONEY, 0, "sum of finances.other_debts", "finances.other_debts")
    ]
    """Instalments on other debts a month."""
    disposable_income: Annotated[
        SignedMoney | None, Quantity(Kind.MONEY, 0, "monthly_income − essential_costs − other_debt_payments")
    ]
    """What is left of income after essential costs and other debts; may be negative."""
    affordable_instalment: Annotated[Money | None, Quantity(Kind.MONEY, 0, "disposable_income, at least 0")]
    """The most the borrower can pay a month without going short."""
    shortfall: Annotated[
        Money | None, Quantity(Kind.MONEY, 0, "instalment_before − affordable_instalment, at least 0")
    ]
    """How much of the agreed instalment the borrower cannot pay."""
    payment_to_income_before: Annotated[
        Ratio | None, Quantity(Kind.RATIO, 6, "instalment_before / monthly_income")
    ]
    """The agreed instalment as a share of income; unknown while income is zero."""
    liquid_reserves: Annotated[Money | None, Quantity(Kind.MONEY, supplied="finances.liquid_reserves")]
    """Money at hand."""
    dependants: Annotated[int | None, Quantity(Kind.COUNT, supplied="finances.dependants")]
    """People who live on this income besides the borrower."""

    # --- the hardship
    hardship_cause: Annotated[Cause | None, Quantity(Kind.CHOICE, supplied="hardship.cause")]
    """Why the borrower is in difficulty."""
    hardship_onset: Annotated[date | None, Quantity(Kind.DATE, supplied="hardship.onset")]
    """When it began."""
    hardship_outlook: Annotated[
        HardshipOutlook | None,
        Quantity(
            Kind.CHOICE,
            0,
            "resolved if hardship.resolved_on has come; lasting if it is said to be; "
            "temporary if the expected end lies ahead",
            "hardship.expected_months, hardship.lasting or hardship.resolved_on",
        ),
    ]
    """Whether the difficulty is temporary, lasting or resolved."""
    hardship_months_left: Annotated[
        int | None,
        Quantity(
            Kind.MONTHS,
            0,
            "months from on to hardship_onset + expected_months, begun months counted",
            "hardship.expected_months",
        ),
    ]
    """Months until a temporary hardship is expected to end."""
    hardship_evidenced: Annotated[
        bool, Quantity(Kind.FLAG, 0, "a hardship_proof is held", "hardship.evidence")
    ]
    """Whether proof of the hardship is held."""
    income_evidenced: Annotated[bool, Quantity(Kind.FLAG, 0, "an income_proof is held", "hardship.evidence")]
    """Whether proof of income is held."""

    # --- conduct and history
    willing_to_repay: Annotated[bool | None, Quantity(Kind.FLAG, supplied="conduct.willing_to_repay")]
    """The borrower says and shows that they want to repay."""
    reachable: Annotated[bool | None, Quantity(Kind.FLAG, supplied="conduct.reachable")]
    """The borrower can be reached and answers."""
    disputed: Annotated[bool | None, Quantity(Kind.FLAG, supplied="conduct.disputed")]
    """The debt or its amount is in dispute."""
    vulnerable: Annotated[bool | None, Quantity(Kind.FLAG, supplied="conduct.vulnerable")]
    """The borrower needs particular care."""
    restructurings: Annotated[
        int | None, Quantity(Kind.COUNT, 0, "number of previous_restructurings", "previous_restructurings")
    ]
    """Earlier changes of this loan in the borrower's favour."""
    months_since_restructuring: Annotated[
        int | None,
        Quantity(
            Kind.MONTHS,
            0,
            "whole months from the latest of previous_restructurings to on",
            "previous_restructurings",
        ),
    ]
    """Whole months since the last one; unknown if there was none."""

    # --- how it has been paid, and what is to come
    delay_lately: Annotated[
        int | None,
        Quantity(Kind.DAYS, 0, "mean days late of the last three instalments due", "loan.payments"),
    ] = None
    """How late the last three instalments were, on average; what is not paid counts up to the day."""
    delay_before: Annotated[
        int | None,
        Quantity(Kind.DAYS, 0, "mean days late of the three instalments before those", "loan.payments"),
    ] = None
    """How late the three before were, so that a drift shows."""
    paid_late: Annotated[
        int | None,
        Quantity(Kind.COUNT, 0, "number of the last six instalments due that were late", "loan.payments"),
    ] = None
    """Instalments of the last six due that were paid late, or are not paid."""
    paid_in_part: Annotated[
        int | None,
        Quantity(
            Kind.COUNT, 0, "number of the last six instalments due that were paid in part", "loan.payments"
        ),
    ] = None
    """Instalments of the last six due of which only a part was there on the due date."""
    margin: Annotated[
        SignedMoney | None, Quantity(Kind.MONEY, 0, "disposable_income − instalment_before")
    ] = None
    """What is left of a month's income after costs, other debts and the instalment; below zero something is short."""
    margin_share: Annotated[Ratio | None, Quantity(Kind.RATIO, 6, "margin / monthly_income")] = None
    """The same as a share of income; unknown while income is zero."""
    next_due: Annotated[date | None, Quantity(Kind.DATE)] = None
    """The next due date; unknown if none is left."""
    next_rate_change: Annotated[date | None, Quantity(Kind.DATE)] = None
    """The day of the next agreed change of rate; unknown if there is none."""
    rate_change: Annotated[Ratio | None, Quantity(Kind.RATIO, 6)] = None
    """By how much the rate changes then, below zero if it falls."""

    # --- the file and the verdict
    completeness: Annotated[Ratio, Quantity(Kind.RATIO, 6, "items present / items a complete file holds")]
    """How much of a complete file is there."""
    file_complete: Annotated[bool, Quantity(Kind.FLAG, 0, "missing is empty")]
    """Whether nothing a complete file holds is missing."""
    negotiation_possible: Annotated[
        bool | None,
        Quantity(Kind.FLAG, 0, "willing_to_repay and reachable and not disputed and disposable_income > 0"),
    ]
    """Whether a negotiation is possible at all."""

    @model_validator(mode="after")
    def _spell(self) -> Self:
        spell(self, self.currency)
        return self

    def value(self, name: str) -> Any:
        """Give the value of a fact by name, `None` if unknown.

        `scores.NAME` reads a score, `events.KIND` the events of a kind.
        """
        if name.startswith("scores."):
            return self.scores.get(name[7:])
        return self.events(name[7:]) if name.startswith("events.") else getattr(self, name)

    @property
    def as_of(self) -> date:
        """The day of the decision, as a fact."""
        return self.on

    def events(self, kind: str) -> tuple[PastEvent, ...] | None:
        """Give the events of a kind by day, `None` if the file does not say what happened."""
        events = sorted((one for one in self.history if one.kind == kind), key=lambda one: one.on)
        # Earlier restructurings are known without a history, unless only their number is.
        listed = kind == RESTRUCTURING and len(events) == self.restructurings
        return tuple(events) if self.history_known or listed else None


_FACTS = tuple(Assessment.model_fields)


def assess(application: Application | Source, *, on: Day, position: Position | None = None) -> Assessment:
    """Work out every fact of a case on a day.

    `position` is what is owed on that day, where it no longer follows from the file: under an agreement. How the loan
    was paid before then says nothing. Money in the application's currency. Raises `InvalidInput` with everything that
    contradicts itself: balances stated for another day, another currency, dates before the loan or after the decision.
    """
    application, on = read_application(application), day_of(on)
    found = problems(application)
    loan = application.loan
    match loan:
        case StatedLoan() if position is None and on != application.as_of:
            found.append(
                Issue(
                    "balances-date",
                    f"the balances hold on {application.as_of} but the decision is for {on}; "
                    "decide on that day, or give contract and payments",
                    "as_of",
                )
            )
        case _ if on < application.as_of:
            found.append(
                Issue(
                    "date-after-decision",
                    f"the application describes {application.as_of}, after the decision on {on}; decide on a later day",
                    "as_of",
                )
            )
    if found:
        raise InvalidInput(found)
    paid = loan if position is None else None
    position = position_on(loan, on) if position is None else position
    values = _loan_facts(application, position)
    values |= _affordability(application.finances, values["instalment_before"], loan.currency)
    values |= _hardship_facts(application.hardship, on)
    values |= paying_facts(paid, position)
    conduct = application.conduct
    previous = application.previous_restructurings
    latest = max((one.on for one in previous or ()), default=None)
    missing, expected = _missing(application)
    possible = _all_of(
        conduct.willing_to_repay,
        conduct.reachable,
        None if conduct.disputed is None else not conduct.disputed,
        None if values["disposable_income"] is None else values["disposable_income"] > 0,
    )
    values |= {
        "on": on,
        "currency": loan.currency,
        "position": position,
        "missing": missing,
        "scores": application.scores,
        "given": application.facts,
        "history": with_restructurings(application.history, previous),
        "history_known": application.history is not None,
        "willing_to_repay": conduct.willing_to_repay,
        "reachable": conduct.reachable,
        "disputed": conduct.disputed,
        "vulnerable": conduct.vulnerable,
        "restructurings": None if previous is None else len(previous),
        "months_since_restructuring": None if latest is None else whole_months(latest, on),
        "completeness": ratio(expected - len(missing), expected),
        "file_complete": not missing,
        "negotiation_possible": possible,
    }
    (facts,) = trusted(Assessment, [{name: values[name] for name in _FACTS}])
    return spelled(facts, loan.currency)


def _loan_facts(application: Application, position: Position) -> dict[str, Any]:
    buckets, late, rate = position.buckets, position.days_past_due, position.repayment.annual_rate
    originated = application.loan.originated
    return {
        "product": application.loan.product,
        "claim": buckets.claim,
        "principal": buckets.principal,
        "principal_arrears": buckets.principal_arrears,
        "interest_arrears": buckets.interest_arrears,
        "accrued": buckets.accrued,
        "penalty": buckets.penalty,
        "fees": buckets.fees,
        "parked": buckets.parked,
        "arrears": buckets.principal_arrears + buckets.interest_arrears,
        "days_past_due": late,
        "missed_instalments": position.missed_instalments,
        "delinquency_stage": next(
            (s for end, s in _STAGE_ENDS if late <= end), DelinquencyStage.DPD_OVER_180
        ),
        "contract_rate": ratio(rate.numerator, rate.denominator),
        "instalment_before": position.regular_instalment,
        "remaining_term": position.repayment.instalments,
        "originated": originated,
        "months_on_book": None if originated is None else whole_months(originated, position.on),
    }


def _affordability(finances: Finances, instalment: Decimal, currency: str) -> dict[str, Any]:
    income = _total(None if finances.income is None else [one.monthly for one in finances.income])
    costs = _total(
        None if finances.essential_costs is None else [one.monthly for one in finances.essential_costs]
    )
    debts = _total(None if finances.other_debts is None else [one.monthly for one in finances.other_debts])
    before = finances.income_before
    disposable = None if income is None or costs is None or debts is None else income - costs - debts
    affordable = None if disposable is None else max(disposable, Decimal("0.00"))
    drop = None
    if income is not None and before is not None:
        fallen = max(before - income, Decimal(0))
        drop = ratio(to_minor(fallen, currency), to_minor(before, currency) or 1)
    return {
        "monthly_income": income,
        "income_verified": None
        if finances.income is None
        else _all_of(*(one.verified for one in finances.income)),
        "income_before": before,
        "income_drop": drop,
        "essential_costs": costs,
        "other_debt_payments": debts,
        "disposable_income": disposable,
        "affordable_instalment": affordable,
        "shortfall": None if affordable is None else max(instalment - affordable, Decimal("0.00")),
        "margin": None if disposable is None else disposable - instalment,
        "margin_share": ratio(to_minor(disposable - instalment, currency), to_minor(income, currency))
        if income and disposable is not None
        else None,
        "payment_to_income_before": ratio(to_minor(instalment, currency), to_minor(income, currency))
        if income
        else None,
        "liquid_reserves": finances.liquid_reserves,
        "dependants": finances.dependants,
    }


def _total(amounts: list[Decimal] | None) -> Decimal | None:
    return None if amounts is None else sum(amounts, Decimal("0.00"))


def _all_of(*values: bool | None) -> bool | None:
    """Tell whether all hold; unknown only if none fails."""
    if any(value is False for value in values):
        return False
    return None if any(value is None for value in values) else True


def _hardship_facts(hardship: Hardship, on: date) -> dict[str, Any]:
    outlook, left = None, None
    if hardship.resolved_on is not None and hardship.resolved_on <= on:
        outlook = HardshipOutlook.RESOLVED
    elif hardship.lasting:
        outlook = HardshipOutlook.LASTING
    elif hardship.onset is not None and hardship.expected_months is not None:
        end = hardship.onset + relativedelta(months=hardship.expected_months)
        # Past its expected end and not said to be over: nobody knows, so it has to be asked.
        if end > on:
            outlook = HardshipOutlook.TEMPORARY
            whole = whole_months(on, end)
            left = whole + (on + relativedelta(months=whole) < end)
    held = {evidence.kind for evidence in hardship.evidence}
    return {
        "hardship_cause": hardship.cause,
        "hardship_onset": hardship.onset,
        "hardship_outlook": outlook,
        "hardship_months_left": left,
        "hardship_evidenced": EvidenceKind.HARDSHIP_PROOF in held,
        "income_evidenced": EvidenceKind.INCOME_PROOF in held,
    }


def _missing(application: Application) -> tuple[tuple[str, ...], int]:
    """Name what a complete file would hold and this one does not."""
    finances, hardship, conduct = application.finances, application.hardship, application.conduct
    held = {evidence.kind for evidence in hardship.evidence}
    items = {
        "finances.income": finances.income is not None,
        "finances.essential_costs": finances.essential_costs is not None,
        "finances.other_debts": finances.other_debts is not None,
        "finances.liquid_reserves": finances.liquid_reserves is not None,
        "finances.income_before": finances.income_before is not None,
        "hardship.cause": hardship.cause is not None,
        "hardship.onset": hardship.onset is not None,
        "hardship.evidence (hardship_proof)": EvidenceKind.HARDSHIP_PROOF in held,
        "hardship.evidence (income_proof)": EvidenceKind.INCOME_PROOF in held,
        "conduct.willing_to_repay": conduct.willing_to_repay is not None,
        "conduct.reachable": conduct.reachable is not None,
        "conduct.disputed": conduct.disputed is not None,
        "previous_restructurings": application.previous_restructurings is not None,
    }
    return tuple(name for name, there in items.items() if not there), len(items)
