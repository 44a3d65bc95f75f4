from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from services.cli.redis_server import prepare_redis, start_redis, stop_redis
from services.gateway.bootstrap import Patience
from services.gateway.queries.health import EXPECTED_SERVICES, HealthCheck, ollama_probe, pipeline_probe
from shared.messages.topics import EYE_INFO
from shared.observability import Liveness
from shared.settings import Settings
from tests.unit.gateway.installation import Api, Template, open_api


def _live(redis: Redis, *services: str) -> None:
    for service in services:
        Liveness(redis, service=service, instance=f"{service}-0").beat()


def test_all_is_well_when_everything_answers(api: Api, redis: Redis) -> None:
    _live(redis, *EXPECTED_SERVICES)
    redis.hset(EYE_INFO, "eye-0", json.dumps({"backend": "onnx", "detector": "onnx:yolox_nano", "fallback": False}))
    answer = api.get("/health", who=None)
    assert answer.status_code == 200
    assert answer.json == {
        "status": "healthy",
        "components": {"api": "ok", "redis": "ok", "ollama": "not_configured", "database": "ok"},
        "services": {service: {"status": "ok", "instances": 1} for service in EXPECTED_SERVICES},
        "eye": {"backend": "onnx", "detector": "onnx:yolox_nano"},
        "timestamp": "2026-01-15T10:30:00Z",
    }


def test_a_service_without_a_sign_of_life_degrades(api: Api, redis: Redis) -> None:
    _live(redis, "ingest", "brain")
    body = api.get("/health", who=None).json
    assert body is not None
    assert body["status"] == "degraded"
    assert body["services"]["eye"] == {"status": "down", "instances": 0}
    assert body["services"]["ingest"] == {"status": "ok", "instances": 1}


def test_the_fallback_of_the_eye_is_told(api: Api, redis: Redis) -> None:
    _live(redis, *EXPECTED_SERVICES)
    info = {"backend": "hog", "detector": "hog", "fallback": True, "reason": "/srv/secret/path is missing", "at": "2"}
    redis.hset(EYE_INFO, "eye-0", json.dumps(info))
    redis.hset(EYE_INFO, "eye-1", json.dumps({"backend": "onnx", "at": "1"}))
    body = api.get("/health", who=None).json
    assert body is not None
    assert body["status"] == "degraded"
    assert body["eye"]["backend"] == "hog"
    assert body["eye"]["degraded"]
    assert "secret" not in json.dumps(body)


@pytest.fixture
def release() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_probe_that_hangs_hangs_nobody_and_is_not_started_again(release: threading.Event) -> None:
    started = 0

    def hang() -> str:
        nonlocal started
        started += 1
        release.wait(30)
        return "ok"

    now = 0.0
    probes = {"redis": hang, "ollama": lambda: "ok", "database": lambda: "ok"}
    check = HealthCheck(probes, pipeline=lambda: ({}, {}), monotonic=lambda: now, deadline_s=1)
    for now in (0.0, 2.0, 4.0):  # noqa: B007 – read by the lambda above
        began = time.monotonic()
        health = check.now()
        assert time.monotonic() - began < FAR_FROM_HANGING_S
        assert (health.status, health.components["redis"], health.can_serve) == ("degraded", "unavailable", True)
    assert started == 1
    check.close()


def test_the_answer_is_remembered_for_a_second() -> None:
    asked, now = 0, 0.0

    def count() -> str:
        nonlocal asked
        asked += 1
        return "ok"

    check = HealthCheck({"database": count}, pipeline=lambda: ({}, {}), monotonic=lambda: now, deadline_s=30)
    check.now()
    check.now()
    assert asked == 1
    now = 1.0
    check.now()
    assert asked == 2
    check.close()


def test_a_failing_probe_makes_its_component_unavailable_and_a_dead_database_the_api() -> None:
    def fail() -> str:
        raise OSError("no route to 10.0.0.1")

    check = HealthCheck({"database": fail}, pipeline=lambda: ({}, {}), deadline_s=30)
    health = check.now()
    assert (health.status, health.components, health.can_serve) == (
        "unhealthy",
        {"api": "ok", "database": "unavailable"},
        False,
    )
    check.close()


def test_the_judges_worker_is_missed_where_there_is_a_judge(redis: Redis) -> None:
    _live(redis, *EXPECTED_SERVICES)
    assert "judge-worker" not in pipeline_probe(redis)()[0]
    assert pipeline_probe(redis, judging=True)()[0]["judge-worker"] == {"status": "down", "instances": 0}


def test_an_ollama_that_is_not_configured_is_not_missed() -> None:
    assert ollama_probe(None, timeout_s=1)() == "not_configured"


# What hangs for real: nothing of it may hold the answer up.

# Enough for what answers, on a machine that is busy with other tests; and what hangs does so for longer than any bound.
SOME_PATIENCE = Patience(redis_s=1.0, probes_s=3.0)
FAR_FROM_HANGING_S = 25.0


def test_who_meets_all_that_can_hang_waits_less_than_a_second() -> None:
    assert Patience().redis_s + Patience().probes_s < 1.0


