"""OpenCV's built-in people detector: needs no weights, so something works on a machine without any.

Source: Dalal & Triggs, "Histograms of Oriented Gradients for Human Detection" (2005). It finds standing
people of about 64 × 128 pixels and more at the scale it works on, and little else.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from shared.domain.box import Box
from shared.domain.detection import Detection
from shared.settings.section import Section
from shared.vision.model import ModelSpec
from shared.vision.suppression import suppress

_WINDOW = (64, 128)
# The window it was trained on leaves a margin of 16 pixels around a person.
_MARGIN = (16 / 64, 16 / 128)


class HogSettings(Section):
    """`long_side_px` is the size a picture is brought to: larger finds smaller people and costs its square."""

    long_side_px: int = Field(default=800, ge=128, le=4096)
    min_weight: float = Field(default=0.0, ge=-1.0, le=5.0)
    nms_iou: float = Field(default=0.35, gt=0, le=1)


class HogDetector:
    """People by OpenCV's default HOG descriptor and linear SVM."""

    settings_type = HogSettings

    def __init__(self, spec: ModelSpec | None, *, settings: HogSettings) -> None:
        del spec  # its weights come with OpenCV
        self._settings = settings
        self._hog = cv2.HOGDescriptor()
        people = np.asarray(cv2.HOGDescriptor.getDefaultPeopleDetector(), dtype=np.float32)
        self._hog.setSVMDetector(people)

    @property
    def name(self) -> str:
        return "hog:opencv"

    @property
    def labels(self) -> tuple[str, ...]:
        return ("person",)

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[list[Detection]]:
        return [self._detect_one(image) for image in images]

    def close(self) -> None:
        pass

    def _detect_one(self, image: NDArray[np.uint8]) -> list[Detection]:
        height, width = image.shape[:2]
        scale = self._settings.long_side_px / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        if size[0] < _WINDOW[0] or size[1] < _WINDOW[1]:
            return []
        scaled = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        found, weights = self._hog.detectMultiScale(
            scaled,
            hitThreshold=self._settings.min_weight,
            winStride=(8, 8),
            padding=(8, 8),
            scale=1.05,
            groupThreshold=0,
        )
        if len(found) == 0:
            return []
        boxes, scores = _tight(np.asarray(found, np.float64)) / scale, np.asarray(weights, np.float64).ravel()
        classes = np.zeros(len(scores), dtype=np.intp)
        kept = suppress(boxes, scores, classes=classes, iou=self._settings.nms_iou)
        detections = (
            Detection("person", confidence_of(float(scores[i])), Box(*boxes[i].tolist()).clipped(width, height))
            for i in kept
        )
        return [detection for detection in detections if detection.box.area >= 1]


def confidence_of(weight: float) -> float:
    """A signed distance to the SVM's plane → 0..1.

    A logistic curve through what such distances mean in practice: 0 is as good as nothing (.1),
    .5 a toss-up (.4), 1 a person (.75).
    """
    return 1 / (1 + math.exp(2.2 - 3.3 * weight))


def _tight(xywh: NDArray[np.float64]) -> NDArray[np.float64]:
    """Windows (x, y, w, h) → boxes (x1, y1, x2, y2) without the margin around the person."""
    x, y, w, h = xywh.T
    dx, dy = w * _MARGIN[0], h * _MARGIN[1]
    return np.stack([x + dx, y + dy, x + w - dx, y + h - dy], axis=1)
