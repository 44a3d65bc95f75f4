"""YOLO models through ONNX Runtime, on whatever it can use here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from shared.domain.detection import Detection
from shared.domain.errors import UserError
from shared.settings.section import Section
from shared.vision.model import ModelSpec
from shared.vision.onnx import Provider
from shared.vision.onnx_yolo import OnnxYolo


class OnnxSettings(Section):
    """`threads` 0 leaves it to ONNX Runtime; `max_batch` bounds pictures per call where the model allows.

    `spin` lets threads wait for each other within one picture by burning CPU, which is faster while cores are free;
    between pictures they always sleep, since spinning there doubles the cost of everything else on the machine.
    """

    provider: Provider = "auto"
    threads: int = Field(default=0, ge=0, le=256)
    spin: bool = True
    max_batch: int = Field(default=8, ge=1, le=64)


class OnnxDetector:
    """A detector over one ONNX Runtime session."""

    settings_type = OnnxSettings

    def __init__(self, spec: ModelSpec | None, *, settings: OnnxSettings) -> None:
        if spec is None:
            raise UserError("model", "there are no weights", remedy="fetch them with `argus models pull`")
        self._spec = spec
        self._yolo = OnnxYolo(
            spec,
            provider=settings.provider,
            threads=settings.threads,
            spin=settings.spin,
            max_batch=settings.max_batch,
        )

    @property
    def name(self) -> str:
        return f"onnx:{self._spec.name}"

    @property
    def labels(self) -> tuple[str, ...]:
        return self._spec.labels

    @property
    def provider(self) -> str:
        """What computes, in ONNX Runtime's words."""
        return self._yolo.provider

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[list[Detection]]:
        return self._yolo.detect(images)

    def close(self) -> None:
        self._yolo.close()
