"""`ocr`: the text on a picture."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import Field

from services.modules.specialist import Case, Finding, Manifest, Tools
from services.modules.specialists.ocr.line import Reader
from shared.domain.box import Box
from shared.settings.section import Section
from shared.settings.sections import Words
from shared.vision.pictures import cut

_MARGIN = 0.05


class OcrSettings(Section):
    """`languages` must be readable (empty: whatever the recogniser knows).

    `recogniser` is a PP-OCR model (ONNX) of your own, for other scripts. Lines read with less than
    `least_confidence` are not told.
    """

    backend: Literal["rapidocr", "paddleocr"] = "rapidocr"
    languages: Words = ()
    recogniser: Path | None = None
    least_confidence: float = Field(default=0.5, ge=0, le=1)


class Ocr:
    """Finds lines of text and reads them."""

    manifest: ClassVar[Manifest] = Manifest(
        name="ocr",
        version="1",
        summary="reads text: signs, labels, screens, documents",
        scopes=frozenset({"object", "scene"}),
        max_pictures=1,
        cost_ms=700,
    )
    settings_type: ClassVar[type[OcrSettings]] = OcrSettings

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    @classmethod
    def open(cls, options: OcrSettings, tools: Tools) -> Self:
        if options.backend == "paddleocr":
            from services.modules.specialists.ocr.paddle import PaddleReader

            return cls(
                PaddleReader(
                    languages=options.languages, least_confidence=options.least_confidence, threads=tools.threads
                )
            )
        from services.modules.specialists.ocr.rapid import RapidReader

        return cls(
            RapidReader(
                languages=options.languages,
                least_confidence=options.least_confidence,
                recogniser=options.recogniser,
                threads=tools.threads,
            )
        )

    def examine(self, case: Case) -> Finding:
        picture = case.pictures[-1]
        height, width = picture.bgr.shape[:2]
        part, (left, top) = cut(picture.bgr, picture.subject or Box(0, 0, width, height), margin=_MARGIN)
        lines = [line.shown() for line in self._reader.read(part)] if part.size else []
        for line in lines:
            line["bbox"] = [round(v + d, 1) for v, d in zip(line["bbox"], (left, top, left, top), strict=True)]
            line["polygon"] = [[round(x + left, 1), round(y + top, 1)] for x, y in line["polygon"]]
        return Finding({"lines": lines, "text": "\n".join(line["text"] for line in lines)})

    def close(self) -> None:
        self._reader.close()
