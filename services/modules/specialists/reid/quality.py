"""How much a picture of a body is worth for telling whose it is."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_SMALL_PX, _LARGE_PX = 32.0, 160.0
_SLIM, _BROAD = 0.18, 0.75
_DARK, _WHITE = 15.0, 245.0
_FLAT, _LIVELY = 3.0, 20.0
_SIDE = 64


def body_quality(body: NDArray[np.uint8]) -> float:
    """0..1 of a BGR picture: small, dark, flat or oddly shaped (a part of a body) bodies are worth little."""
    height, width = body.shape[:2]
    if height < 2 or width < 2:
        return 0.0
    # Samples are enough for light and contrast, and far cheaper than means over all pixels.
    grey = cv2.cvtColor(cv2.resize(body, (_SIDE, _SIDE), interpolation=cv2.INTER_NEAREST), cv2.COLOR_BGR2GRAY)
    mean, deviation = (float(value.item()) for value in cv2.meanStdDev(grey))
    parts = (
        _ramp(height, _SMALL_PX, _LARGE_PX),
        shape_quality(width / height),
        _ramp(mean, _DARK, 3 * _DARK) * _ramp(-mean, -_WHITE, -_WHITE + 2 * _DARK),
        _ramp(deviation, _FLAT, _LIVELY),
    )
    return float(np.prod(np.power(parts, (0.5, 1.0, 0.5, 0.5))))


def shape_quality(aspect: float) -> float:
    """1 for the width over height of somebody who stands or walks, less the more it is that of a part of a body."""
    if aspect <= _BROAD:
        return _ramp(aspect, 0.5 * _SLIM, _SLIM)
    return max(0.25, 1.0 - (aspect - _BROAD))


def _ramp(value: float, low: float, high: float) -> float:
    return float(min(max((value - low) / (high - low), 0.0), 1.0))
