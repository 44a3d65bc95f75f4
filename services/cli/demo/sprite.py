"""Small pictures with transparency, and the canvas on which they are laid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
FloatImage = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sprite:
    """A picture with transparency: `colour` [h, w, 3] BGR 0..255 already times `alpha` [h, w, 1] 0..1.

    (`anchor_x`, `anchor_y`) is the pixel that is put on a given place, such as the point between the feet.
    """

    colour: FloatImage
    alpha: FloatImage
    anchor_x: float
    anchor_y: float

    def bounds(self) -> tuple[float, float, float, float]:
        """The box x1, y1, x2, y2 of what can be seen of the sprite, relative to its anchor."""
        solid = self.alpha[..., 0] > 0.4
        rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
        return (
            float(columns[0]) - self.anchor_x,
            float(rows[0]) - self.anchor_y,
            float(columns[-1] + 1) - self.anchor_x,
            float(rows[-1] + 1) - self.anchor_y,
        )

    def resized(self, factor: float) -> Sprite:
        height, width = self.alpha.shape[:2]
        size = (max(1, round(width * factor)), max(1, round(height * factor)))
        how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
        colour = np.asarray(cv2.resize(self.colour, size, interpolation=how), np.float32)
        alpha = np.asarray(cv2.resize(self.alpha, size, interpolation=how), np.float32)
        return Sprite(colour, alpha[..., None], self.anchor_x * factor, self.anchor_y * factor)


class Canvas:
    """A BGR picture, [h, w, 3] uint8, that things are drawn on in place."""

    def __init__(self, image: Image) -> None:
        self.image = image

    def paste(self, sprite: Sprite, x: float, y: float) -> None:
        """Lay a sprite with its anchor at pixel (x, y), with a precision of less than a pixel."""
        left, top = x - sprite.anchor_x, y - sprite.anchor_y
        whole_x, whole_y = int(np.floor(left)), int(np.floor(top))
        colour, alpha = _shifted(sprite, left - whole_x, top - whole_y)
        window = self._window(whole_x, whole_y, (alpha.shape[1], alpha.shape[0]))
        if window is not None:
            under, part = window
            under[...] = _saturated(colour[part] + under * (1 - alpha[part][..., None]))

    def add(self, light: FloatImage, x: float, y: float) -> None:
        """Add light [h, w, 3] with its middle at pixel (x, y)."""
        height, width = light.shape[:2]
        window = self._window(round(x - width / 2), round(y - height / 2), (width, height))
        if window is not None:
            under, part = window
            under[...] = _saturated(under + light[part])

    def darken(self, shade: FloatImage, x: float, y: float) -> None:
        """Take away light: `shade` [h, w] 0..1 is the share that is lost, its middle at pixel (x, y)."""
        height, width = shade.shape[:2]
        window = self._window(round(x - width / 2), round(y - height / 2), (width, height))
        if window is not None:
            under, part = window
            under[...] = _saturated(under * (1 - shade[part][..., None]))

    def _window(self, left: int, top: int, size: tuple[int, int]) -> tuple[Image, tuple[slice, slice]] | None:
        """The canvas under a picture of `size` at (left, top), and which part of the picture that is."""
        height, width = self.image.shape[:2]
        x1, y1 = max(left, 0), max(top, 0)
        x2, y2 = min(left + size[0], width), min(top + size[1], height)
        if x1 >= x2 or y1 >= y2:
            return None
        return self.image[y1:y2, x1:x2], (slice(y1 - top, y2 - top), slice(x1 - left, x2 - left))


def _shifted(sprite: Sprite, right: float, down: float) -> tuple[FloatImage, FloatImage]:
    """Colour [h, w, 3] and alpha [h, w], moved by less than a pixel."""
    if right == 0 and down == 0:
        return sprite.colour, sprite.alpha[..., 0]
    shift = np.array([[1, 0, right], [0, 1, down]], np.float32)
    size = (sprite.alpha.shape[1] + 1, sprite.alpha.shape[0] + 1)
    colour, alpha = (cv2.warpAffine(part, shift, size) for part in (sprite.colour, sprite.alpha))
    return np.asarray(colour, np.float32), np.asarray(alpha, np.float32)


def _saturated(values: NDArray[Any]) -> Image:
    return np.asarray(np.clip(values, 0, 255), np.uint8)
