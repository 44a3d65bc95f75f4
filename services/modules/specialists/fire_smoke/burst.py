"""A burst of pictures at working size, from shots to a judgement."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.fire_smoke.evidence import Evidence, clipped, distinct
from services.modules.specialists.fire_smoke.fire import burning, looks_like_flame
from services.modules.specialists.fire_smoke.flames import flames
from services.modules.specialists.fire_smoke.registration import shots
from services.modules.specialists.fire_smoke.settings import FireSmokeSettings
from services.modules.specialists.fire_smoke.smoke import COMPARABLE_PAIRS, billowing, smoking
from shared.domain.box import Box

Status = Literal["fire", "smoke", "fire_and_smoke", "none", "uncertain"]

WORKING_SIDE_PX: Final = 320
LEAST_SIDE_PX: Final = 48

_DEMAND: Final = {"low": 1.35, "normal": 1.0, "high": 0.75}
_SMOKE_OVER_FLAME: Final = 20.0
_GLANCE: Final = 0.2


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
    demand, smallest = _DEMAND[settings.sensitivity], settings.min_area_share
    long_enough = [view for view in views if len(view) >= settings.min_frames]
    evidence = [one for view in long_enough for one in burning(view, demand=demand, min_area=smallest)]
    evidence += smoking(views, demand=demand, min_area=_SMOKE_OVER_FLAME * smallest, min_frames=settings.min_frames)
    found = tuple(one for one in distinct(clipped(evidence, frames)) if one.sure)
    if found:
        return Judgement(_status({one.label for one in found}), found, (), _why(found))
    suspected = tuple(distinct(clipped(evidence, frames)))
    if not long_enough and sum(len(view) - 1 for view in views) < COMPARABLE_PAIRS:
        seen = suspected or tuple(distinct(clipped(_at_a_glance(frames[-1], len(frames) - 1, settings), frames)))
        return Judgement("uncertain", (), seen, _why_not(len(frames), settings.min_frames))
    if suspected:
        return Judgement("uncertain", (), suspected, f"something is a little like {suspected[0].label}, but not enough")
    return Judgement("none", (), (), "nothing flickers as flames do, nothing billows or spreads as smoke does")


def with_detector(judged: Judgement, seen: Sequence[Evidence]) -> Judgement:
    """A judgement together with what a detector sees, boxes of both in the same pixels."""
    sure = [one for one in seen if one.sure]
    found = tuple(distinct((*judged.found, *sure)))
    if not sure:
        unsure = tuple(distinct((*judged.suspected, *seen)))
        status: Status = "uncertain" if judged.status == "none" and unsure else judged.status
        return replace(judged, status=status, suspected=() if judged.found else unsure)
    said = "the detector finds " + " and ".join(sorted({one.label for one in sure}))
    reason = f"{judged.reason}; {said}" if judged.found else said
    return Judgement(_status({one.label for one in found}), found, (), reason)


def _at_a_glance(frame: NDArray[np.uint8], number: int, settings: FireSmokeSettings) -> list[Evidence]:
    """What a single picture looks like."""
    (still,) = shots([frame, frame])
    seen = [
        Evidence("fire", _GLANCE, Box(*flame.box), number, sure=False)
        for flame in flames(still)
        if looks_like_flame(flame) and flame.area >= settings.min_area_share
    ]
    return seen + [Evidence("smoke", _GLANCE, box, number, sure=False) for box in billowing(frame)]


def _status(labels: set[str]) -> Status:
    return "fire_and_smoke" if len(labels) == 2 else "fire" if "fire" in labels else "smoke"


def _why(found: Sequence[Evidence]) -> str:
    says = {
        "fire": "something as bright and of the hues of flames changes its shape at one place",
        "smoke": "something grey and soft billows or spreads over the background",
    }
    return "; ".join(says[label] for label in ("fire", "smoke") if any(one.label == label for one in found))


def _why_not(pictures: int, min_frames: int) -> str:
    if pictures < min_frames:
        return f"it takes {min_frames} pictures to be sure, there are {pictures}"
    return f"the view changes too often: it takes {min_frames} pictures over one background to be sure"
