"""A burst of pictures at working size, from shots to a judgement."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.fire_smoke.evidence import Evidence, clipped, distinct
from services.modules.specialists.fire_smoke.fire import burning, looks_like_flame
from services.modules.specialists.fire_smoke.flames import flames
from services.modules.specialists.fire_smoke.registration import Shot, shots
from services.modules.specialists.fire_smoke.settings import FireSmokeSettings
from services.modules.specialists.fire_smoke.smoke import smoking
from shared.domain.box import Box

Status = Literal["fire", "smoke", "fire_and_smoke", "none", "uncertain"]

WORKING_SIDE_PX: Final = 320
LEAST_SIDE_PX: Final = 48

_DEMAND: Final = {"low": 1.35, "normal": 1.0, "high": 0.75}
_SMOKE_OVER_FLAME: Final = 20.0
_STILL: Final = 0.3


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a burst shows. `found` is certain, `suspected` is not; boxes are in pixels of the pictures looked at."""

    status: Status
    found: tuple[Evidence, ...]
    suspected: tuple[Evidence, ...]
    reason: str


def at_working_size(bgr: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    """A picture no longer than `WORKING_SIDE_PX`, and its scale (1 where it is small enough as it is)."""
    height, width = bgr.shape[:2]
    scale = WORKING_SIDE_PX / max(height, width)
    if scale >= 1:
        return np.ascontiguousarray(bgr), 1.0
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def judge(
    frames: Sequence[NDArray[np.uint8]], settings: FireSmokeSettings, *, apart: Collection[int] = ()
) -> Judgement:
    """Of pictures at working size, oldest first. `apart` are places before which too much time passed to compare."""
    if min(frames[-1].shape[:2]) < LEAST_SIDE_PX:
        return Judgement("uncertain", (), (), "the pictures are too small to tell")
    views = shots(frames, apart=apart)
    demand = _DEMAND[settings.sensitivity]
    smallest = settings.min_area_share
    evidence: list[Evidence] = []
    for view in views:
        if len(view) >= settings.min_frames:
            evidence += burning(view, demand=demand, min_area=smallest)
    evidence += smoking(
        views, demand=demand, min_area=_SMOKE_OVER_FLAME * smallest, min_frames=settings.min_frames
    )
    told = clipped(distinct(evidence), (frames[-1].shape[1], frames[-1].shape[0]))
    return concluded(told, comparable=_comparable(views, settings.min_frames), still=lambda: _suspicion(views[-1]))


def concluded(told, *, comparable, still):  # type: ignore[no-untyped-def]
    ...


def _comparable(views: Sequence[Shot], min_frames: int) -> bool:
    return any(len(view) >= min_frames for view in views)
