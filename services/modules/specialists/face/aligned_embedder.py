"""Recognising faces with a network of the ArcFace family: SFace, MobileFaceNet and their like."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.face.alignment import ALIGNED_PX, aligned
from services.modules.specialists.face.detected import Detected
from shared.domain.errors import UserError
from shared.vision.onnx import checked_input, open_session
from shared.weights.entry import InputLayout, Weights

LAYOUT = "embedding"

_REMEDY = "name weights of task face_embedding that take aligned faces of 112 × 112 and answer one embedding"


class AlignedEmbedder:
    """Faces aligned by their landmarks to 112 × 112; the channels and the scaling are those of the registry's entry.

    Raises `UserError` when the weights are not such a network.
    """

    def __init__(self, weights: Weights, path: Path, *, threads: int) -> None:
        self.name = f"{weights.name}-{weights.sha256[:8]}"
        self._layout = _checked(weights)
        self._session: Any = open_session(path, name=weights.name, provider="cpu", threads=threads)
        self._input = checked_input(self._session, name=weights.name, size=(ALIGNED_PX, ALIGNED_PX)).name
        self._mean, self._std = (np.array(values, np.float32) for values in (self._layout.mean, self._layout.std))
        answered = self._run(np.zeros((ALIGNED_PX, ALIGNED_PX, 3), np.uint8)).size
        if weights.output.size not in (None, answered):
            raise UserError(f"weights {weights.name}", f"answer {answered} floats and not {weights.output.size}")

    def embed(self, picture: NDArray[np.uint8], face: Detected, *, thorough: bool = False) -> NDArray[np.float32]:
        """See `Embedder`."""
        straight = aligned(picture, face)
        vector = self._run(straight)
        return _unit(vector + self._run(straight[:, ::-1])) if thorough else vector

    def _run(self, straight: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The embedding of one aligned face, of unit length."""
        ordered = straight[:, :, ::-1] if self._layout.channels == "rgb" else straight
        tensor = ((ordered.astype(np.float32) - self._mean) / self._std).transpose(2, 0, 1)[None]
        answer = np.asarray(self._session.run(None, {self._input: np.ascontiguousarray(tensor)})[0], np.float32)
        return _unit(answer.reshape(-1))


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), np.float32)


def _checked(weights: Weights) -> InputLayout:
    layout = weights.input
    fits = layout is not None and (layout.width, layout.height) == (ALIGNED_PX, ALIGNED_PX)
    if layout is None or not fits or layout.resize != "aligned" or layout.order != "nchw" or layout.dtype != "float32":
        raise UserError("modules.specialists.face.recogniser", f"{weights.name} takes no aligned faces", remedy=_REMEDY)
    if weights.task != "face_embedding" or weights.output.layout != LAYOUT:
        raise UserError("modules.specialists.face.recogniser", f"{weights.name} embeds no faces", remedy=_REMEDY)
    return layout
