"""Verbs read what a program has at hand, exactly or not at all."""

import datetime as dt
import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

import restructure
from restructure import (
    CounterRequest,
    History,
    InvalidInput,
    InvalidPolicy,
    counter,
    decide,
    frontier,
    load_policy,
    may_enforce,
    read_application,
    read_history,
    watch,
    write_history,
)
from restructure.calculator.request import read_request
from restructure.inputs import day_of, document_of, with_values

EXAMPLES = Path(__file__).parents[1] / "examples"
ILLNESS = EXAMPLES / "illness.json"
POLICY = "cn-consumer-finance"
ON = "2026-03-18"


@pytest.fixture(scope="module")
def decided():
    return decide(read_application(ILLNESS), load_policy(POLICY), on=dt.date(2026, 3, 18))


@pytest.mark.parametrize(
    "source",
    [
        ILLNESS,
        str(ILLNESS),
        ILLNESS.read_text("utf-8"),
        ILLNESS.read_bytes(),
        json.loads(ILLNESS.read_text("utf-8")),
    ],
    ids=["path", "path as text", "text", "bytes", "mapping"],
)
def test_an_application_is_read_from_whatever_holds_it(source, decided):
    assert read_application(source) == decided.application
    assert decide(source, POLICY, on=ON).id == decided.id


def test_a_record_is_given_back_as_it_is(decided):
    assert read_application(decided.application) is decided.application
    policy = load_policy(POLICY)
    assert load_policy(policy) is policy


def test_a_policy_is_read_from_a_text_and_from_plain_data():
    from ruamel.yaml import YAML

    text = (Path("rules") / POLICY / "policy.yaml").read_text("utf-8")
    loaded = load_policy(POLICY)
    assert load_policy(text).at(ON).digest == loaded.at(ON).digest
    assert load_policy(YAML(typ="safe", pure=True).load(text)).at(ON).digest == loaded.at(ON).digest


def test_findings_in_plain_data_have_their_place_and_all_are_told():
    data = json.loads(ILLNESS.read_text("utf-8"))
    data["loan"]["product"] = "boat"
    data["finances"]["income"][0]["monthly"] = float("nan")
    with pytest.raises(InvalidInput) as refused:
        read_application(data)
    assert [issue.place for issue in refused.value.issues] == ["finances.income.0.monthly"]
    data["finances"]["income"][0]["monthly"] = 5000.5
    with pytest.raises(InvalidInput) as refused:
        read_application(data)
    assert {issue.place: issue.code for issue in refused.value.issues} == {
        "finances.income.0.monthly": "money-float",
        "loan.product": "choice-unknown",
    }


@pytest.mark.parametrize("on", [dt.date(2026, 3, 18), ON, dt.datetime(2026, 3, 18)])
def test_a_day_is_a_date_its_text_or_midnight(on):
    assert day_of(on) == dt.date(2026, 3, 18)


@pytest.mark.parametrize(
    "on",
    [
        None,
        20260318,
        "18.03.2026",
        "20260318",
        "2026-02-30",
        "",
        dt.datetime(2026, 3, 18, 9),
        dt.datetime(2026, 3, 18, tzinfo=dt.UTC),
        1.5,
        "０２０26-03-1",
    ],
)
def test_whatever_is_no_day_is_refused_with_a_sentence_by_every_verb(on, decided):
    history = History().proposed(decided)
    verbs = [
        lambda: day_of(on),
        lambda: decide(ILLNESS, POLICY, on=on),
        lambda: watch(ILLNESS, POLICY, on=on),
        lambda: frontier(ILLNESS, POLICY, on=on),
        lambda: restructure.assess(decided.application, on=on),
        lambda: restructure.accept(
            decided, rule="illness-relief", on=on, by="x", channel="phone", evidence="y"
        ),
        lambda: may_enforce(history, on=on),
        lambda: history.withdrawn(on),
        lambda: history.reviewed(on),
        lambda: load_policy(POLICY).at(on),
        lambda: restructure.position_after(decided.offers[0].plan, on=on),
    ]
    for verb in verbs:
        with pytest.raises(InvalidInput) as refused:
            verb()
        assert [issue.code for issue in refused.value.issues] == ["date-invalid"]


@pytest.mark.parametrize("source", [None, 3, 1.5, [1], object()])
def test_whatever_is_no_source_is_refused_with_a_sentence(source, decided):
    for verb in (
        lambda: read_application(source),
        lambda: decide(source, POLICY, on=ON),
        lambda: read_request(source),
        lambda: read_history(source),
        lambda: counter(decided, source, POLICY),
    ):
        with pytest.raises(InvalidInput) as refused:
            verb()
        assert [issue.code for issue in refused.value.issues] == ["input-kind"]
    with pytest.raises(InvalidPolicy) as broken:
        decide(ILLNESS, source, on=ON)
    assert [issue.code for issue in broken.value.issues] == ["input-kind"]


