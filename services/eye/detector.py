"""What finds objects on a picture: the contract, and how one is chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from services.eye.detectors import CATALOGUE
from shared.domain.detection import Detection
from shared.domain.errors import UserError
from shared.plugin import load_class
from shared.settings.section import parse_section
from shared.vision.model import ModelSpec

BEST_FIRST = ("tensorrt", "onnx", "hog")


class Detector(Protocol):
    """Finds objects on pictures of any size. Owned by one thread; blocks while it computes."""

    @property
    def name(self) -> str:
        """Backend and model for logs and health, such as `onnx:yolox_nano`."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label it can report."""
        ...

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[list[Detection]]:
        """Pictures [height, width, 3] BGR → for each its detections, best first, in its own pixels."""
        ...

    def close(self) -> None:
        """Give back what it holds. Calling it again does nothing."""
        ...


def load_detector(backend: str, spec: ModelSpec | None, *, settings: Mapping[str, Any] | None = None) -> Detector:
    """Open one detector and warm it up, so that the first picture is as fast as the rest.

    `spec` is None when there are no weights. Raises `UserError` when this backend cannot run here.
    """
    plugin = load_class("detector", backend, catalogue=CATALOGUE)
    parsed = parse_section(plugin.settings_type, settings or {}, path=f"eye.detectors.{backend}")
    detector: Detector = plugin(spec, settings=parsed)
    detector.detect([np.zeros((64, 64, 3), dtype=np.uint8)])
    return detector


def load_best_detector(
    spec: ModelSpec | None,
    *,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    on_skip: Callable[[str, UserError], None] = lambda _backend, _reason: None,
) -> Detector:
    """The best backend that runs here; `on_skip` hears why each better one does not.

    `settings` holds each backend's own settings by its name.
    """
    for backend in BEST_FIRST:
        try:
            return load_detector(backend, spec, settings=(settings or {}).get(backend))
        except UserError as reason:
            on_skip(backend, reason)
    raise UserError("detector", "none can run here", remedy="run `argus doctor` to see why")
