"""What is measured: one loan, one position, one borrower's file; the tests and the table share them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bench import others
from bench.baseline import level_loan
from bench.thirty import stated, thirty_rules
from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.amortisation.rows import Instalment
from restructure.calculator.amortisation.schedule import Schedule, amortise, terms_rows
from restructure.calculator.amortisation.terms import Terms
from restructure.calculator.conventions.day_counts import DayCount
from restructure.calculator.cost_of_credit.apr import effective_rate
from restructure.calculator.measures.deferral import Capitalise
from restructure.calculator.measures.holiday import Holiday
from restructure.calculator.measures.rate import ChangeRate
from restructure.calculator.measures.relief import Waive
from restructure.calculator.measures.timing import Extend
from restructure.calculator.plans.figures import Figures, figures_of
from restructure.calculator.plans.plan import Plan, reschedule
from restructure.calculator.servicing.account import position_of
from restructure.calculator.servicing.position import Buckets, Position
from restructure.casework.decisions.decision import Decision, decide
from restructure.intake.application import Application, read_application
from restructure.intake.assessment import Assessment, assess
from restructure.policy.engine.evaluation import Engines
from restructure.policy.loading.loading import load_policy
from restructure.policy.policy import Policy

__all__ = [
    "LOAN",
    "LOAN_BY_MONTH",
    "LONG_LOAN",
    "LONG_POSITION",
    "MEASURES",
    "POSITION",
    "SUBJECTS",
    "Subject",
    "cents",
    "off_to_the_cent",
    "rate_error",
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
    Waive(of="interest_arrears", share="1/2"),
    Capitalise(of=("principal_arrears", "interest_arrears", "accrued")),
    ChangeRate(annual_rate="14.9%"),
    Holiday(instalments=3),
    Extend(instalments=6),
)
"""Waive, capitalise, rate, holiday and extend in one set: 39 rows, with the ledger and its proof."""

# At 18 % over thirty years the interest of a month of 31 days is more than the level instalment.
_LOW = Fraction(42, 1000)

LONG_LOAN = LOAN.model_copy(update={"instalments": 360, "annual_rate": _LOW})
"""The same loan over 360 instalments, at the rate of a mortgage."""

LONG_POSITION = POSITION.model_copy(
    update={
        "repayment": POSITION.repayment.model_copy(update={"instalments": 381, "annual_rate": _LOW}),
    }
)
"""The same arrears with so many instalments left that `LONG_MEASURES` make ten times 39 rows."""

LONG_MEASURES = tuple(
    ChangeRate(annual_rate="3.9%") if isinstance(measure, ChangeRate) else measure for measure in MEASURES
)
"""The same measures at a lower rate."""


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


def unseen() -> Position:
    """Give `POSITION` as nobody has seen it: a copy knows nothing of what was worked out from the original."""
    return POSITION.model_copy()


def reschedule_unseen(position: Position | None = None) -> Plan:
    """Apply `MEASURES` to a position never seen before: both schedules, ledger and identities."""
    return reschedule(position or unseen(), MEASURES)


def reschedule_set() -> Plan:
    """Apply `MEASURES` to `POSITION`, whose schedule as agreed is laid out already."""
    return reschedule(POSITION, MEASURES)


def compare_unseen(plan: Plan | None = None) -> Figures:
    """Work out the first figures of a position: what paying as agreed is worth too."""
    return figures_of(plan or reschedule_unseen())


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


def decide_thirty() -> Decision:
    """Decide by thirty rules, three of which make offers, from contract and payments."""
    application, _, on = _case()
    return decide(application, thirty_rules(), on=on)


def decide_thirty_stated() -> Decision:
    """The same with what is owed stated."""
    return decide(_stated(), thirty_rules(), on=_stated().as_of)


@cache
def _stated() -> Application:
    return stated(_case()[0])


def amortise_by_month() -> list[tuple[Any, ...]]:
    """Repay `LOAN_BY_MONTH` to tuples of minor units."""
    return terms_rows(LOAN_BY_MONTH)


def amortise_unread() -> Schedule:
    """Repay `LOAN` to a schedule whose rows nobody has looked at."""
    return amortise(LOAN)


def amortise_long() -> list[tuple[Any, ...]]:
    """Repay `LONG_LOAN` to tuples of minor units."""
    return terms_rows(LONG_LOAN)


def reschedule_long() -> Plan:
    """Apply `LONG_MEASURES` to `LONG_POSITION`."""
    return reschedule(LONG_POSITION, LONG_MEASURES)


def compare_plan() -> Figures:
    """Work out the figures of the plan of `MEASURES`, which is made once."""
    return figures_of(_plans()[0])


def compare_long() -> Figures:
    """Work out the figures of the plan of `LONG_MEASURES`, which is made once."""
    return figures_of(_plans()[1])


@cache
def _plans() -> tuple[Plan, Plan]:
    return reschedule_set(), reschedule_long()


def position_of_illness() -> Position:
    """Derive what is owed in the illness case from its contract and payments."""
    application, _, on = _case()
    loan = application.loan
    return position_of(loan.contract, loan.payments, on=on)


@cache
def _flows() -> tuple[list[tuple[Fraction, int]], list[date], list[float]]:
    rows = terms_rows(LOAN)
    paid = [(Fraction((row[0] - LOAN.start).days, 365), row[1] + row[2]) for row in rows]
    amounts = [-48000.0, *(amount / 100 for _, amount in paid)]
    return paid, [LOAN.start, *(row[0] for row in rows)], amounts


def rate_exact() -> Decimal:
    """Solve the effective annual rate of `LOAN`, ACT/365F, with the proof that it is the only one."""
    return effective_rate([(0, 4_800_000)], _flows()[0])


def rate_pyxirr() -> float:
    """Solve the same rate with pyxirr's xirr."""
    return others.pyxirr_rate(*_flows()[1:])


