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
    with pytest.raises(InvalidInput) as refused:
        document_of({"x": [value]}, "data")
    assert [issue.place for issue in refused.value.issues] == ["x.0"]


def test_an_amount_may_be_a_whole_number_of_numpy():
    assert str(CounterRequest(max_monthly_payment=numpy.int64(1800)).max_monthly_payment) == "1800.00"


# --- what a hostile caller and a first user tried


def test_data_that_refers_to_itself_or_never_ends_is_refused_at_once():
    circle: dict = {}
    circle["a"] = circle["b"] = circle
    for source in (circle, {"reference": range(10**9)}):
        with pytest.raises(InvalidInput, match="more than 200,000 values"):
            read_application(source)


@pytest.mark.parametrize(
    "value", [10**5000, Decimal("NaN"), Decimal("1E999999")], ids=["long", "nan", "large"]
)
def test_a_number_that_no_file_could_hold_is_refused(value):
    with pytest.raises(InvalidInput) as refused:
        document_of({"x": value}, "data")
    assert [issue.place for issue in refused.value.issues] == ["x"]


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    "source", [10**5000, Unshowable(), "\ud800", "a" * 5000], ids=["number", "object", "half", "long"]
)
def test_whatever_is_given_the_refusal_is_a_sentence(source):
    with pytest.raises(InvalidInput):
        read_application(source)
    with pytest.raises(InvalidPolicy):
        load_policy(source)


def test_a_policy_in_one_line_of_json_is_a_text_and_no_path():
    text = json.dumps({"name": "x", "version": "1", "title": "t" * 300, "extends": POLICY})
    assert load_policy(text).name == "x"


@pytest.mark.parametrize(
    "values",
    [None, [1], {1: 2}, {b"a": 1}, {"finances.income." + "9" * 5000: 1}, {"finances.income.٠.monthly": "1"}],
)
def test_places_that_are_none_are_refused(decided, values):
    with pytest.raises(InvalidInput):
        decided.application.with_values(values)


@pytest.mark.parametrize("on", ["2026-W12-3", "9998-01-01", "1066-10-14", numpy.datetime64("2026-03")])
def test_a_week_a_month_and_another_millennium_are_no_days_of_a_loan(on):
    with pytest.raises(InvalidInput, match="date-invalid"):
        day_of(on)


def test_a_moment_of_numpy_that_is_midnight_is_its_day():
    assert day_of(numpy.datetime64("2026-03-18T00:00:00.000000000")) == dt.date(2026, 3, 18)


def test_whatever_is_no_record_is_refused_with_its_place(decided):
    policy, consent = load_policy(POLICY), dict(on=ON, by="b", channel="phone", evidence="e")
    for place, verb in (
        ("decision", lambda: restructure.explain(None, policy, rule="x")),
        ("rule", lambda: restructure.explain(decided, policy, rule={})),
        ("decision", lambda: counter(5, {"max_monthly_payment": "1"}, policy)),
        ("decision", lambda: restructure.replay("x", policy)),
        ("decision", lambda: restructure.accept({}, rule="x", **consent)),
        ("documents", lambda: restructure.accept(decided, rule="illness-relief", documents={}, **consent)),
        ("documents.0", lambda: restructure.accept(decided, rule="illness-relief", documents="x", **consent)),
        ("history", lambda: may_enforce({}, on=ON)),
        ("history", lambda: write_history({})),
        ("agreement", lambda: restructure.review(None, on=ON)),
        ("plan", lambda: restructure.position_after(None, on=ON)),
        ("contract", lambda: restructure.position_of(None, on=ON)),
        ("plan", lambda: restructure.figures_of(3)),
        ("parts", lambda: frontier(ILLNESS, POLICY, on=ON, parts=None)),
        ("rule", lambda: decided.offer_by({})),
        ("fact", lambda: decided.derivation("nope")),
    ):
        with pytest.raises(InvalidInput) as refused:
            verb()
        assert [issue.place for issue in refused.value.issues] == [place]


def test_floats_of_numpy_are_refused_like_floats():
    with pytest.raises(ValueError, match=r'write "5\.00" in quotes'):
        restructure.Payment(on=ON, amount=numpy.float64(5))
    with pytest.raises(InvalidPolicy, match="value-kind"):
        load_policy(POLICY).with_values(illness_interest_waiver=numpy.float64(0.5))


def test_whole_numbers_of_numpy_are_values_of_a_policy():
    changed = load_policy(POLICY).with_values(illness_extension=numpy.int64(9))
    assert changed.parameters["illness_extension"].values[0].value == 9


def test_a_history_is_reviewed_on_a_day_in_text_and_accepts_what_is_owed_now(decided):
    history = History().proposed(decided)
    consent = dict(rule="illness-relief", by=decided.application.borrower.reference, channel="phone")
    shown = restructure.evidence_digest("what was read out")
    agreed = history.accepted(on=ON, evidence=shown, owed=decided.assessment.position, **consent)
    paid = agreed.paid(restructure.Payment(on="2026-03-20", amount="1.00", id="p"))
    assert paid.review("2026-03-25") == paid.review(dt.date(2026, 3, 25))
    with pytest.raises(InvalidInput, match="date-invalid"):
        paid.review("nonsense")
    loan = decided.application.loan.contract
    less = restructure.position_of(loan, [restructure.Payment(on="2026-03-18", amount="5000")], on=ON)
    with pytest.raises(InvalidInput, match="balances-moved"):
        history.accepted(on=ON, evidence=shown, owed=less, **consent)


@pytest.mark.parametrize("day", ["2033-01-01", "2999-12-31"])
def test_a_first_payment_after_the_plan_has_begun_is_never_called_met(decided, day):
    asked = counter(decided, {"first_payment_from": day}, POLICY).rounds[-1]
    assert asked.answer.value != "met"
    assert "the first payment would fall due on" in asked.message


def test_more_instalments_than_a_loan_can_have_are_answered_and_not_raised(decided):
    for measures in (
        [{"measure": "extend", "instalments": 1200}],
        [{"measure": "extend", "instalments": 12}] * 2000,
    ):
        assert counter(decided, {"measures": measures}, POLICY).rounds[-1].answer.value != "met"
