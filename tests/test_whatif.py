"""The what-if app without its page: its numbers are those of `decide`, and its sentences are in words."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from restructure import InvalidInput, Issue, RestructureError, decide, load_policy, read_application
from whatif import comparison
from whatif.comparison import WrongNumber, changed, number, shared_out, start
from whatif.page import PHRASES, label, opening, page, reasons, rows, unreadable

ROOT = Path(__file__).parents[1]
CASE = ROOT / "examples" / "illness.json"


@pytest.fixture(scope="module")
def begun():
    return start(CASE)


def plain(html):
    return re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL))


# --- the numbers


def test_without_a_change_the_decision_is_todays(begun):
    assert changed(begun, {}) == begun.today
    assert changed(begun, {each.name: each.today for each in begun.ranges}).id == begun.today.id


@pytest.mark.parametrize(
    ("values", "places", "parameters"),
    [
        ({"income": 6950}, {"finances.income.0.monthly": "4750"}, {}),
        ({"costs": 4700}, {"finances.essential_costs.0.monthly": "2200"}, {}),
        ({"illness_interest_waiver": 75}, {}, {"illness_interest_waiver": Decimal("0.75")}),
        ({"illness_extension": 12}, {}, {"illness_extension": 12}),
        ({"longest_term": 21}, {}, {"longest_term": 21}),
        (
            {"income": 6000, "illness_extension": 24},
            {"finances.income.0.monthly": "3800"},
            {"illness_extension": 24},
        ),
    ],
)
def test_a_change_decides_as_the_library_does(begun, values, places, parameters):
    case, policy = read_application(CASE), load_policy("cn-consumer-finance")
    expected = decide(
        case.with_values(places) if places else case, policy.with_values(**parameters), on="2026-03-18"
    )
    assert changed(begun, values) == expected


def test_income_below_one_entry_is_taken_from_the_next(begun):
    # 4800 wage and 2200 benefit; the wage goes first
    assert shared_out(begun.application, "income", Decimal(1000)) == {
        "finances.income.0.monthly": "0",
        "finances.income.1.monthly": "1000.00",
    }
    assert shared_out(begun.application, "income", Decimal(7000)) == {}


def test_every_range_has_todays_value_on_one_of_its_steps(begun):
    assert [each.name for each in begun.ranges] == [
        "income", "costs", "illness_interest_waiver", "illness_extension", "longest_term",
    ]  # fmt: skip
    for each in begun.ranges:
        assert each.low <= each.today <= each.high
        assert (each.today - each.low) % each.step == (each.high - each.low) % each.step == 0


def test_no_value_at_the_end_of_a_range_ends_in_an_error(begun):
    for each in begun.ranges:
        for value in (each.low, each.high):
            changed(begun, {each.name: value})


@pytest.mark.parametrize(
    ("value", "why"),
    [("x", "not_a_number"), (float("nan"), "not_a_number"), (True, "not_a_number"), (-1, "out_of_range"),
     (1e9, "out_of_range"), (6.5, "too_fine")],
)  # fmt: skip
def test_a_value_that_the_slider_does_not_have_is_a_sentence_and_not_a_traceback(begun, value, why):
    extension = begun.ranges[3]
    with pytest.raises(WrongNumber) as refused:
        number(extension, value)
    assert refused.value.why == why
    for language, heading in (("en", "These numbers cannot be decided"), ("zh", "这些数值无法作出决策")):
        shown = plain(page(begun, {"illness_extension": value}, language))
        assert heading in shown
        assert label(begun, extension, language) in shown


def test_tenths_of_a_cent_are_no_amount(begun):
    assert "7000.123 has more than 2 decimals" in plain(page(begun, {"income": "7000.123"}))
    assert changed(begun, {"income": "7000.12"}).assessment.monthly_income == Decimal("7000.12")


def test_what_the_library_refuses_is_a_sentence(begun, monkeypatch):
    def refuse(*_, **__):
        raise InvalidInput(Issue("value-invalid", "the loan has ended", "loan"))

    monkeypatch.setattr(comparison, "decide", refuse)
    shown = plain(page(begun, {"income": 6000}))
    assert "These numbers cannot be decided" in shown
    assert "the loan has ended" in shown


def test_an_empty_value_is_todays(begun):
    assert changed(begun, {"income": None, "costs": ""}).id == begun.today.id


def test_policies_that_were_read_are_kept_and_not_without_end(begun):
    begun.policies.clear()
    for extension in range(3):
        changed(begun, {"illness_extension": extension})
        changed(begun, {"illness_extension": extension, "income": 5000})
    assert len(begun.policies) == 3
    begun.policies.update({(("other", k),): begun.policy for k in range(200)})
    changed(begun, {"illness_extension": 9})
    assert len(begun.policies) == 1


@pytest.mark.parametrize(
    ("cause", "names"),
    [
        ("unemployment", ["job_loss_holiday", "illness_extension", "longest_term"]),
        ("income_fall", ["most_added", "longest_term", "cost_cap"]),
        ("disaster", ["serious_income_drop", "longest_term", "cost_cap"]),
    ],
)
def test_another_cause_has_the_policy_numbers_that_matter_for_it(cause, names):
    begun = start(read_application(CASE).with_values({"hardship.cause": cause}))
    assert [each.name for each in begun.ranges][2:] == names
    for language in PHRASES:
        for each in begun.ranges:
            assert "<table>" in page(begun, {each.name: each.high}, language)


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path):
    with pytest.raises(RestructureError) as refused:
        start(tmp_path / "none.json")
    assert "none.json" in plain(unreadable(refused.value, "zh"))
    with pytest.raises(InvalidInput):
        start({"reference": "A"})


# --- the page


def test_the_figures_are_those_of_the_two_best_offers(begun):
    after = changed(begun, {"illness_extension": 12})
    shown = {name: cells for name, *cells in rows(begun.today, after)}
    first, second = begun.today.offers[0].prospect, after.offers[0].prospect
    for name, field in (
        ("instalment", "instalment_after"), ("highest payment", "highest_payment_after"), ("total to pay", "total_after"),
        ("relief", "relief"), ("left over in that month", "residual_income_after"),
    ):  # fmt: skip
        one, two = getattr(first, field), getattr(second, field)
        more = f"{two - one:+,}" if two != one else "="
        assert shown[name] == [f"{one:,}", f"{two:,}", more]
    assert shown["instalments to pay"] == ["22", "28", "+6"]
    assert shown["last due date"] == ["2027-12-30", "2028-06-30", ""]


def test_without_an_offer_the_page_says_which_limit_or_gate_and_by_which_figures(begun):
    assert reasons(begun.today, changed(begun, {"illness_extension": 0}), begun.policy) == [
        (
            "No offer, because",
            [
                f"{title}: the highest payment is {highest}, must be at most what the borrower can afford a month 2,100.00"
                for title, highest in (
                    ("Illness: longer term, part of the interest waived", "2,696.24"),
                    ("Longer term", "2,736.92"),
                )
            ],
        )
    ]
    assert reasons(begun.today, changed(begun, {"income": 4000}), begun.policy, "zh") == [
        (
            "转人工处理的原因",
            ["未满足“尚有还款能力”：收入扣除必要支出和其他债务后的结余为 -900.00，应高于 0.00"],
        )
    ]


def test_an_offer_that_is_lost_beside_another_is_named(begun):
    ((_, held), (heading, lost)) = reasons(begun.today, changed(begun, {"costs": 4650}), begun.policy)
    assert heading == "Not offered with these numbers"
    assert [line.partition(":")[0] for line in lost] == ["Longer term"]
    assert "the highest payment is 2,046.23, at most what the borrower can afford a month 2,050.00" in held


@pytest.mark.parametrize(
    "values",
    [{}, {"income": 0}, {"income": 9950, "costs": 4000}, {"illness_extension": 0}, {"longest_term": 20},
     {"illness_extension": 36, "illness_interest_waiver": 100}],
)  # fmt: skip
def test_a_chinese_page_has_no_english_word(begun, values):
    shown = plain(opening(begun, "zh") + page(begun, values, "zh"))
    assert not re.findall(r"[a-z]{3,}", shown)


def test_both_languages_have_the_same_phrases():
    def keys(part, at=""):
        for name, value in part.items():
            if isinstance(value, dict):
                yield from keys(value, f"{at}{name}.")
            else:
                yield f"{at}{name}", frozenset(re.findall(r"{\w+}", value))

    def without_values(language):
        return {key for key in keys(PHRASES[language]) if not key[0].startswith("value.")}

    assert without_values("en") == without_values("zh")


def test_the_drawings_end_on_the_days_of_the_last_payments(begun):
    html = page(begun, {"illness_extension": 12})
    due, owed = re.findall(r"<figure>.*?</figure>", html)
    assert due.count("<circle") == 22 + 28
    # the longer plan reaches the right edge, the other 22 months of 28 and some days
    ends = [
        float(path.split("H")[-1].split("V")[0])
        for path in re.findall(r'class="(?:today|changed)" d="([^"]+)"', owed)
    ]
    first, last = 388 - ends[1], 388 - ends[0]
    assert last == 0
    assert first == pytest.approx(
        (388 - 52) * 183 / 835, abs=0.2
    )  # 2027-12-30 to 2028-06-30, of all days from 2026-03-18


def test_text_from_a_file_is_no_markup(begun):
    case = begun.application.model_copy(update={"reference": "<script>"})
    decision = begun.today.model_copy(update={"application": case})
    assert "<script>" not in opening(comparison.Start(case, begun.policy, decision, begun.ranges))
