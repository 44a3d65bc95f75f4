"""Writes ONNX files of a few hundred bytes, so that detectors can be tried on models of every shape.

Only what is needed of the format (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto), by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_FLOAT, _INT64 = 1, 7


def write_colour_model(
    path: Path,
    weights: NDArray[np.float32],
    bias: NDArray[np.float32],
    *,
    batch: int | str = "batch",
    side: int = 32,
    outputs: int = 1,
) -> Path:
    """A network whose output [batch, rows, columns] is linear in its input's mean colour.

    `weights` is [3, rows, columns] and `bias` [rows, columns]; the input is [batch, 3, side, side].
    """
    rows, columns = bias.shape
    nodes = [
        _node("GlobalAveragePool", ["images"], ["pooled"]),
        _node("Reshape", ["pooled", "flat_shape"], ["means"]),
        _node("MatMul", ["means", "weights"], ["mixed"]),
        _node("Add", ["mixed", "bias"], ["shifted"]),
        _node("Reshape", ["shifted", "output_shape"], ["output"]),
    ]
    results = ["output", "means"][:outputs]
    graph = b"".join(
        [
            *(_message(1, node) for node in nodes),
            _message(2, b"tiny"),
            *(
                _message(5, tensor)
                for tensor in (
                    _tensor("flat_shape", np.array([0, 3], np.int64)),
                    _tensor("output_shape", np.array([0, rows, columns], np.int64)),
                    _tensor("weights", weights.reshape(3, -1)),
                    _tensor("bias", bias.reshape(1, -1)),
                )
            ),
            _message(11, _value("images", [batch, 3, side, side])),
            *(_message(12, _value(name, [])) for name in results),
        ]
    )
    model = _integer(1, 8) + _message(7, graph) + _message(8, _message(1, b"") + _integer(2, 13))
    path.write_bytes(model)
    return path


def _node(kind: str, inputs: Sequence[str], outputs: Sequence[str]) -> bytes:
    parts = [_message(1, name.encode()) for name in inputs] + [_message(2, name.encode()) for name in outputs]
    return b"".join(parts) + _message(4, kind.encode())


def _tensor(name: str, values: NDArray[np.generic]) -> bytes:
    kind = _INT64 if values.dtype == np.int64 else _FLOAT
    dims = b"".join(_integer(1, size) for size in values.shape)
    return dims + _integer(2, kind) + _message(8, name.encode()) + _message(9, values.tobytes())


def _value(name: str, shape: Sequence[int | str]) -> bytes:
    dims = b"".join(
        _message(1, _integer(1, size) if isinstance(size, int) else _message(2, size.encode())) for size in shape
    )
    tensor = _integer(1, _FLOAT) + (_message(2, dims) if shape else b"")
    return _message(1, name.encode()) + _message(2, _message(1, tensor))


def _message(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _integer(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
