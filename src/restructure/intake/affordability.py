"""Facts about affordability: income, essential costs, other debts and what they leave a month."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from restructure.calculator.conventions.money import to_minor
from restructure.calculator.conventions.quantity import ratio
from restructure.intake.application import Cost, Finances, Income, OtherDebt
from restructure.intake.truth import all_of

__all__ = ["affordability_facts"]


def affordability_facts(finances: Finances, instalment: Decimal, currency: str) -> dict[str, Any]:
    """Derive income, costs and what they leave to pay an instalment with; all amounts are a month."""
    income = _total(finances.income)
    costs = _total(finances.essential_costs)
    debts = _total(finances.other_debts)
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
        else all_of(*(source.verified for source in finances.income)),
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


def _total(entries: Sequence[Income | Cost | OtherDebt] | None) -> Decimal | None:
    return None if entries is None else sum((entry.monthly for entry in entries), Decimal("0.00"))
