"""YOLO models through ONNX Runtime, on whatever it can use here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors
from pydantic import Field

from services.eye.detector import ModelSpec
from services.eye.yolo import YoloEnds
from shared.domain.detection import Detection
from shared.domain.errors import UserError
from shared.settings.section import Section

Provider = Literal["auto", "cpu", "cuda", "openvino"]

_PROVIDERS = {
    "cuda": "CUDAExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
_LOAD_ERRORS = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NoSuchFile,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)
_QUIET = 3


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
        self._ends = YoloEnds(spec)
        self._spec = spec
        self._session: Any = _open(spec, settings)
        self._input = _checked_input(self._session, spec)
        batch = self._input.shape[0]
        self._fixed_batch = batch if isinstance(batch, int) and batch > 0 else None
        width, height = spec.input_size
        self._tensor = np.zeros((self._fixed_batch or settings.max_batch, 3, height, width), np.float32)
        self._check_output()

    @property
    def name(self) -> str:
        return f"onnx:{self._spec.name}"

    @property
    def labels(self) -> tuple[str, ...]:
        return self._spec.labels

    @property
    def provider(self) -> str:
        """What computes, in ONNX Runtime's words."""
        return str(self._session.get_providers()[0])

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[list[Detection]]:
        return self._ends.detect(images, tensor=self._tensor, run=self._run)

    def close(self) -> None:
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
                f"model {self._spec.name}",
                f"a {self._spec.layout} model has one output, this one has: {names}",
                remedy="use weights of a layout the eye can read (yolox, yolov8)",
            )
        self._ends.check_output(self._run(1).shape)


def choose_providers(wanted: Provider, available: Sequence[str]) -> list[str]:
    """ONNX Runtime's providers in order of preference, always with the CPU as the last resort.

    Raises `UserError` when one that was asked for by name is not there.
    """
    if wanted == "auto":
        return [name for name in _PROVIDERS.values() if name in available]
    if _PROVIDERS[wanted] not in available:
        there = ", ".join(short for short, name in _PROVIDERS.items() if name in available)
        raise UserError(
            "onnx.provider",
            f"this onnxruntime has no {wanted}",
            remedy=f"install the onnxruntime build for {wanted}, or use one of: auto, {there}",
        )
    return list(dict.fromkeys([_PROVIDERS[wanted], _PROVIDERS["cpu"]]))


def _open(spec: ModelSpec, settings: OnnxSettings) -> Any:
    if not spec.path.is_file():
        raise UserError(f"model {spec.name}", f"{spec.path} is not there", remedy="fetch it with `argus models pull`")
    options = ort.SessionOptions()
    options.log_severity_level = _QUIET
    options.intra_op_num_threads = settings.threads
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(settings.spin)))
    options.add_session_config_entry("session.force_spinning_stop", "1")
    providers = choose_providers(settings.provider, ort.get_available_providers())
    try:
        return ort.InferenceSession(str(spec.path), options, providers=providers)
    except _LOAD_ERRORS as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"model {spec.name}", f"{spec.path.name} cannot be loaded ({reason})", remedy="fetch it again"
        ) from None


def _checked_input(session: Any, spec: ModelSpec) -> Any:
    width, height = spec.input_size
    inputs = session.get_inputs()
    fits = len(inputs) == 1 and inputs[0].type == "tensor(float)" and len(inputs[0].shape) == 4
    if fits:
        fits = all(
            not isinstance(has, int) or has == wants
            for has, wants in zip(inputs[0].shape[1:], (3, height, width), strict=True)
        )
    if not fits:
        shapes = "; ".join(f"{i.name} {i.type} {i.shape}" for i in inputs)
        raise UserError(
            f"model {spec.name}",
            f"its input is not one float tensor [batch, 3, {height}, {width}] but: {shapes}",
            remedy="give the input size the weights were exported with",
        )
    return inputs[0]
