"""Loans by stated balances and by contract and payments."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from dateutil.relativedelta import relativedelta
from hypothesis import assume
from hypothesis import strategies as st

from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.amortisation.schedule import amortise
from restructure.calculator.amortisation.scheme import Method
from restructure.calculator.conventions.day_counts import DayCount
from restructure.calculator.conventions.money import from_minor, minor_digits, to_minor
from restructure.calculator.servicing.contract import (
    Charge,
    Contract,
    OverdueInterest,
    Payment,
    Penalty,
    Prepayment,
)
from restructure.calculator.servicing.position import Buckets, Position
from restructure.errors import InvalidInput, Refused
from restructure.intake.application import ContractLoan, Product, StatedLoan, position_on
from restructure.testing.strategies.day import USUAL_DAY
from restructure.testing.strategies.drawing import first_of

__all__ = ["contract_loans", "contracts", "loans", "stated_loans"]

_LATE = ["missed", "late", "partial", "early", "on time"]
_USUAL_METHOD = first_of(Method.LEVEL, st.sampled_from([Method.EQUAL_PRINCIPAL, Method.INTEREST_ONLY]))
_AGREED_METHOD = first_of(Method.LEVEL, st.sampled_from([Method.EQUAL_PRINCIPAL, Method.BULLET, Method.FLAT]))
_DAY_COUNT = first_of(DayCount.THIRTY_360_BY_MONTH, st.sampled_from(DayCount))
_PRODUCT = st.sampled_from(Product)
_OVERDUE = st.sampled_from([OverdueInterest.SEPARATE, OverdueInterest.NONE])
_PREPAYMENT = st.sampled_from([Prepayment.HOLD, Prepayment.LOWER_INSTALMENT])
_CHARGES = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 5_000)), max_size=2)
_HABITS = st.lists(st.sampled_from(_LATE), max_size=6)


@lru_cache
def _rates() -> st.SearchStrategy[Fraction]:
    others = st.sampled_from([12, 6, 24, 36, 0])
    return first_of(18, others).map(lambda percent: Fraction(percent, 100)) | st.integers(1, 3600).map(
        lambda points: Fraction(points, 10_000)
    )


@lru_cache
def _counts(most: int) -> st.SearchStrategy[int]:
    usual = [count for count in (24, 36, 6, 60, 3, 1) if count <= most]
    return first_of(min(12, most), st.sampled_from(usual), st.integers(1, most))


@lru_cache
def _principals(currency: str) -> st.SearchStrategy[Decimal]:
    unit = 10 ** minor_digits(currency)
    minor = first_of(
        12_000 * unit, st.integers(1, 500).map(lambda k: k * 1000 * unit), st.integers(5_000, 10**8)
    )
    return minor.map(lambda amount: from_minor(amount, currency))


@st.composite
def _due(draw: st.DrawFn, after: date) -> tuple[date, int | None]:
    """Draw a first due date with its anchor day: a month later, or an odd first period."""
    first: date = after + relativedelta(months=1)
    if draw(st.booleans()):
        first = after + timedelta(days=draw(st.integers(1, 31)))
    return first, after.day if first == after + relativedelta(months=1) and first.day != after.day else None


@st.composite
def stated_loans(draw: st.DrawFn, *, on: date = USUAL_DAY, currency: str = "CNY") -> StatedLoan:
    """Draw loans by their balances on a day: due as agreed, in arrears, or past their last instalment.

    >>> from hypothesis import find
    >>> loan = find(stated_loans(), lambda loan: True)
    >>> str(loan.balances.claim), loan.repayment.instalments, loan.missed_instalments
    ('12000.00', 12, 0)
    """
    expired = draw(st.integers(0, 19)) == 19
    late = expired or draw(st.booleans())
    rate, count = draw(_rates()), 0 if expired else draw(_counts(60))
    first, anchor = draw(_due(on))
    principal = draw(_principals(currency))
    about = max(to_minor(principal, currency) // max(count, 12), 1)

    rests = {least: first_of(least, st.integers(least, 2 * about)) for least in (0, 1)}

    def rest(least: int = 0) -> Decimal:
        return from_minor(draw(rests[least]), currency)

    balances = Buckets(
        principal=from_minor(0, currency) if expired else principal,
        principal_arrears=rest(1) if late else from_minor(0, currency),
        interest_arrears=rest() if late else from_minor(0, currency),
        accrued=rest(),
        penalty=rest() if late else from_minor(0, currency),
        fees=rest(),
        parked=rest(),
    )
    oldest = on - timedelta(days=draw(st.integers(1, 400))) if late else None
    missed = draw(st.integers(1, 12)) if late else 0
    repayment = Repayment(
        annual_rate=rate,
        instalments=count,
        first_due=first,
        anchor_day=anchor,
        method=draw(_USUAL_METHOD),
        day_count=draw(_DAY_COUNT),
    )
    if count and repayment.method is Method.LEVEL and draw(st.booleans()):
        # The level instalment or more, which may repay the loan before its last instalment.
        owed = Position(on=on, currency=currency, buckets=Buckets(principal=principal), repayment=repayment)
        solved = to_minor(owed.regular_instalment, currency)
        agreed = from_minor(solved + solved * draw(st.sampled_from([0, 3, 40])) // 100, currency)
        repayment = repayment.model_copy(update={"instalment": agreed})
    return StatedLoan(
        basis="stated",
        reference="L",
        product=draw(_PRODUCT),
        currency=currency,
        originated=draw(st.none() | st.integers(0, 900).map(lambda k: (oldest or on) - timedelta(days=k))),
        balances=balances,
        repayment=repayment,
        oldest_unpaid_due=oldest,
        missed_instalments=missed,
    )


@lru_cache
def _penalties() -> st.SearchStrategy[Penalty | None]:
    others = st.builds(
        Penalty,
        annual_rate=_rates(),
        base=st.sampled_from(["overdue_principal", "overdue_instalment"]),
        grace_days=st.sampled_from([0, 5, 15]),
    )
    return st.one_of(st.none(), st.just(Penalty(annual_rate=Fraction(18, 100))), others)


@st.composite
def contracts(draw: st.DrawFn, *, start: date = USUAL_DAY, currency: str = "CNY") -> Contract:
    """Draw contracts that begin on a day, whose instalments cover their interest, with default interest and fees."""
    first, anchor = draw(_due(start))
    contract = Contract(
        currency=currency,
        principal=draw(_principals(currency)),
        annual_rate=draw(_rates()),
        instalments=draw(_counts(60)),
        start=start,
        first_due=first,
        anchor_day=anchor,
        method=draw(_AGREED_METHOD),
        day_count=draw(_DAY_COUNT),
        penalty=draw(_penalties()),
        overdue_interest=draw(_OVERDUE),
        prepayment=draw(_PREPAYMENT),
    )
    charges = tuple(
        Charge(on=start + timedelta(days=day), amount=from_minor(minor, currency))
        for day, minor in draw(_CHARGES)
    )
    return contract.model_copy(update={"charges": charges})


@st.composite
def contract_loans(draw: st.DrawFn, *, on: date = USUAL_DAY, currency: str = "CNY") -> ContractLoan:
    """Draw loans by contract and payments up to a day: paid on time, or recently late, in part, early or not at all.

    >>> from hypothesis import find
    >>> loan = find(contract_loans(), lambda loan: True)
    >>> str(loan.contract.principal), loan.contract.instalments, loan.payments
    ('12000.00', 12, ())
    """
    start = on - relativedelta(months=draw(st.integers(0, 40))) - timedelta(days=draw(st.integers(0, 27)))
    contract = draw(contracts(start=start, currency=currency))
    try:
        due = [row for row in amortise(contract).rows if row.due <= on]
    except Refused:
        assume(False)
    # The habits apply to the latest instalments; earlier ones were paid on time.
    habits = draw(_HABITS)
    habits = (["on time"] * len(due) + habits)[len(habits) :] if due else []
    payments: list[Payment] = []
    for row, habit in zip(due, habits, strict=True):
        shift = timedelta(days=draw(st.integers(1, 45)) if habit in ("late", "early") else 0)
        day, amount = row.due, row.total
        match habit:
            case "missed":
                continue
            case "late":
                day += shift
            case "early":
                day = max(start, day - shift)
            case "partial":
                amount = from_minor(to_minor(amount, currency) * draw(st.integers(1, 99)) // 100, currency)
        if day <= on and amount:
            payments.append(Payment(on=day, amount=amount))
    loan = ContractLoan(
        basis="contract",
        reference="L",
        product=draw(_PRODUCT),
        contract=contract,
        payments=tuple(payments),
    )
    try:
        position_on(loan, on)
    except InvalidInput:
        assume(False)
    return loan


@lru_cache
def loans(*, on: date = USUAL_DAY, currency: str = "CNY") -> st.SearchStrategy[StatedLoan | ContractLoan]:
    """Draw loans of both bases on a day."""
    return stated_loans(on=on, currency=currency) | contract_loans(on=on, currency=currency)
