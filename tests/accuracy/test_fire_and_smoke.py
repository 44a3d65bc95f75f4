"""Every clip of a fire raises an alarm, no other clip does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from services.modules.specialist import Case, Picture, Specialist, Tools, open_specialist
from shared.weights.registry import load_registry
from shared.weights.store import WeightsStore
from tests.conftest import SHARED

ASSETS = SHARED / "assets"
BURST, STRIDE, FPS = 16, 8, 4.0
MOST_BURSTS = 12

# What each clip shows at least once, and the least share of its whole bursts of 16 that raise an alarm.
FIRES = {
    "test1": ("fire", 1.0),
    "newsmoke1": ("smoke", 0.6),
    "smoke5": ("smoke", 0.5),
    "pexels-alan-w-8365989": ("smoke", 0.5),
}
HARMLESS = (
    "fire/vanni_nofire1.mp4",
    "video/vtest.avi",
    "video/intel_car-detection.mp4",
    "video/intel_one-by-one-person-detection.mp4",
    "video/intel_store-aisle-detection_preview.gif",
    "video/intel_worker-zone-detection_preview.gif",
    "video/fastalpr_test_patente.mp4",
    "mot/TUD-Campus/TUD-Campus.mp4",
    "mot/scenescape/Cam_x1_0_10fps.mp4",
    "mot/scenescape/Cam_x2_0_10fps.mp4",
    "hand/intel_asl_bird.mkv",
    "hand/intel_asl_help.mkv",
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (ASSETS / "fire").is_dir(), reason=f"the clips are not here: {ASSETS / 'fire'}"),
]


@pytest.fixture(scope="module")
def fire_smoke() -> Iterator[Specialist]:
    cv2.setNumThreads(1)
    store = WeightsStore(ASSETS / "models", load_registry())
    specialist = open_specialist("fire_smoke", Tools(store, None, state=lambda _slug: None))  # type: ignore[arg-type]
    yield specialist
    specialist.close()


def pictures(clip: Path) -> list[NDArray[np.uint8]]:
    """A clip at about four pictures a second, or as it is where it has fewer."""
    video = cv2.VideoCapture(str(clip))
    step = max(1, round(video.get(cv2.CAP_PROP_FPS) / FPS))
    found: list[NDArray[np.uint8]] = []
    while video.grab():
        if len(found) * step == video.get(cv2.CAP_PROP_POS_FRAMES) - 1 or step == 1:
            found.append(np.asarray(video.retrieve()[1], np.uint8))
    video.release()
    assert found, f"{clip} holds no pictures"
    return found


def statuses(specialist: Specialist, clip: Path) -> list[str]:
    """Of bursts all over the clip."""
    shown = pictures(clip)
    starts = list(range(0, max(1, len(shown) - BURST + 1), STRIDE))
    if (len(shown) - BURST) % STRIDE and len(shown) > BURST:
        starts.append(len(shown) - BURST)
    chosen = [starts[place] for place in np.unique(np.linspace(0, len(starts) - 1, MOST_BURSTS).astype(int))]
    return [str(examined(specialist, shown[start : start + BURST])["status"]) for start in chosen]


def examined(specialist: Specialist, shown: list[NDArray[np.uint8]]) -> dict[str, object]:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    case = Case(
        tuple(Picture(bgr, at=at + timedelta(seconds=number / FPS)) for number, bgr in enumerate(shown)), "scene", at
    )
    return dict(specialist.examine(case).results)


@pytest.mark.parametrize("clip", FIRES)
def test_a_clip_of_a_fire_raises_an_alarm(fire_smoke: Specialist, clip: str) -> None:
    label, floor = FIRES[clip]
    found = statuses(fire_smoke, ASSETS / "fire" / "sequences" / f"{clip}.mp4")
    alarms = [status for status in found if status not in ("none", "uncertain")]
    assert any(label in status for status in alarms), found
    assert len(alarms) >= floor * len(found), found


@pytest.mark.parametrize("clip", HARMLESS)
def test_no_other_clip_does(fire_smoke: Specialist, clip: str) -> None:
    found = statuses(fire_smoke, ASSETS / clip)
    assert set(found) <= {"none", "uncertain"}, found


def test_a_single_still_is_never_more_than_a_suspicion(fire_smoke: Specialist) -> None:
    stills = sorted((ASSETS / "fire" / "stills" / "valid" / "images").glob("*.jpg"))
    assert stills
    for still in stills[::4]:
        found = examined(fire_smoke, [np.asarray(cv2.imread(str(still)), np.uint8)])
        assert (found["status"], found["detections"]) == ("uncertain", []), still.name
