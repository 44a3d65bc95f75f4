"""What is kept of the picture of a face, and finding the face in it again."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from services.modules.faces import Cutout, SeenFace
from services.modules.specialists.face.detected import Detected
from services.modules.specialists.face.naming import pixels
from services.modules.specialists.face.reader import Sight
from shared.domain.box import Box, iou
from shared.vision.pictures import cut

_SURROUNDINGS = 0.6
_LONGEST_PX = 512
_THE_SAME = 0.5


def seen_face(picture: NDArray[np.uint8], sight: Sight) -> SeenFace:
    """A face that has a vector, with its cutout."""
    if sight.vector is None:
        raise ValueError("a face without a vector cannot be enrolled")
    return SeenFace(
        bbox=_box(sight.face, picture),
        confidence=sight.face.confidence,
        quality=sight.quality.score,
        complaints=sight.quality.complaints,
        vector=sight.vector,
        cutout=cut_out(picture, sight.face),
    )


def cut_out(picture: NDArray[np.uint8], face: Detected) -> Cutout:
    """The face and as much around it as another detector needs, of at most 512 pixels a side."""
    part, (left, top) = cut(picture, face.box, margin=_SURROUNDINGS)
    scale = min(1.0, _LONGEST_PX / max(part.shape[:2]))
    small = part if scale == 1 else cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    inside = face.moved(np.array([[scale, 0, -left * scale], [0, scale, -top * scale]]))
    bgr = np.ascontiguousarray(small, np.uint8)
    points = {name: (round(x), round(y)) for name, (x, y) in inside.landmarks.items()}
    return Cutout(bgr, _box(inside, bgr), points)


def detected_in(cutout: Cutout, found: Sequence[Detected]) -> Detected:
    """Of the faces `found` in a cutout the one that it was made for; as it was known then when none is."""
    box = Box(*(float(value) for value in cutout.bbox))
    best = max(found, key=lambda face: iou(face.box, box), default=None)
    if best is not None and iou(best.box, box) >= _THE_SAME:
        return best
    return Detected(box, 1.0, {name: (float(x), float(y)) for name, (x, y) in cutout.landmarks.items()})


def _box(face: Detected, picture: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    x1, y1, x2, y2 = pixels(face, (picture.shape[1], picture.shape[0]))
    return (x1, y1, x2, y2)
