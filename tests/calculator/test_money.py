"""Money and rates against `fractions` and `decimal`: exact at the edge, rounded once, refused as floats."""

import decimal
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from calculator.oracles import rounded
from restructure.calculator.conventions.money import (
    Currency,
    Money,
    Rate,
    Rounding,
    Share,
    SignedMoney,
    from_minor,
    minor_digits,
    round_div,
    rounder,
    split_evenly,
    to_minor,
    write_money,
    write_rate,
)
from restructure.errors import CATALOGUE

MONEY, SIGNED, RATE, SHARE, CURRENCY = map(TypeAdapter, (Money, SignedMoney, Rate, Share, Currency))
whole = st.integers(-(10**24), 10**24)
divisors = st.integers(1, 10**15)
roundings = st.sampled_from(Rounding)
decimals = {"CNY": 2, "EUR": 2, "JPY": 0, "KRW": 0, "KWD": 3, "TND": 3, "CLF": 4}


def refusal(adapter: TypeAdapter, value: object) -> tuple[str, str]:
    with pytest.raises(ValidationError) as caught:
        adapter.validate_python(value)
    (error,) = caught.value.errors()
    return error["type"], error["msg"]


# --- one rounded division


@given(whole, divisors, st.sampled_from([1, -1]), roundings)
@example(1, 2, 1, Rounding.HALF_UP)
@example(-1, 2, 1, Rounding.HALF_UP)
@example(5, 2, -1, Rounding.HALF_EVEN)
@example(7, 2, -1, Rounding.HALF_EVEN)
@example(-1, 3, 1, Rounding.UP)
@example(-5, 3, 1, Rounding.DOWN)
def test_a_division_rounds_like_the_exact_fraction(numerator, denominator, sign, rounding):
    expected = rounded(Fraction(numerator, sign * denominator), rounding.value)
    assert round_div(numerator, sign * denominator, rounding) == expected


@given(st.integers(-(10**12), 10**12), st.sampled_from([2, 4, 10, 20, 1000, 8]), roundings)
def test_a_division_rounds_like_the_decimal_module(numerator, denominator, rounding):
    mode = {
        Rounding.HALF_UP: decimal.ROUND_HALF_UP,
        Rounding.HALF_EVEN: decimal.ROUND_HALF_EVEN,
        Rounding.UP: decimal.ROUND_UP,
        Rounding.DOWN: decimal.ROUND_DOWN,
    }[rounding]
    expected = (Decimal(numerator) / denominator).quantize(Decimal(1), rounding=mode)
    assert round_div(numerator, denominator, rounding) == expected


@given(whole, divisors, roundings)
def test_a_sign_changes_nothing_else(numerator, denominator, rounding):
    plain = round_div(numerator, denominator, rounding)
    assert round_div(-numerator, denominator, rounding) == -plain
    assert round_div(numerator, -denominator, rounding) == -plain
    assert round_div(-numerator, -denominator, rounding) == plain


@given(st.integers(0, 10**24), divisors, roundings)
@example(3, 2, Rounding.HALF_EVEN)
@example(5, 10, Rounding.HALF_UP)
def test_the_inner_loops_round_like_everything_else(numerator, denominator, rounding):
    assert rounder(rounding)(numerator, denominator) == round_div(numerator, denominator, rounding)


def test_half_a_cent_goes_up_unless_told_otherwise():
    assert [round_div(n, 2) for n in (1, 3, -1, -3)] == [1, 2, -1, -2]
    assert [round_div(n, 2, Rounding.HALF_EVEN) for n in (1, 3, 5)] == [0, 2, 2]


# --- minor units


@pytest.mark.parametrize(("currency", "places"), decimals.items())
def test_a_currency_has_the_decimals_that_iso_4217_gives_it(currency, places):
    assert minor_digits(currency) == places


@given(st.integers(-(10**17), 10**17), st.sampled_from(list(decimals)))
def test_minor_units_survive_the_way_out_and_back(minor, currency):
    amount = from_minor(minor, currency)
    assert amount == Fraction(minor, 10 ** decimals[currency])
    assert -amount.as_tuple().exponent == decimals[currency]
    assert to_minor(amount, currency) == minor


@given(st.integers(0, 10**14 - 1), st.sampled_from(list(decimals)))
def test_an_amount_survives_json_whatever_its_currency(minor, currency):
    amount = from_minor(minor, currency)
    again = MONEY.validate_json(MONEY.dump_json(MONEY.validate_python(amount)))
    assert again == amount
    assert to_minor(again, currency) == minor


