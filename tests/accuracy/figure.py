"""A jointed figure of a person in front of a camera: bodies, movements, and what the camera sees of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from services.modules.specialists.pose.action import Action, action_of
from services.modules.specialists.pose.looking import Look, moment_of
from services.modules.specialists.pose.skeleton import NAMES, Skeleton
from shared.domain.box import Box


@dataclass(frozen=True)
class Body:
    """Metres. `legs` is their share of the height up to the shoulders."""

    height: float = 1.72
    legs: float = 0.6

    @property
    def leg(self) -> float:
        return self.height * 0.82 * self.legs

    @property
    def trunk(self) -> float:
        return self.height * 0.82 * (1 - self.legs)


ADULT, TALL, CHILD = Body(), Body(1.95, 0.61), Body(1.05, 0.54)
BODIES = {"adult": ADULT, "tall": TALL, "child": CHILD}


@dataclass(frozen=True)
class Pose:
    """Degrees. Thighs and trunk against straight down and straight up, forwards positive; `knees` bend backwards.

    `roll` tips the whole body about its feet, `pitch` as well but forwards. `hips_m` is the height of the hips, None:
    as high as the straighter leg holds them. `at` is where it stands (x, z), `faces` its direction (0: to the right,
    90: away from the camera).
    """

    trunk: float = 0.0
    thighs: tuple[float, float] = (0.0, 0.0)
    knees: tuple[float, float] = (0.0, 0.0)
    arms: tuple[float, float] = (0.0, 0.0)
    elbows: float = 10.0
    pitch: float = 0.0
    roll: float = 0.0
    hips_m: float | None = None
    at: tuple[float, float] = (0.0, 0.0)
    faces: float = 0.0


def joints(body: Body, pose: Pose) -> NDArray[np.float64]:
    """[17, 3] metres: x to the right, y up, z away from the camera."""
    local = np.zeros((17, 3))  # forwards, up, to the left of the body
    half = body.leg / 2
    hips = pose.hips_m
    drops = [
        half * math.cos(math.radians(t)) + half * math.cos(math.radians(t - k))
        for t, k in zip(pose.thighs, pose.knees, strict=True)
    ]
    if hips is None:
        hips = max(drops)
    spine = np.array([math.sin(math.radians(pose.trunk)), math.cos(math.radians(pose.trunk)), 0.0])
    pelvis = np.array([0.0, hips, 0.0])
    neck = pelvis + spine * body.trunk
    side = np.array([0.0, 0.0, 1.0])
    head = neck + spine * body.height * 0.12
    ahead = np.array([spine[1], -spine[0], 0.0])
    local[0] = head + ahead * 0.1
    for i, sign in ((1, 1), (2, -1)):
        local[i] = head + ahead * 0.08 + side * 0.03 * sign + spine * 0.03
        local[i + 2] = head + side * 0.07 * sign
    for i, sign in ((0, 1), (1, -1)):
        shoulder, hip = neck + side * 0.11 * body.height * sign, pelvis + side * 0.06 * body.height * sign
        thigh, knee = math.radians(pose.thighs[i]), math.radians(pose.thighs[i] - pose.knees[i])
        local[11 + i] = hip
        local[13 + i] = hip + half * np.array([math.sin(thigh), -math.cos(thigh), 0.0])
        local[15 + i] = local[13 + i] + half * np.array([math.sin(knee), -math.cos(knee), 0.0])
        arm = math.radians(pose.arms[i] - pose.trunk)
        fore = arm + math.radians(pose.elbows)
        local[5 + i] = shoulder
        local[7 + i] = shoulder + 0.18 * body.height * np.array([math.sin(arm), -math.cos(arm), 0.0])
        local[9 + i] = local[7 + i] + 0.16 * body.height * np.array([math.sin(fore), -math.cos(fore), 0.0])
    forwards, left = _turn(math.radians(-pose.pitch)), math.radians(pose.roll)
    local[:, :2] = local[:, :2] @ forwards.T
    local[:, 1:] = local[:, 1:] @ _turn(left).T
    facing = math.radians(pose.faces)
    x = local[:, 0] * math.cos(facing) - local[:, 2] * math.sin(facing) + pose.at[0]
    z = local[:, 0] * math.sin(facing) + local[:, 2] * math.cos(facing) + pose.at[1]
    return np.stack([x, np.maximum(local[:, 1], 0.03), z], axis=1)


@dataclass(frozen=True)
class Camera:
    """`height` and `distance` in metres; looks at a metre above the ground there. `noise` in pixels at 8 m."""

    height: float = 2.6
    distance: float = 8.0
    focal: float = 900.0
    noise: float = 1.0
    size: tuple[int, int] = (1280, 720)

    def sees(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """[n, 3] metres → [n, 2] pixels."""
        down = math.atan2(self.height - 1.0, self.distance)
        y, z = places[:, 1] - self.height, places[:, 2] + self.distance
        depth = z * math.cos(down) - y * math.sin(down)
        drop = -y * math.cos(down) - z * math.sin(down)
        scale = self.focal / depth
        return np.stack([self.size[0] / 2 + places[:, 0] * scale, self.size[1] / 2 + drop * scale], axis=1)


CAMERAS = {
    "eye level": Camera(1.6, 7.0),
    "porch": Camera(2.6, 8.0),
    "ceiling": Camera(3.2, 5.5),
    "mast": Camera(6.0, 14.0, focal=1500.0),
}

Movement = Callable[[float], Pose]


@dataclass(frozen=True)
class Scene:
    """A movement (seconds → pose), seen `fps` times a second for `lasts` seconds."""

    movement: Movement
    lasts: float
    fps: float = 5.0
    body: Body = ADULT
    camera: Camera = CAMERAS["porch"]
    hidden: tuple[str, ...] = ()
    seed: int = 1

    def looks(self) -> list[tuple[float, Look]]:
        random = np.random.default_rng(self.seed)
        found = []
        for number in range(int(self.lasts * self.fps) + 1):
            at_s = number / self.fps
            points = self.camera.sees(joints(self.body, self.movement(at_s)))
            points = points + random.normal(0, self.camera.noise, points.shape)
            scores = np.clip(random.normal(0.6, 0.1, 17), 0.3, 0.95)
            for part in self.hidden:
                scores[[i for i, name in enumerate(NAMES) if part in name]] = 0.1
            low, high = points.min(axis=0) - 4, points.max(axis=0) + 4
            found.append((at_s, Look(number, Box(*low.tolist(), *high.tolist()), Skeleton(points, scores))))
        return found

    def action(self, *, same_view: bool = True) -> Action:
        return told(self.looks(), same_view=same_view)


def told(looks: Sequence[tuple[float, Look]], *, same_view: bool = True) -> Action:
    moments = [moment_of(look, at_s=at_s, min_height_px=24) for at_s, look in looks]
    return action_of(moments, same_view=same_view)


def blend(a: Pose, b: Pose, share: float) -> Pose:
    """Between two poses, gently; `hips_m` must be given in both or neither."""
    s = min(max(share, 0.0), 1.0)
    s = s * s * (3 - 2 * s)

    def mix(x: float, y: float) -> float:
        return x + (y - x) * s

    def both(x: tuple[float, float], y: tuple[float, float]) -> tuple[float, float]:
        return (mix(x[0], y[0]), mix(x[1], y[1]))

    hips = None if a.hips_m is None or b.hips_m is None else mix(a.hips_m, b.hips_m)
    return Pose(
        trunk=mix(a.trunk, b.trunk),
        thighs=both(a.thighs, b.thighs),
        knees=both(a.knees, b.knees),
        arms=both(a.arms, b.arms),
        elbows=mix(a.elbows, b.elbows),
        pitch=mix(a.pitch, b.pitch),
        roll=mix(a.roll, b.roll),
        hips_m=hips,
        at=both(a.at, b.at),
        faces=mix(a.faces, b.faces),
    )


def through(*keys: tuple[float, Pose]) -> Movement:
    """From pose to pose, each at its second."""

    def at(at_s: float) -> Pose:
        for (start, a), (end, b) in pairwise(keys):
            if at_s <= end:
                return blend(a, b, (at_s - start) / (end - start))
        return keys[-1][1]

    return at


def _turn(radians: float) -> NDArray[np.float64]:
    cos, sin = math.cos(radians), math.sin(radians)
    return np.array([[cos, -sin], [sin, cos]])


def standing(body: Body = ADULT, **changes: object) -> Pose:
    return replace(Pose(hips_m=body.leg), **changes)  # type: ignore[arg-type]


def seated(body: Body = ADULT, **changes: object) -> Pose:
    """On a chair."""
    pose = Pose(trunk=5, thighs=(85, 85), knees=(85, 85), hips_m=body.leg * 0.52)
    return replace(pose, **changes)  # type: ignore[arg-type]


def squatting(body: Body = ADULT, **changes: object) -> Pose:
    """Deep, the feet below the middle of the body."""
    pose = Pose(trunk=40, thighs=(100, 100), knees=(140, 140), arms=(60, 60), hips_m=body.leg * 0.3)
    return replace(pose, **changes)  # type: ignore[arg-type]


def lying(body: Body = ADULT, **changes: object) -> Pose:
    """On the back, the feet where they were."""
    return replace(Pose(pitch=-87, hips_m=body.leg), **changes)  # type: ignore[arg-type]


def walk(
    body: Body = ADULT, *, speed: float = 1.3, faces: float = 0.0, start: tuple[float, float] = (-2.0, 0.0)
) -> Movement:
    """Metres a second. The stride follows from the legs."""
    turns = speed / (1.5 * body.leg)
    dx, dz = math.cos(math.radians(faces)) * speed, math.sin(math.radians(faces)) * speed

    def at(at_s: float) -> Pose:
        phase = 2 * math.pi * turns * at_s
        swing = 26 * math.sin(phase)
        knees = (8 + 45 * max(0.0, math.cos(phase)), 8 + 45 * max(0.0, -math.cos(phase)))
        return Pose(
            trunk=4,
            thighs=(swing + 6, 6 - swing),
            knees=knees,
            arms=(-swing, swing),
            at=(start[0] + dx * at_s, start[1] + dz * at_s),
            faces=faces,
        )

    return at


def run(
    body: Body = ADULT, *, speed: float = 3.4, faces: float = 0.0, start: tuple[float, float] = (-3.0, 0.0)
) -> Movement:
    turns = speed / (2.6 * body.leg)
    dx, dz = math.cos(math.radians(faces)) * speed, math.sin(math.radians(faces)) * speed

    def at(at_s: float) -> Pose:
        phase = 2 * math.pi * turns * at_s
        swing = 42 * math.sin(phase)
        knees = (15 + 95 * max(0.0, math.cos(phase)), 15 + 95 * max(0.0, -math.cos(phase)))
        return Pose(
            trunk=12,
            thighs=(swing + 12, 12 - swing),
            knees=knees,
            arms=(-swing, swing),
            elbows=85,
            at=(start[0] + dx * at_s, start[1] + dz * at_s),
            faces=faces,
        )

    return at
