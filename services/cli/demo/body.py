"""A dressed body as rounded solids, turned to the viewer by an angle."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from services.cli.demo.gait import Arm, Joint, Leg, Skeleton
from services.cli.demo.relief import Limb
from services.cli.demo.wardrobe import Outfit

SOLE_M = 0.036
LOOSE = 1.35
"""A hem hangs this much deeper than the hips, so that thighs stay under it."""


class Material(IntEnum):
    """What a pixel of a person is made of."""

    SKIN = 0
    HAIR = 1
    TOP = 2
    LEGS = 3
    SHOES = 4
    BAG = 5
    DARK = 6


@dataclass(frozen=True, slots=True)
class Part:
    """A solid of the body in metres: across, up, to the viewer."""

    a: Joint
    b: Joint
    ra: float
    rb: float
    material: Material
    flat: float = 1.0
    turn: float = 0.0
    cut: bool = False

    def placed(self, scale: float, foot_x: float, foot_y: float) -> Limb:
        a, b = ((foot_x + across * scale, foot_y - up * scale, near * scale) for across, up, near in (self.a, self.b))
        return Limb(a, b, self.ra * scale, self.rb * scale, int(self.material), self.flat, self.turn, self.cut)


@dataclass(frozen=True, slots=True)
class _Turned:
    """The body's axes seen by the viewer. At yaw 0 the body looks to the right, at π/2 to the viewer."""

    yaw: float

    def at(self, forward: float, up: float, left: float) -> Joint:
        cos, sin = math.cos(self.yaw), math.sin(self.yaw)
        return forward * cos + left * sin, up, forward * sin - left * cos

    def half(self, side: float, front: float) -> tuple[float, float]:
        """An elliptic cross-section's half width across the picture, and its depth as a share of that."""
        cos, sin = math.cos(self.yaw), math.sin(self.yaw)
        across, deep = math.hypot(side * sin, front * cos), math.hypot(side * cos, front * sin)
        return across, deep / across


def body_limbs(bones: Skeleton, outfit: Outfit, yaw: float) -> Iterator[Part]:
    """Everything below the neck."""
    turned = _Turned(yaw)
    yield from _trunk(bones, outfit, turned)
    for leg in (bones.left_leg, bones.right_leg):
        yield from _leg(leg, outfit, turned)
    for arm in (bones.left_arm, bones.right_arm):
        yield from _arm(arm, outfit, turned)
    if outfit.bag:
        yield from _backpack(bones, turned)


def head_limbs(bones: Skeleton, outfit: Outfit, yaw: float) -> Iterator[Part]:
    """Neck, head, hair and as much of a face as a camera sees."""
    turned = _Turned(yaw)
    forward, up, _ = bones.head
    neck = bones.neck
    throat = turned.at(neck[0] - 0.012, neck[1] - 0.06, 0)
    yield Part(throat, turned.at(forward - 0.02, up - 0.04, 0), 0.060, 0.053, Material.SKIN)
    across, flat = turned.half(0.083, 0.100)
    chin = turned.at(forward + 0.018, up - 0.052, 0)
    yield Part(turned.at(forward, up + 0.035, 0), chin, across, across * 0.78, Material.SKIN, flat)
    yield from _face(forward, up, turned)
    yield from _hair(forward, up, outfit, turned)


def _face(forward: float, up: float, turned: _Turned) -> Iterator[Part]:
    nose = turned.at(forward + 0.096, up + 0.002, 0)
    yield Part(nose, turned.at(forward + 0.106, up - 0.022, 0), 0.010, 0.014, Material.SKIN)
    left, right = (turned.at(forward + 0.086, up - 0.062, side) for side in (0.018, -0.018))
    yield Part(left, right, 0.008, 0.008, Material.DARK)
    for side in (0.033, -0.033):
        eye = turned.at(forward + 0.089, up + 0.012, side)
        yield Part(eye, turned.at(forward + 0.089, up + 0.012, side * 0.8), 0.011, 0.011, Material.DARK)
        ear = turned.at(forward - 0.005, up - 0.002, side * 2.5)
        yield Part(ear, turned.at(forward, up - 0.028, side * 2.45), 0.018, 0.012, Material.SKIN)


