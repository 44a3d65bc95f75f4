"""Finding the faces of a picture, whichever way up they stand."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.face.detected import Detected, Detector

_TURNS = (cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_90_COUNTERCLOCKWISE, cv2.ROTATE_180)
_SURE, _BETTER = 0.9, 0.02


def find_faces(detector: Detector, picture: NDArray[np.uint8], *, turned: bool, most: int) -> list[Detected]:
    """At most `most` faces, the largest first; `turned` looks four ways where none is sure to stand upright."""
    found = _inside(detector.find(picture), picture)
    if turned and _surest(found) < _SURE:
        lying = _turned(detector, picture)
        # A face upside down looks a little like a face.
        found = lying if _surest(lying) > _surest(found) + _BETTER else found
    return sorted(found, key=lambda face: (-face.box.area, *face.box.as_xyxy()))[:most]


def _turned(detector: Detector, picture: NDArray[np.uint8]) -> list[Detected]:
    """The faces of the way they are surest in: the others show noses for mouths."""
    height, width = picture.shape[:2]
    best: list[Detected] = []
    for turn in _TURNS:
        lying = np.ascontiguousarray(cv2.rotate(picture, turn), np.uint8)
        found = [face.moved(_back(turn, width, height)) for face in detector.find(lying)]
        found = _inside(found, picture)
        best = max(best, found, key=_surest)
    return best


def _surest(found: list[Detected]) -> float:
    return max((face.confidence for face in found), default=0.0)


def _back(turn: int, width: int, height: int) -> NDArray[np.float64]:
    """The [2, 3] that brings points of the turned picture back to where they were in `width` × `height`."""
    if turn == cv2.ROTATE_90_CLOCKWISE:
        return np.array([[0.0, 1, 0], [-1, 0, height]])
    if turn == cv2.ROTATE_90_COUNTERCLOCKWISE:
        return np.array([[0.0, -1, width], [1, 0, 0]])
    return np.array([[-1.0, 0, width], [0, -1, height]])


def _inside(found: list[Detected], picture: NDArray[np.uint8]) -> list[Detected]:
    """Without those of which no half lies in the picture."""
    height, width = picture.shape[:2]
    return [face for face in found if face.box.clipped(width, height).area > 0.5 * face.box.area > 0]
