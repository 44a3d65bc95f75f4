"""Is the system well? Asked in parallel, with a deadline, so that one thing that hangs never hangs the answer."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

import httpx
from redis import Redis
from sqlalchemy import Engine, text

from shared.messages.topics import EYE_INFO, LIVENESS

DEADLINE_S = 0.8
FRESH_FOR_S = 1.0
EXPECTED_SERVICES = ("ingest", "eye", "brain", "alerts", "alerts-worker")

Probe = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Health:
    """`components` are those of the contract; `services` counts living processes; `eye` says how it detects."""

    status: str
    components: Mapping[str, str]
    services: Mapping[str, Any] = field(default_factory=dict)
    eye: Mapping[str, Any] = field(default_factory=dict)

    @property
    def can_serve(self) -> bool:
        return self.components["database"] == "ok"


class HealthCheck:
    """Runs the probes; at most one of each at a time, and not more often than once a second."""

    def __init__(
        self,
        probes: Mapping[str, Probe],
        *,
        pipeline: Callable[[], tuple[dict[str, Any], dict[str, Any]]],
        monotonic: Callable[[], float] = time.monotonic,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._probes: dict[str, Probe] = {**probes, "pipeline": pipeline}
        self._monotonic = monotonic
        self._deadline_s = deadline_s
        self._running: dict[str, Future[Any]] = {}
        self._threads = ThreadPoolExecutor(max_workers=len(self._probes), thread_name_prefix="health")
        self._lock = threading.Lock()
        self._latest: tuple[float, Health] | None = None

    def now(self) -> Health:
        """The health, at most a second old. Returns within the deadline."""
        with self._lock:
            if self._latest is None or self._monotonic() - self._latest[0] >= FRESH_FOR_S:
                self._latest = (self._monotonic(), self._look())
            return self._latest[1]

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _look(self) -> Health:
        for name, probe in self._probes.items():
            # A probe that still hangs from last time is not started again: hung threads must not pile up.
            if name not in self._running or self._running[name].done():
                self._running[name] = self._threads.submit(probe)
        wait(self._running.values(), timeout=self._deadline_s)
        answers = {name: _answer_of(future) for name, future in self._running.items()}
        services, eye = answers.pop("pipeline") or ({}, {})
        components = {"api": "ok", **{name: answer or "unavailable" for name, answer in answers.items()}}
        return Health(_status(components, services, eye), components, services, eye)


def database_probe(engine: Engine) -> Probe:
    def probe() -> str:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        return "ok"

    return probe


def redis_probe(redis: Redis) -> Probe:
    def probe() -> str:
        redis.ping()
        return "ok"

    return probe


def ollama_probe(url: str | None) -> Probe:
    """`not_configured` without a URL; else whether the server answers."""

    def probe() -> str:
        if url is None:
            return "not_configured"
        answer = httpx.get(f"{url.rstrip('/')}/api/version", timeout=DEADLINE_S)
        return "ok" if answer.is_success else "unavailable"

    return probe


def pipeline_probe(redis: Redis) -> Callable[[], tuple[dict[str, Any], dict[str, Any]]]:
    """The living services and the eye's own account of itself."""

    def probe() -> tuple[dict[str, Any], dict[str, Any]]:
        return _services(redis), _eye(redis)

    return probe


def _answer_of(future: Future[Any]) -> Any:
    if not future.done():
        return None
    # Whatever a probe dies of, the component does not answer; why is in that component's own log.
    return None if future.exception() is not None else future.result()


def _status(components: Mapping[str, str], services: Mapping[str, Any], eye: Mapping[str, Any]) -> str:
    if components["database"] != "ok":
        return "unhealthy"
    bad_component = any(state not in ("ok", "not_configured") for state in components.values())
    bad_service = any(service["status"] != "ok" for service in services.values())
    return "degraded" if bad_component or bad_service or "degraded" in eye else "healthy"


def _services(redis: Redis) -> dict[str, Any]:
    counts = dict.fromkeys(EXPECTED_SERVICES, 0)
    for key in redis.scan_iter(match=LIVENESS.format(service="*", instance="*"), count=1000):
        service = key.decode(errors="replace").split(":")[1]
        counts[service] = counts.get(service, 0) + 1
    return {service: {"status": "ok" if count else "down", "instances": count} for service, count in counts.items()}


def _eye(redis: Redis) -> dict[str, Any]:
    infos = [json.loads(raw) for raw in redis.hgetall(EYE_INFO).values()]
    if not infos:
        return {}
    latest = max(infos, key=lambda each: str(each.get("at", "")))
    shown = {"backend": latest.get("backend"), "detector": latest.get("detector")}
    if latest.get("fallback"):
        shown["degraded"] = "people only, found with OpenCV's HOG, because the model's weights or runtime are missing"
    return shown
