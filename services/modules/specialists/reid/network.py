"""An embedding network over ONNX Runtime, such as OSNet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.reid.embedder import unit
from shared.domain.errors import UserError
from shared.vision.onnx import checked_input, open_session
from shared.weights.entry import InputLayout, Weights


class NetworkEmbedder:
    """Stretches each body to the network's input. Raises `UserError` when the file is not what its entry says."""

    def __init__(self, weights: Weights, path: Path, *, threads: int) -> None:
        if weights.input is None or weights.output.layout != "embedding" or weights.task != "appearance":
            raise UserError(
                "modules.specialists.reid.model",
                f"{weights.name} does not embed bodies",
                remedy="name weights of the task appearance and the layout embedding",
            )
        self.name = weights.name
        self._layout = weights.input
        self._session: Any = open_session(path, name=weights.name, provider="cpu", threads=threads)
        source = checked_input(self._session, name=weights.name, size=(self._layout.width, self._layout.height))
        self._input = source.name
        self._tensor = np.zeros((1, 3, self._layout.height, self._layout.width), np.float32)
        self.size = self._checked_size(weights)

    def embed(self, bodies: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        found = np.empty((len(bodies), self.size), np.float32)
        for number, body in enumerate(bodies):
            write(body, self._layout, self._tensor[0])
            found[number] = self._session.run(None, {self._input: self._tensor})[0][0]
        return unit(found)

    def close(self) -> None:
        self._session = None

    def _checked_size(self, weights: Weights) -> int:
        shape = self._session.run(None, {self._input: self._tensor})[0].shape
        if len(shape) != 2 or (weights.output.size or shape[1]) != shape[1]:
            raise UserError(
                f"model {weights.name}",
                f"its output {list(shape)} is not [1, {weights.output.size}]",
                remedy="correct its entry of the registry",
            )
        return int(shape[1])


def write(picture: NDArray[np.uint8], layout: InputLayout, planes: NDArray[np.float32]) -> None:
    """A BGR picture, stretched and normalised as `layout` says, into `planes` [3, height, width]."""
    # Averaging over areas costs a quarter of the network's own time: it is for crops that would alias otherwise.
    method = cv2.INTER_AREA if picture.shape[0] > 2 * layout.height else cv2.INTER_LINEAR
    fitted = cv2.resize(picture, (layout.width, layout.height), interpolation=method)
    order = (2, 1, 0) if layout.channels == "rgb" else (0, 1, 2)
    plane = np.empty(fitted.shape[:2], np.uint8)
    for target, channel in enumerate(order):
        mean, std = np.float32(layout.mean[target]), np.float32(layout.std[target])
        cv2.extractChannel(fitted, channel, dst=plane)
        np.multiply(plane, np.float32(1) / std, out=planes[target])
        planes[target] -= mean / std
