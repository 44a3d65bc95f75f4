"""The 17 keypoints of a body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

NAMES: Final = (
    "nose",
    *(
        f"{side}_{part}"
        for part in ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
        for side in ("left", "right")
    ),
)
NOSE = 0
SHOULDERS, ELBOWS, WRISTS = (5, 6), (7, 8), (9, 10)
HIPS, KNEES, ANKLES = (11, 12), (13, 14), (15, 16)
HEAD: Final = (0, 1, 2, 3, 4)

SEEN: Final = 0.25
"""From which score on a keypoint is believed: the networks' scores are coarse."""


@dataclass(frozen=True, slots=True, eq=False)
class Skeleton:
    """Keypoints [17, 2] (x, y) in pixels of a picture and their scores [17], 0..1, in the order of `NAMES`."""

    points: NDArray[np.float64]
    scores: NDArray[np.float64]

    @property
    def seen(self) -> NDArray[np.bool_]:
        return self.scores >= SEEN

    @property
    def confidence(self) -> float:
        """How well its trunk is seen: the mean score of shoulders and hips."""
        return float(self.scores[[*SHOULDERS, *HIPS]].mean())

    def shown(self, width: int, height: int) -> list[dict[str, Any]]:
        """The keypoints that are believed, as clients read them, inside a picture of `width` × `height` pixels."""
        inside = np.clip(self.points, 0, (width, height))
        return [
            {"name": NAMES[i], "x": round(x, 1), "y": round(y, 1), "confidence": round(float(self.scores[i]), 4)}
            for i, (x, y) in enumerate(inside.tolist())
            if self.scores[i] >= SEEN
        ]


def flipped(skeleton: Skeleton, width: float) -> Skeleton:
    """As a mirror would show it: left and right exchanged, in a picture of `width` pixels."""
    order = [0, *(i for left in range(1, len(NAMES), 2) for i in (left + 1, left))]
    return Skeleton(skeleton.points[order] * (-1, 1) + (width, 0), skeleton.scores[order])
