"""Fitting a picture of any size into a network's input, and boxes back out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Corner = Literal["top_left", "centre"]
PAD = 114


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a picture of `width` × `height` pixels lies in the input: input = picture · scale + (left, top)."""

    scale: float
    left: int
    top: int
    width: int
    height: int

    def to_picture(self, xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes [n, 4] in input pixels → boxes in the picture's pixels, clipped to the picture."""
        offset = np.array([self.left, self.top, self.left, self.top], dtype=np.float32)
        limit = np.array([self.width, self.height, self.width, self.height], dtype=np.float32)
        inside: NDArray[np.float32] = np.clip((xyxy - offset) / np.float32(self.scale), 0, limit)
        return inside


def place(picture: tuple[int, int], into: tuple[int, int], *, corner: Corner) -> Placement:
    """Keep the aspect ratio of a `picture` (width, height) and fill one side of `into` (width, height)."""
    width, height = picture
    scale = min(into[0] / width, into[1] / height)
    fitted_width, fitted_height = _fitted(width, scale), _fitted(height, scale)
    if corner == "top_left":
        return Placement(scale, 0, 0, width, height)
    left = round((into[0] - fitted_width) / 2 - 0.1)
    top = round((into[1] - fitted_height) / 2 - 0.1)
    return Placement(scale, left, top, width, height)


class Letterbox:
    """Writes pictures into float planes [3, height, width], reusing one canvas.

    `size` is the network's (width, height). Not thread-safe: each detector owns one.
    """

    def __init__(self, size: tuple[int, int], *, corner: Corner, rgb: bool, factor: float) -> None:
        self._size = size
        self._corner: Corner = corner
        self._order = (2, 1, 0) if rgb else (0, 1, 2)
        self._factor = factor
        self._canvas = np.full((size[1], size[0], 3), PAD, dtype=np.uint8)
        self._plane = np.empty((size[1], size[0]), dtype=np.uint8)
        self._filled: tuple[int, int, int, int] | None = None

    def write(self, picture: NDArray[np.uint8], planes: NDArray[np.float32]) -> Placement:
        """Fit a BGR picture [h, w, 3] into `planes` (written in place)."""
        height, width = picture.shape[:2]
        placement = place((width, height), self._size, corner=self._corner)
        left, top = placement.left, placement.top
        right, bottom = left + _fitted(width, placement.scale), top + _fitted(height, placement.scale)
        if self._filled not in (None, (left, top, right, bottom)):
            self._canvas[:] = PAD
        self._filled = (left, top, right, bottom)
        window = self._canvas[top:bottom, left:right]
        if window.shape == picture.shape:
            window[:] = picture
        else:
            cv2.resize(picture, (right - left, bottom - top), dst=window, interpolation=cv2.INTER_LINEAR)
        self._spread(planes)
        return placement

    def _spread(self, planes: NDArray[np.float32]) -> None:
        for target, channel in enumerate(self._order):
            cv2.extractChannel(self._canvas, channel, dst=self._plane)
            if self._factor == 1.0:
                planes[target] = self._plane
            else:
                np.multiply(self._plane, np.float32(self._factor), out=planes[target])


def _fitted(length: int, scale: float) -> int:
    return max(1, int(length * scale + 1e-6))
