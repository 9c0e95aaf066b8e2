"""What terms can agree beyond a plain loan, against a second calculator in exact fractions, laws and books."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from calculator.agreed import OutOfReach, agreed_rows, parts, pieces, rolled, scheduled, stepped
from calculator.oracles import minor, rounded
from laws import examples
from restructure.calculator.amortisation.schedule import amortise, terms_rows
from restructure.calculator.amortisation.scheme import HolidayInterest, LastRow, Method
from restructure.calculator.amortisation.terms import FirstPeriod, Terms
from restructure.calculator.conventions.money import Rounding
from restructure.errors import Refused

FREQUENCIES = ["1 month", "1 month", "2 months", "2 weeks", "10 days"]
DAY_COUNTS = ["30/360 by month", "ACT/365F", "30E/360", "30/360 US", "ACT/ACT ISDA"]
DROPPED = ("balloon-exceeds-balance", "date-before-origination")
"""What random terms run into that has tests of its own."""
ANNUITIES = [Method.LEVEL, Method.STEPPED]


def loan(**changes):
    """A loan of 12,000 over 12 months at 18 %."""
    fields = dict(
        currency="CNY",
        principal="12000",
        annual_rate="18%",
        instalments=12,
        start="2026-01-15",
        first_due="2026-02-15",
    )
    return Terms(**{name: value for name, value in (fields | changes).items() if value is not ...})


def figures(terms):
    """(due, principal, interest, set aside before, accrued, capitalised, balance) of every row."""
    rows = terms_rows(terms)
    assert all(not any(row[3:7]) and not row[7] for row in rows)
    return [(row[0], row[1], row[2], row[8], row[9], row[10], row[11]) for row in rows]


def made(terms):
    """The rows, or None where an instalment lies below the interest and may not."""
    try:
        return figures(terms)
    except Refused as refused:
        (issue,) = refused.issues
        assert issue.code in ("negative-amortisation", *DROPPED)
        assume(issue.code not in DROPPED)
        return None


def wanted(terms):
    try:
        return agreed_rows(terms)
    except OutOfReach:
        return None


# --- random terms


@st.composite
def suspensions(draw, count: int, principal: int, *, first: int = 1, fates=tuple(HolidayInterest)):
    """Up to three suspensions that leave at least the last instalment."""
    found, free = [], first
    for _ in range(draw(st.integers(0, 3))):
        starts = free + draw(st.integers(0, 4))
        size = draw(st.integers(0, 5))
        if starts + size > count:
            break
        found.append(
            dict(
                starts=starts,
                instalments=size,
                pay=draw(st.sampled_from(["none", "interest"])),
                amount=draw(
                    st.sampled_from([None, None, 0, principal // (2 * count), principal // (count * 9) + 7])
                ),
                interest=draw(st.sampled_from(fates)),
            )
        )
        free = starts + size
    for one in found:
        one["amount"] = None if one["amount"] is None else Decimal(one["amount"]).scaleb(-2)
    return found if draw(st.booleans()) else found[::-1]


steps = st.builds(
    dict,
    every=st.sampled_from([1, 3, 12]),
    share=st.sampled_from(["7.5%", "-3%", "1/3", "0"]),
    times=st.sampled_from([None, 1, 2]),
) | st.builds(
    dict,
    every=st.sampled_from([2, 6, 12]),
    amount=st.sampled_from(["0.5", "-0.37", "0"]),
    times=st.sampled_from([None, 3]),
)


@st.composite
def rate_changes(draw, start: date, base: Fraction, span: int):
    days = sorted(draw(st.sets(st.integers(-20, span), max_size=3)))
    return [
        dict(
            starts=start + timedelta(days=day),
            annual_rate=draw(st.sampled_from([base, base / 2, base + Fraction(1, 30), Fraction(0)])),
        )
        for day in days
    ]


@st.composite
def calendars(draw, most: int = 20):
    """Dates, frequency, roll and day count of a loan."""
    every = draw(st.sampled_from(FREQUENCIES))
    start = date(2023, 12, 1) + timedelta(days=draw(st.integers(0, 500)))
    if draw(st.booleans()):
        first = stepped(every, start, start.day, 1)
    else:
        first = start + timedelta(days=draw(st.integers(2, 50)))
    ends_month = (first + timedelta(days=1)).day == 1
    return dict(
        currency="CNY",
        start=start,
        first_due=first,
        anchor_day=draw(st.sampled_from([None, 31])) if ends_month else None,
        every=every,
        instalments=draw(st.integers(1, most)),
        day_count=draw(st.sampled_from(DAY_COUNTS)),
        roll=draw(st.sampled_from(["none", "none", "following", "modified_following", "modified_preceding"])),
        roll_accrues=draw(st.booleans()),
    )


@st.composite
def moves(draw, fields):
    """Some due dates moved by a few days, each after the one before it."""
    found = []
    for number in sorted(draw(st.sets(st.integers(1, fields["instalments"] + 2), max_size=2))):
        so_far = Terms(principal=1, annual_rate=0, **fields, moves=found)
        day = scheduled(so_far, number)[-1][0] + timedelta(days=draw(st.integers(-3, 9)))
        if number == 1 and day <= fields["start"]:
            continue
        found.append(dict(instalment=number, to=day, anchor_day=draw(st.sampled_from([None, None, 31]))))
    return found


@st.composite
def agreements(
    draw,
    *,
    methods=tuple(Method),
    stubs=("level",),
    growing=(True,),
    interrupted=True,
    fates_only=tuple(HolidayInterest),
):
    """A loan with anything that can be agreed about it."""
    fields = draw(calendars())
    method = draw(st.sampled_from(methods))
    principal = draw(st.integers(1000, 20_000) | st.integers(100_000, 5_000_000))
    base = draw(st.integers(0, 360).map(lambda points: Fraction(points, 1000)))
    count = fields["instalments"]
    stub = draw(st.sampled_from(stubs)) if method is not Method.BULLET else "level"
    fields["moves"] = draw(moves(fields)) if stub == "level" and draw(st.booleans()) else []
    fields["rates"] = draw(rate_changes(fields["start"], base, 30 * count)) if draw(st.booleans()) else []
    annuity = method in ANNUITIES
    agreed = Decimal(principal // count + 9).scaleb(-2)
    balloon = Decimal(principal // 4).scaleb(-2)
    return Terms(
        principal=Decimal(principal).scaleb(-2),
        annual_rate=base,
        method=method,
        steps=draw(steps) if method is Method.STEPPED else None,
        suspensions=draw(suspensions(count, principal, first=1 if stub == "level" else 2, fates=fates_only))
        if interrupted
        else [],
        balloon=draw(st.sampled_from([None, None, None, balloon])) if method is not Method.BULLET else None,
        flat_base=draw(st.sampled_from([None, None, "123.45"])),
        rounding=draw(st.sampled_from(list(Rounding))),
        rounding_per=draw(st.sampled_from(["row", "sub_interval"])),
        instalment_rounding=draw(st.sampled_from([None, *Rounding])),
        instalment_multiple=draw(st.sampled_from([None, None, "1", "0.05"])),
        last_row=draw(st.sampled_from(list(LastRow))),
        instalment=draw(st.sampled_from([None, None, None, agreed])) if annuity else None,
        negative_amortisation=draw(st.sampled_from(growing)),
        repricing=draw(st.sampled_from(["keep", "recalculate"])),
        stub=stub,
        **fields,
    )


# --- the oracle


@given(agreements())
def test_every_row_is_what_the_terms_say_in_exact_fractions(terms):
    assert made(terms) == wanted(terms)


@examples(100)
@given(agreements(methods=ANNUITIES, growing=(False,)))
def test_an_instalment_below_the_interest_is_refused_only_outside_suspensions(terms):
    assert made(terms) == wanted(terms)


@given(agreements(methods=[one for one in Method if one is not Method.BULLET], stubs=[*FirstPeriod]))
def test_the_odd_first_interest_goes_where_the_stub_says(terms):
    assert made(terms) == wanted(terms)


@st.composite
def advanced(draw):
    terms = draw(
        agreements(
            methods=[Method.LEVEL, Method.LEVEL, Method.EQUAL_PRINCIPAL, Method.INTEREST_ONLY],
            interrupted=False,
        )
    )
    last = scheduled(terms, terms.instalments)[-1][0]
    if terms.roll_accrues:
        last = min(last, rolled(last, terms.roll.value))
    assume(terms.start < last)
    offsets = draw(st.lists(st.integers(0, (last - terms.start).days - 1), max_size=3).map(sorted))
    advances = [
        dict(
            on=terms.start + timedelta(days=offset),
            amount=Decimal(draw(st.sampled_from([0, 1, 12_345, 900_000]))).scaleb(-2),
        )
        for offset in offsets
    ]
    fields = {name: getattr(terms, name) for name in Terms.model_fields}
    return Terms(**(fields | dict(advances=advances, instalment=None, balloon=None, repricing="keep")))


@given(advanced())
def test_a_loan_paid_out_in_parts_is_solved_anew_in_each_period_that_has_one(terms):
    assert made(terms) == wanted(terms)


# --- laws


def lent(terms):
    return minor(terms.principal) + sum(minor(advance.amount) for advance in terms.advances)


def check_the_books(terms, rows):
    """Everything lent or capitalised is repaid, and every cent of interest is somewhere."""
    assert rows[-1][6] == 0
    assert sum(row[1] for row in rows) == lent(terms) + sum(row[5] for row in rows)
    apart = sum(row[4] - row[2] - row[3] - row[5] for row in rows)
    waived = any(one.interest == "waive" and one.instalments for one in terms.suspensions)
    assert apart >= 0 if waived else apart == 0
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)


@given(agreements(stubs=[*FirstPeriod]) | advanced())
def test_all_principal_is_repaid_and_no_cent_of_interest_is_lost(terms):
    rows = made(terms)
    assume(rows is not None)
    check_the_books(terms, rows)


@examples(80)
@given(agreements())
def test_a_schedule_survives_json_and_numbers_its_rows(terms):
    assert Terms.model_validate_json(terms.model_dump_json()) == terms


@examples(80)
@given(agreements())
def test_every_rows_interest_replays_from_the_printed_balance_rounded_as_documented(terms):
    rows = made(terms)
    assume(rows is not None)
    count = len(rows)
    days = scheduled(terms, count)
    borders = [day for day, _ in days]
    if terms.roll_accrues:
        borders = [rolled(day, terms.roll.value) for day in borders]
    balance = minor(terms.principal)
    flat = minor(terms.principal if terms.flat_base is None else terms.flat_base)
    for k, (begin, end) in enumerate(pairwise([terms.start, *borders])):
        each = [
            (flat if terms.method is Method.FLAT else balance) * piece
            for piece in pieces(terms, begin, end, days[k][1])
        ]
        exact = each if terms.rounding_per == "sub_interval" else [sum(each)]
        assert rows[k][4] == sum(rounded(part, terms.rounding) for part in exact)
        balance = rows[k][6]


def again(terms, **changes):
    """The same terms with some fields changed, validated anew."""
    return Terms(**({name: getattr(terms, name) for name in Terms.model_fields} | changes))


def same(terms, **changes):
    assert made(again(terms, **changes)) == made(terms)


@examples(80)
@given(agreements(stubs=[*FirstPeriod]), st.integers(1, 40), st.data())
def test_what_changes_nothing_changes_nothing(terms, number, data):
    assume(made(terms) is not None)
    same(terms, suspensions=[*terms.suspensions, dict(starts=number, instalments=0)])
    taken = {change.starts for change in terms.rates}
    day = terms.start + timedelta(days=data.draw(st.integers(-50, 600)))
    if day not in taken and terms.repricing == "keep":
        before = [change for change in terms.rates if change.starts < day]
        rate = before[-1].annual_rate if before else terms.annual_rate
        rest = [change for change in terms.rates if change.starts > day]
        same(terms, rates=[*before, dict(starts=day, annual_rate=rate), *rest])
    if not terms.moves and terms.stub is FirstPeriod.LEVEL:
        at = data.draw(st.integers(1, terms.instalments))
        due, _ = scheduled(terms, at)[-1]
        same(terms, moves=[dict(instalment=at, to=due, anchor_day=terms.anchor_day or terms.first_due.day)])
    if not terms.rates and terms.stub is FirstPeriod.LEVEL:
        same(terms, rounding_per="row")


@examples(80)
@given(advanced(), st.integers(0, 5))
def test_an_advance_of_nothing_changes_nothing(terms, offset):
    day = terms.start + timedelta(days=offset)
    rest = list(terms.advances)
    last = scheduled(terms, terms.instalments)[-1][0]
    assume(day < last)
    before = [advance for advance in rest if advance.on <= day]
    same(terms, advances=[*before, dict(on=day, amount=0), *(one for one in rest if one.on > day)])
    if not lent(terms) - minor(terms.principal):
        same(terms, advances=[])


@examples(80)
@given(
    agreements(methods=[Method.LEVEL]), st.sampled_from([dict(share=0), dict(amount=0)]), st.integers(1, 30)
)
def test_a_step_of_nothing_is_a_level_loan(terms, step, every):
    # A suspension at the start is solved from the printed balance if the rest is level, and exactly if it is stepped.
    assume(not any(one.starts == 1 and one.instalments for one in terms.suspensions))
    assume(made(terms) is not None)
    stepped_terms = again(terms, method="stepped", steps=dict(every=every, **step))
    assert made(stepped_terms) == made(terms)


@examples(80)
@given(agreements(methods=[Method.LEVEL, Method.EQUAL_PRINCIPAL], interrupted=False))
def test_interest_alone_but_for_the_last_instalment_is_an_interest_only_loan(terms):
    assume(terms.instalments > 1 and terms.instalment is None and terms.last_row is not LastRow.EXTRA_ROW)
    rows = made(again(terms, suspensions=[dict(instalments=terms.instalments - 1, pay="interest")]))
    assert rows == made(again(terms, method="interest_only"))


@examples(80)
@given(agreements(fates_only=(HolidayInterest.CAPITALISE, HolidayInterest.WAIVE)), st.integers(1, 4))
def test_a_suspension_is_the_same_in_two_parts(terms, cut):
    halves = []
    for one in terms.suspensions:
        some = min(cut, one.instalments)
        halves.append(one.model_copy(update={"instalments": some}))
        halves.append(
            one.model_copy(update={"starts": one.starts + some, "instalments": one.instalments - some})
        )
    assume(made(terms) is not None)
    same(terms, suspensions=halves)


@examples(80)
@given(
    agreements(methods=[*ANNUITIES, Method.EQUAL_PRINCIPAL], growing=(True, False), stubs=[*FirstPeriod]),
    st.data(),
)
def test_a_solved_term_is_the_shortest_that_repays_with_no_instalment_above_the_agreed(terms, data):
    part = max(minor(terms.principal) // data.draw(st.integers(1, 30)), 1)
    assume(terms.steps is None or (terms.steps.share or terms.steps.amount or 0) >= 0)
    terms = again(
        terms,
        instalments=0,
        instalment=Decimal(part).scaleb(-2),
        balloon=None,
        last_row="residue",
        moves=[],
        repricing="keep",
    )
    try:
        rows = figures(terms)
    except Refused as refused:
        assert refused.issues[0].code in ("negative-amortisation", "term-too-long", *DROPPED)
        assume(False)
    own = int(
        terms.stub is FirstPeriod.OWN_ROW
        and stepped(terms.every, terms.first_due, terms.anchor_day or terms.first_due.day, -1) != terms.start
    )
    count = len(rows) - own
    paid = [row for row in rows[own:] if row[1]]
    last = count - 1
    steps = terms.steps
    agreed = Fraction(part)
    if steps is not None:
        taken = last // steps.every if steps.times is None else min(last // steps.every, steps.times)
        if steps.share and taken:
            grown = agreed * (1 + steps.share) ** taken
            agreed = rounded(grown / multiple(terms), settle(terms)) * multiple(terms)
        agreed += taken * minor(steps.amount or Decimal(0))
    suspended = {
        k for one in terms.suspensions for k in range(one.starts - 1, one.starts - 1 + one.instalments)
    }
    assert rows[-1][6] == 0
    odd = terms.stub in (FirstPeriod.FIRST_ROW, FirstPeriod.SPREAD)
    if paid and last not in suspended and not odd:
        interest = rows[-1][2] if terms.method in ANNUITIES else 0
        assert rows[-1][1] + interest <= agreed
    if count > 1 and last - 1 not in suspended and not odd:
        # One fewer would have to take more than was agreed: something was still owed after it.
        assert rows[-2][6] > 0 or any(row[5] or row[3] for row in rows)
    if count > 1 and not any(one.starts + one.instalments > count for one in terms.suspensions):
        assert figures(again(terms, instalments=count)) == rows


def multiple(terms):
    return 1 if terms.instalment_multiple is None else minor(terms.instalment_multiple)


def settle(terms):
    return terms.instalment_rounding or terms.rounding


@examples(80)
@given(agreements(methods=[Method.LEVEL]), st.integers(1, 60))
def test_moved_due_dates_rise_and_later_ones_step_from_where_they_went_without_drift(terms, count):
    dues = terms.dues(count)
    assert dues == [day for day, _ in scheduled(terms, count)]
    assert all(a < b for a, b in pairwise(terms.dues(max(count, terms.instalments))))
    assert terms.dues(count + 7)[:count] == dues


@examples(80)
@given(
    agreements(
        methods=[one for one in Method if one is not Method.BULLET],
        stubs=[FirstPeriod.FIRST_ROW],
        interrupted=False,
    ),
    st.sampled_from(["30/360 by month", "ACT/365F"]),
)
def test_the_stubs_charge_the_same_interest_and_repay_the_same_principal(terms, day_count):
    terms = again(terms, rates=(), day_count=day_count, roll_accrues=False)
    regular = stepped(terms.every, terms.first_due, terms.anchor_day or terms.first_due.day, -1)
    first, spread, own = (made(again(terms, stub=stub)) for stub in ("first_row", "spread", "own_row"))
    assume(first is not None)
    assert sum(row[2] for row in first) == sum(row[2] for row in spread)
    assert [row[1] for row in first] == [row[1] for row in spread]
    assert spread[0][4] == first[0][4]  # the first period accrues the same interest, whenever it is paid
    if terms.start < regular:
        assert [row[1] for row in own] == [0, *(row[1] for row in first)]
        # A cent at most: two roundings instead of one.
        assert abs(sum(row[2] for row in own) - sum(row[2] for row in first)) <= 1
        assert max(row[2] - plain[2] for row, plain in zip(spread, own[1:], strict=True)) <= own[0][2] + 1


def test_a_suspended_instalment_pays_nothing_its_interest_or_the_amount():
    def paid(**suspension):
        rows = figures(loan(suspensions=[dict(starts=4, instalments=2, **suspension)]))
        return [(row[1], row[2], row[5]) for row in rows[3:5]], rows

    (nothing, rows) = paid()
    # The balance after three rows bears 1.5 % a month, and the interest of the first bears the second's.
    first = rounded(rows[2][6] * Fraction(15, 1000))
    second = rounded((rows[2][6] + first) * Fraction(15, 1000))
    assert nothing == [(0, 0, first), (0, 0, second)]
    assert paid(pay="interest")[0][0] == (0, rounded(paid(pay="interest")[1][2][6] * Fraction(15, 1000)), 0)
    (some, rows) = paid(amount="200")
    interest = rounded(rows[2][6] * Fraction(15, 1000))
    assert some[0] == (20_000 - interest, interest, 0)
    (little, rows) = paid(amount="20", interest="capitalise_at_end")
    first = rounded(rows[2][6] * Fraction(15, 1000)) - 2000
    assert little == [(0, 2000, 0), (0, 2000, 2 * first)]


@pytest.mark.parametrize("fate", list(HolidayInterest))
def test_interest_of_a_suspension_goes_where_it_is_said_to_go(fate):
    rows = figures(loan(suspensions=[dict(starts=4, instalments=3, interest=fate)]))
    unpaid = sum(row[4] for row in rows[3:6])
    capitalised, apart = [row[5] for row in rows], [row[3] for row in rows]
    match fate:
        case HolidayInterest.CAPITALISE:
            assert (capitalised[3:6], sum(apart)) == ([row[4] for row in rows[3:6]], 0)
        case HolidayInterest.CAPITALISE_AT_END:
            assert (capitalised, sum(apart)) == ([0] * 5 + [unpaid] + [0] * 6, 0)
        case HolidayInterest.PARK:
            assert (sum(capitalised), apart) == (0, [0] * 11 + [unpaid])
        case HolidayInterest.SPREAD:
            assert (sum(capitalised), apart) == (0, [0] * 6 + parts(unpaid, 6))
        case HolidayInterest.WAIVE:
            assert (sum(capitalised), sum(apart)) == (0, 0)
            assert sum(row[2] for row in rows) + unpaid == sum(row[4] for row in rows)


# --- rounding borders


@pytest.mark.parametrize(
    ("rounding", "instalments"),
    [("half_up", (3, 4, 3)), ("half_even", (2, 4, 2)), ("up", (3, 4, 3)), ("down", (2, 3, 2))],
)
def test_a_tie_of_an_interrupted_loan_is_decided_exactly(rounding, instalments):
    # Without interest: two instalments paid of three repay 0.05 by exactly 2.5 cents and 0.07 by 3.5; steps that
    # double repay 0.10 by x + 3x, so 2.5 again.
    common = dict(annual_rate=0, instalment_rounding=rounding, negative_amortisation=True)
    suspended = dict(instalments=3, suspensions=[dict(starts=2, instalments=1)])
    stepping = dict(instalments=2, method="stepped", steps=dict(every=1, share=2))
    solved = (
        figures(loan(principal="0.05", **suspended, **common))[0][1],
        figures(loan(principal="0.07", **suspended, **common))[0][1],
        figures(loan(principal="0.10", **stepping, **common))[0][1],
    )
    assert solved == instalments


@pytest.mark.parametrize("rounding", list(Rounding))
def test_a_whole_instalment_of_an_interrupted_loan_stays_whole_without_a_finite_binary(rounding):
    # A third a month, interest alone in the second: x·(3/4 + 9/16) repays 0.21, so x is exactly 16 cents.
    terms = loan(
        principal="0.21",
        annual_rate="400%",
        instalments=3,
        instalment_rounding=rounding,
        suspensions=[dict(starts=2, instalments=1, pay="interest")],
    )
    assert figures(terms)[0][1] + figures(terms)[0][2] == 16


# --- what went wrong before


def test_a_term_is_found_behind_a_suspension_of_any_length():
    for starts, length in ((1, 30), (2, 23), (1, 24), (20, 40)):
        terms = loan(
            instalments=...,
            instalment="1000",
            suspensions=[dict(starts=starts, instalments=length, pay="interest")],
        )
        rows = figures(terms)
        plain = figures(loan(instalments=..., instalment="1000"))
        paid = [row for k, row in enumerate(rows) if not starts - 1 <= k < starts - 1 + length]
        assert [row[1:3] for row in paid] == [row[1:3] for row in plain]
        assert rows[-1][6] == 0


def test_amounts_paid_while_suspended_may_repay_the_whole_loan():
    rows = figures(loan(principal="100", suspensions=[dict(instalments=2, amount="80")]))
    assert [row[1:3] for row in rows] == [(7850, 150), (2150, 32)]
    rows = figures(loan(principal="100", annual_rate=0, suspensions=[dict(instalments=3, amount="50")]))
    assert [row[1] for row in rows] == [5000, 5000]


def test_where_amounts_paid_while_suspended_repay_everything_nothing_else_is_paid():
    terms = loan(suspensions=[dict(starts=3, instalments=2, amount="9000")], negative_amortisation=True)
    rows = figures(terms)
    assert [row[1] + row[2] for row in rows[:3]] == [0, 0, 900_000]
    assert (len(rows), rows[-1][6]) == (4, 0)
    assert rows == agreed_rows(terms)


def test_the_rates_from_a_day_on_begin_with_the_one_in_force():
    changes = [dict(starts="2026-03-01", annual_rate="9%"), dict(starts="2026-04-01", annual_rate="9%")]
    terms = loan(rates=[*changes, dict(starts="2026-05-01", annual_rate=0)])
    old, new, may = Fraction(18, 100), Fraction(9, 100), (date(2026, 5, 1), Fraction(0))
    night = date(2026, 2, 28)
    assert terms.rate_path(night) == [(night, old), (date(2026, 3, 1), new), may]
    assert terms.rate_path(date(2026, 3, 1)) == [(date(2026, 3, 1), new), may]
    assert terms.rate_path(date(2026, 6, 1)) == [(date(2026, 6, 1), Fraction(0))]


def test_parts_of_principal_are_equal_whatever_a_suspension_repays_or_capitalises():
    for method in ("equal_principal", "flat"):
        for suspension in (
            dict(amount="1500"),
            dict(),
            dict(pay="interest"),
            dict(amount="50", interest="park"),
        ):
            rows = figures(loan(method=method, suspensions=[dict(starts=6, instalments=2, **suspension)]))
            parts_of = [row[1] for k, row in enumerate(rows) if k not in (5, 6)]
            assert len(rows) == 12
            assert len(set(parts_of[:-1])) == 1
            assert abs(parts_of[-1] - parts_of[0]) <= 12


def test_interest_that_waits_is_not_lost_where_the_suspension_repays_the_loan():
    # The first suspended instalment leaves interest unpaid; without a rate the next two repay all the principal.
    common = dict(annual_rate="1200%", instalment="15")
    for fate in HolidayInterest:
        suspension = dict(instalments=5, amount="9", interest=fate)
        at_once = loan(
            principal="10",
            rates=[dict(starts="2026-02-15", annual_rate=0)],
            suspensions=[suspension],
            **common,
        )
        later = loan(
            principal="15",
            rates=[dict(starts="2026-03-15", annual_rate=0)],
            suspensions=[dict(starts=2, **suspension)],
            **common,
        )
        for terms in (at_once, later):
            rows = figures(terms)
            check_the_books(terms, rows)
            waived = sum(row[4] - row[2] - row[3] - row[5] for row in rows)
            assert waived == ((100 if terms is at_once else 600) if fate is HolidayInterest.WAIVE else 0)
    rows = figures(loan(method="bullet", suspensions=[dict(starts=5, instalments=2, amount="20000")]))
    # Four months' interest waits without bearing any; the amount covers the fifth and repays everything.
    assert [row[2] for row in rows] == [0, 0, 0, 0, 18_000, *[0] * 6, 4 * 18_000]
    assert rows[4][6] == 0


def test_what_is_spread_over_no_instalments_falls_due_with_the_last():
    terms = loan(
        principal="10",
        annual_rate="1200%",
        instalments=...,
        instalment="25",
        rates=[dict(starts="2026-02-15", annual_rate=0)],
        suspensions=[dict(instalments=2, amount="9", interest="spread")],
        negative_amortisation=True,
    )
    rows = figures(terms)
    assert [row[1:4] for row in rows] == [(0, 900, 0), (900, 0, 0), (100, 0, 100)]
    rows = figures(again(terms, suspensions=[dict(instalments=3, amount="5", interest="spread")]))
    assert [row[1:4] for row in rows] == [(0, 500, 0), (500, 0, 0), (500, 0, 500)]


def test_a_row_of_its_own_ends_where_the_first_regular_period_begins_even_rolled():
    # 15 February 2026 is a Sunday: fifteen nights from 1 February to Monday the 16th, and 28 to 16 March.
    terms = loan(
        stub="own_row",
        start="2026-02-01",
        roll="following",
        roll_accrues=True,
        day_count="ACT/365F",
        annual_rate="36.5%",
        method="interest_only",
        instalments=3,
    )
    assert [row[2] for row in figures(terms)[:2]] == [15 * 1200, 28 * 1200]
    assert [row[2] for row in figures(again(terms, roll_accrues=False))[:2]] == [14 * 1200, 28 * 1200]
    # A long one that starts on Thursday 8 January ends on Monday 16 February, not on Sunday the 15th.
    long = again(terms, start=date(2026, 1, 8), first_due=date(2026, 3, 15))
    assert [row[2] for row in figures(long)[:2]] == [39 * 1200, 28 * 1200]


def test_a_rate_that_changed_before_the_loan_prices_the_nights_that_only_regular_periods_have():
    # The regular first period runs from 15 January: five nights at 36.5 %, then at half of it, all of it on paper only.
    terms = loan(
        start="2026-02-01",
        stub="first_row",
        day_count="ACT/365F",
        annual_rate="36.5%",
        rates=[dict(starts="2026-01-20", annual_rate="18.25%")],
        instalment="2000",
    )
    first = figures(terms)[0]
    assert first[:3] == (date(2026, 2, 15), 200_000 - (5 * 1200 + 26 * 600), 14 * 600)


def test_the_term_behind_a_row_of_its_own_counts_the_periods_that_are_charged():
    # The periods from 28 February on, not those from 31 January on, take eleven instalments.
    for cents in range(95_000, 101_000, 50):
        rows = figures(
            loan(
                instalments=...,
                instalment=Decimal(cents).scaleb(-2),
                principal="10000",
                stub="own_row",
                day_count="ACT/365F",
                start="2026-02-10",
                first_due="2026-02-28",
                anchor_day=31,
            )
        )
        assert rows[-1][1] + rows[-1][2] <= cents


def test_the_pieces_of_an_odd_period_are_rounded_one_by_one_too():
    # 10.10 at 3.65 % and 7.3 % over 365 days: 0.00101 and 0.00202 a day; seven days each are 0.00707 and 0.01414.
    terms = loan(
        principal="10.10",
        annual_rate="3.65%",
        rates=[dict(starts="2026-01-08", annual_rate="7.3%")],
        start="2026-01-01",
        first_due="2026-02-15",
        stub="own_row",
        day_count="ACT/365F",
        method="interest_only",
    )
    assert figures(terms)[0][2] == 2
    assert figures(again(terms, rounding_per="sub_interval"))[0][2] == 1 + 1
    assert figures(again(terms, rounding="up"))[0][2] == 3
    assert figures(again(terms, rounding="up", rounding_per="sub_interval"))[0][2] == 1 + 2


def test_due_dates_that_roll_onto_one_day_keep_their_places():
    common = dict(every="1 day", roll="following", roll_accrues=True, first_due="2026-01-16", instalments=10)
    for rates in ([], [dict(starts="2026-01-18", annual_rate="9%")]):
        rows = figures(loan(**common, rates=rates, rounding_per="sub_interval"))
        assert [row[0] for row in rows] == [row[0] for row in figures(loan(**common, rates=rates))]
        assert len(rows) == 10
        assert rows[2][4] == rows[3][4] == 0  # Saturday and Sunday fall due on Monday as well


def test_an_advance_after_the_rolled_end_of_the_last_period_is_refused():
    terms = loan(
        roll="preceding",
        roll_accrues=True,
        start="2026-01-17",
        first_due="2026-02-17",
        advances=[dict(on="2027-01-16", amount="100")],
    )
    with pytest.raises(
        Refused, match="2027-01-16 comes after the last period, whose end rolls to 2027-01-15"
    ):
        amortise(terms)


def test_a_due_date_that_rolls_back_to_the_start_is_refused():
    # 17 January 2026 is a Saturday, 1 February a Sunday.
    for changes in (
        dict(start="2026-01-16", first_due="2026-01-18"),
        dict(start="2026-01-30", first_due="2026-03-01", stub="own_row"),
    ):
        for accrues in (False, True):
            terms = loan(roll="preceding", roll_accrues=accrues, **changes)
            with pytest.raises(Refused, match="which is not after the loan's start") as refused:
                amortise(terms)
            assert refused.value.issues[0].code == "date-before-origination"


def test_a_loan_that_is_repaid_before_its_next_part_keeps_its_empty_instalments():
    rows = figures(loan(principal=0, advances=[dict(on="2026-05-20", amount="1000")]))
    assert [row[0].month for row in rows] == [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 1]
    assert [row[1] for row in rows[:4]] == [0, 0, 0, 0]
    rows = figures(
        loan(
            instalment_multiple="5000",
            instalment_rounding="up",
            advances=[dict(on="2026-08-15", amount="1000")],
        )
    )
    assert [row[6] for row in rows[2:8]] == [0, 0, 0, 0, 100_000, 0]


def test_a_balloon_may_be_as_large_as_all_that_is_paid_out_in_the_first_period():
    rows = figures(loan(principal="1000", balloon="5000", advances=[dict(on="2026-01-20", amount="9000")]))
    assert sum(row[1] for row in rows) == 1_000_000
    assert rows[-1][1] > 500_000


def test_a_rate_that_changes_only_in_the_extra_period_is_no_trouble():
    rows = figures(
        loan(
            last_row="extra_row",
            rounding_per="sub_interval",
            rates=[dict(starts="2027-01-20", annual_rate="10%")],
        )
    )
    assert len(rows) == 13
    assert [row[6] for row in rows[-2:]] == [3, 0]


# --- what others printed


def test_an_interest_only_period_then_level_instalments_as_a_calculator_prints_them():
    # http://www.hughcalc.org/iicv.cgi (HughCalc, interest-only / conventional): 100,000 at 7 %, 24 months of
    # interest alone (583.33), then 96 of 1363.37; the first balances as printed there.
    rows = amortise(
        loan(
            currency="USD",
            principal="100000",
            annual_rate="7%",
            instalments=120,
            suspensions=[dict(instalments=24, pay="interest")],
        )
    ).rows
    assert {str(row.total) for row in rows[:24]} == {"583.33"}
    assert str(rows[24].total) == "1363.37"
    assert [str(row.principal) for row in rows[24:32]] == [
        "780.04", "784.59", "789.16", "793.77", "798.40", "803.05", "807.74", "812.45",
    ]  # fmt: skip
    assert [str(row.balance) for row in rows[24:31]] == [
        "99219.96", "98435.37", "97646.21", "96852.44", "96054.04", "95250.99", "94443.25",
    ]  # fmt: skip


def test_the_step_payment_mortgage_of_a_disclosure_form_is_met_to_the_cent():
    # Federal Reserve model form H-19(F), step-payment mortgage sample (2009 proposal), as reprinted on
    # info.5y1.org: 200,000 at 6.5 % over 30 years, payments with 305 of escrow of 1,318.37, 1,358.90 and
    # 1,401.06; 1,286.87 more is owed by February 2011; from March 2017 on the payment is 1,669.69.
    rows = amortise(
        loan(
            currency="USD",
            principal="200000",
            annual_rate="6.5%",
            instalments=360,
            start="2009-02-01",
            first_due="2009-03-01",
            method="stepped",
            steps=dict(every=12, share="4%", times=7),
            instalment="1013.37",
            negative_amortisation=True,
        )
    ).rows
    escrow = Decimal("305.00")
    assert [str(rows[k].total + escrow) for k in (0, 11, 12, 23, 24)] == [
        "1318.37", "1318.37", "1358.90", "1358.90", "1401.06",
    ]  # fmt: skip
    assert str(rows[23].due) == "2011-02-01"
    assert str(rows[23].balance - 200_000) == "1286.87"
    assert str(rows[95].due) == "2017-02-01"
    level = amortise(loan(currency="USD", principal=rows[95].balance, annual_rate="6.5%", instalments=264))
    assert str(level.rows[0].total + escrow) == "1669.69"


def test_a_graduated_payment_mortgage_starts_where_a_manual_says():
    # https://winamortpro.com/winamort-users-guide/graduated_payment.htm: 750.00 stepped by 7 % a year for five
    # years at 12.75 % over 30 years affords 87,786.07.
    terms = loan(
        currency="USD",
        principal="87786.07",
        annual_rate="12.75%",
        instalments=360,
        method="stepped",
        steps=dict(every=12, share="7%", times=5),
        negative_amortisation=True,
    )
    rows = amortise(terms).rows
    assert str(rows[0].total) == "750.00"
    assert [str(rows[12 * year].total) for year in range(1, 7)] == [
        "802.50",
        "858.68",
        "918.78",
        "983.10",
        "1051.91",
        "1051.91",
    ]  # fmt: skip  (750 · 1.07ᵏ, rounded half-up)


# --- contradictions


def faults(**changes):
    with pytest.raises(ValidationError) as caught:
        loan(**changes)
    return [
        issue
        for error in caught.value.errors()
        for issue in error.get("ctx", {}).get("issues", [(error["type"],)])
    ]


STEPS = dict(every=12, share="5%")
CONTRADICTIONS = [
    (dict(first_due="9001-01-15"), "date-invalid", "first_due 9001-01-15 lies too far ahead to lay out a schedule", "first_due"),
    (dict(moves=[dict(instalment=2, to="9999-12-01")]), "date-invalid", "moves 9999-12-01 lies too far ahead to lay out a schedule", "moves"),
    (dict(instalment_multiple=0), "value-invalid", "instalments cannot be multiples of zero", "instalment_multiple"),
    (dict(method="stepped"), "value-invalid", "steps say how the stepped method goes; give both or neither", "steps"),
    (dict(steps=STEPS), "value-invalid", "steps say how the stepped method goes; give both or neither", "steps"),
    (
        dict(rates=[dict(starts="2026-05-01", annual_rate=0), dict(starts="2026-05-01", annual_rate="1%")]),
        "date-order", "the days of rates must rise without repeating one", "rates",
    ),
    (
        dict(rates=[dict(starts="2026-05-02", annual_rate=0), dict(starts="2026-05-01", annual_rate="1%")]),
        "date-order", "the days of rates must rise without repeating one", "rates",
    ),
    (
        dict(moves=[dict(instalment=3, to="2026-04-20"), dict(instalment=3, to="2026-04-21")]),
        "date-order", "moves come in the order of their instalments, one each", "moves",
    ),
    (
        dict(moves=[dict(instalment=3, to="2026-03-15")]),
        "move-out-of-order", "a moved instalment falls due on or before the one before it", "moves",
    ),
    (
        dict(compounding="monthly", rounding_per="sub_interval"),
        "value-invalid", "interest that compounds within a period has no pieces to round one by one", "rounding_per",
    ),
    (
        dict(suspensions=[dict(starts=5, instalments=2), dict(starts=3, instalments=3)]),
        "suspensions-overlap", "two suspensions both claim instalment 5", "suspensions",
    ),
    (
        dict(suspensions=[dict(starts=10, instalments=3)]),
        "term-not-positive", "the suspensions reach to instalment 12 of 12 and leave none to repay", "suspensions",
    ),
    (dict(instalments=...), "term-not-positive", "a loan needs at least one instalment", None),
    (
        dict(instalments=..., instalment="100", method="interest_only"),
        "term-not-positive",
        "no instalment tells the term of method interest_only; say how many instalments there are",
        "instalments",
    ),
    (
        dict(first_due="2026-01-15"),
        "date-before-origination", "first_due 2026-01-15 is not after the loan's start 2026-01-15", None,
    ),
    (
        dict(moves=[dict(instalment=1, to="2026-01-10")]),
        "date-before-origination", "moves 2026-01-10 is not after the loan's start 2026-01-15", None,
    ),
    *(
        ({name: "0.001"}, "money-scale", "0.001 has more decimals than CNY has minor units", name)
        for name in ("principal", "instalment", "balloon", "flat_base", "instalment_multiple")
    ),
    (
        dict(advances=[dict(on="2026-03-01", amount="0.001")]),
        "money-scale", "0.001 has more decimals than CNY has minor units", "advances",
    ),
    (
        dict(suspensions=[dict(instalments=1, amount="0.001")]),
        "money-scale", "0.001 has more decimals than CNY has minor units", "suspensions",
    ),
    (
        dict(method="stepped", steps=dict(every=2, amount="-0.001")),
        "money-scale", "-0.001 has more decimals than CNY has minor units", "steps",
    ),
    *(
        (
            dict(advances=[dict(on=on, amount=1) for on in days]),
            "date-order",
            "advances come in the order of their days, from the loan's start to its last instalment",
            "advances",
        )
        for days in (["2026-05-01", "2026-04-01"], ["2026-01-14"], ["2027-01-15"])
    ),
    *(
        (
            dict(stub="spread", **changes),
            "value-invalid", "stub spread needs interest paid with a regular first instalment", name,
        )
        for name, changes in {
            "advances": dict(advances=[dict(on="2026-03-01", amount=1)]),
            "moves": dict(moves=[dict(instalment=1, to="2026-02-20")]),
            "suspensions": dict(suspensions=[dict(instalments=1)]),
            "method": dict(method="bullet"),
        }.items()
    ),
    *(
        (
            dict(advances=[dict(on="2026-03-01", amount=1)], **changes),
            "value-invalid", f"advances solve the instalments anew, which {name} contradicts", name,
        )
        for name, changes in {
            "compounding": dict(compounding="annual"),
            "instalment": dict(instalment="1100"),
            "suspensions": dict(suspensions=[dict(instalments=1)]),
            "steps": dict(method="stepped", steps=STEPS),
            "method": dict(method="flat"),
        }.items()
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "code", "sentence", "place"), CONTRADICTIONS, ids=[str(k) for k in range(len(CONTRADICTIONS))]
)
def test_terms_that_contradict_themselves_say_where_and_why(changes, code, sentence, place):
    assert faults(**changes) == [(code, sentence, *([] if place is None else [place]))]


def test_advances_need_a_number_of_instalments():
    found = faults(instalments=..., instalment="1100", advances=[dict(on="2026-03-01", amount=1)])
    assert [issue[2] for issue in found] == ["instalments", "instalment"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (dict(every=3), "give either an amount or a share"),
        (dict(every=3, share="1%", amount=1), "give either an amount or a share"),
        (dict(every=3, share="-100%"), "a step of -100% leaves no instalment; step down by less"),
    ],
)
def test_steps_that_say_nothing_or_too_much_are_refused(changes, sentence):
    with pytest.raises(ValidationError, match=sentence):
        loan(method="stepped", steps=changes)


def test_all_contradictions_are_reported_at_once():
    found = faults(
        principal="0.001",
        first_due="2026-01-15",
        method="stepped",
        compounding="monthly",
        rounding_per="sub_interval",
        instalment_multiple=0,
        stub="own_row",
        rates=[dict(starts="2026-05-02", annual_rate=0), dict(starts="2026-05-01", annual_rate=0)],
        suspensions=[dict(starts=1, instalments=2), dict(starts=2, instalments=11)],
    )
    assert [(code, *place) for code, _, *place in found] == [
        ("value-invalid", "instalment_multiple"),
        ("value-invalid", "steps"),
        ("date-order", "rates"),
        ("value-invalid", "rounding_per"),
        ("suspensions-overlap", "suspensions"),
        ("term-not-positive", "suspensions"),
        ("date-before-origination",),
        ("money-scale", "principal"),
        ("value-invalid", "suspensions"),
    ]
    assert all(not sentence[0].isupper() and not sentence.endswith(".") for _, sentence, *_ in found)
