"""Of which type a vehicle is: what its event says, else what a detector says of it near by and from afar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.domain.box import Box, iou
from shared.domain.detection import Detection
from shared.domain.vocabulary import UNSURE, VEHICLE_TYPES

# Detectors take the back of a car that fills the picture for a truck or a bus: those must be clearly ahead.
_LARGE: Final = frozenset({"truck", "bus"})
_AHEAD = 0.3
_LIKELY_CAR = 0.15
_NEAR_PX, _AFAR_PX, _AFAR = 416, 140, 3
_FILLS = 0.4
_SAME = 0.6
_PAD = 114


def views(vehicle: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """A vehicle as it is, and small in the middle of an empty picture; both BGR."""
    near = _within(vehicle, _NEAR_PX)
    small = _within(vehicle, _AFAR_PX)
    height, width = small.shape[:2]
    afar = np.full((height * _AFAR, width * _AFAR, 3), _PAD, np.uint8)
    top, left = (afar.shape[0] - height) // 2, (afar.shape[1] - width) // 2
    afar[top : top + height, left : left + width] = small
    return [near, afar]


def scores(seen: Sequence[Sequence[Detection]], sizes: Sequence[tuple[int, int]]) -> dict[str, float]:
    """The mean over views of the best confidence per type, of boxes that fill the vehicle.

    `sizes` are its (width, height) in each view.
    """
    found = dict.fromkeys(VEHICLE_TYPES, 0.0)
    for detections, (width, height) in zip(seen, sizes, strict=True):
        for name in VEHICLE_TYPES:
            fit = (one.confidence for one in detections if one.label == name and one.box.area > _FILLS * width * height)
            found[name] += max(fit, default=0.0) / len(seen)
    return found


def looked_at(vehicle: NDArray[np.uint8]) -> tuple[list[NDArray[np.uint8]], list[tuple[int, int]]]:
    """`views` of a vehicle and its (width, height) in each."""
    near, afar = views(vehicle)
    sizes = [(near.shape[1], near.shape[0]), (afar.shape[1] // _AFAR, afar.shape[0] // _AFAR)]
    return [near, afar], sizes


def decided(chances: Mapping[str, float]) -> tuple[str, float]:
    """The type and how certain it is (0..1); "unknown" when there is no telling."""
    ranked = sorted(chances.items(), key=lambda item: (-item[1], item[0]))
    (first, score), (_, second) = ranked[0], ranked[1]
    if first in _LARGE and score < second + _AHEAD:
        car = chances.get("car", 0.0)
        return ("car", car) if car > _LIKELY_CAR else (UNSURE, score)
    return (first, score) if score > 0 else (UNSURE, 0.0)


def vehicle_boxes(found: Sequence[Detection], *, least_confidence: float, most: int) -> list[Box]:
    """The largest vehicles on a picture; a box that two types share is one vehicle."""
    likely = [one for one in found if one.label in VEHICLE_TYPES and one.confidence >= least_confidence]
    kept: list[Box] = []
    for one in sorted(likely, key=lambda one: (-one.confidence, one.box.as_xyxy())):
        if all(iou(one.box, other) < _SAME for other in kept):
            kept.append(one.box)
    return sorted(kept, key=lambda box: (-box.area, box.as_xyxy()))[:most]


def _within(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return picture
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
