"""Whatever is asked of VisionFlow's dialect, sound or not, is answered as its document says."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import requests
from redis import Redis
from schemathesis import GenerationMode, openapi

from tests.integration.gateway.fuzzing import exercise
from tests.integration.gateway.server import Server
from tests.unit.gateway.installation import PASSWORD, RTSP

ELSEWHERE: dict[str, str] = {
    "POST /logout": "it ends the login that is used to ask; another test asks it",
    "GET /get_stream/{camera_id}": "it never ends; another test watches it",
    "GET /recognized_stream/{camera_id}": "it never ends; another test watches it",
    "GET /snapshot_ui/{camera_id}/picture.jpg": "it waits for an ingest that is not there",
    "POST /line_tokens": "it asks LINE, and nobody else is to be asked",
    "PATCH /line_tokens/{recipient_id}": "it asks LINE, and nobody else is to be asked",
}
"""Operations that end or hold up what they are asked with."""


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as opened:
        opened.trust_env = False
        yield opened


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("who", ["boss", "eve", "nobody"])
@pytest.mark.parametrize("rounds", [4, pytest.param(40, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])])
def test_every_answer_is_as_the_document_says(
    server: Server, redis_server_url: str, session: requests.Session, who: str, mode: GenerationMode, rounds: int
) -> None:
    url = f"{server.url}/visionflow"
    # In English, as the rules are written that no schema can hold.
    said = {"Accept-Language": "en"}
    headers = said if who == "nobody" else {**said, "Authorization": f"Bearer {_token(url, who)}"}
    if who == "boss":
        answer = httpx.post(f"{url}/cameras", json={"name": "a", "stream_url": RTSP}, headers=headers, timeout=20)
        assert answer.status_code == 201
    schema = openapi.from_url(f"{url}/openapi.json")
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) >= 10
    assert {operation.label for operation in operations} >= set(ELSEWHERE)
    with Redis.from_url(redis_server_url) as redis:
        for operation in operations:
            if operation.label not in ELSEWHERE or who == "nobody":
                exercise(operation, headers, mode, session=session, redis=redis, rounds=rounds)


def _token(url: str, who: str) -> str:
    answer = httpx.post(f"{url}/login", json={"username": who, "password": PASSWORD}, timeout=20)
    return str(answer.json()["access_token"])
