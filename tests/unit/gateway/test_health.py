from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

import pytest
from redis import Redis

from services.gateway.queries.health import EXPECTED_SERVICES, HealthCheck, ollama_probe
from shared.messages.topics import EYE_INFO
from shared.observability import Liveness
from tests.unit.gateway.installation import Api


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
    check = HealthCheck(probes, pipeline=lambda: ({}, {}), monotonic=lambda: now, deadline_s=0.1)
    for now in (0.0, 2.0, 4.0):  # noqa: B007 – read by the lambda above
        began = time.monotonic()
        health = check.now()
        assert time.monotonic() - began < 1.0
        assert (health.status, health.components["redis"], health.can_serve) == ("degraded", "unavailable", True)
    assert started == 1
    check.close()


def test_the_answer_is_remembered_for_a_second() -> None:
    asked, now = 0, 0.0

    def count() -> str:
        nonlocal asked
        asked += 1
        return "ok"

    check = HealthCheck({"database": count}, pipeline=lambda: ({}, {}), monotonic=lambda: now)
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

    check = HealthCheck({"database": fail}, pipeline=lambda: ({}, {}))
    health = check.now()
    assert (health.status, health.components, health.can_serve) == (
        "unhealthy",
        {"api": "ok", "database": "unavailable"},
        False,
    )
    check.close()


def test_an_ollama_that_is_not_configured_is_not_missed() -> None:
    assert ollama_probe(None)() == "not_configured"
