"""Amounts: exact fractions, unknown where anything in them is, rounded once at the end."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example as also
from hypothesis import given
from hypothesis import strategies as st

from cases import example, policy_of, rule, small
from restructure.calculator.conventions.quantity import Kind
from restructure.calculator.cost_of_credit.annuity import rounded
from restructure.casework.decisions.decision import decide
from restructure.errors import InvalidPolicy
from restructure.intake.application import Application
from restructure.intake.assessment import assess
from restructure.policy.amounts.expression import binding, worth, write_amount
from restructure.policy.case_facts import facts_of
from restructure.policy.language.templates import quantised, read_amount

DAY = date(2026, 3, 18)
ILLNESS = Application.model_validate(example("illness"))
BASE = assess(ILLNESS, on=DAY)

FACTS = {"a": Decimal("10.01"), "b": Decimal("-0.05"), "c": 3, "zero": 0, "gone": None}
PARAMETERS = {"p": Decimal("0.333333"), "q": 7}


def value(raw: Any) -> Fraction | None:
    return worth(read_amount(raw), PARAMETERS.get, FACTS.get)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (12, Fraction(12)),
        ("5%", Fraction(1, 20)),
        (Decimal("0.05"), Fraction(1, 20)),
        ({"parameter": "p"}, Fraction(333333, 1000000)),
        ({"fact": "a"}, Fraction(1001, 100)),
        ({"fact": "a", "times": "30%"}, Fraction(3003, 1000)),
        ({"fact": "a", "times": {"fact": "c"}}, Fraction(3003, 100)),
        ({"fact": "a", "times": {"parameter": "q"}}, Fraction(7007, 100)),
        ({"least": {"x": {"fact": "a"}, "y": 9, "z": "10%"}}, Fraction(1, 10)),
        ({"greatest": {"x": {"fact": "a"}, "y": 9}}, Fraction(1001, 100)),
        ({"sum": [{"fact": "a"}, {"fact": "b"}, 1]}, Fraction(1096, 100)),
        ({"difference": [{"fact": "b"}, {"fact": "a"}]}, Fraction(-1006, 100)),
        ({"product": [{"fact": "a"}, {"fact": "c"}, "1%"]}, Fraction(3003, 10000)),
        # A third is a third: no part of it is lost on the way.
        ({"product": [{"quotient": [1, {"fact": "c"}]}, 3]}, Fraction(1)),
        ({"quotient": [{"fact": "a"}, {"fact": "c"}]}, Fraction(1001, 300)),
        ({"quotient": [{"fact": "a"}, {"fact": "b"}]}, Fraction(-1001, 5)),
        ({"round": {"quotient": [{"fact": "a"}, {"fact": "c"}]}, "to": Decimal("0.01")}, Fraction(334, 100)),
    ],
)
def test_an_amount_is_exact(raw, expected):
    assert value(raw) == expected


HALVES = [
    # what, to, half_up, half_even, up, down; ties and directions count from zero
    ("0.125", "0.01", "0.13", "0.12", "0.13", "0.12"),
    ("0.135", "0.01", "0.14", "0.14", "0.14", "0.13"),
    ("-0.125", "0.01", "-0.13", "-0.12", "-0.13", "-0.12"),
    ("0.1201", "0.01", "0.12", "0.12", "0.13", "0.12"),
    ("-0.1299", "0.01", "-0.13", "-0.13", "-0.13", "-0.12"),
    ("7", "5", "5", "5", "10", "5"),
    ("7.5", "5", "10", "10", "10", "5"),
    ("12.5", "5", "15", "10", "15", "10"),
    ("0.02", "0.00125", "0.02", "0.02", "0.02", "0.02"),
    ("0.020625", "0.00125", "0.02125", "0.02", "0.02125", "0.02"),
    ("0", "0.3", "0", "0", "0", "0"),
    ("0.45", "0.3", "0.6", "0.6", "0.6", "0.3"),
    ("0.75", "0.3", "0.9", "0.6", "0.9", "0.6"),
]


@pytest.mark.parametrize(("what", "to", "half_up", "half_even", "up", "down"), HALVES)
def test_an_amount_is_rounded_to_a_multiple_in_four_ways(what, to, half_up, half_even, up, down):
    rounded = {"round": Decimal(what), "to": Decimal(to)}
    assert value(rounded) == Fraction(half_up)
    for mode, expected in (("half_up", half_up), ("half_even", half_even), ("up", up), ("down", down)):
        assert value({**rounded, "mode": mode}) == Fraction(expected), mode


INSIDE = [
    {"fact": "gone"},
    {"fact": "gone", "times": 0},
    {"fact": "zero", "times": {"fact": "gone"}},
    {"fact": "c", "times": {"fact": "gone"}},
    {"quotient": [1, 0]},
    {"quotient": [{"fact": "a"}, {"fact": "zero"}]},
    {"quotient": [0, {"difference": [{"fact": "c"}, 3]}]},
]


@pytest.mark.parametrize("unknown", INSIDE)
def test_what_is_unknown_makes_everything_unknown_that_it_goes_into(unknown):
    assert value(unknown) is None
    for around in (
        {"least": {"x": 0, "y": unknown}},
        {"greatest": {"x": unknown, "y": 10**9}},
        {"sum": [1, unknown]},
        {"difference": [unknown, 1]},
        {"difference": [1, unknown]},
        {"product": [0, unknown]},
        {"quotient": [0, unknown]},
        {"quotient": [unknown, 1]},
        {"round": unknown, "to": 1},
        {"fact": "zero", "times": unknown},
        {"sum": [{"product": [{"least": {"x": unknown}}, 0]}]},
    ):
        assert value(around) is None, around
    assert binding(read_amount({"least": {"x": 0, "y": unknown}}), PARAMETERS.get, FACTS.get) == ""


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ({"least": {"x": 3, "y": 2, "z": 2}}, "y"),
        ({"greatest": {"x": 3, "y": {"fact": "c"}, "z": 2}}, "x"),
        ({"greatest": {"x": 3, "y": Decimal("3.01")}}, "y"),
        ({"least": {"only": {"fact": "a"}}}, "only"),
        ({"sum": [1, 2]}, ""),
        (5, ""),
    ],
)
def test_the_part_that_decides_is_named_the_first_of_equal_ones(raw, name):
    assert binding(read_amount(raw), PARAMETERS.get, FACTS.get) == name


@given(st.fractions(max_denominator=10**9).filter(lambda one: abs(one) < 10**9))
@also(Fraction(1, 200))
@also(Fraction(-1, 200))
@also(Fraction(1, 2 * 10**6))
@also(Fraction(1, 2))
def test_an_amount_is_rounded_half_up_once_to_what_a_field_holds(exact):
    for kind, unit in (
        (Kind.MONEY, Fraction(1, 100)),
        (Kind.RATIO, Fraction(1, 10**6)),
        (Kind.COUNT, Fraction(1)),
    ):
        found = Fraction(quantised(exact, kind, "CNY"))
        assert (found / unit).denominator == 1
        apart = abs(found) - abs(exact)
        assert -unit / 2 < apart <= unit / 2
        assert found * exact >= 0
    assert Fraction(quantised(exact, Kind.MONEY, "JPY")).denominator == 1
    assert (Fraction(quantised(exact, Kind.MONEY, "KWD")) * 1000).denominator == 1


def fact_value(unit: str, amount: str, **parameters: str) -> Any:
    tail = f"facts: {{f: {{title: F, unit: {unit}, reference: own, value: {amount}}}}}\n"
    found = facts_of(policy_of(small(tail=tail)).at(DAY), BASE)
    return found.value("f")


@pytest.mark.parametrize(
    ("unit", "amount", "expected"),
    [
        # 2,396.36 x 0.125 = 299.545
        ("money", "{fact: instalment_before, times: 0.125}", Decimal("299.55")),
        ("money", "{difference: [0, {fact: instalment_before, times: 0.125}]}", Decimal("-299.55")),
        ("ratio", "{quotient: [{fact: instalment_before}, {fact: monthly_income}]}", Decimal("0.342337")),
        ("ratio", "{quotient: [2, 3]}", Decimal("0.666667")),
        ("months", "{fact: remaining_term, times: 0.40625}", 7),  # 16 x 0.40625 = 6.5
        ("count", "{quotient: [{fact: monthly_income}, {fact: disposable_income}]}", 3),
        ("days", "{sum: [{fact: days_past_due}, 0.4]}", 47),
        (
            "money",
            "{fact: monthly_income, times: {quotient: [{fact: days_past_due}, {fact: restructurings}]}}",
            None,
        ),
        ("money", "{product: [{quotient: [{fact: monthly_income}, 3]}, 3]}", Decimal(7000)),
    ],
)
def test_a_fact_that_is_worked_out_is_rounded_once_to_what_it_holds(unit, amount, expected):
    assert (BASE.days_past_due, BASE.remaining_term, BASE.restructurings) == (47, 16, 0)
    assert fact_value(unit, amount) == expected


def test_a_rounded_fact_is_what_others_are_worked_out_from():
    tail = (
        "facts:\n  third: {title: F, unit: ratio, reference: own, value: {quotient: [1, 3]}}\n"
        "  back: {title: F, unit: ratio, reference: own, value: {product: [{fact: third}, 3]}}\n"
    )
    assert facts_of(policy_of(small(tail=tail)).at(DAY), BASE).value("back") == Decimal("0.999999")


def test_an_amount_in_a_measure_is_rounded_once_to_what_the_field_holds():
    offer = (
        "[{measure: waive, of: penalty, share: {quotient: [1, 3]}}, {measure: forgive, amount: {fact: principal, times: 0.00125}},"
        " {measure: extend, instalments: {fact: remaining_term, times: 0.40625}}]"
    )
    (made,) = decide(ILLNESS, policy_of(small(rules=rule(offer=offer))), on=DAY).offers
    # 29.50 x 0.333333 = 9.83; 33,863.52 x 0.00125 = 42.3294; 6.5 instalments are seven.
    assert made.prospect.waived == Decimal("9.83")
    assert made.prospect.forgiven == Decimal("42.33")
    assert made.prospect.term_added == 7


@pytest.mark.parametrize(
    ("unit", "amount", "fits"),
    [
        ("money", "{fact: claim}", True),
        ("money", "5000", True),
        ("money", "{sum: [{fact: claim}, {fact: fees}, 5]}", True),
        ("money", "{fact: claim, times: {fact: income_drop}}", True),
        ("money", "{fact: income_drop, times: {fact: claim}}", True),
        ("money", "{product: [{fact: income_drop}, {fact: claim}]}", True),
        ("money", "{quotient: [{fact: claim}, {fact: remaining_term}]}", True),
        ("money", "{round: {fact: claim}, to: 100}", True),
        ("ratio", "{quotient: [{fact: claim}, {fact: monthly_income}]}", True),
        ("months", "{sum: [{fact: remaining_term}, {fact: days_past_due}]}", True),
        ("count", "{product: [{fact: remaining_term}, {fact: income_drop}]}", True),
        ("money", "{fact: remaining_term}", False),
        ("months", "{fact: claim}", False),
        ("ratio", "{fact: claim, times: 0.5}", False),
        ("money", "{sum: [{fact: claim}, {fact: remaining_term}]}", False),
        ("money", "{difference: [{fact: income_drop}, {fact: claim}]}", False),
        ("money", "{least: {a: {fact: claim}, b: {fact: income_drop}}}", False),
        ("money", "{fact: claim, times: {fact: fees}}", False),
        ("money", "{product: [{fact: claim}, 2, {fact: fees}]}", False),
        ("ratio", "{quotient: [{fact: remaining_term}, {fact: claim}]}", False),
        ("money", "{quotient: [{fact: claim}, {fact: fees}]}", False),
        ("ratio", "{quotient: [{fact: claim}, {fact: remaining_term}]}", False),
        ("money", "{round: {fact: income_drop}, to: 100}", False),
        ("money", "{repaid_by: {fact: claim}, annual_rate: {fact: contract_rate}, instalments: 480}", True),
        ("ratio", "{repaid_by: {fact: claim}, annual_rate: 2%, instalments: 480}", False),
        ("money", "{repaid_by: {fact: days_past_due}, annual_rate: 2%, instalments: 480}", False),
        ("money", "{repaid_by: 785, annual_rate: {fact: claim}, instalments: 480}", False),
        ("money", "{repaid_by: 785, annual_rate: 2%, instalments: {fact: as_of}}", False),
        ("money", "{level: instalment, principal: {fact: claim}, annual_rate: 2%, instalments: 480}", True),
        ("ratio", "{level: annual_rate, principal: {fact: claim}, instalment: 785, instalments: 480}", True),
        ("months", "{level: instalments, principal: {fact: claim}, instalment: 785, annual_rate: 2%}", True),
        ("ratio", "{level: instalment, principal: {fact: claim}, annual_rate: 2%, instalments: 480}", False),
        ("money", "{level: annual_rate, principal: {fact: claim}, instalment: 785, instalments: 480}", False),
        (
            "ratio",
            "{level: annual_rate, principal: 1, instalment: {fact: income_drop}, instalments: 480}",
            True,
        ),
        (
            "ratio",
            "{level: annual_rate, principal: {fact: claim}, instalment: {fact: income_drop}, instalments: 9}",
            False,
        ),
        (
            "ratio",
            "{level: instalment, principal: {fact: income_drop}, annual_rate: 2%, instalments: 480}",
            True,
        ),
        ("ratio", "{level: instalment, principal: {fact: as_of}, annual_rate: 2%, instalments: 480}", False),
        ("money", "{level: instalment, principal: 9, annual_rate: {fact: claim}, instalments: 480}", False),
    ],
)
def test_money_goes_with_money_and_numbers_with_numbers(unit, amount, fits):
    if fits:
        fact_value(unit, amount)
        return
    with pytest.raises(InvalidPolicy) as caught:
        fact_value(unit, amount)
    assert {issue.code for issue in caught.value.issues} == {"value-kind"}


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ({"fact": "a", "times": "30%"}, "0.3 × a"),
        ({"least": {"x": {"fact": "a", "times": 2}, "y": 5}}, "least of (2 × a), 5"),
        ({"quotient": [{"sum": [{"fact": "a"}, 1]}, {"parameter": "p"}]}, "(a + 1) / p"),
        ({"difference": [{"fact": "a"}, {"difference": [{"fact": "b"}, 1]}]}, "a − (b − 1)"),
        (
            {"round": {"product": [{"fact": "a"}, {"fact": "b"}]}, "to": Decimal("0.01")},
            "(a × b) rounded to 0.01",
        ),
        (
            {"repaid_by": {"fact": "a"}, "annual_rate": "2%", "instalments": {"parameter": "n"}},
            "repaid by n instalments of a at 0.02",
        ),
        (
            {"level": "instalment", "principal": {"fact": "a"}, "annual_rate": "2%", "instalments": 12},
            "level instalment that repays a in 12 at 0.02",
        ),
        (
            {
                "level": "annual_rate",
                "principal": {"fact": "a"},
                "instalment": {"fact": "b"},
                "instalments": 12,
            },
            "yearly rate at which 12 instalments of b repay a",
        ),
        (
            {
                "level": "instalments",
                "principal": {"fact": "a"},
                "instalment": {"fact": "b"},
                "annual_rate": "2%",
            },
            "instalments of b that repay a at 0.02",
        ),
    ],
)
def test_an_amount_is_written_for_people_so_that_it_reads_in_one_way(raw, text):
    assert write_amount(read_amount(raw)) == text


@pytest.mark.parametrize(
    ("instalment", "rate", "number", "principal"),
    [
        ("785", "6%", 360, "130931.42"),  # HUD, Mortgagee Letter 2009-23: a mortgage of 130,931
        ("100", "0", 12, "1200"),
        ("100", "12%", 0, "0"),
        ("100", "-1%", 12, None),
        ("100", "12%", -1, None),
        ("100", "12%", 1201, None),
    ],
)
def test_the_principal_that_level_instalments_repay(instalment, rate, number, principal):
    amount = read_amount({"repaid_by": Decimal(instalment), "annual_rate": rate, "instalments": number})
    found = worth(amount, {}.get, {}.get)
    assert (None if found is None else rounded(found, 2)) == (
        None if principal is None else Decimal(principal)
    )


def test_what_instalments_repay_needs_a_rate_and_a_number():
    with pytest.raises(InvalidPolicy) as caught:
        fact_value("money", "{repaid_by: {fact: claim}, instalments: 480, monthly: 1}")
    assert {issue.code for issue in caught.value.issues} == {"field-unknown", "amount-shape"}


@pytest.mark.parametrize(
    ("figure", "given", "places", "found"),
    [
        ("instalment", {"principal": 200000, "annual_rate": "7.5%", "instalments": 360}, 2, "1398.43"),
        ("instalment", {"principal": 1200, "annual_rate": 0, "instalments": 12}, 2, "100.00"),
        ("instalment", {"principal": 1200, "annual_rate": "-1%", "instalments": 12}, 2, None),
        ("instalment", {"principal": 1200, "annual_rate": "1%", "instalments": 0}, 2, None),
        ("instalment", {"principal": 1200, "annual_rate": "1%", "instalments": 1201}, 2, None),
        # 1.75 % and 2 % of a balance in 60 months
        ("annual_rate", {"principal": 24000, "instalment": 420, "instalments": 60}, 4, "0.0194"),
        ("annual_rate", {"principal": 24000, "instalment": 480, "instalments": 60}, 4, "0.0742"),
        ("annual_rate", {"principal": 24000, "instalment": 400, "instalments": 60}, 6, "0.000000"),
        ("annual_rate", {"principal": 24000, "instalment": Decimal("399.99"), "instalments": 60}, 6, None),
        ("annual_rate", {"principal": 0, "instalment": 400, "instalments": 60}, 6, None),
        ("annual_rate", {"principal": 24000, "instalment": 25000, "instalments": 0}, 6, None),
        ("annual_rate", {"principal": 24000, "instalment": 420, "instalments": 1201}, 6, None),
        (
            "instalments",
            {"principal": Decimal("236765.47"), "instalment": Decimal("1580.17"), "annual_rate": "6.5%"},
            1,
            "309.0",
        ),
        ("instalments", {"principal": 1200, "instalment": 80, "annual_rate": 0}, 2, "15.00"),
        ("instalments", {"principal": 0, "instalment": 80, "annual_rate": "1%"}, 2, "0.00"),
        (
            "instalments",
            {"principal": 1200, "instalment": 1, "annual_rate": "1%"},
            2,
            None,
        ),  # only the interest
        ("instalments", {"principal": 1200, "instalment": 80, "annual_rate": "-1%"}, 2, None),
        ("instalments", {"principal": 1200, "instalment": Decimal("0.99"), "annual_rate": 0}, 2, None),
    ],
)
def test_a_figure_of_a_level_loan_follows_from_the_others(figure, given, places, found):
    amount = read_amount({"level": figure, **given})
    got = worth(amount, {}.get, {}.get)
    assert (None if got is None else rounded(got, places)) == (None if found is None else Decimal(found))


@pytest.mark.parametrize(
    ("amount", "codes", "said"),
    [
        (
            "{level: principal, instalment: 1, instalments: 2}",
            {"amount-shape"},
            "the principal is written repaid_by",
        ),
        ("{level: rate, principal: 1}", {"amount-shape"}, "instalment or annual_rate or instalments"),
        (
            "{level: instalment, principal: 1, annual_rate: 2%}",
            {"amount-shape"},
            "its instalment depends on instalments too",
        ),
        (
            "{level: instalment, principal: 1, annual_rate: 2%, instalments: 3, instalment: 4}",
            {"field-unknown"},
            'has no "instalment"',
        ),
    ],
)
def test_a_figure_of_a_level_loan_that_cannot_be_worked_out_is_said_to_be_so(amount, codes, said):
    with pytest.raises(InvalidPolicy) as caught:
        fact_value("money", amount)
    assert {issue.code for issue in caught.value.issues} == codes
    assert said in "; ".join(issue.message for issue in caught.value.issues)
