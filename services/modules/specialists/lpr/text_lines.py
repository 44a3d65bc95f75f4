"""Lines of text in a picture, by the text detector (differentiable binarisation) that RapidOCR brings along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.vision.onnx import open_session

_STRIDE = 32
_INK = 0.3
_MIN_SIDE = 3.0
_GROWTH = 1.6
_MAX_LINES = 200


@dataclass(frozen=True, slots=True, eq=False)
class TextLine:
    """A line of text: `quad` [4, 2] its corners in pixels (left-top, right-top, right-bottom, left-bottom).

    `score` 0..1 is how sure the detector is that this is text. `whole` is a plate up to its frame instead, cut out by
    whoever sent the picture.
    """

    quad: NDArray[np.float32]
    score: float
    whole: bool = False

    @property
    def width(self) -> float:
        return float(np.linalg.norm(self.quad[1] - self.quad[0]) + np.linalg.norm(self.quad[2] - self.quad[3])) / 2

    @property
    def height(self) -> float:
        return float(np.linalg.norm(self.quad[3] - self.quad[0]) + np.linalg.norm(self.quad[2] - self.quad[1])) / 2

    @property
    def centre(self) -> NDArray[np.float32]:
        middle: NDArray[np.float32] = self.quad.mean(axis=0)
        return middle


class TextLines:
    """Finds lines of text. Owned by one thread."""

    def __init__(self, path: Path, *, threads: int, min_score: float = 0.5) -> None:
        self._session: Any = open_session(path, name="lines of text", provider="cpu", threads=threads)
        self._input = self._session.get_inputs()[0].name
        self._min_score = min_score

    def find(self, picture: NDArray[np.uint8], *, pixels: int, max_scale: float = 2.0) -> list[TextLine]:
        """Lines in a BGR picture that is looked at with about `pixels` pixels; blocks for about 0.3 µs each.

        Smaller pictures are enlarged up to `max_scale`. The lines are in the given picture's own pixels.
        """
        height, width = picture.shape[:2]
        scale = min(max_scale, (pixels / (height * width)) ** 0.5)
        size = tuple(max(_STRIDE, round(side * scale / _STRIDE) * _STRIDE) for side in (width, height))
        shrinking = size[0] * size[1] < height * width
        resized = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR)
        tensor = cv2.dnn.blobFromImage(resized, 1 / 127.5, mean=(127.5, 127.5, 127.5))
        chances = self._session.run(None, {self._input: tensor})[0][0, 0]
        return _lines(chances, np.array([width / size[0], height / size[1]], np.float32), self._min_score)

    def close(self) -> None:
        """Give the session back. Calling it again does nothing."""
        self._session = None


def _lines(chances: NDArray[np.float32], factor: NDArray[np.float32], min_score: float) -> list[TextLine]:
    ink = cv2.dilate((chances > _INK).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(ink, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    lines: list[TextLine] = []
    for contour in sorted(contours, key=len, reverse=True)[:_MAX_LINES]:
        centre, (width, height), angle = cv2.minAreaRect(contour)
        if min(width, height) < _MIN_SIDE:
            continue
        score = _mean_inside(chances, _corners(centre, (width, height), angle))
        if score < min_score:
            continue
        # The detector marks the core of a line; its outline lies further out by this much on every side.
        margin = width * height * _GROWTH / (width + height)
        grown = _corners(centre, (width + margin, height + margin), angle)
        lines.append(TextLine((_ordered(grown) * factor).astype(np.float32), score))
    return sorted(lines, key=lambda line: (-line.score, *line.centre.tolist()))


def _corners(centre: Sequence[float], size: Sequence[float], angle: float) -> NDArray[np.float32]:
    return np.asarray(cv2.boxPoints((centre, size, angle)), np.float32)


def _mean_inside(chances: NDArray[np.float32], corners: NDArray[np.float32]) -> float:
    left, top = np.maximum(np.floor(corners.min(axis=0)).astype(int), 0)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int) + 1
    part = chances[top:bottom, left:right]
    mask = np.zeros(part.shape, np.uint8)
    cv2.fillPoly(mask, [np.round(corners - [left, top]).astype(np.int32)], 1)
    return float(cv2.mean(part, mask)[0])


def _ordered(corners: NDArray[np.float32]) -> NDArray[np.float32]:
    by_x = corners[np.argsort(corners[:, 0], kind="stable")]
    left, right = (half[np.argsort(half[:, 1], kind="stable")] for half in (by_x[:2], by_x[2:]))
    return np.array([left[0], right[0], right[1], left[1]], np.float32)
