"""Due dates that never drift and day counts that add up, against dateutil and published conventions."""

import itertools
from datetime import date, timedelta
from fractions import Fraction

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import assume, example, given
from hypothesis import strategies as st

from calculator.oracles import fraction_of_year
from restructure.calculator.conventions.dates import (
    Frequency,
    LastPeriod,
    Roll,
    dates_until,
    due_dates,
    every_dates,
    next_due,
    roll_date,
    step_after,
    step_before,
    step_of,
    weekend,
)
from restructure.calculator.conventions.day_counts import DayCount, year_fraction, year_fractions
from restructure.errors import Refused
from strategies import ADDITIVE, days

anchors = st.integers(1, 31)


def part(day_count: DayCount, begin: date, end: date, anchor: int | None = None) -> Fraction:
    return Fraction(*year_fraction(day_count, begin, end, anchor_day=anchor))


# --- due dates


def test_month_ends_come_back_after_february():
    assert due_dates(date(2026, 1, 31), 4) == [
        date(2026, 1, 31),
        date(2026, 2, 28),
        date(2026, 3, 31),
        date(2026, 4, 30),
    ]
    assert due_dates(date(2028, 1, 31), 3)[1:] == [date(2028, 2, 29), date(2028, 3, 31)]
    assert due_dates(date(2026, 1, 30), 3) == [date(2026, 1, 30), date(2026, 2, 28), date(2026, 3, 30)]


@given(days, st.integers(0, 480), st.sampled_from([1, 1, 2, 3, 6, 12]))
@example(date(2024, 1, 31), 14, 1)
@example(date(2024, 2, 29), 5, 12)
def test_due_dates_step_from_the_first_one_and_never_drift(first, count, months):
    assert due_dates(first, count, months=months) == [
        first + relativedelta(months=months * k) for k in range(count)
    ]


@given(days, st.integers(1, 100), anchors)
@example(date(2026, 2, 28), 3, 31)
def test_the_anchor_day_is_returned_to_after_shorter_months(first, count, anchor):
    month = first.replace(day=1)
    expected = [first] + [month + relativedelta(months=k, day=anchor) for k in range(1, count)]
    assert due_dates(first, count, anchor_day=anchor) == expected


def test_a_first_due_date_at_the_end_of_february_keeps_the_anchor_of_31():
    assert due_dates(date(2026, 2, 28), 3, anchor_day=31) == [
        date(2026, 2, 28),
        date(2026, 3, 31),
        date(2026, 4, 30),
    ]


@given(days, anchors)
@example(date(2026, 2, 28), 31)
@example(date(2026, 12, 31), 31)
def test_the_next_due_date_is_the_first_anchor_day_strictly_after(after, anchor):
    day = after + timedelta(days=1)
    while day != day + relativedelta(day=anchor):
        day += timedelta(days=1)
    assert next_due(after, anchor) == day


# --- any frequency

LENGTHS = {
    "1 day": relativedelta(days=1),
    "every 10 days": relativedelta(days=10),
    "week": relativedelta(weeks=1),
    "2 weeks": relativedelta(weeks=2),
    "1 month": relativedelta(months=1),
    "3 months": relativedelta(months=3),
    "quarter": relativedelta(months=3),
    "1 year": relativedelta(years=1),
    "10 years": relativedelta(years=10),
}
frequencies = st.sampled_from([*LENGTHS, "semi-monthly"])


def test_a_frequency_is_read_as_days_months_or_half_months():
    assert {every: step_of(every) for every in LENGTHS} == {
        every: Frequency("day", length.days)
        if length.days
        else Frequency("month", length.months + 12 * length.years)
        for every, length in LENGTHS.items()
    }


@given(days, st.integers(0, 60), st.sampled_from([*LENGTHS]))
@example(date(2024, 2, 29), 5, "1 year")
@example(date(2026, 11, 30), 3, "quarter")
def test_every_frequency_steps_from_the_first_date_and_never_drifts(first, count, every):
    assert every_dates(first, count, every) == [first + LENGTHS[every] * k for k in range(count)]


def half_months(around: date, anchor: int) -> list[date]:
    """The two days of every month that twice a month means, from the month before to a year later."""
    other = anchor + 15 if anchor <= 15 else anchor - 15
    month = around.replace(day=1) - relativedelta(months=1)
    return sorted(month + relativedelta(months=k, day=on) for k in range(15) for on in (anchor, other))


