"""Where a veil comes over the background: it fades, by and by, turns grey, and ever more of it.

The background is what the first two pictures agree on. How much of it can still be seen in a later picture is the
projection of that picture's details onto it: 1 where nothing changed, 0 where it is hidden, between these behind thin
smoke. So this tells only of smoke that appears or spreads while the burst is taken, before a camera that stands still.
Fog, a lens that steams up, a step of the exposure and lights that go out fade everything at once; something solid
hides at once what it hides, and brings edges of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.fire_smoke.texture import Cells, Texture, cells

_LEAST_DETAIL: Final = 2.0
_AGREEMENT: Final = 0.75
_HIDDEN: Final = 0.45
_THIN: Final = (0.15, 0.8)
_CLEAR: Final = 0.7
_MOST_CHROMA: Final = 22.0
_FOREIGN: Final = 0.6
_BLACK: Final = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Veil:
    """`where` [rows, columns] is veiled in the end. Shares 0..1: `area` of it in the picture, `jump` the largest step
    in which it grew over `area`, `spreading` the share of steps by which it grew, `thin` the share of it through which
    the background could be seen for a while, `foreign` the share of what hides the background that has hard edges,
    `clear` the share of the background elsewhere that is as clear as before."""

    where: NDArray[np.bool_]
    area: float
    jump: float
    spreading: float
    thin: float
    foreign: float
    clear: float


def veil(textures: Sequence[Texture], valid: NDArray[np.bool_]) -> Veil:
    """Of at least four pictures of one steady view, oldest first."""
    reference = np.asarray((textures[0].detail + textures[1].detail) / 2, np.float32)
    power = cells(np.square(reference))
    known = valid & (power >= _LEAST_DETAIL**2) & (_seen(textures[1], textures[0].detail) >= _AGREEMENT)
    bright = textures[0].luma + _BLACK
    sight = [_seen(one, reference) * bright / (one.luma + _BLACK) for one in textures[2:]]
    grey = [known & (one < _HIDDEN) & (of.chroma < _MOST_CHROMA) for one, of in zip(sight, textures[2:], strict=True)]
    hard = [
        known & (one < _HIDDEN) & (np.square(of.fine) - np.square(one) * power > _FOREIGN * power)
        for one, of in zip(sight, textures[2:], strict=True)
    ]
    soft = [one & ~other for one, other in zip(grey, hard, strict=True)]
    where = _largest(soft[-1] & soft[-2], known)
    areas = [0.0, *(float((one & where).mean()) for one in soft)]
    steps, area = np.diff(areas), areas[-1]
    around = cv2.dilate(where.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return Veil(
        where=where,
        area=float(where.mean()),
        jump=float(steps.max()) / max(area, 1e-6),
        spreading=float((steps > 0.02 * area).mean()) if area else 0.0,
        thin=_share(np.any([(one > _THIN[0]) & (one < _THIN[1]) for one in sight], axis=0), where & known),
        foreign=_share(np.any(hard, axis=0), around & known),
        clear=_share(sight[-1] >= _CLEAR, known & ~around),
    )


def _seen(one: Texture, reference: NDArray[np.float32]) -> Cells:
    """How much of a reference's details is in a picture, per cell."""
    return np.asarray(cells(one.detail * reference) / (cells(np.square(reference)) + 1e-3), np.float32)


def _share(of: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
    return float(of[among].mean()) if among.any() else 0.0


def _largest(mask: NDArray[np.bool_], known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest connected part, bridging cells that have nothing to hide."""
    bridged = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    bridged[known & ~mask] = 0
    count, labels, stats, _ = cv2.connectedComponentsWithStats(bridged, connectivity=8)
    if count == 1:
        return mask
    return np.asarray(labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax()))
