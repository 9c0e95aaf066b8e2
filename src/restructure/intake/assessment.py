"""Assessment: every fact that a rule may read, each with its derivation from the others.

A fact that the application does not determine is `None`: unknown, which is neither true nor false.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from restructure.calculator.conventions.currency_scale import scaled, set_scale
from restructure.calculator.conventions.dates import whole_months
from restructure.calculator.conventions.money import Money, SignedMoney
from restructure.calculator.conventions.quantity import Kind, Quantity, Ratio, ratio
from restructure.calculator.servicing.position import Position
from restructure.errors import InvalidInput, Issue
from restructure.frames import Tabular
from restructure.inputs import Day, Source, day_of
from restructure.intake.affordability import affordability_facts
from restructure.intake.application import (
    Application,
    Cause,
    Conduct,
    PreviousRestructuring,
    Product,
    StatedLoan,
    position_on,
    problems,
    read_application,
)
from restructure.intake.completeness import missing_items
from restructure.intake.declared_facts import GivenFacts
from restructure.intake.hardship_outlook import HardshipOutlook, hardship_facts
from restructure.intake.loan_facts import DelinquencyStage, loan_facts
from restructure.intake.past_events import RESTRUCTURING, PastEvent, with_restructurings
from restructure.intake.payment_behaviour import payment_facts
from restructure.intake.truth import all_of
from restructure.record import Record, trusted
from restructure.short_form import counted

__all__ = ["Assessment", "DelinquencyStage", "HardshipOutlook", "assess"]


class Assessment(Tabular, Record):
    """Every fact about one borrower on one day that a rule may read."""

    on: date
    """The day of the assessment, such as 2026-03-18."""
    currency: str
    """ISO 4217 code of every amount, such as CNY."""
    position: Position
    """What is owed on the day, from which the facts about the loan are derived."""
    missing: tuple[str, ...]
    """Places in the application that a complete file fills and this one does not, such as `finances.income`."""
    scores: dict[str, Decimal] = Field(default_factory=dict)
    """Scores of other systems by name, read by rules as `scores.NAME`."""
    given: GivenFacts = Field(default_factory=dict)
    """Values of policy-declared facts as the application states them, by name."""
    history: tuple[PastEvent, ...] = ()
    """Earlier events, those of earlier restructurings last."""
    history_known: bool = False
    """Whether the history is complete; if not, at most the earlier restructurings are known."""

    # --- the loan
    product: Annotated[Product, Quantity(Kind.CHOICE, supplied="loan.product")]
    """Kind of credit product."""
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
    """Interest due and unpaid, including contract interest on overdue principal."""
    accrued: Annotated[Money, Quantity(Kind.MONEY)]
    """Interest accrued since the last due date, not yet due."""
    penalty: Annotated[Money, Quantity(Kind.MONEY)]
    """Penalty (default) interest owed."""
    fees: Annotated[Money, Quantity(Kind.MONEY)]
    """Fees owed."""
    parked: Annotated[Money, Quantity(Kind.MONEY)]
    """Amount deferred by an earlier measure, without interest."""
    arrears: Annotated[Money, Quantity(Kind.MONEY, 0, "principal_arrears + interest_arrears")]
    """Instalments due and unpaid."""
    days_past_due: Annotated[
        int, Quantity(Kind.DAYS, 0, "on − due date of the oldest instalment not paid in full")
    ]
    """Days past due, counted from the oldest instalment not paid in full."""
    missed_instalments: Annotated[int, Quantity(Kind.COUNT)]
    """Instalments past due and not paid in full."""
    delinquency_stage: Annotated[DelinquencyStage, Quantity(Kind.CHOICE, 0, "band of days_past_due")]
    """Band of days past due, such as 31-60 days."""
    contract_rate: Annotated[Ratio, Quantity(Kind.RATIO, 6)]
    """Contract interest rate a year, as a share."""
    instalment_before: Annotated[Money, Quantity(Kind.MONEY)]
    """The agreed regular instalment, without arrears."""
    remaining_term: Annotated[int, Quantity(Kind.MONTHS)]
    """Monthly instalments still to fall due."""
    months_on_book: Annotated[
        int | None, Quantity(Kind.MONTHS, 0, "whole months from origination to on", "loan.originated")
    ]
    """Whole months since the loan was paid out."""
    originated: Annotated[date | None, Quantity(Kind.DATE, supplied="loan.originated")] = None
    """Day the loan was paid out."""

    # --- what the borrower can pay
    monthly_income: Annotated[
        Money | None, Quantity(Kind.MONEY, 0, "sum of finances.income", "finances.income")
    ]
    """Net income a month from all sources."""
    income_verified: Annotated[
        bool | None,
        Quantity(Kind.FLAG, 0, "every source of income is verified", "finances.income[].verified"),
    ]
    """Whether the lender has seen proof of every source of income."""
    income_before: Annotated[Money | None, Quantity(Kind.MONEY, supplied="finances.income_before")]
    """Net income a month before the hardship."""
    income_drop: Annotated[
        Ratio | None, Quantity(Kind.RATIO, 6, "(income_before − monthly_income) / income_before, at least 0")
    ]
    """Fall of income since before the hardship, as a share of the earlier income."""
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
    """Income a month left after essential costs and other debts; may be negative."""
    affordable_instalment: Annotated[Money | None, Quantity(Kind.MONEY, 0, "disposable_income, at least 0")]
    """Highest instalment a month that the borrower can afford."""
    shortfall: Annotated[
        Money | None, Quantity(Kind.MONEY, 0, "instalment_before − affordable_instalment, at least 0")
    ]
    """Part of the agreed instalment that the borrower cannot afford."""
    payment_to_income_before: Annotated[
        Ratio | None, Quantity(Kind.RATIO, 6, "instalment_before / monthly_income")
    ]
    """The agreed instalment as a share of income; unknown while income is zero."""
    liquid_reserves: Annotated[Money | None, Quantity(Kind.MONEY, supplied="finances.liquid_reserves")]
    """Cash, deposits and what can be sold within days."""
    dependants: Annotated[int | None, Quantity(Kind.COUNT, supplied="finances.dependants")]
    """People who live on this income besides the borrower."""

    # --- the hardship
    hardship_cause: Annotated[Cause | None, Quantity(Kind.CHOICE, supplied="hardship.cause")]
    """Why the borrower is in difficulty."""
    hardship_onset: Annotated[date | None, Quantity(Kind.DATE, supplied="hardship.onset")]
    """Day the hardship began."""
    hardship_outlook: Annotated[
        HardshipOutlook | None,
        Quantity(
            Kind.CHOICE,
            0,
            "resolved if hardship.resolved_on has come; lasting if hardship.lasting; "
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
    """Whether the borrower states and shows the will to repay."""
    reachable: Annotated[bool | None, Quantity(Kind.FLAG, supplied="conduct.reachable")]
    """Whether the borrower can be reached and answers."""
    disputed: Annotated[bool | None, Quantity(Kind.FLAG, supplied="conduct.disputed")]
    """Whether the debt or its amount is in dispute."""
    vulnerable: Annotated[bool | None, Quantity(Kind.FLAG, supplied="conduct.vulnerable")]
    """Whether the borrower needs particular care."""
    restructurings: Annotated[
        int | None, Quantity(Kind.COUNT, 0, "number of previous_restructurings", "previous_restructurings")
    ]
    """Number of earlier restructurings of this loan."""
    months_since_restructuring: Annotated[
        int | None,
        Quantity(
            Kind.MONTHS,
            0,
            "whole months from the latest of previous_restructurings to on",
            "previous_restructurings",
        ),
    ]
    """Whole months since the latest restructuring; unknown if there was none."""

    # --- payment behaviour, and what falls due next
    delay_lately: Annotated[
        int | None,
        Quantity(Kind.DAYS, 0, "mean days late of the last three instalments due", "loan.payments"),
    ] = None
    """Mean days late of the last three instalments due; an unpaid one counts up to the day of the assessment."""
    delay_before: Annotated[
        int | None,
        Quantity(Kind.DAYS, 0, "mean days late of the three instalments before those", "loan.payments"),
    ] = None
    """Mean days late of the three instalments before those, to compare with `delay_lately`."""
    paid_late: Annotated[
        int | None,
        Quantity(Kind.COUNT, 0, "number of the last six instalments due that were late", "loan.payments"),
    ] = None
    """Number of the last six instalments due that were paid late or are unpaid."""
    paid_in_part: Annotated[
        int | None,
        Quantity(
            Kind.COUNT, 0, "number of the last six instalments due that were paid in part", "loan.payments"
        ),
    ] = None
    """Number of the last six instalments due that were only partly paid on the due date."""
    margin: Annotated[
        SignedMoney | None, Quantity(Kind.MONEY, 0, "disposable_income − instalment_before")
    ] = None
    """Income a month left after costs, other debts and the agreed instalment; negative if it does not suffice."""
    margin_share: Annotated[Ratio | None, Quantity(Kind.RATIO, 6, "margin / monthly_income")] = None
    """`margin` as a share of income; unknown while income is zero."""
    next_due: Annotated[date | None, Quantity(Kind.DATE)] = None
    """Next due date; unknown if none is left."""
    next_rate_change: Annotated[date | None, Quantity(Kind.DATE)] = None
    """Day of the next agreed change of rate; unknown if there is none."""
    rate_change: Annotated[Ratio | None, Quantity(Kind.RATIO, 6)] = None
    """Change of the yearly rate on that day, as a share; negative if it falls."""

    # --- completeness
    completeness: Annotated[Ratio, Quantity(Kind.RATIO, 6, "items present / items a complete file holds")]
    """Share of the items of a complete file that are present."""
    file_complete: Annotated[bool, Quantity(Kind.FLAG, 0, "missing is empty")]
    """Whether no item of a complete file is missing."""
    negotiation_possible: Annotated[
        bool | None,
        Quantity(Kind.FLAG, 0, "willing_to_repay and reachable and not disputed and disposable_income > 0"),
    ]
    """Whether the borrower can negotiate: willing, reachable, undisputed, with income left to repay."""

    @model_validator(mode="after")
    def _spell(self) -> Self:
        set_scale(self, self.currency)
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
        """Day of the decision, as a fact."""
        return self.on

    def events(self, kind: str) -> tuple[PastEvent, ...] | None:
        """Give the events of a kind by day, `None` if the application has no history."""
        events = sorted((event for event in self.history if event.kind == kind), key=lambda event: event.on)
        # Earlier restructurings are known without a history, unless only their number is.
        listed = kind == RESTRUCTURING and len(events) == self.restructurings
        return tuple(events) if self.history_known or listed else None

    def _summary(self) -> str:
        late = f"{counted(self.days_past_due, 'day')} past due, {self.claim:,f} {self.currency} owed"
        able = "unknown" if self.affordable_instalment is None else f"{self.affordable_instalment:,f}"
        ability = f"can pay {able} of {self.instalment_before:,f} a month"
        return f"on {self.on}, {late}; {ability}; {counted(len(self.missing), 'item')} missing"


_FACTS = tuple(Assessment.model_fields)


def assess(application: Application | Source, *, on: Day, position: Position | None = None) -> Assessment:
    """Derive every fact of a case on a day.

    `position` is what is owed on that day where the application no longer determines it: under an agreement. The
    facts about payment behaviour are then unknown. Money is in the application's currency. Raises `InvalidInput` with
    every contradiction: balances stated for another day, another currency, dates before the loan or after the decision.
    """
    application, on = read_application(application), day_of(on)
    issues = [*problems(application), *_day_problems(application, on, position)]
    if issues:
        raise InvalidInput(issues)
    loan, finances, previous = application.loan, application.finances, application.previous_restructurings
    paid = loan if position is None else None
    position = position_on(loan, on) if position is None else position
    values = loan_facts(loan, position)
    values |= affordability_facts(finances, values["instalment_before"], loan.currency)
    values |= hardship_facts(application.hardship, on)
    values |= payment_facts(paid, position)
    values |= _conduct_facts(application.conduct, previous, values["disposable_income"], on)
    missing, expected = missing_items(application)
    values |= {
        "on": on,
        "currency": loan.currency,
        "position": position,
        "missing": missing,
        "scores": application.scores,
        "given": application.facts,
        "history": with_restructurings(application.history, previous),
        "history_known": application.history is not None,
        "completeness": ratio(expected - len(missing), expected),
        "file_complete": not missing,
    }
    (assessment,) = trusted(Assessment, [{name: values[name] for name in _FACTS}])
    return scaled(assessment, loan.currency)


def _day_problems(application: Application, on: date, position: Position | None) -> list[Issue]:
    as_of = application.as_of
    if isinstance(application.loan, StatedLoan) and position is None and on != as_of:
        sentence = (
            f"the balances hold on {as_of} but the decision is for {on}; decide on that day, or give contract and "
            "payments"
        )
        return [Issue("balances-date", sentence, "as_of")]
    if on < as_of:
        sentence = f"the application describes {as_of}, after the decision on {on}; decide on a later day"
        return [Issue("date-after-decision", sentence, "as_of")]
    return []


def _conduct_facts(
    conduct: Conduct,
    previous: tuple[PreviousRestructuring, ...] | None,
    disposable: Decimal | None,
    on: date,
) -> dict[str, Any]:
    latest = max((restructuring.on for restructuring in previous or ()), default=None)
    return {
        "willing_to_repay": conduct.willing_to_repay,
        "reachable": conduct.reachable,
        "disputed": conduct.disputed,
        "vulnerable": conduct.vulnerable,
        "restructurings": None if previous is None else len(previous),
        "months_since_restructuring": None if latest is None else whole_months(latest, on),
        "negotiation_possible": all_of(
            conduct.willing_to_repay,
            conduct.reachable,
            None if conduct.disputed is None else not conduct.disputed,
            None if disposable is None else disposable > 0,
        ),
    }
