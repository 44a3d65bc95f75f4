"""How much a picture of a face is worth for telling whose it is."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.face.alignment import aligned
from services.modules.specialists.face.detected import Detected

_SMALLEST_PX, _LARGE_PX = 16.0, 96.0
_BLURRED, _SHARP = 8.0, 120.0
_PROFILE = 0.6
_DARK, _DIM, _LIGHT, _WHITE = 15.0, 50.0, 210.0, 250.0
_FLAT, _LIVELY = 4.0, 25.0
_LEAST = 0.02
_POOR = 0.35


@dataclass(frozen=True, slots=True)
class Quality:
    """Each 0..1; `pose` is 1 for who looks into the camera, `certainty` is the detector's."""

    size: float
    sharpness: float
    pose: float
    light: float
    certainty: float

    @property
    def score(self) -> float:
        """All of them in one, 0..1: their geometric mean, so that what is missing cannot be made up for."""
        parts = np.array([self.size, self.sharpness, self.pose, self.light, self.certainty])
        return float(np.exp(np.log(np.clip(parts, _LEAST, 1.0)).mean()))

    @property
    def complaints(self) -> tuple[str, ...]:
        """What is wrong with the picture, in words for the person who took it."""
        words = {
            "is too small": self.size,
            "is blurred": self.sharpness,
            "looks away": self.pose,
            "is too dark or too bright": self.light,
        }
        return tuple(text for text, value in words.items() if value < _POOR)


def quality_of(picture: NDArray[np.uint8], face: Detected) -> Quality:
    """Judge a face on its picture, [height, width, 3] BGR."""
    grey = np.asarray(cv2.cvtColor(aligned(picture, face), cv2.COLOR_BGR2GRAY), np.uint8)[24:104, 16:96]
    return Quality(
        size=_between(min(face.box.width, face.box.height), _SMALLEST_PX, _LARGE_PX) ** 0.5,
        sharpness=_between(np.log(_edges(grey)), np.log(_BLURRED), np.log(_SHARP)),
        pose=1 - min(1.0, abs(turned_by(face)) / _PROFILE),
        light=_light(grey),
        certainty=face.confidence,
    )


def turned_by(face: Detected) -> float:
    """How far the nose is off the middle between the eyes, in distances of the eyes: ±.5 is half a profile."""
    right, left, nose = (np.array(face.landmarks[name]) for name in ("right_eye", "left_eye", "nose"))
    axis = left - right
    distance = float(axis @ axis)
    return float((nose - (left + right) / 2) @ axis / distance) if distance > 0 else 1.0


def _edges(grey: NDArray[np.uint8]) -> float:
    """The variance of the second derivative, as if the face were lit evenly."""
    even = cv2.GaussianBlur(grey, (3, 3), 0).astype(np.float32)
    contrast = max(float(even.std()), _FLAT) / 40
    return max(float(cv2.Laplacian(even, cv2.CV_32F).var()) / contrast**2, 1e-3)


def _light(grey: NDArray[np.uint8]) -> float:
    mean = float(grey.mean())
    lit = min(_between(mean, _DARK, _DIM), 1 - _between(mean, _LIGHT, _WHITE))
    return lit * _between(float(grey.std()), _FLAT, _LIVELY)


def _between(value: float, low: float, high: float) -> float:
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))
