from __future__ import annotations

from typing import Any

import pytest
from redis import Redis

from shared.db.tables import AuditRow, Camera
from shared.domain.camera import CameraFault, CameraState, CameraStatus
from shared.messages.camera_status import status_fields
from shared.messages.topics import CAMERA_STATUS
from tests.unit.gateway.installation import START
from tests.unit.gateway.visionflow.flow import CAMERA, RTSP, Flow, refusal

AREA = {"name": "入口區域", "coordinates": [[100, 100], [300, 100], [300, 200], [100, 200]], "alert_duration": 5}
SHOWN = [
    "id",
    "name",
    "stream_url",
    "recognition",
    "location",
    "model_name",
    "status",
    "created_at",
    "updated_at",
    "last_active",
    "detection_areas",
]


def tell(redis: Redis, slug: str, state: CameraState, **values: Any) -> None:
    status = CameraStatus(state, START, **values)
    redis.hset(CAMERA_STATUS.format(slug=slug), mapping=status_fields(status))  # type: ignore[arg-type]


def test_a_camera_is_added_with_its_areas_and_listed(flow: Flow) -> None:
    body = {**CAMERA, "model_name": "yolo_v11_detect", "detection_areas": [AREA]}
    answer = flow.post("/cameras", body)
    assert answer.status_code == 201
    assert answer.json is not None
    assert list(answer.json) == ["status", "message", "data"]
    assert (answer.json["status"], answer.json["message"]) == ("success", "攝影機新增成功")
    data = answer.json["data"]
    assert list(data) == SHOWN
    assert data["stream_url"] == "rtsp://***@camera1.example.com:554/stream"
    assert {name: data[name] for name in ("name", "recognition", "location", "model_name", "status")} == {
        "name": "主入口攝影機",
        "recognition": True,
        "location": "主入口",
        "model_name": "yolo_v11_detect",
        "status": "connecting",
    }
    assert (data["created_at"], data["last_active"]) == ("2026-01-15T10:30:00Z", None)
    assert data["detection_areas"][0]["coordinates"][2] == {"x": 300, "y": 200}
    assert data["detection_areas"][0]["alert_duration"] == 5
    assert flow.get("/cameras").json == {"status": "success", "data": [data], "total": 1}
    assert flow.get(f"/cameras/{data['id']}").json == {"status": "success", "data": data}


def test_what_is_left_out_of_a_change_stays(flow: Flow) -> None:
    camera = flow.camera(model_name="yolo_v11_detect", detection_areas=[AREA])
    before = (flow.get(f"/cameras/{camera}").json or {})["data"]
    flow.api.clock.forward(minutes=5)
    answer = flow.patch(f"/cameras/{camera}", {"name": "大廳", "stream_url": before["stream_url"]})
    assert answer.json is not None
    assert answer.json["message"] == "攝影機更新成功"
    assert answer.json["data"] == {**before, "name": "大廳", "updated_at": "2026-01-15T10:35:00Z"}
    with flow.api.session() as session:
        row = session.get_one(Camera, camera)
        assert flow.api.opened.gateway.box.open(row.url_encrypted) == RTSP
    changed = flow.patch(f"/cameras/{camera}", {"stream_url": "rtsp://u:p@other.example.com/x", "recognition": False})
    data = (changed.json or {})["data"]
    assert (data["stream_url"], data["recognition"]) == ("rtsp://***@other.example.com/x", False)


def test_a_deleted_camera_is_gone_and_both_forms_of_the_answer_are_one(flow: Flow) -> None:
    camera = flow.camera()
    answer = flow.delete(f"/cameras/{camera}", headers={"Accept-Language": "en"})
    assert answer.json == {
        "status": "success",
        "message": "Camera deleted successfully.",
        "deleted_camera_id": camera,
    }
    assert refusal(flow.delete(f"/cameras/{camera}")) == (404, "CAMERA_NOT_FOUND")
    gone = flow.get(f"/cameras/{camera}")
    assert (gone.json or {})["message"] == "攝影機不存在或無權限訪問"


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (CameraState.CONNECTING, "connecting"),
        (CameraState.STREAMING, "online"),
        (CameraState.OFFLINE, "offline"),
        (CameraState.ERROR, "error"),
    ],
)
def test_the_status_is_what_ingest_tells(flow: Flow, redis: Redis, state: CameraState, shown: str) -> None:
    camera = flow.camera()
    fault = CameraFault.AUTH_FAILED if state is CameraState.ERROR else None
    tell(redis, "cam_001", state, fault=fault, last_frame_at=START)
    data = (flow.get(f"/cameras/{camera}").json or {})["data"]
    assert (data["status"], data["last_active"]) == (shown, "2026-01-15T10:30:00Z")


