"""The contract: what may stand in it, and how it is read."""

from itertools import product

import pytest
from hypothesis import given
from pydantic import TypeAdapter, ValidationError

from calculator.loans import pay, plain
from restructure.calculator.servicing.contract import (
    AllocationClaim,
    Component,
    Compound,
    Contract,
    OverdueInterest,
    Payment,
    Penalty,
    Prepayment,
    ServicingTerms,
    Timing,
)
from strategies import EVERY, contracts

TWELVE = tuple(AllocationClaim)
EIGHT = TWELVE[:8]


def refusals(make, **changes):
    """What is said about it: code, field and sentence of each contradiction."""
    with pytest.raises(ValidationError) as caught:
        make(**changes)
    (error,) = caught.value.errors()
    return [(code, *place, text) for code, text, *place in error["ctx"]["issues"]]


@pytest.mark.parametrize(
    ("changes", "code", "place", "words"),
    [
        ({"allocation": ("fees", "penalty", "interest")}, "value-invalid", "allocation", "once each"),
        ({"allocation": ("fees", "fees", "interest", "principal")}, "value-invalid", "allocation", "once"),
        ({"allocation": ()}, "value-invalid", "allocation", "once each"),
        ({"allocation": EIGHT[1:]}, "value-invalid", "allocation", "missing: past_due_fees"),
        ({"allocation": (*EIGHT, EIGHT[0])}, "value-invalid", "allocation", "named twice"),
        ({"allocation": (*TWELVE, TWELVE[-1])}, "value-invalid", "allocation", "named twice"),
        ({"allocation": (*EIGHT, "principal")}, "value-invalid", "allocation", "mixes"),
        ({"allocation": (TWELVE[8], *EIGHT)}, "value-invalid", "allocation", "nothing is prepaid while"),
        ({"method": "flat", "prepayment": "shorten_term"}, "value-invalid", "prepayment", "lower_instalment"),
        (
            {"method": "flat", "overdue_interest": "in_instalment"},
            "value-invalid",
            "overdue_interest",
            "separate",
        ),
        ({"penalty": {"amount": "0.001"}}, "money-scale", "penalty", "0.001"),
        ({"penalty": {"annual_rate": "1%", "cap": "0.001"}}, "money-scale", "penalty", "0.001"),
        ({"charges": ({"on": "2026-01-01", "amount": "1"},)}, "date-before-origination", "charges", "start"),
        ({"charges": ({"on": "2026-02-01", "amount": "0.001"},)}, "money-scale", "charges", "0.001"),
    ],
)
def test_a_contract_that_contradicts_itself_is_refused_with_a_sentence(changes, code, place, words):
    ((found, where, *_, sentence),) = refusals(plain, **changes)
    assert (found, where) == (code, place)
    assert words in sentence


def test_contradictions_of_terms_and_of_handling_are_said_together():
    found = refusals(plain, first_due="2026-01-15", allocation=("fees",), principal="0.001")
    assert [code for code, *_ in found] == ["date-before-origination", "money-scale", "value-invalid"]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"annual_rate": "1%", "amount": "5"},
        {"amount": "5", "base": "overdue_instalment"},
        {"amount": "5", "day_count": "ACT/360"},
    ],
)
def test_a_penalty_is_either_a_rate_or_an_amount(changes):
    assert [code for code, *_ in refusals(Penalty, **changes)] == ["value-invalid"]


def test_handling_stands_by_itself():
    handling = ServicingTerms(allocation=EIGHT, prepayment="shorten_term", compound={"annual_rate": "5%"})
    assert handling.prepayment is Prepayment.SHORTEN_TERM
    assert handling.compound == Compound(annual_rate="5%")
    assert [code for code, *_ in refusals(ServicingTerms, allocation=("fees",))] == ["value-invalid"]
    assert set(ServicingTerms.model_fields) < set(Contract.model_fields)


def test_every_claim_is_a_timing_and_a_component():
    assert [(claim.timing, claim.component) for claim in AllocationClaim] == list(product(Timing, Component))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("true", OverdueInterest.SEPARATE),
        ("false", OverdueInterest.NONE),
        ('"separate"', OverdueInterest.SEPARATE),
        ('"none"', OverdueInterest.NONE),
        ('"in_instalment"', OverdueInterest.IN_INSTALMENT),
    ],
)
def test_overdue_interest_is_read_as_a_word_or_as_yes_and_no_and_written_as_a_word(written, read):
    for strict in (False, True):
        handling = ServicingTerms.model_validate_json(f'{{"overdue_interest": {written}}}', strict=strict)
        assert handling.overdue_interest is read
        assert handling.model_dump(mode="json")["overdue_interest"] == read.value


@pytest.mark.parametrize("written", ["1", '"yes"', "null"])
def test_nothing_else_says_what_becomes_of_overdue_interest(written):
    with pytest.raises(ValidationError):
        ServicingTerms.model_validate_json(f'{{"overdue_interest": {written}}}', strict=True)


@pytest.mark.parametrize("word", ["fee", "past_due_fee", 3, None])
def test_an_unknown_word_in_the_allocation_is_one_finding_with_the_words_there_are(word):
    with pytest.raises(ValidationError) as caught:
        ServicingTerms(allocation=(word, "penalty", "interest", "principal"))
    (error,) = caught.value.errors()
    assert error["type"] == "choice-unknown"
    assert error["loc"] == ("allocation", 0)
    assert "fees" in error["msg"] or "known" in error["msg"] or "nothing a payment" in error["msg"]


def test_the_schema_names_every_word():
    fields = TypeAdapter(Contract).json_schema()["properties"]
    words, flags = fields["overdue_interest"][
        "anyOf"
    ]  # a client generator takes no list of words and flags together
    assert (words["enum"], flags) == (["separate", "in_instalment", "none"], {"type": "boolean"})
    assert fields["allocation"]["items"]["enum"] == [*Component, *AllocationClaim]


@given(contracts(methods=EVERY))
def test_a_contract_survives_json_strictly_read(contract):
    assert Contract.model_validate_json(contract.model_dump_json(), strict=True) == contract


def test_a_payment_may_say_what_becomes_of_its_rest():
    assert pay("2026-02-15", "1").prepayment is None
    assert pay("2026-02-15", "1", prepayment="shorten_term").prepayment is Prepayment.SHORTEN_TERM
    payment = pay("2026-02-15", "1", prepayment="hold")
    assert Payment.model_validate_json(payment.model_dump_json(), strict=True) == payment
