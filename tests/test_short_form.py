"""Short forms: whatever a record has, its repr is one short line that says what it is, and makes nothing."""

import inspect
import pickle
from datetime import date
from decimal import Decimal
from enum import Enum
from fractions import Fraction

import pytest

import restructure
from records import records
from restructure import (
    Buckets,
    Extend,
    History,
    Holiday,
    Repayment,
    Spread,
    Terms,
    Waive,
    accept,
    assess,
    decide,
    evidence_digest,
    explain,
    frontier,
    load_policy,
    read_application,
    review,
    watch,
)
from restructure.record import Later, Record, _ReadAsTuple
from restructure.short_form import LONGEST, short_form
from restructure.testing.differences import differences

RECORDS = [model for model in records() if not inspect.isabstract(model)]


class _Word(Enum):
    LONG = "long " * 2000


class _Nested(Record):
    text: str
    inside: Record | None = None


def _nested(depth: int) -> Record:
    inside = None
    for _ in range(depth):
        inside = _Nested.model_construct(text="x" * 10_000, inside=inside)
    return inside


AWKWARD = {
    "a long text": "x" * 10_000,
    "line breaks and control characters": "a\nb\r\x00\x1b[31m\u2028\u202e\x85" * 50,
    "half a character": "\ud800" * 300,
    "nothing": None,
    "an integer of many digits": 10**6000,
    "an amount of many zeros": Decimal("1E+999999"),
    "no number": Decimal("NaN"),
    "a fraction of many digits": Fraction(10**6000, 7),
    "a day": date(2026, 3, 18),
    "a long word": _Word.LONG,
    "a list": tuple("x\n" * 100 for _ in range(1000)),
    "lists in lists": [[[["x" * 100] * 9] * 9] * 9] * 9,
    "a mapping": {"k\n" * 1000: "v" * 1000, "other": {"k": {}}},
    "records in records": _nested(300),
    "an object": object(),
}


@pytest.mark.parametrize("value", AWKWARD.values(), ids=AWKWARD.keys())
def test_the_repr_of_every_record_is_one_short_line_whatever_its_fields_have(value):
    for model in RECORDS:
        record = model.model_construct(**dict.fromkeys(model.model_fields, value))
        text = repr(record)
        assert text == str(record)
        assert model.__name__ in text
        assert len(text) <= LONGEST, text
        assert text.isprintable(), text


@pytest.mark.parametrize("model", RECORDS, ids=lambda model: model.__qualname__)
def test_a_record_that_is_half_made_has_a_repr(model):
    assert model.__name__ in repr(model.model_construct())


# --- what the library makes


@pytest.fixture(scope="module")
def made():
    policy, case = load_policy("cn-consumer-finance"), read_application("examples/illness.json")
    decision = decide(case, policy, on=case.as_of)
    agreement = accept(
        decision,
        rule="illness-relief",
        on=case.as_of,
        by=case.borrower.reference,
        channel="phone",
        evidence=evidence_digest("what was read out"),
    )
    return {
        "application": case,
        "policy": policy,
        "assessment": assess(case, on=case.as_of),
        "decision": decision,
        "offer": decision.offers[0],
        "plan": decision.offers[0].plan,
        "schedule": decision.offers[0].plan.schedule,
        "position": decision.offers[0].plan.position,
        "agreement": agreement,
        "review": review(agreement, on=case.as_of),
        "history": History().proposed(decision),
        "warning": watch(case, policy, on=case.as_of),
        "explanation": explain(decision, policy, rule="job-loss-holiday"),
        "frontier": frontier(case, policy, on=case.as_of, parts=1),
    }


