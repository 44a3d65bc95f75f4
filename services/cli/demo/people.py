"""Walking people: drawn once per direction and phase of the step, then laid into the picture as sprites."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np

from services.cli.demo.body import body_limbs, head_limbs
from services.cli.demo.gait import STRIDE_M, skeleton
from services.cli.demo.relief import Relief
from services.cli.demo.scene import Drawn, Pose, View
from services.cli.demo.sprite import Canvas, FloatImage, Sprite
from services.cli.demo.wardrobe import Outfit, cloth, random_outfit
from shared.domain.box import Box

PHASES = 14
DIRECTIONS = 16
SPRITE_PX_PER_M = 144
OVERSAMPLING = 1.5
STANDING_BELOW_M_S = 0.15
SWAY_S = 3.2
RISE_S = 0.9
SEAT_DEPTH_M = 0.75


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in clothes drawn by `seed`, `height_m` tall. Sprites are kept as they are first needed.

    With `rises_s` the person stands up from a seat at that time: what hides the seat is to stand in front.
    """

    seed: int
    height_m: float = 1.76
    rises_s: float | None = None
    _sprites: dict[tuple[int, int], Sprite] = field(default_factory=dict, compare=False, repr=False)

    def draw(self, canvas: Canvas, view: View, pose: Pose) -> list[Drawn]:
        sway_m = 0.012 * math.sin(2 * math.pi * pose.t_s / SWAY_S) if pose.speed_m_s < STANDING_BELOW_M_S else 0
        sunk_m = self._sunk_m(pose.t_s)
        x, y = view.project(pose.x_m + sway_m, -sunk_m, pose.z_m)
        factor = view.scale(pose.z_m) * self.height_m / 1.76 / SPRITE_PX_PER_M
        sprite = self._sprite(pose, view).resized(factor)
        if not sunk_m:
            shadow = _shadow(view.scale(pose.z_m))
            canvas.darken(shadow, x + shadow.shape[1] * 0.06, y - shadow.shape[0] * 0.04)
        canvas.paste(sprite, x, y)
        x1, y1, x2, y2 = sprite.bounds()
        return [Drawn("person", Box(x + x1, y + y1, x + x2, y + y2))]

    def _sunk_m(self, t_s: float) -> float:
        if self.rises_s is None:
            return 0.0
        left = 1 - min(max((t_s - self.rises_s) / RISE_S, 0.0), 1.0)
        return SEAT_DEPTH_M * left * left

    def _sprite(self, pose: Pose, view: View) -> Sprite:
        seen_from = math.atan2(pose.x_m, pose.z_m)
        direction = round((pose.heading + seen_from) / (2 * math.pi) * DIRECTIONS) % DIRECTIONS
        stride = STRIDE_M * self.height_m / 1.76
        phase = -1 if pose.speed_m_s < STANDING_BELOW_M_S else round(pose.walked_m / stride * PHASES) % PHASES
        if (direction, phase) not in self._sprites:
            self._sprites[direction, phase] = _render(self.seed, direction, phase)
        return self._sprites[direction, phase]


def _render(seed: int, direction: int, phase: int) -> Sprite:
    """Draw one person at `OVERSAMPLING` times the sprite's size and shrink it, for soft edges."""
    outfit = random_outfit(np.random.default_rng(seed))
    scale = SPRITE_PX_PER_M * OVERSAMPLING
    width, height = round(1.4 * scale), round(2.0 * scale)
    foot_x, foot_y = width / 2, height - 0.12 * scale
    yaw = direction / DIRECTIONS * 2 * math.pi
    bones = skeleton(max(phase, 0) / PHASES, swing=0.0 if phase < 0 else 1.0)
    relief = Relief(width, height)
    for limb in [*body_limbs(bones, outfit, yaw), *head_limbs(bones, outfit, yaw)]:
        relief.lay(limb.placed(scale, foot_x, foot_y))
    return _shaded(relief, outfit, foot_x, foot_y)


def _shaded(relief: Relief, outfit: Outfit, foot_x: float, foot_y: float) -> Sprite:
    scale = SPRITE_PX_PER_M * OVERSAMPLING
    light = relief.brightness(crease_px=0.045 * scale)
    colour = cloth(relief, outfit, scale) * light[..., None]
    alpha = (relief.material >= 0).astype(np.float32)[..., None]
    height, width = relief.depth.shape
    size = (round(width / OVERSAMPLING), round(height / OVERSAMPLING))
    return Sprite(
        _shrunk(np.clip(colour, 0, 255) * alpha, size),
        _shrunk(alpha, size)[..., None],
        foot_x / OVERSAMPLING,
        foot_y / OVERSAMPLING,
    )


def _shrunk(picture: FloatImage, size: tuple[int, int]) -> FloatImage:
    soft = cv2.GaussianBlur(picture, (0, 0), 0.6 * OVERSAMPLING)
    return np.asarray(cv2.resize(soft, size, interpolation=cv2.INTER_AREA), np.float32)


def _shadow(px_per_m: float) -> FloatImage:
    """The soft dark patch under a body."""
    width, height = max(3, round(1.3 * px_per_m)), max(3, round(0.42 * px_per_m))
    ys, xs = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    return np.asarray(0.62 * np.clip(1 - np.hypot(xs, ys), 0, 1) ** 1.1, np.float32)
