"""Figures worked out quickly are, digit for digit, those of every payment discounted on its own."""

from decimal import Decimal
from math import fsum

from hypothesis import HealthCheck, assume, given
from hypothesis import strategies as st

from compositions import compositions
from laws import examples
from restructure.calculator.amortisation.amortise import repay, solved_level
from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.amortisation.rows import PAID, _exact_annuity, level_instalment
from restructure.calculator.amortisation.scheme import Scheme
from restructure.calculator.amortisation.timetable import Periods
from restructure.calculator.conventions.day_counts import DayCount, year_fractions
from restructure.calculator.conventions.money import Rounding, round_div, rounder
from restructure.calculator.measures.books import MovementKind
from restructure.calculator.plans import figures as room
from restructure.calculator.plans.figures import figures_of, monthly_internal_rate
from restructure.calculator.plans.plan import Plan, reschedule
from restructure.calculator.servicing.position import Buckets, Position
from restructure.errors import Refused
from strategies import restructurings


def _months(plan: Plan, rows) -> list[float]:
    parts, year = year_fractions(
        DayCount.THIRTY_360_BY_MONTH,
        [plan.position.on, *(row[0] for row in rows)],
        anchor_day=plan.position.repayment.anchor,
    )
    return [sum(parts[: k + 1]) * 12 / year for k in range(len(parts))]


def _decimal(value: float, scale: int) -> Decimal:
    return Decimal(round(value * 10**scale)).scaleb(-scale)


def by_every_payment(plan: Plan) -> dict[str, object]:
    """Work the figures of present value out as they are defined, in the sums that lose nothing."""
    places = plan.schedule.rows.places
    minor = [(m.kind, m.on, int(m.amount.scaleb(places))) for m in plan.ledger]
    paid = sum(amount for kind, _, amount in minor if kind is MovementKind.PAID)
    given_up = sum(
        amount
        for kind, on, amount in minor
        if kind is MovementKind.FORGIVEN or (kind is MovementKind.WAIVED and on == plan.position.on)
    )
    step = 1 + float(plan.position.repayment.annual_rate) / 12
    worth, streams = [], []
    for schedule in (plan.before, plan.schedule):
        rows = schedule.rows.minor
        streams.append(([sum(row[PAID]) for row in rows], _months(plan, rows)))
        worth.append(fsum(payment * step**-at for payment, at in zip(*streams[-1], strict=True)))
    before, after = worth[0], worth[1] + paid
    payments, months = streams[1]
    internal = monthly_internal_rate(
        int(plan.position.buckets.claim.scaleb(places)) - given_up - paid, payments, months
    )
    principal = [row[1] + row[3] + row[7] for row in plan.schedule.rows.minor]
    weighted, repaid = fsum(part * at for part, at in zip(principal, months, strict=True)), sum(principal)
    return {
        "npv_loss": _decimal(1 - after / before, 6) if before else Decimal("0.000000"),
        "modification_loss": Decimal(round(before - after)).scaleb(-places),
        "apr_after": known(_decimal(12 * internal, 4)),
        "apr_effective_after": known(_decimal((1 + min(internal, 1e6)) ** 12 - 1, 4)),
        "weighted_average_life_after": _decimal(weighted / (12 * repaid) if repaid else 0.0, 4),
    }


def known(rate: Decimal) -> Decimal | None:
    return rate if rate < 10**6 else None


def plan_of(case) -> Plan:
    try:
        return reschedule(case[0], case[1])
    except Refused:
        assume(False)
        raise


@examples(150, suppress_health_check=list(HealthCheck))
@given(restructurings() | compositions())
def test_quick_figures_are_the_careful_ones(case):
    plan = plan_of(case)
    figures, careful = figures_of(plan), by_every_payment(plan)
    assert {name: str(getattr(figures, name)) for name in careful} == {
        name: str(value) for name, value in careful.items()
    }


@examples(30, suppress_health_check=list(HealthCheck))
@given(case=restructurings())
def test_where_the_bound_is_too_wide_the_careful_way_decides(case):
    plan = plan_of(case)
    quick = figures_of(plan)
    again = Plan.model_validate_json(plan.model_dump_json())
    narrow = room._SLACK
    try:
        room._SLACK = 1e9  # nothing is certain
        assert figures_of(again) == quick
    finally:
        room._SLACK = narrow


@given(
    st.integers(1, 10**9),
    st.lists(st.integers(0, 3000), min_size=1, max_size=60),
    st.integers(1, 10**5),
    st.sampled_from(Rounding),
    st.floats(0, 1),
)
def test_the_instalment_in_floats_is_the_exact_one(balance, factors, year, rounding, share):
    balloon = int(balance * share)
    divide = lambda numerator, denominator: round_div(numerator, denominator, rounding)  # noqa: E731
    exact = divide(*_exact_annuity(balance, factors, year, balloon))
    assert level_instalment(balance, factors, year, divide, balloon=balloon) == exact


@given(st.integers(1, 10**8), st.lists(st.integers(0, 3000), min_size=1, max_size=40), st.integers(1, 10**5))
def test_an_instalment_solved_without_rows_is_that_of_the_rows(balance, factors, year):
    scheme = Scheme(divide=rounder(Rounding.HALF_UP))
    periods = Periods([None] * len(factors), factors, year)
    solved = solved_level(scheme, periods, balance)
    if solved is not None:
        assert repay(scheme, periods, balance, None).instalment == solved


def test_a_cost_that_says_nothing_any_more_is_unknown():
    """A cent is financed and a flat interest of thousands is due on it: no rate of a year would tell anybody anything."""
    position = Position(
        on="2026-03-18",
        currency="CNY",
        buckets=Buckets(principal="0.01"),
        repayment=Repayment(
            annual_rate="20%", instalments=3, first_due="2026-04-18", method="flat", flat_base="500000.00"
        ),
    )
    figures = figures_of(reschedule(position))
    assert figures.total_after > 1000
    assert (figures.apr_after, figures.apr_effective_after) == (None, None)
