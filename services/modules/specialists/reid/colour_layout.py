"""Which colours stand where on a body: what there is to compare without a network.

Stripes from top to bottom, in each the shares of hues and of greys, every pixel counted by how near the middle it is,
since the edges of a box show what is behind the body.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.reid.embedder import unit

NAME: Final = "colour_layout_1"

_WIDTH, _HEIGHT = 32, 72
_STRIPES, _HUES, _GREYS = 6, 12, 6
_LEAST_SATURATION, _FULL_SATURATION = 0.12, 0.35
_BINS = _HUES + _GREYS


class ColourLayout:
    """Compares clothes by colour only: a weak hint across cameras or in poor light."""

    name = NAME
    size = _STRIPES * _BINS

    def embed(self, bodies: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        return unit(np.stack([layout(body) for body in bodies])) if bodies else np.empty((0, self.size), np.float32)

    def close(self) -> None:
        return None


def layout(body: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Square roots of the shares, [stripes · bins]: their scalar product is the overlap of two layouts."""
    small = cv2.resize(body, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA)
    hsv = np.asarray(cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_BGR2HSV), np.float32)
    # A dark pixel's saturation is noise.
    colourful = np.clip(
        (hsv[..., 1] * np.minimum(1.0, hsv[..., 2] * 3) - _LEAST_SATURATION) / (_FULL_SATURATION - _LEAST_SATURATION),
        0,
        1,
    )
    near = np.exp(-0.5 * ((np.arange(_WIDTH) - (_WIDTH - 1) / 2) / (_WIDTH / 5)) ** 2)[None, :]
    stripe = np.repeat(np.arange(_STRIPES), _HEIGHT // _STRIPES)[:, None].repeat(_WIDTH, axis=1)
    counts = np.zeros((_STRIPES, _BINS), np.float64)
    _count(counts, stripe, hsv[..., 0] / 360 * _HUES, near * colourful, first=0, bins=_HUES, circular=True)
    greys = hsv[..., 2] * (_GREYS - 1)
    _count(counts, stripe, greys, near * (1 - colourful), first=_HUES, bins=_GREYS, circular=False)
    shares = counts / counts.sum(axis=1, keepdims=True)
    found: NDArray[np.float32] = np.sqrt(shares).astype(np.float32).ravel()
    return found


def _count(
    counts: NDArray[np.float64],
    stripe: NDArray[np.intp],
    place: NDArray[np.floating],
    weight: NDArray[np.floating],
    *,
    first: int,
    bins: int,
    circular: bool,
) -> None:
    """Each pixel counts for the two bins it lies between."""
    low = np.floor(place).astype(np.intp)
    part = place - low
    for index, share in ((low, 1 - part), (low + 1, part)):
        target = index % bins if circular else np.clip(index, 0, bins - 1)
        np.add.at(counts, (stripe, first + target), weight * share)
