"""Present values of plans: the published one, closed forms, and every payment discounted on its own."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import strategies as st

from compositions import compositions
from laws import examples
from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.amortisation.rows import PAID
from restructure.calculator.amortisation.scheme import HolidayInterest, Repricing
from restructure.calculator.measures.deferral import Capitalise, Defer
from restructure.calculator.measures.holiday import Holiday
from restructure.calculator.measures.rate import ChangeRate
from restructure.calculator.measures.relief import Forgive
from restructure.calculator.measures.solve import Reamortise
from restructure.calculator.measures.timing import ChangeFrequency, Extend, MoveDue
from restructure.calculator.measures.up_front import LumpSum, Pay, Settle
from restructure.calculator.plans.figures import figures_of
from restructure.calculator.plans.plan import Plan, reschedule
from restructure.calculator.plans.present_value import as_agreed, present_value
from restructure.calculator.servicing.position import Buckets, Position
from restructure.errors import Refused

START = date(2010, 1, 1)


def owed(rate: str = "6.5%", instalments: int = 360, **buckets: str) -> Position:
    """A loan in whole months from the first of January."""
    repayment = Repayment(annual_rate=rate, instalments=instalments, first_due="2010-02-01")
    since = "2009-12-01" if "principal_arrears" in buckets else None
    return Position(
        on=START, currency="USD", buckets=Buckets(**buckets), repayment=repayment, oldest_unpaid_due=since
    )


# us_fdic_loan_mod_npv.json, fdic-open-2: 467,188 over 480 months at 2.159 %, from month 61 one point more a year up to
# 5.53 %, discounted at 5.53 % a month later than each payment is due, prepaid in month 120: 386,927 as published.
STEPPED = ChangeRate(
    annual_rate="2.159%", rises_by="1%", rises_after=60, rises_to="5.53%", repricing="recalculate"
)


def test_the_published_value_of_a_modification_whose_rate_rises_comes_out():
    plan = reschedule(owed(principal="467188"), [STEPPED, Extend(instalments=120)])
    assert plan.instalment == Decimal("1454.16")
    assert [(k, str(paid)) for k, paid in plan.solved_anew] == [
        (1, "1454.16"), (61, "1686.74"), (73, "1931.88"), (85, "2187.62"), (97, "2284.22"),
    ]  # fmt: skip
    value = present_value(plan, Fraction("0.0553"), lag_months=1, prepaid_after=120)
    assert abs(value - 386927) <= 1
    assert abs((460413 - value) - 73485) <= 2  # the loss it publishes


def test_a_plan_discounted_at_its_own_rate_is_worth_its_balance():
    plan = reschedule(owed("6%", 120, principal="100000"))
    # Rows are rounded to the cent, so it is off by cents at most.
    assert abs(present_value(plan, Fraction(6, 100)) - 100000) < Fraction(1, 2)
    assert abs(present_value(plan, Fraction(6, 100), prepaid_after=30) - 100000) < Fraction(1, 2)
    assert present_value(plan, Fraction(6, 100), prepaid_after=0) == 100000
    assert present_value(plan, Fraction(6, 100), prepaid_after=120) == present_value(plan, Fraction(6, 100))
    assert present_value(plan, Fraction(0)) == figures_of(plan).total_after
    late = present_value(plan, Fraction(6, 100), lag_months=2) * Fraction(201, 200) ** 2
    assert abs(late - present_value(plan, Fraction(6, 100))) < Fraction(1, 10**30)


def test_what_is_paid_up_front_counts_in_full():
    plan = reschedule(owed(principal="10000"), [Pay(amount="1000")])
    apart = present_value(plan, Fraction(5, 100)) - present_value(
        reschedule(owed(principal="9000")), Fraction(5, 100)
    )
    assert abs(apart - 1000) < Fraction(1)
    assert present_value(plan, Fraction(5, 100), prepaid_after=0) == 10000


# Drawn from every kind of loan, of which this law takes the monthly ones that can be carried out.
@examples(200, suppress_health_check=[*HealthCheck])
@given(compositions(), st.integers(0, 40), st.integers(0, 30), st.integers(0, 3))
def test_a_monthly_plan_is_worth_every_row_discounted_on_its_own(composition, percent, prepaid, lag):
    position, measures = composition[:2]
    assume(position.repayment.every in ("1 month", "monthly"))
    assume(not any(isinstance(one, ChangeFrequency | Settle) for one in measures))
    try:
        plan = reschedule(position, measures)
    except Refused:
        assume(False)
    rows = plan.schedule.rows
    unit = Fraction(10) ** rows.places
    months = [k for k, _ in enumerate(rows.minor, 1)]
    step = 1 / (1 + Fraction(percent, 1200))
    expected = Fraction(plan.up_front) * step**lag
    expected += sum(
        Fraction(sum(row[PAID])) / unit * step ** (k + lag) for k, row in zip(months, rows.minor, strict=True)
    )
    found = present_value(plan, Fraction(percent, 100), lag_months=lag)
    moved = position.repayment.moves or any(
        one.measure in ("move_due", "defer", "holiday") for one in measures
    )
    if not moved and not position.parked_due:
        assert abs(found - expected) < Fraction(1, 10**20)
    if percent == 0:
        assert found == Fraction(figures_of(plan).total_after)
    # Paid early at no discount, the interest to come is saved and nothing else.
    early = present_value(plan, Fraction(0), prepaid_after=prepaid)
    assert early <= Fraction(figures_of(plan).total_after)


def left(plan: Plan, number: int) -> Fraction:
    """What is paid with row `number` beyond the row itself if everything is prepaid then."""
    rows = plan.schedule.rows.minor[:number]
    return present_value(plan, Fraction(0), prepaid_after=number) - Fraction(
        sum(sum(row[PAID]) for row in rows), 10**plan.schedule.rows.places
    )


def test_what_is_left_includes_what_was_set_aside_and_no_interest_that_has_not_accrued():
    position = owed("12%", 24, principal="10000", penalty="100", parked="500")
    plan = reschedule(position, [Defer(of="principal", amount="2000"), Defer(of="penalty")])
    for number in (0, 1, 10, 23):
        balance = plan.schedule.rows[number - 1].balance if number else Decimal(8000)
        assert left(plan, number) == balance + 2600
    for how in HolidayInterest:
        held = reschedule(owed("12%", 24, principal="10000"), [Holiday(instalments=3, interest=how)])
        # One month into a holiday of three at 1 % a month one month of interest has accrued, at its end three, or
        # what the three make with interest on interest; what is given up is so when it ends.
        compound = how is HolidayInterest.CAPITALISE
        ended = {HolidayInterest.WAIVE: 10000, HolidayInterest.CAPITALISE: Fraction("10303.01")}
        assert left(held, 0) == 10000, how
        assert left(held, 1) == 10100, how
        assert left(held, 2) == (10201 if compound else 10200), how
        assert left(held, 3) == ended.get(how, 10300), how


def test_other_frequencies_and_lump_sums_count_in_their_own_time():
    quarterly = Repayment(annual_rate="8%", instalments=8, first_due="2010-04-01", every="3 months")
    position = Position(on=START, currency="USD", buckets=Buckets(principal="8000"), repayment=quarterly)
    plan = reschedule(position)
    step = Fraction(100, 101)
    expected = sum(
        Fraction(sum(row[PAID]), 100) * step ** (3 * k) for k, row in enumerate(plan.schedule.rows.minor, 1)
    )
    assert abs(present_value(plan, Fraction(12, 100)) - expected) < Fraction(1, 10**30)
    sums = [LumpSum(on="2010-03-01", amount="3000"), LumpSum(on="2010-07-16", amount="1000")]
    settled = reschedule(position, [Settle(payments=sums)])
    found = present_value(settled, Fraction(12, 100))
    assert abs(float(found) - (3000 * 1.01**-2 + 1000 * 1.01 ** -(6 + 15 / 31))) < 1e-6
    assert present_value(settled, Fraction(0), prepaid_after=1) == 4000


@pytest.mark.parametrize(
    "wrong", [{"annual_rate": Fraction(-12)}, {"annual_rate": Fraction(0), "prepaid_after": -1}]
)
def test_what_cannot_be_discounted_is_refused(wrong):
    with pytest.raises(Refused, match="value-invalid"):
        present_value(reschedule(owed(principal="100")), **wrong)


# --- where the plan starts


def test_the_balance_and_what_is_set_aside_are_those_of_the_effective_date():
    position = owed(
        principal="10000",
        principal_arrears="400",
        interest_arrears="300",
        accrued="20",
        penalty="50",
        parked="700",
    )
    capitalise = Capitalise(of=("principal_arrears", "interest_arrears", "accrued"))

    def starts(*measures) -> tuple[Decimal, Decimal]:
        figures = figures_of(reschedule(position, measures))
        return figures.balance_after, figures.parked_after

    assert starts() == (10000, 700)
    assert starts(capitalise) == (10720, 700)
    assert starts(capitalise, Defer(of="principal", amount="3000"), Defer(of="penalty")) == (7720, 3750)
    assert starts(capitalise, Forgive(amount="1000"), Forgive(of="parked", amount="100")) == (9720, 600)
    assert starts(Capitalise(of=("parked",))) == (10700, 0)
    # What a holiday does to interest later is no part of where the plan starts.
    assert starts(Holiday(instalments=3, interest="capitalise")) == (10000, 700)
    assert starts(Holiday(instalments=3, interest="park")) == (10000, 700)
    assert starts(Settle(payments=[LumpSum(on="2010-03-01", amount="5000")])) == (0, 0)
    assert starts(Pay(amount="11470")) == (0, 0)


# --- rates that rise


def test_a_rate_that_rises_is_the_same_changes_said_one_by_one():
    position = owed("9%", 48, principal="20000")
    rises = ChangeRate(annual_rate="2%", rises_by="1.5%", rises_after=6, rises_every=12, rises_to="5.5%")
    spelled = [
        ChangeRate(annual_rate="2%"),
        ChangeRate(annual_rate="3.5%", starts="2010-07-01"),
        ChangeRate(annual_rate="5%", starts="2011-07-01"),
        ChangeRate(annual_rate="5.5%", starts="2012-07-01"),
    ]
    one, other = reschedule(position, [rises]), reschedule(position, spelled)
    assert one.schedule == other.schedule
    assert one.identities.hold
    assert len({row.principal + row.interest for row in list(one.schedule.rows)[:-1]}) == 1
    anew = reschedule(position, [rises.model_copy(update={"repricing": Repricing.RECALCULATE})])
    assert [k for k, _ in anew.solved_anew] == [1, 7, 19, 31]
    assert anew.identities.hold


def test_a_rate_rises_on_due_dates_as_the_plan_has_them_also_in_a_new_frequency_and_a_term_that_is_solved_for():
    rises = ChangeRate(annual_rate="2%", rises_by="1%", rises_after=4, rises_every=2, rises_to="4%")
    weekly = ChangeFrequency(every="2 weeks", instalments=20)
    plan = reschedule(owed("9%", 24, principal="20000"), [rises, weekly, MoveDue(to="2010-02-03")])
    days = [row.due for row in plan.schedule.rows]
    assert plan.repayment is not None
    assert [one.starts for one in plan.repayment.rates] == [days[3], days[5]]
    late = rises.model_copy(update={"rises_after": 30})
    longer = reschedule(owed("9%", 24, principal="20000"), [late, Reamortise(solve="term", instalment="500")])
    assert len(longer.schedule.rows) > 32
    assert longer.repayment is not None
    assert [one.starts for one in longer.repayment.rates] == [longer.schedule.rows[k].due for k in (29, 31)]
    assert longer.identities.hold


def test_a_rate_at_or_above_its_end_does_not_rise_and_none_rises_after_the_last_instalment():
    position = owed("9%", 24, principal="20000")
    for measure in (
        ChangeRate(annual_rate="5%", rises_by="1%", rises_after=6, rises_to="5%"),
        ChangeRate(annual_rate="5%", rises_by="1%", rises_after=6, rises_to="4%"),
        ChangeRate(annual_rate="5%", rises_by="1%", rises_after=60, rises_to="9%"),
    ):
        plan = reschedule(position, [measure])
        assert plan.schedule == reschedule(position, [ChangeRate(annual_rate="5%")]).schedule
        assert plan.repayment is not None
        assert plan.repayment.rates == ()


def test_two_changes_that_disagree_about_the_instalment_are_refused():
    changes = [
        ChangeRate(annual_rate="2%", repricing="keep"),
        ChangeRate(annual_rate="3%", starts="2010-07-01", repricing="recalculate"),
    ]
    with pytest.raises(Refused, match="value-invalid"):
        reschedule(owed(principal="100"), changes)


# --- the effective rate, the days, and what was agreed


def test_a_rate_that_compounds_yearly_takes_a_yearly_bullet_at_its_own_rate_to_par():
    # A two years' deferral of everything costs 1 − 1.05^−2, whatever the rows before it.
    yearly = Repayment(
        annual_rate="5%", instalments=5, first_due="2011-01-01", every="12 months", method="interest_only"
    )
    position = Position(on=START, currency="EUR", buckets=Buckets(principal="1000"), repayment=yearly)
    later = reschedule(position, [Holiday(instalments=2, interest="waive")])
    agreed = as_agreed(later)
    assert agreed is not None
    assert abs(present_value(agreed, Fraction(5, 100), yearly=True) - 1000) < Fraction(1, 10**30)
    found = present_value(later, Fraction(5, 100), yearly=True)
    assert abs(found - 1000 * Fraction(100, 105) ** 2) < Fraction(1, 10**30)
    assert found == present_value(later, Fraction(5, 100), yearly=True, by_days=True)


def test_only_days_see_that_every_due_date_is_moved():
    position = owed("6%", 24, principal="10000")
    held, moved = reschedule(position), reschedule(position, [MoveDue(to="2010-03-01")])
    one = Fraction(201, 200)
    rate, paid = Fraction(6, 100), Fraction(sum(sum(row[PAID]) for row in moved.schedule.rows.minor), 100)
    assert present_value(moved, Fraction(0), by_days=True) == paid
    by_periods, by_days = (present_value(moved, rate, by_days=days) for days in (False, True))
    assert abs(by_periods / by_days - one) < Fraction(1, 10**30)
    assert present_value(held, rate) == present_value(held, rate, by_days=True)


def test_what_was_agreed_is_the_plan_without_measures_and_nothing_where_it_cannot_be_paid():
    position = owed("12%", 24, principal="10000", interest_arrears="300")
    plan = reschedule(position, [Extend(instalments=12)])
    agreed = as_agreed(plan)
    assert agreed is not None
    assert agreed.schedule == plan.before
    assert present_value(agreed, Fraction(1, 10)) == present_value(reschedule(position), Fraction(1, 10))
    assert as_agreed(plan.model_copy(update={"before": None})) is None
