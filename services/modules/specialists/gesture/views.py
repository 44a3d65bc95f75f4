"""A hand over several pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from services.modules.specialists.gesture.fingers import Fingers
from services.modules.specialists.gesture.signs import Gesture, Part
from shared.vision.hands.hand import Hand

_FARTHEST: Final = 1.5
_SIZES: Final = 2.0
_AWAY_S: Final = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A hand on picture `number`, seconds after the first picture, and what it shows there."""

    number: int
    at_s: float
    hand: Hand
    fingers: Fingers | None
    gesture: Gesture
    part: Part


@dataclass(slots=True)
class Shown:
    """The views of one hand, oldest first."""

    views: list[View] = field(default_factory=list)


def follow(pictures: Sequence[Sequence[View]]) -> list[Shown]:
    """The views of each picture, oldest first → the hands: each goes on as the nearest of its size and side."""
    hands: list[Shown] = []
    for views in pictures:
        free = list(hands)
        for view in views:
            near = [(distance, shown) for shown in free if (distance := _distance(shown.views[-1], view)) is not None]
            if near:
                shown = min(near, key=lambda pair: pair[0])[1]
                free.remove(shown)
            else:
                shown = Shown()
                hands.append(shown)
            shown.views.append(view)
    return hands


def _distance(before: View, now: View) -> float | None:
    """In sizes of the hand; None when it cannot be the same one."""
    if now.at_s - before.at_s > _AWAY_S or now.number == before.number:
        return None
    sides = {before.hand.handedness, now.hand.handedness}
    if sides == {"left", "right"}:
        return None
    sizes = [max(view.hand.box.width, view.hand.box.height, 1.0) for view in (before, now)]
    if max(sizes) > _SIZES * min(sizes):
        return None
    apart = float(np.linalg.norm(before.hand.points[0, :2] - now.hand.points[0, :2])) / max(sizes)
    return apart if apart <= _FARTHEST else None
