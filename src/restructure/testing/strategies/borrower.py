"""Borrowers: finances, hardship and conduct, and whole applications."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st

from restructure.calculator.conventions.money import to_minor
from restructure.intake.application import (
    Application,
    Borrower,
    Cause,
    Conduct,
    Cost,
    CostCategory,
    Evidence,
    EvidenceKind,
    Finances,
    Hardship,
    Income,
    IncomeSource,
    OtherDebt,
    PreviousRestructuring,
    position_on,
    problems,
)
from restructure.policy.policy import Policy
from restructure.testing.strategies.day import USUAL_DAY, days
from restructure.testing.strategies.drawing import monthly_amounts, or_none
from restructure.testing.strategies.loan import loans

__all__ = ["applications", "conducts", "finances", "hardships"]

_SOURCE, _CATEGORY, _CAUSE = map(st.sampled_from, (IncomeSource, CostCategory, Cause))
_CHECKED = st.sampled_from([None, True, False])
_DEPENDANTS, _FEW_MONTHS = st.none() | st.integers(0, 5), st.none() | st.integers(0, 12)
_DAYS_AGO = st.integers(0, 900)
_OUTLOOK = st.sampled_from(["temporary", "lasting", "resolved"])
_OUTLOOK_OR_NONE = st.sampled_from(["unknown", "temporary", "lasting", "resolved", "denied"])
_PROOFS = st.lists(st.sampled_from(EvidenceKind), unique=True)
_GOOD = st.sampled_from([True] * 9 + [False])
_BAD = _GOOD.map(lambda well: not well)
_VULNERABLE = st.sampled_from([None, False, True])
_SCORE = st.none() | st.integers(0, 1_000).map(lambda k: Decimal(k) / 1000)


@lru_cache
def _incomes(currency: str, about: int, *, least: int) -> st.SearchStrategy[tuple[Income, ...]]:
    entry = st.builds(
        Income, source=_SOURCE, monthly=monthly_amounts(currency, about, least=1), verified=_CHECKED
    )
    return st.lists(entry, min_size=least, max_size=2).map(tuple)


@lru_cache
def _costs(currency: str, about: int) -> st.SearchStrategy[tuple[Cost, ...]]:
    entry = st.builds(Cost, category=_CATEGORY, monthly=monthly_amounts(currency, about, most=1))
    return st.lists(entry, max_size=2).map(tuple)


@lru_cache
def _debts(currency: str, about: int) -> st.SearchStrategy[tuple[OtherDebt, ...]]:
    entry = st.builds(OtherDebt, creditor=st.just("C"), monthly=monthly_amounts(currency, about, most=1))
    return st.lists(entry, max_size=2).map(tuple)


@st.composite
def finances(
    draw: st.DrawFn, *, currency: str = "CNY", about: int = 100_000, complete: bool | None = None
) -> Finances:
    """Draw a borrower's finances, with unknown parts unless they are to be complete.

    `about` is the instalment of the loan in minor units; incomes are drawn on both sides of it.
    """
    known = _known(draw, complete)
    return Finances(
        income=known(_incomes(currency, about, least=1 if complete else 0)),
        income_before=known(monthly_amounts(currency, about)),
        essential_costs=known(_costs(currency, about)),
        other_debts=known(_debts(currency, about)),
        liquid_reserves=known(monthly_amounts(currency, about)),
        dependants=draw(_DEPENDANTS),
    )


@st.composite
def hardships(draw: st.DrawFn, *, on: date = USUAL_DAY, complete: bool | None = None) -> Hardship:
    """Draw a hardship up to a day: temporary, lasting, over or unknown, with unknown parts unless it is to be
    complete.
    """
    known = _known(draw, complete)
    ago = known(_DAYS_AGO)
    onset = None if ago is None else on - timedelta(days=ago)
    months = resolved = lasting = None
    match draw(_OUTLOOK if complete else _OUTLOOK_OR_NONE):
        case "temporary":
            months = draw(st.integers(1, 40))
            if complete and onset is not None:  # an expected end in the past would leave the outlook unknown
                months += (on - onset).days // 30
        case "lasting":
            lasting = True
        case "resolved":
            resolved = max(on - timedelta(days=draw(st.integers(0, 60))), onset or date.min)
            months = draw(_FEW_MONTHS)
        case "denied":
            lasting, months = False, draw(_FEW_MONTHS)
    held = [EvidenceKind.INCOME_PROOF, EvidenceKind.HARDSHIP_PROOF] if complete else draw(_PROOFS)
    return Hardship(
        cause=known(_CAUSE),
        onset=onset,
        expected_months=months,
        lasting=lasting,
        resolved_on=resolved,
        evidence=tuple(Evidence(kind=k, on=on - timedelta(days=draw(st.integers(0, 90)))) for k in held),
    )


@st.composite
def conducts(draw: st.DrawFn, *, complete: bool | None = None) -> Conduct:
    """Draw how the borrower cooperates, mostly well, with unknown parts unless it is to be complete."""
    known = _known(draw, complete)
    return Conduct(
        willing_to_repay=known(_GOOD),
        reachable=known(_GOOD),
        disputed=known(_BAD),
        vulnerable=draw(_VULNERABLE),
    )


def _known(draw: st.DrawFn, complete: bool | None) -> Callable[[st.SearchStrategy[Any]], Any]:
    """Give the function that draws a field: `None` first, unless the whole is to be complete."""
    return lambda strategy: draw(strategy if complete else or_none(strategy))


@st.composite
def applications(
    draw: st.DrawFn,
    *,
    policy: Policy | None = None,
    currency: str = "CNY",
    on: date | None = None,
    complete: bool | None = None,
) -> Application:
    """Draw whole applications without contradictions, with loans of both bases; about half of them are complete.

    With a policy, its currency, its scores and days on which it is in force are used. A complete application lacks
    nothing that `Assessment.missing` would list, so that a policy gets as far as its rules.

    >>> from hypothesis import find
    >>> drawn = find(applications(), lambda case: case.loan.basis == "contract" and case.finances.income)
    >>> drawn.as_of, [str(income.monthly) for income in drawn.finances.income]
    (datetime.date(2026, 3, 18), ['1000.00'])
    """
    if policy is not None:
        currency = policy.currency
    day = draw(days(policy)) if on is None else on
    whole = draw(st.booleans()) if complete is None else complete
    loan = draw(loans(on=day, currency=currency))
    about = max(to_minor(position_on(loan, day).regular_instalment, currency), 1)
    earliest = loan.originated or day - timedelta(days=900)
    earlier = st.builds(
        PreviousRestructuring,
        on=st.integers(0, (day - earliest).days).map(lambda k: day - timedelta(days=k)),
        outcome=st.sampled_from(["completed", "active", "broken"]),
    )
    previous = st.just(()) | st.lists(earlier, max_size=2).map(tuple)
    scores = {name: draw(_SCORE) for name in sorted(policy.scores)} if policy is not None else {}
    application = Application(
        reference="A",
        as_of=day,
        borrower=Borrower(reference="B"),
        loan=loan,
        finances=draw(finances(currency=currency, about=about, complete=whole)),
        hardship=draw(hardships(on=day, complete=whole)),
        conduct=draw(conducts(complete=whole)),
        previous_restructurings=draw(previous if whole else st.none() | previous),
        scores={name: value for name, value in scores.items() if value is not None},
    )
    assert not problems(application), "an application is drawn without contradictions"
    return application
