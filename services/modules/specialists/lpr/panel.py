"""Whether a line of characters stands on a panel of its own, as on a plate, or straight on what is around it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.lpr.rectification import grown, strip

_AROUND = 1.3
_HEIGHT = 90
_CLOSE = 0.3
_LEAST_DISTANCE = 14.0
_GROUND_ENDS = 0.3
_RUN = 4


def on_panel(picture: NDArray[np.uint8], quad: NDArray[np.float32]) -> bool:
    """Whether the ground of a line [4, 2] ends on at least three sides, not much more than its height away."""
    upright = strip(picture, grown(quad, across=_AROUND, down=_AROUND), height=_HEIGHT)
    margin = round(_HEIGHT * _AROUND / (1 + 2 * _AROUND))
    line = (slice(margin, -margin), slice(margin, -margin))
    if upright[line].size == 0:
        return False
    lab = cv2.cvtColor(cv2.GaussianBlur(upright, (0, 0), 1.0), cv2.COLOR_BGR2LAB).astype(np.float32)
    ground, contrast = _ground(lab[line])
    near = np.linalg.norm(lab - ground, axis=2) < max(_LEAST_DISTANCE, _CLOSE * contrast)
    rows = near[:, margin:-margin].mean(axis=1)
    columns = near[margin:-margin].mean(axis=0)
    sides = (rows[:margin][::-1], rows[-margin:], columns[:margin][::-1], columns[-margin:])
    return sum(_ends(side) for side in sides) >= 3


def _ground(lab: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
    """The colour behind the characters, and how far theirs is from it."""
    light = np.clip(lab[:, :, 0], 0, 255).astype(np.uint8)
    threshold, _ = cv2.threshold(light, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    bright = light > threshold
    if bright.all() or not bright.any():
        return np.median(lab.reshape(-1, 3), axis=0).astype(np.float32), 0.0
    colours = [np.median(lab[mask], axis=0).astype(np.float32) for mask in (bright, ~bright)]
    # Characters cover less than half of a line.
    ground, ink = colours if bright.mean() >= 0.5 else colours[::-1]
    return ground, float(np.linalg.norm(ground - ink))


def _ends(shares: NDArray[np.floating]) -> bool:
    """Whether the ground, going outwards, gives way to something else for a while."""
    other = (shares < _GROUND_ENDS).astype(np.float32)
    return bool(len(other) >= _RUN and np.convolve(other, np.ones(_RUN), "valid").max() >= _RUN)