SAID = {
    "application": ["A-2026-0318", "2026-03-18", "L-55231", "CNY"],
    "policy": ["cn-consumer-finance 2026.1", "CNY", "7 gates", "11 rules"],
    "assessment": ["2026-03-18", "47 days past due", "39,051.24 CNY owed", "2,100.00 of 2,396.36"],
    "decision": [
        "offer, 2 offers, best illness-relief",
        "A-2026-0318 on 2026-03-18",
        "2026.1",
        "id c175ffec",
    ],
    "offer": ["number 1", "illness-relief", "22 instalments of 2,046.14 CNY", "last due 2027-12-30"],
    "plan": ["22 instalments of 2,046.14 CNY", "waive, waive, capitalise, extend"],
    "schedule": ["22 instalments from 2026-03-30 to 2027-12-30", "CNY in all"],
    "position": ["39,051.24 CNY owed on 2026-03-18", "47 days past due", "16 instalments left"],
    "agreement": ["illness-relief, agreed on 2026-03-18", "22 instalments of 2,046.14 CNY"],
    "review": ["on_track on 2026-03-18", "0.00 overdue"],
    "history": ["proposed, 1 event, the last proposed on 2026-03-18"],
    "warning": ["31-60 days on 2026-03-18", "3 steps now"],
    "explanation": ["job-loss-holiday refused at condition", "1 change leading to the offer"],
    "frontier": ["within the limits", "tried", "CNY"],
}


@pytest.mark.parametrize("what", SAID)
def test_the_repr_of_a_record_says_what_a_person_wants_to_know(made, what):
    text = repr(made[what])
    assert text.startswith(f"<{type(made[what]).__name__}: ")
    assert text.endswith(">")
    assert [part for part in SAID[what] if part not in text] == []
    assert "…" not in text, "the summary itself is too long"


def test_the_repr_of_the_name_of_a_borrower_is_left_out_of_logs():
    case = read_application("examples/illness.json").with_values({"borrower.name": "Ms Li Na"})
    assert "Li Na" not in repr(case) + repr(case.borrower)


def test_a_repr_makes_no_records_that_wait(made):
    waits = Later(lambda: pytest.fail("the records were made"))
    record = made["offer"].model_copy(update={"because": waits, "limits": waits})
    refusal = made["decision"].refusals[0].model_copy(update={"conditions": waits})
    assert "illness-relief" in repr(record)
    assert short_form(_Nested(text="a", inside=refusal))
    for model in RECORDS:
        may_wait = [name for name, info in model.model_fields.items() if _ReadAsTuple in info.metadata]
        values = dict.fromkeys(model.model_fields, "a") | dict.fromkeys(may_wait, waits)
        assert repr(model.model_construct(**values))


def test_records_that_wait_are_shown_where_they_are_looked_at():
    assert repr(Later(lambda: (1, 2))) == "(1, 2)"
    assert repr(Later(lambda: range(1000))) == "(0, 1, … 1000 in all)"


# --- what a person types


TYPED = [
    Extend(instalments=6),
    Waive(of=["penalty"], share="1/3"),
    Holiday(instalments=3),
    Spread(of="fees", instalments=6),
    Buckets(principal="36000", fees="12.50"),
    Repayment(annual_rate="18%", instalments=18, first_due="2026-04-18"),
    Terms(
        currency="CNY",
        principal="12000",
        annual_rate="18%",
        instalments=12,
        start="2026-01-15",
        first_due="2026-02-15",
        method="equal_principal",
    ),
]


@pytest.mark.parametrize("record", TYPED, ids=lambda record: type(record).__name__)
def test_the_repr_of_a_small_record_reads_back(record):
    assert eval(repr(record), vars(restructure) | {type(record).__name__: type(record)}) == record


def test_defaults_are_left_out():
    assert repr(Extend(instalments=6)) == "Extend(instalments=6)"
    assert repr(Buckets(penalty="0.00", fees="1")) == "Buckets(fees='1.00')"


# --- other printers


def test_rich_and_devtools_print_short_values(made):
    values = [repr(value) for _, value in made["decision"].__repr_args__()]
    assert max(map(len, values)) <= LONGEST
    assert dict(Extend(instalments=6).__repr_args__()) == {"instalments": "6"}


def test_a_short_form_changes_no_copy(made):
    assert pickle.loads(pickle.dumps(made["decision"])) == made["decision"]


# --- failed comparisons


def test_two_records_that_differ_are_compared_place_by_place(made):
    plan = made["plan"]
    other = plan.model_copy(update={"instalment": Decimal("1.00"), "measures": plan.measures[:-1]})
    assert list(differences(plan, other)) == [
        "measures: 4 items != 3 items",
        "instalment: '2046.14' != '1.00'",
    ]
    assert list(differences(plan, plan)) == []
