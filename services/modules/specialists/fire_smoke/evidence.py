"""What was found in a burst: a label, a place, and how sure it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from shared.domain.box import Box, iou
from shared.domain.vocabulary import FireSign

_SAME = 0.3


@dataclass(frozen=True, slots=True)
class Evidence:
    """Fire or smoke at `box`, in pixels of picture number `frame` of the burst. `sure` is False for a mere suspicion,
    whose `confidence` stays under one half."""

    label: FireSign
    confidence: float
    box: Box
    frame: int
    sure: bool


def margin(*parts: tuple[float, float]) -> float:
    """By which factor the weakest of (measured, least) parts exceeds what is asked; 0 where one is missing."""
    return min(measured / least for measured, least in parts)


def confidence(exceeds: float) -> float:
    """From a margin: one half at 1, towards .95 from 3 on."""
    return round(min(0.95, 0.5 + 0.225 * max(0.0, exceeds - 1)), 3) if exceeds >= 1 else round(0.4 * exceeds, 3)


def moved(box: tuple[float, float, float, float], motion: NDArray[np.float64]) -> Box:
    """A box of a shot in pixels of the picture that `motion` [2, 3] leads to."""
    x1, y1, x2, y2 = box
    corners = np.array([[x1, y1, 1], [x2, y1, 1], [x1, y2, 1], [x2, y2, 1]], np.float64) @ motion.T
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    return Box(float(left), float(top), float(right), float(bottom))


def distinct(found: Iterable[Evidence]) -> list[Evidence]:
    """The surest of those that are the same, the latest view first where they are of several."""
    kept: list[Evidence] = []
    for one in sorted(found, key=lambda each: (not each.sure, -each.confidence)):
        if not any(other.label == one.label and _same(other, one) for other in kept):
            kept.append(one)
    return kept


def clipped(found: Iterable[Evidence], frames: Sequence[NDArray[np.uint8]]) -> list[Evidence]:
    """Inside their pictures, without those of which nothing is left."""
    inside = [replace(one, box=one.box.clipped(*frames[one.frame].shape[1::-1])) for one in found]
    return [one for one in inside if one.box.width >= 1 and one.box.height >= 1]


def _same(a: Evidence, b: Evidence) -> bool:
    if a.frame != b.frame:
        return True
    within = a.box.x1 <= b.box.x1 and a.box.y1 <= b.box.y1 and a.box.x2 >= b.box.x2 and a.box.y2 >= b.box.y2
    return within or iou(a.box, b.box) >= _SAME
