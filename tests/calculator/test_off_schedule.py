"""Money outside the amortisation: on the row where it belongs, to the cent."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calculator.agreed import parts
from restructure.calculator.amortisation.off_schedule import OffScheduleAmount, add_off_schedule, pad_rows
from restructure.calculator.amortisation.rows import COLUMNS
from restructure.errors import Refused

FEES, PENALTY, INTEREST, ACCRUED = (
    COLUMNS.index(name) for name in ("fees", "penalty", "interest", "accrued")
)
DUES = [date(2026, month, 15) for month in range(1, 13)]


def rows_of(count):
    return [(due, *(0,) * (len(COLUMNS) - 1)) for due in DUES[:count]]


def column(rows, at=FEES):
    return [row[at] for row in rows]


@given(st.integers(0, 10_000), st.integers(0, 12), st.integers(0, 11), st.integers(1, 12))
def test_equal_parts_go_onto_so_many_rows_from_the_first_that_takes_one(amount, count, start, length):
    rows = rows_of(length)
    begin, available = start, 12 - start
    if count > available:
        with pytest.raises(Refused, match=f"spread over {count} instalments but {available} are left"):
            add_off_schedule(
                rows, [OffScheduleAmount(FEES, amount, parts=count, start=start)], DUES, first=0, total=12
            )
        return
    laid = add_off_schedule(
        rows, [OffScheduleAmount(FEES, amount, parts=count, start=start)], DUES, first=0, total=12
    )
    shares = parts(amount, count or available)
    found = column(rows)
    assert found[begin : begin + len(shares)] == shares
    assert sum(found) == amount
    assert [row[0] for row in rows] == DUES[: len(rows)]
    assert (laid.regular, laid.interest) == (shares[0], {})


def test_parts_of_several_buckets_in_one_column_are_parts_of_their_sum():
    rows = rows_of(3)
    asides = [
        OffScheduleAmount(FEES, 50, parts=3),
        OffScheduleAmount(FEES, 50, parts=3),
        OffScheduleAmount(PENALTY, 50, parts=3),
    ]
    laid = add_off_schedule(rows, asides, DUES, first=0, total=3)
    assert (column(rows), column(rows, PENALTY), laid.regular) == ([33, 33, 34], [17, 17, 16], 33 + 17)


def test_what_is_due_at_once_a_day_or_the_end_falls_there_whatever_the_order():
    asides = [
        OffScheduleAmount(FEES, 1),
        OffScheduleAmount(FEES, 20, at_maturity=True),
        OffScheduleAmount(FEES, 300, until=date(2026, 2, 16)),
        OffScheduleAmount(FEES, 4000, until=date(2027, 1, 1)),
        OffScheduleAmount(FEES, 50_000, parts=4),
    ]
    for order in (asides, asides[::-1]):
        rows = rows_of(3)
        add_off_schedule(rows, order, DUES, first=1, total=5)
        # Four parts from the second instalment on add two rows; the end is the last instalment, not a later day.
        assert column(rows) == [0, 12_501, 12_800, 12_500, 12_520, 4000]
        assert [row[0] for row in rows] == [*DUES[:5], date(2027, 1, 1)]


def test_what_waits_at_a_rate_bears_interest_on_its_row():
    rows = rows_of(4)
    asides = [
        OffScheduleAmount(FEES, 100, until=DUES[2], annual_rate=Fraction(1, 10)),
        OffScheduleAmount(PENALTY, 10, until=DUES[2], annual_rate=Fraction(1, 10)),
        OffScheduleAmount(PENALTY, 10, until=DUES[1]),
    ]
    laid = add_off_schedule(
        rows,
        asides,
        DUES,
        first=0,
        total=4,
        interest=lambda amount, rate, due: amount * due.month * rate.numerator // rate.denominator,
    )
    assert laid.interest == {2: 30 + 3}
    assert column(rows, INTEREST) == column(rows, ACCRUED) == [0, 0, 33, 0]


def test_with_no_instalment_left_everything_spread_falls_due_with_the_last():
    rows = rows_of(3)
    add_off_schedule(rows, [OffScheduleAmount(FEES, 7, parts=0, start=3)], DUES, first=0, total=3)
    assert column(rows) == [0, 0, 7]


def test_empty_instalments_keep_their_days():
    rows = rows_of(2)
    pad_rows(rows, DUES, 4)
    pad_rows(rows, DUES, 1)
    assert rows == rows_of(4)
