"""Where a shot boils: grey, soft, and another shape in every picture, at the same place.

Dense smoke hides what is behind it for good, so no background can be compared with; but its billows never rest.
People in grey have hard edges and pass, foliage and water are fine-grained, clouds take seconds to change, and
whatever else moves leaves its place.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.fire_smoke.texture import Texture, blurred, cells

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
    change = blurred(after.smooth - before.smooth, 1.5)
    uneven = np.sqrt(cells(np.square(change - blurred(change, 12))))
    hard = np.sqrt(cells(np.square(after.detail - before.detail))) / (uneven + 0.5)
    ambient = float(np.percentile(uneven[valid], _AMBIENT_PERCENTILE)) if valid.any() else 0.0
    found = valid & (uneven > max(_LEAST_CHANGE, _OVER_AMBIENT * ambient)) & (hard < _MOST_HARD)
    for one in (before, after):
        found &= (one.chroma < _MOST_CHROMA) & (one.coarse > _LEAST_BILLOW)
        found &= one.fine < _MOST_GRAIN * (one.coarse + 0.5)
    return found
