from __future__ import annotations

from typing import Any

import pytest
from redis import Redis
from sqlalchemy import select

from shared.db.tables import AuditRow, Camera
from shared.domain.camera import CameraFault
from shared.messages.answers import ProbeAnswer
from shared.messages.commands import ProbeCamera
from shared.messages.message import Message
from shared.messages.topics import COMMANDS
from tests.unit.gateway.installation import RTSP, Api
from tests.unit.gateway.stand_in import StandIn, standing_in

SHOWN = "rtsp://***@192.0.2.101:554/Streaming/Channels/101"
FOUND = ProbeAnswer(
    ok=True,
    url="whatever ingest says",
    codec="h264",
    width=1920,
    height=1080,
    fps=25.0,
    keyframe_interval_s=2.0,
    has_audio=True,
    latency_ms=840,
)


@pytest.fixture(autouse=True)
def _camera(api: Api) -> None:
    assert api.post("/cameras", {"id": "cam_001", "name": "a", "rtsp_url": RTSP}).status_code == 201


def found(_: Message) -> bytes:
    return FOUND.packed()


def opened(api: Api, ingest: StandIn) -> list[str]:
    """The addresses that ingest was to open."""
    sealed = [order.sealed_url for order in ingest.orders if isinstance(order, ProbeCamera)]
    return [api.opened.gateway.box.open(text) for text in sealed]


def test_a_cameras_stored_address_is_probed(api: Api, redis: Redis) -> None:
    with standing_in(redis, found) as ingest:
        answer = api.post("/cameras/cam_001/probe")
    assert (answer.status_code, answer.json) == (
        200,
        {
            "id": "cam_001",
            "rtsp_url": SHOWN,
            "ok": True,
            "status": "ok",
            "reason": None,
            "codec": "h264",
            "resolution": "1920x1080",
            "fps": 25,
            "keyframe_interval_s": 2.0,
            "has_audio": True,
            "latency_ms": 840,
        },
    )
    assert opened(api, ingest) == [RTSP]


def test_an_address_can_be_tried_before_a_camera_is_added(api: Api, redis: Redis) -> None:
    url = "rtsp://anna:topsecret@192.0.2.7/live"
    with standing_in(redis, found) as ingest:
        answer = api.post("/cameras/probe", {"rtsp_url": url})
    assert answer.status_code == 200
    assert answer.json is not None
    assert "id" not in answer.json
    assert answer.json["rtsp_url"] == "rtsp://***@192.0.2.7/live"
    assert opened(api, ingest) == [url]
    with api.session() as session:
        assert [row.slug for row in session.scalars(select(Camera))] == ["cam_001"]


def test_credentials_are_nowhere_but_sealed(api: Api, redis: Redis) -> None:
    with standing_in(redis, found):
        answers = [
            api.post("/cameras/probe", {"rtsp_url": "rtsp://anna:topsecret@192.0.2.7/live"}),
            api.post("/cameras/cam_001/probe"),
        ]
    with api.session() as session:
        trail = [f"{row.action} {row.target} {row.detail}" for row in session.scalars(select(AuditRow))]
    on_the_way = str(redis.xrange(COMMANDS.stream()))
    everything = "".join(answer.text for answer in answers) + str(trail) + on_the_way
    assert "topsecret" not in everything
    assert "user:pass" not in everything
    assert trail[-2:] == ["camera.probe rtsp://***@192.0.2.7/live {}", "camera.probe cam_001 {}"]


def test_a_camera_that_does_not_work_is_an_answer_and_no_error(api: Api, redis: Redis) -> None:
    failed = ProbeAnswer(ok=False, fault=CameraFault.TIMEOUT, detail="no answer in time")
    with standing_in(redis, lambda _: failed.packed()):
        answer = api.post("/cameras/cam_001/probe")
    assert answer.status_code == 200
    assert answer.json == {
        "id": "cam_001",
        "rtsp_url": SHOWN,
        "ok": False,
        "status": "timeout",
        "reason": "no answer in time",
        "codec": None,
        "resolution": None,
        "fps": None,
        "keyframe_interval_s": None,
        "has_audio": None,
        "latency_ms": None,
    }


def test_a_disabled_camera_can_be_probed(api: Api, redis: Redis) -> None:
    api.put("/cameras/cam_001", {"enabled": False})
    with standing_in(redis, found):
        assert api.post("/cameras/cam_001/probe").status_code == 200


def test_too_many_probes_at_once_are_refused(api: Api, redis: Redis) -> None:
    with standing_in(redis, lambda _: ProbeAnswer(ok=False, busy=True).packed()):
        answer = api.post("/cameras/cam_001/probe")
    assert answer.status_code == 503
    assert "busy" in answer.text
    assert int(answer.headers["Retry-After"]) >= 1


@pytest.mark.parametrize(("path", "body"), [("/cameras/cam_001/probe", None), ("/cameras/probe", {"rtsp_url": RTSP})])
def test_without_ingest_nobody_can_look(api: Api, path: str, body: Any) -> None:
    answer = api.post(path, body)
    assert answer.status_code == 503
    assert "'ingest' does not run" in answer.text


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"rtsp_url": None},
        {"rtsp_url": ""},
        {"rtsp_url": "gopher://x"},
        {"rtsp_url": "file:///etc/passwd"},
        {"rtsp_url": "rtsp://***@192.0.2.7/live"},
        {"rtsp_url": "rtsp://anna:topsecret/1@192.0.2.7/live"},
        {"rtsp_url": "rtsp://x/" + "y" * 3000},
    ],
)
def test_what_could_not_be_added_cannot_be_tried_either(api: Api, redis: Redis, body: Any) -> None:
    with standing_in(redis, found) as ingest:
        answer = api.post("/cameras/probe", body)
    assert answer.status_code == 400
    assert "'rtsp_url'" in answer.text
    assert "topsecret" not in answer.text
    assert opened(api, ingest) == []


@pytest.mark.parametrize(("who", "status"), [(None, 401), ("eve", 403), ("bob", 404)])
def test_only_who_may_change_a_camera_may_have_it_opened(api: Api, redis: Redis, who: str | None, status: int) -> None:
    with standing_in(redis, found) as ingest:
        assert api.post("/cameras/cam_001/probe", who=who).status_code == status
    assert opened(api, ingest) == []
    with api.session() as session:
        assert "camera.probe" not in set(session.scalars(select(AuditRow.action)))
