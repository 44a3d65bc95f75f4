"""One look at one person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.pose.moments import Moment
from services.modules.specialists.pose.posture import posture_of
from services.modules.specialists.pose.skeleton import HIPS, SHOULDERS, Skeleton
from services.modules.specialists.pose.stance import stance_of
from shared.domain.box import Box

_LEAST_CONFIDENCE: Final = 0.3
_AROUND: Final = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A person on picture `number`."""

    number: int
    box: Box
    skeleton: Skeleton


def within(skeleton: Skeleton, picture: NDArray[np.uint8]) -> Skeleton:
    """The skeleton without keypoints outside of the picture: those are guesses."""
    height, width = picture.shape[:2]
    inside = ((skeleton.points >= 0) & (skeleton.points <= (width, height))).all(axis=1)
    return replace(skeleton, scores=np.where(inside, skeleton.scores, 0.0))


def moment_of(look: Look, *, at_s: float, min_height_px: float) -> Moment:
    """What can be said of a look; nothing of somebody too small, hardly seen, or somebody else in the box."""
    unknown = Moment(at_s, None, "unknown", 0.0)
    if max(look.box.width, look.box.height) < min_height_px or look.skeleton.confidence < _LEAST_CONFIDENCE:
        return unknown
    if not _trunk_inside(look):
        return unknown
    stance = stance_of(look.skeleton)
    if stance is None:
        return unknown
    return Moment(at_s, stance, posture_of(stance), min(1.0, look.skeleton.confidence))


def _trunk_inside(look: Look) -> bool:
    box = look.box
    dx, dy = _AROUND * box.width, _AROUND * box.height
    trunk = look.skeleton.points[[*SHOULDERS, *HIPS]].reshape(2, 2, 2).mean(axis=1)
    low, high = (box.x1 - dx, box.y1 - dy), (box.x2 + dx, box.y2 + dy)
    return bool(((trunk >= low) & (trunk <= high)).all())
