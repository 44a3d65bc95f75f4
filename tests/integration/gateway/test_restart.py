"""POST /system/restart under a real supervisor: every service really goes and comes back."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import psutil
import pytest

from services.cli import plan
from tests.conftest import wait_until
from tests.processes import Processes
from tests.running import RunningArgus
from tests.unit.gateway.installation import basic

# No judge is set up here, so none is started.
MODULES = [name for name in plan.MODULES if name != "judge-worker"]
# Far beyond what it takes: machines that test are busy.
DEADLINE_S = 90.0


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningArgus]:
    processes = Processes()
    admin = {"ARGUS_ADMIN_USERNAME": "admin", "ARGUS_ADMIN_PASSWORD": "correct horse battery"}
    argus = RunningArgus(processes, tmp_path_factory.mktemp("restart"), "up", environment=admin)
    try:
        argus.wait_ready()
        yield argus
    finally:
        processes.end_all()


def _client(running: RunningArgus) -> httpx.Client:
    auth = ("admin", "correct horse battery")
    return httpx.Client(base_url=running.url, auth=auth, timeout=30, trust_env=False)


def _pids(running: RunningArgus) -> dict[str, int]:
    return {service: running.pid_of(service) for service in [*MODULES, "redis"]}


def _is_healthy(running: RunningArgus) -> bool:
    try:
        body = httpx.get(f"{running.url}/health", timeout=5, trust_env=False).json()
    except (httpx.TransportError, ValueError):
        return False
    return body["components"]["database"] == "ok" and all(each["status"] == "ok" for each in body["services"].values())


def _all_are_new(running: RunningArgus, before: dict[str, int], services: set[str]) -> bool:
    now = _pids(running)
    return all((now[service] != before[service]) is (service in services) for service in before) and all(
        psutil.pid_exists(pid) for pid in now.values()
    )


def _ended(running: RunningArgus) -> list[dict[str, object]]:
    return [json.loads(line) for line in running.log_lines() if '"service_ended"' in line]


def _restart(running: RunningArgus, body: dict[str, object], *, services: set[str]) -> None:
    """Order it and wait until those services, and no others, are new and well."""
    before = _pids(running)
    with _client(running) as client:
        answer = client.post("/system/restart", json=body)
    assert answer.status_code == 202, answer.text
    wait_until(lambda: _all_are_new(running, before, services), DEADLINE_S, f"new processes of {services}")
    wait_until(lambda: _is_healthy(running), DEADLINE_S, "all to be well again")


def test_every_service_is_restarted_and_none_is_thought_to_have_crashed(running: RunningArgus) -> None:
    _restart(running, {"graceful": True, "timeout_seconds": 30}, services=set(MODULES))
    _restart(running, {"graceful": False}, services=set(MODULES))  # at once after the first: no back-off
    told = _ended(running)
    assert len(told) == 2 * len(MODULES)
    assert {record["status"] for record in told} == {"exit 0"}
    assert {record["restart_in_s"] for record in told} == {0.0}
    assert {record["level"] for record in told} == {"info"}


def test_the_answer_comes_before_the_end_and_requests_in_flight_are_finished(running: RunningArgus) -> None:
    before = _pids(running)
    slow = socket.create_connection(("127.0.0.1", running.port), timeout=60)
    # With credentials: without them it would be answered before its body is there.
    lines = ["POST /auth/keys HTTP/1.1", "Host: x", "Content-Type: application/json", "Content-Length: 2"]
    lines += ["Expect: 100-continue"]
    lines += [f"{name}: {value}" for name, value in basic("admin", "correct horse battery").items()]
    slow.sendall("\r\n".join([*lines, "", "{"]).encode())
    assert slow.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n", "the request has been taken up"
    with _client(running) as client:
        answer = client.post("/system/restart", json={"timeout_seconds": 20, "services": ["gateway"]})
    assert answer.json() == {
        "status": "shutting_down",
        "timeout_seconds": 20,
        "message": "System will restart in 20 seconds",
    }
    # Longer than a stop leaves: only the order's time lets this request be finished.
    threading.Event().wait(4)
    assert psutil.pid_exists(before["gateway"])
    slow.sendall(b"}")
    assert slow.recv(65536).startswith(b"HTTP/1.1 400")
    slow.close()
    wait_until(lambda: _all_are_new(running, before, {"gateway"}), DEADLINE_S, "a new gateway")
    wait_until(lambda: _is_healthy(running), DEADLINE_S, "the port to answer again")


def test_some_services_alone_are_restarted(running: RunningArgus) -> None:
    _restart(running, {"services": ["brain", "alerts"]}, services={"brain", "alerts", "alerts-worker"})


def _stats_of_all(running: RunningArgus) -> dict[str, Any]:
    """Stats once every service tells of itself: those that were just started again take a moment."""
    with _client(running) as client:
        stats: dict[str, Any] = client.get("/system/stats").json()
    return stats if {each["service"] for each in stats["services"]} >= set(MODULES) else {}


def test_stats_count_from_the_oldest_service(running: RunningArgus) -> None:
    started = psutil.Process(os.getpid()).create_time()
    stats = wait_until(lambda: _stats_of_all(running), DEADLINE_S, "signs of life of every service")
    assert stats["redis"]["connected"] is True
    assert 0 <= stats["uptime_hours"] < (time.time() - started) / 3600 + 0.01


def test_the_logs_tell_of_the_restart(running: RunningArgus) -> None:
    with _client(running) as client:
        logs = client.get("/system/logs", params={"limit": 1000}).json()["logs"]
    ordered = {record["service"] for record in logs if record["event"] == "restart_ordered"}
    assert ordered >= set(MODULES)
    assert [record["timestamp"] for record in logs] == sorted((r["timestamp"] for r in logs), reverse=True)