@given(days, anchors, st.booleans())
@example(date(2026, 2, 28), 31, False)
@example(date(2027, 2, 28), 29, True)
@example(date(2028, 2, 16), 31, True)
def test_twice_a_month_is_every_day_of_either_kind_in_the_calendar(around, anchor, early):
    calendar = half_months(around, anchor)
    first = calendar[2 + early]
    place = calendar.index(first)
    assert every_dates(first, 24, "semi-monthly", anchor_day=anchor) == calendar[place : place + 24]
    assert step_before(first, "semi-monthly", anchor) == calendar[place - 1]
    assert step_after(first, "semi-monthly", anchor) == calendar[place + 1]


@given(days, anchors, frequencies, st.integers(1, 40))
@example(date(2026, 2, 28), 31, "1 month", 1)
def test_a_step_back_from_any_due_date_is_the_one_before(first, anchor, every, count):
    first = first + relativedelta(day=anchor)
    dues = every_dates(first, count + 1, every, anchor_day=anchor)
    assert [step_before(due, every, anchor) for due in dues[1:]] == dues[:-1]


# --- up to a maturity


@given(days, st.integers(0, 2000), frequencies, st.none() | anchors, st.sampled_from(LastPeriod))
@example(date(2013, 1, 31), 335, "1 month", 31, LastPeriod.LONG)
@example(date(2026, 2, 16), 12, "semi-monthly", 31, LastPeriod.LONG)
@example(date(2026, 1, 1), 40, "1 year", None, LastPeriod.LONG)
def test_due_dates_up_to_a_maturity_are_those_of_the_frequency_and_the_maturity(
    first, length, every, anchor, stub
):
    maturity = first + timedelta(days=length)
    wanted = [first]
    for count in itertools.count(2):
        if wanted[-1] >= maturity:
            break
        wanted.append(every_dates(first, count, every, anchor_day=anchor)[-1])
    met = wanted[-1] == maturity
    wanted = [day for day in wanted if day < maturity]
    if not met and stub is LastPeriod.LONG and len(wanted) > 1:
        del wanted[-1]
    assert dates_until(first, maturity, every, anchor_day=anchor, stub=stub) == [*wanted, maturity]


def test_a_long_stub_never_swallows_the_first_due_date():
    first, maturity = date(2026, 1, 31), date(2026, 2, 10)
    assert dates_until(first, maturity, stub=LastPeriod.LONG) == [first, maturity]


def test_a_maturity_before_the_first_due_date_is_refused():
    with pytest.raises(ValueError, match="the maturity 2026-01-30 lies before the first due date 2026-01-31"):
        dates_until(date(2026, 1, 31), date(2026, 1, 30))


# --- days without business


def months_apart(a: date, b: date) -> bool:
    return (a.year, a.month) != (b.year, b.month)


def rolled(day: date, roll: Roll, closed) -> date:
    """ISDA 2006 §4.12 by looking at every day within a year."""
    if roll is Roll.NONE or not closed(day):
        return day
    business = [on for on in (day + timedelta(days=k) for k in range(-366, 367)) if not closed(on)]
    after, before = min(on for on in business if on > day), max(on for on in business if on < day)
    match roll:
        case Roll.FOLLOWING:
            return after
        case Roll.PRECEDING:
            return before
        case Roll.MODIFIED_FOLLOWING:
            return before if months_apart(after, day) else after
    return after if months_apart(before, day) else before


@given(days, st.sampled_from(Roll), st.sets(st.integers(-12, 12)))
@example(date(2026, 5, 31), Roll.MODIFIED_FOLLOWING, set())
@example(date(2026, 8, 1), Roll.MODIFIED_PRECEDING, set())
@example(date(2026, 10, 1), Roll.MODIFIED_PRECEDING, set(range(8)))
@example(date(2026, 12, 31), Roll.MODIFIED_FOLLOWING, {-1, 0})
def test_a_roll_goes_to_the_nearest_business_day_on_its_side_of_the_month(day, roll, around):
    holidays = {day + timedelta(days=k) for k in around}

    def closed(on: date) -> bool:
        return weekend(on) or on in holidays

    moved = roll_date(day, roll, closed)
    assert moved == rolled(day, roll, closed)
    assert roll_date(moved, roll, closed) == moved


