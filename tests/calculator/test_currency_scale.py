"""Amounts carry exactly the decimals of their currency, wherever they stand and however they came."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from compositions import compositions
from laws import examples
from restructure.calculator.amortisation.repayment import Repayment
from restructure.calculator.amortisation.schedule import amortise
from restructure.calculator.amortisation.terms import Terms
from restructure.calculator.conventions.currency_scale import scaled
from restructure.calculator.measures.holiday import Holiday
from restructure.calculator.measures.relief import Forgive
from restructure.calculator.measures.up_front import Pay, Settle
from restructure.calculator.plans.figures import figures_of
from restructure.calculator.plans.plan import reschedule
from restructure.calculator.request import CalculationRequest
from restructure.calculator.servicing.account import position_of
from restructure.calculator.servicing.position import Buckets, Position
from restructure.errors import Refused
from restructure.intake.application import Application
from restructure.intake.assessment import assess
from strategies import any_terms, contracts, histories

# ISO 4217, List One: the minor units of some currencies of every kind.
MINOR_UNITS = {"JPY": 0, "KRW": 0, "VND": 0, "CNY": 2, "EUR": 2, "KWD": 3, "BHD": 3, "TND": 3, "CLF": 4}
SHARES = {
    "payment_reduction", "relief_share", "npv_loss", "apr_after", "apr_effective_after", "weighted_average_life_after",
    "contract_rate", "income_drop", "payment_to_income_before", "completeness", "margin_share", "rate_change",
}  # fmt: skip


def amounts(value, name: str = "") -> Iterator[tuple[str, Decimal]]:
    """Every amount in a record, with its place."""
    if isinstance(value, BaseModel):
        for field in type(value).model_fields:
            yield from amounts(getattr(value, field), f"{name}.{field}")
    elif isinstance(value, Decimal):
        if name.rpartition(".")[2] not in SHARES:
            yield name, value
    elif not isinstance(value, str | dict) and hasattr(value, "__iter__"):
        for k, one in enumerate(value):
            yield from amounts(one, f"{name}.{k}")


def check(record: BaseModel, currency: str) -> None:
    """Every amount has the currency's decimals, and so has every amount of what is read back from JSON."""
    places = MINOR_UNITS[currency]
    for name, amount in amounts(record):
        assert amount.as_tuple().exponent == -places, name
    text = record.model_dump_json()
    read = type(record).model_validate_json(text)
    assert read == record
    assert read.model_dump_json() == text
    for name, amount in amounts(read):
        assert amount.as_tuple().exponent == -places, name


def in_currency(record: BaseModel, currency: str) -> BaseModel:
    """The same minor units in another currency, written as carelessly as a caller may."""
    names = {name.rpartition(".")[2] for name, _ in amounts(record)}

    def moved(value, name=""):
        if isinstance(value, dict):
            return {
                key: currency if key == "currency" and one else moved(one, key) for key, one in value.items()
            }
        if isinstance(value, list):
            return [moved(one, name) for one in value]
        if isinstance(value, str) and name in names:
            return f"{(Decimal(value).scaleb(2 - MINOR_UNITS[currency])).normalize():f}"
        return value

    return type(record).model_validate(moved(record.model_dump(mode="json")))


@examples(60)
@given(any_terms(), st.sampled_from(list(MINOR_UNITS)))
def test_terms_and_their_schedule_carry_the_decimals_of_the_currency(terms, currency):
    terms = in_currency(terms, currency)
    check(terms, currency)
    try:
        schedule = amortise(terms)
    except Refused:
        return
    check(schedule, currency)
    assert (
        schedule.total.as_tuple().exponent == schedule.interest.as_tuple().exponent == -MINOR_UNITS[currency]
    )


@examples(60)
@given(st.data())
def test_a_contract_and_what_is_owed_under_it_carry_the_decimals_of_the_currency(data):
    contract = data.draw(contracts())
    payments, on = data.draw(histories(contract, amortise(contract)))
    check(contract, contract.currency)
    check(position_of(contract, payments, on=on), contract.currency)


@examples(120)
@given(compositions())
def test_a_plan_with_all_that_follows_from_it_carries_the_decimals_of_the_currency(case):
    position, measures = case
    currency, places = position.currency, MINOR_UNITS[position.currency]
    check(position, currency)
    assert position.buckets.claim.as_tuple().exponent == -places
    check(CalculationRequest(position=position, measures=measures), currency)
    try:
        plan = reschedule(position, measures)
    except Refused:
        return
    check(plan, currency)
    check(figures_of(plan), currency)
    for change in plan.changes:
        for name, amount in amounts(change):
            assert amount.as_tuple().exponent == -places, name
    assert plan.up_front.as_tuple().exponent == plan.moved("waived").as_tuple().exponent == -places
    if plan.repayment is not None:
        for name, amount in amounts(plan.repayment):
            assert amount.as_tuple().exponent == -places, name


