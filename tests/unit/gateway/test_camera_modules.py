"""`modules` of a camera: what is refused, what is stored, and what is shown."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from shared.db.tables import Camera
from tests.unit.gateway.installation import Api

CAMERA = {"id": "cam_001", "name": "Entrance", "rtsp_url": "rtsp://192.0.2.1/1"}
SAID = {
    "lpr": {"enabled": False},
    "fire_smoke": {"enabled": True, "every_s": 20, "burst": 8, "burst_fps": 4},
    "ppe": {"required": ["helmet"]},
}


def options(api: Api) -> dict[str, Any]:
    with api.opened.gateway.reads() as session:
        return session.scalars(select(Camera.options)).one()


def shown(api: Api) -> Any:
    return api.get("/cameras/cam_001").json.get("modules", {})


def test_what_is_said_is_stored_and_shown_as_it_was_said(api: Api) -> None:
    assert api.post("/cameras", {**CAMERA, "modules": SAID}).status_code == 201
    assert shown(api) == SAID
    assert options(api)["modules"] == SAID


def test_without_a_word_nothing_is_stored(api: Api) -> None:
    assert api.post("/cameras", CAMERA).status_code == 201
    assert shown(api) == {}
    assert "modules" not in options(api)


def test_a_change_replaces_all_of_it_and_leaves_the_rest(api: Api) -> None:
    zones = [{"name": "Door", "points": [[0, 0], [100, 0], [100, 100]]}]
    assert api.post("/cameras", {**CAMERA, "zones": zones, "modules": SAID}).status_code == 201
    before = options(api)
    assert api.put("/cameras/cam_001", {"modules": {"lpr": {"enabled": True}}}).status_code == 200
    assert options(api) == {**before, "modules": {"lpr": {"enabled": True}}}
    assert api.put("/cameras/cam_001", {"name": "Gate"}).status_code == 200
    assert shown(api) == {"lpr": {"enabled": True}}
    assert api.put("/cameras/cam_001", {"modules": {}}).status_code == 200
    assert "modules" not in options(api)


@pytest.mark.parametrize(
    ("modules", "named"),
    [
        ({"lprr": {}}, ["lprr"]),
        ({"lpr": {"every_s": 20}}, ["lpr", "every_s"]),
        ({"lpr": {"zzz": 1}, "ppe": {"enabled": "maybe"}}, ["lpr", "zzz", "ppe", "enabled"]),
        ({"fire_smoke": {"every_s": 1, "burst": 0, "burst_fps": 11}}, ["every_s", "burst", "burst_fps"]),
        ({"fire_smoke": {"required": ["helmet"]}}, ["fire_smoke", "required"]),
        ({"ppe": {"required": ["x" * 65]}}, ["ppe", "required"]),
        ({"lpr": True}, ["lpr"]),
        ([], ["modules"]),
    ],
)
def test_all_that_is_wrong_is_named_and_nothing_stored(api: Api, modules: object, named: list[str]) -> None:
    answer = api.post("/cameras", {**CAMERA, "modules": modules})
    assert answer.status_code in (400, 422), answer.json
    assert [word for word in named if word not in answer.text] == []
    assert api.get("/cameras").json["total"] == 0