def test_words_of_engines_and_detail_may_be_texts_and_a_wrong_one_lists_them():
    assert decide(ILLNESS, POLICY, on=ON, engines="reference", detail="full").detail.value == "full"
    with pytest.raises(InvalidInput, match="not one of both, reference, durable"):
        decide(ILLNESS, POLICY, on=ON, engines="neither")


def test_a_request_may_be_plain_data(decided):
    asked = {"max_monthly_payment": "1800"}
    assert counter(decided, asked, POLICY).id == counter(decided, CounterRequest(**asked), POLICY).id


def test_a_history_is_read_from_a_path_a_text_and_plain_data(tmp_path, decided):
    history = History().proposed(decided)
    path = tmp_path / "history.jsonl"
    path.write_text(write_history(history), "utf-8")
    assert read_history(path) == read_history(str(path)) == read_history(path.read_bytes()) == history
    assert read_history(history.model_dump(mode="json")) == history
    with pytest.raises(InvalidInput, match="file-missing"):
        read_history(tmp_path / "none.jsonl")
    with pytest.raises(InvalidInput, match="events is a list"):
        read_history({"events": "none"})


# --- changing values


def test_one_value_of_an_application_is_changed_by_its_place(decided):
    case = decided.application
    changed = case.with_values(
        {
            "finances.income.0.monthly": Decimal("5000"),
            "finances.income.1": {"source": "rent", "monthly": "10"},
        }
    )
    assert [str(income.monthly) for income in changed.finances.income] == ["5000.00", "10.00"]
    assert changed.loan == case.loan


def test_a_value_that_does_not_fit_or_a_place_that_is_not_there_is_refused(decided):
    case = decided.application
    for place, value, code in (
        ("finances.income.0.monthly", 5000.5, "money-float"),
        ("finances.income.9.monthly", "1", "field-unknown"),
        ("finances.incom", "1", "field-unknown"),
        ("as_of.year", 3, "field-unknown"),
        ("finances.income.0.monthly", "-1", "money-negative"),
    ):
        with pytest.raises(InvalidInput) as refused:
            case.with_values({place: value})
        assert [issue.code for issue in refused.value.issues] == [code], place


def test_changing_nothing_changes_nothing(decided):
    assert decided.application.with_values({}) == decided.application


def test_the_data_given_is_left_alone():
    data = {"a": {"b": [1]}}
    assert with_values(data, {"a.b.0": 2}) == {"a": {"b": [2]}}
    assert data == {"a": {"b": [1]}}


# --- scalars of numpy and pandas

numpy = pytest.importorskip("numpy")


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (numpy.int64(5), 5),
        (numpy.bool_(True), True),
        (numpy.str_("x"), "x"),
        (numpy.datetime64("2026-03-18"), dt.date(2026, 3, 18)),
        (numpy.float64(2.5), 2.5),
        (Fraction(1, 3), "1/3"),
        (numpy.array([1, 2]), [1, 2]),
    ],
)
def test_a_scalar_becomes_plain_exactly(value, plain):
    data = document_of({"x": value}, "data").data
    assert data == {"x": plain}
    assert type(data["x"]) is type(plain)


class NaTType(dt.datetime):
    """A stand-in for what pandas calls NaT: a datetime that is none."""

    def __str__(self) -> str:
        return "NaT"


class NAType:
    """A stand-in for what pandas calls NA."""

    def __bool__(self) -> bool:
        raise TypeError("boolean value of NA is ambiguous")


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        numpy.float64("inf"),
        numpy.datetime64("NaT"),
        numpy.datetime64("2026-03-18T10:00"),
        NaTType(2026, 1, 1),
        NAType(),
        {1, 2},
        b"x",
    ],
)
def test_what_has_no_plain_value_is_refused_with_its_place(value):
    if str(value) == "NaT" and not isinstance(value, NaTType):
        assert document_of({"x": value}, "data").data == {"x": None}  # numpy itself gives nothing for it
        return
    with pytest.raises(InvalidInput) as refused:
        document_of({"x": [value]}, "data")
    assert [issue.place for issue in refused.value.issues] == ["x.0"]


def test_an_amount_may_be_a_whole_number_of_numpy():
    assert str(CounterRequest(max_monthly_payment=numpy.int64(1800)).max_monthly_payment) == "1800.00"
