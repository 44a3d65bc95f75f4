"""What is measured of a burst: at most a few thousand numbers, whatever the camera's size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.camera_health.outline import Grey, Outline, agreement, outline, strength

LEAST_SIDE_PX: Final = 48
CELL_PX: Final = 12
BRIGHT: Final = 245

_WORKING_SIDE_PX: Final = 640
_THUMB_SIDE_PX: Final = 192
_SAMPLES: Final = 56
_FINE_PX, _MID_PX, _COARSE_PX = 1.0, 2.0, 6.0
_LEAST_MID: Final = 2.0

Cells = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One burst. `thumb` [height, width] is what its pictures agree on, 192 pixels on the long side.

    `luma` is the mean grey level 0..255, `highlights` and `shadows` the levels that one pixel of a hundred lies above
    and below, `bright` the share of the picture that is overexposed. `sharpness` compares the finest details of the
    strongest edges with their coarser ones; None where there are no edges. `steadiness` is how well the outlines of the
    first and the last picture fit, None of a single one. `samples` [pictures, n] are single pixels of the first and
    the last.
    """

    thumb: Grey
    outline: Outline
    luma: float
    highlights: float
    shadows: float
    bright: float
    sharpness: float | None
    steadiness: float | None
    samples: NDArray[np.uint8]

    @property
    def strength(self) -> float:
        return strength(self.outline)


def looked_at(pictures: Sequence[NDArray[np.uint8]]) -> Look | None:
    """Of pictures [height, width, 3] BGR, oldest first; those of another size than the last are left out.

    None where the last is too small, or far too narrow, to tell anything.
    """
    whole = [picture for picture in pictures if picture.shape == pictures[-1].shape]
    if min(whole[-1].shape[:2]) < LEAST_SIDE_PX:
        return None
    full = [np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8) for picture in whole]
    greys = [_shrunk(grey, _WORKING_SIDE_PX) for grey in full]
    thumb = _shrunk(np.asarray(np.median(np.stack(greys), axis=0), np.uint8), _THUMB_SIDE_PX)
    if min(thumb.shape) < 2 * CELL_PX:
        return None
    ends = [outline(_shrunk(grey, _THUMB_SIDE_PX)) for grey in (greys[0], greys[-1])] if len(greys) > 1 else None
    sharp = [value for grey in {0, len(greys) - 1} if (value := sharpness(greys[grey])) is not None]
    shadows, highlights = np.percentile(thumb, (1, 99))
    return Look(
        thumb=thumb,
        outline=outline(thumb),
        luma=float(thumb.mean()),
        highlights=float(highlights),
        shadows=float(shadows),
        bright=float((thumb >= BRIGHT).mean()),
        sharpness=max(sharp, default=None),
        steadiness=agreement(*ends) if ends else None,
        samples=np.stack([_sampled(full[0]), _sampled(full[-1])]),
    )


def sharpness(grey: Grey) -> float | None:
    """How fine the details of the strongest edges are, beside their coarser ones; noise, as flat parts show it, is
    taken off. Contrast and brightness do not change it, blur does: by half at a few thousandths of the width."""
    scale = max(grey.shape) / _WORKING_SIDE_PX
    light = grey.astype(np.float32)
    fine = np.square(light - cv2.GaussianBlur(light, (0, 0), _FINE_PX * scale))
    middle = cv2.GaussianBlur(light, (0, 0), _MID_PX * scale) - cv2.GaussianBlur(light, (0, 0), _COARSE_PX * scale)
    mid = np.abs(middle)
    edges = mid >= max(float(np.percentile(mid, 90)), _LEAST_MID)
    if edges.mean() < 1e-3:
        return None
    noise = float(fine[mid <= np.percentile(mid, 30)].mean())
    about = cv2.dilate(edges.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return float(np.sqrt(max(float(fine[about].mean()) - noise, 0.0) / float(np.square(mid[edges]).mean())))


def contrast(thumb: Grey) -> tuple[Cells, Cells]:
    """Per cell [rows, columns]: how strong its edges are beside its light, and its light (0..255)."""
    smooth = np.asarray(cv2.GaussianBlur(thumb.astype(np.float32), (0, 0), 0.8), np.float32)
    edges = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    step = np.asarray(edges / 8, np.float32)
    light = _cells(smooth)
    return np.asarray(_cells(step) / (light + CELL_PX), np.float32), light


def _cells(values: NDArray[np.float32]) -> Cells:
    rows, columns = values.shape[0] // CELL_PX, values.shape[1] // CELL_PX
    whole = values[: rows * CELL_PX, : columns * CELL_PX]
    return np.asarray(whole.reshape(rows, CELL_PX, columns, CELL_PX).mean(axis=(1, 3)), np.float32)


def _shrunk(grey: Grey, side_px: int) -> Grey:
    height, width = grey.shape
    scale = side_px / max(height, width)
    if scale >= 1:
        return np.asarray(grey, np.uint8)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def _sampled(grey: Grey) -> NDArray[np.uint8]:
    """Pixels all over the picture as they are, for a mean would hide the sensor's noise."""
    height, width = grey.shape
    rows = (np.arange(_SAMPLES) * height + height // 2) // _SAMPLES
    columns = (np.arange(_SAMPLES) * width + width // 2) // _SAMPLES
    return np.asarray(grey[np.ix_(rows, columns)].ravel(), np.uint8)
