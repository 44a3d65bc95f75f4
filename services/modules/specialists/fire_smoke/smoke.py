"""Where a burst shows smoke: boiling for as long as it was looked at, or coming over the background."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.fire_smoke.boiling import billows, boils, hard_around
from services.modules.specialists.fire_smoke.evidence import Evidence, confidence, margin, moved
from services.modules.specialists.fire_smoke.registration import Shot
from services.modules.specialists.fire_smoke.texture import CELL_PX, Texture, cells, texture
from services.modules.specialists.fire_smoke.veil import veil
from shared.domain.box import Box

Mask = NDArray[np.bool_]

_ALWAYS: Final = 0.6
_OFTEN: Final = 0.35
_CORE: Final = 0.02
_BODY: Final = 0.05
_STEADY_PAIRS: Final = 6
COMPARABLE_PAIRS: Final = 7
_MOVING_BODY: Final = 0.04
_MOVING_MEDIAN: Final = 0.045
_MOVING_SHARE: Final = 0.75
_MOST_HARDNESS: Final = 0.31
_VEIL: Final = 0.04
_SPREADING: Final = 0.45
_THIN: Final = 0.3
_CLEAR: Final = 0.5
_MOST_FOREIGN: Final = 0.25
_MOST_JUMP: Final = 0.7
_SUSPECT: Final = 0.6
_GLANCE_BODY: Final = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """Two pictures of a shot: the largest place that boiled between them, and how hard its edges are."""

    shot: Shot
    body: Mask
    hardness: float

    @classmethod
    def of(cls, shot: Shot, both: tuple[Texture, Texture], step: Mask) -> _Pair:
        body = max(_bodies(step), key=lambda one: int(one.sum()), default=step)
        return cls(shot, body, hard_around(*both, body))


def smoking(shots: Sequence[Shot], *, demand: float, min_area: float, min_frames: int) -> list[Evidence]:
    """Smoke in a burst, and what is suspected to be; `min_area` is the least share of the picture."""
    found: list[Evidence] = []
    pairs: list[_Pair] = []
    for shot in shots:
        textures = [texture(frame) for frame in shot.frames]
        valid = cells(shot.valid.astype(np.float32)) > 0.99
        steps = [boils(before, after, valid) for before, after in pairwise(textures)]
        pairs += [_Pair.of(shot, both, step) for both, step in zip(pairwise(textures), steps, strict=True)]
        if shot.steady and len(shot) >= min_frames:
            found += _boiling(shot, steps, demand=demand, min_area=min_area)
            found += _veiled(shot, textures, valid, demand=demand, min_area=min_area)
    if any(not shot.steady for shot in shots):
        found += _boiling_all_along(pairs, demand=demand, min_area=min_area)
    return found


def billowing(frame: NDArray[np.uint8]) -> list[Box]:
    """Where a single picture has the look of dense smoke, or of clouds."""
    looks = billows(texture(frame))
    return [_box(body) for body in _bodies(looks) if body.mean() >= _GLANCE_BODY]


def _boiling(shot: Shot, steps: Sequence[Mask], *, demand: float, min_area: float) -> list[Evidence]:
    """Before a camera that stands still: cells that boil all the time, amid others that do often."""
    if len(steps) < _STEADY_PAIRS:
        return []
    share = np.mean(steps, axis=0)
    found = []
    for body in _bodies(share >= _OFTEN):
        core = float((body & (share >= _ALWAYS)).mean())
        exceeds = margin((core, _CORE * demand), (float(body.mean()), max(_BODY * demand, min_area)))
        found += _told(shot, body, exceeds)
    return found


def _boiling_all_along(pairs: Sequence[_Pair], *, demand: float, min_area: float) -> list[Evidence]:
    """Before a camera that moves, nothing stays in its place: most pairs of pictures must show much of it, and soft."""
    if len(pairs) < COMPARABLE_PAIRS or np.median([pair.hardness for pair in pairs]) > _MOST_HARDNESS:
        return []
    areas = np.array([float(pair.body.mean()) for pair in pairs])
    enough = max(_MOVING_BODY * demand, min_area)
    exceeds = margin(
        (float((areas >= enough).mean()), _MOVING_SHARE),
        (float(np.median(areas)), max(_MOVING_MEDIAN * demand, min_area)),
    )
    return _told(pairs[-1].shot, pairs[-1].body, exceeds)


def _veiled(shot: Shot, textures: Sequence[Texture], valid: Mask, *, demand: float, min_area: float) -> list[Evidence]:
    seen = veil(textures, valid)
    if seen.foreign > _MOST_FOREIGN or seen.jump > _MOST_JUMP:
        return []
    exceeds = margin(
        (seen.area, max(_VEIL * demand, min_area)),
        (seen.spreading, _SPREADING),
        (seen.thin, _THIN),
        (seen.clear, _CLEAR),
    )
    return _told(shot, seen.where, exceeds)


def _bodies(mask: Mask) -> list[Mask]:
    """Connected cells, gaps of one cell bridged."""
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(closed, connectivity=8)
    return [labels == label for label in range(1, count)]


def _told(shot: Shot, body: Mask, exceeds: float) -> list[Evidence]:
    if exceeds < _SUSPECT or not body.any():
        return []
    last = len(shot) - 1
    place = moved(_box(body).as_xyxy(), shot.motions[last])
    return [Evidence("smoke", confidence(exceeds), place, shot.first + last, sure=exceeds >= 1)]


def _box(body: Mask) -> Box:
    ys, xs = np.nonzero(body)
    x1, y1, x2, y2 = (float(CELL_PX * side) for side in (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1))
    return Box(x1, y1, x2, y2)
