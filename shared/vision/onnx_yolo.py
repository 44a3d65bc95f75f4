"""A YOLO model over one ONNX Runtime session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.domain.detection import Detection
from shared.domain.errors import UserError
from shared.vision.model import ModelSpec
from shared.vision.onnx import Provider, checked_input, open_session
from shared.vision.yolo import YoloEnds


class OnnxYolo:
    """Pictures of any size in, detections out. Owned by one thread.

    Raises `UserError` when the file is missing or is not what `spec` says. `provider`, `threads` and `spin` are
    those of `open_session`; `max_batch` bounds pictures per run where the model allows.
    """

    def __init__(
        self,
        spec: ModelSpec,
        *,
        provider: Provider = "auto",
        threads: int = 1,
        spin: bool = False,
        max_batch: int = 8,
    ) -> None:
        self.spec = spec
        self._ends = YoloEnds(spec)
        self._session: Any = open_session(spec.path, name=spec.name, provider=provider, threads=threads, spin=spin)
        self._input = checked_input(self._session, name=spec.name, size=spec.input_size)
        batch = self._input.shape[0]
        self._fixed_batch = batch if isinstance(batch, int) and batch > 0 else None
        width, height = spec.input_size
        self._tensor = np.zeros((self._fixed_batch or max_batch, 3, height, width), np.float32)
        self._check_output()

    @property
    def provider(self) -> str:
        """What computes, in ONNX Runtime's words."""
        return str(self._session.get_providers()[0])

    def detect(self, pictures: Sequence[NDArray[np.uint8]]) -> list[list[Detection]]:
        """Pictures [height, width, 3] BGR → for each its detections, best first, in its own pixels."""
        return self._ends.detect(pictures, tensor=self._tensor, run=self._run)

    def close(self) -> None:
        """Give the session back. Calling it again does nothing."""
        self._session = None

    def _run(self, pictures: int) -> NDArray[np.float32]:
        if self._session is None:
            raise RuntimeError("the detector is closed")
        tensor = self._tensor if self._fixed_batch else self._tensor[:pictures]
        output: NDArray[np.float32] = self._session.run(None, {self._input.name: tensor})[0]
        return output

    def _check_output(self) -> None:
        if len(self._session.get_outputs()) != 1:
            names = ", ".join(output.name for output in self._session.get_outputs())
            raise UserError(
                f"model {self.spec.name}",
                f"a {self.spec.layout} model has one output, this one has: {names}",
                remedy="use weights of a layout that can be read (yolox, yolov8)",
            )
        self._ends.check_output(self._run(1).shape)