class Silent:
    """A server on loopback that takes connections and never answers."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.taken: list[socket.socket] = []
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def _take(self) -> None:
        while True:
            try:
                self.taken.append(self._listener.accept()[0])
            except OSError:
                return

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        for connection in self.taken:
            connection.close()


@pytest.fixture
def silent() -> Iterator[Silent]:
    server = Silent()
    yield server
    server.close()


@contextmanager
def _opened(template: Template, folder: Path, **settings: Any) -> Iterator[Api]:
    values = {"database_url": template.copy_to(folder / "argus.db"), "data_dir": folder, **settings}
    api = open_api(Settings.model_validate(values), template.keys, patience=SOME_PATIENCE)
    try:
        yield api
    finally:
        api.opened.close()


def _asked_in_time(api: Api) -> tuple[int, dict[str, Any]]:
    began = time.monotonic()
    answer = api.get("/health", who=None)
    assert time.monotonic() - began < FAR_FROM_HANGING_S
    assert answer.json is not None
    return answer.status_code, answer.json


def test_an_ollama_that_hangs_degrades_in_time(
    silent: Silent, template: Template, tmp_path: Path, redis_url: str
) -> None:
    with _opened(template, tmp_path, redis_url=redis_url, ollama={"url": f"http://127.0.0.1:{silent.port}"}) as api:
        status, body = _asked_in_time(api)
        assert (status, body["status"]) == (200, "degraded")
        assert body["components"] == {"api": "ok", "redis": "ok", "ollama": "unavailable", "database": "ok"}
    assert silent.taken


def test_an_ollama_that_sends_without_end_is_well(template: Template, tmp_path: Path, redis_url: str) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def talk() -> None:
        connection = listener.accept()[0]
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n{")
        connection.recv(1)  # the rest never comes

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with _opened(template, tmp_path, redis_url=redis_url, ollama={"url": url}) as api:
        assert _asked_in_time(api)[1]["components"]["ollama"] == "ok"
    thread.join(5)
    listener.close()


def test_a_database_that_hangs_makes_the_api_unavailable_in_time(
    silent: Silent, template: Template, tmp_path: Path, redis_url: str
) -> None:
    url = f"postgresql+psycopg://argus@127.0.0.1:{silent.port}/argus"
    with _opened(template, tmp_path, redis_url=redis_url, database_url=url) as api:
        status, body = _asked_in_time(api)
        assert (status, body["status"]) == (503, "unhealthy")
        assert body["components"]["database"] == "unavailable"
    assert silent.taken


def test_a_writer_that_takes_long_does_not_look_like_a_dead_database(api: Api) -> None:
    with api.opened.engine.connect() as writer:
        writer.exec_driver_sql("SELECT 1")  # holds the write lock from here on
        assert _asked_in_time(api)[1]["components"]["database"] == "ok"


def test_a_database_without_its_tables_is_not_well(template: Template, tmp_path: Path, redis_url: str) -> None:
    with _opened(template, tmp_path, redis_url=redis_url, database_url=f"sqlite:///{tmp_path}/empty.db") as api:
        assert _asked_in_time(api)[0] == 503


def test_a_redis_that_hangs_degrades_in_time_and_events_are_still_read(template: Template, tmp_path: Path) -> None:
    server = prepare_redis(tmp_path / "redis", durable=False)
    child = start_redis(server)
    try:
        with _opened(template, tmp_path / "data", redis_url=server.url) as api:
            assert _asked_in_time(api)[1]["components"]["redis"] == "ok"
            os.kill(child.pid, signal.SIGSTOP)
            time.sleep(1.01)  # the last answer is remembered for a second
            status, body = _asked_in_time(api)
            assert (status, body["status"], body["components"]["redis"]) == (200, "degraded", "unavailable")
            assert api.get("/events").status_code == 200
            began = time.monotonic()
            stats = api.get("/system/stats").json
            assert time.monotonic() - began < FAR_FROM_HANGING_S
            assert stats is not None
            assert stats["redis"]["connected"] is False
            os.kill(child.pid, signal.SIGCONT)
            time.sleep(1.01)
            assert _asked_in_time(api)[1]["components"]["redis"] == "ok"
    finally:
        os.kill(child.pid, signal.SIGCONT)
        stop_redis(child)


def test_many_who_ask_at_once_while_all_hangs_wait_no_longer_and_probe_once(
    silent: Silent, template: Template, tmp_path: Path
) -> None:
    port = silent.port
    values = {
        "redis_url": f"redis://127.0.0.1:{port}/0",
        "database_url": f"postgresql+psycopg://argus@127.0.0.1:{port}/argus",
        "ollama": {"url": f"http://127.0.0.1:{port}"},
    }
    many = 40
    with _opened(template, tmp_path, **values) as api, ThreadPoolExecutor(many) as people:
        together = threading.Barrier(many)

        def ask(_: int) -> float:
            together.wait()
            began = time.monotonic()
            assert api.opened.gateway.health.now().status == "unhealthy"
            return time.monotonic() - began

        assert max(people.map(ask, range(many))) < FAR_FROM_HANGING_S
        # One connection of each probe, and one of what Redis tells of the services.
        assert len(silent.taken) <= 4