def test_a_calendar_without_a_business_day_within_a_year_is_refused():
    with pytest.raises(ValueError, match="no business day within a year of 2026-01-31"):
        roll_date(date(2026, 1, 31), Roll.FOLLOWING, lambda on: True)


# --- published day counts

# ISDA, "EMU and Market Conventions: Recent Developments" (1998), the Actual/Actual (ISDA) column of its examples.
ISDA_1998 = [
    (date(2003, 11, 1), date(2004, 5, 1), Fraction(61, 365) + Fraction(121, 366)),
    (date(1999, 2, 1), date(1999, 7, 1), Fraction(150, 365)),
    (date(1999, 7, 1), date(2000, 7, 1), Fraction(184, 365) + Fraction(182, 366)),
    (date(2002, 8, 15), date(2003, 7, 15), Fraction(334, 365)),
    (date(2003, 7, 15), date(2004, 1, 15), Fraction(170, 365) + Fraction(14, 366)),
    (date(1999, 7, 30), date(2000, 1, 30), Fraction(155, 365) + Fraction(29, 366)),
    (date(2000, 1, 30), date(2000, 6, 30), Fraction(152, 366)),
]


@pytest.mark.parametrize(("begin", "end", "expected"), ISDA_1998)
def test_actual_actual_prices_the_examples_of_isda_1998(begin, end, expected):
    assert part(DayCount.ACT_ACT_ISDA, begin, end) == expected


# Days by 30E/360 (ISDA 2006 §4.16(g)) and by 30/360 US with the end-of-February rule (SIA, Standard
# Securities Calculation Methods): the date pairs of ISDA's "30/360 day count conventions" worksheet,
# the numbers worked by hand from the two texts.
THIRTY = [
    (date(2007, 1, 15), date(2007, 1, 30), 15, 15),
    (date(2007, 1, 15), date(2007, 2, 15), 30, 30),
    (date(2007, 1, 15), date(2007, 7, 15), 180, 180),
    (date(2007, 9, 30), date(2008, 3, 31), 180, 180),
    (date(2007, 9, 30), date(2007, 10, 31), 30, 30),
    (date(2007, 9, 30), date(2008, 9, 30), 360, 360),
    (date(2007, 1, 15), date(2007, 1, 31), 15, 16),
    (date(2007, 1, 31), date(2007, 2, 28), 28, 28),
    (date(2007, 2, 28), date(2007, 3, 31), 32, 30),
    (date(2006, 8, 31), date(2007, 2, 28), 178, 178),
    (date(2007, 2, 28), date(2007, 8, 31), 182, 180),
    (date(2007, 2, 14), date(2007, 2, 28), 14, 14),
    (date(2007, 2, 26), date(2008, 2, 29), 363, 363),
    (date(2008, 2, 29), date(2009, 2, 28), 359, 360),
    (date(2008, 2, 29), date(2008, 3, 30), 31, 30),
    (date(2008, 2, 29), date(2008, 3, 31), 31, 30),
    (date(2007, 2, 28), date(2007, 3, 5), 7, 5),
    (date(2007, 10, 31), date(2007, 11, 28), 28, 28),
    (date(2007, 8, 31), date(2008, 2, 29), 179, 179),
    (date(2008, 2, 29), date(2008, 8, 31), 181, 180),
]


@pytest.mark.parametrize(("begin", "end", "eurobond", "us"), THIRTY)
def test_the_two_thirty_day_conventions_count_isdas_pairs(begin, end, eurobond, us):
    assert part(DayCount.THIRTY_E_360, begin, end) == Fraction(eurobond, 360)
    assert part(DayCount.THIRTY_360_US, begin, end) == Fraction(us, 360)


@pytest.mark.parametrize(
    ("day_count", "basis"), [(DayCount.ACT_365F, 365), (DayCount.ACT_360, 360), (DayCount.ACT_364, 364)]
)
def test_actual_days_over_a_fixed_year_ignore_leap_years(day_count, basis):
    assert part(day_count, date(2024, 1, 1), date(2025, 1, 1)) == Fraction(366, basis)
    assert part(day_count, date(2025, 1, 1), date(2026, 1, 1)) == Fraction(365, basis)


# --- laws


@given(st.sampled_from(DayCount), days, st.integers(0, 900), anchors)
def test_every_day_count_agrees_with_the_slow_calculator(day_count, begin, length, anchor):
    end = begin + timedelta(days=length)
    assert part(day_count, begin, end, anchor) == fraction_of_year(day_count, begin, end, anchor)


