"""Several at once, over HTTP and on a real database: one wins, nothing is lost and nothing is done twice."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from restructure import History, read_history
from service.storage import Agreed, Damaged, Entry, Loan, Store
from serving import acceptance, agreement, application, decision, payment

THREADS = 8


def at_once(client, requests):
    """Send requests from threads of their own, all at the same moment."""
    barrier = Barrier(len(requests))

    def send(request):
        path, sent, headers = request
        with httpx.Client(base_url=client.base_url, timeout=120) as own:
            barrier.wait()
            return own.post(path, json=sent, headers=headers)

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(send, requests))


def payments(client, agreed):
    return read_history(client.get(f"/agreements/{agreed}/history").text).payments


@pytest.mark.parametrize("turn", range(2))
def test_of_two_offers_of_one_decision_accepted_at_once_exactly_one_is_agreed_on(client, turn):
    path = f"/decisions/{decision(client, f'race {turn}')}/accept"
    offers = ["illness-relief", "longer-term"] * (THREADS // 2)
    answers = at_once(client, [(path, acceptance(rule), {}) for rule in offers])
    agreed = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    assert len(agreed) == 1
    assert sorted(answer.status_code for answer in answers) == [201] * (THREADS // 2) + [409] * (THREADS // 2)
    kept = read_history(client.get(f"/agreements/{agreed.pop()}/history").text)
    assert [event.kind for event in kept.events] == ["proposed", "accepted"]


def test_the_same_application_from_many_at_once_is_one_decision(client):
    answers = at_once(client, [("/applications", application("crowd"), {})] * THREADS)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    agreed = client.post(f"/decisions/{answers[0].json()['id']}/accept", json=acceptance()).json()["id"]
    assert len(read_history(client.get(f"/agreements/{agreed}/history").text).events) == 2


def test_one_payment_from_many_at_once_counts_once_by_its_id_or_by_its_key(client):
    agreed = agreement(client, "one payment")
    path = f"/agreements/{agreed}/payments"
    by_id = at_once(client, [(path, payment("p1"), {})] * THREADS)
    by_key = at_once(client, [(path, payment("") | {"id": None}, {"Idempotency-Key": "all"})] * THREADS)
    assert {answer.status_code for answer in by_id + by_key} == {201}
    assert len(payments(client, agreed)) == 2


def test_different_payments_at_once_are_all_recorded(client):
    agreed = agreement(client, "many payments")
    answers = at_once(
        client, [(f"/agreements/{agreed}/payments", payment(f"p{k}"), {}) for k in range(THREADS)]
    )
    assert {answer.status_code for answer in answers} == {201}
    assert {one.id for one in payments(client, agreed)} == {f"p{k}" for k in range(THREADS)}


# --- the constraints and the digests underneath


@pytest.fixture
def store(database):
    store = Store(database)
    yield store
    store.close()


def test_the_database_itself_holds_no_two_agreements_on_one_decision_and_no_event_twice(client, store):
    agreed = agreement(client, "constraints")
    found = store.transact(lambda book: book.agreement(agreed))
    for row in (
        Agreed(agreement="0" * 64, decision=found.decision.id, loan="constraints"),
        Entry(loan="constraints", number=1, line="{}"),
    ):
        with Session(store.engine) as session:
            session.add(row)
            with pytest.raises(IntegrityError):
                session.commit()


def test_work_that_fails_leaves_nothing_behind(client, store):
    made = decision(client, "left behind")
    path = f"/decisions/{made}"
    past = store.transact(lambda book: book.decision(made)).history

    def work(book):
        book.session.add(Entry(loan="left behind", number=1, line="{}"))
        book.session.flush()
        raise KeyError

    with pytest.raises(KeyError):
        store.transact(work)
    assert store.transact(lambda book: book.history("left behind")) == past
    assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE entry SET line = replace(line, '2046.14', '1046.14') WHERE loan = :loan",
        "DELETE FROM entry WHERE loan = :loan AND number = 2",
        "DELETE FROM entry WHERE loan = :loan AND number = 1",
    ],
)
def test_an_event_that_was_edited_or_deleted_in_the_database_is_noticed(client, store, damage):
    loan = f"damage {damage[:30]} {damage[-1]}"
    agreed = agreement(client, loan)
    client.post(f"/agreements/{agreed}/payments", json=payment("p1"))
    with store.engine.begin() as connection:
        assert connection.execute(text(damage), {"loan": loan}).rowcount
    with pytest.raises(Damaged):
        store.transact(lambda book: book.history(loan))


def test_a_loan_that_nobody_applied_for_has_an_empty_history(store):
    assert store.transact(lambda book: book.history("nobody")) == History()
    assert store.transact(lambda book: book.session.get(Loan, "nobody")) is None
