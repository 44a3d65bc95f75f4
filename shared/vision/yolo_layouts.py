"""How the YOLO families lay out their input and output tensors.

Sources: YOLOX, https://github.com/Megvii-BaseDetection/YOLOX (decoding in `demo_utils.py`);
YOLOv8's export, documented at https://docs.ultralytics.com/modes/export/.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from shared.vision.letterbox import Corner

_STRIDES = (8, 16, 32)


@dataclass(frozen=True, slots=True)
class Candidates:
    """Boxes before suppression: `xyxy` [n, 4] in input pixels, `scores` [n] 0..1, `classes` [n]."""

    xyxy: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.intp]


class YoloLayout(Protocol):
    """One family's conventions. `size` is the input's (width, height) in pixels."""

    corner: Corner
    rgb: bool
    factor: float

    def output_shape(self, size: tuple[int, int], labels: int) -> tuple[int, int]:
        """The shape of the output for one picture."""
        ...

    def decode(self, output: NDArray[np.float32], size: tuple[int, int], *, floor: float) -> Candidates:
        """One picture's output → the candidates whose score is at least `floor`."""
        ...


class YoloX:
    """[anchors, 5 + labels]: offsets on a grid, log sizes in strides, objectness, class scores (0..1)."""

    corner: Corner = "top_left"
    rgb = False
    factor = 1.0

    def output_shape(self, size: tuple[int, int], labels: int) -> tuple[int, int]:
        return (_anchors(size), 5 + labels)

    def decode(self, output: NDArray[np.float32], size: tuple[int, int], *, floor: float) -> Candidates:
        # Objectness bounds the score from above, so most anchors fall before their classes are read.
        hopeful = np.flatnonzero(output[:, 4] >= floor)
        rows = output[hopeful]
        classes = rows[:, 5:].argmax(axis=1)
        scores = rows[:, 4] * rows[np.arange(len(rows)), 5 + classes]
        good = scores >= floor
        hopeful, rows, classes, scores = hopeful[good], rows[good], classes[good], scores[good]
        grid, strides = _grid(size)
        stride = strides[hopeful, None]
        centre = (rows[:, :2] + grid[hopeful]) * stride
        half = np.exp(np.minimum(rows[:, 2:4], 20)) * stride / 2
        return Candidates(np.concatenate([centre - half, centre + half], axis=1), scores, classes)


class YoloV8:
    """[4 + labels, anchors]: centre and size in input pixels, class scores (0..1)."""

    corner: Corner = "centre"
    rgb = True
    factor = 1 / 255

    def output_shape(self, size: tuple[int, int], labels: int) -> tuple[int, int]:
        return (4 + labels, _anchors(size))

    def decode(self, output: NDArray[np.float32], size: tuple[int, int], *, floor: float) -> Candidates:
        hopeful = np.flatnonzero(output[4:].max(axis=0) >= floor)
        columns = output[:, hopeful]
        classes = columns[4:].argmax(axis=0)
        scores = columns[4 + classes, np.arange(len(hopeful))]
        centre, half = columns[:2].T, columns[2:4].T / 2
        return Candidates(np.concatenate([centre - half, centre + half], axis=1), scores, classes)


LAYOUTS: Mapping[str, YoloLayout] = {"yolox": YoloX(), "yolov8": YoloV8()}


def _anchors(size: tuple[int, int]) -> int:
    return sum((size[0] // stride) * (size[1] // stride) for stride in _STRIDES)


@cache
def _grid(size: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cell corners [anchors, 2] in cells and the stride of each anchor in pixels."""
    cells, strides = [], []
    for stride in _STRIDES:
        xs, ys = np.meshgrid(np.arange(size[0] // stride), np.arange(size[1] // stride))
        cells.append(np.stack([xs.ravel(), ys.ravel()], axis=1))
        strides.append(np.full(xs.size, stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(strides).astype(np.float32)
