"""Every method, frequency, roll and last row: laws on random loans, and schedules that others printed."""

import json
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from restructure import (
    ChangeRate,
    Compounding,
    Extend,
    Holiday,
    LastRow,
    Method,
    Payment,
    Reamortise,
    Refused,
    Roll,
    Rounding,
    Terms,
    amortise,
    position_after,
    position_of,
    reschedule,
    weekend,
)
from restructure.calculator.amortisation.schedule import terms_rows
from restructure.calculator.conventions.dates import every_dates, roll_date, step_after, step_before
from restructure.calculator.conventions.day_counts import year_fraction
from restructure.calculator.servicing.contract import Contract
from strategies import any_terms

GOLDEN = Path(__file__).parents[1] / "golden"
PUBLISHED = json.loads((GOLDEN / "published_schedules.json").read_text("utf-8"))["cases"]
FINERACT = json.loads((GOLDEN / "fineract_base.json").read_text("utf-8"))["cases"]
EVERY = {"monthly": ("1 month", 1), "quarterly": ("1 quarter", 3), "annual": ("1 year", 12)}


def loan(**changes):
    fields = dict(
        currency="CNY",
        principal="12000",
        annual_rate="18%",
        instalments=12,
        start="2026-01-15",
        first_due="2026-02-15",
    )
    return Terms(**(fields | changes))


def figures(terms, **options):
    return [
        (str(row.due), str(row.total), str(row.principal), str(row.interest), str(row.balance))
        for row in amortise(terms, **options).rows
    ]


def made(terms):
    """Make the schedule; an instalment rounded to a multiple below the interest is refused, and dropped here."""
    try:
        return amortise(terms)
    except Refused as refused:
        assert [issue.code for issue in refused.issues] == ["negative-amortisation"]
        assume(False)
        raise


@given(any_terms())
def test_whatever_the_terms_all_principal_and_all_interest_is_paid_and_the_last_balance_is_zero(terms):
    rows = made(terms).rows
    assert sum(row.principal for row in rows) == terms.principal
    assert rows[-1].balance == 0
    assert sum(row.interest for row in rows) == sum(row.accrued for row in rows)
    dues = [row.due for row in rows]
    assert dues == sorted(dues)
    if terms.last_row is not LastRow.EXTRA_ROW:
        assert len(rows) <= terms.instalments


@given(any_terms())
def test_every_rows_interest_replays_from_the_balance_that_bears_it(terms):
    scheduled = every_dates(terms.first_due, terms.instalments + 1, terms.every, anchor_day=terms.anchor)
    borders = [terms.start, *scheduled]
    if terms.roll is not Roll.NONE and terms.roll_accrues:
        borders = [terms.start, *(roll_date(day, terms.roll) for day in scheduled)]
    balance = terms.principal
    for k, row in enumerate(made(terms).rows):
        part, year = year_fraction(terms.day_count, borders[k], borders[k + 1], anchor_day=terms.anchor)
        base = terms.principal if terms.method is Method.FLAT else balance
        exact = Fraction(base) * terms.annual_rate * Fraction(part, year)
        # Half-up is decided here; the other modes lie within a cent of the exact interest.
        if terms.rounding is Rounding.HALF_UP:
            assert row.accrued == Decimal(int(exact * 100 + Fraction(1, 2))).scaleb(-2)
        assert abs(Fraction(row.accrued) - exact) < Fraction(1, 100)
        balance = row.balance


@given(any_terms(), st.integers(0, 500))
def test_any_method_can_be_restructured_with_every_identity_at_zero(terms, offset):
    contract = Contract(**{name: getattr(terms, name) for name in Terms.model_fields})
    on = terms.start + timedelta(days=offset)
    made(terms)
    position = position_of(contract, [], on=on)
    for measures in ((), (Extend(instalments=2), Holiday(instalments=1, pay="interest"))):
        try:
            plan = reschedule(position, measures)
        except Refused as refused:
            assert refused.issues[0].code in ("negative-amortisation", "term-not-positive")
            continue
        assert plan.identities.hold, plan.identities
        assert plan.schedule.rows[-1].balance == 0


def test_interest_only_pays_the_interest_of_every_period_and_the_principal_at_the_end():
    rows = figures(loan(method="interest_only", instalments=3))
    assert rows == [
        ("2026-02-15", "180.00", "0.00", "180.00", "12000.00"),
        ("2026-03-15", "180.00", "0.00", "180.00", "12000.00"),
        ("2026-04-15", "12180.00", "12000.00", "180.00", "0.00"),
    ]


