"""What is measured: one loan, one position, one borrower's file; the tests and the table share them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

from bench.baseline import level_loan
from restructure.calculator.dates import DayCount
from restructure.calculator.measures import Capitalise, ChangeRate, Extend, Holiday, Waive
from restructure.calculator.plan import Plan, reschedule
from restructure.calculator.position import Buckets, Position
from restructure.calculator.rows import Instalment
from restructure.calculator.schedule import amortise, terms_rows
from restructure.calculator.terms import Repayment, Terms
from restructure.casework.decision import Decision, decide
from restructure.intake.application import Application, read_application
from restructure.intake.assessment import Assessment, assess
from restructure.policy.evaluation import Engines
from restructure.policy.language import Policy
from restructure.policy.loading import load_policy

__all__ = [
    "LOAN",
    "LOAN_BY_MONTH",
    "MEASURES",
    "POSITION",
    "SUBJECTS",
    "Subject",
    "baseline",
    "cents",
    "off_to_the_cent",
]

_ILLNESS = Path(__file__).parents[2] / "examples" / "illness.json"

LOAN = Terms(
    currency="CNY",
    principal="48000.00",
    annual_rate="18%",
    instalments=36,
    start="2026-01-31",
    first_due="2026-02-28",
    anchor_day=31,
    day_count=DayCount.ACT_365F,
)
"""36 level instalments over real days: the loan of the baseline and of `amortise`."""

LOAN_BY_MONTH = LOAN.model_copy(update={"day_count": DayCount.THIRTY_360_BY_MONTH})
"""The same loan in equal months, the only kind that float annuity functions know."""

POSITION = Position(
    on="2026-03-18",
    currency="CNY",
    buckets=Buckets(
        principal="8432.10",
        principal_arrears="615.00",
        interest_arrears="287.33",
        accrued="43.21",
        penalty="51.50",
        fees="30.00",
    ),
    repayment=Repayment(
        annual_rate="18%", instalments=30, first_due="2026-03-31", anchor_day=31, day_count=DayCount.ACT_365F
    ),
    oldest_unpaid_due="2026-01-31",
)
"""A loan in arrears in every bucket that arrears fall into."""

MEASURES = (
    Waive(of="penalty", share=1),
    Waive(of="interest_arrears", share="1/2"),
    Capitalise(of=("principal_arrears", "interest_arrears", "accrued")),
    ChangeRate(annual_rate="14.9%"),
    Holiday(instalments=3),
    Extend(instalments=6),
)
"""Waive, capitalise, rate, holiday and extend in one set: 39 rows, with the ledger and its proof."""


@cache
def _case() -> tuple[Application, Policy, date]:
    application = read_application(_ILLNESS)
    assert application.as_of is not None
    return application, load_policy("cn-consumer-finance"), application.as_of


def baseline() -> list[tuple[date, int, int, int]]:
    """Run the baseline on `LOAN`."""
    return level_loan(4_800_000, 18, 100, date(2026, 1, 31), date(2026, 2, 28), 31, 36)


def amortise_tuples() -> list[tuple[Any, ...]]:
    """Repay `LOAN` to tuples of minor units."""
    return terms_rows(LOAN)


def amortise_models() -> list[Instalment]:
    """Repay `LOAN` and build the model of every row."""
    return list(amortise(LOAN).rows)


def reschedule_set() -> Plan:
    """Apply `MEASURES` to `POSITION`: both schedules, ledger and identities."""
    return reschedule(POSITION, MEASURES)


def assess_illness() -> Assessment:
    """Derive every fact of the illness case from its contract and payments."""
    application, _, on = _case()
    return assess(application, on=on)


def decide_both() -> Decision:
    """Decide the illness case with every evaluator that this interpreter has."""
    application, policy, on = _case()
    return decide(application, policy, on=on)


def decide_reference() -> Decision:
    """Decide the illness case with the reference evaluator alone."""
    application, policy, on = _case()
    return decide(application, policy, on=on, engines=Engines.REFERENCE)


def numpy_financial_scalar() -> list[tuple[float, float, float]]:
    """Make the rows of `LOAN_BY_MONTH` with pmt, ipmt and ppmt, one call a row; floats, no dates."""
    import numpy_financial as npf

    instalment = float(npf.pmt(0.18 / 12, 36, -48000.0))
    return [
        (
            instalment,
            float(npf.ipmt(0.18 / 12, k, 36, -48000.0)),
            float(npf.ppmt(0.18 / 12, k, 36, -48000.0)),
        )
        for k in range(1, 37)
    ]


def numpy_financial_array() -> tuple[Any, Any, Any]:
    """Make the columns of `LOAN_BY_MONTH` with pmt, ipmt and ppmt over an array of periods."""
    import numpy as np
    import numpy_financial as npf

    periods = np.arange(1, 37)
    return (
        npf.pmt(0.18 / 12, 36, -48000.0),
        npf.ipmt(0.18 / 12, periods, 36, -48000.0),
        npf.ppmt(0.18 / 12, periods, 36, -48000.0),
    )


def decimal_loop() -> list[tuple[Decimal, Decimal, Decimal]]:
    """Repay `LOAN_BY_MONTH` in `Decimal` as textbooks do, the monthly rate rounded to 28 digits; no dates."""
    rate, balance, cent = Decimal("0.18") / 12, Decimal("48000.00"), Decimal("0.01")
    instalment = (balance * rate / (1 - (1 + rate) ** -36)).quantize(cent, ROUND_HALF_UP)
    rows = []
    for k in range(36):
        interest = (balance * rate).quantize(cent, ROUND_HALF_UP)
        principal = balance if k == 35 else instalment - interest
        balance -= principal
        rows.append((principal + interest, interest, principal))
    return rows


@dataclass(frozen=True)
class Subject:
    """One line of the table."""

    name: str
    run: Callable[[], Any]
    check: Callable[[], list[tuple[int, int]]] | None = None
    """(interest, principal) of every row in cents, where the rows are to be compared with `LOAN_BY_MONTH`."""


def cents(amount: float | Decimal) -> int:
    """Round an amount to cents half-up, as somebody who prints it would."""
    return int(Decimal(amount).scaleb(2).quantize(Decimal(1), ROUND_HALF_UP))


def off_to_the_cent(rows: list[tuple[int, int]]) -> tuple[int, int]:
    """Count the rows that differ from the exact schedule, and the balance the rows leave unpaid, in cents."""
    exact = [(row[2], row[1]) for row in terms_rows(LOAN_BY_MONTH)]
    wrong = sum(mine != right for mine, right in zip(rows, exact, strict=True))
    return wrong, 4_800_000 - sum(principal for _, principal in rows)


SUBJECTS = (
    Subject("F: bare loop on integer cents, 36 rows", baseline),
    Subject("`terms_rows`: the same loan to tuples", amortise_tuples),
    Subject("`amortise`, every row read as a model", amortise_models),
    Subject("`reschedule`: 6 measures, 39 rows, ledger and identities", reschedule_set),
    Subject("`assess`: illness case, from contract and payments", assess_illness),
    Subject("`decide`: illness case, every engine here", decide_both),
    Subject("`decide`: illness case, reference evaluator alone", decide_reference),
    Subject(
        "numpy-financial pmt, ipmt, ppmt: a call a row, no dates",
        numpy_financial_scalar,
        lambda: [(cents(i), cents(p)) for _, i, p in numpy_financial_scalar()],
    ),
    Subject(
        "numpy-financial pmt, ipmt, ppmt: arrays, no dates",
        numpy_financial_array,
        lambda: [
            (cents(float(i)), cents(float(p))) for i, p in zip(*numpy_financial_array()[1:], strict=True)
        ],
    ),
    Subject(
        "`Decimal` loop of the textbooks, no dates",
        decimal_loop,
        lambda: [(cents(i), cents(p)) for _, i, p in decimal_loop()],
    ),
)
"""Everything that is measured, the baseline first."""
