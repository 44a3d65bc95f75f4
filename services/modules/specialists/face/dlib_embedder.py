"""Recognising faces with dlib's network: what is there without any download."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.face.alignment import upright
from services.modules.specialists.face.detected import Detected
from services.modules.specialists.face.dlib_models import FIVE_POINTS, RESNET, load_dlib, model_path
from shared.vision.pictures import cut

NAME = "dlib_resnet_v1"

_CHIP_PX, _PADDING = 150, 0.25
_LARGE_PX = 400
_BELOW_THE_CHIN = 0.2


class DlibEmbedder:
    """128 floats of unit length."""

    name = NAME

    def __init__(self) -> None:
        self._dlib = load_dlib()
        self._points = self._dlib.shape_predictor(str(model_path(FIVE_POINTS)))
        self._network = self._dlib.face_recognition_model_v1(str(model_path(RESNET)))

    def embed(self, picture: NDArray[np.uint8], face: Detected, *, thorough: bool = False) -> NDArray[np.float32]:
        """See `Embedder`."""
        chip = self._chip(picture, face)
        chips = [chip, np.ascontiguousarray(chip[:, ::-1])] if thorough else [chip]
        vector = np.asarray(self._network.compute_face_descriptor(chips), np.float64).sum(axis=0)
        return np.asarray(vector / np.linalg.norm(vector), np.float32)

    def _chip(self, picture: NDArray[np.uint8], face: Detected) -> NDArray[np.uint8]:
        """The face as the network was shown faces: turned by the five points of dlib's own predictor."""
        part, face = upright(*_around(picture, face))
        scale = min(1.0, _LARGE_PX / max(part.shape[:2]))
        if scale < 1:
            part = np.asarray(cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
        rgb = cv2.cvtColor(part, cv2.COLOR_BGR2RGB)
        shape = self._points(rgb, self._dlib.rectangle(*(round(value * scale) for value in square(face))))
        return np.asarray(self._dlib.get_face_chip(rgb, shape, _CHIP_PX, _PADDING), np.uint8)


def square(face: Detected) -> tuple[float, float, float, float]:
    """The square that dlib's detector draws around a face: as wide as it is, down to the chin."""
    box = face.box
    side = min(box.width, box.height)
    centre, bottom = (box.x1 + box.x2) / 2, box.y2 - _BELOW_THE_CHIN * (box.height - side)
    return (centre - side / 2, bottom - side, centre + side / 2, bottom)


def _around(picture: NDArray[np.uint8], face: Detected) -> tuple[NDArray[np.uint8], Detected]:
    """The part of the picture where the face is, and the face in it."""
    part, (left, top) = cut(picture, face.box, margin=1.0)
    return part, face.moved(np.array([[1.0, 0, -left], [0, 1, -top]]))