def test_a_bullet_pays_nothing_until_the_end_and_unpaid_interest_bears_none():
    rows = figures(loan(method="bullet", instalments=3))
    assert [row[1] for row in rows] == ["0.00", "0.00", "12540.00"]


def test_flat_interest_runs_on_the_original_principal_throughout():
    rows = figures(loan(method="flat"))
    assert {row[1:4] for row in rows} == {("1180.00", "1000.00", "180.00")}


def test_a_balloon_waits_for_the_last_instalment():
    # With 4,000 left at the end: (12,000·1.015¹² − 4,000)·0.015 / (1.015¹² − 1), by hand 793.44.
    grown = Fraction(1015, 1000) ** 12
    exact = (12000 * grown - 4000) * Fraction(15, 1000) / (grown - 1)
    assert round(float(exact), 2) == 793.44
    rows = amortise(loan(balloon="4000")).rows
    assert {str(row.total) for row in rows[:-1]} == {"793.44"}
    assert abs(rows[-1].total - Decimal("4793.44")) <= Decimal("0.06")


def test_a_balloon_above_the_principal_is_refused():
    with pytest.raises(Refused, match="balloon-exceeds-balance"):
        amortise(loan(balloon="12000.01"))


def test_instalments_come_in_multiples_and_the_last_row_takes_the_rest():
    rows = amortise(loan(instalment_multiple="10", instalment_rounding="up")).rows
    assert {str(row.total) for row in rows[:-1]} == {"1110.00"}
    assert rows[-1].total < 1110


def test_with_an_extra_row_no_instalment_is_larger_than_the_regular_one():
    short = loan(instalment_multiple="10", instalment_rounding="down", last_row="extra_row")
    rows = amortise(short).rows
    assert len(rows) == 13
    assert {str(row.total) for row in rows[:-1]} == {"1100.00"}
    assert 0 < rows[-1].total < 1100
    assert str(rows[-1].due) == "2027-02-15"


def test_equalising_never_leaves_the_last_instalment_further_off():
    for cents in range(100_000, 100_200, 7):
        plain = amortise(loan(principal=Decimal(cents).scaleb(-2), instalments=60)).rows
        even = amortise(loan(principal=Decimal(cents).scaleb(-2), instalments=60, last_row="equalise")).rows
        assert abs(even[-1].total - even[0].total) <= abs(plain[-1].total - plain[0].total)


def test_an_instalment_below_the_interest_lets_the_balance_grow_only_where_the_terms_say_so():
    with pytest.raises(Refused, match="negative-amortisation"):
        amortise(loan(instalment="100"))
    schedule = amortise(loan(instalment="100", negative_amortisation=True))
    assert str(schedule.rows[0].principal) == "-80.00"
    assert str(schedule.rows[0].balance) == "12080.00"
    assert schedule.rows[-1].balance == 0
    assert type(schedule).model_validate_json(schedule.model_dump_json()) == schedule


def test_semi_monthly_dates_alternate_between_two_days_of_each_month():
    dates = every_dates(date(2026, 1, 15), 5, "semi-monthly")
    assert [day.isoformat()[5:] for day in dates] == ["01-15", "01-30", "02-15", "02-28", "03-15"]


@given(
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.sampled_from(["1 month", "2 weeks", "3 months", "semi-monthly", "45 days", "1 year"]),
)
def test_a_step_back_undoes_a_step_forward(day, every):
    first = every_dates(day, 2, every)[1]
    assert step_before(first, every, day.day) == day
    assert step_after(day, every, day.day) == first


def test_a_rolled_payment_moves_the_day_and_only_shift_and_accrue_moves_the_interest():
    # 15 February 2026 is a Sunday; the next business day is Monday the 16th.
    common = {"day_count": "ACT/365F", "roll": "following"}
    kept, moved = loan(**common), loan(**common, roll_accrues=True)
    assert amortise(kept).rows[0].due == amortise(moved).rows[0].due == date(2026, 2, 16)
    assert str(amortise(kept).rows[0].interest) == "183.45"  # 31 days of 12,000 at 18 % over 365
    assert str(amortise(moved).rows[0].interest) == "189.37"  # 32 days


def test_any_calendar_can_close_days():
    holidays = {date(2026, 2, 16), date(2026, 2, 17), date(2026, 2, 18)}
    terms = loan(roll="following")
    schedule = amortise(terms, closed=lambda day: weekend(day) or day in holidays)
    assert schedule.rows[0].due == date(2026, 2, 19)


