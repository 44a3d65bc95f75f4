"""A detector and a recogniser of drawn faces: everything about them can be told beforehand."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.face.detected import Detected
from shared.domain.box import Box

SIDE: Final = 60
"""The width of a drawn face in pixels."""

_COLOURS = {(255, 0, 0): 0, (0, 255, 0): 1, (0, 0, 255): 2, (255, 255, 0): 3}
NOBODY: Final = 3


def picture(*faces: tuple[int, int, int], width: int = 400, height: int = 300) -> NDArray[np.uint8]:
    """Faces (who, left, top) on grey: a square of everybody's own colour with a white mouth below."""
    drawn = np.full((height, width, 3), 90, np.uint8)
    colours = {number: colour for colour, number in _COLOURS.items()}
    for who, left, top in faces:
        drawn[top : top + SIDE, left : left + SIDE] = colours[who]
        drawn[top + SIDE - 12 : top + SIDE, left : left + SIDE] = 255
    return drawn


class DrawnDetector:
    """Finds drawn faces whose mouth is below."""

    def __init__(self) -> None:
        self.looks = 0

    def find(self, picture: NDArray[np.uint8]) -> list[Detected]:
        self.looks += 1
        found = []
        for colour in _COLOURS:
            mask = (picture == np.array(colour, np.uint8)).all(axis=2).astype(np.uint8)
            count, _, stats, _ = cv2.connectedComponentsWithStats(mask)
            for left, top, width, height, _area in stats[1:count].tolist():
                below = picture[min(top + height, picture.shape[0] - 1), left + width // 2]
                if width == SIDE and (below == 255).all():
                    found.append(face_at(left, top))
        return found


def face_at(left: float, top: float, *, side: float = SIDE, confidence: float = 0.95) -> Detected:
    """An upright face that looks into the camera."""
    at = {"right_eye": (0.3, 0.4), "left_eye": (0.7, 0.4), "nose": (0.5, 0.6)}
    at |= {"mouth_right": (0.35, 0.8), "mouth_left": (0.65, 0.8)}
    points = {name: (left + x * side, top + y * side) for name, (x, y) in at.items()}
    return Detected(Box(left, top, left + side, top + side), confidence, points)


def vector_of(who: int) -> NDArray[np.float32]:
    """The face of somebody: at right angles to everybody else's."""
    return np.eye(4, dtype=np.float32)[who]


class DrawnEmbedder:
    """Knows everybody by their colour."""

    name = "drawn"

    def embed(self, picture: NDArray[np.uint8], face: Detected, *, thorough: bool = False) -> NDArray[np.float32]:
        x, y = face.landmarks["nose"]
        b, g, r = picture[round(y), round(x)].tolist()
        return vector_of(_COLOURS[b, g, r])
