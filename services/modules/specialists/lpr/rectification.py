"""Straightening a line of characters into an upright strip."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

STRIP_HEIGHT = 48
_WIDTHS = (32, 480)
# OpenCV's hues run from 0 to 180.
_BLUE_OR_GREEN = (35, 135)
_VIVID = 70
_MOSTLY = 0.4


def strip(picture: NDArray[np.uint8], quad: NDArray[np.float32], *, height: int = STRIP_HEIGHT) -> NDArray[np.uint8]:
    """What lies inside a quad [4, 2] → BGR [height, width, 3], upright, its proportions kept."""
    across = (np.linalg.norm(quad[1] - quad[0]) + np.linalg.norm(quad[2] - quad[3])) / 2
    down = (np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2
    width = int(np.clip(round(height * across / max(float(down), 1.0)), *_WIDTHS))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    warp = cv2.getPerspectiveTransform(quad.astype(np.float32), corners)
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


def readable(
    picture: NDArray[np.uint8], quad: NDArray[np.float32], *, stretch: float = 1.2, blur: float = 1.5
) -> NDArray[np.uint8]:
    """A strip as the recogniser likes it: a little wider than it is, without the noise of small plates enlarged."""
    upright = strip(picture, quad)
    wider = cv2.resize(upright, (round(upright.shape[1] * stretch), STRIP_HEIGHT), interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.GaussianBlur(wider, (0, 0), blur), np.uint8)


def on_blue_or_green(upright: NDArray[np.uint8]) -> bool:
    """Whether a strip's ground is blue or green, as that of Chinese plates is and that of few others."""
    hue, saturation, _ = cv2.split(cv2.cvtColor(upright, cv2.COLOR_BGR2HSV))
    low, high = _BLUE_OR_GREEN
    coloured = (saturation > _VIVID) & (hue > low) & (hue < high)
    return float(coloured.mean()) > _MOSTLY
