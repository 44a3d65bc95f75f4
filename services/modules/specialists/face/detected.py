"""A face as a detector finds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from shared.domain.box import Box

POINTS = ("right_eye", "left_eye", "nose", "mouth_right", "mouth_left")
"""What landmarks are called: right and left are the person's own. Some detectors know the first three only."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Detected:
    """`box` and `landmarks` (some of `POINTS`, the eyes and the nose at least) in pixels; `confidence` 0..1."""

    box: Box
    confidence: float
    landmarks: Mapping[str, Point]

    def moved(self, matrix: NDArray[np.float64]) -> Detected:
        """The same face after its picture was mapped by [2, 3]; the box is the upright one around the mapped one."""
        x1, y1, x2, y2 = self.box.as_xyxy()
        corners = np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]]) @ matrix[:, :2].T + matrix[:, 2]
        (left, top), (right, bottom) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
        points = np.array(list(self.landmarks.values())) @ matrix[:, :2].T + matrix[:, 2]
        named = {name: (float(x), float(y)) for name, (x, y) in zip(self.landmarks, points.tolist(), strict=True)}
        return Detected(Box(left, top, right, bottom), self.confidence, named)


class Detector(Protocol):
    """Owned by one thread."""

    def find(self, picture: NDArray[np.uint8]) -> list[Detected]:
        """Upright faces on a picture [height, width, 3] BGR, in its pixels, best first. Blocks while it computes."""
        ...


class Embedder(Protocol):
    """Owned by one thread. Vectors are only comparable where `name` is the same."""

    @property
    def name(self) -> str: ...

    def embed(self, picture: NDArray[np.uint8], face: Detected, *, thorough: bool = False) -> NDArray[np.float32]:
        """What the recogniser makes of a face: a vector of unit length.

        A `thorough` one costs twice: it is that of the face and of its mirror image.
        """
        ...