def rate_error() -> Decimal:
    """Give how far pyxirr's rate is from the proved one."""
    return abs(Decimal(rate_pyxirr()) - rate_exact())


@dataclass(frozen=True)
class Subject:
    """One line of the table."""

    name: str
    run: Callable[..., Any]
    cents: Callable[[], list[tuple[int, int]]] | None = None
    """(interest, principal) of every row in cents, to be compared with the exact schedule."""
    of: Terms = LOAN_BY_MONTH
    """Which loan the rows are those of, and by which convention."""
    package: str | None = None
    """The module it needs; where it cannot be imported the line says so."""
    tenth: str | None = None
    """The name of the subject with a tenth of the rows."""
    fresh: Callable[[], Any] | None = None
    """Makes what every single run is given, outside the time that is taken."""

    @property
    def absent(self) -> bool:
        """Whether the package it needs is not installed here."""
        return self.package is not None and find_spec(self.package) is None


def cents(amount: float | Decimal) -> int:
    """Round an amount to cents half-up, as somebody who prints it would."""
    return int(Decimal(amount).scaleb(2).quantize(Decimal(1), ROUND_HALF_UP))


def off_to_the_cent(rows: list[tuple[int, int]], loan: Terms) -> tuple[int, int]:
    """Count the rows that differ from the exact schedule, and the balance the rows leave unpaid, in cents."""
    exact = [(row[2], row[1]) for row in terms_rows(loan)]
    wrong = sum(mine != right for mine, right in zip(rows, exact, strict=True))
    return wrong, 4_800_000 - sum(principal for _, principal in rows)


def _columns(made: tuple[Any, Any, Any]) -> list[tuple[int, int]]:
    _, interest, principal = made
    return [(cents(float(i)), cents(float(p))) for i, p in zip(interest, principal, strict=True)]