@given(st.sampled_from(ADDITIVE), days, st.integers(0, 800), st.integers(0, 800), anchors)
@example(DayCount.THIRTY_360_BY_MONTH, date(2026, 1, 31), 28, 31, 31)
@example(DayCount.THIRTY_E_360, date(2026, 1, 30), 1, 1, 30)
def test_a_day_count_that_adds_up_adds_up_over_any_split(day_count, begin, first, second, anchor):
    middle, end = begin + timedelta(days=first), begin + timedelta(days=first + second)
    whole = part(day_count, begin, end, anchor)
    assert part(day_count, begin, middle, anchor) + part(day_count, middle, end, anchor) == whole


def test_the_us_bond_basis_does_not_add_up_and_is_left_out_of_the_law_above():
    begin, middle, end = date(2007, 1, 15), date(2007, 1, 30), date(2007, 1, 31)
    us = DayCount.THIRTY_360_US
    assert part(us, begin, middle) + part(us, middle, end) != part(us, begin, end)


@given(days, anchors, st.integers(1, 400))
def test_a_full_scheduled_month_is_one_twelfth_whatever_its_length(first, anchor, months):
    first = first + relativedelta(day=anchor)
    dues = due_dates(first, months + 1, anchor_day=anchor)
    parts, year = year_fractions(DayCount.THIRTY_360_BY_MONTH, dues, anchor_day=anchor)
    assert {Fraction(piece, year) for piece in parts} == {Fraction(1, 12)}
    assert part(DayCount.THIRTY_360_BY_MONTH, dues[0], dues[-1], anchor) == Fraction(months, 12)


def test_a_part_of_a_scheduled_month_counts_its_actual_days():
    by_month = DayCount.THIRTY_360_BY_MONTH
    assert part(by_month, date(2026, 2, 15), date(2026, 3, 1), 15) == Fraction(14, 28) / 12
    assert part(by_month, date(2026, 3, 15), date(2026, 4, 1), 15) == Fraction(17, 31) / 12
    assert part(by_month, date(2026, 2, 1), date(2026, 3, 20), 1) == Fraction(1, 12) + Fraction(19, 31) / 12


def test_by_month_starts_its_months_on_the_day_of_the_end_unless_told():
    assert part(DayCount.THIRTY_360_BY_MONTH, date(2026, 2, 15), date(2026, 3, 15)) == Fraction(1, 12)
    assert part(DayCount.THIRTY_360_BY_MONTH, date(2026, 2, 15), date(2026, 3, 15), 1) != Fraction(1, 12)


@given(st.sampled_from(DayCount), days, anchors)
def test_accrual_is_half_open_so_that_a_day_to_itself_is_nothing(day_count, day, anchor):
    assert part(day_count, day, day, anchor) == 0


def test_march_to_april_prices_the_31_nights_of_march():
    assert part(DayCount.ACT_365F, date(2026, 3, 1), date(2026, 4, 1)) == Fraction(31, 365)


@given(st.sampled_from(ADDITIVE), days, st.integers(0, 500), anchors)
def test_time_never_runs_backwards(day_count, begin, length, anchor):
    end = begin + timedelta(days=length)
    assert part(day_count, begin, end + timedelta(days=1), anchor) >= part(day_count, begin, end, anchor) >= 0


@given(st.sampled_from(DayCount), days, st.lists(st.integers(1, 60), min_size=1, max_size=12), anchors)
def test_many_periods_at_once_are_the_periods_one_by_one(day_count, begin, steps, anchor):
    borders = [begin]
    for step in steps:
        borders.append(borders[-1] + timedelta(days=step))
    assume(borders[-1].year < 9000)
    parts, year = year_fractions(day_count, borders, anchor_day=anchor)
    one_by_one = [part(day_count, a, b, anchor) for a, b in itertools.pairwise(borders)]
    assert [Fraction(piece, year) for piece in parts] == one_by_one


@pytest.mark.parametrize("every", ["999 years", "999 quarters", "999 weeks", "semi-monthly"])
def test_due_dates_past_the_end_of_the_calendar_are_refused(every):
    for first, count in ((date(2026, 1, 31), 600_000), (date(9999, 12, 20), 2)):
        with pytest.raises(Refused) as refused:
            every_dates(first, count, every)
        assert refused.value.issues[0].code == "date-invalid"
