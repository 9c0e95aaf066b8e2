"""Interest factors against overlaps of days with rates, whole and in pieces."""

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calculator.oracles import fraction_of_year
from restructure.calculator.conventions.accrual import Compounding, interest_factors, pieced_factors
from restructure.calculator.conventions.day_counts import DayCount

START = date(2026, 1, 31)
days = st.integers(-10, 200).map(lambda offset: START + timedelta(days=offset))
rates = st.sampled_from([Fraction(0), Fraction(18, 100), Fraction(1, 7), Fraction(149, 1000)])


@st.composite
def courses(draw):
    """Borders (some of them on one day), and rates from the first border on."""
    borders = [START]
    for _ in range(draw(st.integers(1, 5))):
        borders.append(borders[-1] + timedelta(days=draw(st.sampled_from([0, 1, 10, 28, 31]))))
    changes = sorted(draw(st.sets(days.filter(lambda day: day > START), max_size=3)))
    return borders, [(START, draw(rates)), *((day, draw(rates)) for day in changes)]


def stretches(day_count, begin, end, path, cuts=()):
    """Interest of each stretch between two days that no change and no cut interrupts."""
    turns = sorted({day for day in (*cuts, *(day for day, _ in path[1:])) if begin < day < end})
    return [
        next(rate for day, rate in reversed(path) if day <= a or day == START)
        * fraction_of_year(day_count, a, b, START.day)
        for a, b in pairwise([begin, *turns, end])
    ]


@given(st.sampled_from(DayCount), courses())
def test_a_period_earns_what_each_of_its_stretches_earns(day_count, course):
    borders, path = course
    factors, year = interest_factors(day_count, borders, START.day, path)
    assert [Fraction(factor, year) for factor in factors] == [
        sum(stretches(day_count, a, b, path)) for a, b in pairwise(borders)
    ]


@given(st.sampled_from(DayCount), courses(), st.sets(days, max_size=3))
def test_pieces_are_the_stretches_one_by_one(day_count, course, cuts):
    borders, path = course
    periods, year = pieced_factors(day_count, borders, START.day, path, cuts)
    assert len(periods) == len(borders) - 1
    for factor, (a, b) in zip(periods, pairwise(borders), strict=True):
        pieces = [factor] if isinstance(factor, int) else list(factor)
        assert [Fraction(piece, year) for piece in pieces] == stretches(day_count, a, b, path, cuts)
        assert isinstance(factor, int) == (len(pieces) == 1)


@pytest.mark.parametrize(
    ("compounding", "months", "growth"),
    [
        ("monthly", 3, Fraction(101, 100) ** 3),
        ("quarterly", 3, Fraction(103, 100)),
        ("semi_annual", 12, Fraction(106, 100) ** 2),
        ("annual", 12, Fraction(112, 100)),
    ],
)
def test_a_rate_compounds_so_many_times_a_year(compounding, months, growth):
    # 12 % a year over whole compounding periods: (1 + r/m)^(m·t).
    borders = [date(2026, 1, 1), date(2026 + months // 12, 1 + months % 12, 1)]
    path = [(borders[0], Fraction(12, 100))]
    factors, year = interest_factors(DayCount.THIRTY_360_BY_MONTH, borders, 1, path, Compounding(compounding))
    assert Fraction(factors[0], year) == growth - 1


def test_a_root_of_growth_is_right_to_many_digits():
    borders = [date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)]
    path = [(borders[0], Fraction(21, 100)), (borders[1], Fraction(44, 100))]
    factors, year = interest_factors(DayCount.THIRTY_360_BY_MONTH, borders, 1, path, Compounding.ANNUAL)
    for factor, base in zip(factors, (Fraction(121, 100), Fraction(144, 100)), strict=True):
        assert abs((1 + Fraction(factor, year)) ** 12 - base) < Fraction(1, 10**55)
