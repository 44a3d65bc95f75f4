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


def tipped(picture: NDArray[np.uint8], box: Box, degrees: float) -> tuple[NDArray[np.uint8], Box]:
    """The picture turned about the feet of somebody in it, and the box around that person then."""
    foot = ((box.x1 + box.x2) / 2, box.y2 - 10)
    canvas = (picture.shape[1] + 600, picture.shape[0])
    matrix = cv2.getRotationMatrix2D(foot, degrees, 1.0)
    corners = np.array([[x, y, 1.0] for x in (box.x1, box.x2) for y in (box.y1, box.y2)]) @ matrix.T
    low, high = corners.min(axis=0), corners.max(axis=0)
    turned = cv2.warpAffine(picture, matrix, canvas, borderValue=(96, 96, 96))
    return np.asarray(turned, np.uint8), Box(*low.tolist(), *high.tolist()).clipped(*canvas)


@pytest.mark.parametrize("way", [-88.0, 88.0])
@pytest.mark.parametrize("box", [Box(50, 394, 214, 898), Box(219, 403, 347, 855)])
def test_somebody_who_tips_over_has_fallen_and_whoever_does_so_slowly_has_not(
    pose: Specialist, box: Box, way: float
) -> None:
    """The picture of a standing person, turned about the feet as if the person fell."""
    picture = np.pad(photo("images/bus.jpg"), ((0, 0), (600, 0), (0, 0)), constant_values=96)
    standing = Box(box.x1 + 600, box.y1, box.x2 + 600, box.y2)

    def told(*, takes: float, fps: float) -> str:
        burst = []
        for number in range(16):
            share = min(max((number / fps - 1.0) / takes, 0.0), 1.0)
            frame, subject = tipped(picture, standing, way * share**1.5)
            burst.append(Picture(frame, at=AT + timedelta(seconds=number / fps), subject=subject))
        return str(pose.examine(Case(tuple(burst), "object", AT, label="person")).results["person_action"])

    assert told(takes=0.9, fps=4) == "fall"
    assert told(takes=3.5, fps=2.5) != "fall"
    frame, subject = tipped(picture, standing, way)
    lies = Case((Picture(frame, at=AT, subject=subject),), "object", AT, label="person")
    assert pose.examine(lies).results["person_action"] == "lying"


def test_the_other_network_sees_somebody_low_too() -> None:
    """Sitting and squatting differ little, and its keypoints are coarser."""
    tools = Tools(WeightsStore(ASSETS / "models", load_registry()), None, state=lambda _slug: None)  # type: ignore[arg-type]
    specialist = open_specialist("pose", tools, settings={"model": "pose_landmark_lite"})
    results = specialist.examine(Case((Picture(photo("pose/squat.bmp")),), "scene", AT)).results
    specialist.close()
    assert results["person_action"] in ("crouching", "sitting")
    assert len(results["keypoints"]) >= 15