def test_a_camera_that_nobody_reached_for_a_while_is_offline(flow: Flow) -> None:
    camera = flow.camera()
    flow.api.clock.forward(seconds=31)
    assert (flow.get(f"/cameras/{camera}").json or {})["data"]["status"] == "offline"


def test_an_unknown_model_is_refused_with_what_there_is(flow: Flow) -> None:
    answer = flow.post("/cameras", {**CAMERA, "model_name": "yolo_v99"}, headers={"Accept-Language": "en"})
    assert refusal(answer) == (422, "VALIDATION_ERROR")
    assert (answer.json or {})["errors"] == [
        {"field": "model_name", "message": "is no model that runs here – there is yolo_v11_detect, yolox_nano"}
    ]
    assert flow.post("/cameras", {**CAMERA, "model_name": "yolox_nano"}).status_code == 201


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": None}, "name"),
        ({"name": "n" * 129}, "name"),
        ({"stream_url": "ftp://example.com"}, "stream_url"),
        ({"stream_url": ""}, "stream_url"),
        ({"recognition": "yes"}, "recognition"),
        ({"location": "x" * 257}, "location"),
        ({"location": 7}, "location"),
        ({"detection_areas": [{**AREA, "coordinates": [[0, 0], [9, 9]]}]}, "detection_areas[0].coordinates"),
        ({"detection_areas": [AREA, AREA]}, "detection_areas"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(flow: Flow, wrong: dict[str, Any], field: str) -> None:
    answer = flow.post("/cameras", {**CAMERA, **wrong})
    assert refusal(answer) == (422, "VALIDATION_ERROR")
    assert field in [each["field"] for each in (answer.json or {})["errors"]]
    assert (flow.get("/cameras").json or {})["total"] == 0


def test_a_list_is_paged_and_the_newest_comes_first(flow: Flow) -> None:
    cameras = [flow.camera(name=f"c{number}") for number in range(3)]
    page = flow.get("/cameras?limit=2&page=2").json or {}
    assert ([each["id"] for each in page["data"]], page["total"]) == (cameras[:1], 3)
    assert [each["id"] for each in (flow.get("/cameras?limit=2").json or {})["data"]] == [cameras[2], cameras[1]]
    assert refusal(flow.get("/cameras?limit=501")) == (422, "VALIDATION_ERROR")


def test_a_viewer_reads_and_writes_nothing(flow: Flow) -> None:
    assert flow.get("/cameras", who="eve").status_code == 200
    assert refusal(flow.post("/cameras", CAMERA, who="eve")) == (403, "INSUFFICIENT_PERMISSIONS")


def test_every_write_leaves_a_row_without_the_address(flow: Flow) -> None:
    camera = flow.camera(detection_areas=[AREA])
    flow.patch(f"/cameras/{camera}", {"recognition": False})
    flow.delete(f"/rectangles/{camera}")
    flow.delete(f"/cameras/{camera}")
    with flow.api.session() as session:
        rows = session.query(AuditRow).filter(AuditRow.action.like("camera.%")).order_by(AuditRow.id).all()
        assert [(row.action, row.principal) for row in rows] == [
            ("camera.add", "alice"),
            ("camera.change", "alice"),
            ("camera.change", "alice"),
            ("camera.remove", "alice"),
        ]
        assert rows[1].detail == {"fields": ["recognition"]}


def test_the_same_key_adds_one_camera(flow: Flow) -> None:
    first = flow.post("/cameras", CAMERA, headers={"Idempotency-Key": "k1"})
    again = flow.post("/cameras", CAMERA, headers={"Idempotency-Key": "k1"})
    assert first.data == again.data
    other = flow.post("/cameras", {**CAMERA, "name": "b"}, headers={"Idempotency-Key": "k1"})
    assert refusal(other) == (409, "CONFLICT")
