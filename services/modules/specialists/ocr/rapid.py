"""PP-OCR's models through RapidOCR and ONNX Runtime. Its package carries them: nothing is fetched."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import rapidocr
from numpy.typing import NDArray

from services.modules.specialists.ocr.line import TextLine, clipped
from shared.domain.errors import UserError

_MODELS: Final = {
    "Det.model_path": "PP-OCRv6_det_small.onnx",
    "Cls.model_path": "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
    "Rec.model_path": "PP-OCRv6_rec_small.onnx",
}
_SECOND_LOOK: Final = 0.95
_LEAST_SIDE: Final = 8


class RapidReader:
    """Reads the scripts of Latin letters, Chinese and Japanese."""

    def __init__(
        self, *, languages: Sequence[str], least_confidence: float, recogniser: Path | None, threads: int
    ) -> None:
        models = _models(recogniser)
        if recogniser is None:
            _check(languages)
        logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
        self._least = least_confidence
        self._engine: Any = rapidocr.RapidOCR(
            params={
                **{name: str(path) for name, path in models.items()},
                "Global.log_level": "critical",
                "Global.text_score": 0.0,
                "EngineConfig.onnxruntime.intra_op_num_threads": threads,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )

    def read(self, picture: NDArray[np.uint8]) -> Sequence[TextLine]:
        height, width = picture.shape[:2]
        if min(height, width) < _LEAST_SIDE:
            return ()
        # All three by name: the engine keeps what it was told last.
        found = self._engine(picture, use_det=True, use_cls=True, use_rec=True)
        if getattr(found, "boxes", None) is None or found.txts is None:
            return ()
        lines = (
            self._line(picture, clipped(np.asarray(corners), width, height), text, float(score))
            for corners, text, score in zip(found.boxes, found.txts, found.scores, strict=True)
        )
        return tuple(line for line in lines if line.confidence >= self._least and line.text)

    def close(self) -> None:
        self._engine = None

    def _line(
        self, picture: NDArray[np.uint8], polygon: tuple[tuple[float, float], ...], text: str, score: float
    ) -> TextLine:
        line = TextLine(text.strip(), score, polygon)
        if score >= _SECOND_LOOK:
            return line
        # Straightening a long line that is bent or slanted a little can squeeze it: as it stands it may read better.
        x1, y1, x2, y2 = (round(value) for value in line.box)
        upright = x2 - x1 >= y2 - y1 >= _LEAST_SIDE
        again = self._engine(picture[y1:y2, x1:x2], use_det=False, use_cls=False, use_rec=True) if upright else None
        if again is None or not again.txts or float(again.scores[0]) <= score:
            return line
        return TextLine(again.txts[0].strip(), float(again.scores[0]), polygon)


def _models(recogniser: Path | None) -> dict[str, Path]:
    folder = Path(rapidocr.__file__).parent / "models"
    models = {name: folder / file for name, file in _MODELS.items()}
    if recogniser is not None:
        models["Rec.model_path"] = recogniser
    for path in models.values():
        if not path.is_file():
            remedy = "correct the path" if path == recogniser else "install rapidocr again"
            raise UserError("module ocr", f"{path} is not there", remedy=remedy)
    return models


def _check(languages: Sequence[str]) -> None:
    engine: Any = rapidocr.RapidOCR
    readable = engine.list_supported_langs("rec", "PP-OCRv6", "small")
    for language in languages:
        if language not in readable:
            raise UserError(
                "modules.specialists.ocr.languages",
                f"the recogniser that comes along cannot read {language[:32]!r}",
                remedy=f"set recogniser to a PP-OCR model (ONNX) that can, or use some of: {', '.join(readable)}",
            )
