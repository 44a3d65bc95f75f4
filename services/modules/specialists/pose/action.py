"""What somebody does, out of one look or of several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.modules.specialists.pose.falling import WITHIN_S, fell
from services.modules.specialists.pose.moments import Moment
from services.modules.specialists.pose.moving import gait
from services.modules.specialists.pose.posture import Posture
from shared.domain.vocabulary import PersonAction

WINDOW_S: Final = 2.5
_SHARE: Final = 0.5
_NOTHING: Final[Posture] = "unknown"


@dataclass(frozen=True, slots=True)
class Action:
    """`confidence` 0..1 is how well the keypoints behind it were seen; 0 for unknown."""

    name: PersonAction
    confidence: float


UNKNOWN: Final = Action("unknown", 0.0)


def action_of(moments: Sequence[Moment], *, same_view: bool, fall_within_s: float = WITHIN_S) -> Action:
    """What the person does at the end of these looks, oldest first; a fall counts whenever it was.

    Without `same_view` (places in one picture mean nothing in the next) nobody moves or falls.
    """
    if same_view and fell(moments, within_s=fall_within_s):
        return Action("fall", _confidence(moments))
    ends = sorted({moment.at_s for moment in moments}, reverse=True)
    for end_s in ends:
        # What was done last, or before when that cannot be told.
        window = [moment for moment in moments if end_s - WINDOW_S <= moment.at_s <= end_s]
        action = _within(window, same_view=same_view)
        if action.name != "unknown":
            return action
    return UNKNOWN


def _within(window: Sequence[Moment], *, same_view: bool) -> Action:
    told = Counter(moment.posture for moment in window if moment.posture != "unknown").most_common(1)
    posture, times = told[0] if told else (_NOTHING, 0)
    if posture == "hands_up" and 2 * times > len(window):
        return Action("hands_up", _confidence(window))
    moving = gait(window) if same_view else None
    if moving is not None:
        return Action(moving, _confidence(window))
    if posture == "unknown" or times < _SHARE * len(window):
        return UNKNOWN
    return Action(posture, _confidence([moment for moment in window if moment.posture == posture]))


def _confidence(moments: Sequence[Moment]) -> float:
    seen = [moment.confidence for moment in moments if moment.stance is not None]
    return round(sum(seen) / len(seen), 4) if seen else 0.0
