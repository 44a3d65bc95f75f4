"""Turning a face so that its eyes, nose and mouth stand where a recogniser expects them."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.face.detected import Detected

ALIGNED_PX = 112
"""The side of an aligned face."""

# Where recognisers of the ArcFace family were trained to find them in a picture of 112 pixels.
_PLACES = {
    "right_eye": (38.2946, 51.6963),
    "left_eye": (73.5318, 51.5014),
    "nose": (56.0252, 71.7366),
    "mouth_right": (41.5493, 92.3655),
    "mouth_left": (70.7299, 92.2041),
}
_MOST_TIMES = 6
# What quarters counterclockwise do to the points of a picture of width × height.
_TO_UPRIGHT: dict[int, Callable[[float, float], NDArray[np.float64]]] = {
    1: lambda width, _height: np.array([[0.0, 1, 0], [-1, 0, width]]),
    2: lambda width, height: np.array([[-1.0, 0, width], [0, -1, height]]),
    3: lambda _width, height: np.array([[0.0, -1, height], [1, 0, 0]]),
}
_BELOW_THE_NOSE = (56.0252, 77.0)
"""Three points are those of a detector whose third one lies where the nose meets the lip."""


def aligned(picture: NDArray[np.uint8], face: Detected) -> NDArray[np.uint8]:
    """The face as a picture of 112 × 112 pixels, BGR; black where it reaches over the edge."""
    matrix = _matrix(face)
    times = int(1 / max(float(np.hypot(matrix[0, 0], matrix[1, 0])), 1e-3))
    # A far larger face is taken larger and its pixels averaged: to skip most of them would make noise of skin.
    several = min(max(times, 1), _MOST_TIMES)
    side = ALIGNED_PX * several
    large = cv2.warpAffine(picture, matrix * several, (side, side), flags=cv2.INTER_LINEAR)
    size = (ALIGNED_PX, ALIGNED_PX)
    return np.asarray(large if several == 1 else cv2.resize(large, size, interpolation=cv2.INTER_AREA), np.uint8)


def upright(picture: NDArray[np.uint8], face: Detected) -> tuple[NDArray[np.uint8], Detected]:
    """Both turned by so many quarters that the face stands upright, or leans by 45 degrees at most."""
    height, width = picture.shape[:2]
    right, left = face.landmarks["right_eye"], face.landmarks["left_eye"]
    quarters = round(math.atan2(left[1] - right[1], left[0] - right[0]) / (math.pi / 2)) % 4
    if quarters == 0:
        return picture, face
    turned = np.ascontiguousarray(np.rot90(picture, quarters))
    return turned, face.moved(_TO_UPRIGHT[quarters](float(width), float(height)))


def _matrix(face: Detected) -> NDArray[np.float64]:
    places = _PLACES if len(face.landmarks) > len(("eye", "eye", "nose")) else {**_PLACES, "nose": _BELOW_THE_NOSE}
    names = list(face.landmarks)
    source = np.array([face.landmarks[name] for name in names])
    return similarity(source, np.array([places[name] for name in names]))


def similarity(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """The turn, scale and shift [2, 3] that brings points [n, 2] nearest to others (least squares)."""
    from_mean, to_mean = source.mean(axis=0), target.mean(axis=0)
    a, b = source - from_mean, target - to_mean
    spread = max(float((a**2).sum()), 1e-9)
    cosine = float((a * b).sum()) / spread
    sine = float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / spread
    turn = np.array([[cosine, -sine], [sine, cosine]])
    shift = to_mean - turn @ from_mean
    return np.column_stack([turn, shift])
