"""The example service to test with: in this process on a real socket, or in a process of its own that can be killed."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import uvicorn

from cases import packaged
from casework.agreed import SHOWN
from restructure import Policy
from service.api import service
from service.storage import Store

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"

__all__ = [
    "DAY",
    "ROOT",
    "SENT",
    "acceptance",
    "agreement",
    "application",
    "decision",
    "issues",
    "payment",
    "process",
    "serving",
]

DAY = "2026-03-18"
SENT = json.loads((EXAMPLES / "illness.json").read_text(encoding="utf-8"))


def application(reference: str = SENT["loan"]["reference"], **changes: Any) -> dict[str, Any]:
    return SENT | {"loan": SENT["loan"] | {"reference": reference}} | changes


def acceptance(rule: str = "illness-relief", on: str = DAY) -> dict[str, Any]:
    consent = {"on": on, "by": SENT["borrower"]["reference"], "channel": "phone", "evidence": SHOWN}
    return {"rule": rule, "consent": consent}


def payment(name: str, on: str = "2026-03-30", amount: str = "2046.14") -> dict[str, Any]:
    return {"id": name, "on": on, "amount": amount}


def decision(client: httpx.Client, reference: str = SENT["loan"]["reference"]) -> str:
    return client.post("/applications", json=application(reference)).raise_for_status().json()["id"]


def agreement(client: httpx.Client, reference: str = SENT["loan"]["reference"]) -> str:
    sent = client.post(f"/decisions/{decision(client, reference)}/accept", json=acceptance())
    return sent.raise_for_status().json()["id"]


def issues(answer: httpx.Response, status: int) -> list[tuple[str, str]]:
    """Give code and place of every issue of a refusal, which is problem JSON."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == status
    assert told["title"] == told["issues"][0]["message"]
    return [(one["code"], one["place"]) for one in told["issues"]]


@contextmanager
def serving(url: str, policy: Policy | None = None) -> Iterator[httpx.Client]:
    """Serve in a thread of this process, on a free port of loopback."""
    store = Store(url)
    app = service(store, policy or packaged("cn-consumer-finance"))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off"))
    socket = server.config.bind_socket()
    thread = Thread(target=server.run, kwargs={"sockets": [socket]})
    thread.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{socket.getsockname()[1]}", timeout=60) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()
        socket.close()
        store.close()


class Process:
    """A server in a process of its own."""

    def __init__(self, url: str, app: str = "service.main:app", folder: Path = EXAMPLES, **more: str) -> None:
        command = [sys.executable, "-m", "uvicorn", app, "--app-dir", str(folder), "--port", "0"]
        environment = os.environ | {"RESTRUCTURE_DATABASE": url} | more
        self.running = subprocess.Popen(
            [*command, "--lifespan", "off"], env=environment, stderr=subprocess.PIPE, text=True
        )
        assert self.running.stderr is not None
        said = []
        for line in self.running.stderr:
            said.append(line)
            found = re.search(r"running on (http://[\d.:]+)", line)
            if found:
                self.url = found[1]
                break
        else:
            raise AssertionError("".join(said))
        # What it says later is read and thrown away, so that no full pipe holds it up.
        Thread(target=self.running.stderr.read, daemon=True).start()

    def kill(self) -> None:
        """Kill it where it stands."""
        self.running.send_signal(signal.SIGKILL)
        self.running.wait()


@contextmanager
def process(url: str, **more: Any) -> Iterator[Process]:
    """Serve from a process of its own, and end it whatever happens."""
    started = Process(url, **more)
    try:
        yield started
    finally:
        started.kill()
        assert started.running.stderr is not None
        started.running.stderr.close()
