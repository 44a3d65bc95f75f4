"""What the paint of a vehicle looks like: how much of it has a hue, which, and how light the rest is.

The paint is looked for in three bands across the middle of the vehicle, each by itself, since windows, plates,
grilles and bumpers never fill all of them; smooth pixels count for more than edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

_SIDE: Final = 64
_BANDS: Final = ((0.36, 0.52), (0.46, 0.62), (0.56, 0.74))
_EDGE = 0.12
_SMOOTH = 3.0
# Least chroma of a hue: the sky makes everything a little blue, and the evening everything a little yellow.
_CHROMA, _CHROMA_COOL, _CHROMA_WARM = 11.0, 16.0, 8.0
_HUE_STEP, _HUE_WIDTH = 6, 20.0
_COLOURLESS, _DARK = 6.0, 35.0


@dataclass(frozen=True, slots=True)
class Paint:
    """`share` (0..1) of the best band has the hue `hue` (degrees in CIELAB) at `lightness` 0..100 and `chroma`.

    `grey_lightness` is how light the bands are at all, against the lightest part of the picture; `spread` is how
    much they differ. `seen` is False for a picture without colours (infrared, monochrome) or too dark for them.
    """

    share: float
    hue: float
    lightness: float
    chroma: float
    grey_lightness: float
    spread: float
    seen: bool


def look_at_paint(vehicle: NDArray[np.uint8]) -> Paint:
    """The paint of a vehicle that fills a BGR picture [height, width, 3] of any size."""
    small = cv2.resize(vehicle, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    lab = np.asarray(cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_BGR2LAB), np.float32)
    lightness = np.ascontiguousarray(lab[..., 0])
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    hue = np.degrees(np.arctan2(lab[..., 2], lab[..., 1])) % 360
    weight = _weights(lightness)
    hues = np.arange(0, 360, _HUE_STEP)
    alike = np.exp(-((((hue[None] - hues[:, None, None] + 180) % 360 - 180) / _HUE_WIDTH) ** 2))
    coloured = alike * (weight * _hued(lightness, chroma, hue))[None]
    best = (-1.0, 0.0, 0.0, 0.0)
    lights = []
    for top, bottom in _BANDS:
        band = slice(round(top * _SIDE), round(bottom * _SIDE))
        total = float(weight[band].sum())
        shares = coloured[:, band].sum(axis=(1, 2)) / total
        place = int(shares.argmax())
        lights.append(_quantile(lightness[band], weight[band], 0.55))
        if shares[place] > best[0]:
            near = coloured[place, band]
            best = (
                float(shares[place]),
                float(hues[place]),
                _quantile(lightness[band], near, 0.6),
                _quantile(chroma[band], near, 0.6),
            )
    white = float(np.clip(np.quantile(lightness, 0.96), 60, 100))
    lights.sort()
    seen = float(np.quantile(chroma, 0.99)) >= _COLOURLESS and float(np.quantile(lightness, 0.96)) >= _DARK
    grey = (lights[1] + lights[2]) / 2 * (88 / white) ** 0.4
    return Paint(*best, grey_lightness=grey, spread=lights[2] - lights[0], seen=seen)


def _weights(lightness: NDArray[np.float32]) -> NDArray[np.float32]:
    blurred = np.asarray(cv2.GaussianBlur(lightness, (0, 0), 1), np.float32)
    slope = np.hypot(cv2.Sobel(blurred, cv2.CV_32F, 1, 0), cv2.Sobel(blurred, cv2.CV_32F, 0, 1)) / 8
    across = np.linspace(0, 1, _SIDE)
    inner = np.where((across > _EDGE) & (across < 1 - _EDGE), np.exp(-(((across - 0.5) / 0.33) ** 4)), 0.0)
    found: NDArray[np.float32] = (inner[None, :] * (0.15 + 0.85 * np.exp(-((slope / _SMOOTH) ** 2)))).astype(np.float32)
    return found


def _hued(lightness: NDArray[np.float32], chroma: NDArray[np.float32], hue: NDArray[np.float32]) -> NDArray[np.float32]:
    """0..1 for each pixel: whether it has a hue at all."""
    cool, warm = (hue > 215) & (hue < 305), (hue > 55) & (hue < 112)
    needed = np.where(cool, _CHROMA_COOL, np.where(warm, _CHROMA_WARM, _CHROMA)) * np.clip(lightness / 40, 0.5, 1.15)
    found: NDArray[np.float32] = np.clip((lightness - 4) / 8, 0, 1) / (1 + np.exp(-(chroma - needed) / 1.5))
    return found


def _quantile(values: NDArray[np.floating], weights: NDArray[np.floating], share: float) -> float:
    flat, counts = values.ravel(), weights.ravel()
    order = np.argsort(flat, kind="stable")
    sums = np.cumsum(counts[order], dtype=np.float64)
    place = min(int(np.searchsorted(sums, share * sums[-1])), len(order) - 1)
    return float(flat[order[place]])
