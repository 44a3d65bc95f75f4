"""Where palms are: the network of layout mediapipe_ssd.

The decoding is that of the published model: boxes and 7 keypoints as offsets from 2016 anchors at cell centres.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.vision.hands.square import Square
from shared.vision.letterbox import place
from shared.vision.network import Network
from shared.vision.suppression import suppress

_SIZE: Final = 192
OUTPUTS: Final = (2016 * 18, 2016)

# Of the palm's seven keypoints these give its direction: the wrist and the knuckle of the middle finger.
_WRIST, _KNUCKLE = 0, 2
# Of the nine pairs of numbers all but the second, the box's size, are places.
_PLACES: Final = (0, 2, 3, 4, 5, 6, 7, 8)
_GROWN: Final = 2.6
_SHIFT: Final = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Palm:
    """A palm: its box [x1, y1, x2, y2] and keypoints [7, 2] in pixels of the picture, and its score 0..1."""

    box: NDArray[np.float64]
    keypoints: NDArray[np.float64]
    score: float

    def square(self) -> Square:
        """The square around the whole hand, turned so that the fingers point up."""
        x1, y1, x2, y2 = self.box
        side = max(x2 - x1, y2 - y1)
        dx, dy = self.keypoints[_KNUCKLE] - self.keypoints[_WRIST]
        angle = math.atan2(dx, -dy)
        x = (x1 + x2) / 2 + math.sin(angle) * side * _SHIFT
        y = (y1 + y2) / 2 - math.cos(angle) * side * _SHIFT
        return Square(float(x), float(y), float(side * _GROWN), angle)


class PalmDetector:
    """Finds palms that fill about an eighth of the picture's longer side or more. Owned by one thread."""

    def __init__(self, network: Network, *, least: float, iou: float) -> None:
        self._network = network
        self._least = least
        self._iou = iou
        self._tensor = np.zeros((1, _SIZE, _SIZE, 3), np.float32)
        self._anchors = _anchors()

    def find(self, picture: NDArray[np.uint8]) -> list[Palm]:
        """A BGR picture → its palms, the surest first, in its pixels."""
        placed = self._write(picture)
        raw, logits = self._network.run(self._tensor)[:2]
        scores = 1 / (1 + np.exp(-np.clip(logits.reshape(-1).astype(np.float64), -60, 60)))
        hopeful = np.flatnonzero(scores >= self._least)
        values = raw.reshape(-1, 18)[hopeful].astype(np.float64)
        points = values.reshape(-1, 9, 2) / _SIZE
        points[:, _PLACES] += self._anchors[hopeful, None]
        points *= _SIZE
        half = points[:, 1] / 2
        boxes = np.concatenate([points[:, 0] - half, points[:, 0] + half], axis=1)
        kept = suppress(boxes, scores[hopeful], classes=np.zeros(len(hopeful), np.intp), iou=self._iou)
        scale, left, top = placed
        return [
            Palm(
                (boxes[i] - (left, top, left, top)) / scale,
                (points[i, 2:] - (left, top)) / scale,
                float(scores[hopeful[i]]),
            )
            for i in kept
            if (boxes[i, 2:] > boxes[i, :2] + 1).all()
        ]

    def close(self) -> None:
        self._network.close()

    def _write(self, picture: NDArray[np.uint8]) -> tuple[float, int, int]:
        height, width = picture.shape[:2]
        placement = place((width, height), (_SIZE, _SIZE), corner="centre")
        fitted = (max(1, round(width * placement.scale)), max(1, round(height * placement.scale)))
        left, top = max(0, (_SIZE - fitted[0]) // 2), max(0, (_SIZE - fitted[1]) // 2)
        method = cv2.INTER_AREA if placement.scale < 1 else cv2.INTER_LINEAR
        small = cv2.resize(picture, fitted, interpolation=method)
        self._tensor[:] = 0
        np.divide(
            small[:, :, ::-1], np.float32(255), out=self._tensor[0, top : top + fitted[1], left : left + fitted[0]]
        )
        return placement.scale, left, top


def _anchors() -> NDArray[np.float64]:
    """[2016, 2]: x and y in 0..1 of the input."""
    found = []
    for cells, times in ((24, 2), (12, 6)):
        centres = (np.arange(cells) + 0.5) / cells
        xs, ys = np.meshgrid(centres, centres)
        found.append(np.repeat(np.stack([xs.ravel(), ys.ravel()], axis=1), times, axis=0))
    return np.concatenate(found)
