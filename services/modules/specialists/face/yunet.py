"""Finding faces with YuNet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.face.detected import POINTS, Detected
from services.modules.specialists.face.fitting import fitted
from shared.domain.box import Box, iou
from shared.domain.errors import UserError
from shared.vision.pictures import cut

_LONGEST_PX = 640
_MOST_UPSCALED = 2.0
_NMS_IOU = 0.3
_CANDIDATES = 200
_LEAST_PX = 16
# Smaller faces are looked at again from nearby: their eyes are a pixel or two.
_SMALL_PX, _NEARBY_PX = 48, 224
_THE_SAME = 0.4


class YunetDetector:
    """Faces from about 10 pixels up to the whole picture, turned by up to some 45 degrees.

    Pictures are brought to a longest side of 640 pixels, small ones enlarged at most twice.
    """

    def __init__(self, path: Path, *, min_confidence: float) -> None:
        try:
            self._network: Any = cv2.FaceDetectorYN.create(
                str(path), "", (_LONGEST_PX, _LONGEST_PX), min_confidence, _NMS_IOU, _CANDIDATES
            )
        except cv2.error as error:
            reason = " ".join(str(error).split())[:120]
            remedy = "run 'argus models pull yunet'"
            raise UserError("weights yunet", f"{path} cannot be loaded ({reason})", remedy=remedy) from None

    def find(self, picture: NDArray[np.uint8]) -> list[Detected]:
        """See `Detector`."""
        if min(picture.shape[:2]) < _LEAST_PX:
            return []
        small, scale = fitted(picture, longest_px=_LONGEST_PX, most_upscaled=_MOST_UPSCALED)
        found = [self._looked_at(picture, face, scale) for face in self._run(small, scale)]
        return sorted(found, key=lambda face: -face.confidence)

    def _looked_at(self, picture: NDArray[np.uint8], face: Detected, scale: float) -> Detected:
        """The face with its landmarks as they are seen from nearby, where it was shrunk to little."""
        if scale >= 1 or face.box.width * scale >= _SMALL_PX:
            return face
        part, (left, top) = cut(picture, face.box, margin=1.0)
        near, nearness = fitted(part, longest_px=_NEARBY_PX, most_upscaled=1.0)
        there = np.array([[1.0, 0, left], [0, 1, top]])
        again = [other.moved(there) for other in self._run(near, nearness)]
        best = max(again, key=lambda other: iou(other.box, face.box), default=None)
        if best is None or iou(best.box, face.box) < _THE_SAME:
            return face
        return Detected(best.box, max(best.confidence, face.confidence), best.landmarks)

    def _run(self, small: NDArray[np.uint8], scale: float) -> list[Detected]:
        self._network.setInputSize((small.shape[1], small.shape[0]))
        rows = self._network.detect(small)[1]
        return [] if rows is None else [_detected(row) for row in np.asarray(rows, np.float64) / _scales(scale)]


def _scales(scale: float) -> NDArray[np.float64]:
    return np.array([scale] * 14 + [1.0])


def _detected(row: NDArray[np.float64]) -> Detected:
    """x, y, width, height, five points, score."""
    x, y, width, height = row[:4].tolist()
    points = [(float(px), float(py)) for px, py in row[4:14].reshape(5, 2)]
    landmarks = dict(zip(POINTS, points, strict=True))
    return Detected(Box(x, y, x + width, y + height), float(min(row[14], 1.0)), landmarks)
