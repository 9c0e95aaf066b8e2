"""Schedules against an exact annuity, row by row, and against schedules printed in books and rules."""

import itertools
import json
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from calculator.oracles import contract_rows, dues, exact_level, fraction_of_year, minor, rounded, rows_of
from laws import examples
from restructure.calculator.amortisation.rows import PAID, level_instalment, level_rows
from restructure.calculator.amortisation.schedule import Schedule, amortise
from restructure.calculator.amortisation.scheme import Method
from restructure.calculator.amortisation.terms import Terms
from restructure.calculator.conventions.day_counts import DayCount
from restructure.calculator.conventions.money import Rounding, rounder
from restructure.errors import Refused
from strategies import DECIMALS, days, major, terms

GOLDEN = Path(__file__).parents[1] / "golden"


def plain(**changes) -> Terms:
    """A loan of 12,000 over 12 months at 18 %."""
    fields = dict(
        currency="CNY",
        principal="12000",
        annual_rate="18%",
        instalments=12,
        start="2026-01-15",
        first_due="2026-02-15",
    )
    return Terms(**(fields | changes))


def made(loan: Terms) -> Schedule:
    try:
        return amortise(loan)
    except Refused as refused:
        assert [issue.code for issue in refused.issues] == ["negative-amortisation"]
        assume(False)
        raise


# --- the oracle


@given(terms())
def test_every_row_is_what_the_exact_annuity_gives(loan):
    rows = [
        (
            row.due,
            minor(row.principal, loan.currency),
            minor(row.interest, loan.currency),
            minor(row.balance, loan.currency),
        )
        for row in made(loan).rows
    ]
    assert rows == contract_rows(loan)


@examples(40)
@given(terms(most=480))
def test_every_row_of_a_long_loan_is_what_the_exact_annuity_gives(loan):
    test_every_row_is_what_the_exact_annuity_gives.hypothesis.inner_test(loan)


@pytest.mark.slow
@settings(max_examples=3000)
@given(terms(most=480))
def test_every_row_is_what_the_exact_annuity_gives_in_thousands_of_loans(loan):
    test_every_row_is_what_the_exact_annuity_gives.hypothesis.inner_test(loan)


@examples(100)
@example(10**17, 600, date(2026, 1, 15), 777, Rounding.HALF_UP, DayCount.ACT_365F)
@example(10**17, 360, date(2026, 1, 31), 1249, Rounding.DOWN, DayCount.ACT_360)
@given(
    st.integers(1, 10**12) | st.integers(10**15, 10**17),
    st.integers(49, 600),
    days,
    st.integers(1, 2400),
    st.sampled_from(Rounding),
    st.sampled_from([DayCount.ACT_365F, DayCount.ACT_360, DayCount.ACT_364, DayCount.THIRTY_E_360]),
)
def test_the_fixed_point_solution_of_long_uneven_schedules_is_the_exact_one(
    balance, count, start, points, rounding, day_count
):
    borders = [start, *dues(start + timedelta(days=20), count, start.day)]
    rates = [
        Fraction(points, 10_000) * fraction_of_year(day_count, a, b, start.day)
        for a, b in itertools.pairwise(borders)
    ]
    year = int(day_count[4:7]) if day_count.startswith("ACT") else 360
    factors = [(rate * year * 10_000).numerator for rate in rates]
    solved = level_instalment(balance, factors, year * 10_000, rounder(rounding))
    assert solved == rounded(exact_level(balance, rates), rounding.value)


@pytest.mark.parametrize(
    ("rounding", "instalments"),
    [("half_up", (7, 7, 8)), ("half_even", (6, 7, 8)), ("up", (7, 7, 8)), ("down", (6, 7, 7))],
)
def test_a_tie_in_a_long_uneven_schedule_is_decided_exactly(rounding, instalments):
    # 51 periods without interest but the last but one, which doubles: 1 a period is worth 49 + 1/2 + 1/2 = 50
    # today, so 325, 350 and 375 are repaid by exactly 6.5, 7 and 7.5.
    factors = [0] * 49 + [1, 0]
    divide = rounder(Rounding(rounding))
    assert tuple(level_instalment(balance, factors, 1, divide) for balance in (325, 350, 375)) == instalments


@pytest.mark.parametrize("rounding", list(Rounding))
def test_a_whole_instalment_stays_whole_where_the_growth_has_no_finite_binary(rounding):
    # 49 periods without interest, then a third: 1 a period is worth 49 + 3/4 today, so 199 is repaid by exactly 4.
    assert level_instalment(199, [0] * 49 + [1], 3, rounder(rounding)) == 4


# --- laws


@given(terms())
def test_the_last_balance_is_zero_and_the_principal_of_all_rows_is_the_loan(loan):
    schedule = made(loan)
    assert schedule.rows[-1].balance == 0
    assert sum(row.principal for row in schedule.rows) == loan.principal
    assert 1 <= len(schedule.rows) <= loan.instalments
    assert schedule.total == sum(row.total for row in schedule.rows) == loan.principal + schedule.interest
    assert schedule.last_due == schedule.rows[-1].due
    assert [row.number for row in schedule.rows] == list(range(1, len(schedule.rows) + 1))


