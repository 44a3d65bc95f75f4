from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from redis import Redis

from services.gateway.queries.masks import fill
from shared.domain.camera import CameraState
from shared.domain.polygon import Polygon
from tests.unit.gateway.visionflow.flow import Flow, refusal
from tests.unit.gateway.visionflow.test_cameras import tell

SQUARE = [{"x": 100, "y": 150}, {"x": 300, "y": 150}, {"x": 300, "y": 400}, {"x": 100, "y": 400}]
REGION = {
    "name": "入口區域",
    "coordinates": SQUARE,
    "alert_duration": 5,
    "notification_enabled": True,
    "detection_classes": ["person", "vehicle"],
}


def test_areas_come_back_as_they_were_saved(flow: Flow) -> None:
    camera = flow.camera()
    saved = flow.post(f"/rectangles/{camera}", {"regions": [REGION]})
    assert saved.json == {
        "status": "success",
        "message": "多邊形區域已成功儲存",
        "data": {"camera_id": camera, "regions_count": 1, "saved_at": "2026-01-15T10:30:00Z"},
    }
    shown = flow.get(f"/rectangles/{camera}").json or {}
    assert list(shown["data"]) == ["camera_id", "regions", "total_regions"]
    region = shown["data"]["regions"][0]
    assert list(region)[:6] == ["id", *REGION]
    assert {name: region[name] for name in REGION} == REGION
    assert region["created_at"] == "2026-01-15T10:30:00Z"
    assert shown["data"]["total_regions"] == 1


def test_an_area_that_is_saved_again_keeps_its_id_and_its_age(flow: Flow) -> None:
    camera = flow.camera()
    flow.post(f"/rectangles/{camera}", {"regions": [REGION, {**REGION, "name": "b"}]})
    before = (flow.get(f"/rectangles/{camera}").json or {})["data"]["regions"]
    flow.api.clock.forward(minutes=1)
    moved = {**REGION, "coordinates": [[0, 0], [50, 0], [50, 50]]}
    flow.post(f"/rectangles/{camera}", {"regions": [{**REGION, "name": "c"}, moved]})
    after = {each["name"]: each for each in (flow.get(f"/rectangles/{camera}").json or {})["data"]["regions"]}
    assert set(after) == {"入口區域", "c"}
    kept = after["入口區域"]
    assert (kept["id"], kept["created_at"]) == (before[0]["id"], "2026-01-15T10:30:00Z")
    assert kept["coordinates"] == [{"x": 0, "y": 0}, {"x": 50, "y": 0}, {"x": 50, "y": 50}]
    assert after["c"]["created_at"] == "2026-01-15T10:31:00Z"


def test_all_areas_are_deleted_at_once(flow: Flow) -> None:
    camera = flow.camera()
    flow.post(f"/rectangles/{camera}", {"regions": [{**REGION, "name": name} for name in "abc"]})
    removed = flow.delete(f"/rectangles/{camera}")
    assert removed.json == {
        "status": "success",
        "message": "所有檢測區域已成功刪除",
        "data": {"camera_id": camera, "deleted_regions": 3, "deleted_at": "2026-01-15T10:30:00Z"},
    }
    assert (flow.get(f"/rectangles/{camera}").json or {})["data"]["regions"] == []


def test_whoever_may_only_read_is_told_so(flow: Flow) -> None:
    answer = flow.delete("/rectangles/1", who="eve")
    assert refusal(answer) == (403, "INSUFFICIENT_PERMISSIONS")


