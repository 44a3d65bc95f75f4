"""Which classes an area may look for: those of the configured model, where they are known."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.settings import Settings
from tests.unit.gateway.installation import RTSP, Api, Template, open_api
from tests.unit.gateway.test_cameras import DOOR

OWN = """
version = 1

[weights.helmets]
task = "detection"
file = "helmets.onnx"
url = ""
sha256 = "{0}"
bytes = 1
licence = "own"
commercial_ok = true
output = {{ layout = "yolov8", labels = ["Helmet", "vest", "person"] }}

[weights.nameless]
task = "detection"
file = "nameless.onnx"
url = ""
sha256 = "{0}"
bytes = 1
licence = "own"
commercial_ok = true
output = {{ layout = "yolov8" }}
""".format("0" * 64)


def camera(*classes: str) -> dict[str, object]:
    return {"name": "a", "rtsp_url": RTSP, "zones": [{**DOOR, "classes": list(classes)}]}


def with_model(name: str, settings: Settings, folder: Path) -> Settings:
    """The settings of an installation that has a list of weights of its own."""
    own = folder / "own.toml"
    own.write_text(OWN, encoding="utf-8")
    eye = settings.eye.model_copy(update={"model": name})
    return settings.model_copy(update={"eye": eye, "weights_registry": own})


def test_a_class_that_the_model_does_not_know_is_refused_with_all_there_are(api: Api) -> None:
    answer = api.post("/cameras", camera("qqqq", "qqqq"))
    assert answer.status_code == 400
    said = (answer.json or {})["message"]
    assert said.startswith("Field 'zones[0].classes' holds 'qqqq', which the model does not know – there is person, ")


def test_words_for_several_classes_are_taken_however_they_are_written(api: Api) -> None:
    words = ["Person", "vehicles", " dog", "traffic light", "PEDESTRIAN"]
    made = api.post("/cameras", camera(*words))
    assert made.status_code == 201, made.text
    shown = api.get(f"/cameras/{(made.json or {})['id']}").json or {}
    assert shown["zones"][0]["classes"] == words


@pytest.mark.parametrize(
    ("model", "classes", "status"),
    [
        ("helmets", ["Helmet", "vest"], 201),
        ("helmets", ["bicycle"], 400),
        ("nameless", ["whatever"], 201),
        ("in_no_list", ["whatever"], 201),
    ],
)
def test_of_a_model_of_ones_own_those_classes_are_taken_that_it_has_or_any(
    api_settings: Settings, template: Template, tmp_path: Path, model: str, classes: list[str], status: int
) -> None:
    api = open_api(with_model(model, api_settings, tmp_path), template.keys)
    answer = api.post("/cameras", camera(*classes))
    api.opened.close()
    assert answer.status_code == status, answer.text
