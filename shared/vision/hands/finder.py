"""Hands in a picture, also small ones: palms first, then the landmarks of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.domain.box import Box, iou
from shared.domain.errors import UserError
from shared.vision.hands.hand import Hand
from shared.vision.hands.landmarks import OUTPUTS as LANDMARK_OUTPUTS
from shared.vision.hands.landmarks import LandmarkNetwork, square_of
from shared.vision.hands.palms import OUTPUTS as PALM_OUTPUTS
from shared.vision.hands.palms import Palm, PalmDetector
from shared.vision.network import open_network
from shared.vision.pictures import cut
from shared.weights.condition import Condition
from shared.weights.store import WeightsStore

PALMS: Final = ("palm_mediapipe", "palm_lite")
LANDMARKS: Final = ("handpose_mediapipe", "hand_landmark_lite")

_MARGIN: Final = 0.1
_LEAST_SIDE_PX: Final = 16
_LEAST_HAND_PX: Final = 12.0
# Heads of a few pixels look like fists: so small, a hand must be beyond doubt.
_SMALL_HAND_PX: Final = 36.0
_SURE: Final = 0.95
_NMS_IOU: Final = 0.3
_SAME_OVERLAP: Final = 0.6
_SAME_DISTANCE: Final = 0.3
# Somebody who stands is looked at in two parts, or the hands would be too small for the network.
_TALL: Final = 1.5
_PART: Final = 0.6


@dataclass(frozen=True, slots=True)
class Limits:
    """Least scores of a palm and of a hand (0..1), and how many hands are looked at in one picture."""

    palm: float = 0.5
    hand: float = 0.85
    hands: int = 8


class HandFinder:
    """Owned by one thread."""

    def __init__(self, palms: PalmDetector, landmarks: LandmarkNetwork, limits: Limits) -> None:
        self._palms = palms
        self._landmarks = landmarks
        self._limits = limits

    def find(self, picture: NDArray[np.uint8], areas: Sequence[Box]) -> list[Hand]:
        """A BGR picture and the boxes to look into → the hands there, the surest first, in the picture's pixels.

        Each box is looked at enlarged, a tall one in two parts. Blocks while it computes.
        """
        palms: list[Palm] = []
        for area in areas:
            for part in parts(area):
                palms += self._palms_in(picture, part)
        palms.sort(key=lambda palm: -palm.score)
        found: list[Hand] = []
        for palm in _different(palms)[: 2 * self._limits.hands]:
            hand = self._look(picture, palm)
            if hand is not None:
                found.append(hand)
        found.sort(key=lambda hand: -hand.confidence)
        return without_repeats(found)[: self._limits.hands]

    def close(self) -> None:
        self._palms.close()
        self._landmarks.close()

    def _palms_in(self, picture: NDArray[np.uint8], area: Box) -> list[Palm]:
        part, (left, top) = cut(picture, area, margin=_MARGIN)
        if min(part.shape[:2]) < _LEAST_SIDE_PX:
            return []
        corner = np.array([left, top])
        return [
            Palm(palm.box + np.tile(corner, 2), palm.keypoints + corner, palm.score) for palm in self._palms.find(part)
        ]

    def _look(self, picture: NDArray[np.uint8], palm: Palm) -> Hand | None:
        first = self._landmarks.look(picture, palm.square())
        if first.confidence < self._limits.hand / 2:
            return None
        # The palm's own square is rough: the second look is from where the first saw the hand.
        hand = self._landmarks.look(picture, square_of(first))
        size = max(hand.box.width, hand.box.height)
        least = self._limits.hand if size >= _SMALL_HAND_PX else max(self._limits.hand, _SURE)
        return hand if size >= _LEAST_HAND_PX and hand.confidence >= least else None


def open_hand_finder(store: WeightsStore, *, threads: int, limits: Limits) -> HandFinder:
    """Open the best weights that are here. Raises `UserError` with what to pull when there are none."""
    palm_name, landmark_name = best_of(PALMS, store), best_of(LANDMARKS, store)
    palms = open_network(
        store.registry[palm_name], store.weights_path(palm_name), threads=threads, outputs=PALM_OUTPUTS
    )
    landmarks = open_network(
        store.registry[landmark_name], store.weights_path(landmark_name), threads=threads, outputs=LANDMARK_OUTPUTS
    )
    return HandFinder(PalmDetector(palms, least=limits.palm, iou=_NMS_IOU), LandmarkNetwork(landmarks), limits)


def best_of(names: Sequence[str], store: WeightsStore) -> str:
    """The first of `names`, best first, whose file is here whole. Raises `UserError` when none is."""
    for name in names:
        if store.verify(name) is Condition.OK:
            return name
    raise UserError(
        f"weights {' or '.join(repr(name) for name in names)}",
        f"none of them is in {store.folder}",
        remedy=f"run 'argus models pull {names[-1]}'",
    )


def parts(area: Box) -> tuple[Box, ...]:
    """An area, or two overlapping parts of a tall one."""
    if area.height <= _TALL * area.width:
        return (area,)
    share = area.height * _PART
    return (Box(area.x1, area.y1, area.x2, area.y1 + share), Box(area.x1, area.y2 - share, area.x2, area.y2))


def without_repeats(hands: Sequence[Hand]) -> list[Hand]:
    """Each hand once, the surest view of it. Two hands that touch or hold each other stay two."""
    kept: list[Hand] = []
    for hand in hands:
        if not any(_same(hand, other) for other in kept):
            kept.append(hand)
    return kept


def _same(a: Hand, b: Hand) -> bool:
    size = max(b.box.width, b.box.height, 1.0)
    distance = float(np.linalg.norm(a.points[:, :2] - b.points[:, :2], axis=1).mean())
    return distance < _SAME_DISTANCE * size or (a.handedness == b.handedness and iou(a.box, b.box) > _SAME_OVERLAP)


def _different(palms: Sequence[Palm]) -> list[Palm]:
    """Palms that were seen in one area only, or most surely in this one."""
    kept: list[Palm] = []
    for palm in palms:
        box = Box(*palm.box.tolist())
        if all(iou(box, Box(*other.box.tolist())) < _SAME_OVERLAP for other in kept):
            kept.append(palm)
    return kept
