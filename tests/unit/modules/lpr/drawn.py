"""A car with a plate, drawn."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def car(plate: str, *, badge: str = "", width: int = 480) -> NDArray[np.uint8]:
    """A picture [height, width, 3] BGR of a dark car's rear with `plate` in the middle and `badge` above it."""
    picture = np.full((width * 2 // 3, width, 3), (70, 60, 50), np.uint8)
    x, y, w, h = width // 3, width * 5 // 12, width // 3, width // 12
    cv2.rectangle(picture, (x, y), (x + w, y + h), (235, 235, 235), -1)
    if plate:
        _write(picture, plate, at=(x + w // 14, y + h * 3 // 4), width=w * 6 // 7, colour=(15, 15, 15))
    if badge:
        _write(picture, badge, at=(x + w // 6, width // 4), width=w * 2 // 3, colour=(220, 220, 220))
    return picture


def _write(
    picture: NDArray[np.uint8], text: str, *, at: tuple[int, int], width: int, colour: tuple[int, int, int]
) -> None:
    (at_one, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 1.0, 2)
    cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, width / at_one, colour, 2, cv2.LINE_AA)
