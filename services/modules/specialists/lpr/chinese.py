"""Reading Chinese plates with LPRNet, where its weights are there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.lpr.alphabet import DIGITS, PROVINCES, Folding
from services.modules.specialists.lpr.ctc import decode
from services.modules.specialists.lpr.reading import Reading
from shared.domain.errors import UserError
from shared.vision.onnx import open_session

_SIZE = (94, 24)
# The order of its classes; the last one is CTC's blank.
_CLASSES = (*PROVINCES, *DIGITS, *"ABCDEFGHJKLMNPQRSTUVWXYZIO")


class ChineseReader:
    """Whole plates in, readings out. Owned by one thread."""

    def __init__(self, path: Path, *, threads: int) -> None:
        self._session: Any = open_session(path, name="lprnet_chinese", provider="cpu", threads=threads)
        self._input = self._session.get_inputs()[0].name
        shape = self._session.get_outputs()[0].shape
        if shape[1] != len(_CLASSES) + 1:
            raise UserError("weights lprnet_chinese", f"their output {shape} is not that of LPRNet for Chinese plates")
        self._folding = Folding(_CLASSES)

    def read(self, plate: NDArray[np.uint8]) -> Reading:
        """The picture of one plate, frame to frame, BGR of any size → its characters; blocks for some 2 ms."""
        small = cv2.resize(plate, _SIZE, interpolation=cv2.INTER_AREA if plate.shape[1] > _SIZE[0] else cv2.INTER_CUBIC)
        tensor = cv2.dnn.blobFromImage(small, 1 / 128, mean=(127.5, 127.5, 127.5))
        logits = self._session.run(None, {self._input: tensor})[0][0].T
        chances = np.exp(logits - logits.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        folded = self._folding.fold(np.roll(chances, 1, axis=1))
        reading = decode(folded, raw="")
        return Reading(reading.glyphs, reading.text, reading.breaks)

    def close(self) -> None:
        """Give the session back. Calling it again does nothing."""
        self._session = None
