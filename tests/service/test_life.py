"""The life of a restructuring over HTTP, on every database there is."""

import json

import pytest

from cases import packaged
from restructure import (
    CounterRequest,
    Decision,
    Payment,
    counter,
    decide,
    load_policy,
    read_application,
    read_history,
)
from restructure.intake.application import Application
from serving import DAY, acceptance, agreement, application, decision, issues, payment, serving

POLICY = """
name: followed
version: "1"
title: {en: With a follow-up, zh: 后续管理}
extends: cn-consumer-finance
sources:
  board: {title: Invented, confidence: own}
follow_up: {reference: board, valid_days: 14, cooling_off_days: 7, broken_after_missed: 2}
"""


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("followed")
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
    with serving(f"sqlite:///{folder}/restructure.db", load_policy(folder)) as client:
        yield client


def history(client, agreed):
    return read_history(client.get(f"/agreements/{agreed}/history").raise_for_status().text)


# --- one after the other


def test_an_application_becomes_a_decision_a_counter_offer_an_agreement_and_payments(client):
    decided = client.post("/applications", json=application("life"))
    assert decided.status_code == 201
    case = Application.model_validate(application("life"))
    made = decide(case, packaged("cn-consumer-finance"), on=case.as_of)
    assert Decision.model_validate_json(decided.text) == Decision.model_validate_json(made.model_dump_json())

    asked = {"max_monthly_payment": "1800"}
    countered = client.post(f"/decisions/{made.id}/counter?rule=illness-relief", json=asked)
    answer = counter(made, CounterRequest(**asked), packaged("cn-consumer-finance"), rule="illness-relief")
    assert countered.json()["id"] == answer.id

    agreed = client.post(f"/decisions/{answer.id}/accept", json=acceptance()).json()
    assert agreed["plan"]["schedule"] == countered.json()["offers"][0]["plan"]["schedule"]

    first = agreed["plan"]["schedule"]["rows"][0]
    path = f"/agreements/{agreed['id']}"
    paid = client.post(f"{path}/payments", json=payment("p1", first["due"], first["total"]))
    assert paid.json()["payment"]["amount"] == first["total"] == "1780.53"
    review = client.get(f"{path}/review", params={"on": first["due"]}).json()
    assert (review["standing"], review["received"]) == ("on_track", "1780.53")

    assert review["classification"]["value"] == "unknown"
    assert "events.missed_payment" in review["classification"]["missing"]

    kept = history(client, agreed["id"])
    assert [one.kind for one in kept.events] == ["proposed", "countered", "accepted", "paid"]
    assert kept.agreement.id == agreed["id"]


def test_a_review_suggests_the_class_of_the_books_where_the_file_tells_what_happened_before(client):
    sent = application("classed", history=[])
    made = client.post("/applications", json=sent).json()["id"]
    agreed = client.post(f"/decisions/{made}/accept", json=acceptance()).json()["id"]
    path = f"/agreements/{agreed}/review"
    for on, wanted in (("2026-03-30", "special_mention"), ("2026-06-29", "substandard")):
        looked, recorded = client.get(f"{path}?on={on}").json(), client.post(f"{path}?on={on}").json()
        assert looked["classification"] == recorded["classification"]
        assert looked["classification"]["value"] == wanted


def test_an_application_is_decided_on_the_day_that_is_given(client):
    later = client.post("/applications?on=2026-04-01", json=application("later"))
    assert later.json()["on"] == "2026-04-01"
    assert client.post("/applications", json=application("later")).json()["on"] == DAY


