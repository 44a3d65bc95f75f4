"""Where the text models lie that RapidOCR's wheel brings along."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from shared.domain.errors import UserError


def text_model(part: str) -> Path:
    """The ONNX file of `part` ("det" finds lines, "rec" reads them). Loads nothing of the package.

    Raises `UserError` when the package or the file is not there.
    """
    spec = find_spec("rapidocr")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if files := sorted((Path(folder) / "models").glob(f"*_{part}_*.onnx")):
            return files[-1]
    raise UserError("module lpr", "rapidocr brings no text models", remedy="install rapidocr again")
