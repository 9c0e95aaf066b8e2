"""Views of offers, policies, assessments, agreements, reviews, frontiers, histories, positions and applications."""

from datetime import date, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restructure import (
    Agreement,
    Channel,
    History,
    InvalidInput,
    Payment,
    Stage,
    accept,
    assess,
    decide,
    evidence_digest,
    frontier,
    load_policy,
    packaged_policies,
    read_application,
    review,
)
from restructure.blocks import Table, to_text
from restructure.calculator.conventions.quantity import Kind
from restructure.calculator.servicing.position import Bucket
from restructure.casework.agreements.events import Event
from restructure.casework.agreements.performance import AgreementStatus
from restructure.casework.decisions.rounds import Answer
from restructure.intake.application.finances import CostCategory, IncomeSource
from restructure.intake.application.hardship import EvidenceKind
from restructure.policy.language.follow_up import AMOUNTS, Reversal
from restructure.policy.language.sections import CitedSource, Otherwise
from restructure.policy.language.templates import measure_models
from restructure.report.frontier import _spread
from restructure.report.policy import policy_view
from restructure.report.wording import Wording, view_languages
from restructure.views import html_of, summarise

CASE, POLICY = read_application("examples/illness.json"), load_policy("cn-consumer-finance")
DAY = CASE.as_of
LANGUAGES = view_languages()


@pytest.fixture(scope="module")
def decision():
    return decide(CASE, POLICY, on=DAY)


@pytest.fixture(scope="module")
def agreement(decision):
    return accept(
        decision,
        rule="illness-relief",
        on=DAY,
        by=CASE.borrower.reference,
        channel="phone",
        evidence=evidence_digest("what was read out"),
    )


@pytest.fixture(scope="module")
def records(decision, agreement):
    events = History().proposed(decision)
    return {
        "offer": decision.offers[0],
        "policy": POLICY,
        "assessment": assess(CASE, on=DAY),
        "agreement": agreement,
        "review": review(agreement, on=DAY),
        "frontier": frontier(CASE, POLICY, on=DAY, parts=1),
        "history": events,
        "position": decision.assessment.position,
        "application": CASE,
    }


def _text(record, language="en", **options):
    return to_text(summarise(record, language=language, **options), width=100)


