"""Number plates."""

from __future__ import annotations

import cv2
import numpy as np

from services.cli.demo.sprite import Image

PLATE_SIDE_M = 0.29
PLATE_UP_M = (0.50, 0.635)
"""Half the plate's width, and its lower and upper edge; a little larger than life."""
REAR_M = -2.16

PLATE_PX = (416, 96)


def plate_picture(text: str) -> Image:
    """A plate [h, w, 4] uint8: BGR and alpha."""
    width, height = PLATE_PX
    picture = np.full((height, width, 3), 236, np.uint8)
    cv2.rectangle(picture, (3, 3), (width - 4, height - 4), (30, 30, 30), 4)
    cv2.rectangle(picture, (6, 6), (40, height - 7), (150, 70, 20), -1)
    font, thickness = cv2.FONT_HERSHEY_SIMPLEX, 7
    (wide, high), _ = cv2.getTextSize(text, font, 1.0, thickness)
    scale = min((width - 68) / wide, (height - 30) / high)
    (wide, high), _ = cv2.getTextSize(text, font, scale, thickness)
    at = (44 + (width - 52 - wide) // 2, (height + high) // 2)
    cv2.putText(picture, text, at, font, scale, (24, 22, 22), thickness, cv2.LINE_AA)
    return np.dstack([picture, np.full((height, width), 255, np.uint8)])
