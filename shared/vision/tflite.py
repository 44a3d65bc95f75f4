"""Opening a TensorFlow Lite model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from shared.domain.errors import UserError


class TfliteNetwork:
    """A network of one input. Owned by one thread; see `shared.vision.network.Network`.

    Raises `UserError` when the file is not there or cannot be loaded; `name` is what the operator knows it by.
    """

    def __init__(self, path: Path, *, name: str, threads: int = 1) -> None:
        if not path.is_file():
            raise UserError(f"model {name}", f"{path} is not there", remedy=f"run 'argus models pull {name}'")
        try:
            self._interpreter: Any = Interpreter(str(path), num_threads=max(1, threads))
            self._interpreter.allocate_tensors()
        except (RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())[:200]
            remedy = f"run 'argus models pull {name}'"
            raise UserError(f"model {name}", f"{path.name} cannot be loaded ({reason})", remedy=remedy) from None
        self._input = self._interpreter.get_input_details()[0]
        self._outputs = [output["index"] for output in self._interpreter.get_output_details()]
        self.input_shape = tuple(int(side) for side in self._input["shape"])
        self.input_type = np.dtype(self._input["dtype"])

    def run(self, tensor: NDArray[Any]) -> Sequence[NDArray[np.float32]]:
        self._interpreter.set_tensor(self._input["index"], tensor)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index) for index in self._outputs]

    def close(self) -> None:
        self._interpreter = None
