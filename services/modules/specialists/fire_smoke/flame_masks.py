"""What of a picture could be flame: warm colours, and over-exposed parts beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.fire_smoke.flame_colour import flame_colour

_BESIDE_PX: Final = 7


@dataclass(frozen=True, slots=True, eq=False)
class FlameMasks:
    """Of pictures over one background [n, height, width]: `body` could be flame, `warm` has its colours, `hot` is
    over-exposed (anything bright, beside warm colours or not)."""

    body: NDArray[np.bool_]
    warm: NDArray[np.bool_]
    hot: NDArray[np.bool_]


def flame_masks(frames: NDArray[np.uint8]) -> FlameMasks:
    """`frames` [n, height, width, 3] BGR, each looked at on its own."""
    bodies, warms, hots = [], [], []
    for frame in frames:
        colour = flame_colour(frame)
        warm = colour.flame | colour.pink
        beside = touching(colour.hot, dilated(warm, _BESIDE_PX))
        bodies.append(cv2.medianBlur((warm | beside).astype(np.uint8), 3) > 0)
        warms.append(warm)
        hots.append(colour.hot)
    return FlameMasks(np.stack(bodies), np.stack(warms), np.stack(hots))


def touching(mask: NDArray[np.bool_], seed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The connected parts of a mask that a seed touches."""
    _, labels = cv2.connectedComponents(mask.astype(np.uint8))
    touched = np.zeros(int(labels.max()) + 1, np.bool_)
    touched[labels[seed & mask]] = True
    touched[0] = False
    return np.asarray(touched[labels])


def dilated(mask: NDArray[np.bool_], side_px: int) -> NDArray[np.bool_]:
    """A mask grown by a square of `side_px`."""
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((side_px, side_px), np.uint8)) > 0)


def opened(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A mask without its parts of one pixel's width: the noise of an edge."""
    return np.asarray(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)) > 0)
