"""Whatever is asked of the running gateway, sound or not, is answered as the document says, by every check there is."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from redis import Redis
from schemathesis import GenerationMode, openapi
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import FailureGroup

from tests.integration.gateway.server import Server
from tests.unit.gateway.installation import PASSWORD, RTSP, basic

load_all_checks()
ALL_CHECKS = list(CHECKS.get_all())

openapi.format("camera-url", st.sampled_from([RTSP, "rtsps://u:p@example.com:8554/x", "http://192.0.2.7/a.mjpg"]))
openapi.format("webhook-url", st.sampled_from(["https://example.com/hook", "http://example.org:8080/x?y=1"]))
openapi.format("mailbox", st.sampled_from(["ada@example.org", "o.k+x@mail.example.com"]))
openapi.format("time-zone", st.sampled_from(["UTC", "Europe/Paris", "Asia/Taipei"]))
openapi.format("cursor", st.just("MTc2ODQ3MzAwMDAwMDAwMHw3"))

# What would end or hold up the gateway under test, for those who may.
NOT_FOR_THE_MIGHTY = {
    "POST /system/restart": "it restarts the gateway that is being asked",
    "POST /alert/test": "it waits for a worker that is not there; another test asks it with one",
    "POST /recipients/{id}/test": "it waits for a worker that is not there",
    "POST /cameras/probe": "it waits for an ingest that is not there",
    "POST /cameras/{id}/probe": "it waits for an ingest that is not there",
    "GET /cameras/{id}/snapshot.jpg": "it waits for an ingest that is not there",
}
# Rules that JSON Schema cannot express: a body that breaks one is sound to the schema, and refused.
BEYOND_SCHEMAS = (
    "a polygon",
    "must have different names",
    "go beyond your own",
    "lies outside the picture",
    "holds no letter or digit",
    "two different points",
    "is about a zone",
    "cannot be about findings",
    "is nothing that",
    "there is no such camera",
    "there is no such rule",
    "there is no zone",
    "holds text with NUL or unpaired surrogates",
    "holds text that cannot be used",
)


def _kwargs(rounds: int) -> dict[str, Any]:
    return {
        "max_examples": rounds,
        "deadline": None,
        "database": None,
        "derandomize": True,
        "phases": [Phase.generate],
        "suppress_health_check": list(HealthCheck),
    }


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
    assert {operation.label for operation in operations} >= set(NOT_FOR_THE_MIGHTY)
    with Redis.from_url(redis_server_url) as redis:
        for operation in operations:
            if not (who == "boss" and operation.label in NOT_FOR_THE_MIGHTY):
                _exercise(operation, headers, mode, session=session, redis=redis, rounds=rounds)


def _furnish(server: Server) -> None:
    """Things that the examples of the document name."""
    with server.client("boss") as client:
        client.post("/cameras", json={"id": "cam_001", "name": "a", "rtsp_url": RTSP})
        client.post("/webhooks", json={"url": "https://example.com/hook"})
        client.post("/recipients", json={"channel": "telegram", "name": "a", "address": {"chat_id": 1}})


def _exercise(
    operation: Any,
    headers: dict[str, str],
    mode: GenerationMode,
    *,
    session: requests.Session,
    redis: Redis,
    rounds: int,
) -> None:
    @settings(**_kwargs(rounds))
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        # Wrong passwords are slowed down after a few, and the checks send some with every request.
        for name in redis.scan_iter("gateway:login:*"):
            redis.delete(name)
        answer = case.call(headers=headers, session=session)
        _validate(case, answer, headers)
        if not headers and operation.path != "/health":
            assert answer.status_code in (401, 404, 405, 414, 431), f"{operation.label} asks for no credentials"

    try:
        ask()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE  # nothing can be wrong with an operation that takes nothing


def _validate(case: Any, answer: Any, headers: dict[str, str]) -> None:
    if answer.status_code in (414, 431):
        # An address or header as long as no operation sees one: the server's own refusal, not the API's.
        assert answer.json()["error"] == "invalid_request"
        return
    try:
        case.validate_response(answer, checks=ALL_CHECKS, headers=headers)
    except FailureGroup as group:
        beyond = answer.status_code == 400 and any(rule in answer.text for rule in BEYOND_SCHEMAS)
        titles = {failure.title for failure in group.exceptions if isinstance(failure, Exception)}
        if not (beyond and titles == {"Schema-valid request rejected"}):
            raise


@pytest.mark.parametrize("rounds", [4, pytest.param(50, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])])
def test_what_is_made_is_there_and_what_is_removed_is_gone(server: Server, redis_server_url: str, rounds: int) -> None:
    """Orders that follow from each other: made, read, changed, removed, and read again."""
    schema = openapi.from_url(f"{server.url}/openapi.json")
    for label in NOT_FOR_THE_MIGHTY:
        method, _, path = label.partition(" ")
        schema = schema.exclude(method=method, path=path)
    addresses = itertools.count(1)

    class Machine(schema.as_state_machine()):  # type: ignore[misc]
        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            elsewhere = f"10.0.{next(addresses) // 250}.{next(addresses) % 250}"
            return {"headers": {"X-API-Key": server.keys["boss"], "X-Forwarded-For": elsewhere}}

        def validate_response(self, response: Any, case: Any, **_: Any) -> None:
            with Redis.from_url(redis_server_url) as redis:
                for name in redis.scan_iter("gateway:login:*"):
                    redis.delete(name)
            _validate(case, response, {"X-API-Key": server.keys["boss"]})

    Machine.run(settings=settings(**_kwargs(rounds), stateful_step_count=8))
