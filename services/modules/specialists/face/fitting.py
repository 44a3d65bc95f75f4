"""Bringing a picture to the size a detector works best at."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def fitted(picture: NDArray[np.uint8], *, longest_px: int, most_upscaled: float) -> tuple[NDArray[np.uint8], float]:
    """The picture with a longest side of `longest_px`, enlarged `most_upscaled` times at most; and the factor."""
    height, width = picture.shape[:2]
    scale = min(longest_px / max(height, width), most_upscaled)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if size == (width, height):
        return picture, 1.0
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, size, interpolation=way), np.uint8), scale
