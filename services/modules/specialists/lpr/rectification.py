"""Straightening a line of characters into an upright strip."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

STRIP_HEIGHT = 48
_WIDTHS = (32, 480)


def strip(picture: NDArray[np.uint8], quad: NDArray[np.float32], *, height: int = STRIP_HEIGHT) -> NDArray[np.uint8]:
    """What lies inside a quad [4, 2] → BGR [height, width, 3], upright, its proportions kept."""
    across = (np.linalg.norm(quad[1] - quad[0]) + np.linalg.norm(quad[2] - quad[3])) / 2
    down = (np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2
    width = int(np.clip(round(height * across / max(float(down), 1.0)), *_WIDTHS))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    warp = cv2.getPerspectiveTransform(quad.astype(np.float32), corners)
    # A strip far smaller than its source would alias: the source is shrunk first.
    return np.asarray(
        cv2.warpPerspective(picture, warp, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE),
        np.uint8,
    )


def grown(quad: NDArray[np.float32], *, across: float = 0.0, down: float = 0.0) -> NDArray[np.float32]:
    """A quad larger by shares of its own height on its left and right (`across`) and above and below (`down`)."""
    right = (quad[1] - quad[0] + quad[2] - quad[3]) / 2
    below = (quad[3] - quad[0] + quad[2] - quad[1]) / 2
    width, height = float(np.linalg.norm(right)), float(np.linalg.norm(below))
    x = right / max(width, 1e-6) * (across * height)
    y = below * down
    moved: NDArray[np.float32] = (quad + np.array([-x - y, x - y, x + y, y - x])).astype(np.float32)
    return moved


def spread(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same strip with its darkest and lightest parts pulled to black and white."""
    low, high = np.percentile(picture, (2, 98))
    if high - low < 1:
        return picture
    stretched = (picture.astype(np.float32) - low) * (255.0 / (high - low))
    return np.clip(stretched, 0, 255).astype(np.uint8)