def test_modified_following_stays_in_its_month():
    assert roll_date(date(2026, 5, 31), Roll.MODIFIED_FOLLOWING) == date(2026, 5, 29)
    assert roll_date(date(2026, 5, 31), Roll.FOLLOWING) == date(2026, 6, 1)
    assert roll_date(date(2026, 8, 1), Roll.PRECEDING) == date(2026, 7, 31)
    assert roll_date(date(2026, 8, 1), Roll.MODIFIED_PRECEDING) == date(2026, 8, 3)


@pytest.mark.parametrize("every", ["monthly", "0 days", "-1 month", "1 fortnight", "", "1.5 months"])
def test_a_frequency_that_is_none_is_refused(every):
    with pytest.raises(ValidationError, match="is not a payment frequency"):
        loan(every=every)


def test_a_rate_compounded_monthly_is_the_simple_rate_of_each_month():
    plain, compounded = amortise(loan()), amortise(loan(compounding=Compounding.MONTHLY))
    assert plain == compounded


# --- what others printed


def printed(case):
    book = case["loan"]
    every, months = EVERY[book["payment_frequency"]]
    compounding = None if book["compounding"] == book["payment_frequency"] else book["compounding"]
    up = book["payment_rounding"] == "ROUND_UP"
    return Terms(
        currency="USD",
        principal=book["principal"],
        annual_rate=f"{book['annual_rate_pct']}%",
        instalments=book["amortization_months"] // months,
        start=date(2020, 1, 1),
        first_due=date(2020 + months // 12, 1 + months % 12, 1),
        every=every,
        compounding=compounding,
        instalment_rounding=Rounding.UP if up else Rounding.HALF_UP,
        instalment=book["given_payment"],
    )


ROUNDED = [
    case
    for case in PUBLISHED
    if case["loan"]["balance"] == "round each row" and not case["loan"]["rate_changes"]
]


@pytest.mark.parametrize("case", ROUNDED, ids=lambda case: case["id"])
def test_a_published_schedule_is_met_to_the_cent(case):
    # Source: case["published_source"]; rounding as the case states it.
    rows = amortise(printed(case)).rows
    assert str(rows[0].total) == case["expected_payment"]
    for wanted in case.get("expected_rows") or ():
        row = rows[wanted["nr"] - 1]
        found = {
            "payment": row.total,
            "principal": row.principal,
            "interest": row.interest,
            "balance_after": row.balance,
        }
        assert found == {key: Decimal(wanted[key]) for key in found if key in wanted} | {
            key: value for key, value in found.items() if key not in wanted
        }, wanted["nr"]
    if case.get("expected_balance_at_term"):
        term = case["loan"]["term_months"]
        assert str(rows[term - 1].balance) == case["expected_balance_at_term"]


@pytest.mark.parametrize(
    "case",
    [case for case in PUBLISHED if case["loan"]["balance"] == "carry unrounded"],
    ids=lambda case: case["id"],
)
def test_a_book_that_carries_fractions_of_a_cent_is_met_in_the_instalment(case):
    # These books print rounded figures of an unrounded balance, which no ledger in cents can hold; the first
    # instalment and the first row agree.
    row, wanted = amortise(printed(case)).rows[0], case["expected_rows"][0]
    assert (str(row.total), str(row.principal), str(row.interest)) == (
        wanted["payment"],
        wanted["principal"],
        wanted["interest"],
    )


def test_a_payment_cap_that_lets_the_balance_grow_is_met_to_the_cent():
    # The adjustable-rate case of published_schedules.json: 10 % until payment 12, then 12 %, the payment capped
    # at 1.075 times the old one, so that the balance grows.
    (case,) = (case for case in PUBLISHED if case["loan"]["rate_changes"])
    (change,) = case["loan"]["rate_changes"]
    terms = printed(case).model_copy(update={"negative_amortisation": True})
    contract = Contract(**{name: getattr(terms, name) for name in Terms.model_fields})
    first = amortise(terms).rows
    assert str(first[0].total) == case["expected_payment"]
    on = first[11].due
    paid = [Payment(on=row.due, amount=row.total) for row in first[:12]]
    position = position_of(contract, paid, on=on)
    # Floor or half-up of 570.42 · 1.075 = 613.2015: 613.20 either way.
    capped = (first[0].total * Decimal(change["payment_cap_factor"])).quantize(Decimal("0.01"))
    plan = reschedule(
        position,
        [
            ChangeRate(annual_rate=f"{change['new_annual_rate']}%"),
            Reamortise(solve="nothing", instalment=capped),
        ],
    )
    rows = [*first[:12], *plan.schedule.rows]
    for wanted in case["expected_rows"]:
        row = rows[wanted["nr"] - 1]
        assert (str(row.total), str(row.principal), str(row.interest), str(row.balance)) == (
            wanted["payment"],
            wanted["principal"],
            wanted["interest"],
            wanted["balance_after"],
        )


def test_an_adjustable_rate_that_is_solved_anew_every_year_is_met_to_the_cent():
    # 12 CFR 1026 (Regulation Z) Appendix H, sample H-14, transcribed by murraystokely/mortgagemath (63bd67c):
    # 10,000 over 30 years, the rate of each of the first fifteen, instalment and balance of the years printed.
    rates = ["15.41", "15.17", "13.17", *["12.41"] * 11]
    printed = {
        1: ("145.90", "9989.37"),
        2: ("129.81", "9969.66"),
        3: ("127.91", "9945.51"),
        4: ("112.43", "9903.70"),
        5: ("106.73", "9848.94"),
        15: ("106.73", "8700.37"),
    }
    terms = loan(currency="USD", principal="10000", annual_rate="17.41%", instalments=360)
    contract = Contract(**{name: getattr(terms, name) for name in Terms.model_fields})
    rows = list(amortise(terms).rows[:12])
    paid = [Payment(on=row.due, amount=row.total) for row in rows]
    position = position_of(contract, paid, on=rows[-1].due)
    for rate in rates:
        plan = reschedule(position, [ChangeRate(annual_rate=f"{rate}%"), Reamortise()])
        year = list(plan.schedule.rows[:12])
        rows += year
        paid = [Payment(on=row.due, amount=row.total) for row in year]
        position = position_after(plan, paid, on=year[-1].due)
    found = {year: (str(rows[12 * year - 1].total), str(rows[12 * year - 1].balance)) for year in printed}
    assert found == printed


DAY_COUNTS = {
    "act/365": "ACT/365F",
    "act/364": "ACT/364",
    "act/360": "ACT/360",
    "30/360-by-month": "30/360 by month",
}


def frequency(first, second):
    days = (second - first).days
    return {7: "1 week", 15: "15 days", 14: "2 weeks"}.get(days, "1 month")


@pytest.mark.parametrize("case", FINERACT, ids=lambda case: case["id"])
def test_a_schedule_of_another_system_is_met_to_the_cent_and_the_day(case):
    # Source: case["source"] (Apache Fineract's tests). Half-even interest and instalment, the last row equalised.
    book = case["loan"]
    borders = [
        date.fromisoformat(day) for day in (book["periods"][0][0], *(end for _, end in book["periods"]))
    ]
    flat, bullet = book["interest_method"] == "flat", case["kind"] == "bullet"
    (paid_out,) = book["disbursements"]
    terms = Terms(
        currency="USD",
        principal=paid_out["amount"],
        annual_rate=f"{book['annual_rate_pct']}%",
        instalments=len(book["periods"]),
        start=paid_out["date"],
        first_due=borders[1],
        every=frequency(borders[0], borders[1]),
        method="flat" if flat else "interest_only" if bullet else "level",
        day_count=DAY_COUNTS[book["day_count"]],
        rounding="half_even",
        instalment_multiple=book["instalment_multiple_of"],
        instalment_rounding="half_up" if flat else None,
        last_row="equalise",
    )
    rows = [
        (row.due.isoformat(), row.principal, row.interest, row.total, row.balance)
        for row in amortise(terms).rows
    ]
    assert rows == [
        (
            row["due"],
            Decimal(row["principal"]),
            Decimal(row["interest"]),
            Decimal(row["total"]),
            Decimal(row["balance_after"]),
        )
        for row in case["expected_rows"]
    ]


def test_rows_and_models_are_the_same_schedule():
    assert terms_rows(loan()) == list(amortise(loan()).rows.minor)


@given(
    st.integers(10_000, 5_000_000),
    st.integers(1, 300),
    st.integers(2, 90),
    st.sampled_from(["ACT/365F", "30/360 by month"]),
)
def test_a_level_instalment_above_a_balloon_is_the_exact_one_rounded_once(cents, rate, count, day_count):
    balloon = cents // 3
    terms = loan(
        principal=Decimal(cents).scaleb(-2),
        balloon=Decimal(balloon).scaleb(-2),
        annual_rate=Fraction(rate, 1000),
        instalments=count,
        day_count=day_count,
    )
    borders = [terms.start, *every_dates(terms.first_due, count)]
    factors = []
    for begin, end in pairwise(borders):
        part, year = year_fraction(terms.day_count, begin, end, anchor_day=15)
        factors.append(terms.annual_rate * Fraction(part, year))
    # Each payment discounted to the start: principal − balloon·d_n = P · Σ d_k.
    discount, annuity = Fraction(1), Fraction(0)
    for factor in factors:
        discount /= 1 + factor
        annuity += discount
    exact = (cents - balloon * discount) / annuity
    assert minor(amortise(terms).rows[0].total) == int(exact + Fraction(1, 2))


@given(st.integers(10_000, 2_000_000), st.integers(1, 300), st.integers(2, 72))
def test_the_last_row_is_equalised_by_the_stated_rule_and_no_other(cents, rate, count):
    def ends(**changes):
        rows = amortise(
            loan(
                principal=Decimal(cents).scaleb(-2),
                annual_rate=Fraction(rate, 1000),
                instalments=count,
                **changes,
            )
        ).rows
        return minor(rows[0].total), minor(rows[-1].total)

    level, last = ends()
    moved = level + round(Fraction(last - level, count))  # Python rounds a half to even
    wanted = level
    if abs(last - level) > count // 2:
        again, nearer = ends(instalment=Decimal(moved).scaleb(-2))
        wanted = moved if abs(nearer - again) < abs(last - level) else level
    assert ends(last_row="equalise")[0] == wanted


def minor(amount):
    return int(amount * 100)


def test_the_total_of_a_flat_instalment_is_the_multiple():
    # Apache Fineract, LoanInstallmentMultiplesOfTest (FINERACT-1971, 35243ee): 1,250 at 15 % over 4 months in
    # multiples of 1 is 328.00 each. There the last row also takes the half cents of interest (15.64 for 15.62).
    terms = loan(
        principal="1250",
        annual_rate="15%",
        instalments=4,
        method="flat",
        instalment_multiple="1",
        rounding="half_even",
    )
    rows = [(str(row.principal), str(row.interest), str(row.total)) for row in amortise(terms).rows]
    assert rows == [*[("312.38", "15.62", "328.00")] * 3, ("312.86", "15.62", "328.48")]
    contract = Contract(**{name: getattr(terms, name) for name in Terms.model_fields})
    position = position_of(contract, [Payment(on="2026-02-15", amount="328")], on=date(2026, 2, 15))
    plan = reschedule(position)
    assert str(plan.instalment) == "328.00"
    assert [str(row.total) for row in plan.schedule.rows] == ["328.00", "328.00", "328.48"]


def test_a_flat_instalment_is_never_below_its_interest():
    terms = loan(principal="100", annual_rate="36%", instalments=12, method="flat", instalment_multiple="100")
    rows = amortise(terms).rows
    assert [str(row.total) for row in rows[:2]] == ["3.00", "3.00"]
    assert (str(rows[-1].total), str(rows[-1].balance)) == ("103.00", "0.00")


def test_interest_of_a_holiday_is_billed_with_the_first_instalment_after_it():
    # Apache Fineract's grace on interest payment with grace on principal payment: 3 months' interest fall due together.
    terms = loan(
        method="equal_principal", instalments=14, suspensions=[{"instalments": 2, "interest": "carry"}]
    )
    rows = amortise(terms).rows
    assert [str(row.total) for row in rows[:4]] == ["0.00", "0.00", "1540.00", "1165.00"]
    assert str(rows[2].parked_interest) == "360.00"
    contract = Contract(**{name: getattr(terms, name) for name in Terms.model_fields})
    for on in ("2026-02-20", "2026-03-15", "2026-03-20"):
        position = position_of(contract, on=date.fromisoformat(on))
        (waiting,) = position.parked_due
        assert waiting.on == date(2026, 4, 15)
        plan = reschedule(position)
        assert plan.identities.hold
        assert [row.total for row in plan.schedule.rows if row.due > date(2026, 3, 15)] == [
            row.total for row in rows[2:]
        ]
    early = reschedule(position_of(contract, on=date(2026, 2, 1)), [])
    assert [row.total for row in early.schedule.rows] == [row.total for row in rows]


def test_a_holiday_whose_interest_is_carried_books_it_as_carried():
    position = position_of(
        Contract(**{name: getattr(loan(), name) for name in Terms.model_fields}), on=date(2026, 1, 15)
    )
    plan = reschedule(position, [Holiday(instalments=3, starts=4, interest="carry")])
    assert plan.identities.hold
    late = [move for move in plan.ledger if move.on > position.on]
    assert [(move.on, move.kind.value, move.bucket.value) for move in late] == [
        (date(2026, 7, 15), "carried", "accrued")
    ]
    row = plan.schedule.rows[6]
    assert row.parked_interest == late[0].amount
    assert row.total == plan.instalment + late[0].amount
