"""YOLO models compiled for an NVIDIA GPU by TensorRT.

The engine is built from the ONNX file at first use (minutes) and kept beside the model or in `cache_dir`.
TensorRT and pycuda are imported only when a detector of this kind is made; they come with the extra
`tensorrt`, as does onnx, which half precision needs since TensorRT 11.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from services.eye.tensorrt_engine import Build, Engine
from shared.domain.detection import Detection
from shared.domain.errors import UserError
from shared.settings.section import Section
from shared.vision.model import ModelSpec
from shared.vision.yolo import YoloEnds

_INSTALL = "install it with `pip install 'argus[tensorrt]'` or `uv sync --extra tensorrt`, or use the backend onnx"


class TensorRtSettings(Section):
    """`cache_dir` None keeps engines in a folder `engines` beside the model; `gpu` is its number.

    `fp16` computes in half precision: TensorRT 10 chooses where, for TensorRT 11 the model is converted first (kept
    beside the engines). Models that are quantized keep their own types.
    """

    cache_dir: Path | None = None
    gpu: int = Field(default=0, ge=0)
    fp16: bool = True
    max_batch: int = Field(default=8, ge=1, le=64)
    workspace_mib: int = Field(default=1024, ge=64)


class TensorRtDetector:
    """A detector over one TensorRT engine, with a CUDA stream and pinned buffers of its own."""

    settings_type = TensorRtSettings

    def __init__(self, spec: ModelSpec | None, *, settings: TensorRtSettings) -> None:
        if spec is None:
            raise UserError("model", "there are no weights", remedy="fetch them with `argus models pull`")
        trt, cuda = _import("tensorrt"), _import("pycuda.driver")
        if not spec.path.is_file():
            raise UserError(
                f"model {spec.name}", f"{spec.path} is not there", remedy="fetch it with `argus models pull`"
            )
        self._spec = spec
        self._ends = YoloEnds(spec)
        build = Build(
            model=spec.name,
            onnx=spec.path,
            folder=settings.cache_dir or spec.path.parent / "engines",
            input_size=spec.input_size,
            max_batch=settings.max_batch,
            fp16=settings.fp16,
            workspace_mib=settings.workspace_mib,
        )
        self._engine: Engine | None = Engine(trt, cuda, build=build, gpu=settings.gpu)
        try:
            self._ends.check_output(self._engine.output_shape)
        except UserError:
            self.close()
            raise

    @property
    def name(self) -> str:
        return f"tensorrt:{self._spec.name}"

    @property
    def labels(self) -> tuple[str, ...]:
        return self._spec.labels

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[list[Detection]]:
        if self._engine is None:
            raise RuntimeError("the detector is closed")
        return self._ends.detect(images, tensor=self._engine.tensor, run=self._engine.run)

    def close(self) -> None:
        if self._engine is not None:
            self._engine.close()
            self._engine = None


def _import(module: str) -> ModuleType:
    try:
        return import_module(module)
    except ImportError as error:  # not installed, or the driver's library is not there
        raise UserError("detector tensorrt", f"{module} cannot be used here ({error})", remedy=_INSTALL) from None
