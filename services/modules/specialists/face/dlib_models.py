"""dlib and its models, which come inside packages: nothing is fetched."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.face.detected import Detected
from services.modules.specialists.face.fitting import fitted
from shared.domain.box import Box
from shared.domain.errors import UserError

RESNET = "dlib_face_recognition_resnet_model_v1.dat"
FIVE_POINTS = "shape_predictor_5_face_landmarks.dat"

_PACKAGE = "face_recognition_models"
_INSTALL = "install dlib-bin and face-recognition-models again"
_LONGEST_PX = 1600
_MOST_UPSCALED = 3.0
_LEAST_PX = 16
# The detector's scores: from 0 on it means a face, beyond 1.5 there is no doubt left.
_STEEPNESS, _LEAST_SCORE = 2.0, 0.0


def load_dlib() -> Any:
    """The library. Raises `UserError` where it is not installed."""
    try:
        return import_module("dlib")
    except ImportError as error:
        raise UserError("module face", f"dlib cannot be used here ({error})", remedy=_INSTALL) from None


def model_path(name: str) -> Path:
    """Where a model file of the package lies; the package itself is not imported. Raises `UserError`."""
    spec = find_spec(_PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "models" / name
        if path.is_file():
            return path
    raise UserError("module face", f"the package {_PACKAGE} with {name} is not there", remedy=_INSTALL)


class DlibDetector:
    """Upright faces that look into the camera, by gradients; from about 27 pixels in a small picture, and from a
    twentieth of the longest side in a large one.
    """

    def __init__(self, *, min_confidence: float) -> None:
        dlib = load_dlib()
        self._dlib = dlib
        self._detector = dlib.get_frontal_face_detector()
        self._points = dlib.shape_predictor(str(model_path(FIVE_POINTS)))
        self._least = min_confidence

    def find(self, picture: NDArray[np.uint8]) -> list[Detected]:
        """See `Detector`."""
        if min(picture.shape[:2]) < _LEAST_PX:
            return []
        large, scale = fitted(picture, longest_px=_LONGEST_PX, most_upscaled=_MOST_UPSCALED)
        rgb = np.asarray(cv2.cvtColor(large, cv2.COLOR_BGR2RGB), np.uint8)
        boxes, scores, _ = self._detector.run(rgb, 0, _LEAST_SCORE)
        found = [self._detected(rgb, box, _confidence(score), scale) for box, score in zip(boxes, scores, strict=True)]
        return sorted((face for face in found if face.confidence >= self._least), key=lambda face: -face.confidence)

    def _detected(self, rgb: NDArray[np.uint8], box: Any, confidence: float, scale: float) -> Detected:
        landmarks = eyes_and_nose(self._points(rgb, box))
        inside = Box(box.left(), box.top(), box.right() + 1, box.bottom() + 1)
        inverse = np.array([[1 / scale, 0, 0], [0, 1 / scale, 0]])
        return Detected(inside, confidence, landmarks).moved(inverse)


def eyes_and_nose(shape: Any) -> dict[str, tuple[float, float]]:
    """The five points of dlib (corners of the left eye, of the right eye, below the nose) → ours."""
    at = [(float(point.x), float(point.y)) for point in shape.parts()]
    (a, b), (c, d), nose = at[0:2], at[2:4], at[4]
    return {
        "right_eye": ((c[0] + d[0]) / 2, (c[1] + d[1]) / 2),
        "left_eye": ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2),
        "nose": nose,
    }


def _confidence(score: float) -> float:
    """A score as a number 0..1: .75 for the weakest that is a face."""
    return float(1 - 0.25 * np.exp(-_STEEPNESS * max(score, 0.0)))
