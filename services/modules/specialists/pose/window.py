"""The square of a picture in which one person is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.domain.box import Box

_GROWN: Final = 1.25


@dataclass(frozen=True, slots=True)
class Window:
    """Its left-top corner and side in pixels of the picture; `turns` quarter turns anticlockwise bring it upright."""

    left: float
    top: float
    side: float
    turns: int = 0

    def cut(self, picture: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
        """[size, size, 3], black outside of the picture, turned."""
        x1, y1 = max(0, int(self.left)), max(0, int(self.top))
        x2, y2 = (max(0, int(np.ceil(corner + self.side))) for corner in (self.left, self.top))
        part = picture[y1:y2, x1:x2]
        if not part.size:
            return np.zeros((size, size, 3), np.uint8)
        # Shrunk by area first: a warp alone would pick single pixels out of many.
        shrunk = min(1.0, 2 * size / self.side)
        width, height = (max(1, round(length * shrunk)) for length in (part.shape[1], part.shape[0]))
        small = cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA) if shrunk < 1 else part
        scale = size / self.side
        across, down = scale * part.shape[1] / small.shape[1], scale * part.shape[0] / small.shape[0]
        matrix = np.array([[across, 0, (x1 - self.left) * scale], [0, down, (y1 - self.top) * scale]])
        upright = cv2.warpAffine(small, matrix, (size, size), flags=cv2.INTER_LINEAR)
        return np.ascontiguousarray(np.rot90(upright, self.turns))

    def to_picture(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Points [n, 2] in 0..1 of the cut → in pixels of the picture."""
        unturned = np.asarray(points, np.float64)
        for _ in range(self.turns % 4):
            unturned = np.stack([1 - unturned[:, 1], unturned[:, 0]], axis=1)
        return unturned * self.side + (self.left, self.top)


def window_around(box: Box, *, turns: int = 0) -> Window:
    """The square around a person's box, with a margin."""
    side = max(box.width, box.height, 1.0) * _GROWN
    return Window((box.x1 + box.x2 - side) / 2, (box.y1 + box.y2 - side) / 2, side, turns)
