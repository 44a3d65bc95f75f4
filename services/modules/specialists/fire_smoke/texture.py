"""The texture of a picture in cells: what smoke hides, and what it is made of itself.

Smoke takes the finest details of what lies behind it first. B. U. Töreyin, Y. Dedeoğlu, A. E. Çetin, "Wavelet based
real-time smoke detection in video", EUSIPCO 2005, measures that by the energy of the finest wavelet band; a
difference of Gaussians is used here instead, which has no phase and so bears a background that shakes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Cells = NDArray[np.float32]

CELL_PX: Final = 10
_FINE_PX: Final = 1.2
_COARSE_PX: Final = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Texture:
    """One picture. Per cell [rows, columns]: `fine` and `coarse` detail and `chroma` (distance from grey), each a
    deviation in grey levels, `luma` the mean. `detail` and `smooth` are [height, width]: luma's finest details, and
    luma without them."""

    fine: Cells
    coarse: Cells
    chroma: Cells
    luma: Cells
    detail: NDArray[np.float32]
    smooth: NDArray[np.float32]


def texture(bgr: NDArray[np.uint8]) -> Texture:
    """Of a picture [height, width, 3] BGR of at least one cell."""
    ycrcb = cv2.cvtColor(bgr, cv2.COLOR_BGR2YCrCb).astype(np.float32)
    luma = np.ascontiguousarray(ycrcb[..., 0])
    smooth = blurred(luma, _FINE_PX)
    detail = luma - smooth
    return Texture(
        fine=np.sqrt(cells(np.square(detail))),
        coarse=np.sqrt(cells(np.square(smooth - blurred(luma, _COARSE_PX)))),
        chroma=cells(np.hypot(ycrcb[..., 1] - 128, ycrcb[..., 2] - 128)),
        luma=cells(luma),
        detail=detail,
        smooth=smooth,
    )


def cells(values: NDArray[np.float32]) -> Cells:
    """[height, width] → the mean of each cell."""
    rows, columns = values.shape[0] // CELL_PX, values.shape[1] // CELL_PX
    whole = values[: rows * CELL_PX, : columns * CELL_PX]
    return np.asarray(whole.reshape(rows, CELL_PX, columns, CELL_PX).mean(axis=(1, 3)), np.float32)


def blurred(values: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma_px), np.float32)
