"""Smooth random textures: cloth, asphalt, plaster, flames."""

from __future__ import annotations

import cv2
import numpy as np

from services.cli.demo.sprite import FloatImage


def texture(rng: np.random.Generator, size: tuple[int, int], *, cell_px: float, octaves: int = 3) -> FloatImage:
    """Noise [h, w] of about −1..1 in clouds of `cell_px` pixels and finer ones; `size` is (width, height)."""
    width, height = size
    total = np.zeros((height, width), np.float32)
    weight = 1.0
    for octave in range(octaves):
        step = max(cell_px / 2**octave, 1.0)
        shape = (max(2, round(height / step) + 2), max(2, round(width / step) + 2))
        coarse = rng.standard_normal(shape).astype(np.float32)
        total += weight * cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
        weight *= 0.55
    spread = float(total.std()) or 1.0
    return np.asarray(np.clip(total / (2 * spread), -1.5, 1.5), np.float32)