@given(terms())
def test_every_row_replays_from_the_printed_balance(loan):
    balance, begin = loan.principal, loan.start
    anchor = loan.anchor_day or loan.first_due.day
    for row in made(loan).rows:
        part = loan.annual_rate * fraction_of_year(loan.day_count, begin, row.due, anchor)
        assert minor(row.interest, loan.currency) == rounded(
            minor(balance, loan.currency) * part, loan.rounding
        )
        assert row.accrued == row.interest
        assert row.total == row.principal + row.interest
        assert row.balance == balance - row.principal
        balance, begin = row.balance, row.due


@given(terms())
def test_all_instalments_but_the_last_are_equal(loan):
    rows = made(loan).rows
    level = loan.method is Method.LEVEL
    assert len({row.total if level else row.principal for row in rows[:-1]}) <= 1


@given(terms())
def test_a_schedule_survives_json(loan):
    schedule = made(loan)
    again = Schedule.model_validate_json(schedule.model_dump_json())
    assert again == schedule
    assert again.rows.minor == schedule.rows.minor
    assert Schedule.model_validate(schedule.model_dump()) == schedule
    assert Terms.model_validate_json(loan.model_dump_json()) == loan


@pytest.mark.parametrize(
    ("currency", "instalment"), [("JPY", "1100"), ("CNY", "1100.16"), ("KWD", "1100.160")]
)
def test_an_instalment_has_the_decimals_of_its_currency(currency, instalment):
    # 12,000 at 1.5 % a month over 12: exact 1100.1599929..., so 1,100 yen, 1,100.16 yuan, 1,100.160 dinar.
    exact = exact_level(12000 * 10 ** DECIMALS[currency], [Fraction(15, 1000)] * 12)
    assert major(rounded(exact), currency) == Decimal(instalment)
    schedule = amortise(plain(currency=currency))
    assert str(schedule.rows[0].total) == instalment
    assert json.loads(schedule.model_dump_json())["rows"][0]["total"] == instalment


def test_rows_can_be_sliced_and_counted_from_the_end():
    rows = amortise(plain()).rows
    assert [row.number for row in rows[-2:]] == [11, 12]
    assert rows[-1] == rows[11] == list(rows)[-1]
    assert rows[-1].number == 12


# --- plain examples


def test_a_rate_of_zero_is_a_rate():
    schedule = amortise(plain(annual_rate=0, principal="1000.00", instalments=3))
    assert [str(row.total) for row in schedule.rows] == ["333.33", "333.33", "333.34"]
    assert schedule.interest == 0


def test_one_instalment_is_the_loan_and_a_months_interest():
    (row,) = amortise(plain(instalments=1)).rows
    assert (row.principal, row.interest, row.balance) == (Decimal(12000), Decimal(180), 0)


def test_equal_parts_of_principal_bear_less_interest_every_month():
    rows = amortise(plain(method="equal_principal")).rows
    assert [str(row.principal) for row in rows] == ["1000.00"] * 12
    assert [str(row.interest) for row in rows] == [f"{180 - 15 * k}.00" for k in range(12)]


def test_a_given_instalment_leaves_the_residue_to_the_last_row():
    rows = amortise(plain(instalment="1100.00")).rows
    assert {str(row.total) for row in rows[:-1]} == {"1100.00"}
    assert rows[-1].total > 1100
    assert sum(row.principal for row in rows) == 12000


def test_a_large_given_instalment_ends_the_loan_early():
    rows = amortise(plain(instalment="7000.00")).rows
    # 12,000 · 1.5 % = 180 → 6,820; 5,180 · 1.5 % = 77.70 → 5,180 + 77.70.
    assert [(str(row.total), str(row.balance)) for row in rows] == [
        ("7000.00", "5180.00"),
        ("5257.70", "0.00"),
    ]


def test_an_instalment_below_the_interest_is_refused():
    with pytest.raises(Refused) as refused:
        amortise(plain(instalment="179.99"))
    assert [issue.code for issue in refused.value.issues] == ["negative-amortisation"]


def test_an_instalment_equal_to_the_interest_repays_everything_at_the_end():
    rows = amortise(plain(instalment="180.00")).rows
    assert rows[10].balance == 12000
    assert rows[-1].principal == 12000


def test_equal_day_counts_follow_the_days_of_each_period():
    rows = amortise(plain(day_count="ACT/365F", annual_rate="36.5%", method="equal_principal")).rows
    # 36.5 % over 365 is a thousandth a day: 31, 28, 31 nights from 15 January.
    assert [str(row.interest) for row in rows[:3]] == ["372.00", "308.00", "310.00"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"instalments": 0}, "term-not-positive"),
        ({"first_due": "2026-01-15"}, "date-before-origination"),
        ({"principal": "0.001"}, "money-scale"),
        ({"instalment": "1.001"}, "money-scale"),
        ({"principal": 12.5}, "money-float"),
        ({"annual_rate": "18"}, "rate-implausible"),
        ({"currency": "yuan"}, "currency-unknown"),
        ({"principal": "-1"}, "money-negative"),
        ({"currency": "JPY", "principal": "0.50"}, "money-scale"),
    ],
)
def test_terms_that_contradict_themselves_are_refused_with_a_code(changes, code):
    with pytest.raises(ValidationError) as caught:
        plain(**changes)
    assert [error["type"] for error in caught.value.errors()] == [code]


