"""How well hands are found, told left from right, and read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from services.modules.specialist import Case, Picture, Specialist, Tools, open_specialist
from shared.domain.errors import UserError
from shared.weights.registry import load_registry
from shared.weights.store import WeightsStore
from tests.conftest import SHARED

ASSETS = SHARED / "assets"
AT = datetime(2026, 1, 15, tzinfo=UTC)

# Pixel columns and rows between which the signer's left hand hangs still in most of this clip.
HANGING = (400, 470, 415, 480)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (ASSETS / "hand").is_dir(), reason=f"the clips are not here: {ASSETS / 'hand'}"),
]


def opened(name: str) -> Specialist:
    cv2.setNumThreads(1)
    tools = Tools(WeightsStore(ASSETS / "models", load_registry()), None, state=lambda _slug: None)  # type: ignore[arg-type]
    try:
        return open_specialist(name, tools)
    except UserError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def hand() -> Iterator[Specialist]:
    specialist = opened("hand")
    yield specialist
    specialist.close()


@pytest.fixture(scope="module")
def gesture() -> Iterator[Specialist]:
    specialist = opened("gesture")
    yield specialist
    specialist.close()


def pictures(path: str, *, step: int, mirrored: bool = False) -> list[Picture]:
    with av.open(str(ASSETS / path)) as container:
        frames = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
        rate = float(container.streams.video[0].average_rate or 10)
    return [
        Picture(np.ascontiguousarray(frame[:, ::-1] if mirrored else frame), at=AT + timedelta(seconds=number / rate))
        for number, frame in list(enumerate(frames))[::step]
    ]


def photo(path: str) -> NDArray[np.uint8]:
    image = cv2.imread(str(ASSETS / path))
    assert image is not None
    return np.asarray(image, np.uint8)


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_hand_that_hangs_still_is_found_and_its_side_is_right(hand: Specialist, *, mirrored: bool) -> None:
    left, right, top, bottom = HANGING
    if mirrored:
        left, right = 640 - right, 640 - left
    sides = []
    shown = pictures("hand/intel_asl_bird.mkv", step=3, mirrored=mirrored)
    for picture in shown:
        for one in hand.examine(Case((picture,), "scene", AT)).results["hands"]:
            x, y = (one["bbox"][0] + one["bbox"][2]) / 2, (one["bbox"][1] + one["bbox"][3]) / 2
            if left <= x <= right and top <= y <= bottom:
                sides.append(one["handedness"])
    assert len(sides) >= 0.9 * len(shown)
    wrong = "left" if mirrored else "right"
    assert wrong not in sides
    assert len([side for side in sides if side != "unknown"]) >= 0.5 * len(shown)


@pytest.mark.parametrize(("path", "step"), [("video/vtest.avi", 80), ("mot/TUD-Campus/TUD-Campus.mp4", 15)])
def test_no_hands_are_told_where_they_are_too_small_to_see(hand: Specialist, path: str, step: int) -> None:
    for picture in pictures(path, step=step):
        assert hand.examine(Case((picture,), "scene", AT)).results["hands"] == []


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("images/zidane.jpg", ["pointing"]),
        ("faces/ageitgey_knn_examples/test/obama_and_biden.jpg", ["open_palm", "open_palm"]),
        ("images/bus.jpg", []),
        ("pose/squat.bmp", []),
        ("faces/compreface_samples/000_5.jpg", []),
    ],
)
def test_gestures_on_photographs_are_read(gesture: Specialist, path: str, wanted: list[str]) -> None:
    results = gesture.examine(Case((Picture(photo(path)),), "scene", AT)).results
    told = [one["gesture"] for one in results["gestures"]]
    assert [name for name in told if name != "fist"] == wanted
    assert len(told) <= len(wanted) + 1
    assert results["help_signal"] is False


@pytest.mark.parametrize("clip", ["bird", "help"])
@pytest.mark.parametrize("mirrored", [False, True])
def test_signing_is_not_the_signal_for_help(gesture: Specialist, clip: str, *, mirrored: bool) -> None:
    shown = pictures(f"hand/intel_asl_{clip}.mkv", step=3, mirrored=mirrored)
    assert gesture.examine(Case(tuple(shown), "scene", AT)).results["help_signal"] is False
