"""The drawn people are people to real detectors, and the drawn places are not.

The demo of a machine without weights depends on this.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.cli.demo.scene import Scene
from services.cli.demo.scenes import CATALOGUE, scene
from services.cli.demo.stage import Frame, frames
from services.eye.detector import Detector
from services.eye.detectors.hog import HogDetector, HogSettings
from services.eye.detectors.onnx import OnnxDetector, OnnxSettings
from shared.domain.box import iou
from shared.domain.detection import Detection
from shared.vision.model import ModelSpec

WEIGHTS = Path(__file__).resolve().parents[4] / "shared" / "assets" / "models" / "yolox_nano.onnx"
CLEAR = 0.97
"""A person is looked for where this share of it can be seen."""


@pytest.fixture(scope="module")
def hog() -> Detector:
    return HogDetector(None, settings=HogSettings())


@pytest.fixture(scope="module")
def yolox() -> Iterator[Detector]:
    if not WEIGHTS.exists():
        pytest.skip(f"no weights at {WEIGHTS}")
    labels = ("person", *(f"class {number}" for number in range(1, 80)))
    spec = ModelSpec("yolox_nano", WEIGHTS, "yolox", (416, 416), labels, confidence=0.35)
    detector = OnnxDetector(spec, settings=OnnxSettings())
    yield detector
    detector.close()


def sampled(name: str, *, every_s: float = 1.0) -> Iterator[Frame]:
    """Frames some way apart: drawing skips what is between them."""
    return frames(scene(name, seconds=20, fps=1 / every_s))


def people(detector: Detector, frame: Frame, *, confidence: float) -> list[Detection]:
    found = detector.detect([frame.image])[0]
    return [one for one in found if one.label == "person" and one.confidence >= confidence]


def recall(detector: Detector, name: str, *, confidence: float, overlap: float) -> tuple[float, int]:
    """The share of people in clear view who are found, and the number of finds where nobody is."""
    hits, looked_for, false = 0, 0, 0
    # The parking is mostly about the car: somebody is in clear view for two seconds only.
    for frame in sampled(name, every_s=0.4 if name == "parking" else 1.0):
        truth = [box for box in frame.truth if box.label == "person"]
        found = people(detector, frame, confidence=confidence) if truth else []
        for person in truth:
            if person.visible >= CLEAR:
                looked_for += 1
                hits += any(iou(person.box, one.box) >= overlap for one in found)
        false += sum(all(iou(person.box, one.box) < 0.2 for person in truth) for one in found)
    assert looked_for >= 3
    return hits / looked_for, false


@pytest.mark.parametrize("name", ["entrance", "yard", "shop", "parking"])
def test_hog_finds_the_people(hog: Detector, name: str) -> None:
    share, false = recall(hog, name, confidence=0.2, overlap=0.35)
    print(f"HOG on {name}: recall {share:.2f}, {false} false")
    assert share >= 0.8
    assert false <= 2


@pytest.mark.parametrize("name", ["entrance", "yard", "shop", "parking"])
def test_yolox_finds_the_people(yolox: Detector, name: str) -> None:
    share, false = recall(yolox, name, confidence=0.35, overlap=0.5)
    print(f"YOLOX-nano on {name}: recall {share:.2f}, {false} false")
    assert share >= 0.9
    assert false <= 1


@pytest.mark.parametrize("name", CATALOGUE)
@pytest.mark.parametrize("kind", ["hog", "yolox"])
def test_an_empty_place_holds_no_people(kind: str, name: str, request: pytest.FixtureRequest) -> None:
    detector: Detector = request.getfixturevalue(kind)
    first = next(frames(Scene(name, CATALOGUE[name][0])))
    assert people(detector, first, confidence=0.3) == []


def test_yolox_sees_the_car(yolox: Detector) -> None:
    parked = [frame for frame in sampled("parking") if any(box.label == "plate" for box in frame.truth)]
    found = 0
    for frame in parked:
        car = next(box.box for box in frame.truth if box.label == "car")
        found += any(one.label == "class 2" and iou(car, one.box) > 0.6 for one in yolox.detect([frame.image])[0])
    assert found >= 0.8 * len(parked) > 0