def _last_two(made: list[tuple[Any, Any, Any]]) -> list[tuple[int, int]]:
    return [(cents(interest), cents(principal)) for _, interest, principal in made]


def _named(made: Any) -> list[tuple[int, int]]:
    return [(cents(row.interest), cents(row.principal)) for row in made]


_TUPLES = "`terms_rows`: the loan of F to tuples"
_RESCHEDULE = "`reschedule`: the same, paying as agreed already laid out"
_COMPARE = "`figures_of`: the figures of that plan, what paying as agreed is worth already known"

SUBJECTS = (
    Subject(
        "F: bare loop on integer cents, 36 rows",
        baseline,
        lambda: [(interest, principal) for _, principal, interest, _ in baseline()],
        LOAN,
    ),
    Subject(_TUPLES, amortise_tuples, lambda: [(row[2], row[1]) for row in amortise_tuples()], LOAN),
    Subject("`terms_rows`: the same in equal months, as the libraries below", amortise_by_month),
    Subject("`amortise`: the schedule, no row read", amortise_unread),
    Subject(
        "`amortise`, every row read as a model", amortise_models, lambda: _named(amortise_models()), LOAN
    ),
    Subject(
        "`reschedule`: 5 measures, 39 rows, ledger and identities; a position never seen before",
        reschedule_unseen,
        fresh=unseen,
    ),
    Subject(_RESCHEDULE, reschedule_set),
    Subject(
        "`figures_of`: the figures of that plan, the first of its position",
        compare_unseen,
        fresh=reschedule_unseen,
    ),
    Subject(_COMPARE, compare_plan),
    Subject("`terms_rows`: 360 rows", amortise_long, tenth=_TUPLES),
    Subject("`reschedule`: 5 measures, 390 rows", reschedule_long, tenth=_RESCHEDULE),
    Subject("`figures_of`: the figures of 390 rows", compare_long, tenth=_COMPARE),
    Subject("`position_of`: illness case, from contract and payments", position_of_illness),
    Subject("`assess`: illness case, from contract and payments", assess_illness),
    Subject("`decide`: illness case, every engine here", decide_both),
    Subject("`decide`: illness case, reference evaluator alone", decide_reference),
    Subject("`decide`: 30 rules, three offers, from contract and payments", decide_thirty),
    Subject("`decide`: 30 rules, three offers, balances stated", decide_thirty_stated),
    Subject(
        "mortgagemath `amortization_schedule`: no dates",
        others.mortgagemath_schedule,
        lambda: _named(others.mortgagemath_schedule()),
        package="mortgagemath",
    ),
    Subject(
        "QuantLib `AmortizingFixedRateBond`: dates, floats, every row read",
        others.quantlib_bond,
        lambda: _last_two(others.quantlib_bond()),
        package="QuantLib",
    ),
    Subject(
        "pyxirr `pmt`, `ipmt`, `ppmt` over lists: no dates, floats",
        others.pyxirr_parts,
        lambda: _columns(others.pyxirr_parts()),
        package="pyxirr",
    ),
    Subject(
        "numpy-financial `pmt`, `ipmt`, `ppmt` over arrays: no dates, floats",
        others.numpy_financial_array,
        lambda: _columns(others.numpy_financial_array()),
        package="numpy_financial",
    ),
    Subject(
        "numpy-financial `pmt`, `ipmt`, `ppmt`, a call a row: no dates, floats",
        others.numpy_financial_scalar,
        lambda: _last_two(others.numpy_financial_scalar()),
        package="numpy_financial",
    ),
    Subject(
        "`Decimal` loop of the textbooks: no dates",
        others.decimal_loop,
        lambda: _last_two(others.decimal_loop()),
    ),
    Subject("`effective_rate`: the loan's 37 flows, proved", rate_exact),
    Subject("pyxirr `xirr`: the same rate, floats", rate_pyxirr, package="pyxirr"),
)
"""Everything that is measured, the baseline first."""