def test_the_letter_comes_in_both_languages_and_forms_and_only_about_what_was_offered(client):
    path = f"/decisions/{decision(client, 'letters')}/letter"
    assert client.get(path).text.startswith("还款方案")
    english = client.get(path, params={"language": "en", "rule": "longer-term"})
    assert english.headers["content-type"] == "text/plain; charset=utf-8"
    assert "Our offer: " in english.text
    page = client.get(path, params={"language": "en", "format": "html"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<html" in page.text
    assert issues(client.get(path, params={"rule": "longer-trem"}), 422) == [("offer-unknown", "rule")]
    assert issues(client.get(path, params={"language": "../en"}), 422) == [("choice-unknown", "language")]


def test_a_loan_is_watched_beside_its_history(client):
    seen = client.post(f"/loans/watch?on={DAY}", json=application("watched")).json()
    assert seen["enforcement"] == "no assessment has been made"
    agreement(client, "watched")
    seen = client.post(f"/loans/watch?on={DAY}", json=application("watched")).json()
    assert seen["enforcement"].startswith("an agreement is in force")


# --- what is sent again


def test_the_same_application_acceptance_and_payment_are_recorded_once_without_any_key(client):
    first = client.post("/applications", json=application("again"))
    assert client.post("/applications", json=application("again")).content == first.content
    assert client.get(f"/decisions/{first.json()['id']}").content == first.content
    path = f"/decisions/{first.json()['id']}/accept"
    agreed = client.post(path, json=acceptance())
    assert client.post(path, json=acceptance()).content == agreed.content
    path = f"/agreements/{agreed.json()['id']}/payments"
    paid = client.post(path, json=payment("p1"))
    assert client.post(path, json=payment("p1")).content == paid.content
    assert len(history(client, agreed.json()["id"]).payments) == 1
    # The old decision again, though its offers are no longer open.
    assert client.post("/applications", json=application("again")).content == first.content


def test_a_payment_of_another_amount_under_a_known_id_is_refused(client):
    path = f"/agreements/{agreement(client, 'two amounts')}/payments"
    client.post(path, json=payment("p1"))
    ((code, _),) = issues(client.post(path, json=payment("p1", amount="1.00")), 422)
    assert code == "payment-repeated"


def test_a_request_that_is_sent_again_under_its_key_is_answered_as_before_and_done_once(client):
    agreed = agreement(client, "keys")
    path, sent, key = (
        f"/agreements/{agreed}/payments",
        payment("x") | {"id": None},
        {"Idempotency-Key": "k-1"},
    )
    first = client.post(path, json=sent, headers=key)
    again = client.post(path, json=sent, headers=key)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert len(history(client, agreed).payments) == 1
    client.post(path, json=sent)
    assert len(history(client, agreed).payments) == 2


def test_another_request_under_a_known_key_is_refused(client):
    agreed = agreement(client, "other requests")
    path, key = f"/agreements/{agreed}/payments", {"Idempotency-Key": "k-2"}
    client.post(path, json=payment("p1"), headers=key)
    wanted = [("key-reused", "header.idempotency-key")]
    assert issues(client.post(path, json=payment("p2"), headers=key), 409) == wanted
    elsewhere = f"/agreements/{agreement(client, 'another loan')}/payments"
    assert issues(client.post(elsewhere, json=payment("p1"), headers=key), 409) == wanted
    assert len(history(client, agreed).payments) == 1


def test_a_refusal_is_not_remembered_under_its_key(client):
    agreed = agreement(client, "refusals")
    path, key = f"/agreements/{agreed}/payments", {"Idempotency-Key": "k-3"}
    assert client.post(path, json=payment("p1", amount="-1"), headers=key).status_code == 422
    assert client.post(path, json=payment("p1"), headers=key).status_code == 201


# --- what does not fit


def test_the_offers_of_a_decision_close_when_a_counter_offer_is_made(client):
    first = decision(client, "closed")
    path = f"/decisions/{first}"
    second = client.post(f"{path}/counter", json={"max_monthly_payment": "1900"}).json()["id"]
    assert client.post(f"{path}/counter", json={"max_monthly_payment": "1900"}).json()["id"] == second
    wanted = [("event-order", "path.decision")]
    assert issues(client.post(f"{path}/counter", json={"max_monthly_payment": "1950"}), 409) == wanted
    assert issues(client.post(f"{path}/accept", json=acceptance()), 409) == wanted


def test_a_second_offer_of_a_decision_cannot_be_accepted(client):
    made = decision(client, "second offer")
    assert client.post(f"/decisions/{made}/accept", json=acceptance()).status_code == 201
    ((code, _),) = issues(client.post(f"/decisions/{made}/accept", json=acceptance("longer-term")), 409)
    assert code == "event-order"


def test_a_new_application_waits_until_the_agreement_has_ended_and_was_reviewed(followed):
    agreed = agreement(followed, "broken")
    ((code, _),) = issues(followed.post("/applications?on=2026-07-01", json=application("broken")), 409)
    assert code == "event-order"
    path = f"/agreements/{agreed}/review"
    # To look changes nothing, to record does.
    assert followed.get(f"{path}?on=2026-06-15").json()["standing"] == "broken"
    assert followed.post(f"{path}?on=2026-06-15").json()["standing"] == "broken"
    kinds = [one.kind for one in history(followed, agreed).events]
    assert kinds == ["proposed", "accepted", "missed", "missed", "missed", "broken"]
    assert followed.post("/applications?on=2026-07-01", json=application("broken")).status_code == 201
    assert issues(followed.get(f"{path}?on=2026-07-01"), 409) == [("event-order", "path.agreement")]
    assert followed.get(f"/agreements/{agreed}/history").status_code == 200


def test_the_borrower_withdraws_in_time_or_not_at_all(followed):
    agreed = agreement(followed, "withdrawn")
    path = f"/agreements/{agreed}/withdraw"
    ((code, _),) = issues(followed.post(f"{path}?on=2026-03-26"), 409)
    assert code == "event-order"
    assert followed.post(f"{path}?on=2026-03-25").json()["id"] == agreed
    pay = followed.post(f"/agreements/{agreed}/payments", json=payment("p1"))
    assert issues(pay, 409) == [("event-order", "path.agreement")]


def test_an_offer_that_ran_out_is_refused(followed):
    path = f"/decisions/{decision(followed, 'expired')}/accept"
    assert issues(followed.post(path, json=acceptance(on="2026-04-02")), 409) == [("offer-expired", "on")]


def test_what_is_not_stored_is_not_found(client):
    nothing = "0" * 64
    assert issues(client.get(f"/decisions/{nothing}"), 404) == [("decision-unknown", "path.decision")]
    paid = client.post(f"/agreements/{nothing}/payments", json=payment("p1"))
    assert issues(paid, 404) == [("agreement-unknown", "path.agreement")]
    assert issues(client.get("/nowhere"), 404) == [("http-404", "")]
    assert issues(client.get("/applications"), 405) == [("http-405", "")]


# --- what cannot be read


def test_every_fault_of_a_body_is_named_at_once_as_in_a_file(client):
    sent = application("faults", as_of="18.03.2026", colour="red")
    sent["loan"]["contract"] = sent["loan"]["contract"] | {"principal": 48000.5}
    assert issues(client.post("/applications", json=sent), 422) == [
        ("date-invalid", "as_of"),
        ("money-float", "loan.contract.principal"),
        ("field-unknown", "colour"),
    ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "field-missing"),
        (b"{", "json-broken"),
        (b"\xff", "text-encoding"),
        (b"null", "value-invalid"),
        (b"[]", "value-invalid"),
        (b'{"on": "2026-03-18", "on": "2026-03-19"}', "key-duplicate"),
        (b"[" * 10_000, "json-broken"),
        (b'{"on": ' + b"9" * 5_000 + b"}", "json-broken"),
        (rb'{"id": "\ud800"}', "json-broken"),
        (b" " * (4 * 1024 * 1024 + 1), "file-too-large"),
    ],
)
def test_a_body_that_is_no_plain_json_is_refused(client, body, code):
    answer = client.post("/applications", content=body, headers={"Content-Type": "application/json"})
    assert issues(answer, 422)[0][0] == code