@pytest.mark.parametrize(("amount", "currency"), [("0.001", "CNY"), ("0.5", "JPY"), ("1.0005", "KWD")])
def test_more_decimals_than_the_currency_has_are_refused(amount, currency):
    with pytest.raises(ValueError, match=f"more decimals than {currency}"):
        to_minor(Decimal(amount), currency)


@given(st.integers(0, 10**12), st.integers(1, 400))
def test_splitting_evenly_conserves_every_minor_unit(total, parts):
    split = split_evenly(total, parts)
    assert sum(split) == total
    assert len(split) == parts
    assert len(set(split[:-1])) <= 1
    assert min(split) >= 0
    # Rounded half-up where that leaves the last part something, else rounded down.
    part = int(Fraction(total, parts) + Fraction(1, 2))
    assert set(split[:-1]) <= {part if part * (parts - 1) <= total else total // parts}


def test_three_thousand_cents_over_36_are_83_and_at_last_95():
    # DESIGN §4: "plus fees of 0.83 (0.95)".
    assert split_evenly(3000, 36) == [83] * 35 + [95]


@given(st.integers(0, 10**12))
def test_written_money_reads_back(minor):
    assert Decimal(write_money(minor, "CNY").replace(",", "")) == from_minor(minor, "CNY")


# --- reading money


@pytest.mark.parametrize(
    ("given_as", "amount"),
    [("12.50", "12.5"), (12, "12"), (Decimal("12.5"), "12.5"), ("0", "0"), ("-0", "0"), ("0.125", "0.125")],
)
def test_money_is_read_from_text_decimals_and_whole_numbers(given_as, amount):
    read = MONEY.validate_python(given_as)
    assert read == Decimal(amount)
    assert not read.is_signed()


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_a_float_is_never_money_or_a_rate(value):
    kind, sentence = refusal(MONEY, value)
    assert kind == "money-float"
    assert "in quotes" in sentence
    assert refusal(SIGNED, value)[0] == "money-float"
    assert refusal(RATE, value)[0] == "rate-float"
    assert refusal(SHARE, value)[0] == "rate-float"


def test_the_refusal_of_a_float_says_what_to_write_instead():
    assert 'write "12.50" in quotes' in refusal(MONEY, 12.5)[1]
    assert 'write "0.149" in quotes' in refusal(RATE, 0.149)[1]
    # What is suggested is what was written, whatever its digits, and can be read.
    assert 'write "1.234" in quotes' in refusal(MONEY, 1.234)[1]
    assert 'write "0.00001" in quotes' in refusal(RATE, 0.00001)[1]
    assert 'write "0.12345678" in quotes' in refusal(RATE, 0.12345678)[1]
    # A float that came out of a calculation stands for digits that nobody meant.
    assert "write the amount with its decimals in quotes" in refusal(MONEY, 0.1 + 0.2)[1]
    assert "write its decimals in quotes" in refusal(RATE, 1 / 3)[1]
    assert "write the amount with its decimals in quotes" in refusal(MONEY, 1e300)[1]
    for nothing in (float("nan"), float("inf")):
        assert refusal(MONEY, nothing)[0] == "money-invalid"
        assert refusal(RATE, nothing)[0] == "rate-invalid"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("twelve", "money-invalid"),
        ("1e3", "money-invalid"),
        ("1_000", "money-invalid"),
        ("NaN", "money-invalid"),
        (Decimal("Infinity"), "money-invalid"),
        (True, "money-invalid"),
        (None, "money-invalid"),
        ("", "money-invalid"),
        ("-1", "money-negative"),
        (10**14, "money-too-large"),
    ],
)
def test_what_is_not_an_amount_is_refused_with_a_code_of_the_catalogue(value, code):
    assert refusal(MONEY, value)[0] == code
    assert code in CATALOGUE


def test_signed_money_may_be_negative_and_nothing_else_is_different():
    assert SIGNED.validate_python("-120.00") == -120
    assert SIGNED.dump_json(Decimal("-120.00")) == b'"-120.00"'
    assert refusal(SIGNED, "1e3")[0] == "money-invalid"


@pytest.mark.parametrize("spelling", ["12.5", "12.50", "12.500", "12.50000"])
def test_one_amount_has_one_spelling(spelling):
    assert MONEY.dump_json(MONEY.validate_python(spelling)) == b'"12.50"'


