"""How somebody holds the body, out of one look."""

from __future__ import annotations

from typing import Literal

from services.modules.specialists.pose.stance import Stance

Posture = Literal["standing", "sitting", "crouching", "lying", "hands_up", "unknown"]

# Angles in degrees, lengths in units (see `Stance`). A body of a metre seventy that stands has its feet 1.7 units
# below the hips and its knees 0.85; on a chair these are about 1 and 0, in a deep squat 0.4 and 0.
_UPRIGHT_DEG, _LEANING_DEG = 35.0, 48.0
_LYING_DEG, _UPSIDE_DOWN_DEG = (58.0, 125.0), 125.0
_LYING_AXIS_DEG = 52.0
_LYING_LEG, _LYING_THIGH = 0.6, 0.45
_STANDING_LEG, _STANDING_THIGH, _STANDING_KNEE_DEG = 1.05, 0.45, 130.0
# Whose shoulders are broader than this stands below the camera, or lies with the feet towards it.
_FORESHORTENED = 1.25
_THIGH_ALONE = 0.7
_SEAT_THIGH, _SEAT_LEG = (-0.6, 0.5), (0.55, 1.25)
_FLOOR_LEG = 0.55
_BALANCED, _UNBALANCED = 0.35, 0.5
_SQUAT_LEG, _SQUAT_LEAN_DEG = 0.6, 22.0
_HANDS_OVER_HEAD = 0.15


def posture_of(stance: Stance) -> Posture:
    """Unknown when it is not clear, as when the legs are not seen."""
    if is_lying(stance):
        return "lying"
    if _hands_up(stance):
        return "hands_up"
    if is_upright(stance):
        return "standing"
    return _low(stance)


def is_upright(stance: Stance) -> bool:
    """On straight legs under a straight back."""
    if stance.lean_deg > _UPRIGHT_DEG or stance.thigh_drop is None:
        return False
    if stance.breadth is not None and stance.breadth > _FORESHORTENED:
        return False
    if stance.leg_drop is None:
        return stance.thigh_drop >= _THIGH_ALONE
    straight = stance.knee_deg is None or stance.knee_deg >= _STANDING_KNEE_DEG
    return stance.leg_drop >= _STANDING_LEG and stance.thigh_drop >= _STANDING_THIGH and straight


def is_lying(stance: Stance) -> bool:
    """Stretched out on the ground, as far as it is seen across the view; with bent legs too, but not on all fours."""
    if stance.leg_drop is None or stance.thigh_drop is None or stance.axis_deg is None:
        return False
    if stance.lean_deg >= _UPSIDE_DOWN_DEG:
        return stance.leg_drop <= -_LYING_LEG / 2
    flat = _LYING_DEG[0] <= stance.lean_deg <= _LYING_DEG[1] and stance.axis_deg >= _LYING_AXIS_DEG
    return flat and stance.leg_drop <= _LYING_LEG and stance.thigh_drop <= _LYING_THIGH


def _hands_up(stance: Stance) -> bool:
    return stance.hands is not None and stance.hands >= _HANDS_OVER_HEAD and stance.lean_deg <= _UPRIGHT_DEG


def _low(stance: Stance) -> Posture:
    """Sitting and crouching look alike; whoever crouches must be above the feet."""
    leg, thigh, balance = stance.leg_drop, stance.thigh_drop, stance.balance
    if leg is None or thigh is None or balance is None or stance.lean_deg > _LYING_DEG[0]:
        return "unknown"
    if not _SEAT_THIGH[0] <= thigh <= _SEAT_THIGH[1] or leg > _SEAT_LEG[1]:
        return "unknown"
    if balance >= _UNBALANCED:
        seated = stance.lean_deg <= _LEANING_DEG and leg >= -_FLOOR_LEG
        return "sitting" if seated else "unknown"
    if balance > _BALANCED or leg < 0:
        return "unknown"
    if leg < _SQUAT_LEG or stance.lean_deg >= _SQUAT_LEAN_DEG:
        return "crouching"
    return "sitting" if leg >= _SEAT_LEG[0] else "unknown"