@pytest.mark.parametrize(
    ("currency", "written", "shown"),
    [
        ("JPY", "1000", "1000"),
        ("JPY", "1000.00", "1000"),
        ("KRW", 1000, "1000"),
        ("CNY", "1000", "1000.00"),
        ("CNY", "12.5", "12.50"),
        ("KWD", "12.5", "12.500"),
        ("BHD", "12.50", "12.500"),
        ("CLF", "0.1", "0.1000"),
    ],
)
def test_one_amount_has_one_spelling_however_it_is_written(currency, written, shown):
    terms = Repayment(annual_rate=0, instalments=3, first_due="2026-02-01", balloon=written)
    position = Position(
        on="2026-01-01", currency=currency, buckets=Buckets(principal=written), repayment=terms
    )
    assert str(position.buckets.principal) == str(position.repayment.balloon) == shown
    assert str(position.buckets.fees) == str(Decimal(shown) * 0)
    loan = Terms(**terms.model_dump(), currency=currency, principal=written, start="2026-01-01")
    assert str(loan.principal) == str(loan.balloon) == shown
    plan = reschedule(position.model_copy(update={"repayment": Repayment(**terms.model_dump() | {"balloon": None})}),
                      [Pay(amount=written)])  # fmt: skip
    assert str(plan.measures[0].amount) == str(plan.up_front) == str(plan.changes[0].total_after) == shown


def test_an_amount_with_more_decimals_than_its_currency_is_refused_as_it_was_written():
    with pytest.raises(ValidationError, match=r"0\.50 has more decimals than JPY has minor units"):
        Position(
            on="2026-01-01",
            currency="JPY",
            buckets=Buckets(fees="0.5"),
            repayment=Repayment(annual_rate=0, instalments=0, first_due="2026-02-01"),
        )
    with pytest.raises(Refused, match=r"0\.50 has more decimals"):
        reschedule(
            Position(
                on="2026-01-01",
                currency="JPY",
                buckets=Buckets(principal="900"),
                repayment=Repayment(annual_rate=0, instalments=3, first_due="2026-02-01"),
            ),
            [Forgive(amount="0.5")],
        )


def test_what_a_record_is_made_of_is_not_written_anew_for_its_other_owners():
    buckets = Buckets(principal="1000")
    terms = Repayment(annual_rate=0, instalments=3, first_due="2026-02-01")
    in_yen, in_yuan = (
        Position(on="2026-01-01", currency=one, buckets=buckets, repayment=terms) for one in ("JPY", "CNY")
    )
    assert [str(one.buckets.principal) for one in (in_yen, in_yuan)] == ["1000", "1000.00"]
    assert str(buckets.principal) == "1000.00"
    assert in_yuan.buckets is buckets
    holiday = Holiday(instalments=1, amount="200")
    assert scaled((holiday,), "CNY")[0] is holiday
    assert (str(scaled(holiday, "JPY").amount), str(holiday.amount)) == ("200", "200.00")
    sums = Settle(payments=[{"on": "2026-02-01", "amount": "5"}])
    assert str(scaled(sums, "BHD").payments[0].amount) == "5.000"


@pytest.mark.parametrize("currency", MINOR_UNITS)
def test_an_application_and_its_facts_carry_the_decimals_of_the_currency(currency):
    application = Application.model_validate(
        {
            "reference": "A-1",
            "as_of": "2026-03-18",
            "borrower": {"reference": "B-1"},
            "loan": {
                "basis": "stated",
                "reference": "L-1",
                "currency": currency,
                "balances": {"principal": "36000", "fees": "30"},
                "repayment": {"annual_rate": "18%", "instalments": 18, "first_due": "2026-04-18"},
            },
            "finances": {
                "income": [{"source": "wage", "monthly": "900"}],
                "essential_costs": [{"category": "food", "monthly": "1000"}],
                "other_debts": [{"creditor": "somebody", "monthly": "5", "balance": "60"}],
                "liquid_reserves": "0",
            },
        }
    )
    check(application, currency)
    facts = assess(application, on=date(2026, 3, 18))
    check(facts, currency)
    # 900 − 1,000 − 5, and nothing is affordable
    assert (facts.disposable_income, facts.affordable_instalment) == (-105, 0)


def test_records_that_know_no_currency_are_spelled_with_two_decimals_at_least():
    assert str(Pay(amount="1000").amount) == "1000.00"
    assert str(Pay(amount="1.5").amount) == "1.50"
    assert str(Pay(amount="1.5000").amount) == "1.50"