def test_digits_beyond_the_decimal_context_are_not_dropped_without_a_word():
    # 31 significant digits; the amount is not 12.50 and may not quietly become it.
    text = "12.5" + "0" * 28 + "1"
    try:
        read = MONEY.validate_python(text)
    except ValidationError:
        return
    assert Fraction(read) == Fraction(text)


# --- reading and writing rates


@given(st.fractions(0, Fraction(299, 100), max_denominator=10**6))
def test_a_rate_survives_json(rate):
    assert RATE.validate_json(RATE.dump_json(RATE.validate_python(rate))) == rate


@pytest.mark.parametrize("rate", [Fraction(3), Fraction(12), Fraction(7, 2), Fraction(31, 3)])
def test_a_rate_of_300_percent_and_more_survives_json_too(rate):
    # It was said explicitly once ("1200%" or a Fraction); what we wrote ourselves we must be able to read.
    assert RATE.validate_json(RATE.dump_json(RATE.validate_python(rate))) == rate


@given(st.integers(1, 2**60), st.integers(40, 70))
@example(1, 50)
def test_a_rate_with_many_decimals_is_written_exactly(numerator, power):
    rate = Fraction(numerator % 2**power, 2**power)
    assert Fraction(write_rate(rate)) == rate


@given(st.integers(0, 10**5), st.integers(0, 3))
def test_a_percentage_is_a_hundredth(number, places):
    percent = Decimal(number).scaleb(-places)
    assert RATE.validate_python(f"{percent}%") == Fraction(percent) / 100
    assert RATE.validate_python(f"{percent} %") == Fraction(percent) / 100


@pytest.mark.parametrize(
    ("value", "rate"),
    [
        ("0.149", Fraction(149, 1000)),
        ("14.9%", Fraction(149, 1000)),
        ("149/1000", Fraction(149, 1000)),
        (0, Fraction(0)),
        ("0%", Fraction(0)),
        (Decimal("0.18"), Fraction(18, 100)),
        ("1200%", Fraction(12)),
        ("2.99", Fraction(299, 100)),
    ],
)
def test_a_rate_is_read_as_it_is_written(value, rate):
    assert RATE.validate_python(value) == rate


@pytest.mark.parametrize("value", ["12", 12, "3", Decimal("14.9"), "18.0"])
def test_a_bare_rate_of_three_or_more_is_refused_as_implausible(value):
    kind, sentence = refusal(RATE, value)
    assert kind == "rate-implausible"
    assert "% a year" in sentence


def test_the_refusal_of_a_bare_twelve_offers_twelve_percent():
    assert '"12%"' in refusal(RATE, "12")[1]


@pytest.mark.parametrize("value", ["-0.01", "-1%", "abc", "", "%", "1/0", "nan", "inf", True, None, [1]])
def test_what_is_not_a_rate_is_refused(value):
    assert refusal(RATE, value)[0] == "rate-invalid"


@pytest.mark.parametrize("value", ["1" + "0" * 400, "1e400", "1e5000"])
def test_an_absurd_rate_is_refused_and_neither_a_crash_nor_a_long_wait(value):
    # "1e999999999" would be ten digits of input and 400 MB of integer: money refuses exponents, so should rates.
    assert refusal(RATE, value)[0] in ("rate-implausible", "rate-invalid")


def test_a_rate_that_no_decimal_holds_is_written_as_a_ratio():
    assert write_rate(Fraction(1, 3)) == "1/3"
    assert write_rate(Fraction(149, 1000)) == "0.149"
    assert write_rate(Fraction(0)) == "0"


@pytest.mark.parametrize(
    ("value", "share"), [("50%", "1/2"), ("1/3", "1/3"), (1, "1"), ("0", "0"), ("0.35", "7/20")]
)
def test_a_share_lies_between_nothing_and_the_whole(value, share):
    assert SHARE.validate_python(value) == Fraction(share)


@pytest.mark.parametrize("value", ["1.01", "101%", 2, "100"])
def test_more_than_the_whole_is_not_a_share(value):
    assert refusal(SHARE, value)[0] == "value-invalid"


@pytest.mark.parametrize("value", ["cny", "CN", "CNYY", "人民币", 156, None])
def test_a_currency_is_three_capital_letters(value):
    assert refusal(CURRENCY, value)[0] == "currency-unknown"
