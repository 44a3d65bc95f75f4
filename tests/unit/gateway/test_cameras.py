from __future__ import annotations

from typing import Any

import pytest
from redis import Redis
from sqlalchemy import func, select

from services.gateway.usecases.zones import settle_waiting_zones
from shared.db.tables import AuditRow, Camera
from shared.domain.camera import CameraFault, CameraState, CameraStatus
from shared.messages.camera_status import status_fields
from shared.messages.commands import SyncCamera
from shared.messages.message import decode
from shared.messages.topics import CAMERA_STATUS, COMMANDS
from tests.unit.gateway.installation import RTSP, START, Api

SQUARE = [[0, 0], [100, 0], [100, 100], [0, 100]]
DOOR = {"name": "Zone Porte", "points": SQUARE, "sensitivity": 0.8}


def _add(api: Api, **values: Any) -> Any:
    answer = api.post("/cameras", {"id": "cam_002", "name": "Parking", "rtsp_url": RTSP, **values})
    assert answer.status_code == 201, answer.text
    return answer.json


def _tell(redis: Redis, slug: str, **values: Any) -> None:
    status = CameraStatus(**{"state": CameraState.STREAMING, "since": START, **values})
    redis.hset(CAMERA_STATUS.format(slug=slug), mapping=status_fields(status))  # type: ignore[arg-type]


def test_a_camera_is_added_shown_changed_and_removed(api: Api) -> None:
    assert _add(api) == {"id": "cam_002", "name": "Parking", "status": "created"}
    changed = api.put("/cameras/cam_002", {"name": "Parking Sud", "enabled": False})
    assert changed.json == {"id": "cam_002", "name": "Parking Sud", "updated_at": "2026-01-15T10:30:00Z"}
    shown = api.get("/cameras/cam_002").json
    assert shown == {
        "id": "cam_002",
        "name": "Parking Sud",
        "rtsp_url": "rtsp://***@192.0.2.101:554/Streaming/Channels/101",
        "enabled": False,
        "zones": [],
        "status": "disabled",
        "fps": 0,
        "resolution": None,
        "last_frame_timestamp": None,
    }
    gone = api.delete("/cameras/cam_002")
    assert (gone.status_code, gone.data) == (204, b"")
    assert api.get("/cameras/cam_002").status_code == 404


def test_an_id_that_exists_is_a_conflict_and_one_left_out_is_made(api: Api) -> None:
    _add(api)
    again = api.post("/cameras", {"id": "cam_002", "name": "x", "rtsp_url": RTSP})
    assert again.status_code == 409
    assert again.json is not None
    assert again.json["error"] == "conflict"
    assert "cam_002" in again.json["message"]
    made = api.post("/cameras", {"name": "x", "rtsp_url": RTSP}).json
    assert made is not None
    assert made["id"] == "cam_003"


def test_status_fps_resolution_and_last_frame_are_what_ingest_tells(api: Api, redis: Redis) -> None:
    _add(api)
    _tell(redis, "cam_002", fps=24.97, width=1920, height=1080, last_frame_at=START)
    shown = api.get("/cameras/cam_002").json
    assert shown is not None
    told = {name: shown[name] for name in ("status", "fps", "resolution", "last_frame_timestamp")}
    expected = {
        "status": "streaming",
        "fps": 25,
        "resolution": "1920x1080",
        "last_frame_timestamp": "2026-01-15T10:30:00Z",
    }
    assert told == expected


def test_why_a_camera_is_down_is_told(api: Api, redis: Redis) -> None:
    _add(api)
    _tell(redis, "cam_002", state=CameraState.ERROR, fault=CameraFault.AUTH_FAILED, detail="refused (401)")
    shown = api.get("/cameras/cam_002").json
    assert shown is not None
    assert (shown["status"], shown["fault"], shown["detail"]) == ("error", "auth_failed", "refused (401)")


def test_a_camera_that_nobody_tells_of_is_connecting_and_then_offline(api: Api) -> None:
    _add(api)
    assert _status(api) == "connecting"
    api.clock.forward(seconds=31)
    assert _status(api) == "offline"


def _status(api: Api) -> Any:
    shown = api.get("/cameras/cam_002").json
    assert shown is not None
    return shown["status"]


def test_zones_come_back_in_pixels_of_the_cameras_resolution(api: Api, redis: Redis) -> None:
    _tell(redis, "cam_002", width=1000, height=500)
    _add(api)
    assert api.put("/cameras/cam_002", {"zones": [DOOR]}).status_code == 200
    assert _zones(api) == [DOOR]
    _tell(redis, "cam_002", width=2000, height=1000)
    assert _zones(api)[0]["points"] == [[0, 0], [200, 0], [200, 200], [0, 200]]


