"""What `ppe` says of people on photographs whose helmets and vests are known.

The labels are uneven: most pictures say what is worn, few say what is missing, many say nothing of an item. So a
person counts for an item only where a label says that it is worn or missing there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from services.modules.specialist import Case, Picture, Specialist, Tools, open_specialist
from shared.domain.box import Box
from shared.vision.pictures import open_picture
from shared.weights.registry import load_registry
from shared.weights.store import WeightsStore
from tests.conftest import SHARED

ASSETS = SHARED / "assets"
PHOTOS = ASSETS / "ppe" / "pegasus_train"
WEIGHTS = ASSETS / "models" / "ppe14_yolov8n_int8_fixed.onnx"
AT = datetime(2026, 1, 15, tzinfo=UTC)
EVERY = 3
HELMET, BARE_HEAD, VEST = {7, 14}, {8, 15}, {1, 12, 13}
OWN_REGISTRY = """version = 1
[weights.ppe14]
task = "detection"
file = "ppe14_yolov8n_int8_fixed.onnx"
url = ""
sha256 = "c7e6ded927310fd817805029833751c6303b12b8cd66da9c31beacf91fccb0ea"
bytes = {size}
licence = "AGPL-3.0"
commercial_ok = false
input = {{ width = 320, height = 320, channels = "rgb", std = [255.0, 255.0, 255.0], resize = "letterbox" }}
output = {{ layout = "yolov8", labels = ["Fall-Detected", "Gloves", "Goggles", "Hardhat", "Ladder", "Mask", \
"NO-Gloves", "NO-Goggles", "NO-Hardhat", "NO-Mask", "NO-Safety Vest", "Person", "Safety Cone", "Safety Vest"] }}
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (PHOTOS.is_dir() and WEIGHTS.is_file()), reason=f"the photographs are not here: {PHOTOS}"),
]


@pytest.fixture(scope="module")
def ppe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Specialist]:
    cv2.setNumThreads(1)
    own: Path = tmp_path_factory.mktemp("own") / "own.toml"
    own.write_text(OWN_REGISTRY.format(size=WEIGHTS.stat().st_size))
    store = WeightsStore(ASSETS / "models", load_registry(own))
    tools = Tools(store, None, state=lambda _slug: None)  # type: ignore[arg-type]
    specialist = open_specialist("ppe", tools, settings={"detector": "ppe14"})
    yield specialist
    specialist.close()


@pytest.fixture(scope="module")
def answers(ppe: Specialist) -> Counter[tuple[str, str, str]]:
    """How often (item, truth, state) was said."""
    found: Counter[tuple[str, str, str]] = Counter()
    for photo in sorted(PHOTOS.glob("*.jpg"))[::EVERY]:
        bgr = open_picture(photo.read_bytes())
        labels = truth(photo.with_suffix(".txt"), bgr.shape[1], bgr.shape[0])
        for person in ppe.examine(Case((Picture(bgr),), "scene", AT)).results["persons"]:
            box = Box(*person["bbox"])
            for item, said in person["items"].items():
                found[item, labelled(item, box, labels), said["state"]] += 1
    return found


def truth(path: Path, width: int, height: int) -> list[tuple[int, float, float]]:
    """(class, x, y of its middle in pixels) of each label."""
    rows = (line.split() for line in path.read_text().splitlines())
    return [(int(row[0]), float(row[1]) * width, float(row[2]) * height) for row in rows if row]


def labelled(item: str, person: Box, labels: list[tuple[int, float, float]]) -> str:
    """worn, missing, or "" where the labels do not say."""

    def any_of(classes: set[int], top: float, bottom: float) -> bool:
        return any(
            kind in classes
            and person.x1 <= x <= person.x2
            and person.y1 + top * person.height <= y <= person.y1 + bottom * person.height
            for kind, x, y in labels
        )

    if item == "helmet":
        if any_of(HELMET, -0.05, 0.3):
            return "worn"
        return "missing" if any_of(BARE_HEAD, -0.05, 0.3) else ""
    return "worn" if item == "vest" and any_of(VEST, 0.15, 0.85) else ""


def rate(answers: Counter[tuple[str, str, str]], item: str, was: str, said: str) -> float:
    return answers[item, was, said] / max(1, sum(answers[item, was, s] for s in ("worn", "missing", "not_visible")))


def test_most_worn_helmets_and_vests_are_seen(answers: Counter[tuple[str, str, str]]) -> None:
    assert rate(answers, "helmet", "worn", "worn") >= 0.75
    assert rate(answers, "vest", "worn", "worn") >= 0.72


def test_few_who_wear_them_are_told_to_lack_them(answers: Counter[tuple[str, str, str]]) -> None:
    assert rate(answers, "helmet", "worn", "missing") <= 0.05
    assert rate(answers, "vest", "worn", "missing") <= 0.08


def test_bare_heads_are_told(answers: Counter[tuple[str, str, str]]) -> None:
    assert rate(answers, "helmet", "missing", "missing") >= 0.8
    assert rate(answers, "helmet", "missing", "worn") <= 0.06


def test_items_the_detector_hardly_knows_are_never_called_missing_for_want_of_a_box(
    answers: Counter[tuple[str, str, str]],
) -> None:
    said = {(item, state) for item, _, state in answers}
    assert ("gloves", "missing") not in said
    assert ("goggles", "missing") not in said


def test_weights_that_see_nothing_are_refused(tmp_path: Path) -> None:
    blind = ASSETS / "models" / "ppe14_yolov8n_int8.onnx"
    if not blind.is_file():
        pytest.skip(f"the blind weights are not here: {blind}")
    own = tmp_path / "own.toml"
    text = OWN_REGISTRY.format(size=blind.stat().st_size).replace("_fixed.onnx", ".onnx")
    own.write_text(
        text.replace(
            "c7e6ded927310fd817805029833751c6303b12b8cd66da9c31beacf91fccb0ea",
            "2d847e095650991d498537f57c5cf0d38b42cd42a7457770921899f5824c17f9",
        )
    )
    from shared.domain.errors import UserError

    tools = Tools(WeightsStore(ASSETS / "models", load_registry(own)), None, state=lambda _slug: None)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="ppe14 is blind"):
        open_specialist("ppe", tools, settings={"detector": "ppe14"})


def test_nobody_on_an_empty_wall_lacks_anything(ppe: Specialist) -> None:
    wall = np.full((480, 640, 3), 150, np.uint8)
    found = ppe.examine(Case((Picture(wall),), "scene", AT)).results
    assert (found["persons"], found["violations"], found["compliant"]) == ([], [], None)
