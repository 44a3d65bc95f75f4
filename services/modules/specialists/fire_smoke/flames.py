"""Places in a shot that could burn, and how they behave over its pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.fire_smoke.churning import Churn, churn
from services.modules.specialists.fire_smoke.flame_masks import FlameMasks, dilated, flame_masks, touching
from services.modules.specialists.fire_smoke.registration import Shot

Mask = NDArray[np.bool_]
Window = tuple[slice, slice]

_MOST_PLACES: Final = 10
_LEAST_PX: Final = 12
_STEP: Final = 20
_SATURATED: Final = 248
_CLIPPED: Final = 245
_HIGHLIGHT: Final = 1.5
_NEAR_PX: Final = 7


@dataclass(frozen=True, slots=True)
class Flame:
    """A place that could burn. Shares are 0..1.

    `box` xyxy in pixels of the shot, `area` the median share of the picture, `present` the share of pictures in which
    it is there, `churn` how its shape changes, `unrest` the share of its inside that changes by much from picture to
    picture, `ambient` the same of all the rest of the picture, `hues` how far green over red spreads in it (a flame
    is red, yellow and white at once, cloth is one hue), `red` its red channel's upper quartile, `grain` its finest
    detail over its coarser (foliage is fine-grained, flames are smooth), `filled` how much of its bounding box all of
    its shapes together fill, `warm` the mean share of its surroundings with the colours of flames and `glowing` the
    share of pictures where that is much, `over` by how many grey levels it outshines the picture's median.
    `over_exposed` tells which kind of place it is.
    """

    box: tuple[int, int, int, int]
    area: float
    present: float
    churn: Churn
    unrest: float
    ambient: float
    hues: float
    red: float
    grain: float
    filled: float
    warm: float
    glowing: float
    over: float
    over_exposed: bool


def flames(shot: Shot) -> list[Flame]:
    """The places of a shot that could burn, largest first."""
    masks = flame_masks(shot.frames)
    luma = np.stack([cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY) for frame in shot.frames])
    found = [_measured(shot, masks, luma, shapes, over_exposed=False) for shapes in _coloured(shot, masks)]
    found += [_measured(shot, masks, luma, shapes, over_exposed=True) for shapes in _over_exposed(shot, masks, luma)]
    return [flame for flame in found if flame is not None]


def _coloured(shot: Shot, masks: FlameMasks) -> Iterator[Mask]:
    """Shapes [n, height, width] around each place that is flame-coloured in half of the pictures."""
    for core, (rows, columns) in _cores(masks.body, shot.valid, share=0.5, least_px=_LEAST_PX):
        shapes = np.zeros_like(masks.body)
        near = dilated(core, _NEAR_PX)[rows, columns]
        part = masks.body[:, rows, columns] & shot.valid[rows, columns]
        shapes[:, rows, columns] = [touching(one, near) for one in part]
        yield shapes


def _over_exposed(shot: Shot, masks: FlameMasks, luma: NDArray[np.uint8]) -> Iterator[Mask]:
    """Shapes [n, height, width] of equal area around each place that is over-exposed most of the time.

    Of every picture the brightest pixels are taken, as many as in the others, so that neither a step of the exposure
    nor a lamp's glow that waxes and wanes changes the shape.
    """
    smooth = np.stack([cv2.GaussianBlur(one.astype(np.float32), (0, 0), 1.2) for one in luma])
    for core, (rows, columns) in _cores(masks.hot, shot.valid, share=0.6, least_px=4 * _LEAST_PX):
        part = smooth[:, rows, columns]
        area = max(int((part >= _SATURATED).sum(axis=(1, 2)).max()), int(core.sum()))
        if area > part[0].size // 2:
            continue
        shapes = np.zeros_like(masks.hot)
        seed = core[rows, columns]
        shapes[:, rows, columns] = [touching(one >= min(_brightest(one, area), 254.9), seed) for one in part]
        yield shapes


def _cores(masks: Mask, valid: Mask, *, share: float, least_px: int) -> Iterator[tuple[Mask, Window]]:
    """Places that are set in a share of the pictures, each with the window in which its flame may reach about."""
    often = (masks.sum(axis=0) >= max(2, share * len(masks))) & valid
    closed = cv2.morphologyEx(often.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(closed)
    largest = sorted(range(1, count), key=lambda one: -int(stats[one, cv2.CC_STAT_AREA]))[:_MOST_PLACES]
    for label in largest:
        x, y, width, height, area = (int(value) for value in stats[label])
        if area < least_px:
            continue
        reach = max(width, height, 6)
        rows = slice(max(0, y - reach), y + height + reach // 2)
        yield labels == label, (rows, slice(max(0, x - reach), x + width + reach))


def _brightest(luma: NDArray[np.float32], area: int) -> float:
    """The level that the brightest `area` pixels reach."""
    return float(np.partition(luma.ravel(), -area)[-area])


def _measured(
    shot: Shot, masks: FlameMasks, luma: NDArray[np.uint8], shapes: Mask, *, over_exposed: bool
) -> Flame | None:
    areas = shapes.sum(axis=(1, 2))
    typical = float(np.median(areas))
    if typical < _LEAST_PX:
        return None
    window = _window(shapes)
    inside, frames = shapes[(slice(None), *window)], shot.frames[(slice(None), *window)]
    pixels = frames[inside]
    everywhere = np.asarray(shapes.any(axis=0))
    ring = dilated(everywhere, 2 * int(np.sqrt(typical)) | 1) & ~everywhere & shot.valid
    warm = masks.warm[:, ring].mean(axis=1) if ring.any() else np.zeros(len(areas))
    rows, columns = window
    return Flame(
        box=_box(inside, columns.start, rows.start),
        area=typical / shapes[0].size,
        present=float((areas > 0.3 * typical).mean()),
        churn=churn(inside),
        unrest=_unrest(frames[..., 1], inside),
        ambient=_ambient(luma, shapes, shot.valid),
        hues=_hues(pixels),
        red=float(np.percentile(pixels[:, 2], 75)),
        grain=_grain(luma[(slice(None), *window)], inside),
        filled=float(inside.any(axis=0).mean()),
        warm=float(warm.mean()),
        glowing=float((warm > 0.2).mean()),
        over=float(np.median(luma[shapes])) - float(np.median(luma)),
        over_exposed=over_exposed,
    )


def _window(shapes: Mask) -> Window:
    ys, xs = np.nonzero(shapes.any(axis=0))
    return slice(int(ys.min()), int(ys.max()) + 1), slice(int(xs.min()), int(xs.max()) + 1)


def _box(inside: Mask, left: int, top: int) -> tuple[int, int, int, int]:
    """The bounding box of what is set in a third of the pictures."""
    often = inside.mean(axis=0) >= min(1 / 3, inside.mean(axis=0).max())
    ys, xs = np.nonzero(often)
    return left + int(xs.min()), top + int(ys.min()), left + int(xs.max()) + 1, top + int(ys.max()) + 1


def _hues(pixels: NDArray[np.uint8]) -> float:
    """How far green over red spreads, of pixels [n, 3].

    Light and shade alone make no other hue where red is not clipped, and where it is they make a highlight's at most.
    """
    ratio = pixels[:, 1] / np.maximum(pixels[:, 2].astype(np.float32), 1)
    unclipped = ratio[pixels[:, 2] < _CLIPPED]
    if len(unclipped) < 0.03 * len(ratio):
        return float(np.percentile(ratio, 90) - np.percentile(ratio, 10))
    spread = float(np.percentile(unclipped, 90) - np.percentile(unclipped, 10))
    return max(spread, float(np.percentile(ratio, 90) - _HIGHLIGHT * np.median(unclipped)))


def _unrest(green: NDArray[np.uint8], inside: Mask) -> float:
    """The share of what stays flame, and is not over-exposed, that changes by more than a step."""
    found = []
    for place in range(len(green) - 1):
        before, after = green[place].astype(np.int16), green[place + 1].astype(np.int16)
        both = inside[place] & inside[place + 1] & (np.minimum(before, after) < 240)
        if both.sum() >= _LEAST_PX:
            change = (after - before)[both]
            found.append(float((np.abs(change - np.median(change)) > _STEP).mean()))
    return float(np.mean(found)) if found else 0.0


def _ambient(luma: NDArray[np.uint8], shapes: Mask, valid: Mask) -> float:
    rest = valid & ~dilated(np.asarray(shapes.any(axis=0)), 9)
    if not rest.any():
        return 0.0
    steps = [float((cv2.absdiff(a, b)[rest] > _STEP).mean()) for a, b in pairwise(luma)]
    return float(np.median(steps)) if steps else 0.0


def _grain(luma: NDArray[np.uint8], inside: Mask) -> float:
    fine, coarse = 0.0, 1e-3
    for one, where in zip(luma, inside, strict=True):
        if where.any():
            values = one.astype(np.float32)
            smooth = cv2.GaussianBlur(values, (0, 0), 1.2)
            fine += float(np.square(values - smooth)[where].mean())
            coarse += float(np.square(smooth - cv2.GaussianBlur(values, (0, 0), 5))[where].mean())
    return float(np.sqrt(fine / coarse))
