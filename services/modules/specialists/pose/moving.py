"""Walking and running: somebody upright who gets somewhere, on legs that move."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Literal

import numpy as np

from services.modules.specialists.pose.moments import Moment, with_stance
from services.modules.specialists.pose.stance import HEIGHT_UNITS, Stance

_LEAST_LOOKS = 3
_LEAST_S = 0.3
_UPRIGHT = 0.7
_WIDEST_GAP_S = 1.2
_LEAN_DEG = 45.0
_LEG = 0.9
# Heights of the body, and per second: a metre seventy walks at some .8 a second and runs from 1.5 on.
_NET, _WALKING, _RUNNING, _SURELY_RUNNING = 0.25, 0.25, 1.3, 2.2
_STRAIGHT, _SCATTER = 0.5, 4.0
_APPROACH, _SWING = 0.1, 0.25
_SWING_LOOKS = 5
_RUNNING_KNEE_DEG = 105.0


def gait(moments: Sequence[Moment]) -> Literal["walking", "running"] | None:
    """How the person gets on in these looks, oldest first; None for not at all, or not clearly."""
    seen = with_stance(moments)
    known = [(moment.at_s, stance) for moment, stance in seen if _on_legs(stance)]
    if len(known) < _LEAST_LOOKS or len(known) < _UPRIGHT * len(seen):
        return None
    times = [at_s for at_s, _ in known]
    stances = [stance for _, stance in known]
    span = times[-1] - times[0]
    if span < _LEAST_S or max(b - a for a, b in pairwise(times)) > _WIDEST_GAP_S:
        return None
    height = HEIGHT_UNITS * median(stance.unit for stance in stances)
    # Hips alone also move in bending down, feet alone in shifting the weight.
    hips = _way(times, [stance.hip for stance in stances])
    feet = _way(*_feet(known))
    net, straight = min((way for way in (hips, feet) if way is not None), default=(0.0, 0.0))
    net /= height
    swing = _swing(stances)
    if len(stances) >= _SWING_LOOKS and swing is not None and swing < _SWING:
        return None
    if net >= _NET and net / span >= _WALKING and straight >= _STRAIGHT:
        return "running" if _runs(stances, net / span) else "walking"
    # Straight towards a camera at the height of the hips only the feet move, and the body grows.
    nearer = abs(math.log(_late(stances) / _early(stances)))
    comes = feet is not None and feet[0] >= _NET * height and feet[1] >= _STRAIGHT and len(stances) >= _SWING_LOOKS
    return "walking" if comes and nearer >= _APPROACH else None


def _on_legs(stance: Stance) -> bool:
    return stance.lean_deg <= _LEAN_DEG and (stance.leg_drop is None or stance.leg_drop >= _LEG)


def _feet(known: Sequence[tuple[float, Stance]]) -> tuple[list[float], list[tuple[float, float]]]:
    """When both feet are seen, and their middle then."""
    seen = [(at_s, stance.foot) for at_s, stance in known if stance.foot is not None and stance.stride is not None]
    if 2 * len(seen) < len(known):
        return [], []
    return [at_s for at_s, _ in seen], [foot for _, foot in seen]


def _way(times: Sequence[float], points: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    """How far the points get in all, in pixels by the line that fits them best, and how straight (0..1) they go."""
    if len(points) < _LEAST_LOOKS:
        return None
    at = np.asarray(times) - np.mean(times)
    places = np.asarray(points)
    slope = at @ places / max(float(at @ at), 1e-9)
    off = places - places.mean(axis=0) - at[:, None] * slope
    along = float(np.hypot(*slope)) * (times[-1] - times[0])
    scatter = float(np.hypot(*off.std(axis=0)))
    return along, along / (along + _SCATTER * scatter) if along > 0 else 0.0


def _swing(stances: Sequence[Stance]) -> float | None:
    """How far the feet move against each other, in units; None when they are hardly seen."""
    strides = [stance.stride for stance in stances if stance.stride is not None]
    if 2 * len(strides) < len(stances):
        return None
    return max(max(stride[axis] for stride in strides) - min(stride[axis] for stride in strides) for axis in (0, 1))


def _runs(stances: Sequence[Stance], speed: float) -> bool:
    knees = [stance.bent_knee_deg for stance in stances if stance.bent_knee_deg is not None]
    bent = bool(knees) and min(knees) <= _RUNNING_KNEE_DEG
    return speed >= _SURELY_RUNNING or (speed >= _RUNNING and bent)


def _early(stances: Sequence[Stance]) -> float:
    return median(stance.unit for stance in stances[: max(1, len(stances) // 3)])


def _late(stances: Sequence[Stance]) -> float:
    return median(stance.unit for stance in stances[-max(1, len(stances) // 3) :])