@pytest.mark.parametrize(
    ("region", "field"),
    [
        ({"coordinates": SQUARE[:2]}, "regions[0].coordinates"),
        ({"coordinates": [[0, 0], [100, 100], [100, 0], [0, 100]]}, "regions[0].coordinates"),
        ({"coordinates": [[0, 0], [50, 50], [100, 100]]}, "regions[0].coordinates"),
        ({"coordinates": [[-1, 0], [50, 0], [50, 50]]}, "regions[0].coordinates[0][0]"),
        ({"coordinates": [[0, 0], [2000, 0], [50, 50]]}, "regions[0].coordinates[1]"),
        ({"coordinates": [["a", 0], [50, 0], [50, 50]]}, "regions[0].coordinates[0][0]"),
        ({"coordinates": [[0, 0]] * 257}, "regions[0].coordinates"),
        ({"name": ""}, "regions[0].name"),
        ({"alert_duration": -1}, "regions[0].alert_duration"),
        ({"alert_duration": True}, "regions[0].alert_duration"),
        ({"notification_enabled": "no"}, "regions[0].notification_enabled"),
        ({"detection_classes": "person"}, "regions[0].detection_classes"),
        ({"detection_classes": [""]}, "regions[0].detection_classes[0]"),
        ({"sensitivity": 2}, "regions[0].sensitivity"),
    ],
)
def test_what_is_no_area_is_refused_by_its_field(flow: Flow, redis: Redis, region: dict[str, Any], field: str) -> None:
    camera = flow.camera()
    tell(redis, "cam_001", CameraState.STREAMING, width=1920, height=1080)
    answer = flow.post(f"/rectangles/{camera}", {"regions": [{**REGION, **region}]})
    assert refusal(answer) == (422, "VALIDATION_ERROR")
    assert field in [each["field"] for each in (answer.json or {})["errors"]]
    assert (flow.get(f"/rectangles/{camera}").json or {})["data"]["regions"] == []


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("zh-TW", "含有模型不認得的 'persn'，您是指 'person'？可用的有：person, bicycle, "),
        ("en", "holds 'persn', which the model does not know – did you mean 'person'? there is person, bicycle, "),
        ("fr", "contient 'persn', que le modèle ne connaît pas – vouliez-vous dire 'person' ? il y a person, "),
        ("ru", "содержит 'persn', чего модель не знает – возможно, 'person'? есть person, bicycle, "),
    ],
)
def test_a_class_that_the_model_does_not_know_is_refused_with_the_nearest(flow: Flow, language: str, said: str) -> None:
    camera = flow.camera()
    region = {**REGION, "detection_classes": ["person", "persn"], "sensitivity": 2}
    answer = flow.post(f"/rectangles/{camera}", {"regions": [region]}, headers={"Accept-Language": language})
    assert refusal(answer) == (422, "VALIDATION_ERROR")
    errors = {each["field"]: each["message"] for each in (answer.json or {})["errors"]}
    assert set(errors) == {"regions[0].detection_classes", "regions[0].sensitivity"}
    assert errors["regions[0].detection_classes"].startswith(said)
    assert errors["regions[0].detection_classes"].endswith("toothbrush, vehicle, animal, people")


def test_two_areas_of_one_name_are_refused_by_the_field_that_holds_them(flow: Flow) -> None:
    answer = flow.post(f"/rectangles/{flow.camera()}", {"regions": [REGION, REGION]})
    assert refusal(answer) == (422, "VALIDATION_ERROR")
    assert (answer.json or {})["errors"] == [{"field": "regions", "message": "區域名稱不可重複"}]


@pytest.mark.parametrize("text", ['{"regions": [{"name": "a", "coordinates": [[NaN, 0], [9, 0], [9, 9]]}]}', "{", "[]"])
def test_what_is_no_json_is_refused(flow: Flow, text: str) -> None:
    camera = flow.camera()
    answer = flow.ask("POST", f"/rectangles/{camera}", data=text, content_type="application/json")
    assert refusal(answer) == (422, "VALIDATION_ERROR")


def picture(flow: Flow, camera: int) -> Image.Image:
    answer = flow.get(f"/mask/{camera}")
    assert (answer.status_code, answer.content_type) == (200, "image/png")
    return Image.open(io.BytesIO(answer.data))


def test_the_mask_is_white_in_the_areas_at_the_cameras_resolution(flow: Flow, redis: Redis) -> None:
    camera = flow.camera()
    tell(redis, "cam_001", CameraState.STREAMING, width=1280, height=720)
    flow.post(f"/rectangles/{camera}", {"regions": [REGION]})
    mask = picture(flow, camera)
    assert (mask.size, mask.mode) == ((1280, 720), "RGB")
    pixels = np.asarray(mask)
    expected = np.zeros((720, 1280, 3), np.uint8)
    expected[150:400, 100:300] = 255
    assert np.array_equal(pixels, expected)


def test_without_areas_the_mask_is_black(flow: Flow) -> None:
    assert not np.asarray(picture(flow, flow.camera())).any()


def test_a_mask_that_is_known_is_not_sent_again(flow: Flow) -> None:
    camera = flow.camera()
    etag = flow.get(f"/mask/{camera}").headers["ETag"]
    assert flow.get(f"/mask/{camera}", headers={"If-None-Match": etag}).status_code == 304
    flow.post(f"/rectangles/{camera}", {"regions": [REGION]})
    assert flow.get(f"/mask/{camera}", headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize(
    "points",
    [
        [(3.0, 2.0), (17.0, 5.0), (9.0, 18.0)],
        [(0.0, 0.0), (20.0, 0.0), (20.0, 20.0), (10.0, 4.0), (0.0, 20.0)],
        [(2.3, 2.7), (18.9, 1.1), (15.2, 12.4), (19.9, 19.9), (1.2, 17.3), (7.7, 9.1)],
    ],
)
def test_a_pixel_is_white_when_its_middle_is_inside(points: list[tuple[float, float]]) -> None:
    mask = np.zeros((20, 20), np.bool_)
    fill(mask, points)
    polygon = Polygon(tuple(points))
    for y in range(20):
        for x in range(20):
            assert mask[y, x] == polygon.contains((x + 0.5, y + 0.5)), (x, y)
