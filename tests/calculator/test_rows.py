"""Rows: the models built from integers are the models that validation makes."""

import copy
import pickle
from datetime import date
from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restructure.calculator.amortisation.rows import COLUMNS, Instalment, Rows, level_rows
from restructure.calculator.conventions.money import Rounding, from_minor, round_div, rounder

AMOUNTS = st.lists(st.integers(0, 10**11) | st.just(0), min_size=len(COLUMNS) - 1, max_size=len(COLUMNS) - 1)


@st.composite
def rows_of_any_kind(draw):
    places = draw(st.sampled_from([0, 2, 3, 4]))
    amounts = draw(st.lists(AMOUNTS, min_size=0, max_size=5))
    return Rows([(date(2026, 1, 1 + k), *row) for k, row in enumerate(amounts)], places)


@given(rows_of_any_kind())
def test_every_model_is_the_one_that_validation_makes(rows):
    unit = Decimal(1).scaleb(-rows.places)
    for k, (row, minor) in enumerate(zip(rows, rows.minor, strict=True)):
        values = dict(zip(COLUMNS, minor, strict=True))
        made = Instalment.model_construct(
            number=k + 1,
            due=values.pop("due"),
            total=sum(minor[1:9]) * unit,
            **{name: amount * unit for name, amount in values.items()},
        )
        assert row == made
        assert row.__dict__ == made.__dict__
        assert repr(row) == repr(made)
        assert row.model_dump_json() == made.model_dump_json()
        assert row.model_fields_set == made.model_fields_set == set(Instalment.model_fields)
        assert (
            row
            == Instalment.model_validate(row.model_dump())
            == Instalment.model_validate_json(row.model_dump_json())
        )
        assert hash(row) == hash(made)
        assert row == rows[k] == rows[k - len(rows)] == rows[k : k + 1][0]


def test_a_row_behaves_like_any_record():
    rows = Rows([(date(2026, 1, 31), 100, 5, *(0,) * 6, 5, 0, 200)], 2)
    row = rows[0]
    assert pickle.loads(pickle.dumps(row)) == copy.copy(row) == copy.deepcopy(row) == row
    assert row.model_copy(update={"number": 7}).number == 7
    with pytest.raises(ValueError, match="frozen"):
        row.number = 2


def test_the_callers_decimal_context_rounds_nothing():
    rows = Rows([(date(2026, 1, 31), 123456789, 5, *(0,) * 6, 5, 0, 200)], 2)
    with localcontext(prec=3):
        assert str(rows[0].principal) == "1234567.89"
        assert str(rows[0].total) == "1234567.94"
        assert str(from_minor(123456789, "CNY")) == "1234567.89"


def test_slices_and_steps_keep_their_numbers():
    rows = Rows([(date(2026, 1, 1 + k), 100, *(0,) * 10) for k in range(6)], 2)
    assert [row.number for row in rows[4:0:-2]] == [5, 3]
    assert [row.number for row in rows[-2:]] == [5, 6]
    assert rows[6:] == []
    assert list(Rows([], 2)) == []
    with pytest.raises(IndexError):
        rows[6]


@given(
    st.integers(1, 10**9),
    st.integers(1, 10**8),
    st.lists(st.integers(0, 3000), min_size=1, max_size=24),
    st.sampled_from([365, 36500, 360, 12]),
    st.integers(0, 10**6),
)
def test_half_up_written_into_the_loop_is_half_up(balance, instalment, factors, year, covered):
    dues = [date(2026, 1, 1)] * len(factors)

    def loop(divide):
        return level_rows(dues, balance, instalment, factors, year, divide, covered=covered)

    assert loop(rounder(Rounding.HALF_UP)) == loop(
        lambda numerator, denominator: round_div(numerator, denominator)
    )