def _hair(forward: float, up: float, outfit: Outfit, turned: _Turned) -> Iterator[Part]:
    """A cap over the skull, and what hangs down at the back."""
    across, flat = turned.half(0.088, 0.094)
    crown = turned.at(forward - 0.016, up + 0.052, 0)
    nape = turned.at(forward - 0.045 - outfit.hair_m * 0.2, up - outfit.hair_m, 0)
    yield Part(crown, nape, across, across * 0.78, Material.HAIR, flat)
    across, flat = turned.half(0.085, 0.095)
    fringe = turned.at(forward + 0.014, up + 0.072, 0)
    yield Part(fringe, turned.at(forward - 0.02, up + 0.072, 0), across, across, Material.HAIR, flat)


def _trunk(bones: Skeleton, outfit: Outfit, turned: _Turned) -> Iterator[Part]:
    """Hips in trousers, and the top over them, cut straight at its hem."""
    pelvis, chest, broad = bones.pelvis, bones.chest, outfit.broad
    hips, hips_flat = turned.half(0.168 * broad, 0.122 * broad)
    waist, _ = turned.half(0.146 * broad, 0.105 * broad)
    ribs, ribs_flat = turned.half(0.178 * broad, 0.120 * broad)
    middle = turned.at(0, pelvis[1] + 0.10, 0)
    yield Part(middle, turned.at(0, pelvis[1] - 0.03, 0), waist, hips, Material.LEGS, hips_flat)
    top = turned.at(chest[0], chest[1] + 0.08, 0)
    yield Part(top, middle, ribs, waist * 1.08, Material.TOP, ribs_flat, turned.yaw)
    hem = turned.at(0, pelvis[1] - outfit.hem_m, 0)
    flare = hips * (1.08 + 0.5 * outfit.hem_m)
    yield Part(middle, hem, waist * 1.08, flare, Material.TOP, hips_flat * LOOSE, turned.yaw, cut=True)
    yield from _shoulders(bones, turned)


def _shoulders(bones: Skeleton, turned: _Turned) -> Iterator[Part]:
    left, right = bones.left_arm.shoulder, bones.right_arm.shoulder
    neck = bones.neck
    one, other = (turned.at(joint[0], joint[1] - 0.035, joint[2] * 0.72) for joint in (left, right))
    yield Part(one, other, 0.085, 0.085, Material.TOP)
    for joint in (left, right):
        collar = turned.at(neck[0] - 0.012, neck[1] - 0.012, joint[2] * 0.18)
        point = turned.at(joint[0], joint[1] - 0.012, joint[2] * 0.86)
        yield Part(collar, point, 0.052, 0.064, Material.TOP)


def _leg(leg: Leg, outfit: Outfit, turned: _Turned) -> Iterator[Part]:
    joints = (leg.hip, leg.knee, leg.ankle, leg.heel, leg.toe)
    hip, knee, ankle, heel, toe = (turned.at(*joint) for joint in joints)
    wide = outfit.wide
    yield Part(hip, knee, 0.094 * wide, 0.068 * wide, Material.LEGS)
    yield Part(knee, ankle, 0.068 * wide, 0.056 * wide, Material.LEGS)
    heel, toe = ((across, up + SOLE_M, near) for across, up, near in (heel, toe))
    yield Part(heel, toe, 0.043, 0.036, Material.SHOES)
    yield Part(ankle, heel, 0.048, 0.043, Material.SHOES)


def _arm(arm: Arm, outfit: Outfit, turned: _Turned) -> Iterator[Part]:
    joints = (arm.shoulder, arm.elbow, arm.wrist, arm.finger)
    shoulder, elbow, wrist, finger = (turned.at(*joint) for joint in joints)
    long = outfit.long_sleeves
    yield Part(shoulder, elbow, 0.064, 0.052, Material.TOP)
    lower = Material.TOP if long else Material.SKIN
    yield Part(elbow, wrist, 0.050 if long else 0.042, 0.040 if long else 0.032, lower)
    yield Part(wrist, finger, 0.034, 0.026, Material.SKIN)


def _backpack(bones: Skeleton, turned: _Turned) -> Iterator[Part]:
    forward, up, _ = bones.chest
    across, flat = turned.half(0.130, 0.080)
    upper = turned.at(forward - 0.14, up + 0.11, 0)
    yield Part(upper, turned.at(forward - 0.16, up - 0.12, 0), across, across * 1.05, Material.BAG, flat)
    for side in (0.11, -0.11):
        strap = turned.at(forward + 0.085, up + 0.16, side)
        yield Part(strap, turned.at(forward + 0.105, up - 0.02, side), 0.022, 0.02, Material.BAG)
