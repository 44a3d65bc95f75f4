"""Where plates are, by weights trained to find them."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.domain.box import Box
from shared.domain.errors import UserError
from shared.vision.model import yolo_spec
from shared.vision.onnx import checked_input, open_session
from shared.vision.onnx_yolo import OnnxYolo
from shared.weights.condition import Condition
from shared.weights.entry import Weights
from shared.weights.store import WeightsStore

DEFAULT = "lpd_yunet"
_FIELD = "modules.specialists.lpr.detector"
_LEAST = 0.3
_SIZES = ((10, 16, 24), (32, 48), (64, 96), (128, 192, 256))
_VARIANCE = 0.1
_CORNERS = ((4, 6), (6, 8), (10, 12), (12, 14))


class PlateBoxes(Protocol):
    """Finds plates. Owned by one thread."""

    def find(self, picture: NDArray[np.uint8]) -> list[Box]:
        """Boxes of plates in a BGR picture, in its pixels, the surest first; blocks."""
        ...

    def close(self) -> None: ...


def open_plate_boxes(name: str, store: WeightsStore, *, threads: int) -> PlateBoxes | None:
    """The detector called `name`; with "", the default one where its weights are here, otherwise None.

    Raises `UserError` when one that was asked for is not there or cannot be read.
    """
    if not name and store.verify(DEFAULT) is not Condition.OK:
        return None
    wanted = name or DEFAULT
    weights = store.registry[wanted]
    path = store.weights_path(wanted)
    if weights.output.layout == "lpd_yunet":
        return LpdYunet(weights, path, threads=threads)
    spec = yolo_spec(weights, path, confidence=weights.output.score_threshold or _LEAST, field=_FIELD)
    return YoloPlates(OnnxYolo(spec, provider="cpu", threads=threads))


class YoloPlates:
    """A YOLO network with plates as its only label."""

    def __init__(self, yolo: OnnxYolo) -> None:
        self._yolo = yolo

    def find(self, picture: NDArray[np.uint8]) -> list[Box]:
        return [detection.box for detection in self._yolo.detect([picture])[0]]

    def close(self) -> None:
        self._yolo.close()


class LpdYunet:
    """OpenCV's LPD-YuNet: corners of plates, at strides of 8, 16, 32 and 64 pixels."""

    def __init__(self, weights: Weights, path: Path, *, threads: int) -> None:
        if weights.input is None:
            raise UserError(_FIELD, f"{weights.name} has no input layout in the registry", remedy="name other weights")
        self._size = (weights.input.width, weights.input.height)
        self._score, self._iou = weights.output.score_threshold or 0.8, weights.output.nms_iou or _LEAST
        self._session: Any = open_session(path, name=weights.name, provider="cpu", threads=threads)
        self._input = checked_input(self._session, name=weights.name, size=self._size).name
        self._anchors = anchors(self._size)

    def find(self, picture: NDArray[np.uint8]) -> list[Box]:
        height, width = picture.shape[:2]
        tensor = cv2.dnn.blobFromImage(cv2.resize(picture, self._size, interpolation=cv2.INTER_AREA))
        loc, conf, iou = self._session.run(["loc", "conf", "iou"], {self._input: tensor})
        corners, scores = decoded(loc, conf, iou, self._anchors)
        corners = corners * np.array([width, height], np.float32)
        return _boxes(corners, scores, least=self._score, overlap=self._iou, size=(width, height))

    def close(self) -> None:
        self._session = None


def anchors(size: tuple[int, int]) -> NDArray[np.float32]:
    """Where the network looks: [n, 4] centre x, y, width and height, as shares of its input (width, height)."""
    width, height = size
    rows, columns = (height + 1) // 4, (width + 1) // 4
    found = []
    for level, sides in enumerate(_SIZES):
        rows, columns = rows // 2, columns // 2
        step = 8 << level
        for row, column, side in product(range(rows), range(columns), sides):
            found.append(((column + 0.5) * step / width, (row + 0.5) * step / height, side / width, side / height))
    return np.array(found, np.float32)


def decoded(
    loc: NDArray[np.float32], conf: NDArray[np.float32], iou: NDArray[np.float32], at: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The network's outputs → corners [n, 4, 2] as shares of the picture, and scores [n]."""
    loc, conf, iou = (part.reshape(len(at), -1) for part in (loc, conf, iou))
    scores = np.sqrt(conf[:, 1] * np.clip(iou[:, 0], 0.0, 1.0))
    corners = np.stack([at[:, :2] + loc[:, a:b] * _VARIANCE * at[:, 2:] for a, b in _CORNERS], axis=1)
    return corners.astype(np.float32), scores.astype(np.float32)


def _boxes(
    corners: NDArray[np.float32],
    scores: NDArray[np.float32],
    *,
    least: float,
    overlap: float,
    size: tuple[int, int],
) -> list[Box]:
    low, high = corners.min(axis=1), corners.max(axis=1)
    sides = np.concatenate([low, high - low], axis=1)
    kept = np.asarray(cv2.dnn.NMSBoxes(sides.tolist(), scores.tolist(), least, overlap), np.intp).ravel()
    boxes = [Box(*low[i].tolist(), *high[i].tolist()).clipped(*size) for i in kept]
    return [box for box in boxes if box.area > 0]
