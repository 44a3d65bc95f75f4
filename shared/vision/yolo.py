"""A YOLO network's two ends: pictures → tensor, tensor → detections. Whatever runs it lies between."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from shared.domain.box import Box
from shared.domain.detection import Detection
from shared.domain.errors import UserError
from shared.vision.letterbox import Letterbox, Placement
from shared.vision.model import ModelSpec
from shared.vision.suppression import suppress
from shared.vision.yolo_layouts import LAYOUTS


class YoloEnds:
    """Pre- and post-processing for one model. Not thread-safe (it reuses its buffers)."""

    def __init__(self, spec: ModelSpec) -> None:
        if spec.layout not in LAYOUTS:
            raise UserError(
                "layout",
                f"{spec.layout!r} is not a layout that can be read",
                remedy=f"use one of: {', '.join(sorted(LAYOUTS))}",
            )
        self.spec = spec
        self._layout = LAYOUTS[spec.layout]
        self._letterbox = Letterbox(
            spec.input_size, corner=self._layout.corner, rgb=self._layout.rgb, factor=self._layout.factor
        )

    def output_shape(self) -> tuple[int, int]:
        """What the network must give for one picture."""
        return self._layout.output_shape(self.spec.input_size, len(self.spec.labels))

    def check_output(self, shape: tuple[int, ...]) -> None:
        """Raise `UserError` when a network's output [batch, …] is not of this layout."""
        expected = self.output_shape()
        if shape[1:] != expected:
            raise UserError(
                f"model {self.spec.name}",
                f"its output {list(shape)} is not of layout {self.spec.layout} for "
                f"{len(self.spec.labels)} labels at {self.spec.input_size[0]}×{self.spec.input_size[1]} "
                f"([batch, {expected[0]}, {expected[1]}])",
                remedy="name the layout, input size and labels the weights were exported with",
            )

    def detect(
        self,
        pictures: Sequence[NDArray[np.uint8]],
        *,
        tensor: NDArray[np.float32],
        run: Callable[[int], NDArray[np.float32]],
    ) -> list[list[Detection]]:
        """Detections per picture, as many pictures at once as `tensor` has rows.

        `run(n)` computes the network's output from the first n rows, which were just written.
        """
        found: list[list[Detection]] = []
        for start in range(0, len(pictures), len(tensor)):
            part = pictures[start : start + len(tensor)]
            placements = self.write(part, tensor)
            found += self.read(run(len(part)), placements)
        return found

    def write(self, pictures: Sequence[NDArray[np.uint8]], tensor: NDArray[np.float32]) -> list[Placement]:
        """Fit BGR pictures into the first rows of `tensor` [batch, 3, height, width]."""
        return [
            self._letterbox.write(picture, planes)
            for picture, planes in zip(pictures, tensor[: len(pictures)], strict=True)
        ]

    def read(self, output: NDArray[np.float32], placements: Sequence[Placement]) -> list[list[Detection]]:
        """The network's output [batch, …] → detections per picture, in that picture's pixels."""
        return [self._read_one(output[i], placement) for i, placement in enumerate(placements)]

    def _read_one(self, output: NDArray[np.float32], placement: Placement) -> list[Detection]:
        spec = self.spec
        found = self._layout.decode(output, spec.input_size, floor=spec.confidence)
        kept = suppress(found.xyxy, found.scores, classes=found.classes, iou=spec.nms_iou)
        boxes = placement.to_picture(found.xyxy[kept]).tolist()
        scores, classes = found.scores[kept].tolist(), found.classes[kept].tolist()
        return [
            Detection(spec.labels[label], min(score, 1.0), Box(x1, y1, x2, y2))
            for (x1, y1, x2, y2), score, label in zip(boxes, scores, classes, strict=True)
            if x2 - x1 >= 1 and y2 - y1 >= 1
        ]
