"""How well `reid`'s vectors tell the people of two clips apart, by pairs of crops of true tracks.

AUC is the chance that a pair of one person is more alike than a
pair of two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from services.modules.specialists.reid.colour_layout import ColourLayout
from services.modules.specialists.reid.embedder import Embedder
from services.modules.specialists.reid.network import NetworkEmbedder
from services.modules.specialists.reid.quality import body_quality
from shared.weights.registry import load_registry
from tests.accuracy.ground_truth import read_mot
from tests.conftest import SHARED

ASSETS = SHARED / "assets"
OSNET = ASSETS / "models" / "osnet_x0_25_msmt17.onnx"
LEAST_HEIGHT, LEAST_WIDTH = 48, 12

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not ASSETS.is_dir(), reason=f"the clips are not here: {ASSETS}")]


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    track: int
    frame: int
    pixels: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Clip:
    video: Path
    truth: Path
    every: int


CLIPS = {
    "TUD-Campus": Clip(ASSETS / "mot/TUD-Campus/TUD-Campus.mp4", ASSETS / "mot/TUD-Campus/gt.txt", every=4),
    "vtest": Clip(ASSETS / "video/vtest.avi", ASSETS / "mot/PETS09-S2L1/gt.txt", every=20),
}
FLOORS = {
    ("osnet_x0_25", "TUD-Campus"): 0.90,
    ("osnet_x0_25", "vtest"): 0.95,
    ("colour_layout_1", "TUD-Campus"): 0.83,
    ("colour_layout_1", "vtest"): 0.91,
}


@pytest.fixture(scope="module", params=["osnet_x0_25", "colour_layout_1"])
def embedder(request: pytest.FixtureRequest) -> Iterator[Embedder]:
    cv2.setNumThreads(1)
    found: Embedder = ColourLayout()
    if request.param != found.name:
        if not OSNET.is_file():
            pytest.skip(f"the weights are not here: {OSNET}")
        found = NetworkEmbedder(load_registry()["osnet_x0_25"], OSNET, threads=1)
    yield found
    found.close()


@pytest.mark.parametrize("clip", sorted(CLIPS))
def test_one_person_is_more_alike_than_two(embedder: Embedder, clip: str) -> None:
    tracks, vectors = presences(embedder, list(crops(CLIPS[clip])))
    alike = vectors @ vectors.T
    first, second = np.triu_indices(len(tracks), k=1)
    same = tracks[first] == tracks[second]
    assert same.sum() >= 40
    assert auc(alike[first, second][same], alike[first, second][~same]) >= FLOORS[embedder.name, clip]


def crops(clip: Clip) -> Iterator[Crop]:
    tracks = read_mot(clip.truth)
    video = cv2.VideoCapture(str(clip.video))
    for frame in range(10_000):
        there, picture = video.read()
        if not there:
            break
        if frame % clip.every:
            continue
        height, width = picture.shape[:2]
        for track, boxes in tracks.items():
            if frame in boxes:
                box = boxes[frame].clipped(width, height)
                x1, y1, x2, y2 = (round(side) for side in box.as_xyxy())
                whole = box.area > 0.8 * boxes[frame].area
                if whole and y2 - y1 >= LEAST_HEIGHT and x2 - x1 >= LEAST_WIDTH:
                    yield Crop(track, frame, np.asarray(picture[y1:y2, x1:x2], np.uint8).copy())
    video.release()


def presences(embedder: Embedder, found: list[Crop]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Three crops of a track in a row are a presence: their mean by quality, as the specialist makes it."""
    tracks, means = [], []
    for track in sorted({crop.track for crop in found}):
        mine = [crop for crop in found if crop.track == track]
        for start in range(0, len(mine) - 2, 3):
            part = mine[start : start + 3]
            weights = [body_quality(crop.pixels) for crop in part]
            mean = np.average(embedder.embed([crop.pixels for crop in part]), axis=0, weights=weights)
            tracks.append(track)
            means.append(mean / np.linalg.norm(mean))
    return np.array(tracks), np.array(means, np.float32)


def auc(same: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    ranks = np.concatenate([same, other]).argsort().argsort() + 1
    return float((ranks[: len(same)].sum() - len(same) * (len(same) + 1) / 2) / (len(same) * len(other)))
