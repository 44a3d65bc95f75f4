"""The noise of a camera's sensor."""

from __future__ import annotations

import cv2
import numpy as np

from services.cli.demo.sprite import Image

MARGIN_PX = 64


class SensorNoise:
    """Grain that differs on every frame; a window that jumps over one large noise picture, which is cheap."""

    def __init__(self, size: tuple[int, int], sigma: float, *, seed: int) -> None:
        self._size, self._sigma, self._seed = size, sigma, seed
        width, height = size
        rng = np.random.default_rng(seed)
        grain = rng.standard_normal((height + MARGIN_PX, width + MARGIN_PX), np.float32) * sigma
        levels = np.clip(np.round(grain), -60, 60)
        self._more = _grey(np.maximum(levels, 0).astype(np.uint8))
        self._less = _grey(np.maximum(-levels, 0).astype(np.uint8))

    def add_to(self, image: Image, index: int) -> None:
        """Put the grain of frame `index` on the picture, in place."""
        if self._sigma <= 0:
            return
        width, height = self._size
        top, left = np.random.default_rng((self._seed, index)).integers(0, MARGIN_PX, 2)
        part = (slice(top, top + height), slice(left, left + width))
        cv2.add(image, self._more[part], image)
        cv2.subtract(image, self._less[part], image)


def _grey(levels: Image) -> Image:
    return np.ascontiguousarray(np.repeat(levels[..., None], 3, axis=2))
