"""How well keypoints are found, and what is told of people who walk, stand and squat."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from services.modules.specialist import Case, Picture, Specialist, Tools, open_specialist
from services.modules.specialists.pose.skeleton import NAMES
from shared.domain.box import Box
from shared.domain.errors import UserError
from shared.weights.registry import load_registry
from shared.weights.store import WeightsStore
from tests.conftest import SHARED

ASSETS = SHARED / "assets"
AT = datetime(2026, 1, 15, tzinfo=UTC)
LOOKS = 10

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (ASSETS / "pose").is_dir(), reason=f"the samples are not here: {ASSETS / 'pose'}"),
]


@pytest.fixture(scope="module")
def pose() -> Iterator[Specialist]:
    cv2.setNumThreads(1)
    tools = Tools(WeightsStore(ASSETS / "models", load_registry()), None, state=lambda _slug: None)  # type: ignore[arg-type]
    try:
        specialist = open_specialist("pose", tools)
    except UserError as error:
        pytest.skip(str(error))
    yield specialist
    specialist.close()


def photo(path: str) -> NDArray[np.uint8]:
    image = cv2.imread(str(ASSETS / path))
    assert image is not None
    return np.asarray(image, np.uint8)


def actions(pose: Specialist, path: str) -> list[str]:
    results = pose.examine(Case((Picture(photo(path)),), "scene", AT)).results
    return [person["person_action"] for person in results["persons"]]


def test_keypoints_of_a_squat_are_those_published(pose: Specialist) -> None:
    picture = photo("pose/squat.bmp")
    height, width = picture.shape[:2]
    found = pose.examine(Case((Picture(picture),), "scene", AT)).results
    placed = {one["name"]: (one["x"] / width, one["y"] / height) for one in found["keypoints"]}
    reference = ASSETS / "pose" / "movenet_single_pose_lightning_ptq_reference.csv"
    errors = []
    for row in csv.DictReader(reference.open()):
        name = NAMES[int(row["keypoint_id"])]
        if name in placed:
            x, y = placed[name]
            errors.append(np.hypot(x - float(row["keypoint_x"]), y - float(row["keypoint_y"])))
    assert len(errors) >= 15
    assert np.median(errors) <= 0.03
    assert np.mean(errors) <= 0.05
    assert found["person_action"] == "crouching"


def test_people_at_a_bus_stand_and_half_bodies_are_unknown(pose: Specialist) -> None:
    bus = actions(pose, "images/bus.jpg")
    assert bus.count("standing") >= 2
    assert set(bus) <= {"standing", "unknown"}
    assert set(actions(pose, "images/zidane.jpg")) == {"unknown"}


def bursts(
    video: Path, truth: Path, *, rate: float, step: int, every: int, ids: range
) -> Iterator[tuple[Picture, ...]]:
    """Of each person the true boxes on `LOOKS` pictures, `step` frames apart, a burst beginning `every` frames."""
    boxes: dict[int, dict[int, Box]] = defaultdict(dict)
    for line in truth.read_text().splitlines():
        frame, person, left, top, width, height = (float(value) for value in line.split(",")[:6])
        boxes[int(person)][int(frame) - 1] = Box(left, top, left + width, top + height)
    with av.open(str(video)) as container:
        frames = [np.asarray(frame.to_ndarray(format="bgr24"), np.uint8) for frame in container.decode(video=0)]
    for person in (one for one in sorted(boxes) if one in ids):
        for start in range(0, len(frames), every):
            numbers = range(start, start + LOOKS * step, step)
            if all(number in boxes[person] for number in numbers):
                yield tuple(
                    Picture(frames[n], at=AT + timedelta(seconds=n / rate), subject=boxes[person][n]) for n in numbers
                )


@pytest.mark.timeout(900)
def test_pedestrians_walk_or_stand_and_never_fall(pose: Specialist) -> None:
    told: Counter[str] = Counter()
    folder = ASSETS / "mot" / "PETS09-S2L1"
    for burst in bursts(ASSETS / "video" / "vtest.avi", folder / "gt.txt", rate=10, step=2, every=40, ids=range(1, 20)):
        told[str(pose.examine(Case(burst, "object", AT, label="person")).results["person_action"])] += 1
    assert told.total() >= 50
    assert set(told) <= {"walking", "standing", "unknown"}
    assert told["walking"] >= 0.6 * told.total()
    assert told["unknown"] <= 0.1 * told.total()


@pytest.mark.timeout(900)
def test_pedestrians_from_nearby_walk(pose: Specialist) -> None:
    told: Counter[str] = Counter()
    folder = ASSETS / "mot" / "TUD-Campus"
    for burst in bursts(folder / "TUD-Campus.mp4", folder / "gt.txt", rate=25, step=4, every=8, ids=range(1, 20)):
        told[str(pose.examine(Case(burst, "object", AT, label="person")).results["person_action"])] += 1
    assert told.total() >= 5
    assert set(told) <= {"walking", "standing", "unknown"}
    assert told["walking"] >= 0.7 * told.total()


@pytest.mark.timeout(900)
def test_whole_frames_of_a_square_show_nobody_fall(pose: Specialist) -> None:
    with av.open(str(ASSETS / "video" / "vtest.avi")) as container:
        frames = [np.asarray(frame.to_ndarray(format="bgr24"), np.uint8) for frame in container.decode(video=0)]
    for start in range(0, 700, 233):
        burst = tuple(Picture(frames[n], at=AT + timedelta(seconds=n / 10)) for n in range(start, start + 24, 3))
        persons = pose.examine(Case(burst, "scene", AT)).results["persons"]
        assert persons
        assert {person["person_action"] for person in persons} <= {"walking", "standing", "unknown"}
