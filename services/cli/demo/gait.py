"""How people walk: joints of a body over the phase of a step.

The body's own axes are metres: forward, up, and left. Angles are degrees; a leg's angle is positive
when it swings forward, a knee's when it bends.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

Joint = tuple[float, float, float]

THIGH_M, SHIN_M, FOOT_M, ANKLE_M = 0.44, 0.42, 0.145, 0.075
UPPER_ARM_M, FOREARM_M, HAND_M = 0.29, 0.25, 0.10
HIP_SIDE_M, SHOULDER_SIDE_M = 0.095, 0.185
STRIDE_M = 1.38
"""The way of one whole cycle, a step with each leg."""


@dataclass(frozen=True, slots=True)
class Leg:
    hip: Joint
    knee: Joint
    ankle: Joint
    heel: Joint
    toe: Joint


@dataclass(frozen=True, slots=True)
class Arm:
    shoulder: Joint
    elbow: Joint
    wrist: Joint
    finger: Joint


@dataclass(frozen=True, slots=True)
class Skeleton:
    """The joints of a person of about 1.75 m, the lower foot on the floor at up = 0."""

    pelvis: Joint
    chest: Joint
    neck: Joint
    head: Joint
    left_leg: Leg
    right_leg: Leg
    left_arm: Arm
    right_arm: Arm


def skeleton(phase: float, *, swing: float) -> Skeleton:
    """The body at `phase` (0..1, the left heel touches at 0); `swing` is 0 for standing, 1 for walking."""
    legs = [_leg_angles(phase + shift, swing) for shift in (0.0, 0.5)]
    hip_up = max(_drop(*angles) for angles in legs)
    left, right = (_leg(hip_up, angles, side) for angles, side in zip(legs, (HIP_SIDE_M, -HIP_SIDE_M), strict=True))
    lean = 0.035 * swing + 0.01
    shoulder_up = hip_up + 0.53
    turn = 0.035 * swing * math.cos(2 * math.pi * phase)
    return Skeleton(
        pelvis=(0.0, hip_up + 0.04, 0.0),
        chest=(lean * 0.6, hip_up + 0.34, 0.0),
        neck=(lean, hip_up + 0.575, 0.0),
        head=(lean + 0.025, hip_up + 0.72, 0.0),
        left_leg=left,
        right_leg=right,
        left_arm=_arm((lean - turn, shoulder_up, SHOULDER_SIDE_M), _arm_angles(phase + 0.5, swing)),
        right_arm=_arm((lean + turn, shoulder_up, -SHOULDER_SIDE_M), _arm_angles(phase, swing)),
    )


def _leg_angles(phase: float, swing: float) -> tuple[float, float, float]:
    """Thigh, knee and foot angle. The thigh leads at heel strike, the knee bends most in mid-swing."""
    phase %= 1.0
    thigh = 4 + 23 * math.cos(2 * math.pi * phase)
    knee = 6 + 13 * _bump(phase, 0.15, 0.13) + 52 * _bump(phase, 0.72, 0.15)
    foot = 14 * _bump(phase, 0.0, 0.08) + 14 * _bump(phase, 1.0, 0.08) - 32 * _bump(phase, 0.60, 0.13)
    return thigh * swing, 3 + knee * swing, foot * swing


def _bump(phase: float, centre: float, width: float) -> float:
    return math.exp(-(((phase - centre) / width) ** 2))


def _arm_angles(phase: float, swing: float) -> tuple[float, float]:
    back_and_forth = math.cos(2 * math.pi * phase)
    return 1 + 18 * swing * back_and_forth, 12 + swing * (7 + 8 * back_and_forth)


def _drop(thigh: float, knee: float, foot: float) -> float:
    """How far below the hip the lowest part of the foot is."""
    _, _, ankle, heel, toe = _leg_chain(thigh, knee, foot)
    return max(-ankle[1] + ANKLE_M * 0.6, -heel[1], -toe[1])


def _leg_chain(thigh: float, knee: float, foot: float) -> tuple[tuple[float, float], ...]:
    """Hip, knee, ankle, heel and toe in the plane (forward, up), the hip at the origin."""
    knee_at = _along((0.0, 0.0), THIGH_M, thigh)
    ankle = _along(knee_at, SHIN_M, thigh - knee)
    tilt = math.radians(foot + (thigh - knee) * 0.35 if foot < 0 else foot)
    forward, up = math.cos(tilt), math.sin(tilt)
    heel = (ankle[0] - 0.03 * forward + ANKLE_M * up, ankle[1] - 0.05 * up - ANKLE_M * forward)
    toe = (heel[0] + (FOOT_M + 0.05) * forward, heel[1] + (FOOT_M + 0.05) * up)
    return (0.0, 0.0), knee_at, ankle, heel, toe


def _along(start: tuple[float, float], length: float, degrees: float) -> tuple[float, float]:
    """A limb hanging down from `start`, swung forward by `degrees`."""
    angle = math.radians(degrees)
    return start[0] + length * math.sin(angle), start[1] - length * math.cos(angle)


def _leg(hip_up: float, angles: tuple[float, float, float], side: float) -> Leg:
    hip, knee, ankle, heel, toe = (
        (forward, hip_up + up, side * squeeze)
        for (forward, up), squeeze in zip(_leg_chain(*angles), (1, 0.95, 0.85, 0.85, 1.05), strict=True)
    )
    return Leg(hip, knee, ankle, heel, toe)


def _arm(shoulder: Joint, angles: tuple[float, float]) -> Arm:
    swing, bend = angles
    outwards = math.copysign(1.0, shoulder[2])
    elbow = _reach(shoulder, UPPER_ARM_M, swing, 0.055 * outwards)
    wrist = _reach(elbow, FOREARM_M, swing + bend, 0.005 * outwards)
    return Arm(shoulder, elbow, wrist, _reach(wrist, HAND_M, swing + bend + 6, -0.01 * outwards))


def _reach(start: Joint, length: float, degrees: float, side: float) -> Joint:
    forward, up = _along((start[0], start[1]), length, degrees)
    return forward, up, start[2] + side