def test_json_that_is_sent_as_something_else_is_refused(client):
    for headers in ({}, {"Content-Type": "text/plain"}):
        answer = client.post("/applications", content=json.dumps(application()), headers=headers)
        assert issues(answer, 422) == [("json-broken", "")]


def test_a_day_is_written_in_full(client):
    path = f"/agreements/{agreement(client, 'days')}/review"
    for on in ("20260318", "2026-3-18", "2026-W12-3", "2026-02-30", "1773792000", ""):
        assert issues(client.get(path, params={"on": on}), 422) == [("value-invalid", "query.on")], on
    assert issues(client.get(path), 422) == [("field-missing", "query.on")]


def test_texts_may_hold_any_character_but_none_that_a_database_refuses_may_name_a_loan(client):
    odd = "王\u2028\u0085\x1e\x00😀"
    borrower = application()["borrower"] | {"name": odd}
    made = client.post("/applications", json=application("odd \u2028", borrower=borrower)).json()
    again = client.get(f"/decisions/{made['id']}")
    assert again.json()["application"]["borrower"]["name"] == odd
    for path in ("/applications", f"/loans/watch?on={DAY}"):
        answer = client.post(path, json=application("odd \x00"))
        assert issues(answer, 422) == [("value-invalid", "loan.reference")]


@pytest.mark.parametrize("on", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_the_calendar_are_refused_or_answered(client, on):
    agreed = agreement(client, "calendar")
    answers = [
        client.post("/applications", json=application("calendar"), params={"on": on}),
        client.post("/loans/watch", json=application("calendar"), params={"on": on}),
        client.get(f"/agreements/{agreed}/review", params={"on": on}),
        client.post(f"/agreements/{agreed}/payments", json=payment("end", on)),
        client.post(f"/decisions/{decision(client, f'calendar {on}')}/accept", json=acceptance(on=on)),
    ]
    assert all(answer.status_code < 500 for answer in answers), [one.text for one in answers]


# --- what it says of itself


def test_the_description_consists_of_the_models_of_the_library(client):
    described = client.get("/openapi.json").json()
    schemas = described["components"]["schemas"]
    for model in (Payment, CounterRequest):
        wanted = model.model_json_schema(ref_template="#/components/schemas/{model}")
        wanted.pop("$defs", None)
        for one in wanted["properties"].values():
            # FastAPI leaves every null out.
            if one.get("default", 0) is None:
                del one["default"]
        assert schemas[model.__name__] == wanted
    bodies = {
        path: one["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for path, one in described["paths"].items()
        if "requestBody" in one.get("post", {})
    }
    assert bodies == {
        "/applications": "Application",
        "/decisions/{decision}/counter": "CounterRequest",
        "/decisions/{decision}/accept": "Accepted",
        "/agreements/{agreement}/payments": "Payment",
        "/loans/watch": "Application",
    }


def test_the_example_of_the_repository_is_what_the_tests_send():
    assert read_application("examples/illness.json") == Application.model_validate(application())
