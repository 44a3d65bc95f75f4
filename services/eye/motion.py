"""How things move between two looks at them, in seconds and not in frames.

A position drifts with a velocity that is itself random but persistent: an Ornstein-Uhlenbeck process
with spread `speed` and memory `memory_s`. Its transition over any time is known in closed form, so a
camera sampled at 1 fps, at 25 fps or unevenly needs no other constants, and an object just found has the
right prior: it stands still, give or take a usual speed.

Speeds are in body lengths per second, a body length being the longer side of the box: someone walking
makes .8, someone running 3, a car in town 2–4.

Source of the transition: Gillespie, "Exact numerical simulation of the Ornstein-Uhlenbeck process and
its integral", Phys. Rev. E 54 (1996).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from shared.domain.box import Box


@dataclass(frozen=True, slots=True)
class MotionModel:
    """The constants: all lengths in body lengths, sizes as natural logarithms."""

    speed: float = 0.7
    memory_s: float = 2.5
    position_noise: float = 0.06
    size_drift: float = 0.12
    height_noise: float = 0.08
    width_noise: float = 0.2


@dataclass(frozen=True, slots=True)
class Motion:
    """Where an object was when last seen, at `at` seconds, and how sure that is.

    Pixels and pixels per second; `width` and `height` are the sides; the variances of position and
    velocity are shared by both axes; `var_s` is what the logarithms of the sides may have drifted.
    """

    at: float
    x: float
    y: float
    vx: float
    vy: float
    width: float
    height: float
    var_p: float
    var_pv: float
    var_v: float
    var_s: float

    @property
    def body(self) -> float:
        return max(self.width, self.height)

    @property
    def box(self) -> Box:
        return Box(self.x - self.width / 2, self.y - self.height / 2, self.x + self.width / 2, self.y + self.height / 2)


def begin(box: Box, at: float, *, model: MotionModel) -> Motion:
    """An object first seen in `box`."""
    body = max(box.width, box.height)
    return Motion(
        at=at,
        x=(box.x1 + box.x2) / 2,
        y=(box.y1 + box.y2) / 2,
        vx=0.0,
        vy=0.0,
        width=box.width,
        height=box.height,
        var_p=(model.position_noise * body) ** 2,
        var_pv=0.0,
        var_v=(model.speed * body) ** 2,
        var_s=model.height_noise**2,
    )


def predict(motion: Motion, at: float, *, model: MotionModel) -> Motion:
    """What is to be expected at `at`: closed form, so it need not be stepped frame by frame."""
    dt = max(0.0, at - motion.at)
    tau = model.memory_s
    keep = math.exp(-dt / tau)
    carry = tau * (1 - keep)
    spread = (model.speed * motion.body) ** 2
    q_pp = spread * tau**2 * (2 * dt / tau - 3 + 4 * keep - keep**2)
    q_pv = spread * tau * (1 - keep) ** 2
    q_vv = spread * (1 - keep**2)
    return Motion(
        at=at,
        x=motion.x + carry * motion.vx,
        y=motion.y + carry * motion.vy,
        vx=keep * motion.vx,
        vy=keep * motion.vy,
        width=motion.width,
        height=motion.height,
        var_p=motion.var_p + 2 * carry * motion.var_pv + carry**2 * motion.var_v + q_pp,
        var_pv=keep * (motion.var_pv + carry * motion.var_v) + q_pv,
        var_v=keep**2 * motion.var_v + q_vv,
        var_s=motion.var_s + model.size_drift**2 * dt,
    )


def correct(expected: Motion, box: Box, *, model: MotionModel, doubt: float = 1.0) -> Motion:
    """Kalman update of a prediction by a detection; `doubt` > 1 for one that is less to be trusted."""
    noise = (model.position_noise * doubt * expected.body) ** 2
    total = expected.var_p + noise
    gain_p, gain_v = expected.var_p / total, expected.var_pv / total
    dx = (box.x1 + box.x2) / 2 - expected.x
    dy = (box.y1 + box.y2) / 2 - expected.y
    gain_w, gain_h = (
        expected.var_s / (expected.var_s + (side * doubt) ** 2) for side in (model.width_noise, model.height_noise)
    )
    return Motion(
        at=expected.at,
        x=expected.x + gain_p * dx,
        y=expected.y + gain_p * dy,
        vx=expected.vx + gain_v * dx,
        vy=expected.vy + gain_v * dy,
        width=expected.width * (max(box.width, 1.0) / expected.width) ** gain_w,
        height=expected.height * (max(box.height, 1.0) / expected.height) ** gain_h,
        var_p=(1 - gain_p) * expected.var_p,
        var_pv=(1 - gain_p) * expected.var_pv,
        var_v=expected.var_v - gain_v * expected.var_pv,
        var_s=(1 - gain_h) * expected.var_s,
    )


def rescaled(motion: Motion, sx: float, sy: float) -> Motion:
    """The same motion in a picture whose pixels are `sx` × `sy` times as many."""
    both = sx * sy
    return replace(
        motion,
        x=motion.x * sx,
        y=motion.y * sy,
        vx=motion.vx * sx,
        vy=motion.vy * sy,
        width=motion.width * sx,
        height=motion.height * sy,
        var_p=motion.var_p * both,
        var_pv=motion.var_pv * both,
        var_v=motion.var_v * both,
    )
