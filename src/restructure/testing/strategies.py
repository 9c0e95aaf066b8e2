"""Strategies for Hypothesis: applications, loans and facts of cases that are valid and shrink to what can be read.

Where Hypothesis is installed, `st.from_type(Application)` and the like draw from here without any import (the
entry point of group `hypothesis`). What is drawn shrinks to a plain loan: 12,000.00 at 18 % in 12 instalments, nothing
late, nothing said of the borrower. Importing this needs Hypothesis, the extra `test`; the library does without.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, get_args

from dateutil.relativedelta import relativedelta
from hypothesis import assume
from hypothesis import strategies as st

from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.amortisation.schedule import amortise
from restructure.calculator.amortisation.scheme import Method
from restructure.calculator.conventions.day_counts import DayCount
from restructure.calculator.conventions.money import SignedMoney, from_minor, minor_digits, to_minor
from restructure.calculator.conventions.quantity import Kind
from restructure.calculator.servicing.contract import (
    Charge,
    Contract,
    OverdueInterest,
    Payment,
    Penalty,
    Prepayment,
)
from restructure.calculator.servicing.position import Buckets, Position
from restructure.errors import InvalidInput, InvalidPolicy, Refused
from restructure.intake.application import (
    Application,
    Borrower,
    Cause,
    Conduct,
    ContractLoan,
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
    Product,
    StatedLoan,
    position_on,
    problems,
)
from restructure.intake.assessment import Assessment
from restructure.intake.facts import Fact
from restructure.intake.facts import facts as catalogue
from restructure.intake.prospect import Prospect
from restructure.policy.engine.normal_form import Leaf
from restructure.policy.in_force import InForce
from restructure.policy.policy import Policy

__all__ = [
    "applications",
    "conducts",
    "contract_loans",
    "contracts",
    "days",
    "facts",
    "finances",
    "hardships",
    "loans",
    "stated_loans",
]

_DAY, _FIRST, _LAST = date(2026, 3, 18), date(2026, 1, 1), date(2029, 12, 31)
_DAY_COUNTS = [DayCount.ACT_365F, DayCount.THIRTY_360_BY_MONTH, DayCount.ACT_360, DayCount.ACT_ACT_ISDA]
_LATE = ["missed", "late", "partial", "early", "on time"]


# Hypothesis looks through every strategy that it meets for the first time, which takes longer than to draw from it:
# what does not depend on what was drawn before is made once.


def _first(simplest: Any, *others: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw any, and shrink to the simplest: Hypothesis prefers the first branch."""
    return st.one_of(st.just(simplest), *others)


