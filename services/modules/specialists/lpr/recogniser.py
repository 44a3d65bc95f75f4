"""Reading a strip of characters with the recogniser that RapidOCR brings along."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.lpr.alphabet import Folding
from services.modules.specialists.lpr.ctc import decode
from services.modules.specialists.lpr.reading import Reading
from shared.domain.errors import UserError
from shared.vision.onnx import open_session


class Recogniser:
    """Strips in, readings out. Owned by one thread."""

    def __init__(self, path: Path, *, threads: int) -> None:
        self._session: Any = open_session(path, name="characters", provider="cpu", threads=threads)
        self._input = self._session.get_inputs()[0].name
        listed = self._session.get_modelmeta().custom_metadata_map.get("character")
        if not listed:
            raise UserError("module lpr", f"{path.name} does not say what it reads", remedy="install rapidocr again")
        self._characters = [*listed.splitlines(), " "]
        self._folding = Folding(self._characters)

    def read(self, strip: NDArray[np.uint8]) -> Reading:
        """One upright strip [48, width, 3] BGR → its characters; blocks for about 75 µs a column."""
        # One at a time: a batch costs as much as its strips one by one, and padding them to one width more.
        tensor = cv2.dnn.blobFromImage(strip, 1 / 127.5, mean=(127.5, 127.5, 127.5))
        chances = self._session.run(None, {self._input: tensor})[0][0]
        return decode(self._folding.fold(chances), raw=self._raw(chances))

    def close(self) -> None:
        """Give the session back. Calling it again does nothing."""
        self._session = None

    def _raw(self, chances: NDArray[np.float32]) -> str:
        best = chances.argmax(axis=1)
        first = np.flatnonzero(np.diff(best, prepend=0) != 0)
        return "".join(self._characters[number - 1] for number in best[first].tolist() if number)
