"""Is the system well?

`unhealthy`, and 503, is only a system whose API cannot serve: one without its database, for nobody can be
authenticated then. Without Redis it is `degraded`: cameras, events and their pictures are read and written as ever,
limits fail open, and services catch up when it is back; only what is Redis' own (logs, queues) answers 503 itself.
Without Ollama, or with a service down, it is `degraded` too.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from redis import Redis
from sqlalchemy import Engine, select

from services.gateway.queries.probes import Probe, Probes, Remembered
from shared.db.accounts import Account
from shared.messages.topics import EYE_INFO, LIVENESS

FRESH_FOR_S = 1.0
EXPECTED_SERVICES = ("ingest", "eye", "brain", "alerts", "alerts-worker", "modules-worker")
JUDGE_WORKER = "judge-worker"
"""Expected where there is a judge."""


@dataclass(frozen=True, slots=True)
class Health:
    """`components` are those of the contract; `services` counts living processes; `eye` says how it detects."""

    status: str
    components: Mapping[str, str]
    services: Mapping[str, Any] = field(default_factory=dict)
    eye: Mapping[str, Any] = field(default_factory=dict)

    @property
    def can_serve(self) -> bool:
        """Whether requests can be answered: everything but reading and writing the database can be done without."""
        return self.components["database"] == "ok"


class HealthCheck:
    """Runs the probes; at most one of each at a time, and not more often than once a second."""

    def __init__(
        self,
        probes: Mapping[str, Probe],
        *,
        pipeline: Callable[[], tuple[dict[str, Any], dict[str, Any]]],
        monotonic: Callable[[], float] = time.monotonic,
        deadline_s: float,
    ) -> None:
        self._probes = Probes({**probes, "pipeline": pipeline}, deadline_s=deadline_s)
        self._latest = Remembered(self._look, fresh_for_s=FRESH_FOR_S, monotonic=monotonic)

    def now(self) -> Health:
        """The health, about a second old at most. Returns within the deadline, however many ask at once."""
        return self._latest()

    def close(self) -> None:
        self._probes.close()

    def _look(self) -> Health:
        answers = self._probes.ask()
        pipeline = answers.pop("pipeline")
        services, eye = pipeline or ({}, {})
        components = {"api": "ok", **{name: answer or "unavailable" for name, answer in answers.items()}}
        status = _status(components, services, eye)
        # Not knowing how the services are is not knowing that they are well.
        status = "degraded" if status == "healthy" and pipeline is None else status
        return Health(status, components, services, eye)


def database_probe(engine: Engine) -> Probe:
    """Reads a row as every request does first, never waiting for whoever writes."""
    reading = engine.execution_options(argus_read_only=True)

    def probe() -> str:
        with reading.connect() as connection:
            connection.execute(select(Account.id).limit(1))
        return "ok"

    return probe


def redis_probe(redis: Redis) -> Probe:
    def probe() -> str:
        redis.ping()
        return "ok"

    return probe


def ollama_probe(url: str | None, *, timeout_s: float) -> Probe:
    """`not_configured` without a URL; else whether the server answers."""

    def probe() -> str:
        if url is None:
            return "not_configured"
        # Of one that is alive the head comes at once; what it sends after that does not matter.
        with httpx.stream("GET", f"{url.rstrip('/')}/api/version", timeout=timeout_s) as answer:
            return "ok" if answer.is_success else "unavailable"

    return probe


def pipeline_probe(redis: Redis, *, judging: bool = False) -> Callable[[], tuple[dict[str, Any], dict[str, Any]]]:
    """The living services and the eye's own account of itself; with `judging` the judge's worker is one of them."""
    expected = (*EXPECTED_SERVICES, *((JUDGE_WORKER,) if judging else ()))

    def probe() -> tuple[dict[str, Any], dict[str, Any]]:
        return _services(redis, expected), _eye(redis)

    return probe


def _status(components: Mapping[str, str], services: Mapping[str, Any], eye: Mapping[str, Any]) -> str:
    if components["database"] != "ok":
        return "unhealthy"
    bad_component = any(state not in ("ok", "not_configured") for state in components.values())
    bad_service = any(service["status"] != "ok" for service in services.values())
    return "degraded" if bad_component or bad_service or "degraded" in eye else "healthy"


def _services(redis: Redis, expected: Iterable[str]) -> dict[str, Any]:
    counts = dict.fromkeys(expected, 0)
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
