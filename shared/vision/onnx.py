"""Opening a model in ONNX Runtime, on whatever it can use here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from shared.domain.errors import UserError

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


def open_session(
    path: Path, *, name: str, provider: Provider = "auto", threads: int = 1, spin: bool = False
) -> ort.InferenceSession:
    """A session over the ONNX file at `path`; `name` is what the operator knows it by.

    `threads` 0 leaves it to ONNX Runtime. `spin` lets threads wait for each other within one run by burning CPU,
    which is faster while cores are free; between runs they always sleep, since spinning there doubles the cost of
    everything else on the machine. Raises `UserError` when the file is not there or cannot be loaded.
    """
    if not path.is_file():
        raise UserError(f"model {name}", f"{path} is not there", remedy="fetch it with `argus models pull`")
    options = ort.SessionOptions()
    options.log_severity_level = _QUIET
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spin)))
    options.add_session_config_entry("session.force_spinning_stop", "1")
    providers = choose_providers(provider, ort.get_available_providers())
    try:
        return ort.InferenceSession(str(path), options, providers=providers)
    except _LOAD_ERRORS as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"model {name}", f"{path.name} cannot be loaded ({reason})", remedy="fetch it again") from None


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


def checked_input(session: Any, *, name: str, size: tuple[int, int]) -> Any:
    """The one input of a session that takes float pictures [batch, 3, height, width] of `size` (width, height).

    Raises `UserError` when its input is anything else.
    """
    width, height = size
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
            f"model {name}",
            f"its input is not one float tensor [batch, 3, {height}, {width}] but: {shapes}",
            remedy="give the input size the weights were exported with",
        )
    return inputs[0]
