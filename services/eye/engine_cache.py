"""Where compiled engines are kept: one file per model, GPU, compiler version and way of building."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path


def engine_path(folder: Path, *, model: Path, gpu: str, version: str, variant: str) -> Path:
    """The file for a model (by its content) on a GPU model with a compiler version.

    Anything else would load an engine that is not for this hardware. `variant` names what else went into
    the build, such as `fp16-b8`.
    """
    parts = (model.stem, content_key(model), gpu, f"trt{version}", variant)
    return folder / ("_".join(_plain(part) for part in parts) + ".engine")


def content_key(path: Path) -> str:
    """What tells a file's content from any other's, in 16 characters fit for a file name."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Write a file so that nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-").lower()
