from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis
from werkzeug.test import TestResponse

from shared.domain.camera import CameraFault
from shared.messages.answers import SnapshotAnswer
from shared.messages.commands import TakeSnapshot
from shared.messages.message import Message
from shared.messages.topics import CAMERA_SNAPSHOT, COMMANDS
from shared.settings import Settings
from shared.settings.sections import GatewaySettings
from tests.unit.gateway.installation import JPEG, RTSP, START, Api, Template, open_api
from tests.unit.gateway.stand_in import standing_in

AT = datetime(2026, 1, 15, 10, 30, 45, 120_000, tzinfo=UTC)
URL = "/cameras/cam_001/snapshot.jpg"


@pytest.fixture(autouse=True)
def _camera(api: Api) -> None:
    assert api.post("/cameras", {"id": "cam_001", "name": "a", "rtsp_url": RTSP}).status_code == 201


def taken(_: Message) -> bytes:
    return SnapshotAnswer(camera="cam_001", captured_at=AT, width=64, height=48, jpeg=JPEG + b"\nbinary\n").packed()


def told(answer: TestResponse) -> tuple[int, str]:
    assert answer.json is not None
    return answer.status_code, answer.json["message"]


def test_the_picture_comes_with_its_time_and_an_etag(api: Api, redis: Redis) -> None:
    with standing_in(redis, taken) as ingest:
        answer = api.get(URL, who="alice")
    assert (answer.status_code, answer.content_type, answer.data) == (200, "image/jpeg", JPEG + b"\nbinary\n")
    assert answer.headers["X-Captured-At"] == "2026-01-15T10:30:45.120Z"
    assert answer.headers["Last-Modified"] == "Thu, 15 Jan 2026 10:30:45 GMT"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["ETag"]
    assert [(type(order), order.camera, order.width) for order in orders(ingest)] == [(TakeSnapshot, "cam_001", None)]


def orders(ingest: Any) -> list[TakeSnapshot]:
    return [order for order in ingest.orders if isinstance(order, TakeSnapshot)]


def test_who_has_the_picture_already_gets_no_second_copy(api: Api, redis: Redis) -> None:
    with standing_in(redis, taken):
        etag = api.get(URL).headers["ETag"]
        again = api.get(URL, headers={"If-None-Match": etag})
        other = api.get(URL, headers={"If-None-Match": '"another"'})
    assert (again.status_code, again.data) == (304, b"")
    assert other.status_code == 200


def test_a_width_is_passed_on(api: Api, redis: Redis) -> None:
    with standing_in(redis, taken) as ingest:
        assert api.get(f"{URL}?width=640").status_code == 200
    assert [order.width for order in orders(ingest)] == [640]


@pytest.mark.parametrize("width", ["15", "1921", "-1", "0", "many", "1e3", ""])
def test_a_width_that_cannot_be_is_refused_by_name(api: Api, redis: Redis, width: str) -> None:
    status, message = told(api.get(f"{URL}?width={width}"))
    assert status == 400
    assert "'width'" in message
    assert "TakeSnapshot" not in str(redis.xrange(COMMANDS.stream()))


@pytest.mark.parametrize(
    ("who", "path"),
    [("bob", URL), ("eve", URL), ("alice", "/cameras/cam_002/snapshot.jpg"), ("alice", "/cameras/%00/snapshot.jpg")],
)
def test_another_accounts_camera_is_as_unknown_as_one_that_is_not_there(
    api: Api, redis: Redis, who: str, path: str
) -> None:
    redis.set(CAMERA_SNAPSHOT.format(slug="cam_001", width=0), taken(None))  # type: ignore[arg-type]
    assert told(api.get(path, who=who))[0] == 404


def test_who_brings_no_credentials_sees_nothing(api: Api) -> None:
    assert told(api.get(URL, who=None))[0] == 401


def test_a_disabled_camera_is_a_conflict_and_nobody_is_asked(api: Api, redis: Redis) -> None:
    api.put("/cameras/cam_001", {"enabled": False})
    with standing_in(redis, taken) as ingest:
        status, message = told(api.get(URL))
    assert status == 409
    assert "disabled" in message
    assert not orders(ingest)


def test_why_a_camera_gives_no_picture_is_told(api: Api, redis: Redis) -> None:
    def down(_: Message) -> bytes:
        return SnapshotAnswer(camera="cam_001", fault=CameraFault.AUTH_FAILED, detail="refused (401)").packed()

    with standing_in(redis, down):
        answer = api.get(URL)
    assert told(answer) == (503, "Camera cam_001 gives no picture now: auth_failed – refused (401)")
    assert int(answer.headers["Retry-After"]) >= 1


def test_without_ingest_nobody_waits(api: Api) -> None:
    began = time.monotonic()
    answer = api.get(URL)
    assert told(answer) == (503, "The service 'ingest' does not run")
    assert int(answer.headers["Retry-After"]) >= 1
    assert time.monotonic() - began < 4  # an answer is waited for five seconds


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b"[]\nx", b'{"camera": 3}\n'])
def test_an_answer_that_nobody_understands_is_not_passed_on(api: Api, redis: Redis, content: bytes) -> None:
    redis.set(CAMERA_SNAPSHOT.format(slug="cam_001", width=0), content)
    with standing_in(redis, lambda _: content):
        assert told(api.get(URL))[0] == 503


def test_a_picture_made_a_moment_ago_is_given_to_others_too(api: Api, redis: Redis) -> None:
    redis.set(CAMERA_SNAPSHOT.format(slug="cam_001", width=0), taken(TakeSnapshot.example()))
    answer = api.get(URL)  # ingest does not run: nothing else could answer
    assert answer.status_code == 200
    assert api.get(f"{URL}?width=320").status_code == 503


def test_a_picture_of_the_camera_that_had_the_name_before_is_never_shown(api: Api, redis: Redis) -> None:
    before = START - timedelta(seconds=1)
    old = SnapshotAnswer(camera="cam_001", captured_at=before, width=1, height=1, jpeg=b"old").packed()
    redis.set(CAMERA_SNAPSHOT.format(slug="cam_001", width=0), old)
    with standing_in(redis, taken):
        assert api.get(URL).data.startswith(JPEG)


@pytest.fixture
def narrow(api_settings: Settings, template: Template) -> Iterator[Api]:
    """A gateway of which one thread may wait for cameras."""
    settings = api_settings.model_copy(update={"gateway": GatewaySettings(threads=2)})
    opened = open_api(settings, template.keys)
    yield opened
    opened.opened.close()


def test_those_who_wait_for_a_dead_camera_leave_room_for_others(narrow: Api, redis: Redis, wait_until: Any) -> None:
    let_go = threading.Event()

    def late(order: Message) -> bytes | None:
        return taken(order) if let_go.wait(10) else None

    answers: list[int] = []
    with standing_in(redis, late) as ingest:
        first = threading.Thread(target=lambda: answers.append(narrow.get(URL).status_code))
        first.start()
        wait_until(lambda: orders(ingest), 30, "the order of the first")
        answer = narrow.get(URL)
        assert told(answer)[0] == 503
        assert "wait" in told(answer)[1]
        let_go.set()
        first.join()
        assert answers == [200]
        assert narrow.get(URL).status_code == 200
