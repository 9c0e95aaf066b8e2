"""No input makes the service fail: requests from its own description, and good requests with odd values in them."""

from copy import deepcopy

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance

from serving import DAY, acceptance, agreement, application, decision, payment, serving

# The same examples every time: what is found here depends on the change alone.
SEEDED = {
    "derandomize": True,
    "deadline": None,
    "database": None,
    "phases": [Phase.explicit, Phase.generate],
    "suppress_health_check": list(HealthCheck),
}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with serving(f"sqlite:///{tmp_path_factory.mktemp('fuzz')}/restructure.db") as client:
        yield client


def _send(client, operation, known, examples):
    @settings(max_examples=examples, **SEEDED)
    @given(st.data())
    def send(data):
        case = data.draw(operation.as_strategy())
        if case.path_parameters and data.draw(st.booleans()):
            case.path_parameters = {name: known[name] for name in case.path_parameters}
        # What a schema cannot say, such as two dates in the wrong order, is refused too.
        case.call_and_validate(base_url=str(client.base_url), excluded_checks=[positive_data_acceptance])

    send()


def checked(client, examples):
    """Send requests made from the description, every answer held against it; the ids in them are known ones."""
    loaded = schemathesis.openapi.from_url(f"{client.base_url}/openapi.json")
    known = {"decision": decision(client, "open"), "agreement": agreement(client, "running")}
    sent = []
    for found in loaded.get_all_operations():
        _send(client, found.ok(), known, examples)
        sent.append(found.ok().label)
    return sent


def test_every_answer_to_what_schemathesis_sends_is_as_described_and_no_failure_of_the_server(client):
    assert len(set(checked(client, examples=5))) == 11


@pytest.mark.slow
def test_the_same_with_many_more_requests_to_every_endpoint(client):
    checked(client, examples=40)


# --- good requests with odd values

ODD = [
    *(
        "",
        "0",
        "-1",
        "1e5",
        "x",
        "\u0000",
        "\u2028",
        "😀",
        "0.001",
        "9999999999999",
        "99999999999999.99",
        "300%",
    ),
    *("9999-12-31", "0001-01-01", "2028-02-29", "JPY", "XXX", "999 years", "semi-monthly", "bullet", "flat"),
    *(None, True, False, 0, -1, 1, 31, 1200, 1201, 10**9, 10**18, 10**30, 1.5, [], {}, ["x"], {"a": 1}),
]
MEASURES = [
    {"measure": "extend", "instalments": 6},
    {"measure": "waive", "of": "penalty", "share": "50%"},
    {"measure": "holiday", "instalments": 2, "pay": "interest"},
    {"measure": "rate", "annual_rate": "10%"},
    {"measure": "capitalise", "of": ["interest_arrears"]},
]
WISH = {
    "max_monthly_payment": "1800",
    "first_payment_from": "2026-05-01",
    "keep_end_date": True,
    "lump_sum": "100",
}
DAYS = st.sampled_from([DAY, DAY, DAY, DAY, DAY, "2026-12-01", "2026-12-01", "0001-01-01", "9999-12-31"])


def places(value, place=()):
    if place:
        yield place
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield from places(inner, (*place, key))


@st.composite
def spoilt(draw, sent):
    """A good body in which one to three values are odd or missing."""
    body = deepcopy(sent)
    for _ in range(draw(st.integers(1, 3))):
        found = list(places(body))
        if not found:
            break
        *way, last = draw(st.sampled_from(found))
        inner = body
        for key in way:
            inner = inner[key]
        if draw(st.integers(0, 6)):
            inner[last] = deepcopy(draw(st.sampled_from(ODD)))
        else:
            del inner[last]
    return body


def spoil(client, examples):
    opened, running = decision(client, "spoilt"), agreement(client, "spoilt too")
    counted = iter(range(10**6))

    def answered(answer):
        assert answer.status_code < 500, answer.text
        return answer

    @settings(max_examples=examples, **SEEDED)
    @given(st.data())
    def send(data):
        path, sent = data.draw(
            st.sampled_from(
                [
                    ("/applications", application()),
                    ("/loans/watch", application()),
                    (f"/decisions/{opened}/counter", WISH | {"measures": MEASURES}),
                    (f"/decisions/{opened}/accept", acceptance()),
                    (
                        f"/agreements/{running}/payments",
                        payment("p1") | {"currency": "CNY", "prepayment": "hold"},
                    ),
                ]
            )
        )
        body, on = data.draw(spoilt(sent)), data.draw(DAYS)
        if path == "/applications" and isinstance(body.get("loan"), dict):
            body["loan"].setdefault("reference", f"spoilt {next(counted)}")
        made = answered(client.post(path, json=body, params={"on": on}))
        answered(client.get(f"/agreements/{running}/review", params={"on": on}))
        if made.status_code == 201 and path == "/applications":
            told = made.json()
            answered(client.get(f"/decisions/{told['id']}/letter"))
            answered(client.post(f"/decisions/{told['id']}/counter", json=data.draw(spoilt(WISH))))
            for offer in told["offers"]:
                accepted = answered(
                    client.post(f"/decisions/{told['id']}/accept", json=acceptance(offer["rule"], told["on"]))
                )
                if accepted.status_code == 201:
                    answered(client.get(f"/agreements/{accepted.json()['id']}/history"))

    send()


def test_a_good_request_with_odd_values_is_answered_or_refused(client):
    spoil(client, examples=15)


@pytest.mark.slow
def test_hundreds_of_good_requests_with_odd_values_are_answered_or_refused(client):
    spoil(client, examples=500)
