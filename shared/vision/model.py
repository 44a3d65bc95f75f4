"""A YOLO model's file and how to read it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from shared.domain.errors import UserError
from shared.weights.entry import Weights
from shared.weights.labels import labels_of

_LAYOUTS = ("yolox", "yolov8")
_NMS_IOU = 0.45


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model file and how to read it.

    `layout` is "yolox" or "yolov8"; `input_size` is (width, height) in pixels. Detections under
    `confidence` are not reported: keep it low, since the tracker holds on to known objects by
    their weak detections and trusts only the strong ones to be new.
    """

    name: str
    path: Path
    layout: str
    input_size: tuple[int, int]
    labels: tuple[str, ...]
    confidence: float = 0.1
    nms_iou: float = _NMS_IOU


def yolo_spec(weights: Weights, path: Path, *, confidence: float = 0.1, field: str = "weights") -> ModelSpec:
    """How to read the weights at `path`, from their entry of the registry. Looks at no file.

    Raises `UserError`, naming `field`, when they are no YOLO detector.
    """
    if weights.output.layout not in _LAYOUTS or weights.input is None:
        raise UserError(
            field,
            f"{weights.name} is no detector that can be read here",
            remedy=f"choose one of layout {' or '.join(_LAYOUTS)}",
        )
    return ModelSpec(
        name=weights.name,
        path=path,
        layout=weights.output.layout,
        input_size=(weights.input.width, weights.input.height),
        labels=labels_of(weights),
        confidence=confidence,
        nms_iou=weights.output.nms_iou or _NMS_IOU,
    )
