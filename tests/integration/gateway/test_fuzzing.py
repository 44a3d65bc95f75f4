"""Whatever is asked of the running gateway, sound or not, is answered as the document says, by every check there is."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import settings
from redis import Redis
from schemathesis import GenerationMode, openapi

from tests.integration.gateway.fuzzing import exercise, kwargs, validate
from tests.integration.gateway.server import Server
from tests.unit.gateway.installation import PASSWORD, RTSP, basic

# What would end or hold up the gateway under test, for those who may.
NOT_FOR_THE_MIGHTY = {
    "POST /system/restart": "it restarts the gateway that is being asked",
    "POST /alert/test": "it waits for a worker that is not there; another test asks it with one",
    "POST /recipients/{id}/test": "it waits for a worker that is not there",
    "POST /cameras/probe": "it waits for an ingest that is not there",
    "POST /cameras/{id}/probe": "it waits for an ingest that is not there",
    "GET /cameras/{id}/snapshot.jpg": "it waits for an ingest that is not there",
}
ENDLESS = {
    "GET /cameras/{id}/live.mjpeg": "another test watches it",
    "GET /events/stream": "another test listens to it",
}
"""Operations whose answers go on, for whoever may ask."""


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as opened:
        opened.trust_env = False
        yield opened


def _headers(server: Server, who: str) -> dict[str, str]:
    if who == "nobody":
        return {}
    if who == "eve":
        return basic("eve", PASSWORD)
    return {"X-API-Key": server.keys[who]}


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("who", ["boss", "eve", "nobody"])
@pytest.mark.parametrize("rounds", [3, pytest.param(30, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])])
def test_every_answer_is_as_the_document_says(
    server: Server, redis_server_url: str, session: requests.Session, who: str, mode: GenerationMode, rounds: int
) -> None:
    headers = _headers(server, who)
    _furnish(server)
    schema = openapi.from_url(f"{server.url}/openapi.json")
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) >= 20
    assert {operation.label for operation in operations} >= {*NOT_FOR_THE_MIGHTY, *ENDLESS}
    with Redis.from_url(redis_server_url) as redis:
        for operation in operations:
            left_out = {**(NOT_FOR_THE_MIGHTY if who == "boss" else {}), **(ENDLESS if who != "nobody" else {})}
            if operation.label not in left_out:
                exercise(operation, headers, mode, session=session, redis=redis, rounds=rounds)


def _furnish(server: Server) -> None:
    """Things that the examples of the document name."""
    with server.client("boss") as client:
        client.post("/cameras", json={"id": "cam_001", "name": "a", "rtsp_url": RTSP})
        client.post("/webhooks", json={"url": "https://example.com/hook"})
        client.post("/recipients", json={"channel": "telegram", "name": "a", "address": {"chat_id": 1}})


@pytest.mark.parametrize("rounds", [4, pytest.param(50, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])])
def test_what_is_made_is_there_and_what_is_removed_is_gone(server: Server, redis_server_url: str, rounds: int) -> None:
    """Orders that follow from each other: made, read, changed, removed, and read again."""
    schema = openapi.from_url(f"{server.url}/openapi.json")
    for label in (*NOT_FOR_THE_MIGHTY, *ENDLESS):
        method, _, path = label.partition(" ")
        schema = schema.exclude(method=method, path=path)
    addresses = itertools.count(1)

    class Machine(schema.as_state_machine()):  # type: ignore[misc]
        def get_callkwargs(self, case: Any) -> dict[str, Any]:
            elsewhere = f"10.0.{next(addresses) // 250}.{next(addresses) % 250}"
            return {"headers": {"X-API-Key": server.keys["boss"], "X-Forwarded-For": elsewhere}}

        def validate_response(self, response: Any, case: Any, **_: Any) -> None:
            with Redis.from_url(redis_server_url) as redis:
                for name in redis.scan_iter("gateway:login:*"):
                    redis.delete(name)
            validate(case, response, {"X-API-Key": server.keys["boss"]})

    Machine.run(settings=settings(**kwargs(rounds), stateful_step_count=8))
