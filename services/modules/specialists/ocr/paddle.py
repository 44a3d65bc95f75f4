"""PaddleOCR, where the extra `paddle` is installed."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.ocr.line import TextLine, clipped
from shared.domain.errors import UserError

_INSTALL = "install it with `pip install 'argus[paddle]'` or `uv sync --extra paddle`, or use the backend rapidocr"


class PaddleReader:
    """Reads the first of `languages`. PaddleOCR fetches its models itself at first use."""

    def __init__(self, *, languages: Sequence[str], least_confidence: float, threads: int) -> None:
        try:
            engine = import_module("paddleocr").PaddleOCR
        except ImportError as error:
            raise UserError("module ocr", f"PaddleOCR cannot be used here ({error})", remedy=_INSTALL) from None
        self._least = least_confidence
        self._engine: Any = engine(
            lang=languages[0] if languages else "ch",
            use_doc_orientation_classify=False,
            use_doc_unwarping=False,
            use_textline_orientation=True,
            cpu_threads=threads,
        )

    def read(self, picture: NDArray[np.uint8]) -> Sequence[TextLine]:
        height, width = picture.shape[:2]
        lines = []
        for page in self._engine.predict(picture):
            for corners, text, score in zip(page["rec_polys"], page["rec_texts"], page["rec_scores"], strict=True):
                if float(score) >= self._least and text.strip():
                    polygon = clipped(np.asarray(corners, np.float64), width, height)
                    lines.append(TextLine(text.strip(), float(score), polygon))
        return tuple(lines)

    def close(self) -> None:
        self._engine = None
