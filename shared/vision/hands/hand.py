"""A hand and its landmarks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from shared.domain.box import Box

Handedness = Literal["left", "right", "unknown"]

LANDMARKS: Final = (
    "wrist",
    *(f"thumb_{joint}" for joint in ("cmc", "mcp", "ip", "tip")),
    *(f"{finger}_{joint}" for finger in ("index", "middle", "ring", "pinky") for joint in ("mcp", "pip", "dip", "tip")),
)

_SURE_OF_THE_SIDE: Final = 0.75


@dataclass(frozen=True, slots=True, eq=False)
class Hand:
    """A hand in a picture.

    `points` [21, 3] are the landmarks in pixels of the picture; z is their depth relative to the wrist in the same
    unit, smaller is nearer. `shape` [21, 3] are the same landmarks in metres around the hand's middle, turned as the
    picture is. `right` is how likely it is a person's right hand (0..1), `confidence` how likely it is a hand at all.
    """

    points: NDArray[np.float64]
    shape: NDArray[np.float64]
    confidence: float
    right: float

    @property
    def handedness(self) -> Handedness:
        if max(self.right, 1 - self.right) < _SURE_OF_THE_SIDE:
            return "unknown"
        return "right" if self.right > 0.5 else "left"

    @property
    def box(self) -> Box:
        low, high = self.points[:, :2].min(axis=0), self.points[:, :2].max(axis=0)
        return Box(float(low[0]), float(low[1]), float(high[0]), float(high[1]))

    def bbox(self, width: int, height: int) -> list[int]:
        """Its box in whole pixels, inside a picture of `width` × `height`."""
        return [round(side) for side in self.box.clipped(width, height).as_xyxy()]

    def landmarks(self, width: int, height: int) -> list[dict[str, Any]]:
        """The landmarks as clients read them; those outside of the picture at its border."""
        return [
            {
                "name": name,
                "x": round(min(max(x, 0.0), width), 1),
                "y": round(min(max(y, 0.0), height), 1),
                "z": round(z, 1),
            }
            for name, (x, y, z) in zip(LANDMARKS, self.points.tolist(), strict=True)
        ]
