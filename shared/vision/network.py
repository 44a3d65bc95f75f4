"""A network that takes one tensor, whatever runs it: the file's name decides."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from shared.domain.errors import UserError
from shared.vision.onnx import open_session
from shared.weights.entry import Weights

_ONNX_TYPES = {"tensor(float)": np.float32, "tensor(uint8)": np.uint8}


class Network(Protocol):
    """Owned by one thread. `run` blocks while it computes and gives the outputs in the file's order."""

    input_shape: tuple[int, ...]
    input_type: np.dtype[Any]

    def run(self, tensor: NDArray[Any]) -> Sequence[NDArray[np.float32]]: ...

    def close(self) -> None:
        """Give back what it holds. Calling it again does nothing."""
        ...


class OnnxNetwork:
    """A network of one input over an ONNX Runtime session on the CPU. Raises `UserError` as `open_session` does."""

    def __init__(self, path: Path, *, name: str, threads: int = 1) -> None:
        self._session: Any = open_session(path, name=name, provider="cpu", threads=threads)
        source = self._session.get_inputs()[0]
        self._name = source.name
        # A free batch is run with one.
        self.input_shape = tuple(side if isinstance(side, int) else 1 for side in source.shape)
        self.input_type = np.dtype(_ONNX_TYPES.get(source.type, np.float32))

    def run(self, tensor: NDArray[Any]) -> Sequence[NDArray[np.float32]]:
        outputs: Sequence[NDArray[np.float32]] = self._session.run(None, {self._name: tensor})
        return outputs

    def close(self) -> None:
        self._session = None


def open_network(weights: Weights, path: Path, *, threads: int, outputs: Sequence[int]) -> Network:
    """Open the file of `weights` and check it: the input its entry describes, and outputs of these many numbers.

    More outputs than these may follow. Raises `UserError` when it is not there, cannot be loaded or is something else.
    """
    network: Network
    if path.suffix == ".tflite":
        # LiteRT is loaded only by who has such a file.
        from shared.vision.tflite import TfliteNetwork

        network = TfliteNetwork(path, name=weights.name, threads=threads)
    else:
        network = OnnxNetwork(path, name=weights.name, threads=threads)
    expected = _input_of(weights)
    if expected is not None and network.input_shape != expected:
        raise _wrong(weights, f"takes {list(network.input_shape)}, not {list(expected)}")
    if weights.input is not None and network.input_type != np.dtype(weights.input.dtype):
        raise _wrong(weights, f"takes {network.input_type}, not {weights.input.dtype}")
    # Running it once also makes the first real run as fast as the rest.
    sizes = [output.size for output in network.run(np.zeros(network.input_shape, network.input_type))]
    if sizes[: len(outputs)] != list(outputs):
        raise _wrong(weights, f"gives outputs of {sizes} numbers, not of {list(outputs)}")
    return network


def _input_of(weights: Weights) -> tuple[int, ...] | None:
    layout = weights.input
    if layout is None:
        return None
    planes = (layout.height, layout.width, 3) if layout.order == "nhwc" else (3, layout.height, layout.width)
    return (1, *planes)


def _wrong(weights: Weights, reason: str) -> UserError:
    return UserError(f"model {weights.name}", f"it {reason}", remedy="correct its entry of the registry")
