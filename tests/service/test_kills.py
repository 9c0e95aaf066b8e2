"""A server that is killed in the middle of a write leaves nothing half-done: SIGKILL on a real process."""

import os
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlmodel import Session, select

from service.storage import Agreed, Answer, Decided, Entry, Loan, Store
from serving import acceptance, agreement, application, decision, payment, process, serving

KILLING = """
import os
import signal

from service.main import app
from sqlalchemy import event

left = int(os.environ["KILL_AT"])


def strike(*_):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)


def written(connection, cursor, statement, *_):
    if statement.startswith(("INSERT", "UPDATE")):
        strike()


engine = app.state.store.engine
event.listen(engine, "after_cursor_execute", written)
event.listen(engine, "commit", strike)
event.listen(engine, "checkin", strike)
"""
TABLES = (Loan, Entry, Decided, Agreed, Answer)


def rows(url):
    store = Store(url)
    try:
        with Session(store.engine) as session:
            found = {table: [one.model_dump() for one in session.exec(select(table))] for table in TABLES}
    finally:
        store.close()
    return found


def killed_in_an_acceptance(database, tmp_path, moment):
    """Kill a server at one moment of an acceptance under a key, and give what became of it: nothing or all."""
    (tmp_path / "killing.py").write_text(KILLING, encoding="utf-8")
    with serving(database) as client:
        path = f"/decisions/{decision(client, f'killed at {moment}')}/accept"
    before, key = rows(database), {"Idempotency-Key": f"killed-at-{moment}"}
    with process(database, app="killing:app", PYTHONPATH=str(tmp_path), KILL_AT=str(moment)) as server:
        with pytest.raises(httpx.TransportError):
            httpx.post(server.url + path, json=acceptance(), headers=key, timeout=60)
        assert server.running.wait(30) == -signal.SIGKILL
    found = rows(database)
    with serving(database) as client:
        agreed = client.post(path, json=acceptance(), headers=key)
        assert agreed.status_code == 201
        assert client.post(path, json=acceptance(), headers=key).content == agreed.content
    after = rows(database)
    assert [len(after[table]) - len(before[table]) for table in TABLES] == [0, 1, 0, 1, 1]
    assert found in (before, after)
    return found == after


# An acceptance writes the seal, the event, the agreement and the answer; then it commits, and then it answers.
def test_a_server_that_is_killed_before_it_commits_has_written_nothing(database, tmp_path):
    assert not killed_in_an_acceptance(database, tmp_path, 4)


@pytest.mark.slow
@pytest.mark.parametrize("moment", range(4))
def test_a_server_that_is_killed_between_two_writes_has_written_nothing(database, tmp_path, moment):
    assert not killed_in_an_acceptance(database, tmp_path, moment)


@pytest.mark.slow
def test_a_server_that_is_killed_before_it_answers_gives_the_answer_when_it_is_asked_again(
    database, tmp_path
):
    assert killed_in_an_acceptance(database, tmp_path, 5)


def killed_under_load(database, turn, seconds):
    """Kill a server while many pay: what was confirmed is there, and sending everything again completes it."""
    with serving(database) as client:
        agreed = [agreement(client, f"load {turn} {k}") for k in range(3)]
    sent = [(k, f"p{number}") for number in range(12) for k in range(3)]
    confirmed = []

    def pay(client, one):
        k, name = one
        key = {"Idempotency-Key": f"{turn}-{k}-{name}"}
        return client.post(f"/agreements/{agreed[k]}/payments", json=payment(name), headers=key)

    with process(database) as server, httpx.Client(base_url=server.url, timeout=60) as client:

        def attempt(one):
            try:
                if pay(client, one).status_code == 201:
                    confirmed.append(one)
            except httpx.TransportError:
                pass

        with ThreadPoolExecutor(4) as pool:
            for one in sent:
                pool.submit(attempt, one)
            time.sleep(seconds)
            server.kill()
    store = Store(database)
    try:
        for k in range(3):
            history = store.transact(lambda book, k=k: book.history(f"load {turn} {k}"))
            recorded = [one.id for one in history.payments]
            assert len(recorded) == len(set(recorded))
            assert set(recorded) >= {name for loan, name in confirmed if loan == k}
    finally:
        store.close()
    with serving(database) as client:
        assert {pay(client, one).status_code for one in sent} == {201}
        for k in range(3):
            review = client.get(f"/agreements/{agreed[k]}/review?on=2026-03-30").json()
            assert review["received"] == "24553.68"  # 12 × 2,046.14
    return len(confirmed)


@pytest.mark.slow
def test_a_server_that_is_killed_at_any_moment_has_recorded_what_it_confirmed(database):
    moments = random.Random(int(os.environ.get("KILLS", "7")))
    confirmed = [killed_under_load(database, turn, moments.uniform(0.05, 0.8)) for turn in range(4)]
    assert any(0 < one < 36 for one in confirmed), f"no kill fell into the writing: {confirmed}"


@pytest.mark.slow
def test_a_server_that_starts_again_answers_as_before(database):
    key = {"Idempotency-Key": "before"}
    with process(database) as server:
        first = httpx.post(f"{server.url}/applications", json=application("restart"), headers=key, timeout=60)
    with serving(database) as client:
        again = client.post("/applications", json=application("restart"), headers=key)
    assert (first.status_code, again.content) == (201, first.content)