# --- published schedules

PUBLISHED = json.loads((GOLDEN / "published_schedules.json").read_text("utf-8"))["cases"]


def named(cases):
    """Show each case under its source in the test's name."""
    return [pytest.param(case, id=case["id"]) for case in cases]


# Monthly and quarterly schedules, and every rounding the books use: test_scheme.py.


@pytest.mark.parametrize("case", named(c for c in PUBLISHED if c["loan"]["payment_frequency"] == "annual"))
def test_a_published_annual_schedule_is_met_to_the_cent(case):
    # Source: case["published_source"]. Years instead of months: the same loops with one factor a year.
    loan = case["loan"]
    count, rate = loan["term_months"] // 12, Fraction(loan["annual_rate_pct"]) / 100
    balance, factors, divide = minor(loan["principal"]), [rate.numerator] * count, rounder(Rounding.HALF_UP)
    instalment = level_instalment(balance, factors, rate.denominator, divide)
    assert str(major(instalment)) == case["expected_payment"]
    rows = level_rows(
        [date(2026 + k, 1, 1) for k in range(count)], balance, instalment, factors, rate.denominator, divide
    )
    for row in case["expected_rows"]:
        ours = rows[row["nr"] - 1]
        figures = tuple(str(major(amount)) for amount in (sum(ours[PAID]), ours[1], ours[2], ours[-1]))
        assert figures == (row["payment"], row["principal"], row["interest"], row["balance_after"])


def test_the_oracle_meets_a_published_schedule_too():
    # Arcones, SOA FM §4.1 Ex 4 (golden/published_schedules.json): an oracle that nothing checks proves nothing.
    (case,) = (case for case in PUBLISHED if case["id"].startswith("arcones"))
    rows = rows_of("level", 2_000_000, [Fraction(8, 100)] * 12, "half_up")
    printed = [
        tuple(minor(row[key]) for key in ("principal", "interest", "balance_after"))
        for row in case["expected_rows"]
    ]
    assert rows == printed


@pytest.mark.parametrize(("field", "value"), [("total", "1100.17"), ("number", 2), ("interest", "180.01")])
def test_a_schedule_whose_rows_do_not_add_up_is_not_read(field, value):
    record = json.loads(amortise(plain()).model_dump_json())
    record["rows"][0][field] = value
    with pytest.raises(ValidationError) as caught:
        Schedule.model_validate(record)
    assert "record-altered" in {fault["type"] for fault in caught.value.errors()}


# --- what no schedule may hold


@pytest.mark.parametrize(
    "changes",
    [
        # 2.00 twice, then 3.00 less: −1.00 would be paid to the borrower.
        dict(
            annual_rate="0", instalment="2", method="stepped", steps=dict(every=2, amount="-3"), instalments=6
        ),
        # A month's interest is 180, ten days' of it 60: 100 less the 120 of the days that there were not is −20.
        dict(instalment="100", day_count="30E/360", start="2026-02-05", stub="first_row"),
    ],
)
def test_an_instalment_that_would_be_paid_to_the_borrower_is_refused(changes):
    with pytest.raises(Refused) as refused:
        amortise(plain(negative_amortisation=True, **changes))
    (issue,) = refused.value.issues
    assert issue.code == "negative-amortisation"
    assert "would be below zero" in issue.message


@pytest.mark.parametrize(
    "changes",
    [
        dict(principal="90000000000000", annual_rate="240%", method="bullet"),
        dict(principal="90000000000000", annual_rate="240%", instalment="1", negative_amortisation=True),
        # 24 % of ten million million for a thousand years
        dict(principal="10000000000000", annual_rate="24%", start="1026-01-15", instalments=1),
    ],
)
def test_a_schedule_with_amounts_that_no_amount_may_reach_is_refused(changes):
    with pytest.raises(Refused) as refused:
        amortise(plain(**changes))
    (issue,) = refused.value.issues
    assert issue.code == "money-too-large"


@pytest.mark.parametrize("currency", ["JPY", "CNY", "KWD"])
def test_a_schedule_of_the_largest_amounts_can_be_read_back(currency):
    schedule = amortise(plain(currency=currency, principal="99999999999999", instalments=360))
    assert schedule.total >= 10**14
    assert Schedule.model_validate_json(schedule.model_dump_json()) == schedule


@pytest.mark.parametrize("rounding", list(Rounding))
def test_a_loan_of_nothing_has_instalments_of_nothing_whatever_suspends_them_and_rounds(rounding):
    loan = plain(
        principal="0",
        rounding=rounding,
        negative_amortisation=True,
        suspensions=[dict(instalments=3, starts=4, interest="park")],
    )
    assert amortise(loan).total == 0
