"""A fall: upright, then fast down, then lying, and staying so. A lying person alone has not fallen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from services.modules.specialists.pose.moments import Moment, with_stance
from services.modules.specialists.pose.posture import is_lying, is_upright
from services.modules.specialists.pose.stance import HEIGHT_UNITS, Stance

WITHIN_S: Final = 1.6
"""The longest a fall takes, from the last upright look to the first lying one. Who lies down takes longer."""

# Heights of the body. Hips are at half of it, shoulders at .8; lying both are near the ground.
_HIPS_DROP: Final = 0.18
_SHOULDERS_DROP: Final = 0.4
_SPEED: Final = 0.28
_FARTHEST: Final = 1.3
_LENGTHS: Final = (0.5, 1.7)
_UPRIGHT_LOOKS: Final = 2
_UPRIGHT_BEFORE_S: Final = 4.0
_STAYS_LOOKS: Final = 2
_STAYS_S: Final = 0.8
_REST_S: Final = 0.5
_UP_AGAIN_S: Final = 2.5
_BEFORE_S: Final = 0.6
# How long the shoulders take for the middle part of their way down: a body that nothing holds needs half of that.
_DROP_S: Final = 1.0
_DROP_PART: Final = (0.15, 0.85)


def fell(moments: Sequence[Moment], *, within_s: float = WITHIN_S) -> bool:
    """Whether the person fell in these looks, oldest first."""
    known = with_stance(moments)
    times = [moment.at_s for moment, _ in known]
    stances = [stance for _, stance in known]
    lying = [is_lying(stance) for stance in stances]
    upright = [is_upright(stance) and stance.leg_drop is not None for stance in stances]
    for first in range(len(known)):
        if not lying[first] or (first and lying[first - 1]):
            continue
        last = max((i for i in range(first) if upright[i]), default=None)
        if last is None or not 0 < times[first] - times[last] <= within_s:
            continue
        if (
            _stood(times, upright, last)
            and _stays(times, lying, upright, first)
            and not _rested(known[last + 1 : first])
            and _came_down(_highest(known, upright, last), stances[first], seconds=times[first] - times[last])
            and _drop_s(times, [stance.shoulder[1] for stance in stances], first) <= _DROP_S
        ):
            return True
    return False


def _stood(times: Sequence[float], upright: Sequence[bool], last: int) -> bool:
    """Seen upright more than once: one odd look proves nothing."""
    looks = sum(up and times[last] - t <= _UPRIGHT_BEFORE_S for t, up in zip(times[: last + 1], upright, strict=False))
    return looks >= _UPRIGHT_LOOKS


def _stays(times: Sequence[float], lying: Sequence[bool], upright: Sequence[bool], first: int) -> bool:
    """Lies on, in most looks, and does not get up at once as in exercise or play."""
    soon = [i for i in range(first, len(times)) if times[i] - times[first] <= _UP_AGAIN_S]
    if any(upright[i] for i in soon):
        return False
    down = [i for i in soon if lying[i]]
    long_enough = len(down) >= _STAYS_LOOKS and times[down[-1]] - times[first] >= _STAYS_S
    return long_enough and 2 * len(down) > len(soon)


def _rested(between: Sequence[tuple[Moment, Stance]]) -> bool:
    """Whether somebody sat or crouched for a while on the way down, as who lies down does."""
    low = [moment.at_s for moment, _ in between if moment.posture in ("sitting", "crouching")]
    return bool(low) and low[-1] - low[0] >= _REST_S


def _highest(known: Sequence[tuple[Moment, Stance]], upright: Sequence[bool], last: int) -> Stance:
    """How the person stood just before: in the last upright look the fall may have begun."""
    near = [i for i in range(last + 1) if upright[i] and known[last][0].at_s - known[i][0].at_s <= _BEFORE_S]
    return min((known[i][1] for i in near), key=lambda stance: stance.shoulder[1])


def _came_down(before: Stance, after: Stance, *, seconds: float) -> bool:
    height = HEIGHT_UNITS * before.unit
    hips = (after.hip[1] - before.hip[1]) / height
    shoulders = (after.shoulder[1] - before.shoulder[1]) / height
    near = math.dist(after.hip, before.hip) <= _FARTHEST * height
    same = _LENGTHS[0] <= after.length / before.length <= _LENGTHS[1]
    return hips >= _HIPS_DROP and shoulders >= _SHOULDERS_DROP and hips / seconds >= _SPEED and near and same


def _drop_s(times: Sequence[float], heights: Sequence[float], first: int) -> float:
    """How long the middle part of the shoulders' way down takes around the first lying look.

    `heights` are in pixels, downwards. The way is from where they were highest before to where they come to lie.
    """
    before = [h for t, h in zip(times, heights, strict=True) if times[first] - _UPRIGHT_BEFORE_S <= t < times[first]]
    after = [h for t, h in zip(times, heights, strict=True) if 0 <= t - times[first] <= _STAYS_S]
    # The upper quarter of the looks rather than the single highest one: a step may lift, and noise does.
    top, bottom = sorted(before)[len(before) // 4], max(after)
    begins, ends = (top + part * (bottom - top) for part in _DROP_PART)
    left = max((i for i in range(first) if heights[i] <= begins), default=0)
    came = min((i for i in range(first, len(heights)) if heights[i] >= ends), default=len(heights) - 1)
    return _crossing(times, heights, came - 1, ends) - _crossing(times, heights, left, begins)


def _crossing(times: Sequence[float], heights: Sequence[float], at: int, height: float) -> float:
    """When the height was reached between the looks `at` and the next."""
    low, high = heights[at], heights[at + 1]
    share = (height - low) / (high - low) if high > low else 0.0
    return times[at] + min(max(share, 0.0), 1.0) * (times[at + 1] - times[at])