def _zones(api: Api) -> Any:
    shown = api.get("/cameras/cam_002").json
    assert shown is not None
    return shown["zones"]


def test_zones_of_a_camera_that_was_never_reached_keep_their_pixels_when_it_is(api: Api, redis: Redis) -> None:
    _add(api, zones=[DOOR])
    assert _zones(api) == [DOOR]
    assert settle_waiting_zones(api.opened.gateway) == []
    _tell(redis, "cam_002", width=640, height=360)
    assert _zones(api) == [DOOR]
    assert settle_waiting_zones(api.opened.gateway) == ["cam_002"]
    assert _zones(api) == [DOOR]
    with api.session() as session:
        stored = session.scalars(select(Camera)).one().zones[0].points
    assert stored[2] == [100 / 640, 100 / 360]
    assert settle_waiting_zones(api.opened.gateway) == []


@pytest.mark.parametrize(
    "zone",
    [
        {"name": "Zone Porte", "coordinates": SQUARE, "sensitivity": 0.8},
        {"name": "Zone Porte", "points": [{"x": x, "y": y} for x, y in SQUARE], "sensitivity": 0.8},
        {"name": "Zone Porte", "coordinates": [{"x": x, "y": y} for x, y in SQUARE], "sensitivity": 0.8},
    ],
)
def test_both_ways_of_writing_a_zone_are_the_same_zone(api: Api, zone: Any) -> None:
    _add(api, zones=[zone], resolution="1920x1080")
    assert _zones(api) == [DOOR]


def test_fractions_are_shown_in_pixels(api: Api, redis: Redis) -> None:
    _add(api, zones=[{"name": "Half", "points": [[0, 0], [0.5, 0], [0.5, 1], [0, 1]]}])
    _tell(redis, "cam_002", width=640, height=360)
    assert _zones(api)[0]["points"] == [[0, 0], [320, 0], [320, 360], [0, 360]]
    assert _zones(api)[0]["sensitivity"] == 1.0


def test_what_the_contract_does_not_know_of_a_zone_survives_a_round_trip(api: Api) -> None:
    rich = {**DOOR, "classes": ["person"], "alert_duration": 5.0, "notification_enabled": False}
    _add(api, zones=[rich], resolution="1920x1080")
    assert _zones(api) == [rich]


@pytest.mark.parametrize("url", ["", "rtsp://***@192.0.2.101:554/Streaming/Channels/101"])
def test_a_blank_or_masked_url_in_an_update_keeps_the_stored_one(api: Api, url: str) -> None:
    _add(api)
    assert api.put("/cameras/cam_002", {"name": "b", "rtsp_url": url}).status_code == 200
    with api.session() as session:
        sealed = session.scalars(select(Camera.url_encrypted)).one()
    assert api.opened.gateway.box.open(sealed) == RTSP


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["name", "rtsp_url"]),
        ({"name": 3, "rtsp_url": RTSP, "enabled": "yes"}, ["name", "enabled"]),
        ({"name": " ", "rtsp_url": "gopher://x"}, ["name", "rtsp_url"]),
        ({"name": "a", "rtsp_url": "rtsp://***@x/"}, ["rtsp_url"]),
        ({"name": "a", "rtsp_url": "file:///etc/passwd"}, ["rtsp_url"]),
        ({"name": "a" * 129, "rtsp_url": "rtsp://x/" + "y" * 3000}, ["name", "rtsp_url"]),
        ({"id": "../x", "name": "a", "rtsp_url": RTSP}, ["id"]),
        ({"id": "", "name": "a", "rtsp_url": RTSP}, ["id"]),
        ({"name": "a", "rtsp_url": RTSP, "zones": {}}, ["zones"]),
        ({"name": "a", "rtsp_url": RTSP, "zones": [DOOR, DOOR]}, ["zones"]),
        ({"name": "a", "rtsp_url": RTSP, "zones": [DOOR] * 65}, ["zones"]),
        ({"name": "a", "rtsp_url": RTSP, "zones": [{**DOOR, "points": SQUARE[:2]}]}, ["zones[0].points"]),
        (
            {"name": "a", "rtsp_url": RTSP, "zones": [{**DOOR, "points": [[0, 0], [9, 9], [9, 0], [0, 9]]}]},
            ["zones[0].points"],
        ),
        (
            {"name": "a", "rtsp_url": RTSP, "zones": [{**DOOR, "points": [[0, 0], [9, -9], [9, 0]]}]},
            ["zones[0].points[1][1]"],
        ),
        (
            {"name": "a", "rtsp_url": RTSP, "zones": [{**DOOR, "points": [[0, 0], ["9", 9], [9, 0]]}]},
            ["zones[0].points[1][0]"],
        ),
        ({"name": "a", "rtsp_url": RTSP, "zones": [{**DOOR, "sensitivity": 2}]}, ["zones[0].sensitivity"]),
        ({"name": "a", "rtsp_url": RTSP, "zones": [{**DOOR, "name": ""}, 5]}, ["zones[0].name", "zones[1]"]),
        ({"name": "a", "rtsp_url": RTSP, "zones": [DOOR], "resolution": "64x64"}, ["zones[0].points[1]"]),
        ({"name": "a", "rtsp_url": RTSP, "resolution": "0x64"}, ["resolution"]),
    ],
)
def test_every_wrong_field_is_named_and_nothing_is_stored(api: Api, body: Any, fields: list[str]) -> None:
    answer = api.post("/cameras", body)
    assert answer.status_code == 400, answer.text
    assert answer.json is not None
    assert answer.json["error"] == "invalid_request"
    for field in fields:
        assert f"Field '{field}' " in answer.json["message"]
    assert answer.json["message"].count("Field '") == len(fields)
    assert "user:pass" not in answer.json["message"]
    with api.session() as session:
        assert session.scalar(select(func.count()).select_from(Camera)) == 0
        assert session.scalar(select(func.count()).select_from(AuditRow)) == 0


