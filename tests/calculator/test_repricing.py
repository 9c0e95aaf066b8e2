"""Loans whose instalment is solved anew where the rate changes: a published sample, laws, and what goes on from them."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from calculator.test_terms import agreements, loan, made, wanted
from laws import examples
from restructure.calculator.amortisation.schedule import amortise
from restructure.calculator.amortisation.scheme import HolidayInterest, Method
from restructure.calculator.amortisation.terms import Terms
from restructure.calculator.measures.rate import ChangeRate
from restructure.calculator.measures.solve import Reamortise
from restructure.calculator.measures.timing import Extend
from restructure.calculator.plans.continuation import position_after
from restructure.calculator.plans.plan import reschedule
from restructure.calculator.servicing.account import position_of
from restructure.calculator.servicing.contract import Contract, Payment
from restructure.errors import Refused

# 12 CFR 1026 (Regulation Z) Appendix H, sample H-14, as in test_scheme: the rate of each of the first fifteen years.
RATES = ["17.41", "15.41", "15.17", "13.17", *["12.41"] * 11]
PRINTED = {
    1: ("145.90", "9989.37"),
    2: ("129.81", "9969.66"),
    3: ("127.91", "9945.51"),
    4: ("112.43", "9903.70"),
    5: ("106.73", "9848.94"),
    15: ("106.73", "8700.37"),
}


def adjustable(**changes):
    """The loan of H-14, its rates agreed as they turned out."""
    fields: dict = dict(
        currency="USD",
        principal="10000",
        annual_rate="17.41%",
        rates=[dict(starts=f"{2026 + k}-01-15", annual_rate=f"{rate}%") for k, rate in enumerate(RATES) if k],
        instalments=360,
        repricing="recalculate",
    )
    return loan(**fields | changes)


def contract(terms, **handling):
    return Contract(**{name: getattr(terms, name) for name in Terms.model_fields}, **handling)


def amounts(rows):
    return [(row.due, row.principal, row.interest, row.balance) for row in rows]


def test_the_sample_of_regulation_z_is_one_schedule():
    rows = amortise(adjustable()).rows
    found = {year: (str(rows[12 * year - 1].total), str(rows[12 * year - 1].balance)) for year in PRINTED}
    assert found == PRINTED
    assert rows[-1].balance == 0


def test_solved_once_over_its_rates_the_same_loan_would_have_to_grow():
    with pytest.raises(Refused, match="below the interest"):
        amortise(adjustable().model_copy(update={"repricing": type(adjustable().repricing)("keep")}))


def test_a_loan_repriced_each_january_goes_over_with_the_first_instalment_after():
    # 等额本息, repriced on 1 January (重定价日), due on the 20th: the January bill counts 12 days at the old rate.
    terms = loan(
        principal="1000000",
        annual_rate="4.2%",
        instalments=360,
        start="2023-06-20",
        first_due="2023-07-20",
        rates=[dict(starts="2024-01-01", annual_rate="3.95%")],
        day_count="ACT/365F",
        repricing="recalculate",
    )
    old, new = (
        amortise(terms.model_copy(update={"rates": ()})).rows,
        amortise(terms).rows,
    )
    assert amounts(new[:6]) == amounts(old[:6])
    balance = old[5].balance
    exact = balance * (12 * Decimal("0.042") + 19 * Decimal("0.0395")) / 365
    assert new[6].interest == exact.quantize(Decimal("0.01"))
    assert new[6].total == new[7].total < old[5].total
    assert new[7].total == new[-2].total


def test_an_agreed_instalment_holds_up_to_the_change():
    terms = loan(
        instalment="1200",
        rates=[dict(starts="2026-04-15", annual_rate="12%")],
        repricing="recalculate",
    )
    rows = amortise(terms).rows
    assert [str(row.total) for row in rows[:4]] == ["1200.00", "1200.00", "1200.00", "1038.27"]
    rest = amortise(
        loan(
            principal=rows[2].balance,
            annual_rate="12%",
            instalments=9,
            start="2026-04-15",
            first_due="2026-05-15",
        )
    )
    assert amounts(rows[3:]) == amounts(rest.rows)


@pytest.mark.parametrize("paid", [0, 5, 11, 12, 13, 24, 100])
def test_a_position_of_it_goes_on_as_the_schedule_does(paid):
    loan_made = contract(adjustable())
    rows = amortise(adjustable()).rows
    payments = [Payment(on=row.due, amount=row.total) for row in rows[:paid]]
    on = rows[paid - 1].due if paid else loan_made.start
    position = position_of(loan_made, payments, on=on)
    assert position.repayment.instalment == rows[paid].total
    assert amounts(reschedule(position).schedule.rows) == amounts(rows[paid:])


def test_a_change_of_rate_by_a_measure_solves_anew_where_it_starts_and_so_does_what_follows():
    position = position_of(contract(adjustable(rates=[])), on=date(2026, 1, 15))
    measures = [
        ChangeRate(annual_rate=f"{rate}%", starts=f"{2026 + k}-01-15") for k, rate in enumerate(RATES) if k
    ]
    plan = reschedule(position, measures)
    assert plan.identities.hold
    rows = plan.schedule.rows
    # A measure that says the same rate again is none, so the years at 12.41 % are one.
    turns = adjustable().rates[:4]
    assert amounts(rows) == amounts(amortise(adjustable(rates=turns)).rows)
    for paid in (6, 12, 30):
        payments = [Payment(on=row.due, amount=row.total) for row in rows[:paid]]
        later = position_after(plan, payments, on=rows[paid - 1].due)
        assert later.repayment.instalment == rows[paid].total
        assert amounts(reschedule(later).schedule.rows) == amounts(rows[paid:])
        longer = reschedule(later, [Extend(instalments=12)])
        assert longer.identities.hold
        assert len(longer.schedule.rows) == len(rows) - paid + 12


@pytest.mark.parametrize("wish", ["shorten_term", "lower_instalment"])
def test_what_is_prepaid_counts_before_the_next_change(wish):
    agreed = contract(adjustable(), prepayment=wish)
    rows = amortise(agreed).rows
    payments = [Payment(on=row.due, amount=row.total) for row in rows[:6]]
    payments[-1] = Payment(on=rows[5].due, amount=rows[5].total + 3000)
    position = position_of(agreed, payments, on=rows[5].due)
    assert position.buckets.principal == rows[5].balance - 3000
    if wish == "shorten_term":
        assert position.repayment.instalment == rows[5].total
        # As many as 145.90 takes at the rate in force: n = −ln(1 − 6995·0.1741/12/145.90)/ln(1 + 0.1741/12).
        assert position.repayment.instalments == 83
    else:
        assert position.repayment.instalments == 354
        assert position.repayment.instalment < rows[5].total
    rest = reschedule(position).schedule.rows
    payments += [Payment(on=row.due, amount=row.total) for row in rest[:8]]
    later = position_of(agreed, payments, on=rest[7].due)
    assert later.buckets.principal == rest[7].balance
    assert later.repayment.instalment == rest[8].total != rest[5].total


def test_a_term_is_solved_at_the_rate_in_force_and_a_balloon_is_none():
    position = position_of(
        contract(loan(rates=[dict(starts="2026-04-15", annual_rate="12%")], repricing="recalculate")),
        on=date(2026, 1, 15),
    )
    plan = reschedule(position, [Reamortise(solve="term", instalment="600")])
    alone = reschedule(
        position.model_copy(update={"repayment": position.repayment.model_copy(update={"rates": ()})}),
        [Reamortise(solve="term", instalment="600")],
    )
    assert len(plan.schedule.rows) == len(alone.schedule.rows)
    assert [str(row.total) for row in plan.schedule.rows[:3]] == ["600.00"] * 3
    with pytest.raises(Refused) as refused:
        reschedule(position, [Reamortise(solve="balloon", instalment="600")])
    assert refused.value.issues[0].code == "balloon-not-needed"


def test_a_term_does_not_follow_from_an_instalment_that_changes():
    with pytest.raises(ValidationError, match="tells no term"):
        loan(
            instalments=0,
            instalment="900",
            rates=[dict(starts="2026-04-15", annual_rate="12%")],
            repricing="recalculate",
        )


@examples(60)
@given(
    agreements(
        methods=[Method.LEVEL, Method.LEVEL, Method.STEPPED],
        fates_only=(HolidayInterest.CAPITALISE, HolidayInterest.WAIVE),
    ),
    st.data(),
)
def test_the_plan_without_measures_is_the_rest_of_a_repriced_schedule(terms, data):
    terms = Terms(
        **{name: getattr(terms, name) for name in Terms.model_fields}
        | dict(repricing="recalculate", roll="none", instalment_multiple=None, last_row="residue")
    )
    assert made(terms) == wanted(terms)
    assume(made(terms) is not None)
    rows = amortise(terms).rows
    assume(len(rows) > 1 and all(row.principal >= 0 for row in rows))
    paid = data.draw(st.integers(1, len(rows) - 1))
    payments = [Payment(on=row.due, amount=row.total) for row in rows[:paid] if row.total]
    position = position_of(contract(terms), payments, on=rows[paid - 1].due)
    assume(position.buckets.principal and position.repayment.instalments == len(rows) - paid)
    assert amounts(reschedule(position).schedule.rows) == amounts(rows[paid:])


def test_a_day_on_which_the_rate_stays_brings_back_what_rounding_left():
    terms = loan(principal="100000", instalments=120, repricing="recalculate")
    plain, anew = (
        amortise(terms.model_copy(update={"rates": rates})).rows
        for rates in ((), loan(rates=[dict(starts="2035-10-15", annual_rate="18%")]).rates)
    )
    assert amounts(anew[:117]) == amounts(plain[:117])
    assert abs(anew[-1].total - anew[-2].total) < abs(plain[-1].total - plain[-2].total)
    assert loan(rates=[dict(starts="2035-10-15", annual_rate="18%")]).rate_path(date(2026, 1, 15))[1:] == []
