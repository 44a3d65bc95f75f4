"""Where a shot boils: grey, soft, and another shape in every picture, at the same place.

Dense smoke hides what is behind it for good, so no background can be compared with; but its billows never rest.
People in grey have hard edges and pass, foliage and water are fine-grained, clouds take seconds to change, and
whatever else moves leaves its place.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.fire_smoke.texture import Cells, Texture, blurred, cells

_MOST_CHROMA: Final = 14.0
_MOST_GRAIN: Final = 0.4
_LEAST_BILLOW: Final = 1.5
_LEAST_CHANGE: Final = 2.5
_OVER_AMBIENT: Final = 1.5
_AMBIENT_PERCENTILE: Final = 35
_MOST_HARD: Final = 0.6


def boils(before: Texture, after: Texture, valid: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where it boiled between two pictures over one background [rows, columns].

    `valid` [rows, columns] are the cells that both have. A change counts where it stands out from those of the
    picture's calmer part, which holds noise, rain, and what registration left over.
    """
    uneven, hard = _change(before, after)
    ambient = float(np.percentile(uneven[valid], _AMBIENT_PERCENTILE)) if valid.any() else 0.0
    found = valid & (uneven > max(_LEAST_CHANGE, _OVER_AMBIENT * ambient)) & (hard < _MOST_HARD)
    return np.asarray(found & billows(before) & billows(after))


def hard_around(before: Texture, after: Texture, body: NDArray[np.bool_]) -> float:
    """How hard the changes in and about a place are: of billows they are softer than at the edges of solid things."""
    if not body.any():
        return 0.0
    uneven, hard = _change(before, after)
    about = (cv2.dilate(body.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0) & (uneven > _LEAST_CHANGE)
    return float(hard[about].mean()) if about.any() else 0.0


def _change(before: Texture, after: Texture) -> tuple[Cells, Cells]:
    """How unevenly each cell's light changed, and how much of that is in the finest details."""
    change = blurred(after.smooth - before.smooth, 1.5)
    uneven = np.asarray(np.sqrt(cells(np.square(change - blurred(change, 12)))), np.float32)
    hard = np.sqrt(cells(np.square(after.detail - before.detail))) / (uneven + 0.5)
    return uneven, np.asarray(hard, np.float32)


def billows(one: Texture) -> NDArray[np.bool_]:
    """Where a picture has the look of billows: grey, and shaded without fine detail [rows, columns]."""
    grey = (one.chroma < _MOST_CHROMA) & (one.coarse > _LEAST_BILLOW)
    return np.asarray(grey & (one.fine < _MOST_GRAIN * (one.coarse + 0.5)))
