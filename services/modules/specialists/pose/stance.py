"""What a skeleton says of how somebody stands, in numbers that know nothing of pixels.

Lengths are in units of about half a metre of that body: the longest of its trunk, thighs and shanks as they are seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.pose.skeleton import ANKLES, HEAD, HIPS, KNEES, SHOULDERS, WRISTS, Skeleton

HEIGHT_UNITS: Final = 3.4
"""How many units high a body is."""

# A trunk is longer than a thigh or a shank.
_LIMB: Final = 1.15
_LEAST_UNIT_PX: Final = 4.0


@dataclass(frozen=True, slots=True)
class Stance:
    """`lean_deg` is the trunk's angle to the vertical (0 upright, 180 upside down), `axis_deg` that of shoulders over
    feet. `leg_drop` is how far the lower foot is below the hips, `thigh_drop` the lower knee. `breadth` is that of the
    shoulders. `knee_deg` is that of the
    straighter leg (180 straight), `bent_knee_deg` of the other. `balance` is how far the middle of the body is from
    above the feet. `hands` is how far the lower hand is above the head. None: the joints are not seen.

    `hip`, `shoulder` and `foot` are (x, y) in pixels, `unit` a unit in pixels, `stride` the vector between the feet
    in units.
    """

    lean_deg: float
    unit: float
    length: float
    hip: tuple[float, float]
    shoulder: tuple[float, float]
    axis_deg: float | None = None
    leg_drop: float | None = None
    thigh_drop: float | None = None
    breadth: float | None = None
    knee_deg: float | None = None
    bent_knee_deg: float | None = None
    balance: float | None = None
    hands: float | None = None
    foot: tuple[float, float] | None = None
    stride: tuple[float, float] | None = None


def stance_of(skeleton: Skeleton) -> Stance | None:
    """None when the trunk is not seen: without it nothing can be said."""
    shoulder, hip = _middle(skeleton, SHOULDERS), _middle(skeleton, HIPS)
    if shoulder is None or hip is None:
        return None
    trunk = float(np.hypot(*(shoulder - hip)))
    thighs, shanks = _limbs(skeleton, HIPS, KNEES), _limbs(skeleton, KNEES, ANKLES)
    unit = max([trunk, *(_LIMB * length for length in (*thighs, *shanks))])
    if unit < _LEAST_UNIT_PX:
        return None
    knee, foot = _middle(skeleton, KNEES), _middle(skeleton, ANKLES)
    knees = _knee_angles(skeleton)
    return Stance(
        lean_deg=_lean(hip, shoulder),
        unit=unit,
        length=(trunk + max(thighs, default=0.0) + max(shanks, default=0.0)),
        hip=_pair(hip),
        shoulder=_pair(shoulder),
        axis_deg=None if foot is None else _lean(foot, shoulder),
        leg_drop=None if foot is None else (_lowest(skeleton, ANKLES) - float(hip[1])) / unit,
        thigh_drop=None if knee is None else (_lowest(skeleton, KNEES) - float(hip[1])) / unit,
        breadth=_breadth(skeleton, unit),
        knee_deg=max(knees, default=None),
        bent_knee_deg=min(knees, default=None),
        balance=None if foot is None or knee is None else _balance(shoulder, hip, knee, foot) / unit,
        hands=_hands(skeleton, float(shoulder[1]), unit),
        foot=None if foot is None else _pair(foot),
        stride=_stride(skeleton, unit),
    )


def _middle(skeleton: Skeleton, joints: tuple[int, int]) -> NDArray[np.float64] | None:
    """Of a pair of joints the middle, or the one that is seen."""
    seen = [joint for joint in joints if skeleton.seen[joint]]
    return skeleton.points[seen].mean(axis=0) if seen else None


def _breadth(skeleton: Skeleton, unit: float) -> float | None:
    left, right = SHOULDERS
    both = skeleton.seen[left] and skeleton.seen[right]
    return float(np.hypot(*(skeleton.points[left] - skeleton.points[right]))) / unit if both else None


def _limbs(skeleton: Skeleton, above: tuple[int, int], below: tuple[int, int]) -> list[float]:
    pairs = [(a, b) for a, b in zip(above, below, strict=True) if skeleton.seen[a] and skeleton.seen[b]]
    return [float(np.hypot(*(skeleton.points[a] - skeleton.points[b]))) for a, b in pairs]


def _lean(low: NDArray[np.float64], high: NDArray[np.float64]) -> float:
    """The angle, degrees, of the way from `low` to `high` against straight up."""
    dx, dy = high - low
    return float(np.degrees(np.arctan2(abs(dx), -dy)))


def _lowest(skeleton: Skeleton, joints: tuple[int, int]) -> float:
    return max(float(skeleton.points[joint, 1]) for joint in joints if skeleton.seen[joint])


def _knee_angles(skeleton: Skeleton) -> list[float]:
    found = []
    for hip, knee, ankle in zip(HIPS, KNEES, ANKLES, strict=True):
        if skeleton.seen[[hip, knee, ankle]].all():
            up, down = skeleton.points[hip] - skeleton.points[knee], skeleton.points[ankle] - skeleton.points[knee]
            lengths = float(np.hypot(*up) * np.hypot(*down))
            if lengths > 0:
                found.append(float(np.degrees(np.arccos(np.clip(up @ down / lengths, -1, 1)))))
    return found


def _balance(
    shoulder: NDArray[np.float64], hip: NDArray[np.float64], knee: NDArray[np.float64], foot: NDArray[np.float64]
) -> float:
    """Head and arms weigh on the shoulders, the trunk on the hips, the legs on the knees."""
    return abs(float(0.35 * shoulder[0] + 0.45 * hip[0] + 0.2 * knee[0] - foot[0]))


def _hands(skeleton: Skeleton, shoulder_y: float, unit: float) -> float | None:
    if not skeleton.seen[list(WRISTS)].all():
        return None
    head = [float(skeleton.points[i, 1]) for i in HEAD if skeleton.seen[i]]
    top = min(head, default=shoulder_y - unit / 2)
    return (top - _lowest(skeleton, WRISTS)) / unit


def _stride(skeleton: Skeleton, unit: float) -> tuple[float, float] | None:
    if not skeleton.seen[list(ANKLES)].all():
        return None
    left, right = (skeleton.points[joint] for joint in ANKLES)
    return _pair((left - right) / unit)


def _pair(point: NDArray[np.float64]) -> tuple[float, float]:
    return (float(point[0]), float(point[1]))