@lru_cache(maxsize=1024)
def _or_none(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw nothing, or what another draws."""
    return st.none() | strategy


_USUAL_METHOD = _first(Method.LEVEL, st.sampled_from([Method.EQUAL_PRINCIPAL, Method.INTEREST_ONLY]))
_AGREED_METHOD = _first(Method.LEVEL, st.sampled_from([Method.EQUAL_PRINCIPAL, Method.BULLET, Method.FLAT]))
_DAY_COUNT = _first(DayCount.THIRTY_360_BY_MONTH, st.sampled_from(_DAY_COUNTS))
_PRODUCT, _SOURCE, _CATEGORY, _CAUSE = map(st.sampled_from, (Product, IncomeSource, CostCategory, Cause))
_OVERDUE = st.sampled_from([OverdueInterest.SEPARATE, OverdueInterest.NONE])
_PREPAYMENT = st.sampled_from([Prepayment.HOLD, Prepayment.LOWER_INSTALMENT])
_CHARGES = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 5_000)), max_size=2)
_HABITS = st.lists(st.sampled_from(_LATE), max_size=6)
_CHECKED = st.sampled_from([None, True, False])
_DEPENDANTS, _FEW_MONTHS = st.none() | st.integers(0, 5), st.none() | st.integers(0, 12)
_DAYS_AGO = st.integers(0, 900)
_TOLD = st.sampled_from(["temporary", "lasting", "resolved"])
_TOLD_OR_NOT = st.sampled_from(["unsaid", "temporary", "lasting", "resolved", "denied"])
_PROOFS = st.lists(st.sampled_from(EvidenceKind), unique=True)
_GOOD = st.sampled_from([True] * 9 + [False])
_BAD = _GOOD.map(lambda well: not well)
_VULNERABLE = st.sampled_from([None, False, True])
_SCORE = st.none() | st.integers(0, 1_000).map(lambda k: Decimal(k) / 1000)


def days(policy: Policy | None = None) -> st.SearchStrategy[date]:
    """Draw days of decisions: 2026 to 2029, or those on which a policy holds and every parameter has a value.

    >>> from hypothesis import find
    >>> find(days(), lambda day: True)
    datetime.date(2026, 3, 18)
    """
    first, last = _FIRST, _LAST
    if policy is not None:
        began = [one.values[0].since for one in policy.parameters.values()]
        first = max([*began, *([policy.effective_from] if policy.effective_from else [])], default=_FIRST)
        last = max(_LAST, first + timedelta(days=1460))
        if policy.effective_until is not None:
            last = policy.effective_until - timedelta(days=1)
    drawn = st.dates(first, last)
    usual = _first(_DAY, drawn) if first <= _DAY <= last else drawn
    return usual if policy is None else usual.filter(lambda day: _in_force(policy, day))


def _in_force(policy: Policy, day: date) -> bool:
    try:
        policy.at(day)
    except InvalidPolicy:
        return False
    return True


@lru_cache
def _rates() -> st.SearchStrategy[Fraction]:
    others = st.sampled_from([12, 6, 24, 36, 0])
    return _first(18, others).map(lambda percent: Fraction(percent, 100)) | st.integers(1, 3600).map(
        lambda points: Fraction(points, 10_000)
    )


@lru_cache
def _counts(most: int) -> st.SearchStrategy[int]:
    usual = [one for one in (24, 36, 6, 60, 3, 1) if one <= most]
    return _first(min(12, most), st.sampled_from(usual), st.integers(1, most))


@lru_cache
def _principals(currency: str) -> st.SearchStrategy[Decimal]:
    unit = 10 ** minor_digits(currency)
    minor = _first(
        12_000 * unit, st.integers(1, 500).map(lambda k: k * 1000 * unit), st.integers(5_000, 10**8)
    )
    return minor.map(lambda amount: from_minor(amount, currency))


@lru_cache
def _monthly(currency: str, about: int, *, least: int = 0, most: int = 12) -> st.SearchStrategy[Decimal]:
    """Draw amounts a month up to `most` times what they are about, round ones first."""
    scale = 10 ** max(len(str(about)) - 1, 0)
    minor = st.integers(least, max(most * about // scale, least)).map(lambda k: k * scale)
    minor |= st.integers(least, most * about)
    return minor.map(lambda amount: from_minor(amount, currency))


@st.composite
def _due(draw: st.DrawFn, after: date) -> tuple[date, int | None]:
    """Draw a first due date with its anchor day: a month later, or an odd first period."""
    first: date = after + relativedelta(months=1)
    if draw(st.booleans()):
        first = after + timedelta(days=draw(st.integers(1, 31)))
    return first, after.day if first == after + relativedelta(months=1) and first.day != after.day else None


# --- loans


@st.composite
def stated_loans(draw: st.DrawFn, *, on: date = _DAY, currency: str = "CNY") -> StatedLoan:
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

    rests = {least: _first(least, st.integers(least, 2 * about)) for least in (0, 1)}

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
        # As agreed: what the level instalment would be, or more, so that the last rows may fall away.
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
def contracts(draw: st.DrawFn, *, start: date = _DAY, currency: str = "CNY") -> Contract:
    """Draw agreements that begin on a day, whose instalments cover their interest, with what lateness costs."""
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
def contract_loans(draw: st.DrawFn, *, on: date = _DAY, currency: str = "CNY") -> ContractLoan:
    """Draw loans by contract and payments up to a day: paid to the day, or late, short, early or not at all of late.

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
    # The last habits are the latest: what came before was paid on time.
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
def loans(*, on: date = _DAY, currency: str = "CNY") -> st.SearchStrategy[StatedLoan | ContractLoan]:
    """Draw loans of both bases as they stand on a day."""
    return stated_loans(on=on, currency=currency) | contract_loans(on=on, currency=currency)


# --- the borrower


@lru_cache
def _incomes(currency: str, about: int, *, least: int) -> st.SearchStrategy[tuple[Income, ...]]:
    one = st.builds(Income, source=_SOURCE, monthly=_monthly(currency, about, least=1), verified=_CHECKED)
    return st.lists(one, min_size=least, max_size=2).map(tuple)


@lru_cache
def _costs(currency: str, about: int) -> st.SearchStrategy[tuple[Cost, ...]]:
    one = st.builds(Cost, category=_CATEGORY, monthly=_monthly(currency, about, most=1))
    return st.lists(one, max_size=2).map(tuple)


@lru_cache
def _debts(currency: str, about: int) -> st.SearchStrategy[tuple[OtherDebt, ...]]:
    one = st.builds(OtherDebt, creditor=st.just("C"), monthly=_monthly(currency, about, most=1))
    return st.lists(one, max_size=2).map(tuple)


@st.composite
def finances(
    draw: st.DrawFn, *, currency: str = "CNY", about: int = 100_000, complete: bool | None = None
) -> Finances:
    """Draw what is known of a borrower's money, with gaps unless it is to be complete.

    `about` is what the loan asks a month, in minor units: incomes lie on both sides of it.
    """
    known = _known(draw, complete)
    return Finances(
        income=known(_incomes(currency, about, least=1 if complete else 0)),
        income_before=known(_monthly(currency, about)),
        essential_costs=known(_costs(currency, about)),
        other_debts=known(_debts(currency, about)),
        liquid_reserves=known(_monthly(currency, about)),
        dependants=draw(_DEPENDANTS),
    )


@st.composite
def hardships(draw: st.DrawFn, *, on: date = _DAY, complete: bool | None = None) -> Hardship:
    """Draw what happened up to a day: passing, lasting, over, or not said, with gaps unless it is to be complete."""
    known = _known(draw, complete)
    ago = known(_DAYS_AGO)
    onset = None if ago is None else on - timedelta(days=ago)
    months = resolved = lasting = None
    match draw(_TOLD if complete else _TOLD_OR_NOT):
        case "temporary":
            months = draw(st.integers(1, 40))
            if complete and onset is not None:  # an expected end that is past tells nothing
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
    """Draw how borrower and lender get on, mostly well, with gaps unless it is to be complete."""
    known = _known(draw, complete)
    return Conduct(
        willing_to_repay=known(_GOOD),
        reachable=known(_GOOD),
        disputed=known(_BAD),
        vulnerable=draw(_VULNERABLE),
    )


def _known(draw: st.DrawFn, complete: bool | None) -> Callable[[st.SearchStrategy[Any]], Any]:
    """Give what draws a field: nothing first, unless the whole is to be complete."""
    return lambda strategy: draw(strategy if complete else _or_none(strategy))


@st.composite
def applications(
    draw: st.DrawFn,
    *,
    policy: Policy | None = None,
    currency: str = "CNY",
    on: date | None = None,
    complete: bool | None = None,
) -> Application:
    """Draw whole applications, free of contradictions, with loans of both bases; about half of them are complete.

    With a policy its currency, its scores and days on which it holds are taken. A complete application lacks nothing
    that `Assessment.missing` would name, so that a policy gets as far as its rules.

    >>> from hypothesis import find
    >>> drawn = find(applications(), lambda one: one.loan.basis == "contract" and one.finances.income)
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


# --- facts


@st.composite
def facts(
    draw: st.DrawFn, policy: Policy, *, on: date | None = None, of_plan: bool = False
) -> dict[str, Any]:
    """Draw facts of a case that a policy reads, by name, often right at its thresholds; a fact left out is unknown.

    They are what a case of a `*_test.yaml` gives under `facts`, and what `known_from` takes. Each is drawn for itself,
    so that some contradict each other, as in no file; with `of_plan` figures of a plan are drawn too.

    >>> from hypothesis import find
    >>> from restructure import load_policy
    >>> find(facts(load_policy("cn-consumer-finance")), lambda case: case.get("income_drop", 0) >= Decimal("0.2"))
    {'income_drop': Decimal('0.200000')}
    """
    day = draw(days(policy)) if on is None else on
    in_force = policy.at(day)
    case: dict[str, Any] = {}
    for fact, borders in _read(in_force, of_plan=of_plan):
        value = draw(
            _or_none(_values(fact, borders, policy.currency, day if fact.kind is Kind.DATE else _DAY))
        )
        if value is not None:
            case[fact.name] = value
    return case


def _read(in_force: InForce, *, of_plan: bool) -> Iterator[tuple[Fact, tuple[int, ...]]]:
    """Give every fact that a policy's conditions rest on, with the numbers they compare it with."""
    nodes = [node for _, node in (*in_force.case_problem.entries, *in_force.plan_problem.entries)]
    nodes += [node for stage in in_force.stages for _, node in stage.problem.entries]
    nodes += in_force.guards.values()
    aims = [aim for rule in in_force.aims.values() for aim in rule]
    nodes += [aim.accept for aim in aims if aim.accept is not None]
    nodes += [aim.leaf for aim in aims if aim.amount is None]
    leaves: list[Leaf] = [leaf for node in nodes for leaf in node.leaves()]
    names = [name for leaf in leaves for name in leaf.facts]
    names = [inner for name in names for inner in in_force.rests_on(name)]
    borders: dict[str, list[int]] = {}
    for leaf in leaves:
        if leaf.other is None and leaf.op.value not in ("known", "unknown"):
            borders.setdefault(leaf.fact, []).append(leaf.threshold)
    known = catalogue()
    for name in sorted(
        dict.fromkeys(names), key=lambda name: list(known).index(name) if name in known else 999
    ):
        fact = in_force.fact(name)
        if of_plan or not fact.of_plan:
            yield fact, tuple(sorted(set(borders.get(name, ()))))


@lru_cache(maxsize=1024)
def _values(fact: Fact, borders: tuple[int, ...], currency: str, day: date) -> st.SearchStrategy[Any]:
    """Draw values of a fact: at the borders, one unit beside them, and anywhere."""
    unit = 10 ** minor_digits(currency)
    match fact.kind:
        case Kind.FLAG:
            return st.booleans()
        case Kind.CHOICE:
            return st.sampled_from(fact.choices)
        case Kind.MONEY:
            anywhere = st.integers(0, 200).map(lambda k: k * 100 * unit) | st.integers(0, 10**8)
        case Kind.RATIO:
            anywhere = st.integers(0, 20).map(lambda k: k * 50_000) | st.integers(0, 3_000_000)
        case Kind.DATE:
            anywhere = st.integers(0, 2_000).map(lambda k: day.toordinal() - k)
        case Kind.DAYS:
            anywhere = st.integers(0, 400)
        case _:
            anywhere = st.integers(0, 120)
    beside = [border + shift for border in borders for shift in (0, -1, 1)]
    beside = beside if _signed(fact) else [max(number, 0) for number in beside]
    drawn = st.sampled_from(beside) | anywhere if beside else anywhere
    return drawn.map(lambda number: fact.decode(number, currency))


def _signed(fact: Fact) -> bool:
    """Tell whether a fact may be negative, as what is left of an income may; of a policy's own facts nobody knows."""
    model = Prospect if fact.of_plan else Assessment
    field = model.model_fields.get(fact.name)
    if field is None:
        return fact.kind in (Kind.MONEY, Kind.RATIO)
    return SignedMoney in (field.annotation, *get_args(field.annotation))
