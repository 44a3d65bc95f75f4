"""The eye on annotated footage: real people in view become presences, each one once, and nothing else does.

The floors lie a little under what is reached (docs/adr/0003-own-tracker.md has the figures).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.eye.detector import Detector
from tests.accuracy.clips import CLIPS, YOLOX_NANO, Clip, open_yolox_nano, watch
from tests.accuracy.ground_truth import Score

# Clip → frames per second → found at least, presences per true track at most, false per true track at most.
FLOORS: dict[str, dict[float, tuple[float, float, float]]] = {
    "vtest": {10: (0.95, 1.3, 0.06), 5: (0.95, 1.3, 0.06), 2: (0.95, 1.6, 0.06), 1: (0.89, 1.6, 0.11)},
    "TUD-Campus": {25: (1.0, 1.3, 0.0), 5: (1.0, 1.3, 0.0), 25 / 12: (1.0, 1.3, 0.0)},
    # One of the two people of x2 walks out of the picture and comes back half a minute later.
    "scenescape x1": {5: (1.0, 1.5, 0.0), 2.5: (1.0, 1.5, 0.0)},
    "scenescape x2": {5: (1.0, 1.5, 0.0), 2.5: (1.0, 2.0, 0.5)},
}


@pytest.fixture(scope="module")
def detector() -> Iterator[Detector]:
    if not YOLOX_NANO.path.is_file():
        pytest.skip(f"the weights {YOLOX_NANO.path} are not here")
    opened = open_yolox_nano()
    yield opened
    opened.close()


@pytest.mark.slow
@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.name)
def test_presences_match_the_people_in_the_clip(clip: Clip, detector: Detector) -> None:
    if not (clip.video.is_file() and clip.truth.is_file()):
        pytest.skip(f"the clip {clip.video} or its ground truth is not here")
    scores = watch(clip, detector)
    for fps, reached in scores.items():
        print(f"{clip.name:14s} {fps:5.1f} fps  {reached}")
    missed = {fps: str(reached) for fps, reached in scores.items() if not _holds(clip, fps, reached)}
    assert not missed


def _holds(clip: Clip, fps: float, reached: Score) -> bool:
    found, per_track, false = FLOORS[clip.name][fps]
    return reached.found >= found and reached.per_track <= per_track and reached.false_per_track <= false