SHOWN = {
    "offer": ["2,046.14", "2,396.36", "2027-12-30", "50 %", "illness-relief", "609.48"],
    "policy": [
        "cn-consumer-finance",
        "2026.1",
        "2025-10-01",
        "serious_income_drop",
        "20 %",
        "illness-relief",
        "24 %",
    ],
    "assessment": ["39,051.24", "47", "2,100.00", "7,000.00 − 4,600.00 − 300.00", "39.1304 %"],
    "agreement": ["2,046.14", "B-1007", "illness-relief", "2026-03-30"],
    "review": ["2026-03-30", "2,046.14", "0.00"],
    "frontier": ["★", "2027-12-30", "58,050.80"],
    "history": ["2026-03-18", "A-2026-0318", "L-55231"],
    "position": ["39,051.24", "33,863.52", "2026-01-30", "18 %"],
    "application": ["A-2026-0318", "B-1007", "4,800.00", "48,000.00", "2025-12-30"],
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("what", SHOWN)
def test_a_view_has_what_is_looked_for_in_every_language(records, what, language):
    text = _text(records[what], language)
    assert [part for part in SHOWN[what] if part not in text] == []
    assert "{" not in text
    assert f'lang="{language}"' in html_of(records[what], language=language)


@pytest.mark.parametrize("what", SHOWN)
@pytest.mark.parametrize("rows", [0, 1, 3, "all"])
def test_a_view_takes_any_number_of_rows(records, what, rows):
    assert _text(records[what], rows=rows)


@pytest.mark.parametrize("what", SHOWN)
def test_a_language_that_there_is_not_is_refused_with_those_that_there_are(records, what):
    with pytest.raises(InvalidInput, match="zh"):
        summarise(records[what], language="xx")


# --- words


WORDS = {
    "answer": Answer,
    "bucket": Bucket,
    "channel": Channel,
    "confidence": get_args(CitedSource.model_fields["confidence"].annotation),
    "cost": CostCategory,
    "document": EvidenceKind,
    "event": [get_args(kind.model_fields["kind"].annotation)[0] for kind in get_args(get_args(Event)[0])],
    "follow_up": (*AMOUNTS, "documents", "reversed_when_broken"),
    "income": IncomeSource,
    "measure": tuple(measure_models()),
    "otherwise": Otherwise,
    "reversal": Reversal,
    "stage": Stage,
    "standing": AgreementStatus,
    "unit": Kind,
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", WORDS)
def test_every_word_of_a_kind_has_a_name_in_every_language(kind, language):
    own = Wording.of(language)._own()
    assert [str(word) for word in WORDS[kind] if f"names.{kind}.{word}" not in own] == []


# --- policies


@pytest.mark.parametrize("name", packaged_policies())
def test_every_packaged_policy_has_a_view(name):
    policy = load_policy(name)
    text = to_text(policy_view(policy, Wording.of("zh", "all")), width=100)
    for entry in (*policy.gates, *policy.rules, *policy.limits, *policy.actions):
        assert entry.id.split("-")[0] in text
    for parameter in policy.parameters:
        assert parameter.split("_")[0] in text


def test_a_number_of_a_measure_is_shown_with_its_parameter():
    offers = [row[2] for row in _table(POLICY, "illness-relief").rows if "illness-relief" in row[0]]
    assert "6 instalments (illness_extension)" in offers[0]
    assert "50 % (illness_interest_waiver)" in offers[0]


def test_the_parts_of_a_condition_have_a_line_each():
    (gate,) = [row for row in _table(POLICY, "in-difficulty").rows if "in-difficulty" in row[0]]
    assert len(gate[1].split("\n")) == 3


def test_a_changed_parameter_is_the_one_that_is_shown():
    changed = POLICY.with_values(illness_extension=9)
    assert "9 instalments (illness_extension)" in _table(changed, "illness-relief").rows[0][2]


def _table(policy, entry):
    blocks = summarise(policy, language="en", rows="all")
    return next(b for b in blocks if isinstance(b, Table) and any(entry in row[0] for row in b.rows))


# --- assessments and applications


def test_what_is_not_known_comes_first_with_what_supplies_it():
    data = CASE.model_dump(mode="json", by_alias=True, exclude_none=True)
    del data["finances"]["income"]
    blocks = summarise(assess(data, on=DAY), language="en")
    first = next(block for block in blocks if isinstance(block, Table))
    assert any("monthly_income" in row[0] and "income" in row[1] for row in first.rows)
    assert not any(
        "monthly_income" in row[0] for table in blocks[4:] if isinstance(table, Table) for row in table.rows
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_view_of_an_application_has_no_name_of_the_borrower(language):
    case = CASE.with_values({"borrower.name": "Ms Li Na"})
    assert "Li Na" not in _text(case, language)


def test_what_is_unknown_in_an_application_is_said_to_be_unknown():
    data = CASE.model_dump(mode="json", by_alias=True, exclude_none=True)
    data["finances"], data["conduct"], data["hardship"] = {}, {}, {}
    text = _text(read_application(data))
    assert text.count("unknown") >= 8


# --- reviews


def _paid(agreement, count, late=0):
    rows = agreement.plan.schedule.rows[:count]
    return [Payment(on=row.due + timedelta(days=late), amount=row.total, id=f"p{row.number}") for row in rows]


def _reviewed(agreement: Agreement, payments, on):
    return _text(review(agreement, payments, on=on, loan=CASE.loan))


def test_a_review_of_an_agreement_that_is_kept_says_what_is_due_next(agreement):
    text = _reviewed(agreement, _paid(agreement, 2), date(2026, 5, 1))
    assert "On track" in text
    assert "2,046.14 CNY due on 2026-05-30" in text
    assert text.count("paid 2026-0") == 2


def test_a_review_of_a_late_agreement_says_what_is_overdue_and_since_when(agreement):
    text = _reviewed(agreement, _paid(agreement, 1), date(2026, 6, 10))
    assert "2 instalments are missed and unpaid, the oldest of 2026-04-30" in text
    assert "4,092.28 CNY is overdue" in text
    assert text.count("missed\n") == 2


def test_a_review_of_a_paid_agreement_says_that_nothing_is_left_to_do(agreement):
    last = agreement.plan.schedule.last_due
    text = _reviewed(agreement, _paid(agreement, 22), last)
    assert f"Everything was paid on {last}" in text


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (
            "it counts as broken from 2026-07-01 on, because an instalment was more than 60 days late",
            "60 days late",
        ),
        (
            "it counts as broken from 2026-07-01 on, because 3 instalments were missed at one time",
            "3 instalments were",
        ),
        (
            "it counts as broken from 2026-07-01 on, because an instalment of the trial period was missed",
            "trial period",
        ),
        ("another reason", "another reason."),
    ],
)
def test_a_review_of_a_broken_agreement_says_why(agreement, reason, said):
    broken = review(agreement, on=DAY).model_copy(
        update={"standing": AgreementStatus.BROKEN, "reason": reason, "broken_on": date(2026, 7, 1)}
    )
    text = _text(broken)
    assert said in text
    assert "Broken since 2026-07-01" in text


# --- frontiers


@given(
    count=st.integers(1, 400),
    limit=st.integers(0, 450),
    chosen=st.integers(0, 399),
)
def test_the_shown_plans_of_a_frontier_are_as_many_as_asked_for_with_the_first_choice(count, limit, chosen):
    chosen %= count
    shown = _spread(count, chosen, Wording.of("en", limit))
    assert len(shown) == min(limit, count)
    assert shown == sorted(set(shown))
    assert not shown or chosen in shown
    assert limit < 3 or {0, count - 1} <= set(shown)


def test_an_empty_frontier_says_so(records):
    none = records["frontier"].model_copy(update={"points": (), "chosen": None})
    assert "0 plans" in _text(none)


# --- histories


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_history_lists_every_event_in_order(decision, agreement, language):
    history = History().proposed(decision)
    history = history.accepted(
        rule="illness-relief",
        on=DAY,
        by=CASE.borrower.reference,
        channel="phone",
        evidence=evidence_digest("what was read out"),
    )
    for payment in _paid(agreement, 3):
        history = history.paid(payment)
    (table,) = [block for block in summarise(history, language=language) if isinstance(block, Table)]
    assert [row[0] for row in table.rows] == [str(event.on) for event in history.events]
    assert "2,046.14 CNY" in table.rows[-1][2]
    assert summarise(History(), language=language)
