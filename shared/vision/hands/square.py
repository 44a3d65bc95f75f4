"""A turned square of a picture: what a network of landmarks looks at."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Square:
    """Its middle (x, y) and side in pixels; `angle` in radians, clockwise as seen, turns its upright to the hand's."""

    x: float
    y: float
    side: float
    angle: float

    def cut(self, picture: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
        """The square as [size, size, 3], black outside of the picture."""
        to_picture = self._matrix(size).astype(np.float32)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(picture, to_picture, (size, size), flags=flags), np.uint8)

    def to_picture(self, points: NDArray[np.floating], size: int) -> NDArray[np.float64]:
        """Points [n, 3] in pixels of the cut → in pixels of the picture; depth only changes its unit."""
        matrix = self._matrix(size)
        moved = np.asarray(points, np.float64).copy()
        moved[:, :2] = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
        moved[:, 2] = points[:, 2] * self.side / size
        return moved

    def turned(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Points [n, 3] around the origin, turned as the square stands in the picture."""
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        turned = np.asarray(points, np.float64).copy()
        turned[:, :2] = points[:, :2] @ np.array([[cos, sin], [-sin, cos]])
        return turned

    def _matrix(self, size: int) -> NDArray[np.float64]:
        """[2, 3]: from pixels of the cut to pixels of the picture."""
        scale = self.side / size
        cos, sin = math.cos(self.angle) * scale, math.sin(self.angle) * scale
        half = size / 2
        return np.array(
            [[cos, -sin, self.x - cos * half + sin * half], [sin, cos, self.y - sin * half - cos * half]],
            np.float64,
        )
