"""Test alerts from the API to the receiver: a gateway, an alert worker and an HTTP server, each a process or a port."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from shared.messages.topics import LIVENESS
from tests.conftest import PROJECT
from tests.integration.alerts.receiver import Answer, Receiver
from tests.integration.gateway.server import Server, environment, start_server
from tests.processes import Processes
from tests.unit.gateway.installation import Template

OPEN = {"ARGUS_ALERTS__WEBHOOK_ALLOW_PRIVATE": "true", "ARGUS_ALERTS__WEBHOOK_TIMEOUT_S": "4"}
WaitUntil = Callable[..., object]
StartWorker = Callable[[], subprocess.Popen[bytes]]
AddWebhook = Callable[..., int]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("installation")


@pytest.fixture(scope="module")
def gateway(folder: Path, redis_server_url: str, template: Template, wait_until: WaitUntil) -> Iterator[Server]:
    """One gateway for all tests here; the worker is each test's own."""
    processes = Processes()
    template.copy_to(folder / "data" / "argus.db")
    server = start_server(processes, folder, redis_server_url, template.keys, **OPEN)
    server.wait_until_it_answers(wait_until)
    yield server
    server.stop()
    assert processes.end_all() == []


@pytest.fixture
def start_worker(
    gateway: Server, processes: Processes, folder: Path, redis_url: str, redis: Redis, wait_until: WaitUntil
) -> StartWorker:
    def begin() -> subprocess.Popen[bytes]:
        env = environment(folder / "data", redis_url, port=1, **OPEN)
        command = [sys.executable, "-m", "services.alerts.worker"]
        child = processes.start(command, env=env, cwd=PROJECT, output=folder / "worker.log")
        living = LIVENESS.format(service="alerts-worker", instance="*")
        wait_until(
            lambda: any(str(child.pid).encode() == redis.hget(key, "pid") for key in redis.scan_iter(living)), 60
        )
        return child

    return begin


@pytest.fixture
def add(gateway: Server) -> Iterator[AddWebhook]:
    """Adds webhooks for the time of a test."""

    def make(url: str, *, who: str = "alice", **fields: object) -> int:
        with gateway.client(who) as client:
            made = client.post("/webhooks", json={"url": url, "name": url, **fields})
            assert made.status_code == 201, made.text
            return int(made.json()["id"])

    yield make
    with gateway.client("boss") as client:
        for webhook in client.get("/webhooks").json()["webhooks"]:
            client.delete(f"/webhooks/{webhook['id']}")


def _test(gateway: Server, *, who: str = "alice", status: int = 200, **body: object) -> Any:
    with gateway.client(who) as client:
        answer = client.post("/alert/test", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()


def test_a_test_alert_arrives_signed_and_recognisable_at_those_it_is_for(
    gateway: Server, start_worker: StartWorker, receiver: Receiver, add: AddWebhook
) -> None:
    start_worker()
    add(receiver.url("/alice"), auth_type="bearer", token="t0ken", secret="whsec_c2VjcmV0", events=["alert"])
    add(receiver.url("/everybody"), who="boss")
    told = _test(gateway, channels=["webhook", "telegram"], message="Test CCTV Smart")
    assert told["webhook"] == {"status": "sent", "recipients": 1}
    assert told["telegram"]["status"] == "not_configured"
    (request,) = receiver.requests
    assert request.path == "/alice"
    assert (request.body["test"], request.body["text"]) == (True, "Test CCTV Smart")
    assert (request.body["event_type"], request.body["detection_type"]) == ("alert", "test")
    assert request.headers["authorization"] == "Bearer t0ken"
    assert request.headers["webhook-signature"].startswith("v1,")
    with gateway.client() as client:
        assert client.get(f"/events/{request.body['uuid']}").status_code == 404
        assert client.get("/deliveries").json()["total"] == 0
    assert _test(gateway, who="bob")["webhook"]["status"] == "not_configured"
    everybody = _test(gateway, who="boss")
    assert everybody.pop("webhook") == {"status": "sent", "recipients": 2}
    assert {outcome["status"] for outcome in everybody.values()} == {"not_configured"}, "nobody set those up"
    assert {request.path for request in receiver.requests} == {"/alice", "/everybody"}


def test_every_receiver_that_fails_is_named_with_its_reason(
    gateway: Server, start_worker: StartWorker, receiver: Receiver, add: AddWebhook
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        start_worker()
        receiver.answers["/broken"] = Answer(status=500, body=b"out of order")
        broken = add(receiver.url("/broken"))
        assert _test(gateway)["webhook"] == {"status": "failed", "reason": "HTTP 500: out of order", "recipients": 0}
        receiver.answers["/slow"] = Answer(delay_s=60)
        receiver.answers["/moved"] = Answer(status=302, headers={"location": receiver.url("/elsewhere")})
        refusing = add(f"http://127.0.0.1:{closed.getsockname()[1]}/")
        slow, moved = add(receiver.url("/slow")), add(receiver.url("/moved"))
        add(receiver.url("/sound"))
        told = _test(gateway)["webhook"]
    assert (told["status"], told["recipients"]) == ("failed", 1)
    assert told["reason"].startswith("4 of 5 were not reached – ")
    for webhook, reason in (
        (broken, "HTTP 500: out of order"),
        (refusing, "ConnectError"),
        (slow, "no complete reply within 4 s"),
        (moved, "HTTP 302: redirects are not followed"),
    ):
        assert f"{webhook}: {reason}" in told["reason"]
    assert not receiver.at("/elsewhere")


def test_a_worker_that_is_away_is_said_to_be_and_startles_nobody_when_it_comes_back(
    gateway: Server, start_worker: StartWorker, receiver: Receiver, add: AddWebhook, redis: Redis
) -> None:
    add(receiver.url("/hook"))
    assert _test(gateway, status=503)["message"].startswith("No alert worker runs")
    worker = start_worker()
    worker.kill()
    worker.wait()
    (living,) = redis.scan_iter(LIVENESS.format(service="alerts-worker", instance="*"))
    redis.persist(living)  # its sign of life has not expired yet
    assert _test(gateway, status=503)["message"] == "No alert worker took the test within 15 s"
    redis.delete(living)
    start_worker()
    assert _test(gateway)["webhook"] == {"status": "sent", "recipients": 1}
    assert len(receiver.requests) == 1
