"""How a shape changes from picture to picture.

A flame gains area at one place while it loses some at another, and never the same way twice. A lamp that blinks, or an
exposure that steps, only gains or only loses; something that moves keeps its shape once the pictures are laid over
each other. At two to five pictures a second a flame's flicker (1–15 Hz) is undersampled: nothing can be told of its
frequency, but every picture shows another shape, and that is what is measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.fire_smoke.flame_masks import opened

_REACH_PX: Final = 10
_CHANGED: Final = 0.03
_LEAST_PX: Final = 8


@dataclass(frozen=True, slots=True)
class Churn:
    """`mean` of min(gained, lost) / union over neighbouring pictures, `lively` the share of them that changed so,
    `pairs` how many there were."""

    mean: float
    lively: float
    pairs: int


def churn(shapes: NDArray[np.bool_]) -> Churn:
    """Of shapes [n, height, width]. Each pair is laid over each other as well as a shift allows."""
    found = []
    for before, after in pairwise(shapes):
        if min(int(before.sum()), int(after.sum())) >= _LEAST_PX:
            found.append(_turnover(before, after))
    if not found:
        return Churn(0.0, 0.0, 0)
    return Churn(float(np.mean(found)), float(np.mean(np.array(found) > _CHANGED)), len(found))


def _turnover(before: NDArray[np.bool_], after: NDArray[np.bool_]) -> float:
    padded = np.pad(before, _REACH_PX)
    overlaps = cv2.matchTemplate(padded.astype(np.float32), after.astype(np.float32), cv2.TM_CCORR)
    overlaps[_REACH_PX, _REACH_PX] += 0.5  # of equal shifts, none
    y, x = np.unravel_index(int(overlaps.argmax()), overlaps.shape)
    moved = padded[y : y + after.shape[0], x : x + after.shape[1]]
    union = int((moved | after).sum())
    gained, lost = int(opened(after & ~moved).sum()), int(opened(moved & ~after).sum())
    return min(gained, lost) / max(union, 1)
