"""Drawn vehicles, as seen from behind."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def car(paint: tuple[int, int, int]) -> NDArray[np.uint8]:
    """A car of one paint (BGR) that fills a picture, with window, bumper, plate, lights and tyres."""
    picture = np.full((240, 300, 3), (120, 122, 124), np.uint8)
    cv2.rectangle(picture, (10, 10), (290, 200), paint, -1)
    cv2.rectangle(picture, (50, 20), (250, 80), (35, 32, 30), -1)
    cv2.rectangle(picture, (10, 185), (290, 215), (25, 25, 25), -1)
    cv2.rectangle(picture, (110, 150), (190, 172), (235, 235, 235), -1)
    for left in (15, 255):
        cv2.rectangle(picture, (left, 100), (left + 30, 130), (20, 20, 190), -1)
        cv2.rectangle(picture, (left, 205), (left + 30, 238), (15, 15, 15), -1)
    return picture