def test_unknown_fields_are_ignored(api: Api) -> None:
    assert _add(api, colour="red", zones=[{**DOOR, "smell": 3}])["id"] == "cam_002"


def test_an_update_that_is_refused_changes_nothing(api: Api) -> None:
    _add(api, zones=[DOOR])
    assert api.put("/cameras/cam_002", {"name": "b", "zones": [{**DOOR, "points": []}]}).status_code == 400
    shown = api.get("/cameras/cam_002").json
    assert shown is not None
    assert (shown["name"], shown["zones"]) == ("Parking", [DOOR])


def test_somebody_elses_camera_does_not_exist_but_the_administrator_sees_all(api: Api) -> None:
    _add(api)
    for ask in (
        api.get("/cameras/cam_002", who="bob"),
        api.put("/cameras/cam_002", {"name": "x"}, who="bob"),
        api.delete("/cameras/cam_002", who="bob"),
    ):
        assert ask.status_code == 404
        assert ask.json is not None
        assert ask.json["error"] == "not_found"
    listed = api.get("/cameras", who="bob").json
    assert listed is not None
    assert listed["cameras"] == []
    assert api.get("/cameras/cam_002", who="boss").status_code == 200


def test_lists_are_filtered_paged_and_counted(api: Api) -> None:
    for number in range(5):
        _add(api, id=f"cam_{number}", enabled=number % 2 == 0)
    page = api.get("/cameras?limit=2&offset=1").json
    assert page is not None
    assert ([camera["id"] for camera in page["cameras"]], page["count"], page["total"]) == (["cam_3", "cam_2"], 2, 5)
    off = api.get("/cameras?enabled=false").json
    assert off is not None
    assert [camera["id"] for camera in off["cameras"]] == ["cam_3", "cam_1"]
    assert api.get("/cameras?limit=501").status_code == 400
    assert api.get("/cameras?enabled=perhaps").status_code == 400


def test_every_write_is_told_to_the_services_and_to_the_audit_trail(api: Api, redis: Redis) -> None:
    _add(api)
    api.put("/cameras/cam_002", {"rtsp_url": "rtsp://u:secret@192.0.2.9/", "name": "n"})
    api.delete("/cameras/cam_002")
    orders = [decode(fields) for _, fields in redis.xrange(COMMANDS.stream())]
    assert orders == [SyncCamera(camera="cam_002")] * 3
    with api.session() as session:
        rows = session.scalars(select(AuditRow).order_by(AuditRow.id)).all()
    assert [row.action for row in rows] == ["camera.add", "camera.change", "camera.remove"]
    assert {(row.principal, row.target, row.address) for row in rows} == {("alice/key:test", "cam_002", "127.0.0.1")}
    assert rows[1].detail == {"fields": ["name", "url"]}
