"""ONNX models in half precision, for compilers that take a network's types as they are (TensorRT 11)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from services.eye.engine_cache import content_key, write_whole

# Integer models carry their precision in these; with halves between them they are no longer valid.
_QUANTIZED = frozenset(
    {"QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "ConvInteger", "MatMulInteger", "QLinearConv"}
)


class NotHalved(Exception):
    """The model stays in its own types; the text says why, in one line."""


def half_model(model: Path, folder: Path) -> Path:
    """The same model computing in float16, made at first use (a second or so) and kept in `folder` by its content.

    Its input and output stay float32. Operators in which halves are known to go wrong (suppression, top-k,
    ranges, sums over rows …) stay float32 too. Needs the package onnx, which comes with the extra `tensorrt`.
    Raises `NotHalved` for models that are quantized or in halves already, and when it cannot be done here.
    """
    target = folder / f"{model.stem}_{content_key(model)}_fp16.onnx"
    if not target.is_file():
        converted = _converted(model)
        try:
            write_whole(target, converted)
        except OSError as error:
            raise NotHalved(f"{target} cannot be written: {error.strerror or error}") from None
    return target


def _converted(model: Path) -> bytes:
    try:
        import onnx
        from google.protobuf.message import DecodeError, EncodeError
        from onnxruntime.transformers.float16 import convert_float_to_float16
    except ImportError as error:
        raise NotHalved(f"{error.name or error} is not installed; the extra tensorrt brings it") from None
    try:
        loaded = onnx.load(str(model))
        if reason := _reason_to_leave(loaded.graph, float32=onnx.TensorProto.FLOAT):
            raise NotHalved(reason)
        return bytes(convert_float_to_float16(loaded, keep_io_types=True).SerializeToString())
    except (DecodeError, EncodeError, OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
        raise NotHalved(f"the conversion failed: {next(iter(str(error).splitlines()), type(error).__name__)}") from None


def _reason_to_leave(graph: Any, *, float32: int) -> str | None:
    if any(node.op_type in _QUANTIZED for node in graph.node):
        return "it is quantized"
    if not any(weights.data_type == float32 for weights in graph.initializer):
        return "it has no float32 weights"
    return None
